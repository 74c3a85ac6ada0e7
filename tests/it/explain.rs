//! Why a run failed: through the API, and as `playback why` tells it.

use std::collections::{BTreeMap, BTreeSet};

use playback::failure::fingerprint;
use playback::store::Store;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::builders::{Run, TEN, good_run};
use crate::harness::{API, Client, Collector};
use crate::servers::sql;

const HOUR: i64 = 3_600_000_000;

fn explained(client: &Client, id: Uuid) -> Value {
    client.execution(id, "/explain").ok()
}

/// A run that starts so many hours after [`TEN`], with one task in a role.
fn run_at(hours: i64, more: Value) -> Run {
    let mut started = json!({ "type": "playbook", "playbook": "/srv/site.yml", "user": "ann" });
    let fields = started.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    unpack(Run::starting(TEN + hours * HOUR, started).play("web"), 1)
}

/// The task with this number: it is defined in a role.
fn unpack(run: Run, task: u32) -> Run {
    let data = json!({
        "task": task, "play": 1, "name": "unpack", "action": "command", "role": "web",
        "path": "/srv/roles/web/tasks/main.yml", "line": 12,
    });
    run.event("task_started", data)
}

fn result(run: Run, task: u32, host: &str, status: &str, more: Value) -> Run {
    let mut data = json!({ "task": task, "host": host, "status": status });
    let fields = data.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    run.event("result", data)
}

fn says(run: Run, host: &str, content: Value) -> Run {
    result(run, 1, host, "failed", json!({ "content": content }))
}

fn refused(address: &str) -> Value {
    json!({ "msg": format!("Failed to connect to the host via ssh: connect to host {address} port 22: Connection refused") })
}

#[test]
pub(crate) fn hosts_with_the_same_error_are_one_group() {
    let collector = Collector::start();
    let client = collector.client();
    let mut run = run_at(0, json!({}));
    for number in 1..=14 {
        let content = json!({ "content": refused(&format!("10.0.0.{number}")) });
        run = result(run, 1, &format!("web-{number:02}"), "unreachable", content);
    }
    let full = json!({
        "msg": "non-zero return code", "rc": 2, "cmd": ["tar"], "stdout": "begun",
        "stderr": "reading /srv/a.tar\ntar: /srv/a.tar: Cannot write: No space left on device\nstep 3\nExiting",
    });
    run = says(run, "db-01", full);
    // Only the first failure of a host counts.
    run = unpack(run, 2);
    let later = json!({ "content": { "msg": "later" } });
    let run = result(run, 2, "db-01", "failed", later).ended(2);
    run.deliver(&client);

    let answer = explained(&client, run.id);
    assert_eq!(answer["status"], "failed");
    assert_eq!(
        answer["verdict"],
        json!(["1 of 15 hosts failed, and 14 could not be reached."])
    );
    assert_eq!(
        answer["hosts"],
        json!({ "total": 15, "failed": 1, "unreachable": 14, "rescued": 0, "ignored": 0 })
    );
    assert_eq!(answer["later_failures"], 1);
    let groups = answer["failures"].as_array().unwrap();
    assert_eq!(groups.len(), 2);
    let (away, full) = (&groups[0], &groups[1]);
    assert_eq!(
        (&away["host_count"], &away["status"]),
        (&json!(14), &json!("unreachable"))
    );
    assert_eq!(away["hosts"][13], "web-14");
    assert_eq!(away["message"], refused("10.0.0.1")["msg"]);
    assert_eq!(
        away["pattern"],
        "Failed to connect to the host via ssh: connect to host <ip> port <n>: Connection refused"
    );
    assert_eq!(away["fingerprint"].as_str().unwrap().len(), 16);
    assert_eq!((&full["host"], &full["rc"]), (&json!("db-01"), &json!(2)));
    assert_eq!(
        full["message"],
        "tar: /srv/a.tar: Cannot write: No space left on device\nstep 3\nExiting"
    );
    assert!(full["stderr"].as_str().unwrap().starts_with("reading"));
    assert_eq!(full["stdout"], "begun");
    assert_eq!(
        full["tasks"],
        json!([{
            "task": 1, "play": 1, "name": "unpack", "action": "command", "role": "web",
            "path": "/srv/roles/web/tasks/main.yml", "line": 12, "host_count": 1,
        }])
    );
    // The list of results has the same fingerprint, so all hosts of a group can be found.
    let results = client.execution(run.id, "/results?limit=100").ok();
    let same = results["results"].as_array().unwrap().iter();
    let same = same.filter(|result| result["fingerprint"] == away["fingerprint"]);
    assert_eq!(same.count(), 14);
}

