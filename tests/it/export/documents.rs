//! One run as a document: HTML and XML are read by Python's own parsers, and hostile texts stay texts.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::by_python;
use crate::builders::{Run, good_run};
use crate::harness::{Client, Collector};

/// What breaks out of badly escaped HTML, XML and Markdown, and what these cannot hold.
const HOSTILE: &str = "</pre><script>alert(1)</script> ]]> --> &amp; \" ' ``` `x` ````` | @all #1 \u{0}\u{1}\u{7}\u{b}\u{fffe}\u{9b} \u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7}";

/// A run in which everything is hostile.
fn hostile_run() -> Run {
    let started = json!({
        "type": "playbook", "playbook": HOSTILE, "user": HOSTILE, "note": format!("{HOSTILE}\n{HOSTILE}"),
        "labels": [HOSTILE], "limit": HOSTILE,
    });
    let task = json!({
        "task": 1, "play": 1, "name": HOSTILE, "action": HOSTILE, "role": HOSTILE, "path": HOSTILE, "line": 3,
    });
    let content = json!({ "msg": format!("{HOSTILE}\n```\n# heading\n{HOSTILE}"), "stderr": HOSTILE, "rc": 1 });
    Run::of(started)
        .play(HOSTILE)
        .event("task_started", task)
        .result(HOSTILE, "failed", json!({ "content": content }))
        .result("db", "skipped", json!({}))
        .output(&format!("{HOSTILE}\n"))
        .output("\u{1b}[0;32mok: [web]\u{1b}[0m\n")
        .recap(&[(HOSTILE, [0, 0, 0, 1, 0]), ("db", [0, 0, 0, 0, 1])])
        .ended(2)
}

