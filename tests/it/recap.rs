//! Real Ansible under `playback exec` without a recorder: statistics are read from Ansible's output, and text in
//! messages is not mistaken for them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::ansible::{both, environments};
use crate::harness::{Collector, PLAYBACK, eventually};
use crate::whole::first;

/// Hosts with odd names, and one where nothing listens.
const INVENTORY: &str = r#"
all:
  vars:
    ansible_connection: local
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
  hosts:
    alpha: {}
    "fe80::1": {}
    "wéb 1 : ok=7": {}
    down: {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1}
"#;

/// Every count that there is.
const MIXED: &str = r#"
- hosts: all
  gather_facts: false
  tasks:
    - raw: "true"
    - debug: {msg: skipped}
      when: inventory_hostname == 'alpha'
    - fail: {msg: ignored}
      ignore_errors: true
    - block:
        - fail: {msg: rescued}
          when: inventory_hostname == 'alpha'
      rescue:
        - debug: {msg: well}
    - fail: {msg: broken}
      when: inventory_hostname == 'fe80::1'
"#;

/// What a message may try: a whole recap, at the beginnings of its lines.
const FORGED: &str = "x\\n\\nPLAY RECAP ************\\n\
    alpha                      : ok=9    changed=9    unreachable=9    failed=9    skipped=9    rescued=9    ignored=9\\n\
    forged                     : ok=9    changed=5    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0\\n\\n";

/// A machine that runs Ansible with the recorder beside it or not.
struct Site {
    bin: PathBuf,
    dir: TempDir,
    collector: Collector,
}

impl Site {
    fn new(bin: &Path) -> Self {
        let site = Self {
            bin: bin.to_owned(),
            dir: TempDir::new().unwrap(),
            collector: Collector::start(),
        };
        site.write("inventory.yml", INVENTORY);
        site
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join(name), text).unwrap();
    }

    /// `playback exec -- PROGRAM -i inventory.yml …`; the recorder is there, and not enabled.
    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(PLAYBACK);
        command
            .args(["exec", "--"])
            .arg(self.bin.join(program))
            .args(["-i", "inventory.yml"])
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", self.bin.display()))
            .env("HOME", self.dir.path())
            .env("LANG", "C.UTF-8")
            .env("ANSIBLE_LOCALHOST_WARNING", "0")
            .env("PLAYBACK_SPOOL_DIR", self.dir.path().join("spool"))
            .env("PLAYBACK_URL", self.collector.url())
            .env("PLAYBACK_TOKEN", &self.collector.token)
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end; its record, complete.
    #[track_caller]
    fn record(&self, command: &mut Command) -> Value {
        let done: Output = command.output().unwrap();
        let list = self.collector.client().api("/executions?limit=1").ok();
        let id: Uuid = list["executions"][0]["id"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let record = self.collector.client().finished(id);
        assert_eq!(record["exit_code"], json!(done.status.code()), "{done:?}");
        assert_eq!(record["events"]["complete"], true, "{record}");
        record
    }

    fn playbook(&self, arguments: &[&str]) -> Value {
        self.record(&mut self.command("ansible-playbook", arguments))
    }

    fn adhoc(&self, arguments: &[&str]) -> Value {
        self.record(&mut self.command("ansible", arguments))
    }
}

/// In the order in which Ansible prints them.
fn counts(counts: [u64; 7]) -> Value {
    let [ok, changed, unreachable, failed, skipped, rescued, ignored] = counts;
    json!({
        "ok": ok, "changed": changed, "unreachable": unreachable, "failed": failed,
        "skipped": skipped, "rescued": rescued, "ignored": ignored,
    })
}

/// What MIXED does.
fn mixed() -> Value {
    json!({
        "alpha": counts([4, 1, 0, 0, 1, 1, 1]),
        "fe80::1": counts([2, 1, 0, 1, 2, 0, 1]),
        "wéb 1 : ok=7": counts([2, 1, 0, 0, 3, 0, 1]),
        "down": counts([0, 0, 1, 0, 0, 0, 0]),
    })
}

#[test]
fn a_playbooks_statistics_are_read_off_its_recap() {
    for bin in both() {
        let site = Site::new(&bin);
        site.write("mixed.yml", MIXED);
        for colour in first(1, ["1", "0"]) {
            let mut command = site.command("ansible-playbook", &["mixed.yml"]);
            let record = site.record(command.env("ANSIBLE_FORCE_COLOR", colour));
            assert_eq!(record["stats"], mixed(), "{record}");
            assert_eq!(record["changed"], true);
            assert_eq!(record["failed"], json!(["fe80::1"]));
            assert_eq!(record["unreachable"], json!(["down"]));
            assert_eq!(record["status"], "failed");
            assert_eq!(record["reason"], "task_failed");
        }
    }
}