#[test]
pub(crate) fn an_error_is_known_by_its_runs_and_by_when_its_task_last_worked() {
    let collector = Collector::start();
    let client = collector.client();
    let ok = |run: Run| result(run, 1, "web-01", "ok", json!({})).ended(0);
    let no_space = |run: Run| says(run, "web-01", json!({ "msg": "no space" })).ended(2);
    let commit = |commit: &str| json!({ "commit": commit, "branch": "main", "dirty": false });
    let first = no_space(run_at(0, json!({})));
    let worked = ok(run_at(
        1,
        json!({ "git": commit("aaa"), "limit": "web", "ansible_version": "2.18.0" }),
    ));
    // Another host, another playbook, another task: none of these is the task on the host.
    let other_host = result(run_at(2, json!({})), 1, "web-02", "ok", json!({})).ended(0);
    let other_playbook = ok(run_at(3, json!({ "playbook": "/srv/other.yml" })));
    let other_task = Run::starting(
        TEN + 4 * HOUR,
        json!({ "type": "playbook", "playbook": "/srv/site.yml" }),
    );
    let other_task = other_task.play("web").task("unpack").ok("web-01").ended(0);
    let again = no_space(run_at(5, json!({})));
    let now = no_space(run_at(
        6,
        json!({ "git": commit("bbb"), "ansible_version": "2.19.0", "check": true, "extra_var_names": ["v"] }),
    ));
    let later = no_space(run_at(7, json!({})));
    // In any order.
    for run in [
        &now,
        &later,
        &worked,
        &other_host,
        &other_playbook,
        &other_task,
        &again,
        &first,
    ] {
        run.deliver(&client);
    }
    let answer = explained(&client, now.id);
    let group = &answer["failures"][0];
    let at = |run: &Run, hours: i64| {
        let time = playback::model::time_from_us(TEN + hours * HOUR);
        json!({ "id": run.id, "start_time": time })
    };
    assert_eq!(
        group["seen"],
        json!({ "runs": 4, "first": at(&first, 0), "last": at(&later, 7), "previous": at(&again, 5) })
    );
    let success = &group["last_success"];
    assert_eq!(success["run"], at(&worked, 1));
    assert_eq!(
        success["differences"],
        json!([
            { "field": "git.commit", "before": "aaa", "now": "bbb" },
            { "field": "limit", "before": "web" },
            { "field": "check", "before": "false", "now": "true" },
            { "field": "extra_var_names", "now": "v" },
            { "field": "ansible_version", "before": "2.18.0", "now": "2.19.0" },
        ])
    );
    let answer = explained(&client, first.id);
    let group = &answer["failures"][0];
    assert_eq!(group["seen"]["previous"], Value::Null);
    assert_eq!(
        group["last_success"],
        json!({ "searched": 0, "differences": [] })
    );
}

/// A task without a name, at a line of the playbook.
fn unnamed(run: Run, task: u32, line: u32) -> Run {
    let data = json!({
        "task": task, "play": 1, "name": "", "action": "command", "path": "/srv/site.yml", "line": line,
    });
    run.event("task_started", data)
}

