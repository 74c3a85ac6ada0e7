//! `playback shim`: Ansible runs as usual, and every run has a record, however it ends.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::ansible::environments;
use crate::harness::{Collector, PLAYBACK, copied, program};

/// Says what it was given, and does what it is told.
const ANSIBLE: &str = r#"#!/bin/sh
printf '%s\n' "$0" "$@"
if [ -n "$READS" ]; then cat; fi
if [ -n "$SIGNAL" ]; then kill -"$SIGNAL" $$; fi
exit "${CODE:-0}"
"#;

/// A home with shims, and an Ansible.
struct Machine {
    dir: TempDir,
    /// Folder of the real programs.
    bin: PathBuf,
}

impl Machine {
    /// With programs that stand in for Ansible's.
    fn new() -> Self {
        let machine = Self::beside(PathBuf::new());
        let bin = machine.dir.path().join("bin");
        for program in ["ansible-playbook", "ansible", "ansible-pull"] {
            script(&bin.join(program), ANSIBLE);
        }
        Self { bin, ..machine }
    }

    /// With a real Ansible.
    fn beside(bin: PathBuf) -> Self {
        let dir = TempDir::new().unwrap();
        for folder in ["home", "spool", "work"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        Self { dir, bin }
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn shims(&self) -> PathBuf {
        self.folder("home/.local/share/playback/shims")
    }

    /// A command in a shell that has these folders in PATH, then Ansible's and the system's.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>, before: &[&Path]) -> Command {
        let mut path: Vec<_> = before.iter().map(|dir| dir.display().to_string()).collect();
        path.push(self.bin.display().to_string());
        path.push("/usr/bin:/bin".to_owned());
        let mut command = Command::new(program);
        command
            .current_dir(self.folder("work"))
            .env_clear()
            .env("PATH", path.join(":"))
            .env("HOME", self.folder("home"))
            .env("LANG", "C.UTF-8")
            .env("PLAYBACK_SPOOL_DIR", self.folder("spool"))
            .stdin(Stdio::null());
        command
    }

    fn playback(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(PLAYBACK, &[]);
        command.args(arguments).output().unwrap()
    }

    #[track_caller]
    fn install(&self) {
        let done = self.playback(&["shim", "install", "--user"]);
        assert!(done.status.success(), "{done:?}");
    }

    /// Calls a program with the shims first in PATH.
    fn call(&self, program: &str, arguments: &[&str]) -> Command {
        let shims = self.shims();
        let mut command = self.command("env", &[&shims]);
        command.arg(program).args(arguments);
        command
    }

    /// The events of each recorded run.
    fn runs(&self) -> Vec<Vec<Value>> {
        let mut files: Vec<_> = fs::read_dir(self.folder("spool"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "ndjson"))
            .collect();
        files.sort();
        let events = |file: &PathBuf| {
            let text = fs::read_to_string(file).unwrap();
            text.lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect()
        };
        files.iter().map(events).collect()
    }

    /// The output of the only run.
    #[track_caller]
    fn recorded(&self) -> String {
        let runs = self.runs();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs[0]
            .iter()
            .filter(|event| event["kind"] == "output")
            .map(|event| event["data"]["text"].as_str().unwrap())
            .collect()
    }
}

fn script(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    program(file, text);
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_shim_runs_the_real_program_as_it_was_called() {
    let machine = Machine::new();
    machine.install();
    let real = machine.bin.join("ansible-playbook");
    let mut call = machine.call("ansible-playbook", &["a b.yml", "", "*", "-e", "x='1'\n2"]);
    call.env("CODE", "4").env("READS", "1").env("rest", "mine");
    let mut child = call
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"typed\n").unwrap();
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(4));
    let said = format!("{}\na b.yml\n\n*\n-e\nx='1'\n2\ntyped\n", real.display());
    assert_eq!(text(&done.stdout), said);
    assert_eq!(machine.recorded(), said);
    let run = &machine.runs()[0];
    assert_eq!(run[0]["data"]["playbook"], "a b.yml  *");
    assert_eq!(run.last().unwrap()["data"]["exit_code"], 4);
}

#[test]
fn a_signal_that_ends_the_program_is_seen_by_the_caller() {
    let machine = Machine::new();
    machine.install();
    let mut call = machine.call("ansible", &["all"]);
    let done = call.env("SIGNAL", "TERM").output().unwrap();
    assert_eq!(done.status.signal(), Some(15));
    assert_eq!(machine.runs()[0].last().unwrap()["data"]["signal"], 15);
}

