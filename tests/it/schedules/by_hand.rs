//! Schedules that somebody runs, at no time of theirs.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{SHORT, all_entered, create, pause, post, schedule};
use crate::harness::{Answer, Client, eventually};
use crate::launch::{GATED, Site};

/// A schedule whose own times do not come while a test runs.
fn yearly(name: &str, playbook: &str, overlap: &str) -> Value {
    json!({
        "name": name, "cron": "0 0 29 2 *", "overlap": overlap,
        "run": { "playbook": playbook, "inventory": "prod", "note": "each leap year" },
    })
}

fn by_hand(client: &Client, name: &str, body: &Value) -> Answer {
    post(client, &format!("/schedules/{name}/run"), body)
}

/// The run that was queued.
#[track_caller]
fn queued(answer: &Answer) -> Uuid {
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.json()["id"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_schedule_is_run_by_whoever_may_launch_and_its_next_times_stay() {
    let site = Site::new();
    site.playbook("short.yml", SHORT);
    let collector = site.start();
    let admin = collector.client();
    let bob = collector.client_with(Some(&collector.create_token(&["run", "read"])));
    let reader = collector.client_with(Some(&collector.create_token(&["read"])));
    create(&admin, &yearly("leap", "short.yml", "skip"));
    pause(&admin, "leap");
    by_hand(&reader, "leap", &json!({})).error(403, "forbidden");
    by_hand(&bob, "other", &json!({})).error(404, "not_found");
    by_hand(&bob, "leap", &json!({ "why": 1 })).error(400, "bad_request");
    let before = schedule(&admin, "leap");

    let id = queued(&by_hand(&bob, "leap", &json!({ "note": "CHG-7" })));
    let record = bob.finished(id);
    assert_eq!(record["status"], "success", "{record}");
    let me = bob.api("/whoami").ok()["actor"].clone();
    assert_eq!(record["schedule"], "leap");
    assert_eq!(
        (&record["launched_by"], &record["note"]),
        (&me, &json!("CHG-7"))
    );
    let after = schedule(&admin, "leap");
    for same in ["paused", "blocked", "next", "owner", "changed", "run"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    assert_eq!(after["last_execution"], json!(id));
    let past = after["past"].as_array().unwrap();
    assert_eq!(past.len(), 1, "{after}");
    assert_eq!(past[0]["outcome"], "started_by_hand");
    assert_eq!(past[0]["execution"], json!(id));
    let message = past[0]["message"].as_str().unwrap();
    assert!(message.contains(me.as_str().unwrap()), "{message}");

    // Without a note of its own, the run has that of the schedule.
    let again = queued(&by_hand(&admin, "leap", &json!({})));
    assert_eq!(admin.finished(again)["note"], "each leap year");
    let resumed = post(&admin, "/schedules/leap/resume", &json!({})).ok();
    assert_eq!(resumed["next"].as_array().unwrap().len(), 10);

    let about = all_entered(&admin, "schedule:leap");
    let ran: Vec<&Value> = about
        .iter()
        .filter(|entry| entry["action"] == "run_schedule")
        .collect();
    assert_eq!(ran.len(), 2, "{about:?}");
    assert_eq!(
        (
            &ran[0]["actor"]["name"],
            &ran[0]["note"],
            &ran[0]["after"]["execution"]
        ),
        (&me, &json!("CHG-7"), &json!(id))
    );
    let about = all_entered(&admin, &format!("execution:{id}"));
    assert_eq!(
        (&about[0]["action"], &about[0]["after"]["schedule"]),
        (&json!("launch"), &json!("leap"))
    );
    assert_eq!(admin.api("/audit/verify").ok()["is_whole"], true);
}

#[test]
fn a_last_run_that_is_not_over_is_met_as_the_schedule_says() {
    let site = Site::new();
    site.playbook("gate.yml", GATED);
    let collector = site.start();
    let client = collector.client();
    let run = |name: &str| by_hand(&client, name, &json!({}));
    create(&client, &yearly("skips", "gate.yml", "skip"));
    let first = queued(&run("skips"));
    let message = run("skips").error(409, "conflict");
    assert!(message.contains(&first.to_string()), "{message}");
    assert_eq!(
        schedule(&client, "skips")["past"].as_array().unwrap().len(),
        1
    );

    create(&client, &yearly("queues", "gate.yml", "queue"));
    let one = queued(&run("queues"));
    eventually("the first to be started", || {
        (client.execution(one, "").ok()["phase"] != "queued").then_some(())
    });
    let two = queued(&run("queues"));
    let message = run("queues").error(409, "conflict");
    assert!(message.contains("waits already"), "{message}");
    assert_eq!(client.execution(two, "").ok()["phase"], "queued");

    create(&client, &yearly("cancels", "gate.yml", "cancel"));
    let gone = queued(&run("cancels"));
    let last = queued(&run("cancels"));
    let record = client.finished(gone);
    assert_eq!(record["reason"], "canceled", "{record}");
    site.make("go");
    for id in [first, one, two, last] {
        assert_eq!(client.finished(id)["status"], "success");
    }
}

#[test]
fn without_a_launcher_nothing_is_run_by_hand() {
    let site = Site::new();
    site.playbook("short.yml", SHORT);
    let mut collector = site.start();
    create(&collector.client(), &yearly("leap", "short.yml", "skip"));
    collector.stop();
    let other = crate::harness::Setup::default()
        .database(collector.database())
        .start();
    by_hand(&other.client(), "leap", &json!({})).error(403, "disabled");
}
