//! Schedules: the collector starts runs by the clock. Those of these tests come every second, which a line with six fields
//! says, or were due before the collector was started, or are runs by hand.

mod access;
mod by_hand;
mod clock;
mod faults;
mod overlaps;
mod secrets;

pub(crate) use faults::{
    killed_between_a_decision_and_a_start_each_time_has_one_run_at_most,
    times_that_nobody_started_are_made_up_for_or_left_out,
};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{API, Answer, Client, eventually};
use crate::launch::{Site, post};

/// A playbook that does nothing, on one host.
pub(crate) const SHORT: &str = "- hosts: web-01\n  gather_facts: false\n  tasks:\n    - debug:\n";

/// A schedule of a playbook that comes every second.
pub(crate) fn each_second(name: &str, playbook: &str) -> Value {
    json!({ "name": name, "cron": "* * * * * *", "run": { "playbook": playbook, "inventory": "prod" } })
}

/// Creates a schedule, which must be accepted.
#[track_caller]
pub(crate) fn create(client: &Client, schedule: &Value) -> Value {
    let answer = post(client, "/schedules", schedule);
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

#[track_caller]
fn replace(client: &Client, name: &str, schedule: &Value) -> Answer {
    let path = format!("{API}/schedules/{name}");
    client.send("PUT", &path, &[], schedule.to_string().as_bytes())
}

#[track_caller]
fn delete(client: &Client, name: &str) -> Answer {
    client.send("DELETE", &format!("{API}/schedules/{name}"), &[], b"")
}

#[track_caller]
pub(crate) fn pause(client: &Client, name: &str) -> Value {
    post(
        client,
        &format!("/schedules/{name}/pause"),
        &json!({ "note": "enough" }),
    )
    .ok()
}

#[track_caller]
pub(crate) fn schedule(client: &Client, name: &str) -> Value {
    client.api(&format!("/schedules/{name}")).ok()
}

/// Waits until a time of the schedule had this outcome, and returns the newest such time.
#[track_caller]
pub(crate) fn had(client: &Client, name: &str, outcome: &str) -> Value {
    eventually(&format!("a time of {name} to be {outcome}"), || {
        let past = schedule(client, name)["past"].as_array().unwrap().clone();
        past.into_iter().find(|time| time["outcome"] == outcome)
    })
}

/// The runs that were started, according to the schedule's times; the newest first.
pub(crate) fn started(client: &Client, name: &str) -> Vec<Uuid> {
    let past = schedule(client, name)["past"].as_array().unwrap().clone();
    let runs = past.iter().filter(|time| time["outcome"] == "started");
    runs.map(|time| time["execution"].as_str().unwrap().parse().unwrap())
        .collect()
}

/// What is entered in the audit trail about a schedule or a run, oldest first.
fn all_entered(client: &Client, object: &str) -> Vec<Value> {
    let page = client
        .api(&format!("/audit?limit=1000&object={object}"))
        .ok();
    let mut entries = page["entries"].as_array().unwrap().clone();
    entries.reverse();
    entries
}

/// The same, without times at which nothing was started.
fn entered(client: &Client, object: &str) -> Vec<Value> {
    let mut entries = all_entered(client, object);
    entries.retain(|entry| entry["action"] != "skip_schedule");
    entries
}

#[test]
fn a_schedule_starts_runs_that_say_which_one_started_them() {
    let site = Site::new();
    site.playbook("short.yml", SHORT);
    let collector = site.start();
    let client = collector.client();
    let mut asked = each_second("each.second-1", "short.yml");
    asked["run"]["labels"] = json!(["nightly"]);
    asked["run"]["extra_vars"] = json!({ "word": "hunter2" });
    asked["description"] = json!("keeps it short");
    let made = create(&client, &asked);
    assert_eq!(
        (&made["zone"], &made["overlap"], &made["missed"]),
        (&json!("UTC"), &json!("skip"), &json!("skip"))
    );
    assert_eq!(made["next"].as_array().unwrap().len(), 10);
    assert_eq!(made["past"], json!([]));
    assert!(made.get("blocked").is_none(), "{made}");

    let first = had(&client, "each.second-1", "started");
    let id: Uuid = first["execution"].as_str().unwrap().parse().unwrap();
    let record = client.finished(id);
    assert_eq!(record["status"], "success", "{record}");
    assert_eq!(record["schedule"], "each.second-1");
    assert_eq!(record["launched_by"], "schedule:each.second-1");
    assert_eq!(record["labels"], json!(["nightly"]));
    assert_eq!(record["extra_var_names"], json!(["word"]));
    had(&client, "each.second-1", "still_running");

    let paused = pause(&client, "each.second-1");
    assert_eq!(paused["paused"]["note"], "enough");
    assert_eq!(paused["blocked"]["reason"], "paused");
    assert_eq!(paused["next"], json!([]));
    let runs = started(&client, "each.second-1");
    for run in &runs {
        client.finished(*run);
    }
    let last = schedule(&client, "each.second-1");
    assert_eq!(last["last_execution"], runs[0].to_string());
    assert_eq!(last["last_status"], "success");
    for filter in [
        "schedule=each.second-1",
        "q=schedule:each*",
        "q=schedule:*%20status:success",
    ] {
        let list = client
            .api(&format!("/executions?{filter}&fields=id&limit=1000"))
            .ok();
        let found = list["executions"].as_array().unwrap();
        assert_eq!(found.len(), runs.len(), "{filter}: {list}");
    }
    let stats = client.api("/executions/stats?schedule=each.second-1").ok();
    assert_eq!(stats["total"], runs.len());
    assert_eq!(
        client.api("/executions/stats?schedule=other").ok()["total"],
        0
    );

    let resumed = post(&client, "/schedules/each.second-1/resume", &json!({})).ok();
    assert!(
        resumed.get("paused").is_none() && resumed.get("blocked").is_none(),
        "{resumed}"
    );
    eventually("it to start a run again", || {
        (started(&client, "each.second-1").len() > runs.len()).then_some(())
    });
    pause(&client, "each.second-1");
    assert_eq!(delete(&client, "each.second-1").status, 204);
    client
        .api("/schedules/each.second-1")
        .error(404, "not_found");
    assert_eq!(client.api("/schedules").ok(), json!({ "schedules": [] }));
    assert_eq!(client.execution(id, "").ok()["schedule"], "each.second-1");

    let told = entered(&client, "schedule:each.second-1");
    let actions: Vec<&Value> = told.iter().map(|entry| &entry["action"]).collect();
    let expected = [
        "create_schedule",
        "pause_schedule",
        "resume_schedule",
        "pause_schedule",
        "delete_schedule",
    ];
    assert_eq!(actions, expected);
    assert_eq!(told[0]["after"]["cron"], "* * * * * *");
    assert_eq!(told[1]["note"], "enough");
    let told = entered(&client, &format!("execution:{id}"));
    assert_eq!(told[0]["action"], "launch");
    assert_eq!(
        (&told[0]["actor"]["name"], &told[0]["actor"]["via"]),
        (&json!("schedule:each.second-1"), &json!("schedule"))
    );
    assert_eq!(told[0]["after"]["schedule"], "each.second-1");
    // Of the values nothing is in the trail.
    assert!(!client.api("/audit?limit=1000").text.contains("hunter2"));
    assert_eq!(client.api("/audit/verify").ok()["is_whole"], true);
}

#[test]
fn no_producer_says_that_a_schedule_started_its_run() {
    use crate::builders::Run;
    let collector = crate::harness::Collector::start();
    let client = collector.client();
    let said = json!({ "schedule": "nightly", "launched_by": "schedule:nightly" });
    let run = Run::of(said).ended(0);
    run.deliver(&client);
    let record = client.finished(run.id);
    assert!(
        record.get("schedule").is_none() && record.get("launched_by").is_none(),
        "{record}"
    );
    let list = client.api("/executions?schedule=nightly").ok();
    assert_eq!(list["executions"], json!([]));
}

#[test]
fn times_are_shown_before_a_schedule_is_made() {
    let collector = crate::harness::Collector::start();
    let client = collector.client();
    let times = |query: &str| client.api(&format!("/schedule-times?{query}"));
    let next = times("cron=0%204%2029%202%20*&zone=Europe/Berlin").ok();
    let next = next["next"].as_array().unwrap().clone();
    assert_eq!(next.len(), 10);
    for time in &next {
        assert!(
            time.as_str().unwrap().ends_with("-02-29T04:00:00+01:00"),
            "{time}"
        );
    }
    for (query, says) in [
        ("cron=0%200%2030%202%20*", "never comes"),
        ("cron=0%200%20*", "it has 3 fields"),
        (
            "cron=@daily&zone=Mars/Olympus",
            "there is no time zone \"Mars/Olympus\"",
        ),
        ("zone=UTC", "cron"),
    ] {
        let message = times(query).error(400, "bad_request");
        assert!(message.contains(says), "{message}");
    }
}
