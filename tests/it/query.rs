//! The query language in the API: the list and statistics take the same queries, and an error names its place.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::builders::{Run, TEN, good_run};
use crate::harness::{Client, Collector};

/// A query as a parameter.
fn encoded(query: &str) -> String {
    let mut encoded = String::new();
    for byte in query.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => encoded.push(byte.into()),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

fn ids(answer: &Value) -> Vec<Uuid> {
    let entries = answer["executions"].as_array().unwrap().iter();
    entries
        .map(|entry| entry["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

fn found(client: &Client, query: &str, more: &str) -> Vec<Uuid> {
    let q = encoded(query);
    ids(&client.api(&format!("/executions?q={q}{more}")).ok())
}

#[track_caller]
fn refused(client: &Client, query: &str) -> String {
    let q = encoded(query);
    let list = client
        .api(&format!("/executions?q={q}"))
        .error(400, "bad_request");
    let stats = client.api(&format!("/executions/stats?q={q}"));
    assert_eq!(stats.error(400, "bad_request"), list);
    list
}

#[test]
pub(crate) fn a_query_finds_what_it_says() {
    let collector = Collector::start();
    let client = collector.client();
    let run = |second: i64, started: Value, recap: &[(&str, [u64; 5])], code| {
        let mut run = Run::starting(TEN + second * 1_000_000, started).play("web");
        if code != 0 {
            run = run.task("install").failed(recap[0].0);
        }
        let run = run.recap(recap).ended(code);
        run.deliver(&client);
        run.id
    };
    let web = run(
        1,
        json!({ "type": "playbook", "playbook": "/srv/web/site.yml", "user": "ann", "note": "Connection refused" }),
        &[("web-01", [2, 1, 0, 0, 0]), ("web-02", [2, 0, 0, 0, 0])],
        0,
    );
    let other = run(
        2,
        json!({ "type": "playbook", "playbook": "/srv/db/site.yml", "user": "deploy" }),
        &[("web-01", [2, 0, 0, 0, 0]), ("db", [2, 1, 0, 0, 0])],
        0,
    );
    let check = run(
        3,
        json!({ "type": "playbook", "playbook": "/srv/web/site.yml", "user": "deploy", "check": true }),
        &[("web-01", [2, 1, 0, 0, 0])],
        0,
    );
    let failed = run(
        4,
        json!({ "type": "adhoc", "user": "bob", "labels": ["a b", "rel-1"] }),
        &[("db", [0, 0, 0, 1, 0])],
        2,
    );
    let cases: &[(&str, &[Uuid])] = &[
        ("", &[failed, check, other, web]),
        (" \t", &[failed, check, other, web]),
        ("\"connection refused\"", &[web]),
        ("refused connection", &[web]),
        ("CONN*", &[web]),
        ("refused OR nothing", &[web]),
        ("refused nothing", &[]),
        (
            "status:failed OR (host:web-* NOT user:deploy)",
            &[failed, web],
        ),
        ("status:failed,success", &[failed, check, other, web]),
        ("NOT host:web-*", &[failed]),
        ("-host:web-01 -host:db", &[]),
        ("NOT reason:task_failed", &[check, other, web]),
        ("playbook:web/*", &[check, web]),
        ("playbook:*.yml", &[check, other, web]),
        ("user:*e*", &[check, other]),
        ("label:\"a b\"", &[failed]),
        ("label:rel-*", &[failed]),
        ("host:web-01 changed:yes", &[web]),
        ("host:web-01 changed:no", &[check, other]),
        ("host:web-* changed:no", &[check, other, web]),
        ("changed:yes", &[other, web]),
        ("NOT (host:web-01 changed:yes)", &[failed, check, other]),
        ("host:web-01 NOT changed:yes", &[check, other]),
        (
            "(host:web-02 changed:yes) OR (host:db changed:yes)",
            &[other],
        ),
        (
            "since:2026-01-20 until:2026-01-20",
            &[failed, check, other, web],
        ),
        ("until:7d user:bob", &[failed]),
        ("since:7d", &[]),
        ("type:adhoc,playbook min_duration:1000d", &[]),
    ];
    for (query, expected) in cases {
        assert_eq!(found(&client, query, ""), *expected, "{query}");
        let q = encoded(query);
        if query.contains("since:7d") || query.contains("until:7d") {
            continue;
        }
        let day = match query.contains("since") {
            true => "",
            false => "&from=2026-01-20&to=2026-01-20",
        };
        let stats = client.api(&format!("/executions/stats?q={q}{day}")).ok();
        assert_eq!(stats["total"], expected.len(), "{query}: {stats}");
    }
    // An id by its beginning or by its end.
    let end = |id: Uuid| id.simple().to_string()[26..].to_owned();
    let of_three = format!("id:{},{} OR id:{web}", end(other), end(failed));
    assert_eq!(found(&client, &format!("id:{}", end(web)), ""), [web]);
    assert_eq!(
        found(&client, &format!("NOT id:{}", end(web)), ""),
        [failed, check, other]
    );
    assert_eq!(found(&client, &of_three, ""), [failed, other, web]);
    assert!(found(&client, "user:ann", &format!("&id={}", end(other))).is_empty());
    // Beside the filters: both must hold, and a host and a change belong together.
    assert_eq!(found(&client, "changed:yes", "&host=web-01"), [web]);
    assert_eq!(found(&client, "host:web-01", "&changed=true"), [web]);
    assert_eq!(
        found(&client, "host:web-0*", "&changed=false"),
        [check, other, web]
    );
    assert!(found(&client, "user:ann", "&user=bob").is_empty());
    assert_eq!(found(&client, "host:db", "&host=web-01"), [other]);
    // The mark of a check.
    let entry = client
        .api(&format!(
            "/executions?q={}",
            encoded("host:web-01 changed:no user:deploy")
        ))
        .ok();
    assert_eq!(entry["executions"][0]["check"], true);
    // Page by page.
    let q = encoded("NOT status:failed");
    let first = client.api(&format!("/executions?limit=2&q={q}")).ok();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = client
        .api(&format!("/executions?limit=2&q={q}&cursor={cursor}"))
        .ok();
    assert_eq!([ids(&first), ids(&second)].concat(), [check, other, web]);
    assert!(second.get("next_cursor").is_none());
}

#[test]
fn what_is_no_query_is_refused_with_its_place() {
    let collector = Collector::start();
    let client = collector.client();
    good_run().deliver(&client);
    Run::new().ended(2).deliver(&client);
    for (query, says) in [
        (
            "host:x stauts:failed",
            "q: column 8: unknown field `stauts`: did you mean `status`? There are status, type",
        ),
        (
            "é status:lost",
            "q: column 10: status = \"lost\": it must be one of running, success, failed",
        ),
        ("(a", "q: column 1: this bracket is not closed"),
        ("a \"b", "q: column 3: this quotation mark"),
        ("NOT", "q: column 4:"),
        (
            "user:/ann|bob/",
            "q: column 6: user = \"ann|bob\": a regular expression is not possible here",
        ),
    ] {
        let message = refused(&client, query);
        assert!(message.starts_with(says), "{message}");
    }
    let message = refused(&client, &"(".repeat(3_000));
    assert!(
        message.starts_with("q: column 21: 20 brackets"),
        "{message}"
    );
    let message = refused(&client, &"x".repeat(10_000));
    assert!(
        message.starts_with("q: column 4097: a query has 4096 bytes at most"),
        "{message}"
    );
    // Nearly all that the head of a request may have.
    let message = client
        .api(&format!("/executions?q={}", "x".repeat(60_000)))
        .error(400, "bad_request");
    assert!(
        message.contains("a query has 4096 bytes at most"),
        "{message}"
    );
    // What cannot be deleted by a query is not deleted without one.
    let path = "/api/v1/ansible/executions/cleanup";
    let body = json!({ "retention_days": 1, "q": "status:failed" }).to_string();
    let message = client
        .send("POST", path, &[], body.as_bytes())
        .error(400, "bad_request");
    assert!(message.contains("unknown field `q`"), "{message}");
    assert_eq!(found(&client, "", "").len(), 2);
}
