//! Cleanups while batches arrive, when the collector is killed, and two at the same time.

use std::sync::mpsc;

use playback_wire::Producer;
use serde_json::json;
use sqlx::Connection as _;

use super::{aged, begun, cleanup, left, site};
use crate::builders::Run;
use crate::crash::under_load;
use crate::harness::{API, Collector, eventually};
use playback::store::Store;

#[test]
pub(crate) fn a_cleanup_while_batches_come_in_loses_nothing() {
    let mut collector = Collector::start();
    let old = || aged(50.0, json!({ "playbook": "old.yml", "labels": ["old"] }));
    under_load(&mut collector, |collector| {
        let client = collector.client();
        for _ in 0..20 {
            old().deliver(&client);
        }
        let body = json!({ "retention_days": 30, "label": "old" });
        let done = cleanup(&client, &body).ok();
        assert_eq!(done["deleted"], 20, "{done}");
    });
}

#[test]
fn a_run_that_is_reported_again_meanwhile_is_whole_or_gone() {
    let collector = Collector::start();
    let client = collector.client();
    for round in 0..15 {
        let run = begun(50.0, site()).output("one\n").ended(0);
        let most = run.len() - 1 - round % 3;
        run.deliver_range(&client, 0..run.len());
        let (late, sender) = (run.clone(), client.clone());
        let sending = std::thread::spawn(move || late.send_range(&sender, most..late.len()).status);
        cleanup(&client, &json!({ "retention_days": 30 })).ok();
        // Known already, or deleted.
        let status = sending.join().unwrap();
        assert!([200, 410].contains(&status), "{status}");
        client.execution(run.id, "").error(404, "not_found");
    }
}

/// A run with some rows in every table.
fn wide(number: usize) -> Run {
    let mut run = begun(50.0, json!({ "playbook": format!("{number}.yml") }));
    for host in 0..20 {
        run = run.ok(&format!("h{host}")).output("line\n");
    }
    run.ended(0)
}

#[test]
pub(crate) fn killed_in_its_middle_each_run_is_whole_or_gone() {
    let mut collector = Collector::start();
    let client = collector.client();
    let runs: Vec<Run> = (0..400).map(wide).collect();
    for run in &runs {
        run.deliver(&client);
    }
    let cleaner = client.clone();
    let path = format!("{API}/executions/cleanup");
    let cleaning = std::thread::spawn(move || {
        cleaner.try_send("POST", &path, &[], br#"{"retention_days": 30}"#)
    });
    eventually("some to go", || {
        let count = left(&client).len();
        (count < runs.len()).then_some(())
    });
    collector.kill();
    let _ = cleaning.join().unwrap();
    collector.launch();
    let there = left(&client);
    for run in &runs {
        if !there.contains(&run.id) {
            client.execution(run.id, "").error(404, "not_found");
            continue;
        }
        let record = client.finished(run.id);
        assert_eq!(record["events"]["received"], run.len());
        assert_eq!(record["results"], 21);
        assert_eq!(record["output"].as_array().unwrap().len(), 22);
        assert_eq!(record["stats"].as_object().unwrap().len(), 21);
        let results = client.execution(run.id, "/results?limit=100").ok();
        assert_eq!(results["results"].as_array().unwrap().len(), 21);
        let events = client.execution(run.id, "/events?limit=100").ok();
        assert_eq!(events["events"].as_array().unwrap().len(), run.len());
    }
    // The next one goes on, and what the first left behind is swept away.
    let done = cleanup(&client, &json!({ "retention_days": 30 })).ok();
    assert_eq!(done["deleted"], there.len());
    assert!(left(&client).is_empty());
    let database = collector.database();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let remains = runtime.block_on(async {
        let store = Store::open_as_is(&database).await.unwrap();
        let mut remains = 0;
        for key in 1..=runs.len() as i64 {
            let blocks = store.blocks_from_seq(key, Producer::Recorder, 1, 9);
            remains += blocks.await.unwrap().len();
            remains += store.hosts(key, 0, 99).await.unwrap().len();
            remains += store.tasks(key, 0, 99).await.unwrap().len();
        }
        store.close().await;
        remains
    });
    assert_eq!(remains, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_cleanup_is_refused_while_one_goes_on() {
    let collector = Collector::start();
    let client = collector.client();
    for _ in 0..3 {
        aged(50.0, site()).deliver(&client);
    }
    // Measured before: then both get as far as removing.
    cleanup(&client, &json!({ "retention_days": 30, "dry_run": true })).ok();
    // Somebody else has the database: the one that is first waits for it.
    let mut other = sqlx::SqliteConnection::connect(&collector.database())
        .await
        .unwrap();
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut other)
        .await
        .unwrap();
    let (answers, answered) = mpsc::channel();
    for _ in 0..2 {
        let (client, answers) = (client.clone(), answers.clone());
        std::thread::spawn(move || {
            let answer = cleanup(&client, &json!({ "retention_days": 30 }));
            answers.send(answer).unwrap();
        });
    }
    let first = answered.recv().unwrap();
    let message = first.error(409, "conflict");
    assert!(message.contains("a cleanup is going on"), "{message}");
    // Looking is no removing.
    let dry = cleanup(&client, &json!({ "retention_days": 30, "dry_run": true })).ok();
    assert_eq!(dry["deleted"], 3);
    sqlx::query("COMMIT").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    assert_eq!(answered.recv().unwrap().ok()["deleted"], 3);
    assert!(left(&client).is_empty());
}