fn document(client: &Client, id: Uuid, format: &str) -> String {
    let answer = client.execution(id, &format!("/report?format={format}"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let file = answer.header("content-disposition");
    assert!(
        file.starts_with(&format!("attachment; filename=\"{id}.")),
        "{file}"
    );
    assert!(
        answer
            .header("content-security-policy")
            .starts_with("default-src 'none'")
    );
    answer.text
}

fn read(script: &str, text: &str) -> Value {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("document");
    std::fs::write(&file, text).unwrap();
    by_python(script, &file)
}

/// The elements of an HTML file, its attributes, and its text.
const READ_HTML: &str = "
import html.parser, json, sys
class Reader(html.parser.HTMLParser):
    void = {'meta'}
    def __init__(self):
        super().__init__()
        self.open, self.elements, self.attributes, self.text = [], {}, [], ''
    def handle_starttag(self, tag, attributes):
        self.elements[tag] = self.elements.get(tag, 0) + 1
        self.attributes += [name for name, _ in attributes]
        if tag not in self.void:
            self.open.append(tag)
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
    def handle_data(self, data):
        if 'style' not in self.open:
            self.text += data
reader = Reader()
with open(sys.argv[1], encoding='utf-8') as file:
    reader.feed(file.read())
reader.close()
assert not reader.open, reader.open
print(json.dumps({'elements': reader.elements, 'attributes': sorted(set(reader.attributes)), 'text': reader.text}))
";

#[test]
fn an_html_file_is_one_file_without_scripts() {
    let collector = Collector::start();
    let client = collector.client();
    let run = hostile_run();
    run.deliver(&client);
    let text = document(&client, run.id, "html");
    assert_eq!(document(&client, run.id, ""), text, "the default");
    let read = read(READ_HTML, &text);
    let elements: Vec<&str> = read["elements"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let ours = [
        "b", "body", "code", "div", "h1", "h2", "head", "html", "meta", "p", "pre", "span",
        "style", "table", "td", "th", "title", "tr",
    ];
    for element in &elements {
        assert!(ours.contains(element), "{element}");
    }
    assert_eq!(
        read["attributes"],
        json!(["charset", "class", "content", "lang", "name"])
    );
    for outside in ["src=", "href=", "url(", "@import", "http-equiv"] {
        assert!(!text.contains(outside), "{outside}");
    }
    // The text is there as it was, except for what cannot be shown.
    let shown = read["text"].as_str().unwrap();
    assert!(
        shown.contains("</pre><script>alert(1)</script> ]]> --> &amp; \" '"),
        "{shown}"
    );
    assert!(!shown.contains('\u{1b}'), "{shown}");
    assert!(
        text.contains("<span class=\"c2\">ok: [web]</span>"),
        "{text}"
    );
    assert!(text.contains("prefers-color-scheme:dark"));
    for told in [
        "Why it failed",
        "1 of 2 hosts failed.",
        "Tasks",
        "Hosts",
        "Output",
    ] {
        assert!(shown.contains(told), "{told}");
    }
}

#[test]
fn an_html_file_of_a_large_run_is_bounded_and_says_what_it_leaves_out() {
    let collector = Collector::start();
    let client = collector.client();
    let mut run = Run::new().play("web").task("install");
    for host in 0..1_500 {
        run = match host {
            1_400 => run.failed(&format!("web-{host}")),
            _ => run.ok(&format!("web-{host}")),
        };
    }
    for task in 0..600 {
        run = run.task(&format!("task {task}"));
    }
    for part in 0..100 {
        let lines: String = (0..1_000)
            .map(|line| format!("part {part} line {line}\n"))
            .collect();
        run = run.output(&lines);
    }
    let run = run
        .output(&format!("{}\n", "wide ".repeat(100_000)))
        .ended(2);
    for start in (0..run.len()).step_by(500) {
        run.deliver_range(&client, start..run.len().min(start + 500));
    }
    let text = document(&client, run.id, "html");
    assert!(text.len() < 3 << 20, "{}", text.len());
    let shown = read(READ_HTML, &text)["text"].as_str().unwrap().to_owned();
    for told in [
        "500 further hosts are left out.",
        "101 further tasks are left out.",
        "98001 lines are left out",
        "part 0 line 0",
        "part 99 line 999",
        "[cut: this line has 500000 bytes",
    ] {
        assert!(shown.contains(told), "{told}");
    }
    // The only host that failed comes first.
    let first = shown.find("web-1400").unwrap();
    assert!(first < shown.find("web-0").unwrap());
    let summary = document(&client, run.id, "markdown");
    assert!(summary.len() < 20_000, "{}", summary.len());
    assert!(
        summary.contains("1470 further hosts are left out."),
        "{summary}"
    );
}

/// The suites of a JUnit file, each with its attributes and its cases.
const READ_JUNIT: &str = "
import json, sys
import xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
assert root.tag == 'testsuites', root.tag
def case(one):
    assert one.tag == 'testcase', one.tag
    float(one.attrib['time'])
    [kind, message, text] = ['passed', None, None]
    for child in one:
        kind, message, text = child.tag, child.get('message'), child.text
    return {'name': one.attrib['name'], 'class': one.attrib['classname'], 'kind': kind, 'message': message,
            'text': text, 'file': one.get('file'), 'line': one.get('line')}
suites = []
for suite in root:
    assert suite.tag == 'testsuite', suite.tag
    assert suite[0].tag == 'properties'
    cases = [case(one) for one in suite[1:]]
    def count(kind):
        return sum(one['kind'] == kind for one in cases)
    counts = {'tests': len(cases), 'failures': count('failure'), 'errors': count('error'), 'skipped': count('skipped')}
    for name, number in counts.items():
        assert int(suite.attrib[name]) == number, (name, suite.attrib)
    suites.append({'name': suite.attrib['name'], 'timestamp': suite.attrib['timestamp'], 'cases': cases, **counts})
for name in ['tests', 'failures', 'errors', 'skipped']:
    assert int(root.attrib[name]) == sum(suite[name] for suite in suites), name
print(json.dumps(suites))
";

#[test]
pub(crate) fn a_junit_file_has_a_test_case_for_each_task_and_host() {
    let collector = Collector::start();
    let client = collector.client();
    let failed = json!({ "content": { "msg": "no space", "stderr": "disk full" } });
    let ignored = json!({ "ignored": true, "content": { "msg": "does not matter" } });
    let mut run = Run::new()
        .play("web")
        .task("install")
        .changed("web-01")
        .result("web-02", "failed", failed)
        .unreachable("web-03")
        .result("web-04", "skipped", json!({}))
        .task("check")
        .result("web-01", "failed", ignored)
        .play("db")
        .task("start");
    // More results than are read at once.
    for host in 0..2_500 {
        run = run.ok(&format!("db-{host}"));
    }
    let run = run.ended(2);
    for start in (0..run.len()).step_by(500) {
        run.deliver_range(&client, start..run.len().min(start + 500));
    }
    client.finished(run.id);
    let suites = read(READ_JUNIT, &document(&client, run.id, "junit"));
    let suites = suites.as_array().unwrap();
    let names: Vec<&Value> = suites.iter().map(|suite| &suite["name"]).collect();
    assert_eq!(names, ["web", "db"]);
    assert_eq!(suites[0]["timestamp"], "2026-01-20T10:00:00");
    let told: Vec<(String, &str)> = suites[0]["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| {
            (
                case["name"].as_str().unwrap().to_owned(),
                case["kind"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("[web-01] install", "passed"),
        ("[web-02] install", "failure"),
        ("[web-03] install", "error"),
        ("[web-04] install", "skipped"),
        ("[web-01] check", "system-out"),
    ];
    let expected = expected.map(|(name, kind)| (name.to_owned(), kind));
    assert_eq!(told, expected);
    let case = &suites[0]["cases"][1];
    assert_eq!(case["message"], "no space");
    assert_eq!(case["text"], "no space\ndisk full");
    assert_eq!(
        (&case["class"], &case["file"], &case["line"]),
        (
            &json!("site.yml"),
            &json!("roles/web/tasks/main.yml"),
            &json!("1")
        )
    );
    assert_eq!(
        suites[0]["cases"][4]["text"],
        "failed, and ignored: does not matter"
    );
    // Each result of the API is one test case.
    let mut results: BTreeMap<String, usize> = BTreeMap::new();
    let mut after = Some(0);
    while let Some(from) = after {
        let page = client
            .execution(run.id, &format!("/results?after={from}&limit=1000"))
            .ok();
        for one in page["results"].as_array().unwrap() {
            let name = format!(
                "[{}] {}",
                one["host"].as_str().unwrap(),
                one["task_name"].as_str().unwrap()
            );
            *results.entry(name).or_default() += 1;
        }
        after = page["next"].as_u64();
    }
    let mut cases: BTreeMap<String, usize> = BTreeMap::new();
    for case in suites
        .iter()
        .flat_map(|suite| suite["cases"].as_array().unwrap())
    {
        *cases
            .entry(case["name"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    assert_eq!(cases, results);
}

#[test]
fn a_junit_file_counts_late_results_where_they_stand_and_retracted_ones_nowhere() {
    let collector = Collector::start();
    let client = collector.client();
    let late = |run: Run, host: &str, status: &str| {
        let data =
            json!({ "task": 1, "host": host, "status": status, "content": { "msg": "late" } });
        run.event("result", data)
    };
    let run = Run::new()
        .play("web")
        .task("install")
        .ok("web-01")
        .host("web-02")
        .failed("web-02")
        .event("retracted", json!({ "host": "web-02" }))
        .play("db")
        .task("start")
        .ok("db-01");
    let run = late(run, "web-03", "failed").ok("db-02").failed("db-03");
    let run = late(run, "web-04", "skipped").ended(2);
    run.deliver(&client);
    // That each suite says how many test cases it has is checked for every file.
    let suites = read(READ_JUNIT, &document(&client, run.id, "junit"));
    let told = suites.as_array().unwrap().iter().map(|suite| {
        let cases = suite["cases"].as_array().unwrap().iter();
        let cases = cases
            .map(|case| case["name"].as_str().unwrap())
            .collect::<Vec<_>>();
        (suite["name"].as_str().unwrap(), cases)
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            ("web", vec!["[web-01] install"]),
            ("db", vec!["[db-01] start"]),
            ("web", vec!["[web-03] install"]),
            ("db", vec!["[db-02] start", "[db-03] start"]),
            ("web", vec!["[web-04] install"]),
        ]
    );
}

#[test]
fn a_junit_file_is_valid_whatever_was_recorded() {
    let collector = Collector::start();
    let client = collector.client();
    let run = hostile_run();
    run.deliver(&client);
    let suites = read(READ_JUNIT, &document(&client, run.id, "junit"));
    let case = &suites[0]["cases"][0];
    let name = case["name"].as_str().unwrap();
    assert!(
        name.contains("</pre><script>alert(1)</script> ]]> --> &amp; \" '"),
        "{name}"
    );
    assert!(
        name.contains('\u{fffd}') && !name.contains('\u{b}'),
        "{name}"
    );
    assert!(
        case["text"].as_str().unwrap().contains("# heading"),
        "{case}"
    );
    // A run that failed although no task did is no success.
    let broken = Run::new()
        .output("ERROR! the playbook could not be found\n")
        .ended(1);
    broken.deliver(&client);
    let suites = read(READ_JUNIT, &document(&client, broken.id, "junit"));
    assert_eq!(
        (&suites[0]["name"], &suites[0]["failures"]),
        (&json!("run"), &json!(1))
    );
    let text = suites[0]["cases"][0]["text"].as_str().unwrap();
    assert!(text.contains("could not be found"), "{text}");
    let empty = Run::new().ended(0);
    empty.deliver(&client);
    assert_eq!(
        read(READ_JUNIT, &document(&client, empty.id, "junit")),
        json!([])
    );
}

/// The lines of a Markdown text outside of its fences, and those inside. A fence ends at a line of at least as many
/// backticks.
fn parted(text: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut outside, mut inside) = (Vec::new(), Vec::new());
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let marks = line.len() - line.trim_start_matches('`').len();
        match open {
            None if marks >= 3 && !line[marks..].contains('`') => open = Some(marks),
            None => outside.push(line),
            Some(length) if marks >= length && line[marks..].trim().is_empty() => open = None,
            Some(_) => inside.push(line),
        }
    }
    assert_eq!(open, None, "a fence is left open: {text}");
    (outside, inside)
}

/// A line without its code spans: what is left is ours.
fn without_code(line: &str) -> String {
    let mut rest = line;
    let mut left = String::new();
    while let Some(at) = rest.find('`') {
        left.push_str(&rest[..at]);
        let marks = rest[at..].len() - rest[at..].trim_start_matches('`').len();
        let after = &rest[at + marks..];
        let mut runs = after.match_indices('`').map(|(at, _)| at);
        let end = runs.find(|end| {
            let is_begin = !after[..*end].ends_with('`');
            let length = after[*end..].len() - after[*end..].trim_start_matches('`').len();
            is_begin && length == marks
        });
        let end = end.unwrap_or_else(|| panic!("a code span is left open: {line}"));
        rest = &after[end + marks..];
    }
    left + rest
}

#[test]
fn a_summary_in_markdown_cannot_be_broken_out_of() {
    let collector = Collector::start();
    let client = collector.client();
    let run = hostile_run();
    run.deliver(&client);
    let text = document(&client, run.id, "markdown");
    let (outside, inside) = parted(&text);
    assert!(
        inside.contains(&"# heading") && inside.contains(&"```"),
        "{text}"
    );
    for line in outside {
        let ours = without_code(line);
        for theirs in ["script", "@", "]]>", "title", "heading", "amp"] {
            assert!(!ours.contains(theirs), "{line}");
        }
        if line.starts_with('|') {
            let cells = line.replace("\\|", "").matches('|').count();
            assert!([3, 9].contains(&cells), "{line}");
        }
        assert!(
            !line.contains('\u{1b}') && !line.contains('\u{0}'),
            "{line}"
        );
    }
    let good = good_run();
    good.deliver(&client);
    let text = document(&client, good.id, "markdown");
    assert!(
        text.starts_with("### Ansible: `site.yml`: success\n"),
        "{text}"
    );
    assert!(
        text.contains("| `web-01` | 1 | 1 | 0 | 0 | 0 | 0 | 0 |"),
        "{text}"
    );
}

#[test]
fn documents_that_do_not_exist_are_refused() {
    let collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    run.deliver(&client);
    let message = client
        .execution(run.id, "/report?format=pdf")
        .error(400, "bad_request");
    assert!(message.contains("html, junit, markdown"), "{message}");
    client
        .execution(Uuid::now_v7(), "/report")
        .error(404, "not_found");
}
