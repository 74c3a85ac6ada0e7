//! What is reserved for imports: a producer cannot claim it, and nobody but an admin adds to an imported run.

use serde_json::json;
use tempfile::TempDir;

use super::compared::runs;
use super::{counts, expanded, named, summary};
use crate::builders::Run;
use crate::harness::{Collector, zstd};

#[test]
fn a_producer_cannot_claim_to_be_an_import() {
    let collector = Collector::start();
    let client = collector.client();
    for (run, field) in [
        (
            Run::of(json!({ "type": "playbook", "imported": { "from": "ara" } })),
            "imported",
        ),
        (
            Run::new().event("execution_ended", json!({ "succeeded": true })),
            "succeeded",
        ),
    ] {
        let body = zstd(&run.ndjson());
        let answer = client.ingest(run.id, "recorder", &body);
        let message = answer.error(422, "reserved");
        assert!(message.contains(field), "{message}");
    }
}

#[test]
fn nobody_else_adds_to_an_imported_run() {
    let collector = Collector::start();
    let folder = TempDir::new().unwrap();
    let file = expanded(&named("json-", ".zst").remove(0), &folder);
    summary(&collector, 0, &[file.to_str().unwrap()]);
    let run = runs(&collector.client())[0].1.clone();
    let id = run["id"].as_str().unwrap().parse().unwrap();
    let other = collector.create_token(&["ingest"]);
    let client = collector.client_with(Some(&other));
    let batch = zstd(&Run::new().ok("web-01").ndjson());
    let answer = client.ingest(id, "supervisor", &batch);
    assert_eq!(answer.status, 403, "{answer:?}");
    assert_eq!(runs(&collector.client())[0].1, run);
}

#[test]
fn values_are_hidden_before_they_are_sent() {
    let collector = Collector::start();
    let folder = TempDir::new().unwrap();
    let file = expanded(&named("json-", ".zst").remove(0), &folder);
    let path = file.to_str().unwrap();
    let hide = ["--redact-pattern", "version [0-9]", "--redact-key", "cmd"];
    let answer = summary(&collector, 0, &[&[path], &hide[..]].concat());
    assert_eq!(counts(&answer), (2, 0, 0));
    let client = collector.client();
    let mut all = String::new();
    for (_, run) in runs(&client) {
        let id = run["id"].as_str().unwrap().parse().unwrap();
        all.push_str(&client.execution(id, "/events?limit=1000").text);
    }
    assert!(
        !all.contains("version 2") && all.contains("*** does not start"),
        "{all}"
    );
}
