//! Cancellations and timeouts.

use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::{GATED, Site, cancel, launch, launch_playbook, printed};
use crate::ansible::environments;
use crate::harness::eventually;
use crate::whole::first;

/// Waits at its gate for good.
fn gated() -> Site {
    let site = Site::with_a_stand_in();
    site.playbook("gate.yml", GATED);
    site
}

#[test]
fn a_run_is_canceled_and_its_record_is_whole() {
    for bin in environments() {
        let site = Site::with_ansible(&bin);
        site.playbook("gate.yml", GATED);
        let collector = site.start();
        let client = collector.client();
        let id = launch_playbook(&client, "gate.yml");
        site.reached("began-run");
        let answer = cancel(&client, id);
        assert_eq!(answer.status, 202, "{answer:?}");
        let who = answer.json()["canceled_by"].clone();
        assert!(who.as_str().unwrap().starts_with("token:test-"));
        // A second request changes nothing.
        let again = cancel(&client, id);
        assert!(again.status == 202 || again.status == 409, "{again:?}");
        let record = client.finished(id);
        assert_eq!(record["status"], "failed", "{record}");
        assert_eq!(record["reason"], "canceled");
        assert_eq!(record["canceled_by"], who);
        assert_eq!(record["events"]["complete"], true, "{}", record["events"]);
        assert!(!printed(&record).contains("went on"));
        let message = cancel(&client, id).error(409, "conflict");
        assert!(message.contains("over"), "{message}");
        let events = client.execution(id, "/events?producer=launcher").ok();
        assert_eq!(events["events"][2]["kind"], "cancel_requested");
        assert_eq!(events["events"][2]["data"]["note"], "enough");
        site.cleared(id);
    }
}

#[test]
fn a_run_that_takes_too_long_is_ended_also_within_a_loop() {
    let site = Site::new();
    site.playbook(
        "loop.yml",
        "- hosts: web-01\n  gather_facts: false\n  tasks:\n    - command: sleep 0.3\n      loop: \"{{ range(0, 1000) | list }}\"\n",
    );
    let collector = site.start();
    let client = collector.client();
    let id = launch(
        &client,
        "/playbooks/run",
        &json!({ "playbook": "loop.yml", "inventory": "prod", "timeout": 4 }),
    );
    let record = client.finished(id);
    assert_eq!(record["status"], "failed", "{record}");
    assert_eq!(record["reason"], "timed_out");
    assert!(printed(&record).contains("the time is up"), "{record}");
    assert_eq!(record["events"]["complete"], true, "{}", record["events"]);
    assert!(record["duration"].as_f64().unwrap() >= 4.0);
    site.cleared(id);
}

/// A lookup that makes the process that evaluates it deaf to SIGTERM: Ansible's main process where it
/// names hosts, a worker where it stands in a task.
const DEAF: &str = "\
import signal
from ansible.plugins.lookup import LookupBase

class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        return terms
";

#[test]
fn a_playbook_that_ignores_sigterm_is_killed() {
    let site = Site::new()
        .setting("kill_after_seconds = 1")
        .setting("recorder = false");
    site.write("playbooks", "lookup_plugins/deaf.py", DEAF);
    site.playbook(
        "deaf.yml",
        "- hosts: \"{{ lookup('deaf', 'web-01') }}\"\n  gather_facts: false\n  tasks:\n    \
         - shell: \"{{ lookup('deaf', 'trap') }} '' TERM; echo $$ > $MARKS/deaf; while true; do sleep 0.1; done\"\n",
    );
    let collector = site.start();
    let client = collector.client();
    let id = launch_playbook(&client, "deaf.yml");
    site.reached("deaf");
    assert_eq!(cancel(&client, id).status, 202);
    let record = client.finished(id);
    assert_eq!(record["reason"], "canceled", "{record}");
    assert_eq!(record["signal"], 9, "{record}");
    assert!(
        printed(&record).contains("it is killed (SIGKILL)"),
        "{record}"
    );
    // Nor does the module live on, which had a session of its own.
    let pid = std::fs::read_to_string(site.path("marks/deaf")).unwrap();
    eventually("the module to end", || {
        (!std::path::Path::new("/proc").join(pid.trim()).exists()).then_some(())
    });
    site.cleared(id);
}