#[test]
fn a_shim_never_runs_itself() {
    let machine = Machine::new();
    machine.install();
    let other = machine.folder("other");
    let done = machine.playback(&["shim", "install", other.to_str().unwrap()]);
    assert!(done.status.success(), "{done:?}");
    let shims = machine.shims();
    let links = machine.folder("links");
    fs::create_dir(&links).unwrap();
    symlink(
        shims.join("ansible-playbook"),
        links.join("ansible-playbook"),
    )
    .unwrap();
    symlink(shims.join("ansible-playbook"), links.join("play")).unwrap();
    // As pyenv does for the system's Ansible: what PATH has but for its own folder, in the same process.
    let circle = machine.folder("circle");
    let text_of_circle = format!(
        "#!/bin/sh\nfor dir in {} {}; do\n  if [ -x $dir/ansible-playbook ]; then exec $dir/ansible-playbook \"$@\"; fi\ndone\n",
        shims.display(),
        machine.bin.display()
    );
    script(&circle.join("ansible-playbook"), &text_of_circle);
    // The same in a process of its own.
    let forks = machine.folder("forks");
    let text_of_forks = text_of_circle.replace(
        "exec $dir/ansible-playbook \"$@\"",
        "$dir/ansible-playbook \"$@\"; exit",
    );
    script(&forks.join("ansible-playbook"), &text_of_forks);
    let absolute = shims.join("ansible-playbook");
    let absolute = absolute.to_str().unwrap();
    let play = links.join("play");
    let ways: [(&str, &str, &[&Path]); 8] = [
        ("two folders", "ansible-playbook", &[&shims, &other]),
        ("the same twice", "ansible-playbook", &[&shims, &shims]),
        ("by its path", absolute, &[&shims]),
        ("by its path, not in PATH", absolute, &[]),
        ("a link in PATH", "ansible-playbook", &[&links, &shims]),
        ("a link of another name", play.to_str().unwrap(), &[&shims]),
        (
            "another program's circle",
            "ansible-playbook",
            &[&shims, &circle],
        ),
        (
            "a circle of processes",
            "ansible-playbook",
            &[&shims, &forks],
        ),
    ];
    for (way, program, path) in ways {
        let mut command = machine.command("timeout", path);
        command.args(["20", "env", program, "site.yml"]);
        let done = command.output().unwrap();
        let real = machine.bin.join("ansible-playbook");
        assert_eq!(
            text(&done.stdout),
            format!("{}\nsite.yml\n", real.display()),
            "{way}: {done:?}"
        );
        assert_eq!(machine.runs().len(), 1, "{way}");
        for entry in fs::read_dir(machine.folder("spool")).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }
}

#[test]
fn ansible_may_run_ansible() {
    let machine = Machine::new();
    machine.install();
    let inner = "#!/bin/sh\nif [ \"$1\" = 0 ]; then echo innermost; exit; fi\n\
                 unset PLAYBACK_EXECUTION_ID\nansible-playbook $(($1 - 1))\n";
    script(&machine.bin.join("ansible-playbook"), inner);
    let done = machine.call("ansible-playbook", &["3"]).output().unwrap();
    assert_eq!(text(&done.stdout), "innermost\n", "{done:?}");
    // The recorder takes the identity out of the environment, as the program above does: each is a run of its own.
    assert_eq!(machine.runs().len(), 4);
}

#[test]
fn without_a_real_program_it_says_so() {
    let mut machine = Machine::new();
    machine.install();
    let nothing = machine.folder("nothing");
    let real = std::mem::replace(&mut machine.bin, nothing);
    // The shim remembers where Ansible was when it was installed, as is needed under sudo, which has another PATH.
    let done = machine.call("ansible", &["all"]).output().unwrap();
    assert_eq!(
        text(&done.stdout),
        format!("{}\nall\n", real.join("ansible").display())
    );
    fs::remove_dir_all(real).unwrap();
    let done = machine.call("ansible", &["all"]).output().unwrap();
    assert_eq!(done.status.code(), Some(127));
    assert!(
        text(&done.stderr).contains("PATH has no ansible but this shim"),
        "{done:?}"
    );
}

