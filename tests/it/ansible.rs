//! Real Ansible with the recorder and a real collector: the record is compared with what the shell and the terminal
//! saw.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::harness::{API, Client, Collector, PLAYBACK, Setup, eventually, program};
use crate::whole::{first, in_turn};

/// The newest Ansible that runs on this machine.
pub(crate) fn newest() -> PathBuf {
    prepared("PLAYBACK_TEST_ANSIBLE")
}

/// The newest and the oldest that we support.
pub(crate) fn both() -> Vec<PathBuf> {
    vec![newest(), prepared("PLAYBACK_TEST_ANSIBLE_OLDEST")]
}

/// One of these, in turn by the name of the test; in `make whole` both. The oracle (`tests/conformance`) has cases on every
/// version between them.
pub(crate) fn environments() -> Vec<PathBuf> {
    in_turn(both())
}

/// An environment that `make test` prepares.
fn prepared(name: &str) -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "how make tells the tests")]
    let path = std::env::var(name);
    PathBuf::from(path.unwrap_or_else(|_| panic!("{name} is not set: use make test")))
}

/// The environments of every ansible-core that can run on this machine, which `make whole` names.
pub(crate) fn every_version() -> Vec<PathBuf> {
    let name = "PLAYBACK_TEST_ANSIBLE_EACH";
    #[expect(clippy::disallowed_methods, reason = "how make tells the tests")]
    let folders = std::env::var(name);
    let folders = folders.unwrap_or_else(|_| panic!("{name} is not set: use make whole"));
    folders.split_whitespace().map(PathBuf::from).collect()
}

/// A machine that runs Ansible: its own home and spool, and what it prints in one file.
pub(crate) struct Controller {
    bin: PathBuf,
    pub(crate) dir: TempDir,
}

/// A command that ended.
pub(crate) struct Ran {
    pub(crate) status: ExitStatus,
    /// What it printed on both streams, in the order in which a terminal would have got it.
    pub(crate) printed: String,
}

impl Ran {
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.printed.lines().collect()
    }
}

impl Controller {
    pub(crate) fn new(bin: &Path) -> Self {
        let dir = TempDir::new().unwrap();
        std::fs::create_dir(dir.path().join("home")).unwrap();
        let config = "[defaults]\n\
                      callbacks_enabled = playback.history.recorder\n\
                      bin_ansible_callbacks = true\n\
                      localhost_warning = false\n";
        std::fs::write(dir.path().join("ansible.cfg"), config).unwrap();
        Self {
            bin: bin.to_owned(),
            dir,
        }
    }

    /// What opens the gate of gate.yml.
    pub(crate) fn gate(&self) -> PathBuf {
        self.dir.path().join("gate")
    }

    /// Starts gate.yml, and returns when its host waits at the gate.
    pub(crate) fn start_at_gate(&self, command: &mut Command) -> Started {
        let reached = self.dir.path().join("gate.reached");
        let _ = std::fs::remove_file(&reached);
        let extra = format!("gate={}", self.gate().display());
        let started = self.start(command.args(["gate.yml", "-e", &extra]));
        eventually("the playbook to reach the gate", || {
            reached.exists().then_some(())
        });
        started
    }

    pub(crate) fn open_gate(&self) {
        std::fs::write(self.gate(), "").unwrap();
    }

    pub(crate) fn spool(&self) -> PathBuf {
        self.dir.path().join("spool")
    }