#[test]
fn the_reason_of_a_failure_is_right() {
    for bin in environments() {
        let site = Site::new(&bin);
        site.write("mixed.yml", MIXED);
        let record = site.playbook(&["mixed.yml", "--limit", "down"]);
        assert_eq!(record["reason"], "unreachable", "{record}");
        assert_eq!(record["unreachable"], json!(["down"]));
        assert_eq!(record["changed"], false);

        let record = site.playbook(&["mixed.yml", "--limit", "alpha"]);
        assert_eq!(record["status"], "success");
        assert_eq!(record["changed"], true);
        assert_eq!(record["stats"], json!({ "alpha": mixed()["alpha"] }));

        site.write("wrong.yml", "- hosts: all\n  tasks: [{no_such_action: }]\n");
        let record = site.playbook(&["wrong.yml"]);
        assert_eq!(record["status"], "failed");
        assert_eq!(record["reason"], "ansible_error", "{record}");
        assert_eq!(record["stats"], json!({}));
    }
}

#[test]
fn the_recap_of_the_last_playbook_is_the_total() {
    for bin in environments() {
        let site = Site::new(&bin);
        let play = "- hosts: alpha\n  gather_facts: false\n  tasks: [{command: 'true'}]\n";
        site.write("a.yml", play);
        site.write("b.yml", &play.replace("alpha", "alpha:fe80*"));
        let record = site.playbook(&["a.yml", "b.yml"]);
        let expected = json!({
            "alpha": counts([2, 2, 0, 0, 0, 0, 0]),
            "fe80::1": counts([1, 1, 0, 0, 0, 0, 0]),
        });
        assert_eq!(record["stats"], expected, "{record}");
    }
}

#[test]
fn a_message_cannot_forge_a_recap() {
    let play = format!(
        "- hosts: alpha\n  gather_facts: false\n  tasks:\n\
         \x20   - debug: {{msg: \"{FORGED}\"}}\n\
         \x20   - command: {{argv: [printf, '%s', \"{FORGED}\"]}}\n\
         \x20   - debug: {{msg: label}}\n      loop: [\"{FORGED}\"]\n"
    );
    for bin in environments() {
        let site = Site::new(&bin);
        site.write("forged.yml", &play);
        for (format, colour, verbosity) in [
            ("json", "0", "-v"),
            ("yaml", "0", "-v"),
            ("yaml", "1", "-vvv"),
        ] {
            let mut command = site.command("ansible-playbook", &["forged.yml", verbosity]);
            command
                .env("ANSIBLE_CALLBACK_RESULT_FORMAT", format)
                .env("ANSIBLE_FORCE_COLOR", colour);
            let record = site.record(&mut command);
            let expected = json!({ "alpha": counts([3, 1, 0, 0, 0, 0, 0]) });
            assert_eq!(record["stats"], expected, "{format} {colour}: {record}");
            assert_eq!(record["failed"], json!([]));
            assert!(record["output"].to_string().contains("changed=5"));
        }
    }
}

#[test]
fn a_run_that_was_stopped_believes_no_recap() {
    for bin in environments() {
        let site = Site::new(&bin);
        let play = format!(
            "- hosts: alpha\n  gather_facts: false\n  tasks:\n\
             \x20   - debug: {{msg: label}}\n      loop: [\"{FORGED}\"]\n\
             \x20   - shell: touch reached; while [ ! -e gate ]; do sleep 0.05; done\n"
        );
        site.write("gate.yml", &play);
        let mut command = site.command("ansible-playbook", &["gate.yml"]);
        // Ansible's own pipes would keep what it has printed so far to themselves.
        command.env("PYTHONUNBUFFERED", "1").stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        eventually("the gate to be reached", || {
            site.dir.path().join("reached").exists().then_some(())
        });
        let pid = child.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().unwrap().success());
        child.wait().unwrap();
        site.write("gate", "");
        let list = site.collector.client().api("/executions?limit=1").ok();
        let id = list["executions"][0]["id"].as_str().unwrap();
        let record = site.collector.client().finished(id.parse().unwrap());
        assert_eq!(record["reason"], "canceled", "{record}");
        assert_eq!(record["stats"], json!({}));
        assert_eq!(record["changed"], false);
        assert!(record["output"].to_string().contains("changed=5"));
    }
}

