//! `playback exec` runs a command as without it, and records everything.

use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Collector, PLAYBACK, eventually, program};

/// A folder of spools, and commands that are recorded there.
pub(crate) struct Spools {
    dir: TempDir,
}

impl Spools {
    pub(crate) fn new() -> Self {
        Self {
            dir: TempDir::new().unwrap(),
        }
    }

    /// A command with nothing in its environment but where to spool.
    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("PLAYBACK_SPOOL_DIR", self.dir.path())
            .stdin(Stdio::null());
        command
    }

    /// `playback …`.
    pub(crate) fn playback(&self, arguments: &[&str]) -> Command {
        self.command(PLAYBACK, arguments)
    }

    /// `playback exec -- sh -c SCRIPT`.
    pub(crate) fn script(&self, script: &str) -> Command {
        self.playback(&["exec", "--", "sh", "-c", script])
    }

    /// Where they lie.
    pub(crate) fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// The spool files.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(self.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "ndjson"))
            .collect();
        files.sort();
        files
    }

    /// The events of the only run.
    #[track_caller]
    pub(crate) fn events(&self) -> Vec<Value> {
        let files = self.files();
        assert_eq!(files.len(), 1, "one run, one spool: {files:?}");
        let text = std::fs::read_to_string(&files[0]).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// What the only run printed.
    #[track_caller]
    pub(crate) fn printed(&self) -> String {
        self.printed_on(None)
    }

    #[track_caller]
    fn printed_on(&self, stream: Option<&str>) -> String {
        self.events()
            .iter()
            .filter(|event| event["kind"] == "output")
            .map(|event| &event["data"])
            .filter(|data| {
                stream.is_none_or(|name| data["stream"].as_str().unwrap_or("stdout") == name)
            })
            .map(|data| data["text"].as_str().unwrap())
            .collect()
    }

    /// How the only run ended.
    #[track_caller]
    pub(crate) fn end(&self) -> Value {
        let last = self.events().pop().unwrap();
        assert_eq!(last["kind"], "execution_ended");
        last["data"].clone()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Reads from a child until it has printed this.
fn read_until(child: &mut Child, what: &str) {
    let stdout = child.stdout.as_mut().unwrap();
    let mut seen = Vec::new();
    while !text(&seen).contains(what) {
        let mut byte = [0];
        assert_eq!(stdout.read(&mut byte).unwrap(), 1, "{}", text(&seen));
        seen.push(byte[0]);
    }
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let done = Command::new("kill").args([name, &pid]).status().unwrap();
    assert!(done.success());
}

#[test]
fn streams_and_exit_code_are_the_commands_own() {
    let spools = Spools::new();
    let script = "printf 'a\\nb'; printf 'e\\r\\n' >&2; exit 7";
    let done: Output = spools.script(script).output().unwrap();
    assert_eq!(done.status.code(), Some(7));
    assert_eq!(text(&done.stdout), "a\nb");
    assert!(text(&done.stderr).ends_with("e\r\n"), "{done:?}");
    assert_eq!(spools.printed_on(Some("stdout")), "a\nb");
    assert_eq!(spools.printed_on(Some("stderr")), "e\r\n");
    assert_eq!(spools.end(), json!({ "exit_code": 7 }));
    let kinds: Vec<Value> = spools
        .events()
        .iter()
        .map(|event| event["kind"].clone())
        .collect();
    assert_eq!(kinds.first().unwrap(), "execution_started");
    assert_eq!(kinds[kinds.len() - 2], "usage");
}

#[test]
fn a_signal_that_ends_the_command_ends_us_too() {
    for (name, number) in [("TERM", 15), ("KILL", 9), ("PIPE", 13)] {
        let spools = Spools::new();
        let done = spools.script(&format!("kill -{name} $$")).output().unwrap();
        assert_eq!(done.status.signal(), Some(number));
        let end = json!({ "exit_code": 128 + number, "signal": number });
        assert_eq!(spools.end(), end);
    }
}

#[test]
fn signals_are_passed_on() {
    let spools = Spools::new();
    let script = "trap 'echo got; exit 3' TERM; echo ready; while :; do sleep 0.02; done";
    let mut child = spools
        .script(script)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    read_until(&mut child, "ready\n");
    signal(&child, "-TERM");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(3));
    assert_eq!(spools.printed_on(Some("stdout")), "ready\ngot\n");
    assert_eq!(
        spools.end(),
        json!({ "exit_code": 3, "reason": "canceled" })
    );
}

#[test]
fn what_the_caller_ignores_stays_ignored() {
    let spools = Spools::new();
    let script = format!(
        "trap '' HUP; exec {PLAYBACK} exec -- sh -c 'kill -HUP $$; echo alive; grep SigBlk /proc/self/status'"
    );
    let done = spools.command("sh", &["-c", &script]).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    assert_eq!(text(&done.stdout), "alive\nSigBlk:\t0000000000000000\n");
}

#[test]
fn the_command_has_a_group_of_its_own() {
    let spools = Spools::new();
    let done = spools
        .script("echo $$; cut -d' ' -f5 /proc/$$/stat")
        .output()
        .unwrap();
    let printed = text(&done.stdout);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[0], lines[1], "process and group");
}