#[test]
fn a_daemon_that_a_playbook_starts_outlives_it_and_holds_up_nothing() {
    let site = Site::new();
    site.playbook(
        "daemon.yml",
        "- hosts: web-01\n  gather_facts: false\n  tasks:\n    \
         - shell: setsid sh -c 'echo $$ > $MARKS/daemon; exec sleep 600' > /dev/null 2>&1 < /dev/null &\n    \
         - wait_for:\n        path: \"{{ lookup('env', 'MARKS') }}/daemon\"\n        timeout: 60\n",
    );
    let collector = site.start();
    let client = collector.client();
    let id = launch_playbook(&client, "daemon.yml");
    let record = client.finished(id);
    assert_eq!(record["status"], "success", "{record}");
    site.cleared(id);
    let pid = std::fs::read_to_string(site.path("marks/daemon")).unwrap();
    assert!(std::path::Path::new("/proc").join(pid.trim()).exists());
    let killed = Command::new("kill").arg(pid.trim()).status().unwrap();
    assert!(killed.success());
}

#[test]
fn a_cancel_at_the_moment_of_the_end_leaves_one_truth() {
    let site = Site::new();
    site.playbook(
        "short.yml",
        "- hosts: web-01\n  gather_facts: false\n  tasks:\n    - debug:\n",
    );
    let collector = site.start();
    let client = collector.client();
    for pause in first(2, [300_u64, 1200, 0, 100, 600, 900]) {
        let id = launch_playbook(&client, "short.yml");
        // Not for something to happen: so that the cancel comes at another moment each time.
        std::thread::sleep(Duration::from_millis(pause));
        let answer = cancel(&client, id);
        let record = client.finished(id);
        match record["status"].as_str().unwrap() {
            "success" => {
                assert_eq!(record["exit_code"], 0, "{record}");
                assert_eq!(record["events"]["complete"], true, "{record}");
            }
            _ => {
                assert_eq!(answer.status, 202, "{answer:?}");
                assert_eq!(record["reason"], "canceled", "{record}");
                // A signal that comes while Python takes itself apart ends Ansible without a word of the
                // recorder; then the record says so.
                let missing = record["events"]["missing"].as_str();
                let whole = record["events"]["complete"] == true;
                assert!(whole || missing.unwrap().contains("recorder"), "{record}");
            }
        }
        site.cleared(id);
    }
}

#[test]
fn a_run_that_waits_is_canceled_without_having_run() {
    let site = gated().setting("max_running = 1");
    let collector = site.start();
    let client = collector.client();
    let first = launch_playbook(&client, "gate.yml");
    site.reached("began-run");
    let second = launch_playbook(&client, "gate.yml");
    assert_eq!(client.execution(second, "").ok()["phase"], "queued");
    assert_eq!(cancel(&client, second).status, 202);
    let record = client.finished(second);
    assert_eq!(record["status"], "failed");
    assert_eq!(record["reason"], "canceled");
    assert_eq!(record["output"], json!([]));
    assert_eq!(record["events"]["complete"], true, "{}", record["events"]);
    assert_eq!(site.files_of(second), Vec::<std::path::PathBuf>::new());
    site.make("go");
    assert_eq!(client.finished(first)["status"], "success");
}

#[test]
fn what_was_not_launched_here_cannot_be_canceled() {
    let site = gated();
    let collector = site.start();
    let client = collector.client();
    let run = crate::builders::Run::new().output("x\n");
    run.deliver(&client);
    let message = cancel(&client, run.id).error(409, "conflict");
    assert!(message.contains("not launched by Playback"), "{message}");
}
