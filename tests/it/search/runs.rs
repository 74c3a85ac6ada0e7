//! Lists of runs by a query about lines.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{ask, run_at};
use crate::builders::Run;
use crate::harness::{API, Answer, Client, Collector};

fn list(client: &Client, parameters: &[(&str, &str)]) -> Answer {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    client.get(&format!("{API}/executions?{}", query.finish()))
}

fn id(value: &Value) -> Uuid {
    value["id"].as_str().unwrap().parse().unwrap()
}

fn ids(page: &Value) -> Vec<Uuid> {
    page["executions"]
        .as_array()
        .unwrap()
        .iter()
        .map(id)
        .collect()
}

/// The run of each found line.
pub(super) fn of_hits(page: &Value) -> Vec<Uuid> {
    let hits = page["hits"].as_array().unwrap().iter();
    hits.map(|hit| id(&hit["execution"])).collect()
}

/// All runs of a list, in small pages.
pub(super) fn listed(client: &Client, q: &str) -> Vec<Uuid> {
    all(client, &[("q", q), ("limit", "7")])
}

fn all(client: &Client, parameters: &[(&str, &str)]) -> Vec<Uuid> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let parameters = [parameters, &[("cursor", &cursor)]].concat();
        let page = list(client, &parameters).ok();
        found.extend(ids(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return found,
        }
    }
}

fn run(hours: i64, task: &str, host: &str, msg: &str, code: i32) -> Run {
    let content = json!({ "content": { "msg": msg, "stderr": "E: nothing\nE: more" } });
    run_at(hours)
        .play("web")
        .task(task)
        .result(host, if code == 0 { "ok" } else { "failed" }, content)
        .output(&format!("said: {msg}\n"))
        .ended(code)
}

#[test]
pub(crate) fn a_query_about_lines_lists_the_runs_that_have_one() {
    let collector = Collector::start();
    let client = collector.client();
    let refused = run(0, "Install nginx", "web-01", "connection refused", 2);
    let good = run(1, "Install nginx", "web-01", "fine", 0);
    let other = run(2, "Copy", "db", "Connection  REFUSED by 10.0.0.5", 2);
    let late = run(3, "Install nginx", "web-02", "connection refused", 2);
    for run in [&refused, &good, &other, &late] {
        run.deliver(&client);
    }
    let [refused, good, other, late] = [refused.id, good.id, other.id, late.id];
    for (q, expected) in [
        (r#"task:"Install nginx""#, &[late, good, refused][..]),
        (r#"task:Install* "connection refused""#, &[late, refused]),
        (
            r#"status:failed host:web-* task:"Install nginx" "connection refused""#,
            &[late, refused],
        ),
        (r#"host:web-01 task:"Install nginx" refused"#, &[refused]),
        (r#"host:db task:"Install nginx""#, &[]),
        ("/connection +refused/", &[late, other, refused]),
        (r"/^said: .*\d+\.0\.0\.5$/", &[other]),
        ("module:debug fine", &[good]),
        (
            "in:msg refused until:\"2026-01-20 12:30\"",
            &[other, refused],
        ),
        ("in:stderr nothing", &[late, other, good, refused]),
        ("refused NOT in:output NOT host:db", &[late, refused]),
        ("task:Copy OR (task:Install* fine)", &[other, good]),
        ("in:* nowhere", &[]),
        // The text of the start, and of the run's own fields.
        ("task:Copy text:\"site.yml\" user:ann", &[other]),
        ("task:Copy text:refused", &[]),
    ] {
        assert_eq!(listed(&client, q), expected, "{q}");
        assert_eq!(all(&client, &[("q", q), ("limit", "1")]), expected, "{q}");
    }
    // Filters mean the same as fields of their names.
    for (filter, expected) in [
        (("status", "success"), &[good][..]),
        (("host", "web-01"), &[good, refused]),
        (("end_date", "2026-01-20T11:30:00Z"), &[good, refused]),
        (("user", "bob"), &[]),
    ] {
        let parameters = [("q", "task:\"Install nginx\""), filter];
        assert_eq!(all(&client, &parameters), expected, "{filter:?}");
    }
    // An entry is the same as in any other list.
    let query = [("q", "/10[.]0/"), ("fields", "id,status,failed,labels")];
    let entry = list(&client, &query).ok()["executions"][0].clone();
    let plain = list(&client, &[("host", "db"), query[1]]).ok()["executions"][0].clone();
    assert_eq!((id(&entry), &entry), (other, &plain));

    // Exports have the same runs.
    let query = "what=executions&columns=id&q=task%3ACopy%20%2F10%5B.%5D0%2F";
    let export = client.get(&format!("{API}/export?{query}"));
    assert_eq!(export.ok(), json!({ "id": other }));
    let message = client
        .get(&format!("{API}/export?{query}&order=asc"))
        .error(400, "bad_request");
    assert!(message.starts_with("order = \"asc\": "), "{message}");

    // What says that nothing is left out, in the usual order, is no reason to refuse.
    let usual = [
        ("q", "/10[.]0/"),
        ("sort", "started"),
        ("order", "desc"),
        ("offset", "0"),
    ];
    assert_eq!(id(&list(&client, &usual).ok()["executions"][0]), other);
    list(&client, &[("sort", "duration"), ("offset", "0")]).ok();
    for (parameters, says) in [
        (
            &[("q", "task:x"), ("sort", "duration")][..],
            "sort = \"duration\": it is not possible together with a query about lines",
        ),
        (&[("q", "task:x"), ("order", "asc")], "order = \"asc\": "),
        (&[("q", "task:x"), ("sort", "size")], "sort = \"size\": "),
        (
            &[("q", "task:x"), ("offset", "5")],
            "offset = 5: it is not possible together with a query about lines; use cursor for more",
        ),
        (
            &[("sort", "duration"), ("offset", "5")],
            "offset = 5: it is not possible together with sort=duration; use cursor for more",
        ),
        (&[("q", "task:x"), ("cursor", "x")], "cursor: "),
        (&[("q", "task:x"), ("timeout", "99")], "timeout = 99: "),
        (
            &[("q", "status:failed NOT task:x")],
            "q: column 1: a list finds runs by a line that they have",
        ),
        (
            &[("q", "a /(b/")],
            "q: column 3: this is no regular expression",
        ),
        (&[("q", "a task:/x/")], "q: column 8: task = \"x\": "),
    ] {
        let message = list(&client, parameters).error(400, "bad_request");
        assert!(message.starts_with(says), "{message}");
    }
    assert_eq!(
        ask(&client, &[("q", "refused")]).ok()["hits"][0]["execution"]["id"],
        json!(late)
    );
}

#[test]
fn a_list_without_time_says_how_far_back_it_searched_and_goes_on() {
    let collector = Collector::start();
    let client = collector.client();
    let line = "nothing to see here\n".repeat(4_000);
    let runs: Vec<Uuid> = (0..20)
        .map(|hours| {
            let run = run_at(hours).output(&line).output("needle\n").ended(0);
            run.deliver(&client);
            run.id
        })
        .collect();
    let mut cursor = String::new();
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        let parameters = [("q", "/need.e$/"), ("timeout", "0.1"), ("cursor", &cursor)];
        let page = list(&client, &parameters).ok();
        found.extend(ids(&page));
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => {
                assert!(page["searched_back_to"].is_string(), "{page}");
                cursor = next.to_owned();
            }
            None => break,
        }
    }
    assert_eq!(found, runs.into_iter().rev().collect::<Vec<_>>());
    assert!(pages <= 21, "{pages}");
}
