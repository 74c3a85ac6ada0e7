//! A run belongs to the producer that began it, or has its spool: nobody else can add to it, and a deleted run is not
//! recreated.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::builders::{Run, TEN, good_run};
use crate::harness::{API, Answer, Client, Collector, PLAYBACK, eventually, zstd};

const KEY: &str = "00112233445566778899aabbccddeeff";
const OTHER_KEY: &str = "ffeeddccbbaa99887766554433221100";

/// Sends a batch as who has that key, or none.
fn send(
    client: &Client,
    key: Option<&str>,
    (id, producer, query): (Uuid, &str, &str),
    body: &[u8],
) -> Answer {
    let headers: Vec<(&str, &str)> = key
        .map(|key| ("Playback-Run-Key", key))
        .into_iter()
        .collect();
    let path = format!("{API}/ingest/{id}/{producer}{query}");
    client.send("POST", &path, &headers, body)
}

/// A run that goes on, and everything that somebody else might try to do to it.
fn attacks(run: &Run) -> Vec<(&'static str, &'static str, &'static str, Vec<u8>)> {
    let next = run.len();
    let ended = run.clone().ended(0);
    let output = run.clone().output("not what was printed\n");
    let supervisor = Run::supervisor(run.id).output("replaced\n").ended(0);
    vec![
        ("ends it", "recorder", "", ended.batch(next..next + 1)),
        (
            "takes a sequence number",
            "recorder",
            "",
            output.batch(next..next + 1),
        ),
        ("repeats what is there", "recorder", "", run.batch(0..1)),
        (
            "comes as the supervisor",
            "supervisor",
            "",
            supervisor.ndjson(),
        ),
        (
            "marks it lost",
            "recorder",
            "?adopted=true",
            output.batch(next..next + 1),
        ),
        ("asks how far it is", "recorder", "", Vec::new()),
        ("asks as the supervisor", "supervisor", "", Vec::new()),
        (
            "asks as an adopter",
            "recorder",
            "?adopted=true",
            Vec::new(),
        ),
        (
            "sends what is no batch",
            "recorder",
            "",
            b"{\"seq\":1}".to_vec(),
        ),
    ]
}

#[track_caller]
fn refused(answer: &Answer, what: &str) {
    refused_as("not_yours", answer, what);
}

#[track_caller]
fn refused_as(code: &str, answer: &Answer, what: &str) {
    let message = answer.error(403, code);
    assert!(message.contains("run key"), "{what}: {message}");
    assert!(answer.json().get("acked").is_none(), "{what}");
}

pub(crate) fn only_who_holds_its_key_adds_to_a_run() {
    let mut collector = Collector::start();
    let first = collector.create_token(&["ingest"]);
    let second = collector.create_token(&["ingest"]);
    let run = Run::of(json!({ "playbook": "site.yml" }))
        .play("web")
        .output("first\n");
    let (mine, theirs) = (
        collector.client_with(Some(&first)),
        collector.client_with(Some(&second)),
    );
    assert_eq!(
        send(
            &mine,
            Some(KEY),
            (run.id, "recorder", ""),
            &zstd(&run.ndjson())
        )
        .acked(),
        3
    );
    let admin = collector.client();
    let before = admin.execution(run.id, "").ok();
    for round in 0..2 {
        for (what, producer, query, body) in attacks(&run) {
            for key in [None, Some(OTHER_KEY)] {
                for client in [&theirs, &mine, &admin] {
                    refused(&send(client, key, (run.id, producer, query), &body), what);
                }
            }
        }
        let after = admin.execution(run.id, "").ok();
        assert_eq!(after["status"], "running");
        assert_eq!(after["output"], before["output"]);
        assert_eq!(after["events"], before["events"]);
        if round == 0 {
            // The same after a restart, and after its rows were made anew.
            assert!(collector.stop().0.success());
            collector.launch();
        }
    }
    send(&mine, Some("not a key"), (run.id, "recorder", ""), b"").error(400, "bad_request");
    // Another token with the key goes on, as after a rotation, and as another producer.
    let supervisor = Run::supervisor(run.id).output("first\n").ended(0);
    let taken = send(
        &theirs,
        Some(KEY),
        (run.id, "supervisor", ""),
        &supervisor.ndjson(),
    );
    assert_eq!(taken.acked(), supervisor.len() as u64);
    let end = run.clone().ended(0);
    let last = end.batch(run.len()..end.len());
    assert_eq!(
        send(&theirs, Some(KEY), (run.id, "recorder", ""), &last).acked(),
        4
    );
    let record = admin.finished(run.id);
    assert_eq!(
        (&record["status"], &record["output"]),
        (&json!("success"), &json!(["first"]))
    );
    // It is over, and still nobody else's.
    for (what, producer, query, body) in attacks(&end) {
        refused(&send(&theirs, None, (run.id, producer, query), &body), what);
    }
    // The key is shown nowhere.
    for part in ["", "/events", "/output", "/results"] {
        let text = admin.execution(run.id, part).text;
        assert!(!text.contains(KEY), "{part}: {text}");
    }
    let (_, printed) = collector.stop();
    assert!(!printed.contains(KEY));
    collector.command(&["rebuild", "--all"]).unwrap();
    collector.launch();
    refused(
        &send(&mine, None, (run.id, "recorder", ""), b""),
        "after a rebuild",
    );
    assert_eq!(
        send(&mine, Some(KEY), (run.id, "recorder", ""), b"").acked(),
        4
    );
}

