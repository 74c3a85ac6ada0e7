//! Producers that stop reporting, and resume.

use serde_json::json;

use crate::builders::{Run, good_run};
use crate::harness::{API, Collector, Setup, eventually};

fn collector() -> Collector {
    Setup::default().config("silence_seconds = 1").start()
}

#[test]
pub(crate) fn a_silent_run_is_lost_and_says_what_is_missing() {
    let collector = collector();
    let client = collector.client();
    let run = good_run();
    let split = run.len() - 2;
    run.deliver_range(&client, 0..split);
    let lost = client.finished(run.id);
    assert_eq!(lost["status"], "failed");
    assert_eq!(lost["reason"], "lost");
    assert!(lost["end_time"].is_string());
    assert_eq!(lost["events"]["complete"], false);
    assert_eq!(lost["events"]["received"], split);
    let missing = lost["events"]["missing"].as_str().unwrap();
    assert!(
        missing.contains("recorder") && missing.contains(&format!("event {split}")),
        "{missing}"
    );
    let listed = client.api("/executions?reason=lost").ok();
    assert_eq!(listed["executions"][0]["id"], run.id.to_string());

    // What comes late is the truth.
    run.deliver_range(&client, split..run.len());
    let record = client.finished(run.id);
    assert_eq!(record["status"], "success");
    assert!(record.get("reason").is_none() && record["events"].get("missing").is_none());
    assert_eq!(record["events"]["complete"], true);
    assert_eq!(
        client.api("/executions?reason=lost").ok()["executions"],
        json!([])
    );
}

#[test]
fn a_sign_of_life_keeps_a_run_and_revives_it() {
    let collector = collector();
    let client = collector.client();
    let (kept, lost) = (good_run(), good_run());
    kept.deliver_range(&client, 0..2);
    lost.deliver_range(&client, 0..2);
    // While one gives signs of life, the other is lost.
    eventually("the silent one to be lost", || {
        assert_eq!(client.ingest(kept.id, "recorder", b"").acked(), 2);
        assert_eq!(client.execution(kept.id, "").ok()["status"], "running");
        (client.execution(lost.id, "").ok()["status"] == "failed").then_some(())
    });
    assert_eq!(client.ingest(lost.id, "recorder", b"").acked(), 2);
    let revived = client.execution(lost.id, "").ok();
    assert_eq!(revived["status"], "running");
    assert!(revived.get("end_time").is_none() && revived.get("reason").is_none());
    assert!(revived["events"].get("missing").is_none());
    assert_eq!(client.finished(lost.id)["reason"], "lost", "and lost again");
}

#[test]
pub(crate) fn a_restart_in_between_changes_nothing() {
    let mut collector = collector();
    let client = collector.client();
    let (before, after) = (good_run(), good_run());
    let split = before.len() - 1;
    before.deliver_range(&client, 0..split);
    assert_eq!(client.finished(before.id)["reason"], "lost");
    after.deliver_range(&client, 0..split);
    collector.kill_and_restart();
    // Lost before the restart, and after it.
    assert_eq!(client.execution(before.id, "").ok()["reason"], "lost");
    assert_eq!(client.finished(after.id)["reason"], "lost");
    collector.kill_and_restart();
    for run in [before, after] {
        assert_eq!(client.ingest(run.id, "recorder", b"").acked(), split as u64);
        run.deliver_range(&client, split..run.len());
        let record = client.finished(run.id);
        assert_eq!(record["status"], "success");
        assert_eq!(
            record["events"],
            json!({
                "received": run.len(), "expected": run.len(), "complete": true,
            })
        );
    }
}

#[test]
fn what_another_process_delivers_is_no_sign_of_life() {
    let collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    let path = format!("{API}/ingest/{}/recorder?adopted=true", run.id);
    let send = |body: &[u8]| client.send("POST", &path, &[], body).acked();
    assert_eq!(send(&run.batch(0..4)), 4);
    let record = client.execution(run.id, "").ok();
    assert_eq!(record["reason"], "lost");
    assert_eq!(send(b""), 4);
    assert_eq!(client.execution(run.id, "").ok()["reason"], "lost");
    assert_eq!(send(&run.batch(4..run.len())), run.len() as u64);
    assert_eq!(client.execution(run.id, "").ok()["status"], "success");
}

#[test]
fn events_that_were_left_out_are_told() {
    let collector = Collector::start();
    let client = collector.client();
    let run = Run::new()
        .event("dropped", json!({ "events": 3, "reason": "spool_full" }))
        .event("dropped", json!({ "events": 4, "reason": "spool_full" }))
        .event("execution_ended", json!({ "exit_code": 0, "dropped": 9 }));
    run.deliver(&client);
    let record = client.finished(run.id);
    assert_eq!(record["status"], "success");
    assert_eq!(
        record["events"],
        json!({
            "received": 4, "expected": 13, "complete": false,
            "missing": "the recorder left out 9 events (spool_full)",
        })
    );
}