    /// Names of the spool files that are there.
    pub(crate) fn spooled(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.spool()) else {
            return Vec::new();
        };
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    fn command(&self, program: &str, collector: &Collector, token: &str) -> Command {
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.bin.display());
        let mut command = Command::new(self.bin.join(program));
        command
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/playbooks"))
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.dir.path().join("home"))
            .env("LANG", "C.UTF-8")
            .env("ANSIBLE_CONFIG", self.dir.path().join("ansible.cfg"))
            .env("PLAYBACK_SPOOL_DIR", self.spool())
            .env("PLAYBACK_URL", collector.url())
            .env("PLAYBACK_TOKEN", token)
            .args(["-i", "inventory.ini"]);
        command
    }

    pub(crate) fn playbook(&self, collector: &Collector, arguments: &[&str]) -> Command {
        let token = collector.token.clone();
        let mut command = self.command("ansible-playbook", collector, &token);
        command.args(arguments);
        command
    }

    /// Starts a command with both streams in one file.
    pub(crate) fn start(&self, command: &mut Command) -> Started {
        let path = self.dir.path().join(format!("{}.out", Uuid::now_v7()));
        let file = File::create(&path).unwrap();
        command.stdout(file.try_clone().unwrap()).stderr(file);
        let child = command.stdin(std::process::Stdio::null()).spawn().unwrap();
        Started { child, path }
    }

    pub(crate) fn run(&self, command: &mut Command) -> Ran {
        self.start(command).wait()
    }

    /// Runs `playback flush` on this machine's spool.
    pub(crate) fn flush(&self, collector: &Collector, arguments: &[&str]) -> Ran {
        let mut command = Command::new(PLAYBACK);
        command
            .arg("flush")
            .args(arguments)
            .env_clear()
            .env("PLAYBACK_SPOOL_DIR", self.spool())
            .env("PLAYBACK_URL", collector.url())
            .env("PLAYBACK_TOKEN", &collector.token);
        self.run(&mut command)
    }
}

pub(crate) struct Started {
    child: Child,
    path: PathBuf,
}

impl Started {
    pub(crate) fn printed(&self) -> String {
        std::fs::read_to_string(&self.path).unwrap()
    }

    pub(crate) fn wait(mut self) -> Ran {
        let status = self.child.wait().unwrap();
        Ran {
            status,
            printed: self.printed(),
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([name, &pid])
                .status()
                .unwrap()
                .success()
        );
    }
}

/// The only execution there is, once there is one.
pub(crate) fn the_execution(client: &Client) -> Uuid {
    eventually("an execution to appear", || {
        let list = client.api("/executions").ok();
        let executions = list["executions"].as_array().unwrap();
        assert!(executions.len() <= 1, "{list}");
        Some(executions.first()?["id"].as_str()?.parse().unwrap())
    })
}

/// The recap as printed: host → counts.
fn printed_recap(lines: &[&str]) -> BTreeMap<String, BTreeMap<String, u64>> {
    let start = lines
        .iter()
        .rposition(|line| line.starts_with("PLAY RECAP"));
    lines[start.expect("a recap is printed")..]
        .iter()
        .filter_map(|line| line.split_once(" : "))
        .map(|(host, counts)| {
            let counts = counts
                .split_whitespace()
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, count)| (name.to_owned(), count.parse().unwrap()))
                .collect();
            (host.trim().to_owned(), counts)
        })
        .collect()
}

fn recorded_recap(record: &Value) -> BTreeMap<String, BTreeMap<String, u64>> {
    serde_json::from_value(record["stats"].clone()).unwrap()
}

pub(crate) fn output(record: &Value) -> Vec<&str> {
    let lines = record["output"].as_array().unwrap();
    lines.iter().map(|line| line.as_str().unwrap()).collect()
}

#[track_caller]
pub(crate) fn assert_complete(record: &Value) {
    assert_eq!(record["events"]["complete"], true, "{}", record["events"]);
    assert_eq!(record["events"]["received"], record["events"]["expected"]);
}

#[test]
fn a_playbook_is_recorded_as_it_happened() {
    for bin in both() {
        let collector = Collector::start();
        let controller = Controller::new(&bin);
        let mut command = controller.playbook(&collector, &["mixed.yml", "--limit", "alpha,beta"]);
        let ran = controller.run(command.env("PLAYBACK_LABELS", "nightly,test"));
        let record = collector
            .client()
            .finished(the_execution(&collector.client()));

        assert_eq!(ran.status.code(), Some(2), "{}", ran.printed);
        assert_eq!(record["exit_code"], 2);
        assert_eq!(record["status"], "failed");
        assert_eq!(record["reason"], "task_failed");
        assert_eq!(record["failed"], json!(["beta"]));
        assert_eq!(record["unreachable"], json!([]));
        assert_eq!(record["changed"], true);
        assert_eq!(record["type"], "playbook");
        assert_eq!(record["playbook"], "mixed.yml");
        let inventory = record["inventory"].as_str().unwrap();
        assert!(
            inventory.ends_with("/playbooks/inventory.ini"),
            "{inventory}"
        );
        let found = collector
            .client()
            .api("/executions?inventory=inventory.ini")
            .ok();
        assert_eq!(found["executions"][0]["id"], record["id"]);
        assert_eq!(record["limit"], "alpha,beta");
        assert_eq!(record["labels"], json!(["nightly", "test"]));
        assert_complete(&record);
        assert_eq!(recorded_recap(&record), printed_recap(&ran.lines()));
        assert_eq!(output(&record), ran.lines());
        assert_eq!(controller.spooled(), Vec::<String>::new());
    }
}