#[test]
fn sqlite_only_who_holds_its_key_adds_to_a_run() {
    only_who_holds_its_key_adds_to_a_run();
}

#[test]
fn a_run_without_a_key_belongs_to_the_token_that_began_it() {
    let mut collector = Collector::start();
    let first = collector.create_token(&["ingest"]);
    let second = collector.create_token(&["ingest"]);
    let run = good_run();
    let end = run.len();
    let mine = collector.client_with(Some(&first));
    run.deliver_range(&mine, 0..end - 1);
    assert!(collector.stop().0.success());
    collector.launch();
    let theirs = collector.client_with(Some(&second));
    let open = run.clone();
    for (what, producer, query, body) in attacks(&open) {
        for key in [None, Some(KEY)] {
            // The other token would be taken, so this is a matter of tokens.
            let answer = send(&theirs, key, (run.id, producer, query), &body);
            refused_as("forbidden", &answer, what);
        }
    }
    let mine = collector.client_with(Some(&first));
    run.deliver_range(&mine, end - 1..end);
    assert_eq!(collector.client().finished(run.id)["status"], "success");
}

#[test]
fn what_only_the_collector_notes_is_refused_from_producers() {
    let collector = Collector::start();
    let client = collector.client();
    let started = |data: &str| {
        format!("{{\"seq\":1,\"at\":1,\"kind\":\"execution_started\",\"data\":{data}}}")
    };
    let good = started("{\"playbook\":\"site.yml\"}");
    let second = |line: &str| format!("{good}\n\n{line}");
    let note =
        "[{\"time\":\"2026-01-01T00:00:00Z\",\"by\":\"token:root\",\"values\":1,\"lines\":1}]";
    for (body, line, what) in [
        (started(&format!("{{\"redacted\":{note}}}")), 1, "redacted"),
        (
            started(&format!("{{\"red\\u0061cted\":{note}}}")),
            1,
            "redacted",
        ),
        (started("{\"output_left_out\":5}"), 1, "output_left_out"),
        (started("{\"imported\":{\"from\":\"ara\"}}"), 1, "imported"),
        (
            second("{\"seq\":2,\"at\":1,\"kind\":\"launched\",\"data\":{\"pid\":7}}"),
            3,
            "launched",
        ),
        (
            second("{\"seq\":2,\"at\":1,\"data\":{\"pid\":7},\"kind\":\"launched\"}"),
            3,
            "launched",
        ),
        (
            second("{\"seq\":2,\"at\":1,\"kind\":\"launche\\u0064\",\"data\":{}}"),
            3,
            "launched",
        ),
        (
            second(
                "{\"seq\":2,\"at\":1,\"kind\":\"cancel_requested\",\"data\":{\"by\":\"token:root\"}}",
            ),
            3,
            "cancel_requested",
        ),
        (
            second("{\"seq\":2,\"at\":1,\"kind\":\"damaged\",\"data\":{}}"),
            3,
            "damaged",
        ),
        (
            second(
                "{\"seq\":2,\"at\":1,\"kind\":\"execution_started\",\"data\":{\"output_left_out\":1}}",
            ),
            3,
            "output_left_out",
        ),
    ] {
        for producer in ["recorder", "supervisor"] {
            let id = Uuid::now_v7();
            let message = client
                .ingest(id, producer, body.as_bytes())
                .error(422, "reserved");
            assert!(message.contains(&format!("line {line}")), "{message}");
            assert!(message.contains(what), "{message}");
            client.execution(id, "").error(404, "not_found");
        }
    }
    // Neither do two of a key say one thing here and another there, nor a list of values.
    for line in [
        "{\"seq\":2,\"at\":1,\"kind\":\"output\",\"data\":{\"text\":\"x\"},\"kind\":\"launched\"}",
        "{\"seq\":2,\"at\":1,\"kind\":\"output\",\"data\":{\"text\":\"x\"},\"data\":{\"text\":\"y\"}}",
        "{\"seq\":2,\"at\":1,\"kind\":\"output\",\"data\":[\"stdout\",\"x\"]}",
        "{\"seq\":2,\"seq\":3,\"at\":1,\"kind\":\"output\",\"data\":{\"text\":\"x\"}}",
        "{\"seq\":2,\"at\":1,\"kind\":\"output\",\"data\":{\"text\":\"x\",\"text\":\"y\"}}",
    ] {
        let id = Uuid::now_v7();
        let body = second(line);
        client
            .ingest(id, "recorder", body.as_bytes())
            .error(422, "not_an_event");
    }
    // Nobody says that they were asked for through the API.
    let run = Run::of(json!({ "launched_by": "token:root", "redacted": [] })).ended(0);
    run.deliver(&client);
    let record = client.finished(run.id);
    assert!(record.get("launched_by").is_none(), "{record}");
}

