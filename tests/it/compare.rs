//! Comparison of two runs, through the API.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use playback::clock::Clock;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::builders::{Run, TEN};
use crate::harness::{API, Client, Collector};

const HOUR: i64 = 3_600_000_000;

/// A run of a playbook that starts so many hours after [`TEN`].
fn run_at(hours: i64, more: Value) -> Run {
    let mut started = json!({
        "type": "playbook", "playbook": "/srv/site.yml", "inventory": "hosts.ini", "cwd": "/srv",
    });
    let fields = started.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    Run::starting(TEN + hours * HOUR, started).play("web")
}

/// Adds a task, which is numbered by the builder's caller.
fn task(run: Run, number: u32, name: &str) -> Run {
    let data = json!({
        "task": number, "play": 1, "name": name, "action": "command", "role": "web",
        "path": "/srv/roles/web/tasks/main.yml", "line": number * 3,
    });
    run.event("task_started", data)
}

fn result(run: Run, number: u32, host: &str, status: &str, more: Value) -> Run {
    let mut data = json!({ "task": number, "host": host, "status": status });
    let fields = data.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    run.event("result", data)
}

fn ok(run: Run, number: u32, host: &str) -> Run {
    result(
        run,
        number,
        host,
        "ok",
        json!({ "content": { "msg": "fine" } }),
    )
}

fn compared(client: &Client, before: Uuid, now: Uuid) -> Value {
    client.execution(before, &format!("/compare/{now}")).ok()
}

fn names(tasks: &Value) -> Vec<&str> {
    let tasks = tasks.as_array().unwrap().iter();
    tasks.map(|task| task["name"].as_str().unwrap()).collect()
}

#[test]
pub(crate) fn an_inserted_a_moved_and_a_renamed_task_shift_nothing() {
    let collector = Collector::start();
    let client = collector.client();
    let of = |hours: i64, tasks: &[&str], hosts: &[&str]| {
        let mut run = run_at(hours, json!({}));
        for (number, name) in (1..).zip(tasks) {
            run = task(run, number, name);
            for host in hosts {
                run = ok(run, number, host);
            }
        }
        run.ended(0)
    };
    let before = of(
        0,
        &["first", "second", "third", "fourth", "last"],
        &["web-01", "web-02"],
    );
    let tasks = [
        "second",
        "inserted",
        "third",
        "another name",
        "last",
        "first",
    ];
    let now = of(1, &tasks, &["web-02", "web-03"]);
    before.deliver(&client);
    now.deliver(&client);
    let answer = compared(&client, before.id, now.id);
    assert_eq!(names(&answer["tasks_added"]), ["inserted"]);
    assert_eq!(answer["tasks_gone"], json!([]));
    let moved = &answer["tasks_moved"][0];
    assert_eq!(
        (&moved["before"]["line"], &moved["now"]["line"]),
        (&json!(3), &json!(18))
    );
    let renamed = &answer["tasks_renamed"][0];
    assert_eq!(
        (&renamed["before"]["name"], &renamed["now"]["name"]),
        (&json!("fourth"), &json!("another name"))
    );
    assert_eq!(answer["hosts_added"], json!(["web-03"]));
    assert_eq!(answer["hosts_gone"], json!(["web-01"]));
    let summary = &answer["summary"];
    assert_eq!(summary["tasks_both"], 5);
    // One host is in both, and ended all five in the same way.
    assert_eq!(
        (&summary["results_compared"], &summary["results_different"]),
        (&json!(5), &json!(0))
    );
    assert_eq!(summary["different"], true);
    assert_eq!(answer["outcomes"], json!([]));
    assert_eq!(answer["remarks"], json!([]));
    // The other way round, what was added is gone.
    let back = compared(&client, now.id, before.id);
    assert_eq!(names(&back["tasks_gone"]), ["inserted"]);
}

