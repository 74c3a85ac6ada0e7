//! Search in the lines of all runs, through the API.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::builders::{Run, TEN};
use crate::harness::{API, Answer, Client, Collector, eventually};

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
        let limit = limit.to_string();
        let mut paged = Vec::new();
        let mut cursor = String::new();
        loop {
            let parameters = [
                ("q", "x"),
                ("limit", &limit),
                ("context", "1"),
                ("cursor", &cursor),
            ];
            let page = ask(&client, &parameters).ok();
            paged.extend(page["hits"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        let place = |hit: &Value| {
            (
                hit["execution"]["id"].clone(),
                hit["seq"].clone(),
                hit["text"].clone(),
            )
        };
        let places = |hits: &[Value]| hits.iter().map(place).collect::<Vec<_>>();
        assert_eq!(places(&paged), places(whole), "{limit}");
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

/// A generated run: what it printed, and what its results said.
#[derive(Debug, Clone)]
pub(crate) struct GeneratedRun {
    host: &'static str,
    failed: bool,
    printed: Vec<String>,
    said: Vec<(&'static str, String)>,
}

const WORDS: &[&str] = &[
    "alpha", "Beta", "alphabet", "10.0.0.5", "0.0.5", "x_y", "x", "é", "/etc/x",
];

fn a_line() -> impl Strategy<Value = String> {
    let joins = prop::sample::select(vec![" ", "  ", ", ", "-", "="]);
    let part =
        (prop::sample::select(WORDS), joins).prop_map(|(word, join)| format!("{word}{join}"));
    prop::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
}

fn a_run() -> impl Strategy<Value = GeneratedRun> {
    (
        prop::sample::select(vec!["web-01", "web-02", "db"]),
        any::<bool>(),
        prop::collection::vec(a_line(), 0..6),
        prop::collection::vec(
            (prop::sample::select(vec!["msg", "stderr"]), a_line()),
            0..3,
        ),
    )
        .prop_map(|(host, failed, printed, mut said)| {
            // A field occurs once.
            said.sort_by_key(|(field, _)| *field);
            said.dedup_by_key(|(field, _)| *field);
            GeneratedRun {
                host,
                failed,
                printed,
                said,
            }
        })
}

/// A query, and what it means, in the plainest way.
#[derive(Debug, Clone)]
enum Query {
    Word(&'static str),
    Begins(&'static str),
    Ends(&'static str),
    Part(&'static str),
    Regex(&'static str),
    Phrase(&'static str, &'static str),
    Host(&'static str),
    In(&'static str),
    Failed,
    Not(Box<Query>),
    And(Vec<Query>),
    Or(Vec<Query>),
}

fn a_query() -> impl Strategy<Value = Query> {
    let word = || prop::sample::select(WORDS);
    let leaf = prop_oneof![
        4 => word().prop_map(Query::Word),
        1 => word().prop_map(Query::Begins),
        1 => word().prop_map(Query::Ends),
        1 => word().prop_map(Query::Part),
        1 => prop::sample::select(vec!["alpha", "bet", "é", "x_"]).prop_map(Query::Regex),
        1 => (word(), word()).prop_map(|(one, other)| Query::Phrase(one, other)),
        1 => prop::sample::select(vec!["web-01", "db"]).prop_map(Query::Host),
        1 => prop::sample::select(vec!["output", "msg"]).prop_map(Query::In),
        1 => Just(Query::Failed),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            1 => inner.clone().prop_map(|one| Query::Not(Box::new(one))),
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(Query::And),
            2 => prop::collection::vec(inner, 2..4).prop_map(Query::Or),
        ]
    })
}

impl Query {
    fn text(&self) -> String {
        let join = |all: &[Query], between: &str| {
            let all: Vec<String> = all.iter().map(|one| format!("({})", one.text())).collect();
            all.join(between)
        };
        match self {
            Self::Word(word) => format!("\"{word}\""),
            Self::Begins(word) => format!("{word}*"),
            Self::Ends(word) => format!("*{word}"),
            Self::Part(word) => format!("*{word}*"),
            Self::Regex(part) => format!("/{part}/"),
            Self::Phrase(one, other) => format!("\"{one} {other}\""),
            Self::Host(host) => format!("host:{host}"),
            Self::In(place) => format!("in:{place}"),
            Self::Failed => "status:failed".to_owned(),
            Self::Not(one) => format!("NOT ({})", one.text()),
            Self::And(all) => join(all, " "),
            Self::Or(all) => join(all, " OR "),
        }
    }

    fn holds(&self, run: &GeneratedRun, place: &str, line: &str) -> bool {
        let line_of = line.to_lowercase();
        match self {
            Self::Word(word) => stands(&line_of, &word.to_lowercase(), true, true),
            Self::Begins(word) => stands(&line_of, &word.to_lowercase(), true, false),
            Self::Ends(word) => stands(&line_of, &word.to_lowercase(), false, true),
            Self::Part(word) | Self::Regex(word) => line_of.contains(&word.to_lowercase()),
            Self::Phrase(one, other) => {
                // Any blanks between them.
                let words: Vec<&str> = line_of.split_whitespace().collect();
                let phrase = format!("{one} {other}").to_lowercase();
                stands(&words.join(" "), &phrase, true, true)
            }
            // Only results are known to be the host's.
            Self::Host(host) => place != "output" && run.host == *host,
            Self::In(wanted) => place == *wanted,
            Self::Failed => run.failed,
            Self::Not(one) => !one.holds(run, place, line),
            Self::And(all) => all.iter().all(|one| one.holds(run, place, line)),
            Self::Or(all) => all.iter().any(|one| one.holds(run, place, line)),
        }
    }
}

/// Whether a text stands in a line, and is not part of a larger word on these sides.
fn stands(line: &str, text: &str, begins: bool, ends: bool) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let (first, last) = (text.chars().next(), text.chars().next_back());
    line.char_indices().any(|(at, _)| {
        let Some(rest) = line[at..].strip_prefix(text) else {
            return false;
        };
        let joined = is_word(line[..at].chars().next_back()) && is_word(first);
        let goes_on = is_word(rest.chars().next()) && is_word(last);
        !(begins && joined || ends && goes_on)
    })
}

#[test]
pub(crate) fn random_queries_find_what_reading_everything_finds() {
    let collector = Collector::start();
    let client = collector.client();
    let mut runner = TestRunner::deterministic();
    let runs: Vec<(Uuid, GeneratedRun)> = (0..40)
        .map(|hours| deliver_any(&client, &mut runner, hours))
        .collect();
    compare(&client, &mut runner, &runs, 150);
}

/// Delivers a generated run.
pub(crate) fn deliver_any(
    client: &Client,
    runner: &mut TestRunner,
    hours: i64,
) -> (Uuid, GeneratedRun) {
    let told = a_run().new_tree(runner).unwrap().current();
    let mut run = run_at(hours).play("p").task("t");
    let content: serde_json::Map<String, Value> = told
        .said
        .iter()
        .map(|(field, text)| ((*field).to_owned(), json!(text)))
        .collect();
    let status = if told.failed { "failed" } else { "ok" };
    run = run.result(told.host, status, json!({ "content": content }));
    for line in &told.printed {
        run = run.output(&format!("{line}\n"));
    }
    let run = run.ended(if told.failed { 2 } else { 0 });
    run.deliver(client);
    (run.id, told)
}

/// Holds the answers to random queries against an obvious evaluation.
pub(crate) fn compare(
    client: &Client,
    runner: &mut TestRunner,
    runs: &[(Uuid, GeneratedRun)],
    queries: usize,
) {
    for _ in 0..queries {
        let asked = a_query().new_tree(runner).unwrap().current();
        let q = asked.text();
        let page = ask(client, &[("q", &q), ("limit", "1000")]).ok();
        assert_eq!(page.get("next_cursor"), None);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let hits = page["hits"].as_array().unwrap().iter();
        let found: BTreeSet<(String, String, u64, String)> = hits
            .map(|hit| {
                let id = text(&hit["execution"]["id"]);
                (
                    id,
                    text(&hit["in"]),
                    hit["line"].as_u64().unwrap(),
                    text(&hit["text"]),
                )
            })
            .filter(|(_, place, ..)| place != "task")
            .collect();
        let mut expected = BTreeSet::new();
        for (id, told) in runs {
            let printed = told.printed.iter().enumerate();
            let printed = printed.map(|(at, line)| ("output", at, line));
            let said = told.said.iter().filter(|(_, line)| !line.is_empty());
            let said = said.map(|(field, line)| (*field, 0, line));
            for (place, at, line) in printed.chain(said) {
                if asked.holds(told, place, line) {
                    expected.insert((id.to_string(), place.to_owned(), at as u64, line.clone()));
                }
            }
        }
        assert_eq!(found, expected, "{q}");
    }
}

impl GeneratedRun {
    /// Whether it has a text somewhere.
    pub(crate) fn has(&self, text: &str) -> bool {
        let said = self.said.iter().map(|(_, line)| line);
        self.printed
            .iter()
            .chain(said)
            .any(|line| line.contains(text))
    }

    /// As it is after this text was redacted.
    pub(crate) fn redacted(mut self, text: &str) -> Self {
        let said = self.said.iter_mut().map(|(_, line)| line);
        for line in self.printed.iter_mut().chain(said) {
            *line = line.replace(text, "***");
        }
        self
    }
}
