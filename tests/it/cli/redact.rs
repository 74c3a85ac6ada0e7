//! `redact`.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::json;

use super::{Ran, command, run};
use crate::builders::Run;
use crate::harness::Collector;

fn telling_run() -> Run {
    Run::new()
        .play("web")
        .task("install")
        .result(
            "web-01",
            "ok",
            json!({ "content": { "password": "hunter2" } }),
        )
        .output("one hunter2\ntwo swordfish\npassword: x\n")
        .ended(0)
}

#[test]
fn a_run_is_redacted_by_keys_patterns_and_texts() {
    let collector = Collector::start();
    let client = collector.client();
    let hidden = telling_run();
    hidden.deliver(&client);
    let id = hidden.id.to_string();
    let ran = run(
        &collector,
        &[
            "redact",
            "latest",
            "--key",
            "*password*",
            "--pattern",
            "hunter[0-9]",
            "--note",
            "CHG-1",
        ],
    );
    assert_eq!(
        ran.ok(),
        format!("{id}: 1 values and 2 printed lines were changed\n")
    );
    assert_eq!(
        client.finished(hidden.id)["output"],
        json!(["one ***", "two swordfish", "password: ***"])
    );

    // From a pipe: no command line shows it.
    let mut piped = command(&collector, &["redact", &id, "--texts", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = piped.stdin.take().unwrap();
    stdin.write_all(b"swordfish\n\n").unwrap();
    drop(stdin);
    let ran = Ran::from(piped.wait_with_output().unwrap());
    assert_eq!(
        ran.json(),
        json!({ "values": 0, "lines": 1, "erased": true })
    );
    let record = client.finished(hidden.id);
    assert_eq!(record["output"][1], "two ***");
    assert_eq!(record["redacted"].as_array().unwrap().len(), 2);
    let shown = run(&collector, &["show", &id]);
    assert!(shown.ok().contains("redacted"), "{shown:?}");
}

#[test]
fn what_cannot_be_redacted_is_told() {
    let collector = Collector::start();
    let client = collector.client();
    let over = telling_run();
    over.deliver(&client);
    let id = over.id.to_string();
    let ran = run(&collector, &["redact", &id]);
    assert!(ran.complaint(2).contains("--key"), "{ran:?}");
    let ran = run(&collector, &["redact", &id, "--pattern", "("]);
    assert!(
        ran.complaint(1).contains("pattern 1 cannot be used"),
        "{ran:?}"
    );
    let ran = run(&collector, &["redact", &id, "--texts", "/nonexistent"]);
    assert!(
        ran.complaint(1).contains("/nonexistent cannot be read"),
        "{ran:?}"
    );
    let reader = collector.create_token(&["read"]);
    let mut as_reader = command(&collector, &["redact", &id, "--key", "x"]);
    let ran = Ran::from(as_reader.env("PLAYBACK_TOKEN", reader).output().unwrap());
    assert!(ran.complaint(1).contains("--scope admin"), "{ran:?}");
    let running = Run::new();
    running.deliver(&client);
    let ran = run(
        &collector,
        &["redact", &running.id.to_string(), "--key", "x"],
    );
    assert!(ran.complaint(1).contains("still running"), "{ran:?}");
}