#[test]
fn every_result_is_there_with_its_task() {
    for bin in environments() {
        let collector = Collector::start();
        let controller = Controller::new(&bin);
        controller.run(&mut controller.playbook(&collector, &["mixed.yml"]));
        let client = collector.client();
        let id = the_execution(&client);
        client.finished(id);

        let plays = client.execution(id, "/plays").ok();
        let names: Vec<_> = plays["plays"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| &p["name"])
            .collect();
        assert_eq!(names, ["Prepare", "Break"]);
        let tasks = client.execution(id, "/tasks").ok();
        let tasks: Vec<String> = tasks["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|task| {
                let count = |name: &str| task[name].as_u64().unwrap();
                format!(
                    "{} ok={} changed={} failed={} skipped={} ignored={} handler={}",
                    task["name"].as_str().unwrap(),
                    count("ok"),
                    count("changed"),
                    count("failed"),
                    count("skipped"),
                    count("ignored"),
                    task["handler"],
                )
            })
            .collect();
        assert_eq!(
            tasks,
            [
                "Say something ünïcode ✓ ok=2 changed=0 failed=0 skipped=0 ignored=0 handler=false",
                "Change something ok=2 changed=2 failed=0 skipped=0 ignored=0 handler=false",
                "Only on one ok=1 changed=0 failed=0 skipped=1 ignored=0 handler=false",
                "Fail, and go on ok=0 changed=2 failed=2 skipped=0 ignored=2 handler=false",
                "Fail in a block ok=0 changed=0 failed=2 skipped=0 ignored=0 handler=false",
                "Handle it ok=2 changed=0 failed=0 skipped=0 ignored=0 handler=false",
                "Loop ok=2 changed=0 failed=0 skipped=0 ignored=0 handler=false",
                "Notify ok=2 changed=2 failed=0 skipped=0 ignored=0 handler=false",
                "Hide ok=2 changed=2 failed=0 skipped=0 ignored=0 handler=false",
                "Tell ok=2 changed=0 failed=0 skipped=0 ignored=0 handler=true",
                "Break for good ok=0 changed=0 failed=1 skipped=0 ignored=0 handler=false",
            ]
        );
        let items = client.execution(id, "/events?kind=item&limit=100").ok();
        assert_eq!(items["events"].as_array().unwrap().len(), 6);
        let failed = client
            .execution(id, "/results?status=failed&host=beta")
            .ok();
        let last = failed["results"].as_array().unwrap().last().unwrap();
        let detail = client
            .execution(id, &format!("/results/{}", last["seq"]))
            .ok();
        assert_eq!(detail["event"]["data"]["content"]["msg"], "broken");
        // What is hidden is nowhere: not in the record, not in any event.
        let everything = client.execution(id, "/events?limit=1000").text;
        assert!(!everything.contains("do-not-keep-me"));
        assert!(!client.execution(id, "").text.contains("do-not-keep-me"));
    }
}

#[test]
fn an_adhoc_command_is_recorded() {
    for bin in environments() {
        let collector = Collector::start();
        let controller = Controller::new(&bin);
        let mut command = controller.command("ansible", &collector, &collector.token);
        let ran = controller.run(command.args(["all", "-m", "command", "-a", "echo hi"]));
        let record = collector
            .client()
            .finished(the_execution(&collector.client()));
        assert_eq!(ran.status.code(), Some(0), "{}", ran.printed);
        assert_eq!(record["type"], "adhoc");
        assert_eq!(record["status"], "success");
        assert_eq!(record["exit_code"], 0);
        assert_eq!(record["hosts"], "all");
        assert_eq!(record["module"], "command");
        assert_eq!(record["changed"], true);
        assert_eq!(record["stats"]["alpha"]["changed"], 1);
        assert_eq!(output(&record), ran.lines());
        assert_complete(&record);
    }
}