#[test]
pub(crate) fn outcomes_fields_and_durations_are_compared_by_task_and_host() {
    let collector = Collector::start();
    let client = collector.client();
    let started =
        |commit: &str| json!({ "git": { "commit": commit }, "ansible_version": "2.19.0" });
    let took = |seconds: i64, start_us: i64| json!({ "started": start_us - seconds * 1_000_000, "content": { "msg": "x" } });
    let said = |minute: u32, rc: i64, text: &str| {
        json!({ "content": {
            "rc": rc, "stdout": format!("at 10:{minute}:00\n{text}"), "msg": "non-zero return code",
            "start": format!("2026-01-20 10:{minute}:00"), "invocation": { "module_args": { "pkg": "nginx" } },
        } })
    };
    let mut before = run_at(0, started("aaa"));
    before = task(before, 1, "slow");
    before = result(before, 1, "web-01", "ok", took(2, TEN));
    before = task(before, 2, "install");
    before = result(before, 2, "web-01", "ok", said(10, 0, "done"));
    before = result(before, 2, "web-02", "failed", said(11, 1, "no space"));
    before = task(before, 3, "config");
    let before = ok(before, 3, "web-01").ended(2);
    let mut now = run_at(1, started("bbb"));
    now = task(now, 1, "slow");
    now = result(now, 1, "web-01", "ok", took(9, TEN + HOUR));
    now = task(now, 2, "install");
    now = result(now, 2, "web-01", "failed", said(20, 1, "no such package"));
    now = result(now, 2, "web-02", "failed", said(21, 1, "no space"));
    now = task(now, 3, "config");
    let now = now.ended(2);
    before.deliver(&client);
    now.deliver(&client);
    let answer = compared(&client, before.id, now.id);
    assert_eq!(
        answer["parameters"],
        json!([{ "field": "git.commit", "before": "aaa", "now": "bbb" }])
    );
    let summary = &answer["summary"];
    assert_eq!(
        (
            &summary["failures_new"],
            &summary["failures_same"],
            &summary["results_not_reached"]
        ),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(
        summary["transitions"],
        json!([{ "before": "ok", "now": "failed", "results": 1 }])
    );
    let outcomes = answer["outcomes"].as_array().unwrap();
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0]["task"]["name"], "install");
    assert_eq!(
        outcomes[0]["transitions"],
        json!([{ "before": "ok", "now": "failed", "host_count": 1, "hosts": ["web-01"] }])
    );
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), 2, "{results:?}");
    assert_eq!(
        results[0]["fields"],
        json!([
            { "field": "rc", "before": "0", "now": "1" },
            { "field": "stdout", "before": "done", "now": "no such package" },
        ])
    );
    // The other host failed in the same way, but for the time.
    assert_eq!(
        (&results[1]["host"], &results[1]["fields"]),
        (&json!("web-02"), &json!([]))
    );
    let seq = results[0]["now_seq"].as_u64().unwrap();
    let found = client.execution(now.id, &format!("/results/{seq}")).ok();
    assert_eq!(found["event"]["data"]["content"]["rc"], 1);
    let duration = &answer["durations"][0];
    assert_eq!(duration["task"]["name"], "slow");
    let seconds = |side: &str| duration[side].as_f64().unwrap().round();
    assert_eq!((seconds("before"), seconds("now")), (2.0, 9.0));
}

/// A generated run: its tasks, its hosts, and how each task ended on each host.
struct Generated {
    tasks: Vec<u32>,
    hosts: Vec<String>,
    outcomes: BTreeMap<(u32, String), &'static str>,
}

impl Generated {
    fn deliver(&self, client: &Client, hours: i64) -> Uuid {
        let mut run = run_at(hours, json!({}));
        for number in &self.tasks {
            run = task(run, *number, &format!("task {number}"));
            for host in &self.hosts {
                let (status, changed) = match self.outcomes[&(*number, host.clone())] {
                    "changed" => ("ok", true),
                    other => (other, false),
                };
                let more = json!({ "changed": changed, "content": { "changed": changed } });
                run = result(run, *number, host, status, more);
            }
        }
        let run = run.ended(0);
        run.deliver(client);
        run.id
    }
}

