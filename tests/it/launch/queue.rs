//! The queue of launched runs: order, limits, and what survives a restart.

use serde_json::json;

use super::{GATED, Site, launch, launch_playbook, post};
use crate::harness::eventually;

#[test]
pub(crate) fn runs_wait_for_their_turn_also_through_a_restart() {
    let site = Site::with_a_stand_in().setting("max_running = 1");
    site.playbook("gate.yml", GATED);
    site.playbook(
        "short.yml",
        "- hosts: web-01\n  gather_facts: false\n  tasks:\n    - debug:\n",
    );
    let mut collector = site.start();
    let client = collector.client();
    let first = launch_playbook(&client, "gate.yml");
    site.reached("began-run");
    let waiting: Vec<_> = (0..2)
        .map(|_| launch_playbook(&client, "short.yml"))
        .collect();
    for id in &waiting {
        assert_eq!(client.execution(*id, "").ok()["phase"], "queued");
    }
    collector.kill_and_restart();
    for id in &waiting {
        assert_eq!(client.execution(*id, "").ok()["phase"], "queued");
    }
    site.make("go");
    assert_eq!(client.finished(first)["status"], "success");
    let records: Vec<_> = waiting.iter().map(|id| client.finished(*id)).collect();
    for record in &records {
        assert_eq!(record["status"], "success", "{record}");
        assert!(record["queued_time"].as_str() < record["start_time"].as_str());
        assert_eq!(record["events"]["complete"], true, "{}", record["events"]);
    }
    // One after the other, in the order in which they were requested.
    assert!(records[0]["end_time"].as_str() <= records[1]["start_time"].as_str());
}

#[test]
fn one_playbook_does_not_run_twice_at_once_where_that_is_not_wanted() {
    let site = Site::with_a_stand_in().setting("max_running_per_playbook = 1");
    site.playbook("gate.yml", GATED);
    site.playbook(
        "other.yml",
        "- hosts: web-01\n  gather_facts: false\n  tasks:\n    - debug:\n",
    );
    let collector = site.start();
    let client = collector.client();
    let first = launch_playbook(&client, "gate.yml");
    site.reached("began-run");
    let second = launch_playbook(&client, "gate.yml");
    let other = launch_playbook(&client, "other.yml");
    assert_eq!(client.finished(other)["status"], "success");
    assert_eq!(client.execution(second, "").ok()["phase"], "queued");
    site.make("go");
    assert_eq!(client.finished(first)["status"], "success");
    assert_eq!(client.finished(second)["status"], "success");
}

#[test]
fn a_full_queue_refuses_and_says_so() {
    let site = Site::with_a_stand_in()
        .setting("max_running = 1")
        .setting("max_queued = 1");
    site.playbook("gate.yml", GATED);
    let collector = site.start();
    let client = collector.client();
    let first = launch_playbook(&client, "gate.yml");
    site.reached("began-run");
    let second = launch_playbook(&client, "gate.yml");
    let body = json!({ "playbook": "gate.yml", "inventory": "prod" });
    let refused = post(&client, "/playbooks/run", &body);
    assert!(refused.error(503, "busy").contains("waiting"));
    assert_eq!(refused.header("retry-after"), "1");
    site.make("go");
    client.finished(first);
    client.finished(second);
    assert_eq!(
        client.api("/executions").ok()["executions"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert!(
        client
            .get("/metrics")
            .text
            .contains("playback_launches_refused_total 1")
    );
}

#[test]
pub(crate) fn ten_runs_at_once_are_complete_though_the_collector_is_killed_twice() {
    let site = Site::new();
    site.playbook(
        "many.yml",
        "- hosts: all\n  gather_facts: false\n  tasks:\n    - debug:\n        msg: \"{{ item }}\"\n      loop: \"{{ range(0, 5) | list }}\"\n    - command: echo done\n",
    );
    let mut collector = site.start();
    let client = collector.client();
    let ids: Vec<_> = (0..10)
        .map(|number| {
            launch(
                &client,
                "/playbooks/run",
                &json!({ "playbook": "many.yml", "inventory": "prod", "labels": [format!("n{number}")] }),
            )
        })
        .collect();
    for part in [2, 6] {
        eventually("some of the runs to end", || {
            let list =
                client.try_send("GET", "/api/v1/ansible/executions?status=success", &[], b"")?;
            let ended = list.ok()["executions"].as_array()?.len();
            (ended >= part).then_some(())
        });
        collector.kill_and_restart();
    }
    for (number, id) in ids.iter().enumerate() {
        let record = client.finished(*id);
        assert_eq!(record["status"], "success", "{record}");
        assert_eq!(record["events"]["complete"], true, "{}", record["events"]);
        assert_eq!(record["stats"]["web-01"]["ok"], 2);
        assert_eq!(record["labels"], json!([format!("n{number}")]));
        let results = client.execution(*id, "/results").ok();
        assert_eq!(results["results"].as_array().unwrap().len(), 4);
        site.cleared(*id);
    }
}