#[test]
pub(crate) fn a_task_that_always_failed_is_not_said_to_have_worked_because_another_is_like_it() {
    let collector = Collector::start();
    let client = collector.client();
    let run = |hours: i64, moved: u32, works: bool| {
        let started = json!({ "type": "playbook", "playbook": "/srv/site.yml" });
        let run = Run::starting(TEN + hours * HOUR, started).play("web");
        let run = unnamed(run, 1, 4 + moved).ok("web-01");
        let run = unnamed(run, 2, 6 + moved);
        let status = if works { "ok" } else { "failed" };
        let content = json!({ "content": { "msg": "no space" } });
        result(run, 2, "web-01", status, content).ended(if works { 0 } else { 2 })
    };
    let last_success = |run: &Run| {
        let answer = explained(&client, run.id);
        answer["failures"][0]["last_success"].clone()
    };
    let (first, second) = (run(0, 0, false), run(1, 0, false));
    first.deliver(&client);
    second.deliver(&client);
    assert_eq!(
        last_success(&second),
        json!({ "searched": 1, "differences": [] })
    );
    let (worked, now) = (run(2, 0, true), run(3, 0, false));
    worked.deliver(&client);
    now.deliver(&client);
    assert_eq!(last_success(&now)["run"]["id"], json!(worked.id));
    // Two lines further down, it cannot be told from the other one.
    let moved = run(4, 2, false);
    moved.deliver(&client);
    assert_eq!(last_success(&moved)["run"], Value::Null);
}

#[test]
pub(crate) fn a_task_did_not_work_in_check_mode() {
    let collector = Collector::start();
    let client = collector.client();
    let run = |hours: i64, is_check: bool, works: bool| {
        let run = run_at(hours, json!({ "check": is_check }));
        let run = match works {
            true => result(run, 1, "web-01", "ok", json!({})).ended(0),
            false => says(run, "web-01", json!({ "msg": "no space" })).ended(2),
        };
        run.deliver(&client);
        run.id
    };
    let last_success = |id: Uuid| {
        let answer = explained(&client, id);
        answer["failures"][0]["last_success"]["run"]["id"].clone()
    };
    run(0, true, true);
    assert_eq!(last_success(run(1, false, false)), Value::Null);
    let worked = run(2, false, true);
    let checked = run(3, true, true);
    assert_eq!(last_success(run(4, false, false)), json!(worked));
    // A check is compared with the last check, too.
    assert_eq!(last_success(run(5, true, false)), json!(checked));
}

#[test]
pub(crate) fn an_errors_first_task_is_that_of_its_example() {
    let collector = Collector::start();
    let client = collector.client();
    let content = json!({ "content": { "msg": "no space" } });
    let mut run = unpack(run_at(0, json!({})), 2);
    run = result(run, 1, "web-01", "failed", content.clone());
    for number in 2..=9 {
        run = result(run, 2, &format!("web-0{number}"), "failed", content.clone());
    }
    let run = run.ended(2);
    run.deliver(&client);
    let group = &explained(&client, run.id)["failures"][0];
    assert_eq!(group["host"], "web-01");
    let tasks: Vec<_> = group["tasks"].as_array().unwrap().iter().collect();
    let of = |task: &Value| (task["task"].clone(), task["host_count"].clone());
    assert_eq!(of(tasks[0]), (json!(1), json!(1)));
    assert_eq!(of(tasks[1]), (json!(2), json!(8)));
}

#[test]
pub(crate) fn a_long_loop_shows_no_message_of_another_item_than_the_first_that_failed() {
    let collector = Collector::start();
    let client = collector.client();
    let mut run = run_at(0, json!({}));
    let item = |run: Run, status: &str, msg: &str| {
        let data = json!({
            "task": 1, "host": "web-01", "status": status, "content": { "msg": msg, "item": "x" },
        });
        run.event("item", data)
    };
    run = item(run, "failed", "no such package");
    for _ in 0..6_000 {
        run = item(run, "ok", "");
    }
    run = item(run, "failed", "timed out");
    let more = json!({ "items": 6_002, "content": { "msg": "One or more items failed" } });
    let run = result(run, 1, "web-01", "failed", more).ended(2);
    run.deliver(&client);
    let group = &explained(&client, run.id)["failures"][0];
    let first = fingerprint(
        &json!({ "msg": "no such package" }),
        "web-01",
        ("web", "unpack"),
    );
    assert_eq!(group["fingerprint"], json!(first.to_string()));
    assert_eq!(group["message"], Value::Null);
}