#[test]
pub(crate) fn comparisons_are_those_of_an_obvious_count() {
    let collector = Collector::start();
    let client = collector.client();
    let mut state = 7_u64;
    let mut below = |most: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % most
    };
    for round in 0..25 {
        let mut generated = |leaves_out: bool| {
            // The first task and the first host are in both runs.
            let tasks: Vec<u32> = (1..=8)
                .filter(|number| *number == 1 || !leaves_out || below(3) > 0)
                .collect();
            let hosts = (0..5).filter(|host| *host == 0 || below(3) > 0);
            let hosts: Vec<String> = hosts.map(|host| format!("web-{host:02}")).collect();
            let all = tasks
                .iter()
                .flat_map(|task| hosts.iter().map(move |host| (*task, host.clone())));
            let outcomes = all.map(|cell| (cell, ["ok", "changed", "skipped"][below(3) as usize]));
            let outcomes = outcomes.collect();
            Generated {
                tasks,
                hosts,
                outcomes,
            }
        };
        // With tasks that are gone and others that were added, some would count as renamed.
        let (before, now) = match round % 2 {
            0 => (generated(true), generated(false)),
            _ => (generated(false), generated(true)),
        };
        let ids = (
            before.deliver(&client, 2 * round),
            now.deliver(&client, 2 * round + 1),
        );
        let answer = compared(&client, ids.0, ids.1);

        let only = |these: &Generated, others: &Generated| {
            let tasks = these
                .tasks
                .iter()
                .filter(|task| !others.tasks.contains(task));
            let hosts = these
                .hosts
                .iter()
                .filter(|host| !others.hosts.contains(host));
            (
                tasks.map(|task| format!("task {task}")).collect::<Vec<_>>(),
                hosts.cloned().collect::<Vec<_>>(),
            )
        };
        let ((gone, hosts_gone), (added, hosts_added)) = (only(&before, &now), only(&now, &before));
        assert_eq!(names(&answer["tasks_gone"]), gone, "{answer}");
        assert_eq!(names(&answer["tasks_added"]), added, "{answer}");
        assert_eq!(
            (&answer["hosts_gone"], &answer["hosts_added"]),
            (&json!(hosts_gone), &json!(hosts_added))
        );
        let mut compared = 0_u64;
        // By task, and by how it ended before and now: the hosts.
        let mut different: BTreeMap<(String, String, String), Vec<String>> = BTreeMap::new();
        for (cell, was) in &before.outcomes {
            let Some(is) = now.outcomes.get(cell) else {
                continue;
            };
            compared += 1;
            if was != is {
                let key = (
                    format!("task {}", cell.0),
                    (*was).to_owned(),
                    (*is).to_owned(),
                );
                different.entry(key).or_default().push(cell.1.clone());
            }
        }
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut found = BTreeMap::new();
        for outcome in answer["outcomes"].as_array().unwrap() {
            for one in outcome["transitions"].as_array().unwrap() {
                let key = (
                    text(&outcome["task"]["name"]),
                    text(&one["before"]),
                    text(&one["now"]),
                );
                let hosts: Vec<String> =
                    one["hosts"].as_array().unwrap().iter().map(text).collect();
                assert_eq!(one["host_count"], json!(hosts.len()));
                found.insert(key, hosts);
            }
        }
        assert_eq!(found, different, "{answer}");
        let summary = &answer["summary"];
        let results: usize = different.values().map(Vec::len).sum();
        assert_eq!(
            (&summary["results_compared"], &summary["results_different"]),
            (&json!(compared), &json!(results)),
            "{answer}"
        );
        let mut transitions: BTreeMap<(String, String), usize> = BTreeMap::new();
        for ((_, was, is), hosts) in different {
            *transitions.entry((was, is)).or_default() += hosts.len();
        }
        let found: BTreeMap<(String, String), usize> = summary["transitions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                (
                    (text(&one["before"]), text(&one["now"])),
                    one["results"].as_u64().unwrap() as usize,
                )
            })
            .collect();
        assert_eq!(found, transitions, "{answer}");
    }
}