#[test]
fn whatever_is_wrong_with_playback_ansible_runs() {
    let machine = Machine::new();
    let binary = machine.folder("home/playback");
    let install = |machine: &Machine| {
        let _ = fs::remove_file(&binary);
        copied(PLAYBACK, &binary);
        let mut command = machine.command(&binary, &[]);
        let done = command
            .args(["shim", "install", "--user"])
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    let broken: [(&str, &dyn Fn()); 6] = [
        ("missing", &|| fs::remove_file(&binary).unwrap()),
        ("empty", &|| program(&binary, "")),
        ("of another machine", &|| {
            program(&binary, "\x7fELF\x02\x01\x01\0\0\0");
        }),
        ("not executable", &|| {
            fs::set_permissions(&binary, Permissions::from_mode(0o644)).unwrap();
        }),
        ("failing", &|| script(&binary, "#!/bin/sh\nexit 1\n")),
        ("older", &|| {
            script(
                &binary,
                "#!/bin/sh\ncase $2 in --shim) exit 2;; esac\necho playback-exec 0.0.1\n",
            );
        }),
    ];
    for (how, breaks) in broken {
        install(&machine);
        breaks();
        let mut call = machine.call("ansible-playbook", &["site.yml"]);
        let done = call.env("CODE", "3").output().unwrap();
        assert_eq!(done.status.code(), Some(3), "{how}: {done:?}");
        assert!(
            text(&done.stdout).ends_with("\nsite.yml\n"),
            "{how}: {done:?}"
        );
        assert!(
            text(&done.stderr).contains("this run is not recorded"),
            "{how}: {done:?}"
        );
        assert!(machine.runs().is_empty(), "{how}");
    }
}

#[test]
fn what_runs_nothing_or_is_recorded_already_gets_no_record() {
    let machine = Machine::new();
    machine.install();
    let arguments: [&[&str]; 8] = [
        &["--version"],
        &["--help"],
        &["-h"],
        &["--syntax-check", "a.yml"],
        &["a.yml", "--list-tasks"],
        &["a.yml", "--list-hosts"],
        &["--list-tags", "a.yml"],
        &["a.yml", "--syntax"],
    ];
    for arguments in arguments {
        let done = machine
            .call("ansible-playbook", arguments)
            .output()
            .unwrap();
        assert_eq!(text(&done.stderr), "", "{arguments:?}");
        assert!(machine.runs().is_empty(), "{arguments:?}");
    }
    let variables = [
        (
            "PLAYBACK_EXECUTION_ID",
            "0199c2a4-0000-7000-8000-000000000000",
        ),
        ("PLAYBACK_DISABLED", "1"),
        ("PLAYBACK_DISABLED", "yes"),
        ("PLAYBACK_DISABLED", "True"),
    ];
    for (name, value) in variables {
        let mut call = machine.call("ansible-playbook", &["a.yml"]);
        let done = call.env(name, value).output().unwrap();
        assert_eq!(text(&done.stderr), "", "{name}={value}");
        assert!(machine.runs().is_empty(), "{name}={value}");
    }
    fs::write(
        machine.folder("work/ansible.cfg"),
        "[callback_playback]\ndisabled = yes\n",
    )
    .unwrap();
    let done = machine
        .call("ansible-playbook", &["a.yml"])
        .output()
        .unwrap();
    assert!(text(&done.stdout).ends_with("\na.yml\n"), "{done:?}");
    assert!(machine.runs().is_empty());
    // What turns recording off elsewhere does not here.
    fs::remove_file(machine.folder("work/ansible.cfg")).unwrap();
    let mut call = machine.call("ansible-playbook", &["a.yml"]);
    call.env("PLAYBACK_DISABLED", "false").output().unwrap();
    assert_eq!(machine.runs().len(), 1);
}

#[test]
fn without_capture_output_a_shim_records_no_output() {
    let machine = Machine::new();
    machine.install();
    fs::write(
        machine.folder("work/ansible.cfg"),
        "[callback_playback]\ncapture_output = false\n",
    )
    .unwrap();
    let done = machine
        .call("ansible-playbook", &["a.yml"])
        .output()
        .unwrap();
    assert!(text(&done.stdout).ends_with("\na.yml\n"), "{done:?}");
    assert_eq!(machine.recorded(), "");
    assert_eq!(machine.runs()[0].last().unwrap()["data"]["exit_code"], 0);
}

#[test]
fn shims_are_made_and_removed_and_nothing_else_is_touched() {
    let machine = Machine::new();
    for _ in 0..2 {
        let done = machine.playback(&["shim", "install", "--user"]);
        let said = text(&done.stdout);
        let shims = machine.shims();
        assert!(
            said.contains(&format!("made {}/ansible-playbook", shims.display())),
            "{said}"
        );
        for line in ["~/.bashrc", "~/.zshrc", "fish_add_path --prepend"] {
            assert!(said.contains(line), "{said}");
        }
        assert_eq!(fs::read_dir(&shims).unwrap().count(), 3);
    }
    let done = machine.playback(&["shim", "status"]);
    assert_eq!(done.status.code(), Some(1));
    assert!(
        text(&done.stdout).contains("runs without a shim"),
        "{done:?}"
    );
    let shims = machine.shims();
    let mut status = machine.command(PLAYBACK, &[&shims]);
    let done = status.args(["shim", "status"]).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    // A virtual environment that is activated afterwards comes first.
    let mut status = machine.command(PLAYBACK, &[&machine.bin, &shims]);
    let done = status.args(["shim", "status", "--json"]).output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    let said: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(said["programs"][0]["shim"], false);

    // The folder of the real ones is refused, and not a file of it changes.
    let bin = machine.bin.to_str().unwrap();
    let done = machine.playback(&["shim", "install", bin]);
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stderr).contains("is not a shim"), "{done:?}");
    let done = machine.playback(&["shim", "uninstall", bin]);
    assert!(
        text(&done.stdout).contains("there are no shims"),
        "{done:?}"
    );
    assert_eq!(
        fs::read_to_string(machine.bin.join("ansible")).unwrap(),
        ANSIBLE
    );
    assert_eq!(fs::read_dir(&machine.bin).unwrap().count(), 3);

    for removed in [3, 0] {
        let done = machine.playback(&["shim", "uninstall", "--user"]);
        assert!(done.status.success());
        assert_eq!(text(&done.stdout).matches("removed ").count(), removed);
        assert!(!shims.exists());
    }
}