#[test]
fn lines_are_seen_while_the_playbook_runs() {
    for bin in environments() {
        let collector = Collector::start();
        let controller = Controller::new(&bin);
        let started = controller.start_at_gate(&mut controller.playbook(&collector, &[]));
        let client = collector.client();
        let id = the_execution(&client);
        eventually("the host to wait at the gate", || {
            let hosts = client.execution(id, "/hosts").ok();
            let tasks = client.execution(id, "/tasks").ok();
            let running = hosts["hosts"].as_array()?.first()?["running_task"].as_u64()?;
            let task = tasks["tasks"]
                .as_array()?
                .iter()
                .find(|task| task["task"] == running)?;
            (task["name"] == "Wait at the gate").then_some(())
        });
        eventually("its lines to be there", || {
            let lines = client.execution(id, "/output?limit=100").text;
            lines.contains("before the gate").then_some(())
        });
        let record = client.execution(id, "").ok();
        assert_eq!(record["status"], "running");
        assert_eq!(record["phase"], "running");
        controller.open_gate();
        let ran = started.wait();
        let record = client.finished(id);
        assert_eq!(record["status"], "success");
        assert_eq!(record["extra_var_names"], json!(["gate"]));
        assert_eq!(output(&record), ran.lines());
    }
}

#[test]
fn a_playbook_without_its_collector_runs_as_ever_and_is_delivered_later() {
    for bin in environments() {
        let mut collector = Collector::start();
        let controller = Controller::new(&bin);
        collector.kill();
        let ran = controller.run(&mut controller.playbook(&collector, &["mixed.yml"]));
        assert_eq!(ran.status.code(), Some(2), "{}", ran.printed);
        let warnings = ran
            .lines()
            .into_iter()
            .filter(|line| line.contains("Playback"))
            .count();
        assert_eq!(warnings, 1, "one line says so: {}", ran.printed);
        assert_eq!(controller.spooled().len(), 1);

        collector.launch();
        let flushed = controller.flush(&collector, &[]);
        assert_eq!(flushed.status.code(), Some(0), "{}", flushed.printed);
        assert_eq!(controller.spooled(), Vec::<String>::new());
        let record = collector
            .client()
            .finished(the_execution(&collector.client()));
        assert_eq!(record["exit_code"], 2);
        assert_complete(&record);
        assert_eq!(recorded_recap(&record), printed_recap(&ran.lines()));
    }
}

#[test]
fn nothing_is_missing_when_the_collector_is_killed_in_the_middle() {
    for bin in environments() {
        let mut collector = Collector::start();
        let controller = Controller::new(&bin);
        let started = controller.start_at_gate(&mut controller.playbook(&collector, &[]));
        let id = the_execution(&collector.client());
        collector.kill();
        controller.open_gate();
        eventually("the playbook to print on", || {
            started.printed().contains("TASK [After]").then_some(())
        });
        collector.launch();
        let ran = started.wait();
        controller.flush(&collector, &[]);
        let record = collector.client().finished(id);
        assert_eq!(record["status"], "success", "{record}");
        assert_complete(&record);
        // A warning that the run was kept, if there was one, came after the recorder's own end.
        let recorded = output(&record);
        assert_eq!(recorded, ran.lines()[..recorded.len()]);
        assert!(recorded.iter().any(|line| line.starts_with("PLAY RECAP")));
    }
}

