//! What happens when the last run is not over.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{all_entered, create, each_second, had, pause, schedule, started};
use crate::harness::eventually;
use crate::launch::{GATED, Site};

#[test]
fn a_queued_run_waits_for_the_last_and_no_more_than_one_waits() {
    let site = Site::with_a_stand_in();
    site.playbook("gate.yml", GATED);
    let mut collector = site.start();
    let client = collector.client();
    let mut asked = each_second("queued", "gate.yml");
    asked["overlap"] = json!("queue");
    create(&client, &asked);
    site.reached("began-run");
    let time = had(&client, "queued", "already_waiting");
    assert!(
        time["message"].as_str().unwrap().contains("was not over"),
        "{time}"
    );
    pause(&client, "queued");
    let runs = started(&client, "queued");
    let [second, first] = runs[..] else {
        panic!("two runs: {runs:?}");
    };
    // It waits also through a restart.
    collector.kill_and_restart();
    assert_eq!(client.execution(second, "").ok()["phase"], "queued");
    site.make("go");
    let [first, second] = [first, second].map(|id| client.finished(id));
    for record in [&first, &second] {
        assert_eq!(record["status"], "success", "{record}");
    }
    assert!(
        first["end_time"].as_str() <= second["start_time"].as_str(),
        "{first} {second}"
    );
}

#[test]
fn the_last_run_is_canceled_where_that_is_asked_for() {
    let site = Site::with_a_stand_in();
    site.playbook("gate.yml", GATED);
    let collector = site.start();
    let client = collector.client();
    let mut asked = each_second("instead", "gate.yml");
    asked["overlap"] = json!("cancel");
    create(&client, &asked);
    let first = had(&client, "instead", "started");
    let first: Uuid = first["execution"].as_str().unwrap().parse().unwrap();
    let record = client.finished(first);
    pause(&client, "instead");
    assert_eq!(record["reason"], "canceled", "{record}");
    assert_eq!(record["canceled_by"], "schedule:instead");
    assert!(
        record["cancel_note"]
            .as_str()
            .unwrap()
            .contains("starts again"),
        "{record}"
    );
    let last = started(&client, "instead")[0];
    site.make("go");
    assert_eq!(client.finished(last)["status"], "success");
}

#[test]
fn what_does_not_run_is_told_with_the_run_that_was_in_the_way() {
    let site = Site::with_a_stand_in();
    site.playbook("gate.yml", GATED);
    let collector = site.start();
    let client = collector.client();
    create(&client, &each_second("gated", "gate.yml"));
    let time = had(&client, "gated", "still_running");
    let runs = started(&client, "gated");
    assert_eq!(runs.len(), 1, "{runs:?}");
    let message = time["message"].as_str().unwrap();
    assert!(message.contains(&runs[0].to_string()), "{message}");
    // The same at the next times is told by the schedule, and entered once in the audit trail.
    eventually("further times to be left out", || {
        let past = schedule(&client, "gated")["past"].as_array().unwrap().len();
        (past >= 4).then_some(())
    });
    pause(&client, "gated");
    let entries = all_entered(&client, "schedule:gated");
    let skipped: Vec<&Value> = entries
        .iter()
        .filter(|entry| entry["action"] == "skip_schedule")
        .collect();
    assert_eq!(skipped.len(), 1, "{entries:?}");
    assert_eq!(skipped[0]["actor"]["name"], "schedule:gated");
    assert_eq!(skipped[0]["after"]["outcome"], "still_running");
    site.make("go");
    client.finished(runs[0]);
    let told: Value = schedule(&client, "gated");
    assert_eq!(told["last_status"], "success");
    let list = eventually("the list to tell it", || {
        let list = client.api("/schedules").ok();
        (list["schedules"][0]["last_status"] == "success").then_some(list)
    });
    assert_eq!(list["schedules"][0]["past"].as_array().unwrap().len(), 1);
}