#[test]
fn what_the_shells_are_told_to_do_puts_the_shims_first() {
    let machine = Machine::new();
    let folder = machine.folder("it's here");
    let done = machine.playback(&["shim", "install", folder.to_str().unwrap()]);
    let said = text(&done.stdout);
    let line = said
        .lines()
        .find_map(|line| line.trim().strip_prefix("bash  "))
        .unwrap();
    let done = machine
        .command("sh", &[])
        .args(["-c", line])
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    let script = ". ~/.bashrc; command -v ansible-playbook";
    let done = machine
        .command("bash", &[])
        .args(["-c", script])
        .output()
        .unwrap();
    assert_eq!(
        text(&done.stdout).trim(),
        folder.join("ansible-playbook").to_str().unwrap()
    );
}

/// What ends before Ansible loads callbacks: a name, the program, its arguments.
const TOO_EARLY: &[(&str, &str, &[&str])] = &[
    (
        "malformed YAML",
        "ansible-playbook",
        &["-i", "hosts", "malformed.yml"],
    ),
    (
        "unknown module",
        "ansible-playbook",
        &["-i", "hosts", "unknown.yml"],
    ),
    (
        "no such host in --limit",
        "ansible-playbook",
        &["-i", "hosts", "-l", "nobody", "good.yml"],
    ),
    (
        "wrong vault password",
        "ansible-playbook",
        &[
            "-i",
            "hosts",
            "--vault-password-file",
            "wrong",
            "vaulted.yml",
        ],
    ),
    (
        "no vault password",
        "ansible-playbook",
        &["-i", "hosts", "vaulted.yml"],
    ),
    (
        "unreadable inventory",
        "ansible-playbook",
        &["-i", "broken.py", "good.yml"],
    ),
    (
        "no such playbook",
        "ansible-playbook",
        &["-i", "hosts", "missing.yml"],
    ),
    (
        "bad option",
        "ansible-playbook",
        &["--no-such-option", "good.yml"],
    ),
    (
        "bad extra variables",
        "ansible-playbook",
        &["-i", "hosts", "-e", "@missing.yml", "good.yml"],
    ),
    (
        "no such role",
        "ansible-playbook",
        &["-i", "hosts", "role.yml"],
    ),
    (
        "bad option of ad-hoc",
        "ansible",
        &["all", "--no-such-option"],
    ),
    (
        "no such host in ad-hoc --limit",
        "ansible",
        &["-i", "hosts", "all", "-l", "nobody", "-m", "ping"],
    ),
];

