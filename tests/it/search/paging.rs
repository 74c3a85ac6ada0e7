//! Pages of a search: cursors within an event, the lines around a found one, and runs that change between two pages.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{ask, run_at};
use crate::builders::Run;
use crate::harness::{API, Client, Collector};

/// All lines, page by page.
pub(super) fn paged(client: &Client, q: &str, limit: usize, context: usize) -> Vec<Value> {
    let (limit, context) = (limit.to_string(), context.to_string());
    let mut hits = Vec::new();
    let mut cursor = String::new();
    loop {
        let (page, next) = page(
            client,
            &[
                ("q", q),
                ("limit", &limit),
                ("context", &context),
                ("cursor", &cursor),
            ],
        );
        assert!(page.len() <= limit.parse().unwrap());
        hits.extend(page);
        match next {
            Some(next) => cursor = next,
            None => return hits,
        }
    }
}

/// The lines of a page, and where the next one begins.
fn page(client: &Client, parameters: &[(&str, &str)]) -> (Vec<Value>, Option<String>) {
    let page = ask(client, parameters).ok();
    let next = page["next_cursor"].as_str().map(str::to_owned);
    (page["hits"].as_array().unwrap().clone(), next)
}

fn texts(hits: &[Value]) -> Vec<&str> {
    hits.iter()
        .map(|hit| hit["text"].as_str().unwrap())
        .collect()
}

#[test]
pub(crate) fn pages_of_any_size_hold_the_same_lines_in_the_same_order() {
    let collector = Collector::start();
    let client = collector.client();
    // Several blocks each; lines that consist of several events, one never ended; and a supervisor's output.
    let mut runs = Vec::new();
    for hours in 0..3 {
        let mut run = run_at(hours).play("web").task("x one");
        for number in 0..8 {
            run = run
                .result(
                    "h",
                    "ok",
                    json!({ "content": { "msg": format!("x {number}\nx again") } }),
                )
                .output(&format!("x printed {number}, "))
                .output("and x on\nnone\n");
        }
        let run = run.output("x at the end").ended(0);
        let mut from = 0;
        while from < run.len() {
            let to = run.len().min(from + 7);
            run.deliver_range(&client, from..to);
            from = to;
        }
        runs.push(run);
    }
    let supervised = Run::supervisor(runs[1].id)
        .output("x of the supervisor\nno\nx last\n")
        .ended(0);
    supervised.deliver(&client);

    let whole = ask(&client, &[("q", "x"), ("limit", "1000"), ("context", "1")]).ok();
    let whole = whole["hits"].as_array().unwrap();
    // Of the middle run, the supervisor's lines are the output.
    assert_eq!(whole.len(), 2 * (1 + 16 + 8 + 1) + (1 + 16 + 2));
    for limit in [1, 2, 5, 17] {
        assert_eq!(paged(&client, "x", limit, 1), *whole, "{limit}");
    }
}

#[test]
pub(crate) fn several_lines_of_one_event_are_found_on_pages_of_any_size() {
    let collector = Collector::start();
    let client = collector.client();
    // Found and other lines in one event, in results and in what is printed; one line goes on in the next event.
    run_at(0)
        .play("p")
        .task("t")
        .result(
            "h",
            "ok",
            json!({ "content": { "msg": "x 1\nno\nx 2\nx 3", "stderr": "x 4" } }),
        )
        .output("no\nx a\nx b\nno\nno\nx c\nx d\nx e goes")
        .output(" on\nx f\nno\nx g\n")
        .output("no\nx h\nnot ended x")
        .ended(0)
        .deliver(&client);
    let expected = [
        "x 1",
        "x 2",
        "x 3",
        "x 4",
        "x a",
        "x b",
        "x c",
        "x d",
        "x e goes on",
        "x f",
        "x g",
        "x h",
        "not ended x",
    ];
    for context in [0, 1, 3] {
        let whole = paged(&client, "x", 1_000, context);
        assert_eq!(texts(&whole), expected);
        for limit in [1, 2, 3] {
            let parts = paged(&client, "x", limit, context);
            assert_eq!(parts, whole, "limit {limit}, context {context}");
        }
        // What is counted does not depend on the page.
        for limit in ["1", "2", "1000"] {
            let context = context.to_string();
            let parameters = [
                ("q", "x"),
                ("limit", limit),
                ("context", &context),
                ("facets", "host,day"),
            ];
            let page = ask(&client, &parameters).ok();
            assert_eq!(
                page["facets"]["lines"],
                json!(expected.len()),
                "{limit}: {page}"
            );
            assert_eq!(
                page["facets"]["host"],
                json!([{ "value": "h", "lines": 4 }])
            );
        }
    }
    let around = paged(&client, "f", 1, 2);
    assert_eq!(around[0]["before"], json!(["x d", "x e goes on"]));
    assert_eq!(around[0]["after"], json!(["no", "x g"]));
}

#[test]
pub(crate) fn pages_go_on_while_runs_come_end_and_go() {
    let collector = Collector::start();
    let client = collector.client();
    let said = |hours: i64| {
        let lines = (0..3).fold(run_at(hours), |run, number| {
            run.output(&format!("x {number} of {hours} word{number}\n"))
        });
        lines.ended(0)
    };
    let runs: Vec<Run> = (0..6).map(said).collect();
    for (at, run) in runs.iter().enumerate() {
        // One of them is running, and has printed one line.
        run.deliver_range(&client, 0..if at == 1 { 2 } else { run.len() });
    }
    let next_page = |cursor: &str| page(&client, &[("q", "x"), ("limit", "2"), ("cursor", cursor)]);
    let rest = |cursor: Option<String>| {
        let (mut all, mut cursor) = (Vec::new(), cursor);
        while let Some(at) = cursor {
            let (hits, next) = next_page(&at);
            all.extend(texts(&hits).into_iter().map(str::to_owned));
            cursor = next;
        }
        all
    };
    let redact = |id: Uuid, text: &str| {
        let body = json!({ "texts": [text] }).to_string();
        let path = format!("{API}/executions/{id}/redact");
        client.send("POST", &path, &[], body.as_bytes()).ok();
    };
    let (first, cursor) = next_page("");
    assert_eq!(texts(&first), ["x 0 of 5 word0", "x 1 of 5 word1"]);

    said(9).deliver(&client);
    assert_eq!(client.delete(runs[4].id).status, 204);
    redact(runs[3].id, "word1");
    runs[1].deliver_range(&client, 2..runs[1].len());
    let lines =
        |hours: i64| (0..3).map(move |number| format!("x {number} of {hours} word{number}"));
    let mut expected = vec!["x 2 of 5 word2".to_owned()];
    expected.extend(lines(3).chain(lines(2)).chain(lines(1)).chain(lines(0)));
    expected[2] = "x 1 of 3 ***".to_owned();
    assert_eq!(rest(cursor), expected);

    // The run that the page ended in is redacted, and then is gone.
    let (first, cursor) = next_page("");
    assert_eq!(texts(&first), ["x 0 of 9 word0", "x 1 of 9 word1"]);
    let nine = first[0]["execution"]["id"].as_str().unwrap();
    let nine = nine.parse().unwrap();
    redact(nine, "word2");
    let found = rest(cursor.clone());
    assert_eq!(found[..2], ["x 2 of 9 ***", "x 0 of 5 word0"]);
    assert_eq!(client.delete(nine).status, 204);
    let found = rest(cursor);
    assert_eq!(found[0], "x 0 of 5 word0");
    assert_eq!(found.len(), 3 * 5);
}
