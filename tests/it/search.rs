//! Search in the lines of all runs, through the API.

mod oracle;
mod paging;
mod runs;

use serde_json::{Value, json};

use crate::builders::{Run, TEN};
use crate::harness::{API, Answer, Client, Collector, eventually};

pub(crate) use oracle::{
    GeneratedRun, compare, deliver_any, random_queries_find_what_reading_everything_finds,
};
pub(crate) use paging::{
    pages_go_on_while_runs_come_end_and_go,
    pages_of_any_size_hold_the_same_lines_in_the_same_order,
    several_lines_of_one_event_are_found_on_pages_of_any_size,
};
pub(crate) use runs::a_query_about_lines_lists_the_runs_that_have_one;

pub(crate) const HOUR: i64 = 3_600_000_000;

pub(crate) fn ask(client: &Client, parameters: &[(&str, &str)]) -> Answer {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    client.get(&format!("{API}/search?{}", query.finish()))
}

fn search(client: &Client, q: &str) -> Value {
    ask(client, &[("q", q)]).ok()
}

/// Where the found lines stand, and what they say.
fn lines(page: &Value) -> Vec<(String, String)> {
    let hits = page["hits"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    hits.map(|hit| (text(&hit["in"]), text(&hit["text"])))
        .collect()
}

pub(crate) fn found(client: &Client, q: &str) -> Vec<String> {
    let page = search(client, q);
    assert_eq!(page.get("next_cursor"), None, "{page}");
    lines(&page).into_iter().map(|(_, text)| text).collect()
}

pub(crate) fn run_at(hours: i64) -> Run {
    Run::starting(
        TEN + hours * HOUR,
        json!({ "type": "playbook", "playbook": "/srv/site.yml", "user": "ann" }),
    )
}

#[test]
pub(crate) fn a_found_line_says_where_it_stands() {
    let collector = Collector::start();
    let client = collector.client();
    let task = json!({
        "task": 1, "play": 1, "name": "Install nginx", "action": "ansible.builtin.apt", "role": "web",
        "path": "/srv/roles/web/tasks/main.yml", "line": 3,
    });
    let content = json!({
        "msg": "one\nconnection to 10.0.0.5 refused\nthree", "rc": 1,
        "diff": [{ "before": "a", "after": "listen 8080;\n" }],
        "stderr": "E: \u{1b}[31mrefused\u{1b}[0m, twice refused",
    });
    let run = run_at(0)
        .play("web")
        .event("task_started", task)
        .event(
            "output",
            json!({ "text": "TASK [web : Install nginx] ***\n", "of": 3 }),
        )
        .event(
            "result",
            json!({ "task": 1, "host": "web-01", "status": "failed", "content": content }),
        )
        .event(
            "output",
            json!({ "text": "before\nfatal: [web-01]: ", "of": 5 }),
        )
        .event(
            "output",
            json!({ "text": "Connection  REFUSED\nafter\n", "of": 5, "stream": "stderr" }),
        )
        .ended(2);
    run.deliver(&client);

    let page = ask(&client, &[("q", "refused"), ("context", "1")]).ok();
    assert_eq!(
        lines(&page),
        [
            ("msg", "connection to 10.0.0.5 refused"),
            ("stderr", "E: refused, twice refused"),
            ("output", "fatal: [web-01]: Connection  REFUSED"),
        ]
        .map(|(place, text)| (place.to_owned(), text.to_owned()))
    );
    let [msg, stderr, output] = page["hits"].as_array().unwrap().as_slice() else {
        panic!("{page}");
    };
    assert_eq!(
        msg["parts"],
        json!(["connection to 10.0.0.5 ", "refused", ""])
    );
    assert_eq!(
        stderr["parts"],
        json!(["E: ", "refused", ", twice ", "refused", ""])
    );
    assert_eq!(
        (&msg["before"], &msg["after"]),
        (&json!(["one"]), &json!(["three"]))
    );
    assert_eq!(
        (&output["before"], &output["after"]),
        (&json!(["before"]), &json!(["after"]))
    );
    for hit in [msg, stderr, output] {
        assert_eq!(hit["host"], "web-01");
        assert_eq!(
            hit["task"],
            json!({ "number": 1, "name": "Install nginx", "role": "web", "action": "ansible.builtin.apt" })
        );
        assert_eq!(hit["execution"]["id"], json!(run.id));
        assert_eq!(hit["execution"]["playbook"], "/srv/site.yml");
        assert_eq!(hit["execution"]["status"], "failed");
    }
    assert_eq!((&msg["line"], &msg["seq"]), (&json!(1), &json!(5)));
    // The numbers lead to the result and to the line.
    let result = client.execution(run.id, "/results/5").ok();
    assert_eq!(result["event"]["data"]["content"], content);
    let at = format!("/output?from={}&limit=1", output["line"]);
    let line = client.execution(run.id, &at).ok();
    assert_eq!(
        line["lines"][0]["text"],
        "fatal: [web-01]: Connection  REFUSED"
    );
    assert_eq!(
        (&output["stream"], msg.get("stream")),
        (&json!("stdout"), None)
    );
    assert_eq!(page["runs_searched"], 1);

    // Names of tasks are found, too, and each field by itself.
    assert_eq!(
        lines(&search(&client, "nginx")),
        [
            ("task".to_owned(), "web : Install nginx".to_owned()),
            (
                "output".to_owned(),
                "TASK [web : Install nginx] ***".to_owned()
            ),
        ]
    );
    for (q, expected) in [
        ("refused in:msg", 1),
        ("refused in:stderr,output", 2),
        ("8080 in:diff", 1),
        ("8080 in:diff.0", 1),
        ("8080 in:diff.0.after", 1),
        ("8080 in:dif", 0),
        ("nginx NOT in:task", 1),
        ("refused task:\"Install nginx\"", 3),
        ("refused task:*Install*", 3),
        ("refused task:Install", 0),
        ("refused module:apt", 3),
        ("refused module:ansible.builtin.apt", 3),
        ("refused module:yum", 0),
        ("refused host:web-*", 3),
        ("refused host:web-02", 0),
        ("refused -host:web-01", 0),
        ("refused status:failed", 3),
        ("refused status:success", 0),
        ("refused (status:success OR user:ann)", 3),
        ("(status:success OR 8080)", 1),
        ("refused text:\"site.yml\"", 3),
        ("\"connection refused\"", 1),
        ("connection refused", 2),
        ("10.0.0.5", 1),
        ("0.0.5", 1),
        ("0.0.50", 0),
        ("*0.0.5", 1),
        ("refus", 0),
        ("refus*", 3),
        ("/refused$/", 3),
        ("twice -fatal", 1),
        ("E 31mrefused", 0),
    ] {
        assert_eq!(found(&client, q).len(), expected, "{q}");
    }
}

#[test]
pub(crate) fn a_search_without_time_says_how_far_back_it_came_and_goes_on() {
    let collector = Collector::start();
    let client = collector.client();
    let line = "nothing to see here\n".repeat(4_000);
    for hours in 0..30 {
        let run = run_at(hours).output(&line).output("needle\n").ended(0);
        run.deliver(&client);
    }
    let mut cursor = String::new();
    let (mut lines, mut pages, mut oldest) = (0, 0, None);
    loop {
        let parameters = [("q", "needle"), ("timeout", "0.1"), ("cursor", &cursor)];
        let page = ask(&client, &parameters).ok();
        lines += page["hits"].as_array().unwrap().len();
        pages += 1;
        let back_to = page["searched_back_to"].as_str().unwrap().to_owned();
        assert!(oldest.as_ref().is_none_or(|oldest| back_to <= *oldest));
        oldest = Some(back_to);
        match page["next_cursor"].as_str() {
            Some(next) => {
                assert_eq!(page["timed_out"], true, "{page}");
                cursor = next.to_owned();
            }
            None => break,
        }
    }
    assert_eq!(lines, 30);
    assert!(pages <= 31, "{pages}");
    assert_eq!(oldest.unwrap(), "2026-01-20T10:00:00Z");
}

#[test]
pub(crate) fn lines_are_counted_by_facets() {
    let collector = Collector::start();
    let client = collector.client();
    for (hours, host, code) in [(0, "a", 0), (1, "b", 2), (30, "b", 0)] {
        let run = run_at(hours)
            .play("web")
            .task("install")
            .result(host, "ok", json!({ "content": { "msg": "x\nx" } }))
            .output("x\n")
            .ended(code);
        run.deliver(&client);
    }
    let facets = "playbook,host,task,module,status,day";
    let page = ask(&client, &[("q", "x"), ("limit", "1"), ("facets", facets)]).ok();
    assert_eq!(page["hits"].as_array().unwrap().len(), 1);
    let count = |value: &str, lines: u64| json!({ "value": value, "lines": lines });
    assert_eq!(
        page["facets"],
        json!({
            "lines": 9, "runs": 3,
            "playbook": [count("/srv/site.yml", 9)],
            "host": [count("b", 4), count("a", 2)],
            "task": [count("install", 6)],
            "module": [count("debug", 6)],
            "status": [count("success", 6), count("failed", 3)],
            "day": [count("2026-01-21", 3), count("2026-01-20", 6)],
        })
    );
    // Counting does not keep the pages from going on.
    let next = page["next_cursor"].as_str().unwrap();
    let page = ask(&client, &[("q", "x"), ("cursor", next)]).ok();
    assert_eq!(page["hits"].as_array().unwrap().len(), 8);
}

#[test]
fn names_times_and_classes_of_any_kind_are_found() {
    let collector = Collector::start();
    let client = collector.client();
    let long = "h".repeat(300);
    run_at(0)
        .play("p")
        .task("t")
        .ok(&long)
        .output("größe /x/ 17\n")
        .ended(0)
        .deliver(&client);
    // Longer names than an index may have are known by their beginning and their hash.
    for (q, expected) in [
        (format!("host:{long} fine"), 1),
        (format!("host:{long}x fine"), 0),
        (format!("fine (host:{long} OR nothing)"), 1),
        (r"/^\p{L}+ [/]x[/] \d{2}$/".to_owned(), 1),
        (r"/\p{Greek}/".to_owned(), 0),
        ("größe since:\"2026-01-20 10:00\"".to_owned(), 1),
        ("größe since:\"2026-01-20 10:01\"".to_owned(), 0),
        ("größe until:\"2026-01-20T10:00\"".to_owned(), 1),
    ] {
        assert_eq!(found(&client, &q).len(), expected, "{q}");
    }
    let list = client.api("/executions?start_date=2026-01-20T10:00").ok();
    assert_eq!(list["executions"].as_array().unwrap().len(), 1);
    let list = client.api("/executions?start_date=2026-01-20%2010:01").ok();
    assert_eq!(list["executions"], json!([]));
}

#[test]
fn a_wrong_search_is_told_what_is_wrong_and_where() {
    let collector = Collector::start();
    let client = collector.client();
    let long = "x".repeat(5_000);
    let huge = "x".repeat(60_000);
    for (name, value, expected) in [
        ("q", "", "q: it must say what to look for"),
        ("q", "  ", "q: it must say what to look for"),
        ("q", "a AND", "q: column 6: "),
        (
            "q",
            "a /(b/",
            "q: column 3: this is no regular expression: unclosed group",
        ),
        (
            "q",
            r"/(\w{1000}){1000}/",
            "q: column 1: the regular expression stands for too much",
        ),
        ("q", "*", "q: column 1: a `*` alone is in every line"),
        (
            "q",
            "\" \"",
            "q: column 1: there is nothing but blanks to look for",
        ),
        (
            "q",
            "tsk:x",
            "q: column 1: unknown field `tsk`: did you mean `task`?",
        ),
        (
            "q",
            "a status:lost",
            "q: column 10: status = \"lost\": it must be one of",
        ),
        (
            "q",
            "host:/web/",
            "q: column 6: host = \"web\": a regular expression is only possible",
        ),
        (
            "q",
            "fatal: [web-01]",
            "q: column 1: unknown field `fatal`: There are host, task",
        ),
        (
            "q",
            "/refused/i",
            "q: column 1: a regular expression ends with its second slash",
        ),
        ("q", &long, "a query has 4096 bytes at most"),
        ("q", &huge, "a query has 4096 bytes at most"),
        ("limit", "0", "limit = 0: it must be from 1 to 1000"),
        ("context", "21", "context = 21: it must be from 0 to 20"),
        (
            "timeout",
            "0",
            "timeout = 0: it must be from 0.1 to 60 seconds",
        ),
        ("cursor", "1.2.3", "cursor: this is no cursor"),
        (
            "facets",
            "host,color",
            "facets = \"color\": it must be one of",
        ),
        ("query", "x", "unknown field `query`"),
    ] {
        let more = if name == "q" { "" } else { "x" };
        let mut parameters = vec![(name, value)];
        if name != "q" {
            parameters.push(("q", more));
        }
        let told = ask(&client, &parameters).error(400, "bad_request");
        assert!(told.contains(expected), "{told}");
    }
    // What would take a simpler matcher for ever is as quick as anything.
    run_at(0)
        .output(&format!("{}\n", "a".repeat(50_000)))
        .ended(0)
        .deliver(&client);
    assert_eq!(found(&client, "/(a+)+$b/").len(), 0);
    // It needs a token.
    let without = collector.client_with(None);
    ask(&without, &[("q", "x")]).error(401, "unauthorized");
}

#[test]
pub(crate) fn what_was_deleted_or_redacted_is_not_found() {
    let collector = Collector::start();
    let client = collector.client();
    let said = |hours, word: &str| {
        run_at(hours)
            .output(&format!("the word is {word}\n"))
            .ended(0)
    };
    let (gone, hidden, kept) = (said(0, "swordfish"), said(1, "swordfish"), said(2, "other"));
    for run in [&gone, &hidden, &kept] {
        run.deliver(&client);
    }
    assert_eq!(found(&client, "swordfish").len(), 2);
    assert_eq!(client.delete(gone.id).status, 204);
    let body = json!({ "texts": ["swordfish"] }).to_string();
    let path = format!("{API}/executions/{}/redact", hidden.id);
    client.send("POST", &path, &[], body.as_bytes()).ok();
    assert_eq!(found(&client, "swordfish").len(), 0);
    assert_eq!(found(&client, "word").len(), 2);
}

#[test]
pub(crate) fn a_running_run_is_searched_as_far_as_it_is() {
    let collector = Collector::start();
    let client = collector.client();
    let run = run_at(0)
        .output("first word\nsecond wo")
        .output("rd\n")
        .ended(0);
    run.deliver_range(&client, 0..2);
    assert_eq!(found(&client, "word"), ["first word"]);
    run.deliver_range(&client, 2..run.len());
    assert_eq!(found(&client, "word"), ["first word", "second word"]);
    eventually("the log to be packed", || {
        (found(&client, "word").len() == 2).then_some(())
    });
}
