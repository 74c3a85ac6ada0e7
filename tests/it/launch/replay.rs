//! Replays of a run from its stored request.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Site, launch, post, printed};
use crate::harness::Client;

const BREAKS: &str = "\
- hosts: all
  gather_facts: false
  tasks:
    - debug:
        msg: \"word={{ word | default('none') }}\"
    - fail:
      when: inventory_hostname == 'web-02'
";

fn replay(client: &Client, id: Uuid, body: &Value) -> Value {
    let answer = post(client, &format!("/executions/{id}/replay"), body);
    assert_eq!(answer.status, 202, "{answer:?}");
    let id = answer.json()["id"].as_str().unwrap().parse().unwrap();
    client.finished(id)
}

#[test]
fn a_replay_repeats_the_request_and_names_the_first_run() {
    let site = Site::new();
    site.playbook("breaks.yml", BREAKS);
    let collector = site.start();
    let client = collector.client();
    let body = json!({
        "playbook": "breaks.yml", "inventory": "prod", "labels": ["x"], "note": "first", "forks": 2,
    });
    let id = launch(&client, "/playbooks/run", &body);
    let first = client.finished(id);
    assert_eq!(first["failed"], json!(["web-02"]), "{first}");

    let again = replay(&client, id, &json!({ "note": "second", "check": true }));
    assert_eq!(again["replay_of"], id.to_string());
    assert_eq!(again["note"], "second");
    assert_eq!(again["check"], true);
    for field in [
        "playbook",
        "inventory",
        "labels",
        "forks",
        "failed",
        "status",
    ] {
        assert_eq!(again[field], first[field], "{field}");
    }

    let failed = replay(&client, id, &json!({ "only_failed": true }));
    assert_eq!(failed["limit"], "web-02");
    let hosts: Vec<&String> = failed["stats"].as_object().unwrap().keys().collect();
    assert_eq!(hosts, ["web-02"], "{failed}");

    let on_good = replay(&client, id, &json!({ "limit": "web-01" }));
    assert_eq!(on_good["status"], "success");
    let path = format!("/executions/{}/replay", on_good["id"].as_str().unwrap());
    let body = json!({ "only_failed": true });
    let message = post(&client, &path, &body).error(409, "conflict");
    assert!(message.contains("only_failed"), "{message}");
    let body = json!({ "only_failed": true, "limit": "all" });
    let path = format!("/executions/{id}/replay");
    assert!(
        post(&client, &path, &body)
            .error(400, "bad_request")
            .contains("limit")
    );
}

#[test]
fn what_may_be_secret_must_be_given_again() {
    let site = Site::new();
    site.playbook("breaks.yml", BREAKS);
    let collector = site.start();
    let client = collector.client();
    let body = json!({
        "playbook": "breaks.yml", "inventory": "prod", "limit": "web-01", "extra_vars": { "word": "w1" },
        "vault_password": "v",
    });
    let id = launch(&client, "/playbooks/run", &body);
    assert!(printed(&client.finished(id)).contains("word=w1"));
    let path = format!("/executions/{id}/replay");
    let message = post(&client, &path, &json!({})).error(400, "bad_request");
    assert!(
        message.contains("extra_vars") && message.contains("word"),
        "{message}"
    );
    let message = post(&client, &path, &json!({ "extra_vars": {} })).error(400, "bad_request");
    assert!(message.contains("vault_password"), "{message}");
    let again = replay(
        &client,
        id,
        &json!({ "extra_vars": { "word": "w2" }, "vault_password": "v" }),
    );
    assert!(printed(&again).contains("word=w2"), "{again}");

    let body =
        json!({ "hosts": "web-01", "inventory": "prod", "module": "shell", "args": "echo a1" });
    let id = launch(&client, "/adhoc", &body);
    client.finished(id);
    let path = format!("/executions/{id}/replay");
    assert!(
        post(&client, &path, &json!({}))
            .error(400, "bad_request")
            .contains("args")
    );
    let again = replay(&client, id, &json!({ "args": "echo a2" }));
    assert!(printed(&again).contains("a2"), "{again}");
}

#[test]
fn values_are_kept_for_replays_where_that_is_wanted() {
    let site = Site::new().setting("keep_values = true");
    site.playbook("breaks.yml", BREAKS);
    let collector = site.start();
    let client = collector.client();
    let body = json!({
        "playbook": "breaks.yml", "inventory": "prod", "limit": "web-01", "extra_vars": { "word": "w1" },
    });
    let id = launch(&client, "/playbooks/run", &body);
    client.finished(id);
    let again = replay(&client, id, &json!({}));
    assert!(printed(&again).contains("word=w1"), "{again}");
}

#[test]
fn what_was_not_launched_here_cannot_be_repeated() {
    let site = Site::new();
    let collector = site.start();
    let client = collector.client();
    let run = crate::builders::good_run();
    run.deliver(&client);
    let path = format!("/executions/{}/replay", run.id);
    post(&client, &path, &json!({})).error(409, "conflict");
}
