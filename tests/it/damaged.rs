//! Damaged parts of a log are shown as damaged, and the rest of the run is shown as usual.

use std::process::Command;

use playback::log::block;
use playback::store::Store;
use playback::store::dialect::Engine;
use playback_wire::Producer;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::builders::{Run, good_run};
use crate::harness::{API, Client, Collector, PLAYBACK, eventually, zstd};
use crate::rebuild::rows;
use crate::servers::{self, sql};
use crate::socket::Socket;

/// Puts other bytes where a block was that begins with an event.
async fn put(address: &str, first_seq: u64, data: &[u8]) {
    let hex: String = data.iter().map(|byte| format!("{byte:02x}")).collect();
    let literal = match servers::engine() {
        Engine::Postgres => format!("'\\x{hex}'::bytea"),
        Engine::Sqlite | Engine::MySql => format!("X'{hex}'"),
    };
    let statement =
        format!("UPDATE event_blocks SET data = {literal} WHERE first_seq = {first_seq}");
    sql(address, &statement).await;
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}

/// How many blocks a run's recorder has in the log.
fn block_count(collector: &Collector, id: Uuid) -> usize {
    wait(async {
        let store = Store::open_as_is(&collector.database()).await.unwrap();
        let (key, _) = store.execution(id).await.unwrap().unwrap();
        let found = store
            .blocks_from_seq(key, Producer::Recorder, 1, 1000)
            .await;
        store.close().await;
        found.unwrap().len()
    })
}

/// A run in batches of three events, none of which ends its last line.
fn send_unended(client: &Client, run: &Run) {
    for (index, lines) in run.lines().chunks(3).enumerate() {
        let body = lines.join("\n").into_bytes();
        let body = if index % 2 == 0 { body } else { zstd(&body) };
        client.ingest(run.id, "recorder", &body).acked();
    }
}

fn events(client: &Client, id: Uuid) -> Vec<String> {
    let page = client.execution(id, "/events?limit=1000").ok();
    let events = page["events"].as_array().unwrap();
    events.iter().map(ToString::to_string).collect()
}

pub(crate) fn batches_whose_last_line_is_not_ended_stay_whole_when_they_are_packed() {
    let collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    send_unended(&client, &run);
    let before = client.finished(run.id);
    eventually("the log is packed", || {
        (block_count(&collector, run.id) == 1).then_some(())
    });
    assert_eq!(client.execution(run.id, "").ok(), before);
    assert_eq!(
        before["output"],
        json!(["", "PLAY [web] ****", "changed: [web-01]"])
    );
    assert_eq!(events(&client, run.id), run.lines());
    let path = format!("{API}/executions/{}/redact", run.id);
    let redacted = client
        .send("POST", &path, &[], b"{\"texts\":[\"web-01\"]}")
        .ok();
    assert!(redacted["lines"].as_u64() >= Some(1), "{redacted}");
    // A batch that comes late finds everything.
    let late = run.clone().output("late\n");
    late.deliver_range(&client, run.len()..run.len() + 1);
    assert_eq!(client.execution(run.id, "").ok()["output"][3], "late");
    assert_eq!(client.delete(run.id).status, 204);
}

#[test]
fn sqlite_batches_whose_last_line_is_not_ended_stay_whole() {
    batches_whose_last_line_is_not_ended_stay_whole_when_they_are_packed();
}

/// As earlier versions left it: blocks without the newline, and such blocks joined into one.
#[test]
fn what_an_earlier_version_joined_wrongly_is_read_rightly() {
    let collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    run.deliver_range(&client, 0..3);
    run.deliver_range(&client, 3..6);
    run.deliver_range(&client, 6..run.len());
    let before = client.finished(run.id);
    let unended = |from: usize, to: usize| run.lines()[from..to].join("\n").into_bytes();
    wait(async {
        let address = collector.database();
        // Joined: the last line of the one and the first of the other are one line.
        let joined = [unended(0, 2), unended(2, 3)].concat();
        put(&address, 1, &block::compress(&joined)).await;
        put(&address, 4, &block::compress(&unended(3, 6))).await;
        put(&address, 7, &block::compress(&unended(6, run.len()))).await;
    });
    let check = || {
        assert_eq!(client.execution(run.id, "").ok(), before);
        assert_eq!(events(&client, run.id), run.lines());
    };
    check();
    eventually("the log is packed", || {
        (block_count(&collector, run.id) == 1).then_some(())
    });
    check();
    assert!(collector.command(&["rebuild", "--all"]).is_ok());
    check();
}

