//! A small batch cannot block others or cause high cost: what exceeds a limit is left out of the record, and the record
//! says so; a list only reads the requested fields.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::builders::{Run, good_run};
use crate::harness::{Collector, zstd};

/// A recap of this many hosts, the last of which failed and changed something.
fn recap(hosts: usize) -> Value {
    let mut all = serde_json::Map::new();
    for host in 1..hosts {
        all.insert(format!("h{host}"), json!({ "ok": 1 }));
    }
    all.insert("zz-last".to_owned(), json!({ "failed": 1, "changed": 1 }));
    json!({ "hosts": all })
}

#[test]
pub(crate) fn a_run_of_a_million_hosts_holds_nobody_up_and_says_what_is_left_out() {
    let collector = Collector::start();
    let client = collector.client();
    let run = Run::new().event("stats", recap(1_000_000)).ended(2);
    let body = zstd(&run.ndjson());
    assert!(body.len() < 8 << 20, "{}", body.len());
    let sending = {
        let (client, id) = (client.clone(), run.id);
        std::thread::spawn(move || client.ingest(id, "recorder", &body).acked())
    };
    let mut longest = Duration::ZERO;
    while !sending.is_finished() {
        let begun = Instant::now();
        good_run().deliver(&client);
        longest = longest.max(begun.elapsed());
    }
    assert_eq!(sending.join().unwrap(), 3);
    assert!(longest < Duration::from_secs(4), "{longest:?}");

    let record = client.execution(run.id, "").ok();
    assert_eq!(record["left_out"], json!(["hosts"]));
    assert_eq!(record["stats"].as_object().unwrap().len(), 50_000);
    // Hosts that are left out still count.
    assert_eq!(record["changed"], true);
    assert_eq!(record["reason"], "task_failed");
    assert_eq!(record["events"]["complete"], true);
    let listed = client
        .api("/executions?type=playbook&limit=1&order=desc")
        .ok();
    let whole: Vec<&Value> = listed["executions"].as_array().unwrap().iter().collect();
    assert_eq!(whole.len(), 1);
    let hosts = client.execution(run.id, "/hosts?limit=1000").ok();
    assert_eq!(hosts["hosts"].as_array().unwrap().len(), 1000);
    // The log has all of it.
    let events = client.execution(run.id, "/events?limit=3").text;
    assert!(events.contains("h999999") && events.contains("zz-last"));

    for path in [
        "/executions?fields=id",
        "/executions?fields=id&offset=1&limit=5",
    ] {
        let begun = Instant::now();
        let text = client.api(path).text;
        assert!(begun.elapsed() < Duration::from_secs(1), "{path}");
        assert!(text.len() < 100_000, "{path}");
    }
    let begun = Instant::now();
    let detail = client.execution(run.id, "?fields=id,status").ok();
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(detail, json!({ "id": run.id, "status": "failed" }));
    let peak = collector.peak_memory();
    assert!(peak < 1200 << 20, "{} MiB", peak >> 20);
}

#[test]
fn what_is_too_much_of_labels_and_texts_is_left_out_in_list_and_detail() {
    let collector = Collector::start();
    let client = collector.client();
    let labels: Vec<String> = (0..10_000).map(|label| format!("label-{label}")).collect();
    let names: Vec<String> = (0..50_000).map(|name| format!("variable_{name}")).collect();
    let run = Run::of(json!({
        "type": "playbook", "playbook": "site.yml", "labels": labels, "extra_var_names": names,
        "note": "n".repeat(3_000_000),
    }));
    let run = run.ended(0);
    run.deliver(&client);
    let listed = client.api("/executions").ok()["executions"][0].clone();
    let detail = client.execution(run.id, "").ok();
    for record in [&listed, &detail] {
        assert_eq!(record["left_out"], json!(["description", "labels"]));
        assert_eq!(record["labels"].as_array().unwrap().len(), 64);
        assert!(record.to_string().len() < 300_000);
    }
    let found = |label: &str| {
        let page = client.api(&format!("/executions?label={label}")).ok();
        page["executions"].as_array().unwrap().len()
    };
    assert_eq!((found("label-63"), found("label-64")), (1, 0));
}

#[test]
fn tasks_and_plays_beyond_the_bounds_are_left_out() {
    let collector = Collector::start();
    let client = collector.client();
    let mut text = String::new();
    let mut seq = 1;
    let mut event = |kind: &str, data: String| {
        writeln!(
            text,
            "{{\"seq\":{seq},\"at\":1768903200000000,\"kind\":\"{kind}\",\"data\":{data}}}"
        )
        .unwrap();
        seq += 1;
    };
    event("execution_started", "{\"type\":\"playbook\"}".to_owned());
    for play in 1..=10_001 {
        event(
            "play_started",
            format!("{{\"play\":{play},\"name\":\"p\"}}"),
        );
    }
    for task in 1..=50_001 {
        event(
            "task_started",
            format!("{{\"task\":{task},\"play\":1,\"name\":\"t\"}}"),
        );
    }
    event("execution_ended", "{\"exit_code\":0}".to_owned());
    let id = uuid::Uuid::now_v7();
    let acked = client
        .ingest(id, "recorder", &zstd(text.as_bytes()))
        .acked();
    assert_eq!(acked, 60_004);
    let record = client.execution(id, "").ok();
    assert_eq!(record["left_out"], json!(["plays", "tasks"]));
    let rest = client.execution(id, "/tasks?after=49999&limit=1000").ok();
    assert_eq!(rest["tasks"].as_array().unwrap().len(), 1);
    let plays = client.execution(id, "/plays").ok();
    assert_eq!(plays["plays"].as_array().unwrap().len(), 10_000);
}

#[test]
fn a_batch_of_very_many_tiny_events_is_too_large() {
    let collector = Collector::start();
    let line = "{\"seq\":1,\"at\":1,\"kind\":\"x\"}\n";
    let body = zstd(line.repeat(1_000_000).as_bytes());
    let client = collector.client();
    let answer = client.ingest(uuid::Uuid::now_v7(), "recorder", &body);
    answer.error(413, "too_large");
    let peak = collector.peak_memory();
    assert!(peak < 300 << 20, "{} MiB", peak >> 20);
}

#[test]
fn an_empty_choice_of_fields_is_none() {
    let collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    run.deliver(&client);
    let whole = client.api("/executions").ok();
    for fields in ["", ",", "%20"] {
        assert_eq!(
            client.api(&format!("/executions?fields={fields}")).ok(),
            whole
        );
        let detail = client.execution(run.id, &format!("?fields={fields}")).ok();
        assert_eq!(detail["id"], run.id.to_string());
        assert!(detail["output"].is_array());
    }
}
