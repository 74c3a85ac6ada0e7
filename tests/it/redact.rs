//! Redacted values are removed from every response, from the rows, and from the database's files.

use std::path::PathBuf;

use playback::log::block;
use playback::log::rebuild;
use playback::model::Changes;
use playback::store::{RewrittenBlock, Store, StoredBlock};
use serde_json::{Value, json};
use sqlx::Connection as _;
use uuid::Uuid;

use crate::builders::{Run, audited};
use crate::harness::{API, Answer, Client, Collector, Setup, eventually};
use crate::rebuild::rows;
use crate::socket::Socket;

const SECRET: &str = "hunter2-in-the-clear";

/// A run that has the secret in every place that it can have it.
fn telling_run() -> Run {
    let started = json!({
        "type": "playbook", "playbook": "site.yml", "instance": "one", "note": format!("for {SECRET}"),
        "argv": ["ansible-playbook", "--db-password", SECRET, "site.yml"], "labels": [SECRET, "blue"],
        "git": { "commit": "abc", "branch": SECRET },
    });
    let content = json!({
        "db_password": SECRET, "nested": [{ "password": [1] }], "stdout": format!("is {SECRET}!"),
        "big": 12345678901234567890u64, "precise": 1.50,
    });
    Run::of(started)
        .play(&format!("play {SECRET}"))
        .task(&format!("task {SECRET}"))
        .host("web-01")
        .result(
            "web-01",
            "ok",
            json!({ "changed": true, "content": content }),
        )
        .event(
            "facts",
            json!({ "task": 1, "host": "web-01", "facts": { "token": SECRET } }),
        )
        .event("notified", json!({ "handler": SECRET, "host": "web-01" }))
        .event("not_known_yet", json!({ "x": SECRET }))
        .output(&format!(
            "ok: [web-01] => {{\"password\": \"{SECRET}\"}}\r\n\nhunter2-"
        ))
        .output("in-the")
        .output("-clear and more\nlast line hunter2")
        .output("-in-the-clear")
        .recap(&[("web-01", [1, 1, 0, 0, 0])])
        .ended(0)
}

#[track_caller]
fn redact(client: &Client, id: Uuid, body: &Value) -> Answer {
    let path = format!("{API}/executions/{id}/redact");
    client.send("POST", &path, &[], body.to_string().as_bytes())
}

/// The files of a database, and those of them that hold a text.
fn files_with(collector: &Collector, text: &str) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_default();
        memchr::memmem::find(&bytes, text.as_bytes()).is_some()
    };
    let files = ["", "-wal", "-shm"]
        .map(|end| PathBuf::from(format!("{}{end}", collector.database_file().display())));
    assert!(files[0].exists());
    files.into_iter().filter(holds).collect()
}

