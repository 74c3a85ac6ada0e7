//! Redaction of launched runs, while they run and afterwards.

use serde_json::json;

use super::{Site, launch, post};
use crate::harness::API;

const TELLS: &str = "\
- hosts: all
  gather_facts: false
  tasks:
    - debug:
        msg: {db_password: \"{{ word }}\", text: \"{{ word }}\"}
";

#[test]
fn runs_are_told_what_to_hide_by_their_environment() {
    let site = Site::new()
        .environment("PLAYBACK_REDACT_KEYS", "*password*")
        .environment("PLAYBACK_REDACT_PATTERNS", "hunter[0-9]\\b\nnothing");
    site.playbook("tells.yml", TELLS);
    let collector = site.start();
    let client = collector.client();
    let body = json!({
        "playbook": "tells.yml", "inventory": "prod", "extra_vars": { "word": "hunter2" },
    });
    let id = launch(&client, "/playbooks/run", &body);
    let record = client.finished(id);
    assert_eq!(record["status"], "success", "{record}");
    let mut told = record.to_string();
    for producer in ["recorder", "supervisor"] {
        let events = client.execution(id, &format!("/events?producer={producer}"));
        assert_eq!(events.status, 200, "{events:?}");
        told += &events.text;
    }
    assert!(!told.contains("hunter2"), "{told}");
    assert!(told.contains("\\\"db_password\\\": \\\"***\\\""), "{told}");
}

#[test]
fn values_that_are_kept_for_replays_are_redacted_too() {
    let site = Site::new().setting("keep_values = true");
    site.playbook("tells.yml", TELLS);
    let collector = site.start();
    let client = collector.client();
    let body = json!({
        "playbook": "tells.yml", "inventory": "prod", "extra_vars": { "word": "hunter2" },
        "note": "with hunter2",
    });
    let id = launch(&client, "/playbooks/run", &body);
    assert_eq!(client.finished(id)["status"], "success");
    site.cleared(id);
    let path = format!("{API}/executions/{id}/redact");
    let answer = client
        .send("POST", &path, &[], b"{\"texts\": [\"hunter2\"]}")
        .ok();
    assert_eq!(answer["erased"], true, "{answer}");
    let record = client.finished(id);
    assert!(!record.to_string().contains("hunter2"), "{record}");
    assert_eq!(record["note"], "with ***");
    for end in ["", "-wal", "-shm"] {
        let path = format!("{}{end}", collector.database_file().display());
        let text = std::fs::read(&path).unwrap_or_default();
        assert!(memchr::memmem::find(&text, b"hunter2").is_none(), "{path}");
    }
    // A replay asks for what it does not have any more.
    let path = format!("/executions/{id}/replay");
    let message = post(&client, &path, &json!({})).error(400, "bad_request");
    assert!(
        message.contains("extra_vars: must be given again"),
        "{message}"
    );
    let body = json!({ "extra_vars": { "word": "other" } });
    let again = post(&client, &path, &body);
    assert_eq!(again.status, 202, "{again:?}");
    let again = again.json()["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(client.finished(again)["status"], "success");
}
