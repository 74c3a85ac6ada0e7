//! Entries of the audit trail about launched runs.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{GATED, Site, launch, post};
use crate::harness::Client;

/// Entries about a run, oldest first.
fn entries(client: &Client, id: Uuid) -> Vec<Value> {
    let page = client.api(&format!("/audit?object=execution:{id}")).ok();
    let mut entries = page["entries"].as_array().unwrap().clone();
    entries.reverse();
    entries
}

#[test]
fn launched_canceled_and_repeated_runs_are_entered_without_their_secrets() {
    let site = Site::with_a_stand_in();
    site.playbook("gated.yml", GATED);
    let collector = site.start();
    let client = collector.client();
    let body = json!({
        "playbook": "gated.yml", "inventory": "prod", "check": true, "extra_vars": { "word": "hunter2" },
        "note": "with hunter2",
    });
    let id = launch(&client, "/playbooks/run", &body);
    let note = json!({ "note": "no hunter2" });
    let canceled = post(&client, &format!("/executions/{id}/cancel"), &note);
    assert_eq!(canceled.status, 202, "{canceled:?}");
    assert_eq!(client.finished(id)["reason"], "canceled");
    post(&client, &format!("/executions/{id}/cancel"), &note).error(409, "conflict");
    let again = json!({ "extra_vars": { "word": "hunter2" } });
    let again = post(&client, &format!("/executions/{id}/replay"), &again);
    let again: Uuid = again.json()["id"].as_str().unwrap().parse().unwrap();
    let told = entries(&client, id);
    let actions: Vec<&Value> = told.iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["launch", "cancel"], "{told:#?}");
    let asked = json!({ "playbook": "gated.yml", "inventory": "prod", "check": true });
    assert_eq!(told[0]["after"], asked);
    let told = entries(&client, again);
    assert_eq!(told[0]["action"], "replay");
    assert_eq!(told[0]["after"]["replay_of"], id.to_string());
    assert!(!client.api("/audit").text.contains("hunter2"));
    post(&client, &format!("/executions/{again}/cancel"), &json!({}));
    client.finished(again);
    assert_eq!(client.api("/audit/verify").ok()["is_whole"], true);
}