/// Everything that the API says of an execution.
fn told(client: &Client, id: Uuid) -> String {
    let parts = [
        "",
        "/output",
        "/output?format=text",
        "/plays",
        "/tasks",
        "/hosts",
        "/results",
        "/events",
    ];
    let mut told: String = parts.map(|part| client.execution(id, part).text).join("\n");
    let results = client.execution(id, "/results").ok();
    for result in results["results"].as_array().unwrap() {
        told += &client
            .execution(id, &format!("/results/{}", result["seq"]))
            .text;
    }
    let found = client.api("/executions?q=hunter2&limit=1000").ok();
    let found = found["executions"].as_array().unwrap();
    let found = found.iter().filter(|record| record["id"] == id.to_string());
    found.fold(told, |told, record| told + &record.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_hidden_is_gone_and_the_rest_is_as_it_was() {
    let mut collector = Collector::start();
    let client = collector.client();
    let run = telling_run();
    let other = telling_run();
    other.deliver(&client);
    // In many blocks, of which some hold half of the secret.
    for index in 0..run.len() {
        run.deliver_range(&client, index..index + 1);
    }
    let before = client.finished(run.id);
    let hosts = client.execution(run.id, "/hosts").ok();
    assert!(told(&client, run.id).contains(SECRET));
    let body = json!({ "keys": ["*password*"], "patterns": ["hunter2[a-z-]*"], "note": "CHG-1" });
    let answer = redact(&client, run.id, &body).ok();
    // note, argv, label, branch; play; task; two keys and a text; fact; handler; unknown.
    assert_eq!(answer, json!({ "values": 12, "lines": 3, "erased": true }));
    let told_after = told(&client, run.id);
    assert!(!told_after.contains("hunter2"), "{told_after}");

    let after = client.finished(run.id);
    assert_eq!(
        after["output"],
        json!([
            "ok: [web-01] => {\"password\": \"***\"}\r",
            "",
            "*** and more",
            "last line ***"
        ])
    );
    assert_eq!(
        after["argv"],
        json!(["ansible-playbook", "--db-password", "***", "site.yml"])
    );
    assert_eq!(after["labels"], json!(["***", "blue"]));
    let note = &after["redacted"][0];
    assert_eq!(note["note"], "CHG-1");
    assert_eq!((&note["values"], &note["lines"]), (&json!(12), &json!(3)));
    assert!(note["by"].as_str().unwrap().starts_with("token:"), "{note}");
    assert!(note["time"].as_str().unwrap().starts_with("20"), "{note}");
    for same in [
        "status",
        "start_time",
        "end_time",
        "stats",
        "events",
        "output_lines",
        "results",
    ] {
        assert_eq!(after[same], before[same], "{same}");
    }
    assert_eq!(client.execution(run.id, "/hosts").ok(), hosts);
    let result = client.execution(run.id, "/results/5").ok();
    let content = json!({
        "db_password": "***", "nested": [{ "password": "***" }], "stdout": "is ***!",
        "big": 12345678901234567890u64, "precise": 1.50,
    });
    assert_eq!(result["event"]["data"]["content"], content, "{result}");

    // Once more changes nothing; and the label is no filter any more.
    let again = redact(&client, run.id, &body).ok();
    assert_eq!(again, json!({ "values": 0, "lines": 0, "erased": true }));
    assert_eq!(client.finished(run.id), after);
    let list = client.api(&format!("/executions?label={SECRET}")).ok();
    assert_eq!(list["executions"].as_array().unwrap().len(), 1);
    // What a recorder sends again is known, and the other run is untouched.
    assert_eq!(run.send(&client).acked(), run.len() as u64);
    assert_eq!(client.finished(run.id), after);
    assert!(told(&client, other.id).contains(SECRET));

    assert!(collector.stop().0.success());
    let store = Store::open(&collector.database()).await.unwrap();
    let before = rows(&store, run.id).await;
    rebuild(&store, run.id).await.unwrap();
    assert_eq!(rows(&store, run.id).await, before);
    store.close().await;
}

#[test]
fn the_files_of_the_database_hold_nothing_of_it_any_more() {
    let collector = Collector::start();
    let client = collector.client();
    let deleted = telling_run();
    let redacted = telling_run();
    for run in [&deleted, &redacted] {
        // Not compressed, so that the file holds it in the clear; and in small blocks, which are packed.
        for index in 0..run.len() {
            let batch = run.batch(index..index + 1);
            assert_eq!(client.ingest(run.id, "recorder", &batch).status, 200);
        }
        client.finished(run.id);
    }
    assert!(!files_with(&collector, SECRET).is_empty());
    let answer = redact(&client, redacted.id, &json!({ "texts": [SECRET] })).ok();
    assert_eq!(answer["erased"], true);
    assert!(
        !files_with(&collector, SECRET).is_empty(),
        "the other one has it"
    );
    assert_eq!(client.delete(deleted.id).status, 204);
    assert_eq!(files_with(&collector, SECRET), Vec::<PathBuf>::new());
    assert_eq!(files_with(&collector, "hunter2"), Vec::<PathBuf>::new());
}

#[test]
fn what_was_packed_before_leaves_nothing_behind() {
    let collector = Collector::start();
    let client = collector.client();
    let run = telling_run();
    for index in 0..run.len() {
        run.deliver_range(&client, index..index + 1);
    }
    client.finished(run.id);
    let blocks = || {
        let database = collector.database();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let store = Store::open_as_is(&database).await.unwrap();
            let (key, _) = store.execution(run.id).await.unwrap().unwrap();
            let blocks = store
                .blocks_from_seq(key, playback_wire::Producer::Recorder, 1, 100)
                .await
                .unwrap();
            store.close().await;
            blocks.len()
        })
    };
    eventually("the log to be packed", || (blocks() == 1).then_some(()));
    redact(&client, run.id, &json!({ "texts": [SECRET] })).ok();
    assert_eq!(files_with(&collector, SECRET), Vec::<PathBuf>::new());
    assert!(!told(&client, run.id).contains(SECRET));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_still_reads_goes_when_they_are_done() {
    let collector = Collector::start();
    let client = collector.client();
    let run = telling_run();
    run.deliver(&client);
    let mut reader = sqlx::SqliteConnection::connect(&collector.database())
        .await
        .unwrap();
    let blocks = "SELECT COUNT(*) FROM event_blocks";
    sqlx::query("BEGIN").execute(&mut reader).await.unwrap();
    sqlx::query(blocks).execute(&mut reader).await.unwrap();
    let answer = redact(&client, run.id, &json!({ "texts": [SECRET] })).ok();
    assert_eq!(answer["erased"], false);
    assert!(!told(&client, run.id).contains(SECRET));
    assert!(!files_with(&collector, SECRET).is_empty());
    reader.close().await.unwrap();
    eventually("the files to hold nothing of it", || {
        files_with(&collector, SECRET).is_empty().then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn of_packing_and_redacting_at_once_one_gives_way() {
    let mut collector = Collector::start();
    let client = collector.client();
    let run = telling_run();
    for index in 0..run.len() {
        run.deliver_range(&client, index..index + 1);
    }
    client.finished(run.id);
    assert!(collector.stop().0.success());
    let store = Store::open(&collector.database()).await.unwrap();
    let (key, _) = store.execution(run.id).await.unwrap().unwrap();
    let read = async || {
        let blocks = store.blocks_from_seq(key, playback_wire::Producer::Recorder, 1, 100);
        blocks.await.unwrap()
    };
    let stale = read().await;
    assert!(stale.len() > 1);
    let held = |blocks: &[StoredBlock]| -> Vec<_> {
        let held = blocks
            .iter()
            .map(|stored| (stored.id, stored.block.data.clone()));
        held.collect()
    };
    let before = rows(&store, run.id).await;

    // Redacting: a block is not what was read any more.
    let rewritten = [RewrittenBlock {
        id: stale[0].id,
        before: b"other".to_vec(),
        data: block::compress(&run.batch(0..1)),
        raw_bytes: run.batch(0..1).len() as u64,
        first_line: 0,
        lines: 0,
    }];
    let changes = Changes::default();
    let stored = store
        .rewrite(key, &rewritten, &changes, None, &audited())
        .await;
    assert!(!stored.unwrap());
    assert_eq!(held(&read().await), held(&stale));
    assert_eq!(rows(&store, run.id).await, before);

    // Packing: the same.
    let mut other = stale.clone();
    other[1].block.data = b"other".to_vec();
    let merged = other[0].block.clone();
    store.merge_blocks(key, &other, &merged).await.unwrap();
    assert_eq!(held(&read().await), held(&stale));
    store.close().await;
}

#[test]
fn a_run_that_goes_on_is_refused_and_so_is_what_cannot_be_used() {
    let collector = Collector::start();
    let client = collector.client();
    let run = telling_run();
    run.deliver_range(&client, 0..5);
    let body = json!({ "texts": [SECRET] });
    let message = redact(&client, run.id, &body).error(409, "conflict");
    assert!(message.contains("still running"), "{message}");
    run.deliver_range(&client, 5..run.len());
    let before = client.finished(run.id);
    for (body, says) in [
        (json!({}), "nothing is to be hidden"),
        (json!({ "keys": [" "] }), "nothing is to be hidden"),
        (
            json!({ "patterns": ["ok", "(hunter2"] }),
            "pattern 2 cannot be used: unclosed group",
        ),
        (json!({ "patterns": ["x*"] }), "matches an empty text"),
        (json!({ "texts": [""] }), "exact text 1 is empty"),
        (json!({ "pattern": "x" }), "unknown field"),
        (json!({ "patterns": "x" }), "patterns"),
    ] {
        let message = redact(&client, run.id, &body).error(400, "bad_request");
        assert!(message.contains(says), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
    redact(&client, Uuid::now_v7(), &body).error(404, "not_found");
    for scope in ["read", "run", "ingest"] {
        let token = collector.create_token(&[scope]);
        let answer = redact(&collector.client_with(Some(&token)), run.id, &body);
        answer.error(403, "forbidden");
    }
    assert_eq!(client.finished(run.id), before);
}

#[test]
fn a_viewer_that_comes_later_sees_what_is_left() {
    let collector = Collector::start();
    let client = collector.client();
    let run = telling_run();
    run.deliver(&client);
    let seen = || format!("{:?}", Socket::watch(&collector, run.id, "").rest());
    assert!(seen().contains(SECRET));
    redact(&client, run.id, &json!({ "texts": [SECRET] })).ok();
    let second = seen();
    assert!(
        !second.contains("hunter2") && second.contains("***"),
        "{second}"
    );
}

#[test]
fn every_producer_is_searched_and_times_of_silence_stay() {
    let collector = Setup::default().config("silence_seconds = 1").start();
    let client = collector.client();
    let run = telling_run();
    run.deliver_range(&client, 0..run.len() - 2);
    let supervisor = Run::supervisor(run.id).output(&format!("{SECRET}\n{SECRET}"));
    supervisor.deliver(&client);
    let before = client.finished(run.id);
    assert_eq!(before["reason"], "lost");
    assert_eq!(before["output"], json!([SECRET, SECRET]));
    let answer = redact(&client, run.id, &json!({ "texts": [SECRET] })).ok();
    assert_eq!(answer["lines"], 5);
    let after = client.finished(run.id);
    assert_eq!(after["output"], json!(["***", "***"]));
    assert_eq!(after["reason"], "lost");
    assert!(!told(&client, run.id).contains(SECRET));
}