pub(crate) fn a_run_that_was_deleted_does_not_come_again() {
    let mut collector = Collector::start();
    let client = collector.client();
    let (by_hand, by_rule) = (good_run(), good_run());
    let kept = Run::starting(TEN + 60_000_000, json!({})).ended(0);
    for run in [&by_hand, &by_rule, &kept] {
        run.deliver(&client);
        client.finished(run.id);
    }
    assert_eq!(client.delete(by_hand.id).status, 204);
    let path = format!("{API}/executions/cleanup");
    let cleaned = client.send("POST", &path, &[], b"{\"keep_runs\":1}").ok();
    assert_eq!(cleaned["deleted"], 1, "{cleaned}");
    client.execution(by_rule.id, "").error(404, "not_found");
    for round in 0..2 {
        for run in [&by_hand, &by_rule] {
            for body in [
                run.ndjson(),
                run.batch(run.len() - 1..run.len()),
                Vec::new(),
            ] {
                for producer in ["recorder", "supervisor"] {
                    let message = client.ingest(run.id, producer, &body).error(410, "gone");
                    assert!(message.contains("deleted"), "{message}");
                }
            }
            client.execution(run.id, "").error(404, "not_found");
        }
        if round == 0 {
            assert!(collector.stop().0.success());
            collector.launch();
        }
    }
}

#[test]
fn sqlite_a_run_that_was_deleted_does_not_come_again() {
    a_run_that_was_deleted_does_not_come_again();
}

#[test]
fn a_copy_knows_what_was_deleted_and_whose_runs_are() {
    let mut collector = Collector::start();
    let client = collector.client();
    let (deleted, kept) = (good_run(), good_run());
    deleted.deliver(&client);
    let body = kept.batch(0..kept.len());
    send(&client, Some(KEY), (kept.id, "recorder", ""), &body).acked();
    client.finished(kept.id);
    assert_eq!(client.delete(deleted.id).status, 204);
    assert!(collector.stop().0.success());
    let there = Collector::start();
    let to = format!("sqlite://{}", there.folder().join("copy.db").display());
    let done = Command::new(PLAYBACK)
        .args(["copy", "--from", &collector.database(), "--to", &to])
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    let copied = crate::harness::Setup::default().database(to).start();
    let client = copied.client();
    client
        .ingest(deleted.id, "recorder", &deleted.ndjson())
        .error(410, "gone");
    refused(
        &send(&client, None, (kept.id, "recorder", ""), b""),
        "without its key",
    );
    let acked = send(&client, Some(KEY), (kept.id, "recorder", ""), b"").acked();
    assert_eq!(acked, kept.len() as u64);
}

/// Runs `playback` with a spool folder of its own.
fn playback(arguments: &[&str], url: &str, token: &str, spools: &Path) -> Output {
    Command::new(PLAYBACK)
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("PLAYBACK_URL", url)
        .env("PLAYBACK_TOKEN", token)
        .env("PLAYBACK_SPOOL_DIR", spools)
        .output()
        .unwrap()
}

fn spool_files(spools: &Path) -> Vec<String> {
    let entries = fs::read_dir(spools).unwrap();
    let mut texts: Vec<String> = entries
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    texts.sort();
    texts
}

