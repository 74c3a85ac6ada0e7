//! The recorder without `playback exec`: process limits, a collector that is down at the end of a run, responses of
//! programs in between, folders whose names are not valid text. In every case, the playbook ends as without the
//! recorder.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read as _;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::ansible::{Controller, Ran, assert_complete, environments, output, the_execution};
use crate::builders::good_run;
use crate::delivery::{commands_in, page, type_in};
use crate::exec::Spools;
use crate::harness::{Collector, PLAYBACK, Setup, eventually};
use crate::whole::first;

/// The same command within the limits that a shell sets.
fn within(limit: &str, command: &Command) -> Command {
    let mut limited = Command::new("bash");
    limited
        .args(["-c", &format!("{limit}; exec \"$@\""), "bash"])
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(command.get_current_dir().unwrap_or(Path::new("/")))
        .env_clear()
        // Python does not notice when a limit cuts a file of its cache short, and everybody would read that file afterwards.
        .env("PYTHONDONTWRITEBYTECODE", "1");
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            limited.env(name, value);
        }
    }
    limited
}

/// Runs a command whose output goes to a pipe, so that a file-size limit does not apply to it.
fn run(command: &mut Command) -> Ran {
    let (mut reader, writer) = std::io::pipe().unwrap();
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone().unwrap())
        .stderr(writer);
    let mut child = command.spawn().unwrap();
    // The pipe ends when its last writer does: this process must not be one of them.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut printed = String::new();
    reader.read_to_string(&mut printed).unwrap();
    Ran {
        status: child.wait().unwrap(),
        printed,
    }
}

/// A playbook that prints some 200 KB, and fails.
fn failing(controller: &Controller) -> String {
    let playbook = controller.dir.path().join("fails.yml");
    let tasks = "- hosts: alpha\n  gather_facts: false\n  tasks:\n    \
                 - {debug: {msg: \"{{ 'x' * 2000 }}\"}, loop: \"{{ range(50) | list }}\"}\n    \
                 - {fail: {msg: broken}}\n";
    fs::write(&playbook, tasks).unwrap();
    playbook.display().to_string()
}

fn notices(ran: &Ran) -> Vec<&str> {
    ran.lines()
        .into_iter()
        .filter(|line| line.contains("Playback"))
        .collect()
}

#[test]
fn a_limit_of_file_sizes_is_a_full_spool_that_still_says_how_the_run_ended() {
    for bin in environments() {
        // While the collector is away, everything that is recorded has to lie in the spool.
        let mut collector = Collector::start();
        let controller = Controller::new(&bin);
        let command = controller.playbook(&collector, &[&failing(&controller)]);
        collector.kill();
        let ran = run(&mut within("ulimit -f 48", &command));
        assert_eq!(ran.status.code(), Some(2), "{}", ran.printed);
        assert!(ran.printed.contains("(item=49)"));
        let told = notices(&ran).join("\n");
        assert!(
            told.contains("are not recorded") && told.contains("limit of file sizes"),
            "{told}"
        );
        collector.launch();
        for command in commands_in(&told) {
            assert!(
                type_in(&command, &collector.token).status.success(),
                "{command}"
            );
        }
        let record = collector
            .client()
            .finished(the_execution(&collector.client()));
        assert_eq!(
            (&record["exit_code"], &record["status"]),
            (&2.into(), &"failed".into())
        );
        assert_eq!(record["events"]["complete"], false);
        assert!(
            record["events"]["missing"]
                .as_str()
                .unwrap()
                .contains("spool_full")
        );

        // Where no file can hold anything, nothing is recorded, and that is told. Ansible 2.21 does not even begin then.
        let controller = Controller::new(&bin);
        let mut command = controller.playbook(&collector, &[&failing(&controller)]);
        let ran = run(&mut within("ulimit -f 0", &command));
        let bare = run(&mut within(
            "ulimit -f 0",
            command.env("PLAYBACK_DISABLED", "1"),
        ));
        assert_eq!(ran.status.code(), bare.status.code(), "{}", ran.printed);
        let told = notices(&ran).join("\n");
        let ran_at_all = bare.printed.contains("(item=49)");
        assert_eq!(told.contains("is not recorded"), ran_at_all, "{told}");
        assert_eq!(ran.printed.contains("(item=49)"), ran_at_all);
    }
}