#[test]
fn what_ends_before_callbacks_load_has_a_record() {
    for bin in environments() {
        let machine = Machine::beside(bin);
        machine.install();
        let collector = Collector::start();
        let work =
            |name: &str, text: &str| fs::write(machine.folder("work").join(name), text).unwrap();
        let token = collector.create_token(&["ingest"]);
        work("token", &token);
        // Nothing but ansible.cfg says where the collector is, and the recorder is enabled.
        work(
            "ansible.cfg",
            &format!(
                "[defaults]\ncallbacks_enabled = playback.history.recorder\nbin_ansible_callbacks = true\n\
                 [inventory]\nany_unparsed_is_failed = true\n\
                 [callback_playback]\nurl = {}\ntoken_file = token\n",
                collector.url()
            ),
        );
        work("hosts", "web ansible_connection=local\n");
        work(
            "good.yml",
            "- hosts: all\n  gather_facts: false\n  tasks: [{debug: {msg: hi}}]\n",
        );
        work(
            "malformed.yml",
            "- hosts: all\n  tasks:\n   - debug: {msg: [}\n",
        );
        work(
            "unknown.yml",
            "- hosts: all\n  gather_facts: false\n  tasks: [{no_such_module: {x: 1}}]\n",
        );
        work("role.yml", "- hosts: all\n  roles: [no_such_role]\n");
        work("broken.py", "[[[\n");
        work("wrong", "wrong\n");
        work("right", "right\n");
        work("vaulted.yml", "- hosts: all\n  tasks: []\n");
        let mut vault = machine.command(machine.bin.join("ansible-vault"), &[]);
        let done = vault
            .args(["encrypt", "--vault-password-file", "right", "vaulted.yml"])
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
        let client = collector.client();
        for (what, program, arguments) in TOO_EARLY {
            let both = |mut command: Command| {
                let done = command
                    .env("PLAYBACK_URL", collector.url())
                    .output()
                    .unwrap();
                (done.status.code(), text(&done.stdout), text(&done.stderr))
            };
            let mut plain = machine.command(machine.bin.join(program), &[]);
            plain.args(*arguments).env("PLAYBACK_DISABLED", "1");
            let plain = both(plain);
            let ran = both(machine.call(program, arguments));
            assert_eq!(ran, plain, "{what}");
            assert_ne!(ran.0, Some(0), "{what}");
            let list = client.api("/executions?limit=1").ok();
            let id = list["executions"][0]["id"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap();
            let record = client.finished(id);
            assert_eq!(record["status"], "failed", "{what}");
            // 2.19 finds out about a module while it runs the task.
            if *what != "unknown module" {
                assert_eq!(record["reason"], "ansible_error", "{what}");
            }
            assert_eq!(record["exit_code"], ran.0.unwrap(), "{what}");
            let output = client
                .execution(id, "/output?format=text&stream=stderr")
                .text;
            assert_eq!(output, ran.2, "{what}");
            let kind = if *program == "ansible" {
                "adhoc"
            } else {
                "playbook"
            };
            assert_eq!(record["type"], kind, "{what}");
            if kind == "playbook" {
                assert_eq!(record["playbook"], *arguments.last().unwrap(), "{what}");
            }
            assert!(record["user"].is_string() && record["controller"].is_string());
            assert_eq!(record["events"]["complete"], true, "{what}");
        }
        // A run that is none of these has one record too, with both producers.
        let before = client.api("/executions?limit=100").ok()["executions"]
            .as_array()
            .unwrap()
            .len();
        assert_eq!(before, TOO_EARLY.len());
        let done = machine
            .call("ansible-playbook", &["-i", "hosts", "good.yml"])
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
        let list = client.api("/executions?limit=100").ok();
        let list = list["executions"].as_array().unwrap();
        assert_eq!(list.len(), before + 1);
        assert_eq!(list[0]["stats"]["web"]["ok"], 1, "{}", list[0]);
        assert!(list[0]["ansible_version"].is_string());
    }
}
