//! Pinned runs.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{aged, cleaned, left, set, site};
use crate::harness::{API, Answer, Client, Collector};

pub(super) fn pin(client: &Client, id: Uuid, body: &Value) -> Answer {
    let path = format!("{API}/executions/{id}/pin");
    client.send("PUT", &path, &[], body.to_string().as_bytes())
}

pub(super) fn unpin(client: &Client, id: Uuid) -> Answer {
    client.send("DELETE", &format!("{API}/executions/{id}/pin"), &[], b"")
}

#[test]
pub(crate) fn what_is_pinned_stays() {
    let mut collector = Collector::start();
    let client = collector.client();
    let (kept, other) = (aged(50.0, site()), aged(60.0, site()));
    kept.deliver(&client);
    other.deliver(&client);
    let answer = pin(&client, kept.id, &json!({ "note": "audit 7" })).ok();
    assert_eq!(answer["note"], "audit 7");
    assert!(
        answer["by"].as_str().unwrap().starts_with("token:"),
        "{answer}"
    );
    assert_eq!(client.finished(kept.id)["pinned"], answer);
    assert_eq!(client.finished(other.id)["pinned"], Value::Null);
    let found = |query: &str| {
        let page = client.api(&format!("/executions?{query}")).ok();
        page["executions"].as_array().unwrap().clone()
    };
    assert_eq!(found("pinned=true").len(), 1);
    assert_eq!(found("pinned=true")[0]["pinned"], answer);
    assert_eq!(found("pinned=false")[0]["id"], other.id.to_string());

    // No rule removes it, nor what it printed; and nobody deletes it by mistake.
    let body = json!({ "retention_days": 30, "keep_payload_days": 10 });
    let (would, gone) = cleaned(&client, &body);
    assert_eq!(gone, set(&[&other]));
    assert_eq!(would["kept_pinned"], 1);
    let message = client.delete(kept.id).error(409, "conflict");
    assert!(
        message.contains(&format!("playback unpin {}", kept.id)),
        "{message}"
    );
    assert_eq!(
        client.finished(kept.id)["output"].as_array().unwrap().len(),
        4
    );

    // It is no projection of events: what is redacted, rebuilt or told again leaves it alone.
    let path = format!("{API}/executions/{}/redact", kept.id);
    client
        .send("POST", &path, &[], br#"{"texts": ["last"]}"#)
        .ok();
    assert_eq!(client.finished(kept.id)["pinned"], answer);
    assert_eq!(kept.send(&client).acked(), kept.len() as u64);
    assert!(collector.stop().0.success());
    collector.command(&["rebuild", "--all"]).unwrap();
    collector.launch();
    assert_eq!(client.finished(kept.id)["pinned"], answer);

    // Said anew, and taken away.
    let again = pin(&client, kept.id, &json!({})).ok();
    assert_eq!(again["note"], Value::Null);
    assert_eq!(unpin(&client, kept.id).status, 204);
    assert_eq!(unpin(&client, kept.id).status, 204);
    assert_eq!(cleaned(&client, &body).1, set(&[&kept]));
    assert!(left(&client).is_empty());
}

#[test]
fn who_may_run_may_pin_and_bad_input_is_told() {
    let collector = Collector::start();
    let client = collector.client();
    let run = aged(1.0, site());
    run.deliver(&client);
    let token = collector.create_token(&["run"]);
    let runner = collector.client_with(Some(&token));
    pin(&runner, run.id, &json!({})).ok();
    assert_eq!(unpin(&runner, run.id).status, 204);
    for scope in ["read", "ingest"] {
        let token = collector.create_token(&[scope]);
        let other = collector.client_with(Some(&token));
        pin(&other, run.id, &json!({})).error(403, "forbidden");
        unpin(&other, run.id).error(403, "forbidden");
    }
    pin(&client, Uuid::now_v7(), &json!({})).error(404, "not_found");
    unpin(&client, Uuid::now_v7()).error(404, "not_found");
    let message = pin(&client, run.id, &json!({ "note": 7 })).error(400, "bad_request");
    assert!(message.contains("note"), "{message}");
    let long = "x".repeat(2001);
    let message = pin(&client, run.id, &json!({ "note": long })).error(400, "bad_request");
    assert!(message.contains("note is too long"), "{message}");
    let message = client
        .api("/executions?pinned=maybe")
        .error(400, "bad_request");
    assert!(message.contains("pinned"), "{message}");
}