#[test]
fn ansible_reports_the_same_run_and_a_script_runs_of_its_own() {
    let spools = Spools::new();
    // What Ansible's own recorder would read.
    let ansible = spools.dir.path().join("ansible-playbook");
    let words = "#!/bin/sh\necho \"$PLAYBACK_EXECUTION_ID $PLAYBACK_CAPTURE_OUTPUT\"\n";
    program(&ansible, words);
    let ansible = ansible.to_str().unwrap();
    let done = spools
        .playback(&["exec", "--", ansible, "-i", "prod", "site.yml"])
        .output()
        .unwrap();
    let file = spools.files().pop().unwrap();
    let id = file
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .split('.')
        .next()
        .unwrap();
    assert_eq!(text(&done.stdout), format!("{id} 0\n"));
    let started = spools.events()[0]["data"].clone();
    assert_eq!(started["playbook"], "site.yml");
    assert_eq!(started["inventory"], "prod");

    let spools = Spools::new();
    let mut within =
        spools.script("echo \"${PLAYBACK_EXECUTION_ID-none} ${PLAYBACK_CAPTURE_OUTPUT-none}\"");
    within
        .env("PLAYBACK_EXECUTION_ID", id)
        .env("PLAYBACK_CAPTURE_OUTPUT", "0");
    assert_eq!(text(&within.output().unwrap().stdout), "none none\n");
}

#[test]
fn one_within_another_is_an_execution_of_its_own() {
    let spools = Spools::new();
    let inner = [PLAYBACK, "exec", "--", "true"];
    let outer: Vec<&str> = ["exec", "--"].into_iter().chain(inner).collect();
    assert!(spools.playback(&outer).status().unwrap().success());
    assert_eq!(spools.files().len(), 2);
}

