//! Valid and invalid batches from producers. Nothing of a refused batch is stored.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use playback::store::dialect::Engine;
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use crate::builders::{Run, good_run};
use crate::harness::{API, Client, Collector, Setup, zstd};
use crate::servers;

/// Refused in the one shape, and nothing was stored.
#[track_caller]
fn refused(client: &Client, body: &[u8], status: u16, code: &str) -> String {
    let id = Uuid::now_v7();
    let message = client.ingest(id, "recorder", body).error(status, code);
    client.execution(id, "").error(404, "not_found");
    assert_eq!(client.ingest(id, "recorder", b"").acked(), 0);
    message
}

#[test]
pub(crate) fn plain_and_compressed_batches_are_the_same() {
    let collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    let raw = run.ndjson();
    let mut unknown_size = zstd::Encoder::new(Vec::new(), 1).unwrap();
    unknown_size.write_all(&raw).unwrap();
    let bodies = [
        raw.clone(),
        raw.trim_ascii_end().to_vec(),
        zstd(&raw),
        unknown_size.finish().unwrap(),
    ];
    for body in bodies {
        let id = Uuid::now_v7();
        assert_eq!(
            client.ingest(id, "recorder", &body).acked(),
            run.len() as u64
        );
        let record = client.finished(id);
        assert_eq!(record["status"], "success");
        assert_eq!(record["output"][1], "PLAY [web] ****");
    }
}

#[test]
fn what_is_no_batch_is_refused() {
    let collector = Collector::start();
    let client = collector.client();
    let whole = zstd(&good_run().ndjson());
    refused(&client, b"hello", 422, "not_zstd");
    refused(&client, b"[1, 2]", 422, "not_zstd");
    refused(&client, &[0, 1, 2, 3, 255], 422, "not_zstd");
    refused(&client, &whole[..whole.len() - 5], 422, "not_zstd");
    refused(&client, &whole[..6], 422, "not_zstd");
    refused(
        &client,
        &[whole.as_slice(), b"rest"].concat(),
        422,
        "not_zstd",
    );
    refused(&client, b"{\"seq\":1,", 422, "not_an_event");
    refused(&client, b"{\"seq\":1}\n", 422, "not_an_event");
    refused(&client, &zstd(b"hello"), 422, "not_an_event");
    refused(&client, &zstd(b"\xff\xfe{}"), 422, "not_an_event");
    refused(
        &client,
        b"{\"seq\":0,\"at\":1,\"kind\":\"x\",\"data\":{}}",
        422,
        "not_an_event",
    );
    refused(
        &client,
        b"{\"seq\":-1,\"at\":1,\"kind\":\"x\",\"data\":{}}",
        422,
        "not_an_event",
    );
    let deep = format!(
        "{{\"seq\":1,\"at\":1,\"kind\":\"execution_started\",\"data\":{}",
        "[".repeat(100_000)
    );
    refused(&client, deep.as_bytes(), 422, "not_an_event");
}