#[test]
fn a_spool_is_delivered_with_another_token_and_nobody_else_adds_to_its_run() {
    let mut collector = Collector::start();
    let first = collector.create_token(&["ingest"]);
    let second = collector.create_token(&["ingest"]);
    let spools = collector.folder().join("spools");
    // The collector is away, and its spool is all that is left of the run.
    let url = collector.url();
    assert!(collector.stop().0.success());
    let ran = playback(
        &["exec", "--", "sh", "-c", "echo said; exit 3"],
        &url,
        &first,
        &spools,
    );
    assert_eq!(ran.status.code(), Some(3), "{ran:?}");
    let left = spool_files(&spools);
    assert_eq!(left.len(), 1, "{left:?}");
    let line: Value = serde_json::from_str(left[0].lines().next().unwrap()).unwrap();
    let key = line["run_key"]
        .as_str()
        .expect("its key stands in it")
        .to_owned();
    assert_eq!(key.len(), 32);
    collector.launch();
    let flushed = playback(&["flush"], &url, &second, &spools);
    assert!(flushed.status.success(), "{flushed:?}");
    let client = collector.client();
    let list = client.api("/executions").ok();
    let record = &list["executions"][0];
    assert_eq!(
        (&record["status"], &record["exit_code"]),
        (&json!("failed"), &json!(3))
    );
    assert_eq!(record["events"]["complete"], true);
    let id: Uuid = record["id"].as_str().unwrap().parse().unwrap();
    let theirs = collector.client_with(Some(&second));
    refused(
        &send(&theirs, None, (id, "supervisor", ""), b""),
        "a stranger asks",
    );
    assert!(send(&theirs, Some(&key), (id, "supervisor", ""), b"").acked() > 0);
    let events = client
        .execution(id, "/events?producer=supervisor&limit=1000")
        .text;
    assert!(
        !events.contains(&key) && !events.contains("run_key"),
        "{events}"
    );
}

/// An earlier version's spool has no key.
#[test]
fn a_spool_of_an_earlier_version_is_delivered() {
    let collector = Collector::start();
    let token = collector.create_token(&["ingest"]);
    let spools = collector.folder().join("spools");
    fs::create_dir(&spools).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode;
    fs::set_permissions(&spools, mode(0o700)).unwrap();
    let run = good_run();
    let file = spools.join(format!("{}.recorder.ndjson", run.id));
    fs::write(&file, run.ndjson()).unwrap();
    fs::set_permissions(&file, mode(0o600)).unwrap();
    let flushed = playback(&["flush"], &collector.url(), &token, &spools);
    assert!(flushed.status.success(), "{flushed:?}");
    assert_eq!(
        collector.client().finished(run.id)["events"]["complete"],
        true
    );
}

#[test]
fn the_spool_of_a_deleted_run_is_set_aside_and_the_reason_told() {
    let collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    run.deliver(&client);
    assert_eq!(client.delete(run.id).status, 204);
    let spools = collector.folder().join("spools");
    fs::create_dir(&spools).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode;
    fs::set_permissions(&spools, mode(0o700)).unwrap();
    let file = spools.join(format!("{}.recorder.ndjson", run.id));
    fs::write(&file, run.ndjson()).unwrap();
    fs::set_permissions(&file, mode(0o600)).unwrap();
    let flushed = playback(&["flush"], &collector.url(), &collector.token, &spools);
    let printed = String::from_utf8_lossy(&[flushed.stdout, flushed.stderr].concat()).into_owned();
    assert!(printed.contains("deleted"), "{printed}");
    client.execution(run.id, "").error(404, "not_found");
}

/// The token is taken away in the midst of a run: what is left is delivered with the next one.
#[test]
fn a_run_whose_token_is_rotated_in_its_midst_is_completed_with_the_next() {
    let collector = Collector::start();
    let made = collector.command(&["token", "create", "ci", "--scope", "ingest", "--json"]);
    let made: Value = serde_json::from_str(&made.unwrap()).unwrap();
    let first = made["token"].as_str().unwrap().to_owned();
    let spools = collector.folder().join("spools");
    let gate = collector.folder().join("gate");
    let script = format!(
        "echo one; while [ ! -e {} ]; do sleep 0.05; done; echo two",
        gate.display()
    );
    let running = {
        let (url, spools) = (collector.url(), spools.clone());
        std::thread::spawn(move || {
            playback(&["exec", "--", "sh", "-c", &script], &url, &first, &spools)
        })
    };
    let client = collector.client();
    let id: Uuid = eventually("the run begins", || {
        let list = client.api("/executions").ok();
        list["executions"][0]["id"].as_str()?.parse().ok()
    });
    collector.command(&["token", "revoke", "ci"]).unwrap();
    fs::write(&gate, "").unwrap();
    let ran = running.join().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    let next = collector.create_token(&["ingest"]);
    let flushed = playback(
        &["flush", "--retry-set-aside"],
        &collector.url(),
        &next,
        &spools,
    );
    assert!(flushed.status.success(), "{flushed:?}");
    let record = client.finished(id);
    assert_eq!(record["status"], "success", "{record}");
    assert_eq!(record["output"], json!(["one", "two"]));
    assert_eq!(record["events"]["complete"], true);
}
