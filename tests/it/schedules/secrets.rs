//! Secrets that a schedule names are read when a run starts, and stored nowhere.

use serde_json::{Value, json};

use super::{create, each_second, had, pause, post, schedule, started};
use crate::harness::eventually;
use crate::launch::Site;

/// A playbook that succeeds if it knows the words, and tells none of them.
const KNOWS: &str = "\
- hosts: web-01
  gather_facts: false
  tasks:
    - assert:
        that: one | length == 9 and one[0] == 'h' and other | length == 6
        quiet: true
";

#[test]
fn a_launch_names_secrets_too_and_their_values_are_not_stored() {
    let site = Site::new();
    site.playbook("knows.yml", KNOWS);
    let file = site.write("home", "word", "hunter2-7\n");
    let secrets = format!("secrets = {{ word = {{ file = {file:?} }} }}");
    let site = site.setting(&secrets).setting("keep_values = true");
    let collector = site.start();
    let client = collector.client();
    let run = |more: Value| {
        let mut asked = json!({ "playbook": "knows.yml", "inventory": "prod" });
        let all = asked.as_object_mut().unwrap();
        all.extend(more.as_object().unwrap().clone());
        post(&client, "/playbooks/run", &asked)
    };
    let named = json!({ "extra_vars": { "one": "word" } });
    for (more, says) in [
        (
            json!({ "secrets": { "vault_password": "other" } }),
            "secrets.vault_password: the secret \"other\"",
        ),
        (
            json!({ "secrets": { "vault_password": "word" }, "vault_password": "x" }),
            "given twice",
        ),
        (
            json!({ "secrets": { "private_key": "word" } }),
            "is no private key",
        ),
        (
            json!({ "secrets": named, "extra_vars": { "one": "x" } }),
            "given twice",
        ),
        (json!({ "secrets": { "word": "x" } }), "unknown field"),
    ] {
        let message = run(more).error(400, "bad_request");
        assert!(message.contains(says), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
    let launched = run(json!({ "secrets": named, "extra_vars": { "other": "wizard" } }));
    assert_eq!(launched.status, 202, "{launched:?}");
    let id: uuid::Uuid = launched.json()["id"].as_str().unwrap().parse().unwrap();
    let record = client.finished(id);
    assert_eq!(record["status"], "success", "{record}");
    assert_eq!(record["extra_var_names"], json!(["one", "other"]));
    // A replay has no values, and takes the names as well.
    let replay = |body: Value| post(&client, &format!("/executions/{id}/replay"), &body);
    let message = replay(json!({})).error(400, "bad_request");
    assert!(message.contains("must be given again"), "{message}");
    let again = replay(json!({ "secrets": named, "extra_vars": { "other": "wizard" } }));
    assert_eq!(again.status, 202, "{again:?}");
    let again: uuid::Uuid = again.json()["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(client.finished(again)["status"], "success");
    let trail = client.api("/audit?limit=1000").text;
    assert!(!trail.contains("hunter2") && !record.to_string().contains("hunter2"));
}

#[test]
fn a_run_gets_the_secrets_that_its_schedule_names_and_nobody_else_sees_them() {
    let site = Site::new();
    site.playbook("knows.yml", KNOWS);
    let file = site.write("home", "word", "hunter2-7\n");
    let secrets =
        format!("secrets = {{ word = {{ file = {file:?} }}, other = {{ env = \"NIGHT_WORD\" }} }}");
    let site = site.setting(&secrets).setting("keep_values = true");
    let collector = site.start_with(&[("NIGHT_WORD", "wizard")]);
    let client = collector.client();
    // Their names are told to whoever may launch, and to nobody else.
    let runner = collector.client_with(Some(&collector.create_token(&["run"])));
    let names = runner.api("/launch-secrets").ok();
    assert_eq!(names, json!({ "secrets": ["other", "word"] }));
    let reader = collector.client_with(Some(&collector.create_token(&["read"])));
    reader.api("/launch-secrets").error(403, "forbidden");
    let mut asked = each_second("secret", "knows.yml");
    asked["run"]["secrets"] = json!({ "extra_vars": { "one": "word", "other": "other" } });
    create(&client, &asked);
    let run = had(&client, "secret", "started");
    let id: uuid::Uuid = run["execution"].as_str().unwrap().parse().unwrap();
    let record = client.finished(id);
    assert_eq!(record["status"], "success", "{record}");
    assert_eq!(record["extra_var_names"], json!(["one", "other"]));

    // The file is read each time.
    std::fs::remove_file(&file).unwrap();
    let time = had(&client, "secret", "no_secret");
    let message = time["message"].as_str().unwrap();
    assert!(
        message.contains("\"word\"") && message.contains("cannot be read"),
        "{message}"
    );
    assert_eq!(
        schedule(&client, "secret")["blocked"]["reason"],
        "no_secret"
    );
    site.write("home", "word", "hunter2-8\n");
    let before = started(&client, "secret").len();
    eventually("it to start runs again", || {
        (started(&client, "secret").len() > before).then_some(())
    });
    pause(&client, "secret");
    for run in started(&client, "secret") {
        client.finished(run);
    }
    let shown: Value = schedule(&client, "secret");
    assert_eq!(shown["run"]["secrets"]["extra_vars"]["one"], "word");
    for text in [
        shown.to_string(),
        client.api("/audit?limit=1000").text,
        record.to_string(),
    ] {
        assert!(
            !text.contains("hunter2") && !text.contains("wizard"),
            "{text}"
        );
    }
    // Neither does the database hold them.
    for entry in std::fs::read_dir(collector.folder()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap_or_default();
        for word in ["hunter2", "wizard"] {
            let found = bytes
                .windows(word.len())
                .any(|part| part == word.as_bytes());
            assert!(!found, "{word} is in a file of the collector");
        }
    }
}