#[test]
fn a_bad_line_in_the_middle_refuses_the_whole_batch_and_quotes_nothing() {
    let collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    for bad in [
        "{\"seq\":4,\"at\":\"hunter2\",\"kind\":\"output\",\"data\":{\"text\":\"x\"}}",
        "{\"seq\":4,\"at\":1,\"kind\":\"output\",\"data\":{\"text\":[\"hunter2\"]}}",
        "{\"seq\":4,\"at\":1,\"kind\":\"result\",\"data\":{\"status\":\"hunter2\"}}",
        "{\"seq\":4,\"at\":1,\"kind\":\"output\",\"data\":\"hunter2\"}",
        "{\"seq\":4,\"at\":1,\"data\":{\"text\":[\"hunter2\"]},\"kind\":\"output\"}",
        "{\"seq\":4,\"at\":1,\"data\":{\"status\":\"hunter2\"},\"kind\":\"result\"}",
        "{\"seq\":4,\"at\":1,\"kind\":\"output\",\"data\":{\"text\":\"hunter2\\ud800\"}}",
        "hunter2",
        "{\"hunter2\":",
    ] {
        let mut lines = run.lines().to_vec();
        lines[3] = bad.to_owned();
        let message = refused(&client, lines.join("\n").as_bytes(), 422, "not_an_event");
        assert!(message.contains("line 4"), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}

#[test]
fn a_batch_that_is_too_large_is_refused_whichever_way_it_is_large() {
    const EXPANDED: usize = playback_wire::MAX_BATCH_EXPANDED_BYTES;
    let collector = Collector::start();
    let client = collector.client();
    let line = |bytes: usize| {
        let text = "x".repeat(bytes);
        let run = Run::new().output(&text);
        run.ndjson()
    };
    // A bomb: a few kilobytes that become too much, with and without a size that says so.
    let bomb = vec![b'x'; EXPANDED + 1];
    let declared = zstd(&bomb);
    assert!(declared.len() < 100_000);
    refused(&client, &declared, 413, "too_large");
    let mut undeclared = zstd::Encoder::new(Vec::new(), 1).unwrap();
    undeclared.write_all(&bomb).unwrap();
    refused(&client, &undeclared.finish().unwrap(), 413, "too_large");
    // A frame that lies about its size: 64 MB are not 10 bytes.
    let mut lying = zstd(b"0123456789");
    let tail = zstd(&bomb[..EXPANDED / 2]);
    lying.extend_from_slice(&tail);
    refused(&client, &lying, 422, "not_zstd");
    // Too many bytes as sent.
    let id = Uuid::now_v7();
    let large = line(playback_wire::MAX_BATCH_BYTES + 1);
    // The collector may answer and close before all of it is sent.
    if let Some(answer) = client.try_ingest(id, "recorder", &large) {
        answer.error(413, "too_large");
    }
    client.execution(id, "").error(404, "not_found");
    assert!(
        collector.peak_memory() < 500 << 20,
        "{}",
        collector.peak_memory()
    );
    // Large, and within what is allowed.
    let most = line(EXPANDED - 1000);
    let id = Uuid::now_v7();
    assert_eq!(client.ingest(id, "recorder", &zstd(&most)).acked(), 2);
}

/// A server takes no more than its `max_allowed_packet` at once: producers are told to send less, as trying again
/// would not help.
#[test]
fn a_batch_that_mariadb_does_not_take_is_too_large() {
    let unused = TempDir::new().unwrap();
    let collector = Setup::default()
        .database(servers::database(Engine::MySql, unused.path()))
        .start();
    let client = collector.client();
    let mut run = Run::new();
    for _ in 0..20 {
        // Nothing compresses this below what it says.
        let mut noise = vec![0; 768 << 10];
        getrandom::fill(&mut noise).unwrap();
        run = run.output(&STANDARD.encode(noise));
    }
    let run = run.ended(0);
    let body = zstd(&run.ndjson());
    let taken_elsewhere = 15 << 20..playback_wire::MAX_BATCH_BYTES;
    assert!(taken_elsewhere.contains(&body.len()), "{}", body.len());
    refused(&client, &body, 413, "too_large");
    // As producers do then.
    run.deliver_range(&client, 0..10);
    run.deliver_range(&client, 10..run.len());
    let record = client.finished(run.id);
    assert_eq!(record["events"]["complete"], true);
}

#[test]
pub(crate) fn a_gap_is_answered_with_where_to_resume() {
    let collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    let missing = run.send_range(&client, 2..4);
    let message = missing.error(409, "gap");
    assert!(message.contains("after event 0"), "{message}");
    assert_eq!(missing.json()["acked"], 0);
    client.execution(run.id, "").error(404, "not_found");
    run.deliver_range(&client, 0..3);
    let missing = run.send_range(&client, 5..7);
    missing.error(409, "gap");
    assert_eq!(missing.json()["acked"], 3);
    // A gap inside a batch.
    let inside = [run.batch(3..4), run.batch(5..6)].concat();
    let inside = client.ingest(run.id, "recorder", &inside);
    inside.error(409, "gap");
    assert_eq!(inside.json()["acked"], 3);
    assert_eq!(client.ingest(run.id, "recorder", b"").acked(), 3);
    run.deliver_range(&client, 3..run.len());
    let record = client.finished(run.id);
    assert_eq!(record["events"]["received"], run.len());
}

#[test]
pub(crate) fn repeated_and_partly_repeated_batches_change_nothing() {
    let collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    run.deliver_range(&client, 0..4);
    run.deliver_range(&client, 0..4);
    assert_eq!(
        run.send_range(&client, 1..3).acked(),
        4,
        "the last that is stored"
    );
    // Its first events are known, its last are new.
    run.deliver_range(&client, 2..7);
    run.deliver(&client);
    let record = client.finished(run.id);
    run.deliver(&client);
    assert_eq!(client.finished(run.id), record);
    assert_eq!(record["events"]["received"], run.len());
    assert_eq!(record["stats"]["web-01"]["changed"], 1);
    assert_eq!(
        record["output"],
        json!(["", "PLAY [web] ****", "changed: [web-01]"])
    );
    let events = client.execution(run.id, "/events?limit=1000").ok();
    let events: Vec<String> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(events, run.lines());
}

#[test]
pub(crate) fn a_second_process_with_the_same_id_is_refused() {
    let collector = Collector::start();
    let client = collector.client();
    let run = Run::of(json!({ "playbook": "site.yml", "instance": "one" }))
        .play("web")
        .ended(0);
    run.deliver_range(&client, 0..2);
    let mut other = Run::of(json!({ "playbook": "site.yml", "instance": "two" })).play("db");
    other.id = run.id;
    let conflict = other.send(&client);
    conflict.error(409, "conflict");
    assert!(conflict.json().get("acked").is_none());
    // Also when it only asks, or goes on.
    let path = |instance: &str| format!("{API}/ingest/{}/recorder?instance={instance}", run.id);
    let send = |instance: &str, body: &[u8]| client.send("POST", &path(instance), &[], body);
    for body in [Vec::new(), run.batch(2..3)] {
        let conflict = send("two", &body);
        conflict.error(409, "conflict");
        assert!(conflict.json().get("acked").is_none());
    }
    assert_eq!(send("one", b"").acked(), 2);
    assert_eq!(send("one", &run.batch(2..3)).acked(), 3);
    let record = client.finished(run.id);
    assert_eq!(record["status"], "success");
    assert!(
        record.get("instance").is_none(),
        "a name of a sequence, of no use to anyone else"
    );
    let first = &client.execution(run.id, "/events").ok()["events"][0];
    assert_eq!(first["data"]["playbook"], "site.yml");
    assert!(first["data"].get("instance").is_none(), "{first}");
    assert_eq!(
        client.execution(run.id, "/plays").ok()["plays"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
pub(crate) fn unknown_kinds_and_fields_are_kept() {
    let collector = Collector::start();
    let client = collector.client();
    let run = Run::of(json!({ "playbook": "site.yml", "moon": "full" }))
        .event("eclipse", json!({ "by": { "the": ["moon", 1.5, null] } }))
        .play("web")
        .task("install")
        .result("web-01", "ok", json!({ "wind": 7 }))
        .event("execution_started", json!({ "playbook": "other.yml" }))
        .ended(0);
    let line =
        "{\"seq\":8,\"at\":1,\"kind\":\"output\",\"data\":{\"text\":\"x\\n\"},\"sign\":\"♈\"}";
    let body = [run.ndjson(), line.as_bytes().to_vec()].concat();
    let run_id = run.id;
    assert_eq!(client.ingest(run_id, "recorder", &body).acked(), 8);
    let events = client.execution(run_id, "/events").ok();
    let events: Vec<String> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(events[..7], run.lines()[..7]);
    assert_eq!(events[7], line);
    let record = client.execution(run_id, "").ok();
    assert_eq!(record["status"], "success");
    assert_eq!(record["playbook"], "site.yml", "a run is started once");
}

#[test]
fn the_first_event_must_be_the_start() {
    let collector = Collector::start();
    let client = collector.client();
    let line = b"{\"seq\":1,\"at\":1,\"kind\":\"play_started\",\"data\":{\"play\":1}}";
    let message = refused(&client, line, 422, "not_started");
    assert!(message.contains("execution_started"), "{message}");
}

#[test]
fn a_sign_of_life_tells_where_to_resume() {
    let collector = Collector::start();
    let client = collector.client();
    assert_eq!(client.ingest(Uuid::now_v7(), "recorder", b"").acked(), 0);
    let run = good_run();
    run.deliver_range(&client, 0..3);
    assert_eq!(client.ingest(run.id, "recorder", b"").acked(), 3);
    assert_eq!(client.ingest(run.id, "supervisor", b"").acked(), 0);
    client
        .ingest(run.id, "director", b"")
        .error(404, "not_found");
    let not_a_uuid = client.send("POST", &format!("{API}/ingest/42/recorder"), &[], b"");
    not_a_uuid.error(400, "bad_request");
    let unknown = client.send(
        "POST",
        &format!("{API}/ingest/{}/recorder?x=1", run.id),
        &[],
        b"",
    );
    unknown.error(400, "bad_request");
}

/// A producer that is out of its mind spoils its own record at most.
#[test]
pub(crate) fn absurd_numbers_spoil_nothing_else() {
    let collector = Collector::start();
    let client = collector.client();
    let good = good_run();
    good.deliver(&client);
    let (max, min) = (u64::MAX, i64::MIN);
    let run = Run::starting(i64::MAX - 100_000, json!({ "playbook": "site.yml" }))
        .play("web")
        .task("install")
        .result("web-01", "ok", json!({ "started": min }))
        .event("dropped", json!({ "events": max, "reason": "spool_full" }))
        .event("dropped", json!({ "events": max, "reason": "spool_full" }))
        .event(
            "usage",
            json!({ "user_s": 1e300, "system_s": -1e300, "peak_bytes": max }),
        )
        .event(
            "stats",
            json!({ "hosts": { "web-01": { "ok": max, "failed": max } } }),
        )
        .result("web-01", "ok", json!({}))
        .event(
            "execution_ended",
            json!({ "exit_code": i32::MIN, "dropped": max }),
        );
    let mut body = run.ndjson();
    let last =
        json!({ "seq": run.len() + 1, "at": min, "kind": "output", "data": { "text": "x\n" } });
    body.extend_from_slice(last.to_string().as_bytes());
    assert_eq!(
        client.ingest(run.id, "recorder", &body).acked(),
        run.len() as u64 + 1
    );
    let early = Run::starting(min, json!({ "playbook": "site.yml" })).ended(0);
    early.deliver(&client);

    let record = client.finished(run.id);
    assert_eq!(record["events"]["complete"], false);
    assert!(record["stats"]["web-01"]["ok"].as_u64().unwrap() > 1 << 60);
    for part in [
        "/output",
        "/events",
        "/plays",
        "/tasks",
        "/hosts",
        "/results",
        "/results/4",
    ] {
        client.execution(run.id, part).ok();
    }
    let mut query = "limit=1".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = client.api(&format!("/executions?{query}")).ok();
        seen.extend(
            page["executions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|record| record["id"].clone()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        query = format!("limit=1&cursor={cursor}");
    }
    assert_eq!(seen, [json!(run.id), json!(good.id), json!(early.id)]);
}

/// The supervisor knows nothing of plays, tasks and results: whatever it says of them is kept in its
/// log, and does not touch the recorder's.
#[test]
fn a_supervisor_cannot_spoil_what_the_recorder_says() {
    let collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    let strange = Run::supervisor(run.id)
        .play("mine")
        .output("before\n")
        .task("mine")
        .changed("other")
        .changed("other")
        .recap(&[("other", [9, 9, 9, 9, 9])])
        .ended(0);
    strange.deliver_range(&client, 0..5);
    run.deliver(&client);
    strange.deliver_range(&client, 5..strange.len());
    let record = client.finished(run.id);
    assert_eq!(record["status"], "success");
    assert_eq!(record["results"], 1);
    assert_eq!(
        record["stats"]
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>(),
        ["web-01"]
    );
    assert_eq!(
        client.execution(run.id, "/plays").ok()["plays"][0]["name"],
        "web"
    );
    assert_eq!(
        client.execution(run.id, "/tasks").ok()["tasks"][0]["name"],
        "install"
    );
    let events = client.execution(run.id, "/events?producer=supervisor").ok();
    assert_eq!(events["events"].as_array().unwrap().len(), strange.len());
}