#[test]
pub(crate) fn what_was_handled_stands_apart() {
    let collector = Collector::start();
    let client = collector.client();
    let more = |flag: &str, msg: &str| json!({ flag: true, "content": { "msg": msg } });
    let mut run = run_at(0, json!({}));
    run = result(run, 1, "web-01", "failed", more("rescued", "tried"));
    run = result(run, 1, "web-02", "failed", more("rescued", "tried"));
    run = result(run, 1, "web-03", "failed", more("ignored", "no matter"));
    run = unpack(run, 2);
    run = result(run, 2, "web-01", "ok", json!({ "attempts": 3 }));
    let run = result(
        run,
        2,
        "web-02",
        "failed",
        json!({ "attempts": 5, "content": { "msg": "still down" } }),
    )
    .ended(2);
    run.deliver(&client);
    let answer = explained(&client, run.id);
    let groups = answer["failures"].as_array().unwrap();
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0]["message"], "still down");
    assert_eq!(
        (&groups[0]["attempts"], &groups[0]["retried"]),
        (&json!(5), &json!(1))
    );
    let handled = answer["handled"].as_array().unwrap();
    let told: Vec<_> = handled
        .iter()
        .map(|one| (&one["handled"], &one["message"], &one["hosts"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!("ignored"), &json!("no matter"), &json!(["web-03"])),
            (
                &json!("rescued"),
                &json!("tried"),
                &json!(["web-01", "web-02"])
            ),
        ]
    );
    assert_eq!(answer["retried"][0]["results"], 1);
    assert_eq!(answer["retried"][0]["task"]["task"], 2);
    // What was handled is no error that other runs are compared with.
    let other = says(run_at(1, json!({})), "web-01", json!({ "msg": "tried" })).ended(2);
    other.deliver(&client);
    let answer = explained(&client, other.id);
    assert_eq!(answer["failures"][0]["seen"]["runs"], 1);
}

#[test]
fn a_loop_is_told_by_its_first_item_that_failed() {
    let collector = Collector::start();
    let client = collector.client();
    let item = |name: &str, status: &str, msg: &str| json!({ "task": 1, "host": "web-01", "status": status, "content": { "item": name, "msg": msg } });
    let failed = json!({ "items": 3, "content": { "msg": "One or more items failed" } });
    let host = json!({ "task": 1, "host": "web-01" });
    let run = run_at(0, json!({}))
        .event("host_started", host)
        .event("item", item("nginx", "ok", "fine"))
        .event("item", item("postgres", "failed", "no such package"))
        .event("item", item("redis", "failed", "another error"));
    let run = result(run, 1, "web-01", "failed", failed).ended(2);
    // In one block, and in several.
    let pieces = run.again();
    run.deliver(&client);
    for index in 0..pieces.len() {
        pieces.deliver_range(&client, index..index + 1);
    }
    // The same error without a loop.
    let plain = says(
        run_at(1, json!({})),
        "web-02",
        json!({ "msg": "no such package" }),
    )
    .ended(2);
    plain.deliver(&client);
    let of = |id| explained(&client, id)["failures"][0].clone();
    for id in [run.id, pieces.id] {
        let group = of(id);
        assert_eq!(
            (&group["item"], &group["message"]),
            (&json!("postgres"), &json!("no such package"))
        );
        assert_eq!(group["fingerprint"], of(plain.id)["fingerprint"]);
        assert_eq!(group["seen"]["runs"], 3);
    }
}

/// A run in small numbers: which task fails on which host, how, and with which error.
fn cells() -> impl Strategy<Value = Vec<(u32, u32, u8, u8)>> {
    vec((1..5u32, 0..6u32, 0..6u8, 0..5u8), 1..40)
}