#[test]
fn a_limit_of_memory_that_ansible_bears_is_borne_with_the_recorder_too() {
    for bin in environments() {
        // In KiB, from little more than Ansible needs. A thread's own heap would take 64 MiB of it.
        for limit in [300_000, 400_000, 600_000] {
            let collector = Collector::start();
            let controller = Controller::new(&bin);
            let mut command = controller.playbook(&collector, &[&failing(&controller)]);
            let limit = format!("ulimit -v {limit}");
            let ran = run(&mut within(&limit, &command));
            assert_eq!(ran.status.code(), Some(2), "{limit}: {}", ran.printed);
            assert!(notices(&ran).is_empty(), "{limit}: {}", ran.printed);
            let record = collector
                .client()
                .finished(the_execution(&collector.client()));
            assert_eq!(record["exit_code"], 2);
            assert_complete(&record);
            // What it is compared with.
            command.env("PLAYBACK_DISABLED", "1");
            assert_eq!(run(&mut within(&limit, &command)).status.code(), Some(2));
        }
    }
}

#[test]
fn under_a_limit_of_memory_exec_runs_the_command_with_its_exit_code_or_ends_before_it() {
    let collector = Collector::start();
    for (limit, runs) in [
        (20_000, false),
        (250_000, true),
        (350_000, true),
        (500_000, true),
        (1_000_000, true),
    ] {
        let spools = Spools::new();
        let flag = tempfile::NamedTempFile::new().unwrap();
        let script = format!("echo ran | tee {}; exit 7", flag.path().display());
        let mut command = spools.script(&script);
        command
            .env("PLAYBACK_URL", collector.url())
            .env("PLAYBACK_TOKEN", &collector.token);
        let ran = run(&mut within(&format!("ulimit -v {limit}"), &command));
        let ran_at_all = fs::read_to_string(flag.path()).unwrap() == "ran\n";
        assert_eq!(ran_at_all, runs, "{limit}: {}", ran.printed);
        if runs {
            assert_eq!(ran.status.code(), Some(7), "{limit}: {}", ran.printed);
            assert_eq!(ran.printed, "ran\n", "{limit}");
            assert!(spools.files().is_empty(), "{limit}: it is delivered");
        } else {
            assert!(!ran.status.success());
        }
    }
}

#[test]
fn under_a_limit_of_memory_a_collector_serves_or_says_why_not() {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let collector = Setup::default()
        .within(
            &["bash", "-c", "ulimit -v 2000000; exec \"$@\"", "bash"],
            nowhere,
        )
        .start();
    let run = good_run();
    run.deliver(&collector.client());
    assert_eq!(
        collector.client().finished(run.id)["events"]["complete"],
        true
    );

    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}/playback.db", folder.path().display());
    let mut command = Command::new(PLAYBACK);
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--database", &database])
        .env_clear();
    // Too little even to begin: it ends by itself, and without success.
    let mut child = within("ulimit -v 60000", &command)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = eventually("it to end", || child.try_wait().unwrap());
    let mut told = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut told)
        .unwrap();
    assert!(!status.success());
    assert!(!told.is_empty() || status.code().is_none(), "{status:?}");
}

