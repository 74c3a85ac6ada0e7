//! If any process is killed, the others continue, and the record has what is known.

use std::process::Command;

use super::{GATED, Site, cancel, launch_playbook, printed};
use crate::ansible::environments;
use crate::harness::eventually;
use crate::whole::first;

fn kill(pid: i32) {
    let done = Command::new("kill")
        .args(["-9", &pid.to_string()])
        .status()
        .unwrap();
    assert!(done.success());
}

#[test]
fn a_run_outlives_its_collector_and_is_found_again() {
    for bin in environments() {
        let site = Site::with_ansible(&bin);
        site.playbook("gate.yml", GATED);
        let mut collector = site.start();
        let client = collector.client();
        let id = launch_playbook(&client, "gate.yml");
        site.reached("began-run");
        collector.kill();
        site.make("go");
        // Its command ends while no collector is running.
        let secrets = site.path("runs").join(id.to_string()).join("secrets");
        eventually("the command to end", || (!secrets.exists()).then_some(()));
        collector.launch();
        let record = client.finished(id);
        assert_eq!(record["status"], "success", "{record}");
        assert_eq!(record["events"]["complete"], true, "{}", record["events"]);
        assert!(printed(&record).contains("went on"));
        site.cleared(id);
    }
}

#[test]
fn a_restarted_collector_can_cancel_what_it_did_not_start() {
    let site = Site::new();
    site.playbook("gate.yml", GATED);
    let mut collector = site.start();
    let client = collector.client();
    let id = launch_playbook(&client, "gate.yml");
    site.reached("began-run");
    collector.stop();
    collector.launch();
    assert_eq!(cancel(&client, id).status, 202);
    let record = client.finished(id);
    assert_eq!(record["reason"], "canceled", "{record}");
    assert_eq!(record["events"]["complete"], true, "{}", record["events"]);
    site.cleared(id);
}

#[test]
fn a_killed_supervisor_leaves_a_record_that_says_so() {
    for recorder in first(1, ["true", "false"]) {
        let site = Site::new().setting(&format!("recorder = {recorder}"));
        site.playbook("gate.yml", GATED);
        let collector = site.start();
        let client = collector.client();
        let id = launch_playbook(&client, "gate.yml");
        site.reached("began-run");
        kill(site.supervisor(id));
        site.make("go");
        let record = client.finished(id);
        assert_eq!(record["status"], "failed", "{record}");
        assert_eq!(record["reason"], "lost");
        assert_eq!(record["events"]["complete"], false);
        let missing = record["events"]["missing"].as_str().unwrap();
        assert!(missing.contains("the supervisor fell silent"), "{missing}");
        site.cleared(id);
    }
}

#[test]
fn a_supervisor_that_is_killed_with_its_collector_loses_nothing_that_it_spooled() {
    let site = Site::new().setting("recorder = false");
    site.playbook("gate.yml", GATED);
    let mut collector = site.start();
    let client = collector.client();
    let id = launch_playbook(&client, "gate.yml");
    site.reached("began-run");
    collector.kill();
    kill(site.supervisor(id));
    collector.launch();
    let record = client.finished(id);
    assert_eq!(record["reason"], "lost", "{record}");
    assert!(printed(&record).contains("TASK [Begin]"), "{record}");
    site.make("go");
    site.cleared(id);
}

#[test]
fn a_command_that_is_not_there_is_a_record_of_its_own() {
    let site = Site::with_ansible(std::path::Path::new("/nonexistent"));
    site.playbook("gate.yml", GATED);
    let collector = site.start();
    let client = collector.client();
    let id = launch_playbook(&client, "gate.yml");
    let record = client.finished(id);
    assert_eq!(record["status"], "failed", "{record}");
    assert_eq!(record["reason"], "launch_error");
    assert_eq!(record["exit_code"], 127);
    assert!(printed(&record).contains("/nonexistent/ansible-playbook: command not found"));
    site.cleared(id);
}

#[test]
fn a_run_whose_folder_is_gone_cannot_be_launched() {
    let site = Site::with_a_stand_in().setting("max_running = 1");
    site.playbook("gate.yml", GATED);
    let collector = site.start();
    let client = collector.client();
    let first = launch_playbook(&client, "gate.yml");
    site.reached("began-run");
    let second = launch_playbook(&client, "gate.yml");
    std::fs::remove_dir_all(site.path("runs").join(second.to_string())).unwrap();
    site.make("go");
    assert_eq!(client.finished(first)["status"], "success");
    let record = client.finished(second);
    assert_eq!(record["reason"], "launch_error", "{record}");
}