/// Compared with a search through every result and its content, one request each.
pub(crate) fn explanations_are_those_of_an_obvious_search() {
    let collector = Collector::start();
    let client = collector.client();
    let mut runner = TestRunner::deterministic();
    let mut known: BTreeMap<String, BTreeSet<Uuid>> = BTreeMap::new();
    let mut runs = Vec::new();
    for hours in 0..12 {
        let cells = cells().new_tree(&mut runner).unwrap().current();
        let mut run = run_at(hours, json!({}));
        for task in 2..5 {
            run = unpack(run, task);
        }
        for (task, host, how, error) in cells {
            let name = format!("web-{host}");
            let msg = match error {
                0 => format!("cannot read /srv/{host}/x: {host} errors"),
                1 => format!("{name} is full"),
                2 => "non-zero return code".to_owned(),
                other => format!("no {}", ["route", "space"][usize::from(other) - 3]),
            };
            let (status, flag) = match how {
                0 => ("ok", "changed"),
                1 => ("unreachable", "x"),
                2 => ("failed", "ignored"),
                3 => ("failed", "rescued"),
                _ => ("failed", "x"),
            };
            let more = json!({ flag: true, "content": { "msg": msg, "rc": host } });
            run = result(run, task, &name, status, more);
        }
        let run = run.ended(2);
        run.deliver(&client);
        runs.push(run.id);
        for (fingerprint, _) in slowly(&client, run.id).1 {
            known.entry(fingerprint).or_default().insert(run.id);
        }
    }
    for id in runs {
        let (first, _) = slowly(&client, id);
        let answer = explained(&client, id);
        let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for group in answer["failures"].as_array().unwrap() {
            let fingerprint = group["fingerprint"].as_str().unwrap().to_owned();
            let runs = known[&fingerprint].len();
            assert_eq!(group["seen"]["runs"], runs, "{group}");
            let hosts = group["hosts"].as_array().unwrap();
            let hosts: Vec<String> = hosts
                .iter()
                .map(|host| host.as_str().unwrap().to_owned())
                .collect();
            assert_eq!(group["host_count"], hosts.len());
            told.insert(fingerprint, hosts);
        }
        assert_eq!(told, first);
    }
}

#[test]
fn sqlite_explanations_are_those_of_an_obvious_search() {
    explanations_are_those_of_an_obvious_search();
}

type ByError = BTreeMap<String, Vec<String>>;

/// By error: the hosts that have it first, and all hosts that have it.
fn slowly(client: &Client, id: Uuid) -> (ByError, ByError) {
    let results = client.execution(id, "/results?limit=1000").ok();
    let (mut first, mut all) = (ByError::new(), ByError::new());
    let mut failed = BTreeSet::new();
    for result in results["results"].as_array().unwrap() {
        let has_failed = result["status"] == "failed" || result["status"] == "unreachable";
        if !has_failed || result["ignored"] == true || result["rescued"] == true {
            continue;
        }
        let detail = client
            .execution(id, &format!("/results/{}", result["seq"]))
            .ok();
        let host = result["host"].as_str().unwrap();
        let content = &detail["event"]["data"]["content"];
        let error = fingerprint(content, host, ("web", "unpack")).to_string();
        if failed.insert(host.to_owned()) {
            first
                .entry(error.clone())
                .or_default()
                .push(host.to_owned());
        }
        all.entry(error).or_default().push(host.to_owned());
    }
    (first, all)
}