#[test]
fn a_run_whose_collector_is_away_for_two_seconds_at_its_end_is_complete() {
    for bin in environments() {
        let mut collector = Collector::start();
        let controller = Controller::new(&bin);
        let mut command = controller.playbook(&collector, &[]);
        let started = controller.start_at_gate(command.env("PLAYBACK_FLUSH_SECONDS", "60"));
        let id = the_execution(&collector.client());
        collector.kill();
        controller.open_gate();
        eventually("the recap to be printed", || {
            started.printed().contains("PLAY RECAP").then_some(())
        });
        // What is tested is a length of time.
        std::thread::sleep(Duration::from_secs(2));
        collector.launch();
        let ran = started.wait();
        assert_eq!(ran.status.code(), Some(0), "{}", ran.printed);
        assert!(notices(&ran).is_empty(), "{}", ran.printed);
        let record = collector.client().finished(id);
        assert_eq!(record["status"], "success", "{record}");
        assert_complete(&record);
        assert_eq!(output(&record), ran.lines());
        assert_eq!(controller.spooled(), Vec::<String>::new());
    }
}

/// What stands before the collector for a moment: an ingress without it, a firewall, a login.
const PAGES: [&str; 6] = [
    "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 12\r\nConnection: close\r\n\r\n<h1>404</h1>",
    "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 12\r\nConnection: close\r\n\r\n<h1>WAF</h1>",
    "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 5\r\nConnection: close\r\n\r\nproxy",
    "HTTP/1.1 413 Content Too Large\r\nContent-Type: text/html\r\nContent-Length: 12\r\nConnection: close\r\n\r\n<h1>413</h1>",
    "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 11\r\nConnection: close\r\n\r\n<h1>Hi</h1>",
];

#[test]
fn a_page_in_the_midst_of_a_playbook_throws_nothing_out() {
    let bins = environments();
    for (number, answer) in first(2, PAGES).enumerate() {
        let bin = &bins[number % bins.len()];
        let mut collector = Collector::start();
        let controller = Controller::new(bin);
        let mut command = controller.playbook(&collector, &[]);
        let started = controller.start_at_gate(command.env("PLAYBACK_FLUSH_SECONDS", "60"));
        let id = the_execution(&collector.client());
        collector.kill();
        let stop = controller.dir.path().join("stop");
        let listener = eventually("its port", || TcpListener::bind(collector.address()).ok());
        let pages = page(listener, answer, &stop);
        controller.open_gate();
        eventually("the recap to be printed", || {
            started.printed().contains("PLAY RECAP").then_some(())
        });
        // What is tested is a length of time.
        std::thread::sleep(Duration::from_secs(1));
        fs::write(&stop, "").unwrap();
        pages.join().unwrap();
        collector.launch();
        let ran = started.wait();
        assert_eq!(ran.status.code(), Some(0), "{}", ran.printed);
        assert!(notices(&ran).is_empty(), "{answer}: {}", ran.printed);
        let record = collector.client().finished(id);
        assert_complete(&record);
        assert_eq!(output(&record), ran.lines(), "{answer}");
        assert_eq!(controller.spooled(), Vec::<String>::new(), "{answer}");
    }
}

