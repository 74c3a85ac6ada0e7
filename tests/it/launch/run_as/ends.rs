//! Cancellations, and collectors that are killed.

use std::process::Command;

use serde_json::json;

use super::{site, start, start_by};
use crate::harness::eventually;
use crate::launch::{GATED, Site, cancel, launch, launch_playbook, printed};

/// Starts a process that has nothing to do with the run any more, but for its user, and then waits deaf to SIGTERM.
const AWAY: &str = "- hosts: web-01\n  gather_facts: false\n  tasks:\n    \
    - shell: setsid sh -c 'trap \"\" TERM; echo $$ > $MARKS/away; while true; do sleep 0.1; done' > /dev/null 2>&1 < /dev/null & \
     trap '' TERM; echo $$ > $MARKS/deaf; while true; do sleep 0.1; done\n";

fn pid(site: &Site, mark: &str) -> String {
    let path = site.path("marks").join(mark);
    eventually("a process to say its number", || {
        let text = std::fs::read_to_string(&path).ok()?;
        text.ends_with('\n').then(|| text.trim().to_owned())
    })
}

fn is_gone(pid: &str) -> bool {
    // A zombie has ended; whoever is to take it in may be busy.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.is_empty() || stat.contains(") Z")
}

#[test]
fn a_cancel_ends_all_that_the_run_has_started() {
    let site = site().setting("kill_after_seconds = 1");
    site.playbook("away.yml", AWAY);
    let collector = start(&site);
    let client = collector.client();
    let id = launch_playbook(&client, "away.yml");
    let pids = [pid(&site, "away"), pid(&site, "deaf")];
    assert_eq!(cancel(&client, id).status, 202);
    let record = client.finished(id);
    assert_eq!(record["reason"], "canceled", "{record}");
    for pid in pids {
        eventually("the run's processes to end", || is_gone(&pid).then_some(()));
    }
    site.cleared(id);
}

#[test]
fn a_run_that_takes_too_long_is_ended() {
    let site = site().setting("kill_after_seconds = 1");
    site.playbook("away.yml", AWAY);
    let collector = start(&site);
    let client = collector.client();
    let body = json!({ "playbook": "away.yml", "inventory": "prod", "timeout": 20 });
    let id = launch(&client, "/playbooks/run", &body);
    let pids = [pid(&site, "away"), pid(&site, "deaf")];
    let record = client.finished(id);
    assert_eq!(record["reason"], "timed_out", "{record}");
    for pid in pids {
        eventually("the run's processes to end", || is_gone(&pid).then_some(()));
    }
    site.cleared(id);
}

/// Tries to kill whoever supervises this run.
const KILL: &str = r#"id=$(basename "$(dirname "$PLAYBACK_SPOOL_DIR")")
for process in /proc/[0-9]*; do
    words=$(tr '\0' ' ' < $process/cmdline 2> /dev/null)
    case $words in *" exec --execution-id $id "*) kill -9 ${process#/proc/} || echo protected;; esac
done
"#;

#[test]
fn a_run_cannot_end_its_supervisor() {
    let site = site();
    site.write("marks", "kill.sh", KILL);
    site.playbook(
        "kill.yml",
        "- hosts: web-01\n  gather_facts: false\n  tasks:\n    - shell: sh $MARKS/kill.sh\n      register: killed\n    \
         - debug:\n        msg: \"went on, {{ killed.stdout }}\"\n",
    );
    let collector = start(&site);
    let client = collector.client();
    let record = client.finished(launch_playbook(&client, "kill.yml"));
    assert_eq!(record["status"], "success", "{record}");
    assert_eq!(record["events"]["complete"], true, "{record}");
    assert!(printed(&record).contains("went on, protected"), "{record}");
}

#[test]
fn a_run_outlives_its_collector_and_is_whole() {
    let site = site();
    site.playbook("gate.yml", GATED);
    let mut collector = start(&site);
    let client = collector.client();
    let id = launch_playbook(&client, "gate.yml");
    site.reached("began-run");
    collector.kill();
    site.make("go");
    let secrets = site.path("runs").join(id.to_string()).join("secrets");
    eventually("the command to end", || (!secrets.exists()).then_some(()));
    collector.launch();
    let record = client.finished(id);
    assert_eq!(record["status"], "success", "{record}");
    assert_eq!(record["events"]["complete"], true, "{record}");
    assert!(printed(&record).contains("went on"));
    site.cleared(id);
}

#[test]
fn a_restarted_collector_cancels_what_it_did_not_start() {
    let site = site();
    site.playbook("gate.yml", GATED);
    let mut collector = start(&site);
    let client = collector.client();
    let id = launch_playbook(&client, "gate.yml");
    site.reached("began-run");
    collector.stop();
    collector.launch();
    assert_eq!(cancel(&client, id).status, 202);
    let record = client.finished(id);
    assert_eq!(record["reason"], "canceled", "{record}");
    assert_eq!(record["events"]["complete"], true, "{record}");
    site.cleared(id);
}

#[test]
fn what_a_recorder_left_when_all_were_killed_is_delivered() {
    let site = site();
    site.playbook("gate.yml", GATED);
    let mut collector = start(&site);
    let client = collector.client();
    let id = launch_playbook(&client, "gate.yml");
    site.reached("began-run");
    // Ansible's own number: its recorder ends with it, and cannot deliver.
    let supervisor = site.supervisor(id);
    let children = format!("/proc/{supervisor}/task/{supervisor}/children");
    let children = std::fs::read_to_string(children).unwrap();
    collector.kill();
    let mut words = vec!["-9".to_owned(), supervisor.to_string()];
    words.extend(children.split_whitespace().map(str::to_owned));
    assert!(Command::new("kill").args(words).status().unwrap().success());
    collector.launch();
    let record = client.finished(id);
    assert_eq!(record["reason"], "lost", "{record}");
    // Only the recorder knows of tasks.
    let tasks = client.execution(id, "/tasks").ok();
    assert_eq!(tasks["tasks"][0]["name"], "Begin", "{tasks}");
    site.make("go");
    site.cleared(id);
}

#[test]
fn the_rights_that_the_unit_leaves_to_root_suffice() {
    let unit = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/examples/systemd/playback-run-as.conf"
    );
    let unit = std::fs::read_to_string(unit).unwrap();
    let mut lines = unit.lines();
    let rights = lines
        .find_map(|line| line.strip_prefix("CapabilityBoundingSet="))
        .unwrap();
    let rights = rights.to_lowercase().replace("cap_", "+").replace(' ', ",");
    let site = site().setting("kill_after_seconds = 1");
    site.playbook("gate.yml", GATED);
    site.playbook("away.yml", AWAY);
    let collector = start_by(
        &site,
        &["setpriv", "--bounding-set", &format!("-all,{rights}")],
    );
    let client = collector.client();
    let id = launch_playbook(&client, "away.yml");
    let pids = [pid(&site, "away"), pid(&site, "deaf")];
    assert_eq!(cancel(&client, id).status, 202);
    assert_eq!(client.finished(id)["reason"], "canceled");
    for pid in pids {
        eventually("the run's processes to end", || is_gone(&pid).then_some(()));
    }
    site.cleared(id);
    site.make("go");
    let id = launch_playbook(&client, "gate.yml");
    let record = client.finished(id);
    assert_eq!(record["status"], "success", "{record}");
    assert_eq!(record["events"]["complete"], true, "{record}");
    site.cleared(id);
}