#[test]
pub(crate) fn what_is_gone_is_said_and_no_longer_counted() {
    let collector = Collector::start();
    let client = collector.client();
    let failing = |hours: i64, msg: &str| {
        says(run_at(hours, json!({})), "web-01", json!({ "msg": msg })).ended(2)
    };
    let (a, b, c) = (
        failing(0, "no space"),
        failing(1, "no space"),
        failing(2, "no space"),
    );
    for run in [&a, &b, &c] {
        run.deliver(&client);
    }
    let seen = |id| explained(&client, id)["failures"][0]["seen"].clone();
    assert_eq!(seen(c.id)["runs"], 3);
    // Deleted runs are no longer counted.
    assert_eq!(client.delete(a.id).status, 204);
    assert_eq!(seen(c.id)["first"]["id"], json!(b.id));
    assert_eq!(seen(c.id)["runs"], 2);
    // A redacted message is another one.
    let before = explained(&client, b.id);
    let path = format!("{API}/executions/{}/redact", b.id);
    client
        .send("POST", &path, &[], b"{\"texts\":[\"no space\"]}")
        .ok();
    let after = explained(&client, b.id);
    assert!(!after.to_string().contains("no space"), "{after}");
    assert_ne!(
        after["failures"][0]["fingerprint"],
        before["failures"][0]["fingerprint"]
    );
    assert_eq!(seen(c.id)["runs"], 1);
    // Retention removed what the task said; which error it was is still known.
    let before = explained(&client, c.id);
    let body = json!({ "keep_payload_days": 1, "playbook": "site.yml" }).to_string();
    let path = format!("{API}/executions/cleanup");
    client.send("POST", &path, &[], body.as_bytes()).ok();
    let after = explained(&client, c.id);
    assert!(after["payload_removed"].is_string(), "{after}");
    assert!(
        after["verdict"]
            .to_string()
            .contains("their messages are gone"),
        "{after}"
    );
    let (was, is) = (&before["failures"][0], &after["failures"][0]);
    assert_eq!(
        (&is["message"], &is["fingerprint"]),
        (&Value::Null, &was["fingerprint"])
    );
    assert_eq!((&is["tasks"], &is["seen"]), (&was["tasks"], &was["seen"]));
    client.execution(a.id, "/explain").error(404, "not_found");
}

#[test]
fn what_cannot_be_read_is_named() {
    let collector = Collector::start();
    let client = collector.client();
    let run = says(run_at(0, json!({})), "web-01", json!({ "msg": "no space" })).ended(2);
    run.deliver_range(&client, 0..3);
    run.deliver_range(&client, 3..4);
    // The run is not over: what has failed so far is explained.
    let answer = explained(&client, run.id);
    assert_eq!(answer["status"], "running");
    assert_eq!(
        answer["verdict"],
        json!([
            "The run is not over: this is what has failed so far.",
            "1 of 1 host failed."
        ])
    );
    assert_eq!(answer["failures"][0]["message"], "no space");
    tokio::runtime::Runtime::new().unwrap().block_on(sql(
        &collector.database(),
        "UPDATE event_blocks SET data = X'00' WHERE first_seq = 4",
    ));
    let answer = explained(&client, run.id);
    let group = &answer["failures"][0];
    assert_eq!(group["message"], Value::Null);
    assert_eq!(
        group["damaged"],
        json!({ "producer": "recorder", "first_seq": 4, "last_seq": 4, "lines": 0 })
    );
    assert_eq!(group["tasks"][0]["role"], "web");
    assert_eq!(group["seen"]["runs"], 1);
}

#[test]
pub(crate) fn a_supervisor_that_began_earlier_moves_the_time_of_errors() {
    let collector = Collector::start();
    let client = collector.client();
    let run = says(run_at(2, json!({})), "web-01", json!({ "msg": "no space" })).ended(2);
    run.deliver(&client);
    let supervisor = Run::supervisor(run.id).after(3.0).ended(2);
    supervisor.deliver(&client);
    let record = client.finished(run.id);
    assert_eq!(record["start_time"], "2026-01-20T10:00:00Z");
    let seen = &explained(&client, run.id)["failures"][0]["seen"];
    assert_eq!(seen["first"]["start_time"], record["start_time"]);
}