#[test]
pub(crate) fn loop_items_are_compared_by_their_labels() {
    let collector = Collector::start();
    let client = collector.client();
    let of = |hours: i64, items: &[(&str, &str)], status: &str| {
        let mut run = task(run_at(hours, json!({})), 1, "install");
        let started = json!({ "task": 1, "host": "web-01" });
        run = run.event("host_started", started);
        for (item, status) in items {
            let content = json!({ "item": item, "msg": format!("{item} is {status}") });
            let data = json!({ "task": 1, "host": "web-01", "status": status, "content": content });
            run = run.event("item", data);
        }
        let more = json!({ "items": items.len(), "content": { "msg": "All items completed" } });
        result(run, 1, "web-01", status, more).ended(0)
    };
    let before = of(0, &[("nginx", "ok"), ("redis", "ok"), ("same", "ok")], "ok");
    let now = of(
        1,
        &[("new", "ok"), ("nginx", "failed"), ("same", "ok")],
        "failed",
    );
    before.deliver(&client);
    now.deliver(&client);
    let answer = compared(&client, before.id, now.id);
    let items = answer["results"][0]["items"].as_array().unwrap();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let told: Vec<_> = items
        .iter()
        .map(|item| ["item", "before", "now"].map(|name| word(&item[name])))
        .collect();
    assert_eq!(
        told,
        [
            ["new", "absent", "ok"],
            ["nginx", "ok", "failed"],
            ["redis", "ok", "absent"],
        ]
    );
    assert_eq!(
        items[1]["fields"],
        json!([{ "field": "msg", "before": "nginx is ok", "now": "nginx is failed" }])
    );
}

#[test]
pub(crate) fn printed_lines_differ_by_more_than_times_and_order() {
    let collector = Collector::start();
    let client = collector.client();
    let of = |hours: i64, lines: &[&str]| {
        let run = ok(task(run_at(hours, json!({})), 1, "install"), 1, "web-01");
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        run.output(&text).ended(0)
    };
    let before = of(
        0,
        &[
            "TASK [install] ****",
            "a 10:00:00",
            "b",
            "[WARNING]: version 1.2 is old",
            "ok: [web-01]",
        ],
    );
    let now = of(1, &["b", "a 11:30:09", "[WARNING]: version 1.3 is old"]);
    before.deliver(&client);
    now.deliver(&client);
    let answer = compared(&client, before.id, now.id);
    assert_eq!(
        answer["output"],
        json!([
            { "only_in": "before", "line": 3, "text": "[WARNING]: version 1.2 is old" },
            { "only_in": "now", "line": 2, "text": "[WARNING]: version 1.3 is old" },
        ])
    );
    assert_eq!(answer["summary"]["output_lines"], 2);
}

#[test]
pub(crate) fn of_thousands_of_hosts_a_transition_names_the_first() {
    let collector = Collector::start();
    let client = collector.client();
    // More results than one page of the store's has.
    let of = |hours: i64, changes: bool| {
        let mut run = run_at(hours, json!({}));
        for number in 1..=3 {
            run = task(run, number, &format!("task {number}"));
            for host in 0..7_000 {
                let changed = changes && number == 2;
                let more = json!({ "changed": changed });
                run = result(run, number, &format!("host-{host:04}"), "ok", more);
            }
        }
        run.ended(0)
    };
    let (before, now) = (of(0, false), of(1, true));
    for run in [&before, &now] {
        for start in (0..run.len()).step_by(2_000) {
            run.deliver_range(&client, start..run.len().min(start + 2_000));
        }
    }
    let answer = client
        .execution(before.id, &format!("/compare/{}?limit=5", now.id))
        .ok();
    assert_eq!(answer["summary"]["results_compared"], 21_000);
    assert_eq!(answer["summary"]["results_different"], 7_000);
    let change = &answer["outcomes"][0]["transitions"][0];
    assert_eq!(
        (&change["before"], &change["now"]),
        (&json!("ok"), &json!("changed"))
    );
    assert_eq!(change["host_count"], 7_000);
    assert_eq!(change["hosts"].as_array().unwrap().len(), 10);
    assert!(answer.to_string().len() < 20_000);
}