#[test]
fn any_bytes_pass_and_are_in_the_record() {
    let spools = Spools::new();
    let bytes: Vec<u8> = (0..300_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let file = spools.dir.path().join("bytes");
    std::fs::write(&file, &bytes).unwrap();
    let done = spools
        .playback(&["exec", "--", "cat", file.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(done.stdout == bytes, "every byte arrives");
    let printed = spools.printed();
    let recorded = playback_wire::printed::exact(&printed);
    assert!(*recorded == bytes, "every byte is recorded");
}

#[test]
fn a_hundred_megabytes_pass() {
    const SIZE: usize = 100 << 20;
    let spools = Spools::new();
    let script = format!("head -c {SIZE} /dev/zero | tr '\\0' x");
    let mut child = spools
        .script(&script)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let shown = std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(shown, SIZE as u64);
    assert_eq!(spools.printed().len(), SIZE);
    assert_eq!(spools.end(), json!({ "exit_code": 0 }));
}

#[test]
fn a_prompt_is_shown_and_recorded_while_it_waits() {
    let spools = Spools::new();
    let mut child = spools
        .script("printf 'Password: '; read x; echo \"got $x\"")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    read_until(&mut child, "Password: ");
    eventually("the prompt to be recorded", || {
        (spools.printed() == "Password: ").then_some(())
    });
    child.stdin.take().unwrap().write_all(b"x\n").unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(spools.printed(), "Password: got x\n");
}

#[test]
fn one_log_for_both_streams_keeps_their_order() {
    let spools = Spools::new();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = spools.script("for i in 1 2 3 4 5; do echo o$i; echo e$i >&2; done");
    command.stdout(writer.try_clone().unwrap()).stderr(writer);
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut log = String::new();
    reader.read_to_string(&mut log).unwrap();
    assert!(child.wait().unwrap().success());
    let order = "o1\ne1\no2\ne2\no3\ne3\no4\ne4\no5\ne5\n";
    assert!(log.ends_with(order), "{log}");
    assert_eq!(spools.printed(), order);
}

#[test]
fn a_reader_that_goes_away_is_met_as_without_us() {
    let spools = Spools::new();
    let mut child = spools
        .script("yes; echo $? >&2")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    read_until(&mut child, "y\n");
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert!(text(&done.stderr).ends_with("141\n"), "{done:?}");
    assert!(done.status.success());
    assert_eq!(spools.printed_on(Some("stderr")), "141\n");
}

#[test]
fn a_daemon_that_holds_the_output_holds_nobody_up() {
    let spools = Spools::new();
    let done = spools.script("sleep 600 & echo $!").output().unwrap();
    assert!(done.status.success());
    let daemon = text(&done.stdout);
    let still = Command::new("kill").arg(daemon.trim()).status().unwrap();
    assert!(still.success(), "it outlives the command");
    assert_eq!(spools.printed(), daemon);
}

#[test]
fn killed_itself_it_leaves_what_was_printed_and_no_command_behind() {
    let spools = Spools::new();
    let mut child = spools
        .script("echo $$; while echo x; do sleep 0.01; done")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    read_until(&mut child, "x\n");
    let recorded = eventually("a line to be recorded", || {
        Some(spools.printed()).filter(|printed| printed.contains("x\n"))
    });
    signal(&child, "-KILL");
    child.wait().unwrap();
    let pid = recorded.lines().next().unwrap();
    let process = PathBuf::from(format!("/proc/{pid}"));
    eventually("the command to meet its closed output", || {
        (!process.exists()).then_some(())
    });
    assert!(spools.printed().starts_with(&recorded));
}

#[test]
fn with_a_collector_the_record_is_complete_when_we_return() {
    let collector = Collector::start();
    let spools = Spools::new();
    let mut command = spools.playback(&[
        "exec",
        "--label",
        "nightly",
        "--label",
        "db",
        "--note",
        "because",
        "--",
        "sh",
        "-c",
        "echo one; echo two >&2; exit 4",
    ]);
    command
        .env("PLAYBACK_URL", collector.url())
        .env("PLAYBACK_TOKEN", &collector.token);
    let done = command.output().unwrap();
    assert_eq!(done.status.code(), Some(4));
    assert_eq!(text(&done.stderr), "two\n", "nothing to complain of");
    assert!(spools.files().is_empty(), "everything is delivered");
    let list = collector.client().api("/executions").ok();
    let id = list["executions"][0]["id"].as_str().unwrap().to_owned();
    let record = collector.client().api(&format!("/executions/{id}")).ok();
    assert_eq!(record["status"], "failed");
    assert_eq!(record["exit_code"], 4);
    assert_eq!(record["labels"], json!(["nightly", "db"]));
    assert_eq!(record["note"], "because");
    assert_eq!(record["playbook"], "sh");
    assert_eq!(record["events"]["complete"], true);
    assert!(record["usage"]["peak_bytes"].as_u64().unwrap() > 0);
    let mut output: Vec<&str> = record["output"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.as_str().unwrap())
        .collect();
    output.sort_unstable();
    assert_eq!(output, ["one", "two"]);
}

#[test]
fn a_command_that_is_not_there_fails_as_in_a_shell() {
    let collector = Collector::start();
    for (command, code) in [
        ("no-such-command", 127),
        ("/etc/passwd", 126),
        ("/etc", 126),
    ] {
        let spools = Spools::new();
        let mut exec = spools.playback(&["exec", "--", command]);
        exec.env("PLAYBACK_URL", collector.url())
            .env("PLAYBACK_TOKEN", &collector.token);
        let done = exec.output().unwrap();
        assert_eq!(done.status.code(), Some(code));
        assert!(text(&done.stderr).contains(command), "{done:?}");
        let list = collector.client().api("/executions?limit=1").ok();
        let record = list["executions"][0].clone();
        assert_eq!(record["exit_code"], code);
        assert_eq!(record["status"], "failed");
        assert_eq!(record["reason"], "launch_error");
        assert_eq!(record["playbook"], command);
    }
}

#[test]
fn without_a_collector_the_run_is_kept_and_delivered_later() {
    let mut collector = Collector::start();
    let url = collector.url();
    collector.kill();
    let spools = Spools::new();
    let mut command = spools.script("echo kept; exit 5");
    command
        .env("PLAYBACK_URL", &url)
        .env("PLAYBACK_TOKEN", &collector.token);
    let done = command.output().unwrap();
    assert_eq!(done.status.code(), Some(5));
    assert_eq!(text(&done.stdout), "kept\n");
    let complaint = text(&done.stderr);
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    assert!(complaint.contains("playback flush"), "{complaint}");

    collector.launch();
    let mut flush = spools.playback(&["flush"]);
    flush
        .env("PLAYBACK_URL", &url)
        .env("PLAYBACK_TOKEN", &collector.token);
    let done = flush.output().unwrap();
    assert!(done.status.success(), "{done:?}");
    let list = collector.client().api("/executions").ok();
    let record = list["executions"][0].clone();
    assert_eq!(record["exit_code"], 5);
    assert_eq!(record["events"]["complete"], true);
}

#[test]
fn what_is_to_be_hidden_is_printed_and_not_recorded() {
    let spools = Spools::new();
    let script = "printf 'a hunt'; sleep 0.1; printf 'er2 b\\n' >&1; printf 'x\\n' >&2; echo 'db_password: c d'; \
        printf '{\\n \"api_key\": [\\n  \"e\"\\n ],\\n \"f\": 1\\n}\\npassword=g'";
    let mut command = spools.playback(&[
        "exec",
        "--redact-key",
        "*password",
        "--redact-pattern",
        "hunter[0-9]",
        "--note",
        "is hunter2",
        "--",
        "sh",
        "-c",
        script,
        "sh",
        "--db-password",
        "h",
        "hunter2",
    ]);
    let done = command
        .env(
            "PLAYBACK_REDACT_KEYS",
            "not this, because the option says another",
        )
        .output()
        .unwrap();
    assert!(
        text(&done.stdout).starts_with("a hunter2 b\ndb_password: c d\n{"),
        "{done:?}"
    );
    let events = serde_json::to_string(&spools.events()).unwrap();
    assert!(!events.contains("hunter"), "{events}");
    assert_eq!(
        spools.printed_on(Some("stdout")),
        "a *** b\ndb_password: ***\n{\n \"api_key\": [\n  \"e\"\n ],\n \"f\": 1\n}\npassword=***"
    );
    let started = &spools.events()[0]["data"];
    assert_eq!(started["note"], "is ***");
    let argv = started["argv"].as_array().unwrap();
    assert_eq!(argv[argv.len() - 2..], [json!("***"), json!("***")]);
}

#[test]
fn the_environment_says_what_is_to_be_hidden_with_a_pattern_a_line() {
    let spools = Spools::new();
    let mut command = spools
        .script("printf '{\\n \"api_key\": [\\n  \"e\"\\n ],\\n \"f\": \"one,1 two2\"\\n}\\n'");
    let done = command
        .env("PLAYBACK_REDACT_KEYS", "password, api_key")
        .env("PLAYBACK_REDACT_PATTERNS", "one,[0-9]\n\n  two[0-9]\n")
        .output()
        .unwrap();
    assert!(done.status.success());
    assert_eq!(
        spools.printed(),
        "{\n \"api_key\": ***\n  ***\n ***,\n \"f\": \"*** ***\"\n}\n"
    );
}

#[test]
fn what_ansibles_configuration_hides_is_hidden_here_too() {
    let spools = Spools::new();
    let folder = tempfile::tempdir().unwrap();
    let config = "[callback_playback]\nredact_keys = api_key\nredact_patterns = hunter#[0-9]\n";
    std::fs::write(folder.path().join("ansible.cfg"), config).unwrap();
    let mut command = spools.script("echo api_key=abc hunter#2 other=x");
    let done = command.current_dir(folder.path()).output().unwrap();
    assert!(done.status.success());
    assert_eq!(text(&done.stdout), "api_key=abc hunter#2 other=x\n");
    assert_eq!(spools.printed(), "api_key=*** *** other=x\n");
}

#[test]
fn with_a_rule_that_cannot_be_used_the_command_runs_and_is_not_recorded() {
    let spools = Spools::new();
    let mut command = spools.script("echo hunter2; exit 3");
    let done = command
        .env("PLAYBACK_REDACT_PATTERNS", "(hunter2")
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(3));
    assert_eq!(text(&done.stdout), "hunter2\n");
    assert_eq!(
        text(&done.stderr),
        "playback: this run is not recorded: pattern 1 cannot be used: unclosed group\n"
    );
    assert!(spools.files().is_empty());
}