#[test]
fn a_killed_playbook_is_lost_and_what_it_spooled_arrives_with_the_next_run() {
    for bin in environments() {
        let mut collector = Setup::default().config("silence_seconds = 2\n").start();
        let controller = Controller::new(&bin);
        let started = controller.start_at_gate(&mut controller.playbook(&collector, &[]));
        let id = the_execution(&collector.client());
        // What happens from here on is in the spool alone.
        collector.kill();
        started.signal("-KILL");
        let killed = started.wait();
        assert_eq!(killed.status.signal(), Some(9));
        collector.launch();
        let record = collector.client().finished(id);
        assert_eq!(record["reason"], "lost");
        assert_eq!(record["status"], "failed");
        assert_eq!(record["events"]["complete"], false);

        let mut next = controller.playbook(&collector, &["mixed.yml", "--limit", "alpha"]);
        let ran = controller.run(&mut next);
        assert_eq!(ran.status.code(), Some(0), "{}", ran.printed);
        eventually("the spool to be empty", || {
            if !controller.spooled().is_empty() {
                // A short run may end before it has adopted anything: the next one does.
                controller.flush(&collector, &[]);
            }
            controller.spooled().is_empty().then_some(())
        });
        let record = collector.client().execution(id, "").ok();
        assert_eq!(record["reason"], "lost");
        assert!(
            output(&record)
                .iter()
                .any(|line| line.contains("Wait at the gate"))
        );
    }
}

#[test]
fn a_terminated_playbook_is_canceled_and_its_shell_sees_no_difference() {
    for bin in environments() {
        for signal in first(1, ["-TERM", "-INT"]) {
            let collector = Collector::start();
            let controller = Controller::new(&bin);
            let outcome = |disabled: &str| {
                let mut command = controller.playbook(&collector, &[]);
                let command = command.env("PLAYBACK_DISABLED", disabled);
                let started = controller.start_at_gate(command);
                started.signal(signal);
                started.wait().status
            };
            let plain = outcome("true");
            let recorded = outcome("false");
            assert_eq!(recorded, plain, "{signal} {}", bin.display());
            let record = collector
                .client()
                .finished(the_execution(&collector.client()));
            assert_eq!(record["status"], "failed");
            assert_eq!(record["reason"], "canceled", "{signal}: {record}");
            assert_complete(&record);
        }
    }
}

#[test]
fn a_refused_run_is_set_aside_and_delivered_with_the_right_token() {
    for bin in environments() {
        let collector = Collector::start();
        let controller = Controller::new(&bin);
        let mut command = controller.command("ansible-playbook", &collector, "pbk_wrong");
        let ran = controller.run(command.args(["mixed.yml", "--limit", "alpha"]));
        assert_eq!(ran.status.code(), Some(0), "{}", ran.printed);
        assert!(!ran.printed.contains("pbk_wrong"));
        assert!(
            controller
                .spooled()
                .iter()
                .any(|name| name.contains("rejected"))
        );
        let flushed = controller.flush(&collector, &[]);
        assert_eq!(flushed.status.code(), Some(0), "{}", flushed.printed);
        let record = collector
            .client()
            .finished(the_execution(&collector.client()));
        assert_complete(&record);
        assert_eq!(controller.spooled(), Vec::<String>::new());
    }
}

#[test]
fn two_runs_with_one_id_are_not_mixed() {
    let bin = newest();
    let collector = Collector::start();
    let id = Uuid::now_v7();
    let run = |controller: &Controller| {
        let mut command = controller.playbook(&collector, &["mixed.yml", "--limit", "alpha"]);
        controller.run(command.env("PLAYBACK_EXECUTION_ID", id.to_string()))
    };
    let first = Controller::new(&bin);
    let ran = run(&first);
    let second = Controller::new(&bin);
    assert_eq!(run(&second).status.code(), Some(0));
    let record = collector.client().finished(id);
    assert_eq!(output(&record), ran.lines());
    assert_complete(&record);
    assert_eq!(first.spooled(), Vec::<String>::new());
    assert!(
        second
            .spooled()
            .iter()
            .any(|name| name.contains("rejected"))
    );
}

