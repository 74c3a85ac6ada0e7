//! `/mcp` and `playback mcp`, as programs without any SDK ask them. tests/clients/assistants.py asks with the official one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::builders::{Run, good_run};
use crate::harness::{API, Answer, Client, Collector, PLAYBACK, Setup};

const HEADERS: [(&str, &str); 2] = [
    ("Accept", "application/json, text/event-stream"),
    ("Content-Type", "application/json"),
];

/// Longest answer, with what says that it is cut.
const MOST: usize = 20_500;

fn post(client: &Client, headers: &[(&str, &str)], message: &Value) -> Answer {
    let all = [&HEADERS, headers].concat();
    client.send("POST", "/mcp", &all, message.to_string().as_bytes())
}

fn message(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

/// What a tool answers, and whether that is an error.
#[track_caller]
fn told(client: &Client, tool: &str, arguments: Value) -> (String, bool) {
    let params = json!({ "name": tool, "arguments": arguments });
    let answer = post(client, &[], &message("tools/call", params)).ok();
    let result = &answer["result"];
    let text = result["content"][0]["text"].as_str();
    let text = text.unwrap_or_else(|| panic!("no text: {answer}"));
    assert!(
        text.chars().count() <= MOST,
        "{} characters",
        text.chars().count()
    );
    (text.to_owned(), result["isError"] == true)
}

/// What a tool answers that must be no error.
#[track_caller]
pub(crate) fn answer(client: &Client, tool: &str, arguments: Value) -> String {
    let (text, is_error) = told(client, tool, arguments);
    assert!(!is_error, "{text}");
    text
}

/// Why a tool does not answer.
#[track_caller]
fn complaint(client: &Client, tool: &str, arguments: Value) -> String {
    let (text, is_error) = told(client, tool, arguments);
    assert!(is_error, "{text}");
    text
}

fn failed_run() -> Run {
    Run::new()
        .play("web")
        .task("install")
        .failed("web-01")
        .output("fatal: [web-01]: FAILED! => no space\n")
        .recap(&[("web-01", [0, 0, 0, 1, 0])])
        .ended(2)
}

#[test]
fn every_tool_is_described_and_answers_with_links() {
    let collector = Collector::start();
    let client = collector.client_with(Some(&collector.create_token(&["read"])));
    let (good, bad) = (good_run(), failed_run());
    good.deliver(&collector.client());
    bad.deliver(&collector.client());
    let listed = post(&client, &[], &message("tools/list", json!({}))).ok();
    let tools = listed["result"]["tools"].as_array().unwrap();
    let names: Vec<&str> = tools
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    assert_eq!(
        names,
        ["list", "show", "why", "diff", "search", "trends", "hosts"]
    );
    for tool in tools {
        assert_eq!(tool["annotations"]["readOnlyHint"], true, "{tool}");
        assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
        assert!(tool["description"].as_str().unwrap().len() > 80, "{tool}");
    }
    let page = |id| format!("{}/runs/{id}", collector.url());
    let list = answer(&client, "list", json!({}));
    assert!(
        list.contains(&page(good.id)) && list.contains(&page(bad.id)),
        "{list}"
    );
    let failed = answer(&client, "list", json!({ "query": "status:failed" }));
    assert!(
        !failed.contains(&page(good.id)) && failed.contains("failed on web-01"),
        "{failed}"
    );
    let first = answer(&client, "list", json!({ "limit": 1 }));
    let cursor = first
        .split("cursor = \"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let second = answer(&client, "list", json!({ "limit": 1, "cursor": cursor }));
    assert!(
        second.contains("/runs/") && !second.contains("cursor"),
        "{second}"
    );
    let show = answer(&client, "show", json!({ "run": bad.id.to_string() }));
    assert!(
        show.contains("fatal: [web-01]") && show.contains("web-01: ok=0"),
        "{show}"
    );
    let digits = good.id.simple().to_string()[26..].to_owned();
    assert!(answer(&client, "show", json!({ "run": digits })).contains(&page(good.id)));
    let why = answer(&client, "why", json!({}));
    for part in [
        "no space",
        "\"install\"",
        "roles/web/tasks/main.yml:1",
        &page(bad.id),
    ] {
        assert!(why.contains(part), "{part}: {why}");
    }
    let diff = answer(
        &client,
        "diff",
        json!({ "run": "failed", "with": good.id.to_string() }),
    );
    assert!(
        diff.contains(&format!("/compare/{}/{}", good.id, bad.id)),
        "{diff}"
    );
    assert!(diff.contains("failed now, on web-01"), "{diff}");
    let found = answer(&client, "search", json!({ "query": "fatal" }));
    assert!(
        found.contains(&page(bad.id)) && found.contains("FAILED!"),
        "{found}"
    );
    let trends = answer(&client, "trends", json!({}));
    assert!(
        trends.contains("site.yml") && trends.contains("50 % succeeded"),
        "{trends}"
    );
    let hosts = answer(&client, "hosts", json!({}));
    assert!(hosts.contains("web-01: failed in its last run"), "{hosts}");
    let host = answer(&client, "hosts", json!({ "name": "web-01" }));
    assert!(
        host.contains("What changed it last") && host.contains("\"install\""),
        "{host}"
    );
}

#[test]
fn it_needs_a_token_that_may_read_and_our_own_page() {
    let collector = Collector::start();
    let list = message("tools/call", json!({ "name": "list", "arguments": {} }));
    let nobody = collector.client_with(None);
    let said = post(&nobody, &[], &list).error(401, "unauthorized");
    assert!(said.contains("a token is needed"), "{said}");
    let ingest = collector.client_with(Some(&collector.create_token(&["ingest"])));
    post(&ingest, &[], &list).error(403, "forbidden");
    let reader = collector.client_with(Some(&collector.create_token(&["read"])));
    post(&reader, &[("Origin", "https://evil.example")], &list).error(403, "forbidden");
    assert_eq!(
        post(&reader, &[("Origin", &collector.url())], &list).status,
        200
    );
    assert_eq!(post(&reader, &[], &list).status, 200);
    // A token that is revoked meanwhile is worth nothing.
    reader.get("/mcp").error(405, "method_not_allowed");
    reader
        .send("DELETE", "/mcp", &[], b"")
        .error(405, "method_not_allowed");
    let long = message(
        "tools/call",
        json!({ "name": "list", "arguments": { "query": "x".repeat(70_000) } }),
    );
    post(&reader, &[], &long).error(413, "too_large");
    let plain = [
        ("Accept", "text/html"),
        ("Content-Type", "application/json"),
    ];
    let answer = reader.send("POST", "/mcp", &plain, list.to_string().as_bytes());
    answer.error(406, "not_acceptable");
    let text = [HEADERS[0], ("Content-Type", "text/plain")];
    let answer = reader.send("POST", "/mcp", &text, list.to_string().as_bytes());
    answer.error(415, "unsupported_media_type");
    // There is no page there either.
    assert_eq!(reader.get("/mcp/tools").status, 404);
}

#[test]
fn without_tokens_it_is_for_this_machine_alone() {
    let collector = Setup::default().argument("--no-auth").start_without_token();
    let client = collector.client_with(None);
    let list = message("tools/call", json!({ "name": "list", "arguments": {} }));
    assert_eq!(post(&client, &[], &list).status, 200);
    post(&client, &[("Host", "evil.example")], &list).error(403, "forbidden");
}

#[test]
fn what_is_wrong_is_said_in_words() {
    let collector = Collector::start();
    let client = collector.client();
    let said = |tool: &str, arguments: Value| complaint(&client, tool, arguments);
    assert!(said("show", json!({})).contains("the history is empty"));
    good_run().deliver(&client);
    assert!(said("why", json!({})).contains("no run failed"));
    assert!(said("show", json!({ "run": "abcdef" })).contains("no run's id begins or ends"));
    assert!(said("show", json!({ "run": "last" })).contains("\"latest\", or \"failed\""));
    let unknown = uuid::Uuid::now_v7().to_string();
    assert!(said("why", json!({ "run": unknown })).contains(&unknown));
    assert!(said("list", json!({ "query": "status:faild" })).contains("failed"));
    assert!(said("list", json!({ "limit": 1000 })).contains("from 1 to 50"));
    assert!(said("list", json!({ "limit": "ten" })).starts_with("limit: "));
    assert!(said("list", json!({ "filter": "x" })).contains("`filter`"));
    assert!(said("search", json!({})).contains("`query`"));
    assert!(said("search", json!({ "query": "/(/" })).contains("q: "));
    assert!(said("hosts", json!({ "name": "no/such host" })).contains("no/such host"));
    let params = json!({ "name": "delete", "arguments": {} });
    let answer = post(&client, &[], &message("tools/call", params)).json();
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    assert!(
        answer["error"]["message"]
            .as_str()
            .unwrap()
            .contains("there are list, show")
    );
    let answer = post(
        &client,
        &[],
        &message("resources/read", json!({ "uri": "x" })),
    )
    .json();
    assert!(answer["error"]["code"].is_number(), "{answer}");
}

#[test]
fn a_very_large_run_is_told_in_a_short_answer() {
    let collector = Collector::start();
    let client = collector.client();
    let long = "x".repeat(5000);
    let mut run = Run::new().play("all").task("install");
    let hosts: Vec<String> = (0..3000).map(|number| format!("web-{number:04}")).collect();
    for host in &hosts {
        let content = json!({ "content": { "msg": format!("{host} said {long}") } });
        run = run.result(host, "failed", content);
    }
    for number in 0..3000 {
        run = run.output(&format!("line {number} {long}\n"));
    }
    let recap: Vec<(&str, [u64; 5])> = hosts
        .iter()
        .map(|host| (host.as_str(), [0, 0, 0, 1, 0]))
        .collect();
    let run = run.recap(&recap).ended(2);
    let step = 500;
    for from in (0..run.len()).step_by(step) {
        run.deliver_range(&client, from..(from + step).min(run.len()));
    }
    let why = answer(&client, "why", json!({}));
    assert!(
        why.contains("3000 hosts") && why.contains("and 2992 more"),
        "{why}"
    );
    let show = answer(&client, "show", json!({ "lines": 200 }));
    assert!(
        show.contains("more hosts") && show.contains("The answer is cut here"),
        "{show}"
    );
    let list = answer(&client, "list", json!({}));
    assert!(list.contains("and 2992 more"), "{list}");
    let found = answer(&client, "search", json!({ "query": "line", "limit": 20 }));
    assert!(found.contains("cursor = "), "{found}");
    let hosts = answer(&client, "hosts", json!({ "limit": 20 }));
    assert!(hosts.contains("cursor = "), "{hosts}");
}

#[test]
fn what_is_redacted_is_never_told() {
    let collector = Collector::start();
    let client = collector.client();
    let run = Run::new()
        .play("all")
        .task("log in")
        .result(
            "web-01",
            "failed",
            json!({ "content": { "msg": "wrong password hunter2" } }),
        )
        .output("fatal: wrong password hunter2\n")
        .recap(&[("web-01", [0, 0, 0, 1, 0])])
        .ended(2);
    run.deliver(&client);
    assert!(answer(&client, "why", json!({})).contains("hunter2"));
    let path = format!("{API}/executions/{}/redact", run.id);
    let hidden = client.send("POST", &path, &[], br#"{"texts": ["hunter2"]}"#);
    hidden.ok();
    for (tool, arguments) in [
        ("why", json!({})),
        ("show", json!({})),
        ("search", json!({ "query": "password" })),
        ("diff", json!({ "with": run.id.to_string() })),
    ] {
        let text = answer(&client, tool, arguments);
        assert!(!text.contains("hunter2"), "{tool}: {text}");
    }
    let found = answer(&client, "search", json!({ "query": "hunter2" }));
    assert!(found.contains("No line was found"), "{found}");
}

/// Speaks with `playback mcp` as an assistant does: a message a line. Returns the answers, by their ids.
fn spoken(collector: &Collector, url: &str, messages: &[Value]) -> Vec<Value> {
    let mut child = Command::new(PLAYBACK)
        .arg("mcp")
        .env_clear()
        .env("HOME", collector.folder())
        .env("PLAYBACK_URL", url)
        .env("PLAYBACK_TOKEN", &collector.token)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut answers = Vec::new();
    for message in messages {
        writeln!(input, "{message}").unwrap();
        if message.get("id").is_some() {
            answers.push(serde_json::from_str(&output.next().unwrap().unwrap()).unwrap());
        }
    }
    // Its input ends, and so does it.
    drop(input);
    assert!(child.wait().unwrap().success());
    assert!(output.next().is_none(), "nothing else was printed");
    answers
}

#[test]
fn the_command_speaks_over_standard_input_and_output() {
    let collector = Collector::start();
    let run = failed_run();
    run.deliver(&collector.client());
    let hello = |version: &str| {
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": version, "capabilities": {},
            "clientInfo": { "name": "test", "version": "0" },
        } })
    };
    let begun = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let why = message("tools/call", json!({ "name": "why", "arguments": {} }));
    for version in ["2024-11-05", "2025-06-18"] {
        let messages = [hello(version), begun.clone(), why.clone()];
        let answers = spoken(&collector, &collector.url(), &messages);
        let server = &answers[0]["result"];
        assert_eq!(server["serverInfo"]["name"], "playback", "{server}");
        assert_eq!(server["protocolVersion"], version, "{server}");
        assert!(
            server["instructions"]
                .as_str()
                .unwrap()
                .contains("only read"),
            "{server}"
        );
        let text = answers[1]["result"]["content"][0]["text"].as_str().unwrap();
        let page = format!("{}/runs/{}", collector.url(), run.id);
        assert!(text.contains("no space") && text.contains(&page), "{text}");
    }
    // The collector is away: that is an answer, and no end.
    let messages = [hello("2025-06-18"), begun, why];
    let answers = spoken(&collector, "http://127.0.0.1:9", &messages);
    let result = &answers[1]["result"];
    assert_eq!(result["isError"], true, "{result}");
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("cannot be reached"), "{text}");
}
