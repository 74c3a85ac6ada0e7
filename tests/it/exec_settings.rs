//! `playback exec` and `playback flush` read the recorder's settings as the recorder does.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::exec::Spools;
use crate::harness::PLAYBACK;

/// A working folder with an `ansible.cfg`, and a home.
struct Machine {
    dir: tempfile::TempDir,
}

impl Machine {
    fn new(recorder: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["home", "work"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let text = format!("[callback_playback]\n{recorder}");
        fs::write(dir.path().join("work/ansible.cfg"), text).unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn here(&self, command: &mut Command) -> Output {
        command.env("HOME", self.path("home"));
        command.current_dir(self.path("work")).output().unwrap()
    }
}

fn playback(arguments: &[&str]) -> Command {
    let mut command = Command::new(PLAYBACK);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin");
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn spools(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let names = entries.map(|entry| entry.file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".ndjson")).count()
}

#[test]
fn a_semicolon_ends_a_value_of_ansible_cfg_only_after_white_space() {
    let machine =
        Machine::new("redact_patterns = pin;[0-9]+\n    password=[^;]+ ; a comment\n\n    b;2\n");
    let spools = Spools::new();
    let done = machine.here(&mut spools.script("echo 'pin;4711 password=x; b;2'"));
    assert!(done.status.success(), "{done:?}");
    assert_eq!(spools.printed(), "*** ***; ***\n");
}

#[test]
fn a_rule_of_ansible_cfg_that_is_no_text_stops_the_record_and_not_the_command() {
    let machine = Machine::new("");
    let config = b"[callback_playback]\nredact_patterns = caf\xe9\n";
    fs::write(machine.path("work/ansible.cfg"), config).unwrap();
    let spools = Spools::new();
    let done = machine.here(&mut spools.script("exit 3"));
    assert_eq!(done.status.code(), Some(3));
    let told = format!(
        "redact_patterns in {} holds bytes that are not UTF-8",
        machine.path("work/ansible.cfg").display()
    );
    assert!(text(&done.stderr).contains(&told), "{done:?}");
    assert!(spools.files().is_empty());
}

#[test]
fn what_ansible_cfg_sets_for_the_recorder_is_set_here_too() {
    let machine = Machine::new(
        "labels = a, 'b', c;d\nspool_max_mb = many\nflush_seconds = soon\nflush_seconds_unreachable = -1\n",
    );
    let spools = Spools::new();
    let done = machine.here(&mut spools.script("true"));
    let file = machine.path("work/ansible.cfg");
    for (key, value) in [
        ("spool_max_mb", "many"),
        ("flush_seconds", "soon"),
        ("flush_seconds_unreachable", "-1"),
    ] {
        let told = format!(
            "playback: the option {key} in {} is {value:?} and is not used",
            file.display()
        );
        assert!(text(&done.stderr).contains(&told), "{done:?}");
    }
    let labels = |spools: &Spools| spools.events()[0]["data"]["labels"].clone();
    assert_eq!(labels(&spools), json!(["a", "b", "c;d"]));
    // The environment overrides the file, also with nothing, and an option overrides both.
    let cases: [(&str, &[&str], Value); 3] = [
        ("e, f", &[], json!(["e", "f"])),
        ("", &[], json!([])),
        ("e", &["--label", "g"], json!(["g"])),
    ];
    for (variable, options, expected) in cases {
        let spools = Spools::new();
        let arguments = [&["exec"], options, &["--", "true"]].concat();
        let mut command = spools.playback(&arguments);
        for name in ["SPOOL_MAX_MB", "FLUSH_SECONDS", "FLUSH_SECONDS_UNREACHABLE"] {
            command.env(format!("PLAYBACK_{name}"), "1");
        }
        let done = machine.here(command.env("PLAYBACK_LABELS", variable));
        assert!(!text(&done.stderr).contains("not used"), "{done:?}");
        let found = labels(&spools);
        let is_none = found.is_null() && expected == json!([]);
        assert!(is_none || found == expected, "{variable:?}: {found}");
    }
}

#[test]
fn a_small_spool_of_ansible_cfg_is_small_here_too() {
    let machine = Machine::new("spool_max_mb = 1\n");
    let spools = Spools::new();
    let done =
        machine.here(&mut spools.script("head -c 3000000 /dev/zero | tr '\\0' x | fold -w 1000"));
    assert!(done.status.success());
    let size = fs::metadata(&spools.files()[0]).unwrap().len();
    assert!(size < 2 << 20, "{size}");
}

#[test]
fn a_path_in_a_variable_is_read_as_ansible_reads_it() {
    let machine = Machine::new("");
    fs::write(machine.path("home/tok"), "pbk_x").unwrap();
    for (folder, expected) in [
        ("~/spool", "home/spool"),
        ("$BELOW/spool", "home/below/spool"),
        ("rel/../spool", "work/spool"),
    ] {
        let variables = |command: &mut Command| {
            command
                .env("PLAYBACK_SPOOL_DIR", folder)
                .env("PLAYBACK_TOKEN_FILE", "~/tok")
                .env("BELOW", machine.path("home/below"))
                .env("PLAYBACK_URL", "http://127.0.0.1:1")
                .env("PLAYBACK_FLUSH_SECONDS_UNREACHABLE", "0");
        };
        let mut exec = playback(&["exec", "--", "true"]);
        variables(&mut exec);
        let done = machine.here(&mut exec);
        assert!(done.status.success(), "{done:?}");
        assert!(!text(&done.stderr).contains("cannot be read"), "{done:?}");
        assert_eq!(spools(&machine.path(expected)), 1, "{folder}");
        let mut flush = playback(&["flush", "--patience", "0", "--json"]);
        variables(&mut flush);
        let done = machine.here(&mut flush);
        let told: Value =
            serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{done:?}"));
        let whole = machine.path(expected);
        assert!(told.to_string().contains(whole.to_str().unwrap()), "{told}");
        let mut doctor = playback(&["doctor"]);
        variables(&mut doctor);
        let done = machine.here(&mut doctor);
        let told = format!("the spool {}", whole.display());
        assert!(text(&done.stdout).contains(&told), "{done:?}");
        assert!(
            text(&done.stdout).contains("1 spool waits to be delivered"),
            "{done:?}"
        );
    }
    let names: Vec<_> = fs::read_dir(machine.path("work"))
        .unwrap()
        .flatten()
        .collect();
    assert_eq!(names.len(), 2, "the configuration and the spool: {names:?}");
    // A path may be any bytes.
    let odd = std::ffi::OsStr::from_bytes(b"~/caf\xe9");
    let mut exec = playback(&["exec", "--", "true"]);
    let done = machine.here(exec.env("PLAYBACK_SPOOL_DIR", odd));
    assert!(done.status.success());
    let folder = machine
        .path("home")
        .join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    assert_eq!(spools(&folder), 1);
}