#[test]
pub(crate) fn what_limits_a_comparison_is_said() {
    let collector = Collector::start();
    let client = collector.client();
    let whole = |hours: i64, more: Value| {
        let run = ok(task(run_at(hours, more), 1, "install"), 1, "web-01");
        ok(task(run, 2, "config"), 2, "web-01").output("done\n")
    };
    // So long ago that retention may remove what they printed.
    let start = (Clock::system().now_us() - TEN) / HOUR - 20 * 24;
    let first = whole(start, json!({})).ended(0);
    let other = whole(start + 1, json!({ "playbook": "/srv/db.yml" })).ended(0);
    let running = ok(
        task(run_at(start + 2, json!({})), 1, "install"),
        1,
        "web-01",
    );
    for run in [&first, &other, &running] {
        run.deliver(&client);
    }
    let remarks = |answer: &Value| -> Vec<String> {
        let remarks = answer["remarks"].as_array().unwrap().iter();
        remarks
            .map(|remark| remark.as_str().unwrap().to_owned())
            .collect()
    };

    // With itself.
    let answer = compared(&client, first.id, first.id);
    assert_eq!(
        (&answer["same_run"], &answer["summary"]["different"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        remarks(&answer),
        ["Both are the same run, so nothing can be different."]
    );

    // With another playbook.
    let answer = compared(&client, first.id, other.id);
    assert_eq!(
        remarks(&answer),
        ["The runs are of different playbooks: /srv/site.yml and /srv/db.yml."]
    );
    assert_eq!(answer["summary"]["results_compared"], 2);

    // With one that goes on: what it has not done yet is not gone.
    let answer = compared(&client, first.id, running.id);
    let told = remarks(&answer);
    assert!(
        told[0].contains("is not over: only what it has done so far is compared"),
        "{told:?}"
    );
    assert_eq!(answer["tasks_gone"], json!([]));
    let summary = &answer["summary"];
    assert_eq!(
        (&summary["tasks_not_reached"], &summary["results_compared"]),
        (&json!(1), &json!(1))
    );

    // With none, and with nothing that is one.
    let unknown = Uuid::now_v7();
    for (a, b) in [(first.id, unknown), (unknown, first.id)] {
        let told = client
            .execution(a, &format!("/compare/{b}"))
            .error(404, "not_found");
        assert!(told.contains(&unknown.to_string()), "{told}");
    }
    let told = client
        .execution(first.id, "/compare/last")
        .error(400, "bad_request");
    assert!(told.contains("\"last\" is not an execution's id"), "{told}");
    for query in ["?limit=0", "?limit=1001", "?limit=x", "?unknown=1"] {
        let path = format!("/compare/{}{query}", other.id);
        client.execution(first.id, &path).error(400, "bad_request");
    }
    client
        .execution(first.id, "/compare?with=best")
        .error(400, "bad_request");

    // With one whose output and returned data are gone.
    let body = br#"{"keep_payload_days": 1}"#;
    let cleaned = client
        .send("POST", &format!("{API}/executions/cleanup"), &[], body)
        .ok();
    assert_eq!(cleaned["payloads_removed"], 2, "{cleaned}");
    let answer = compared(&client, first.id, running.id);
    let told = remarks(&answer);
    assert!(
        told[0].starts_with("Retention removed what run"),
        "{told:?}"
    );
    assert_eq!(answer["summary"]["results_compared"], 1);
    assert_eq!(answer["output"], json!([]));
}

#[test]
pub(crate) fn without_a_name_the_last_success_of_the_same_kind_is_meant() {
    let collector = Collector::start();
    let client = collector.client();
    let of = |hours: i64, more: Value, exit_code: i32| {
        let run = run_at(hours, more);
        ok(task(run, 1, "install"), 1, "web-01").ended(exit_code)
    };
    let found = |run: &Run, with: &str| client.execution(run.id, &format!("/compare{with}"));
    let first = of(0, json!({}), 0);
    first.deliver(&client);
    let told = found(&first, "").error(404, "not_found");
    assert!(
        told.starts_with("no earlier execution of the same kind succeeded: none of /srv/site.yml")
            && told.contains("playback list"),
        "{told}"
    );
    let told = found(&first, "?with=previous").error(404, "not_found");
    assert!(
        told.starts_with("there is no earlier execution of the same kind"),
        "{told}"
    );
    // None of these is the same: another limit, inventory, playbook and mode.
    let others = [
        of(1, json!({ "limit": "web" }), 0),
        of(2, json!({ "inventory": "test.ini" }), 0),
        of(3, json!({ "playbook": "/srv/db.yml" }), 0),
        of(4, json!({ "check": true }), 0),
    ];
    let failed = of(5, json!({}), 2);
    // The same in another checkout.
    let now = of(
        6,
        json!({ "playbook": "/ci/7/site.yml", "inventory": "/ci/7/hosts.ini" }),
        2,
    );
    for run in others.iter().chain([&failed, &now]) {
        run.deliver(&client);
    }
    let id = |answer: &Value| answer["before"]["id"].as_str().unwrap().to_owned();
    for with in ["", "?with=last_good"] {
        assert_eq!(id(&found(&now, with).ok()), first.id.to_string());
    }
    assert_eq!(
        id(&found(&now, "?with=previous").ok()),
        failed.id.to_string()
    );
    let again = of(7, json!({ "limit": "web" }), 0);
    again.deliver(&client);
    assert_eq!(id(&found(&again, "").ok()), others[0].id.to_string());
}

#[test]
pub(crate) fn the_matrix_has_what_the_results_say() {
    let collector = Collector::start();
    let client = collector.client();
    let mut run = run_at(0, json!({}));
    for (number, name) in (1..).zip(["install", "config", "restart"]) {
        run = task(run, number, name);
        run = ok(run, number, "web-01");
        run = match number {
            1 => result(run, number, "web-02", "ok", json!({ "changed": true })),
            2 => result(run, number, "web-02", "failed", json!({ "ignored": true })),
            _ => result(run, number, "web-02", "skipped", json!({})),
        };
        if number == 2 {
            run = result(run, number, "web-03", "failed", json!({}));
        }
    }
    let run = result(run, 3, "web-04", "unreachable", json!({})).ended(2);
    run.deliver(&client);
    let answer = client.execution(run.id, "/matrix").ok();
    assert_eq!(
        answer["hosts"],
        json!(["web-01", "web-02", "web-03", "web-04"])
    );
    assert_eq!(answer["tasks"], json!([1, 2, 3]));
    let outcomes = STANDARD
        .decode(answer["outcomes"].as_str().unwrap())
        .unwrap();
    assert_eq!(outcomes, [2, 2, 2, 3, 4, 1, 0, 6, 0, 0, 0, 7]);
    client
        .execution(Uuid::now_v7(), "/matrix")
        .error(404, "not_found");
}

#[test]
fn the_matrix_is_compressed_for_clients_that_take_gzip() {
    let collector = Collector::start();
    let client = collector.client();
    let mut run = run_at(0, json!({}));
    for number in 1..=10 {
        run = task(run, number, "install");
        for host in 0..50 {
            run = ok(run, number, &format!("web-{host:02}"));
        }
    }
    let run = run.ended(0);
    run.deliver(&client);
    let asked = |encodings: &str| {
        let mut stream = TcpStream::connect(collector.address()).unwrap();
        let request = format!(
            "GET {API}/executions/{}/matrix HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
             Accept-Encoding: {encodings}\r\nConnection: close\r\n\r\n",
            run.id, collector.token
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let head = String::from_utf8_lossy(&answer).to_lowercase();
        (head.contains("content-encoding: gzip"), answer.len())
    };
    let ((is_plain_zipped, plain), (is_zipped, zipped)) = (asked("identity"), asked("gzip, br"));
    assert!(is_zipped && !is_plain_zipped);
    assert!(zipped < plain, "{zipped} of {plain} bytes");
}