#[test]
fn an_adhoc_runs_statistics_are_read_off_its_lines() {
    let hosts = ["alpha", "fe80::1", "wéb 1 : ok=7"];
    for (turn, bin) in environments().into_iter().enumerate() {
        let site = Site::new(&bin);
        let cases = [
            (
                &["-m", "ping"][..],
                "failed",
                "unreachable",
                [1, 0, 0, 0, 0, 0, 0],
            ),
            (
                &["-a", "echo hi"],
                "failed",
                "unreachable",
                [1, 1, 0, 0, 0, 0, 0],
            ),
            (
                &["-m", "shell", "-a", "exit 3"],
                "failed",
                "task_failed",
                [0, 0, 0, 1, 0, 0, 0],
            ),
            (
                &["-m", "fail", "-a", "msg=no"],
                "failed",
                "task_failed",
                [0, 0, 0, 1, 0, 0, 0],
            ),
            (
                &["-a", "true", "--check"],
                "failed",
                "unreachable",
                [0, 0, 0, 0, 1, 0, 0],
            ),
            (
                &["-m", "ping", "--limit", "!down"],
                "success",
                "",
                [1, 0, 0, 0, 0, 0, 0],
            ),
        ];
        for (number, (arguments, status, reason, there)) in cases.into_iter().enumerate() {
            // Each case in both forms, one of them on each version.
            let one_line = (turn + number) % 2 == 1;
            let colour = if one_line { "1" } else { "0" };
            let mut command = site.command("ansible", &["all"]);
            command.args(arguments).env("ANSIBLE_FORCE_COLOR", colour);
            if one_line {
                command.arg("--one-line");
            }
            let record = site.record(&mut command);
            let what = format!("{arguments:?} {one_line} {colour}: {record}");
            for host in hosts {
                assert_eq!(record["stats"][host], counts(there), "{host} {what}");
            }
            // A module that runs on the controller needs no connection.
            let local = arguments.contains(&"fail");
            let down = [0, 0, u64::from(!local), u64::from(local), 0, 0, 0];
            match status {
                "success" => assert_eq!(record["stats"]["down"], Value::Null, "{what}"),
                _ => assert_eq!(record["stats"]["down"], counts(down), "{what}"),
            }
            assert_eq!(record["status"], status, "{what}");
            assert_eq!(
                record["reason"].as_str().unwrap_or_default(),
                reason,
                "{what}"
            );
            assert_eq!(record["changed"], there[1] > 0, "{what}");
        }
    }
}

#[test]
fn a_commands_output_speaks_for_no_host_that_has_reported() {
    for bin in environments() {
        let site = Site::new(&bin);
        let forged = "printf 'alpha | UNREACHABLE! => {\\nalpha | FAILED | rc=1 >>\\n'";
        let record = site.adhoc(&["alpha", "-m", "shell", "-a", forged]);
        let expected = json!({ "alpha": counts([1, 1, 0, 0, 0, 0, 0]) });
        assert_eq!(record["stats"], expected, "{record}");
        assert_eq!(record["status"], "success");
        assert_eq!(record["unreachable"], json!([]));
        // Whatever was run, a recap in its output is none.
        let record = site.adhoc(&["alpha", "-m", "shell", "-a", &format!("printf '{FORGED}'")]);
        assert_eq!(record["stats"], expected, "{record}");
    }
}

#[test]
fn where_the_recorder_reports_nothing_is_counted_twice() {
    for bin in environments() {
        let site = Site::new(&bin);
        site.write("mixed.yml", MIXED);
        for (program, arguments) in [
            ("ansible-playbook", &["mixed.yml"][..]),
            ("ansible", &["all", "-a", "true"]),
        ] {
            let plain = site.record(&mut site.command(program, arguments));
            let mut command = site.command(program, arguments);
            command
                .env("ANSIBLE_CALLBACKS_ENABLED", "playback.history.recorder")
                .env("ANSIBLE_LOAD_CALLBACK_PLUGINS", "1");
            let both = site.record(&mut command);
            assert!(both["ansible_version"].is_string(), "it reports: {both}");
            for field in ["stats", "changed", "failed", "unreachable", "reason"] {
                assert_eq!(both[field], plain[field], "{field} of {program}");
            }
            let id = both["id"].as_str().unwrap();
            let client = site.collector.client();
            let hosts = client.api(&format!("/executions/{id}/hosts")).ok();
            assert_eq!(hosts["hosts"].as_array().unwrap().len(), 4, "{hosts}");
        }
    }
}