#[test]
fn a_page_that_stays_is_told_with_the_command_that_delivers_the_run() {
    let bins = environments();
    for (number, answer) in PAGES.into_iter().enumerate() {
        let bin = &bins[number % bins.len()];
        let mut collector = Collector::start();
        let controller = Controller::new(bin);
        let mut command = controller.playbook(&collector, &["mixed.yml", "--limit", "alpha"]);
        collector.kill();
        let stop = controller.dir.path().join("stop");
        let listener = eventually("its port", || TcpListener::bind(collector.address()).ok());
        let pages = page(listener, answer, &stop);
        let ran = controller.run(&mut command);
        fs::write(&stop, "").unwrap();
        pages.join().unwrap();
        assert_eq!(ran.status.code(), Some(0), "{}", ran.printed);
        let told = notices(&ran);
        assert_eq!(told.len(), 1, "{answer}: {}", ran.printed);
        collector.launch();
        let commands = commands_in(told[0]);
        assert_eq!(commands.len(), 1, "{told:?}");
        let typed = type_in(&commands[0], &collector.token);
        assert!(typed.status.success(), "{answer}: {told:?}: {typed:?}");
        let record = collector
            .client()
            .finished(the_execution(&collector.client()));
        assert_complete(&record);
        assert_eq!(record["exit_code"], 0);
        assert_eq!(controller.spooled(), Vec::<String>::new(), "{answer}");
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// A folder's name in Latin-1 is no UTF-8: it is spelled in one way, whoever tells it, and that spelling finds it.
#[test]
fn a_folder_whose_name_is_no_text_has_one_spelling_everywhere() {
    for (bin, supervised) in environments()
        .into_iter()
        .flat_map(|bin| [(bin.clone(), false), (bin, true)])
    {
        let collector = Collector::start();
        let client = collector.client();
        let controller = Controller::new(&bin);
        let folder = controller.dir.path().join(OsStr::from_bytes(b"caf\xe9"));
        fs::create_dir(&folder).unwrap();
        fs::write(
            folder.join("site.yml"),
            "- hosts: all\n  gather_facts: false\n  tasks: [{name: one, debug: {msg: hi}}]\n",
        )
        .unwrap();
        fs::write(folder.join("hosts"), "web ansible_connection=local\n").unwrap();
        let names = ["site.yml", "hosts"].map(|name| {
            let mut path = OsString::from(OsStr::from_bytes(b"../caf\xe9/"));
            path.push(name);
            path
        });
        let ansible = controller.playbook(&collector, &[]);
        let mut command = Command::new(if supervised {
            OsStr::new(PLAYBACK)
        } else {
            ansible.get_program()
        });
        if supervised {
            command.args(["exec", "--"]).arg(ansible.get_program());
        }
        command
            .args([&names[0], OsStr::new("-i"), &names[1]].map(OsStr::to_owned))
            .current_dir(&folder)
            .env_clear();
        for (name, value) in ansible.get_envs() {
            command.env(name, value.unwrap());
        }
        let ran = run(&mut command);
        assert_eq!(ran.status.code(), Some(0), "{}", ran.printed);

        let spelled = "caf\\udce9";
        let record = client.finished(the_execution(&client));
        assert_complete(&record);
        let told = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let playbook = told(&record["playbook"]);
        assert_eq!(playbook, format!("../{spelled}/site.yml"));
        assert!(told(&record["cwd"]).ends_with(spelled), "{}", record["cwd"]);
        let inventory = told(&record["inventory"]);
        assert!(
            inventory.ends_with(&format!("{spelled}/hosts")),
            "{inventory}"
        );
        let argv = record["argv"].to_string();
        assert!(argv.contains("caf\\\\udce9/site.yml"), "{argv}");
        let listed = client.api("/executions").ok()["executions"][0].clone();
        for name in ["playbook", "inventory", "cwd"] {
            if !listed[name].is_null() {
                assert_eq!(listed[name], record[name], "{name}");
            }
        }
        let tasks = client.execution(the_execution(&client), "/tasks").ok();
        let path = told(&tasks["tasks"][0]["path"]);
        assert!(path.ends_with(&format!("{spelled}/site.yml")), "{path}");
        // What is given back finds it.
        for (filter, value) in [
            ("playbook", &playbook),
            ("inventory", &inventory),
            ("q", &spelled.to_owned()),
        ] {
            let found = client
                .api(&format!("/executions?{filter}={}", encoded(value)))
                .ok();
            assert_eq!(
                found["executions"].as_array().unwrap().len(),
                1,
                "{filter}={value}"
            );
        }
        let listed = Command::new(PLAYBACK)
            .args(["list", "--playbook", &playbook])
            .env_clear()
            .env("PLAYBACK_URL", collector.url())
            .env("PLAYBACK_TOKEN", &collector.token)
            .output()
            .unwrap();
        let printed = String::from_utf8(listed.stdout).unwrap();
        assert!(
            listed.status.success() && printed.contains("site.yml"),
            "{printed}"
        );
    }
}