fn long_run() -> Run {
    Run::new()
        .play("web")
        .output("PLAY\n")
        .task("one")
        .ok("web-01")
        .output("first\n")
        .task("two")
        .failed("web-02")
        .output("second\nthird\n")
        .task("three")
        .ok("web-03")
        .output("fourth\n")
        .recap(&[("web-01", [1, 0, 0, 0, 0]), ("web-02", [0, 0, 0, 1, 0])])
        .ended(2)
}

/// In how many ways a block may be damaged.
fn damages(run: &Run) -> Vec<(&'static str, Vec<u8>)> {
    let good = run.batch(6..9);
    let whole = zstd(&good);
    let mut lines = run.lines()[6..9].to_vec();
    lines[2] = "{\"seq\":9,\"at\":".to_owned();
    vec![
        ("truncated", whole[..whole.len() / 2].to_vec()),
        ("garbage", b"\x00garbage\xff".to_vec()),
        ("no bytes at all", Vec::new()),
        ("an empty frame", zstd(b"")),
        ("no event", zstd(b"hello\n")),
        ("one line of it", zstd(lines.join("\n").as_bytes())),
        ("another's events", zstd(&good_run().batch(0..3))),
    ]
}

fn check_shown(collector: &Collector, run: &Run) {
    let client = &collector.client();
    let record = client.execution(run.id, "").ok();
    let output: Vec<&str> = record["output"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(output.len(), 5, "{output:?}");
    assert_eq!(
        (output[0], output[1], output[4]),
        ("PLAY", "first", "fourth")
    );
    assert!(output[2].starts_with("[damaged: 2 lines"), "{output:?}");
    assert_eq!(record["damaged"][0]["last_seq"], 9, "{record}");
    assert_eq!(record["status"], "failed");
    let text = client.execution(run.id, "/output?format=text").text;
    assert!(
        text.starts_with("PLAY\nfirst\n[damaged") && text.ends_with("\nfourth\n"),
        "{text}"
    );
    let page = client.execution(run.id, "/output?from=4").ok();
    assert_eq!(page["lines"][0]["text"], "fourth");
    let shown = client.execution(run.id, "/events?limit=1000").ok();
    let shown = shown["events"].as_array().unwrap();
    let damaged: Vec<&Value> = shown
        .iter()
        .filter(|event| event["kind"] == "damaged")
        .collect();
    assert_eq!(damaged.len(), 1, "{shown:?}");
    assert_eq!(damaged[0]["data"]["last_seq"], 9);
    let seqs: Vec<u64> = shown
        .iter()
        .filter_map(|event| event["seq"].as_u64())
        .collect();
    assert!(
        seqs.is_sorted() && seqs.contains(&6) && seqs.contains(&10),
        "{seqs:?}"
    );
    // What the rows tell is told, whatever became of the event.
    assert_eq!(
        client.execution(run.id, "/results").ok()["results"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let result = client.execution(run.id, "/results/8").ok();
    assert_eq!(result["host"], "web-02");
    let (lines, last) = Socket::watch(collector, run.id, "").rest();
    assert_eq!(lines.len(), 5);
    assert_eq!(last["id"], run.id.to_string());
}

pub(crate) fn a_damaged_block_is_shown_as_such_with_everything_else_of_its_run() {
    for (how, data) in damages(&long_run()) {
        eprintln!("damaged: {how}");
        let mut collector = Collector::start();
        let client = collector.client();
        let run = long_run();
        let len = run.len();
        for range in [0..6, 6..9, 9..12, 12..len] {
            run.deliver_range(&client, range);
        }
        client.finished(run.id);
        assert!(collector.stop().0.success());
        let before = wait(async {
            let address = collector.database();
            put(&address, 7, &data).await;
            let store = Store::open(&address).await.unwrap();
            let before = rows(&store, run.id).await;
            store.close().await;
            before
        });
        // It says which, and goes on.
        let told = collector.command(&["rebuild", "--all", "--json"]);
        let other = collector.command(&["rebuild", "--all"]);
        assert!(told.is_err() && other.is_err(), "{told:?}");
        wait(async {
            let store = Store::open(&collector.database()).await.unwrap();
            let after = rows(&store, run.id).await;
            let same = |rows: &str| {
                let kept = rows.lines().filter(|line| {
                    let line = line.trim();
                    !["complete:", "missing:", "\"events ", ")", "Some("]
                        .iter()
                        .any(|start| line.starts_with(start))
                });
                kept.collect::<Vec<_>>().join("\n")
            };
            assert_eq!(same(&after), same(&before), "{how}");
            assert!(after.contains("cannot be read"), "{how}: {after}");
            store.close().await;
        });
        collector.launch();
        check_shown(&collector, &run);
        // A late batch is taken, and changes nothing of what is there.
        let late = run.clone().output("late\n");
        late.deliver_range(&client, len..len + 1);
        let record = client.execution(run.id, "").ok();
        assert_eq!(record["output"][5], "late");
        assert_eq!(record["exit_code"], 2);
        assert_eq!(record["events"]["complete"], false);
        let missing = record["events"]["missing"].as_str().unwrap();
        assert!(missing.contains("cannot be read"), "{missing}");
        assert_eq!(record["stats"]["web-02"]["failed"], 1);
        assert_eq!(record["results"], 3);
        // It is redacted, without what cannot be searched.
        let path = format!("{API}/executions/{}/redact", run.id);
        let redacted = client
            .send("POST", &path, &[], b"{\"texts\":[\"first\"]}")
            .ok();
        assert!(redacted["removed"].as_u64() >= Some(1), "{how}: {redacted}");
        let record = client.execution(run.id, "").ok();
        assert_eq!(record["output"][1], "***");
        assert_eq!(record["output"][4], "fourth");
        assert!(
            record["output"][2]
                .as_str()
                .unwrap()
                .starts_with("[damaged")
        );
        assert_eq!(record["redacted"][0]["removed"], redacted["removed"]);
        assert_eq!(
            (&record["status"], &record["exit_code"]),
            (&json!("failed"), &json!(2))
        );
        assert!(collector.command(&["rebuild", "--all"]).is_ok());
        assert_eq!(client.delete(run.id).status, 204);
        client.execution(run.id, "").error(404, "not_found");
    }
}

#[test]
fn sqlite_a_damaged_block_is_shown_as_such() {
    a_damaged_block_is_shown_as_such_with_everything_else_of_its_run();
}

/// The first and the last block hold what a run is and how it ended.
#[test]
fn a_run_whose_first_and_last_blocks_are_damaged_keeps_what_its_rows_tell() {
    let collector = Collector::start();
    let client = collector.client();
    let run = long_run();
    run.deliver_range(&client, 0..6);
    run.deliver_range(&client, 6..12);
    run.deliver_range(&client, 12..run.len());
    let before = client.finished(run.id);
    wait(async {
        put(&collector.database(), 1, b"garbage").await;
        put(&collector.database(), 13, b"garbage").await;
    });
    let late = run.clone().output("late\n");
    eventually("the collector has forgotten it", || {
        (block_count(&collector, run.id) == 3).then_some(())
    });
    late.deliver_range(&client, run.len()..run.len() + 1);
    let told = collector.command(&["rebuild", "--all"]).unwrap_err();
    assert!(told.is_empty() || !told.contains("panicked"), "{told}");
    let after = client.execution(run.id, "").ok();
    for field in [
        "playbook",
        "status",
        "exit_code",
        "reason",
        "stats",
        "start_time",
        "results",
    ] {
        assert_eq!(after[field], before[field], "{field}");
    }
    let path = format!("{API}/executions/{}/redact", run.id);
    client
        .send("POST", &path, &[], b"{\"texts\":[\"nothing\"]}")
        .ok();
    let after = client.execution(run.id, "").ok();
    for field in ["playbook", "status", "exit_code"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert_eq!(client.delete(run.id).status, 204);
}

#[test]
fn a_damaged_log_is_copied_as_it_is() {
    let mut collector = Collector::start();
    let client = collector.client();
    let run = long_run();
    run.deliver_range(&client, 0..6);
    run.deliver_range(&client, 6..9);
    run.deliver_range(&client, 9..run.len());
    client.finished(run.id);
    assert!(collector.stop().0.success());
    wait(put(&collector.database(), 7, b"garbage"));
    let to = format!("sqlite://{}", collector.folder().join("copy.db").display());
    let done = Command::new(PLAYBACK)
        .args(["copy", "--from", &collector.database(), "--to", &to])
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}
