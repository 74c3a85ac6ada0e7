//! Bundles: another collector makes the identical record, and a bundle that is cut, damaged or foreign leaves nothing
//! half imported.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::builders::{Run, TEN, good_run, noise};
use crate::harness::{API, Answer, Client, Collector, zstd};

/// A bundle of everything that matches.
fn bundle(collector: &Collector, query: &str) -> Vec<u8> {
    super::export::fetched(collector, &format!("/export/bundle?{query}"))
}

fn import(client: &Client, bundle: &[u8]) -> Answer {
    client.send("POST", &format!("{API}/import?note=moved"), &[], bundle)
}

/// The lines of a bundle.
fn lines(bundle: &[u8]) -> Vec<String> {
    let text = String::from_utf8(::zstd::decode_all(bundle).unwrap()).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn packed(lines: &[String]) -> Vec<u8> {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    ::zstd::encode_all(text.as_bytes(), 1).unwrap()
}

/// Everything that the API says of an execution.
fn everything(client: &Client, id: Uuid) -> Vec<Value> {
    let parts = [
        "",
        "/plays",
        "/tasks",
        "/hosts",
        "/results",
        "/output",
        "/events",
        "/events?producer=supervisor",
        "/explain",
    ];
    parts
        .iter()
        .map(|part| client.execution(id, part).ok())
        .collect()
}

/// Runs of all kinds, which are over.
fn runs(client: &Client) -> Vec<Uuid> {
    let odd =
        json!({ "type": "playbook", "playbook": "größe.yml", "labels": ["a"], "user": "ann" });
    let failed = Run::starting(TEN + 1_000_000, odd)
        .play("db")
        .task("grow")
        .result(
            "db-01",
            "failed",
            json!({ "content": { "msg": "no space on 10.0.0.1" } }),
        )
        .output("fatal: [db-01]\n")
        .errors("warning\nnot ended")
        .recap(&[("db-01", [0, 0, 0, 1, 0])])
        .ended(2);
    let both = Run::new()
        .play("web")
        .task("install")
        .changed("web-01")
        .ended(0);
    failed.deliver(client);
    both.deliver(client);
    Run::supervisor(both.id)
        .output("seen by the supervisor\n")
        .ended(0)
        .deliver(client);
    let good = good_run();
    for at in 0..good.len() {
        good.deliver_range(client, at..at + 1);
    }
    let ids = vec![failed.id, both.id, good.id];
    for id in &ids {
        client.finished(*id);
    }
    ids
}

#[test]
pub(crate) fn another_collector_makes_the_identical_record() {
    let (from, mut to) = (Collector::start(), Collector::start());
    let (source, target) = (from.client(), to.client());
    let ids = runs(&source);
    let running = Run::new().play("web");
    running.deliver(&source);
    let whole = bundle(&from, "");
    let answer = import(&target, &whole).ok();
    assert_eq!(
        (&answer["imported"], &answer["present"], &answer["refused"]),
        (&json!(3), &json!(0), &json!(0))
    );
    assert_eq!(
        answer["not_in_bundle"],
        json!([{ "id": running.id, "why": "it is not over" }])
    );
    for id in &ids {
        assert_eq!(everything(&target, *id), everything(&source, *id), "{id}");
    }
    target.execution(running.id, "").error(404, "not_found");
    // Each import is in the audit trail, with its reason.
    let audit = target.api("/audit?action=import").ok();
    let entries = audit["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 3);
    assert!(
        entries.iter().all(|entry| entry["note"] == "moved"),
        "{audit}"
    );
    assert_eq!(target.api("/audit/verify").ok()["is_whole"], true);
    // What is imported is found, and exported again.
    let found = target.api("/executions?q=label:a%20user:ann").ok();
    assert_eq!(found["executions"][0]["id"], json!(ids[0]));
    let again = import(&source, &bundle(&to, "")).ok();
    assert_eq!(
        (&again["imported"], &again["present"], &again["refused"]),
        (&json!(0), &json!(3), &json!(0))
    );
    let again = import(&target, &whole).ok();
    assert_eq!(
        (&again["imported"], &again["present"]),
        (&json!(0), &json!(3))
    );
    // The rows are those that a rebuild makes.
    let before: Vec<_> = ids.iter().map(|id| everything(&target, *id)).collect();
    to.stop();
    to.command(&["rebuild", &ids[0].to_string()]).unwrap();
    to.launch();
    assert_eq!(everything(&target, ids[0]), before[0]);
}

/// Bodies of other requests are limited to a size that a bundle may pass.
#[test]
fn a_bundle_of_many_megabytes_is_imported_whole() {
    let (from, to) = (Collector::start(), Collector::start());
    let (source, target) = (from.client(), to.client());
    let mut run = Run::new().play("web").task("print");
    for part in 0..24 {
        run = run.output(&format!("{}\n", noise(part * 2, 900_000)));
    }
    let run = run.ended(0);
    for at in 0..run.len() {
        run.deliver_range(&source, at..at + 1);
    }
    source.finished(run.id);
    let whole = bundle(&from, "");
    assert!(whole.len() > 12 << 20, "{}", whole.len());
    let answer = import(&target, &whole).ok();
    assert_eq!(answer["imported"], 1, "{answer}");
    assert!(everything(&target, run.id) == everything(&source, run.id));
}

#[test]
pub(crate) fn what_is_there_or_was_deleted_is_refused() {
    let (from, to) = (Collector::start(), Collector::start());
    let (source, target) = (from.client(), to.client());
    let run = good_run();
    run.deliver(&source);
    let one = bundle(&from, &format!("execution={}", run.id));
    // The same id with other events.
    let other = Run::new().ended(0);
    let sent = target.ingest(run.id, "recorder", &zstd(&other.ndjson()));
    assert_eq!(sent.status, 200, "{sent:?}");
    let answer = import(&target, &one).ok();
    assert_eq!(
        (&answer["refused"], &answer["imported"]),
        (&json!(1), &json!(0))
    );
    let why = answer["not_imported"][0]["why"].as_str().unwrap();
    assert!(why.contains("its log is another"), "{why}");
    assert_eq!(target.delete(run.id).status, 204);
    let answer = import(&target, &one).ok();
    let why = answer["not_imported"][0]["why"].as_str().unwrap();
    assert!(why.contains("was deleted here"), "{why}");
    target.execution(run.id, "").error(404, "not_found");
}

#[test]
fn a_bundle_that_is_cut_damaged_or_foreign_is_refused_with_its_place() {
    let from = Collector::start();
    let ids = runs(&from.client());
    let whole = bundle(&from, "order=asc");
    let all = lines(&whole);
    let refused = |bundle: &[u8]| -> (String, usize) {
        let to = Collector::start();
        let client = to.client();
        let message = import(&client, bundle).error(422, "not_a_bundle");
        let list = client.api("/executions").ok();
        let there = list["executions"].as_array().unwrap();
        // What is there is whole.
        for record in there {
            let id = record["id"].as_str().unwrap().parse().unwrap();
            assert_eq!(everything(&client, id), everything(&from.client(), id));
        }
        (message, there.len())
    };
    for (name, bytes, told, there) in [
        ("empty", Vec::new(), "empty or was cut", 0),
        (
            "no zstd",
            b"PK\x03\x04 something else".to_vec(),
            "no zstd stream",
            0,
        ),
        (
            "foreign",
            packed(&["{\"runs\":[]}".to_owned()]),
            "not a bundle of Playback",
            0,
        ),
        (
            "text",
            packed(&["hello".to_owned()]),
            "not a bundle of Playback",
            0,
        ),
        (
            "cut in its bytes",
            whole[..whole.len() / 2].to_vec(),
            "cut",
            0,
        ),
        (
            "cut before its end",
            packed(&all[..all.len() - 1]),
            "the bundle ends here",
            ids.len(),
        ),
    ] {
        let (message, found) = refused(&bytes);
        assert!(message.contains(told), "{name}: {message}");
        if there > 0 {
            assert_eq!(found, there, "{name}: {message}");
        }
    }
    let version = vec![all[0].replace("\"version\":1", "\"version\":9")];
    assert!(
        refused(&packed(&version)).0.contains("version 9"),
        "{}",
        all[0]
    );
    // A block of the second execution is changed, is missing, or comes twice.
    let begins: Vec<usize> = (0..all.len())
        .filter(|at| all[*at].starts_with("{\"execution\""))
        .collect();
    let block = begins[1] + 1;
    let mut changed = all.clone();
    changed[block] = changed[block].replacen("\"lines\":", "\"lines\":1", 1);
    let mut missing = all.clone();
    missing.remove(block);
    let mut twice = all.clone();
    twice.insert(block, all[block].clone());
    let mut exchanged = all.clone();
    exchanged.swap(block, block - 1);
    for lines in [changed, missing, twice, exchanged] {
        let (message, found) = refused(&packed(&lines));
        assert!(
            message.contains("line ") && found == 1,
            "{found}: {message}"
        );
    }
}

/// A run's lines of a bundle with the hash that they have now.
fn sealed(mut lines: Vec<String>) -> Vec<String> {
    let mut hash = Sha256::new();
    for line in &mut lines {
        if line.starts_with("{\"execution\"") {
            hash = Sha256::new();
        }
        if line.starts_with("{\"end\"") {
            let mut end: Value = serde_json::from_str(line).unwrap();
            let bytes = hash.clone().finalize();
            let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            end["end"]["sha256"] = json!(text);
            *line = end.to_string();
        }
        hash.update(format!("{line}\n").as_bytes());
    }
    lines
}

#[test]
fn a_bundle_whose_hashes_were_made_again_does_no_harm() {
    let from = Collector::start();
    let run = Run::new().play("web").output("one\ntwo\n").ended(0);
    run.deliver(&from.client());
    from.client().finished(run.id);
    let all = lines(&bundle(&from, ""));
    let block = all
        .iter()
        .position(|line| line.starts_with("{\"block\""))
        .unwrap();
    let to = Collector::start();
    let client = to.client();
    // The hash is made as the bundle makes it.
    let answer = import(&client, &packed(&sealed(all.clone()))).ok();
    assert_eq!(answer["imported"], 1);
    assert_eq!(client.delete(run.id).status, 204);
    let with = |name: &str, value: Value| {
        let mut lines = all.clone();
        let mut line: Value = serde_json::from_str(&lines[block]).unwrap();
        line["block"][name] = value;
        lines[block] = line.to_string();
        packed(&sealed(lines))
    };
    for (name, value, says) in [
        ("last_seq", json!(u64::MAX), "a number that no log has"),
        ("last_seq", json!(i64::MAX), "a number that no log has"),
        ("first_line", json!(u64::MAX), "a number that no log has"),
        ("lines", json!(u64::MAX), "a number that no log has"),
        ("raw_bytes", json!(u64::MAX), "a number that no log has"),
        ("first_seq", json!(0), "the block is out of order"),
        ("first_seq", json!(u64::MAX), "the block is out of order"),
        ("last_seq", json!(-1), "this is no line of a bundle"),
        ("data", json!("%"), "the block's data is not base64"),
    ] {
        let told = import(&client, &with(name, value.clone())).error(422, "not_a_bundle");
        assert!(told.contains(says), "{name} = {value}: {told}");
        let list = client.api("/executions").ok();
        assert_eq!(list["executions"], json!([]), "{name} = {value}");
    }
    // Numbers that a log can have, and that its events contradict, are shown as a gap in the record.
    for (name, value) in [
        ("last_seq", json!(1_u64 << 53)),
        ("lines", json!(1_u64 << 53)),
    ] {
        let to = Collector::start();
        let client = to.client();
        assert_eq!(
            import(&client, &with(name, value)).ok()["imported"],
            1,
            "{name}"
        );
        let record = client.execution(run.id, "").ok();
        assert_eq!(record["status"], "success", "{name}: {record}");
        let output = client.execution(run.id, "/output?limit=2").ok();
        assert_eq!(output["lines"][0]["text"], "one", "{name}: {output}");
        // The collector goes on.
        assert_eq!(
            client.api("/search?q=two").ok()["hits"][0]["text"],
            "two",
            "{name}"
        );
    }
}

#[test]
fn only_an_admin_exports_and_imports_bundles() {
    let collector = Collector::start();
    good_run().deliver(&collector.client());
    let reader = collector.create_token(&["read"]);
    let client = collector.client_with(Some(&reader));
    client.api("/export/bundle").error(403, "forbidden");
    import(&client, b"").error(403, "forbidden");
}