/// The recorder, the supervisor around it and whoever delivers what they left have tokens of their own; a
/// stranger with a token has nothing to say.
#[test]
fn a_run_is_its_producers_whatever_tokens_they_have() {
    // What the supervisor takes for Ansible gets the run's key; a script's Ansible joins with it.
    let ways = ["ansible-playbook", "deploy"];
    for (bin, way) in environments()
        .into_iter()
        .flat_map(|bin| first(1, ways).map(move |way| (bin.clone(), way)))
    {
        let collector = Collector::start();
        let client = collector.client();
        let [recorders, supervisors, strangers] =
            [(); 3].map(|()| collector.create_token(&["ingest"]));
        let stranger = collector.client_with(Some(&strangers));
        let controller = Controller::new(&bin);
        let script = controller.dir.path().join(way);
        // Ansible's configuration has another token than the supervisor.
        let text = format!(
            "#!/bin/sh\nPLAYBACK_TOKEN={recorders} exec {}/ansible-playbook \"$@\"\n",
            bin.display()
        );
        program(&script, &text);
        let ansible = controller.playbook(&collector, &["gate.yml"]);
        let mut command = Command::new(PLAYBACK);
        command.args(["exec", "--"]).arg(&script);
        command
            .args(ansible.get_args())
            .current_dir(ansible.get_current_dir().unwrap())
            .env_clear();
        for (name, value) in ansible.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command
            .env("PLAYBACK_TOKEN", &supervisors)
            .args(["-e", &format!("gate={}", controller.gate().display())]);
        let reached = controller.dir.path().join("gate.reached");
        let started = controller.start(&mut command);
        eventually("the playbook to reach the gate", || {
            reached.exists().then_some(())
        });
        let id = eventually("both producers report", || {
            let list = client.api("/executions").ok();
            let record = &list["executions"][0];
            record["ansible_version"].as_str()?;
            record["id"].as_str()?.parse::<Uuid>().ok()
        });
        for producer in ["recorder", "supervisor"] {
            for body in [
                "",
                "{\"seq\":3,\"at\":1,\"kind\":\"execution_ended\",\"data\":{}}",
            ] {
                for query in ["", "?adopted=true"] {
                    let path = format!("{API}/ingest/{id}/{producer}{query}");
                    let answer = stranger.send("POST", &path, &[], body.as_bytes());
                    answer.error(403, "not_yours");
                }
            }
        }
        controller.open_gate();
        let ran = started.wait();
        let record = client.finished(id);
        assert_complete(&record);
        assert_eq!(output(&record), ran.lines());
        assert_eq!(controller.spooled(), Vec::<String>::new());
        let events = client.execution(id, "/events?limit=1000").text;
        assert!(!events.contains("run_key"), "{events}");
    }
}

/// Up to ansible-core 2.18 a task's process has Ansible's own streams, and hands them on to what its plugins start.
#[test]
fn a_program_of_a_plugin_that_prints_past_ansible_is_said_to_be_missing() {
    for bin in environments() {
        let collector = Collector::start();
        let controller = Controller::new(&bin);
        let plugin = "import os, subprocess\n\
             def starts(value):\n    subprocess.run([\"echo\", \"a program\"], check=True)\n    return value\n\
             def writes(value):\n    os.write(1, b\"by number\\n\")\n    return value\n\
             class FilterModule:\n    def filters(self):\n        return {\"starts\": starts, \"writes\": writes}\n";
        std::fs::write(controller.dir.path().join("plugin.py"), plugin).unwrap();
        let playbook = controller.dir.path().join("site.yml");
        for (filter, programs) in [("writes", false), ("starts", true)] {
            let tasks = format!(
                "- hosts: alpha\n  gather_facts: false\n  tasks: [{{debug: {{msg: \"{{{{ 1 | {filter} }}}}\"}}}}]\n"
            );
            std::fs::write(&playbook, tasks).unwrap();
            let id = Uuid::now_v7();
            let mut command = controller.playbook(&collector, &[playbook.to_str().unwrap()]);
            command
                .env("PLAYBACK_EXECUTION_ID", id.to_string())
                .env("ANSIBLE_FILTER_PLUGINS", controller.dir.path());
            let ran = controller.run(&mut command);
            assert_eq!(ran.status.code(), Some(0), "{}", ran.printed);
            let record = collector.client().finished(id);
            assert_complete(&record);
            let printed = programs && ran.printed.contains("a program");
            let expected: Vec<&str> = ran
                .lines()
                .into_iter()
                .filter(|line| !programs || *line != "a program")
                .collect();
            assert_eq!(output(&record), expected);
            let missing = record["events"]["missing"].as_str().unwrap_or_default();
            assert_eq!(
                missing.contains("what 1 program printed past Ansible"),
                printed,
                "{missing}"
            );
            assert_eq!(!missing.is_empty(), printed, "{missing}");
        }
    }
}