#[test]
fn an_error_that_the_debugger_took_back_is_no_error() {
    let collector = Collector::start();
    let client = collector.client();
    let run = says(run_at(0, json!({})), "web-01", json!({ "msg": "no space" }))
        .event("retracted", json!({ "host": "web-01" }));
    let run = result(run, 1, "web-01", "ok", json!({})).ended(0);
    for index in 0..run.len() {
        run.deliver_range(&client, index..index + 1);
    }
    let answer = explained(&client, run.id);
    assert_eq!(answer["failures"], json!([]));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = Store::open_as_is(&collector.database()).await.unwrap();
        let (key, _) = store.execution(run.id).await.unwrap().unwrap();
        assert_eq!(store.fingerprints(key).await.unwrap(), []);
        store.close().await;
    });
}

#[test]
fn how_it_ended_is_said_in_words() {
    let collector = Collector::start();
    let client = collector.client();
    let rescued = |run: Run| {
        let more = json!({ "rescued": true, "content": { "msg": "tried" } });
        result(run, 1, "web-01", "failed", more)
    };
    let new = || Run::of(json!({ "type": "playbook", "playbook": "site.yml" }));
    let ends = |run: Run, reason: &str| {
        run.event(
            "execution_ended",
            json!({ "exit_code": 1, "reason": reason }),
        )
    };
    for (run, verdict, printed) in [
        (good_run(), "did not fail", json!([])),
        (
            new()
                .output("ERROR! A worker was found in a dead state\n")
                .ended(1),
            "Ansible itself failed (exit code 1): no host did.",
            json!(["ERROR! A worker was found in a dead state"]),
        ),
        (
            rescued(run_at(0, json!({}))).ended(2),
            "the recap counts none: 1 host had a failure that a \"rescue\" handled. If a task with \"run_once\"",
            json!([]),
        ),
        (
            new().output("[ERROR]: no such file\n").ended(4),
            "could not read what it was to run (exit code 4)",
            json!(["[ERROR]: no such file"]),
        ),
        (
            new()
                .output("ansible: error: no such option\n\nhelp\n")
                .ended(2),
            "before any task ran",
            json!(["ansible: error: no such option"]),
        ),
        (new().ended(5), "refused its command line", json!([])),
        (
            new().ended(250),
            "did not expect (exit code 250)",
            json!([]),
        ),
        (
            new().ended(77),
            "ended with exit code 77, and no host failed",
            json!([]),
        ),
        (new().ended(99), "exit code 99 says so", json!([])),
        (
            new().event("execution_ended", json!({ "signal": 9 })),
            "Signal 9 ended the run.",
            json!([]),
        ),
        (
            ends(new(), "timed_out"),
            "longer than it was allowed to",
            json!([]),
        ),
        (
            ends(new(), "launch_error"),
            "could not be started",
            json!([]),
        ),
        (
            ends(
                says(run_at(0, json!({})), "web-01", json!({ "msg": "x" })),
                "timed_out",
            ),
            "1 of 1 host failed.",
            json!([]),
        ),
    ] {
        run.deliver(&client);
        let answer = explained(&client, run.id);
        assert!(
            answer["verdict"]
                .to_string()
                .replace("\\\"", "\"")
                .contains(verdict),
            "{answer}"
        );
        if printed != json!([]) {
            assert_eq!(answer["printed"], printed);
        }
    }
}

#[test]
fn what_no_log_hides_stays_hidden_and_groups_by_task() {
    let collector = Collector::start();
    let client = collector.client();
    let hidden =
        json!({ "censored": true, "content": { "censored": "the output has been hidden" } });
    let mut run = run_at(0, json!({}));
    run = result(run, 1, "web-01", "failed", hidden.clone());
    let run = result(run, 1, "web-02", "failed", hidden).ended(2);
    run.deliver(&client);
    let answer = explained(&client, run.id);
    let group = &answer["failures"][0];
    assert_eq!(group["host_count"], 2);
    assert_eq!(group["censored"], true);
    for missing in ["fingerprint", "message", "seen"] {
        assert_eq!(group[missing], Value::Null, "{missing}");
    }
}
