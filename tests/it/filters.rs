//! Every place that accepts filters refuses unknown ones and lists the known ones; it also refuses invalid values.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::builders::{Run, TEN, good_run};
use crate::harness::{Answer, Client, Collector};

/// The message of an answer that refuses what was requested.
#[track_caller]
fn refused(answer: &Answer) -> String {
    answer.error(400, "bad_request")
}

fn cleanup(client: &Client, body: &Value) -> Answer {
    let path = "/api/v1/ansible/executions/cleanup";
    client.send("POST", path, &[], body.to_string().as_bytes())
}

#[test]
fn a_filter_that_does_not_exist_is_refused_with_those_that_do() {
    let collector = Collector::start();
    let client = collector.client();
    let id = good_run().deliver(&client).id;
    let of_runs = [
        "status",
        "type",
        "playbook",
        "inventory",
        "host",
        "user",
        "controller",
        "label",
        "schedule",
        "changed",
        "reason",
        "pinned",
        "min_duration",
        "text",
        "q",
    ];
    let places: [(String, &str, &[&str]); 4] = [
        (
            "/executions?stauts=failed".to_owned(),
            "did you mean `status`?",
            &[
                "start_date",
                "end_date",
                "limit",
                "cursor",
                "order",
                "fields",
            ],
        ),
        (
            "/executions/stats?lable=prod".to_owned(),
            "did you mean `label`?",
            &["from", "to", "period", "by", "limit"],
        ),
        (
            format!("/executions/{id}/results?hots=web"),
            "did you mean `host`?",
            &["task", "host", "status", "changed", "after", "limit"],
        ),
        (
            "/audit?acter=schedule".to_owned(),
            "did you mean `actor`?",
            &["actor", "action", "object", "from", "to", "limit", "cursor"],
        ),
    ];
    for (path, meant, names) in &places {
        let message = refused(&client.api(path));
        assert!(message.contains(meant), "{path}: {message}");
        let (_, listed) = message.split_once("There are ").unwrap();
        let listed: Vec<&str> = listed.split(", ").collect();
        let of_runs = of_runs
            .iter()
            .filter(|_| path.starts_with("/executions?") || path.contains("stats"));
        for name in names.iter().chain(of_runs) {
            assert!(
                listed.contains(name),
                "{path}: {name} is not among {message}"
            );
        }
    }
    let body = json!({ "retention_days": 1, "lable": "prod" });
    let message = refused(&cleanup(&client, &body));
    assert!(message.contains("did you mean `label`?"), "{message}");
    for name in [
        "status",
        "type",
        "playbook",
        "label",
        "retention_days",
        "dry_run",
    ] {
        assert!(message.contains(name), "{message}");
    }
    // Some exist elsewhere, and would be passed over in silence here.
    for (path, name) in [
        ("/executions?from=2026-01-20", "from"),
        ("/executions?task=1", "task"),
        ("/audit?status=failed", "status"),
    ] {
        let message = refused(&client.api(path));
        assert!(
            message.contains(&format!("unknown field `{name}`")),
            "{path}: {message}"
        );
    }
    let message = refused(&client.api("/executions?user=ann&user=bob"));
    assert!(message.contains("duplicate field `user`"), "{message}");
    assert!(
        client.execution(id, "").status == 200,
        "nothing was removed"
    );
}

#[test]
fn a_value_is_refused_alike_wherever_it_is_given() {
    let collector = Collector::start();
    let client = collector.client();
    let id = good_run().deliver(&client).id;
    for (path, says) in [
        (
            "/executions?status=lost",
            "status = \"lost\": it must be one of running, success, failed",
        ),
        (
            "/executions/stats?status=lost",
            "status = \"lost\": it must be one of running, success, failed",
        ),
        (
            "/executions/ID/results?status=lost",
            "status = \"lost\": it must be one of ok, failed",
        ),
        (
            "/executions/ID/results?task=first",
            "task = \"first\": it must be a whole number",
        ),
        (
            "/executions?id=4f2",
            "id = \"4f2\": it must be 4 to 32 hexadecimal digits",
        ),
        (
            "/executions?id=latest",
            "id = \"latest\": it must be 4 to 32 hexadecimal digits",
        ),
        (
            "/executions?changed=maybe",
            "changed = \"maybe\": it must be true or false",
        ),
        (
            "/executions/stats?pinned=1",
            "pinned = \"1\": it must be true or false",
        ),
        (
            "/executions/ID/results?changed=1",
            "changed = \"1\": it must be true or false",
        ),
        (
            "/executions?start_date=soon",
            "start_date = \"soon\": it must be a time such as",
        ),
        (
            "/executions/stats?from=soon",
            "from = \"soon\": it must be a time such as",
        ),
        ("/audit?to=soon", "to = \"soon\": it must be a time such as"),
        (
            "/audit?action=dance",
            "action = \"dance\": it must be one of delete, pin",
        ),
    ] {
        let message = refused(&client.api(&path.replace("ID", &id.to_string())));
        assert!(message.contains(says), "{path}: {message}");
    }
    // Nothing asks for nothing.
    let list = client
        .api("/executions?status=&user=&start_date=&changed=")
        .ok();
    assert_eq!(list["executions"].as_array().unwrap().len(), 1);
}

#[test]
fn the_end_of_a_path_finds_runs_everywhere() {
    let collector = Collector::start();
    let client = collector.client();
    let started = json!({ "type": "playbook", "playbook": "/home/ann/blog/ansible/site.yml" });
    let run = Run::starting(TEN, started).ended(0);
    let id: Uuid = run.deliver(&client).id;
    good_run().deliver(&client);
    let list = client
        .api("/executions?playbook=blog/ansible/site.yml")
        .ok();
    assert_eq!(list["executions"][0]["id"], json!(id));
    assert_eq!(list["executions"].as_array().unwrap().len(), 1);
    let day = "from=2026-01-01&playbook=blog/ansible/site.yml";
    let stats = client.api(&format!("/executions/stats?{day}")).ok();
    assert_eq!(stats["total"], 1);
    let body = json!({ "retention_days": 1, "playbook": "blog/ansible/site.yml", "dry_run": true });
    let would = cleanup(&client, &body).ok();
    assert_eq!(would["executions"], json!([id]));
}
