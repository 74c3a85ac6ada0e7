//! Hosts over all runs: which there are, how they fared, and what changed them. Each answer is held against one that is
//! put together run by run.

use std::collections::{BTreeMap, BTreeSet};

use playback::model::HostStatus;
use playback_wire::HostStats;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::builders::{Run, TEN};
use crate::harness::{API, Client, Collector, eventually};

const HOUR: i64 = 3_600_000_000;

/// A text as a part of a path or a query.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn get(client: &Client, host: &str, part: &str) -> Value {
    client.api(&format!("/hosts/{}{part}", encoded(host))).ok()
}

/// All pages of a list joined.
fn all(client: &Client, path: &str, name: &str, limit: usize) -> Vec<Value> {
    let mut entries = Vec::new();
    let mut next = String::new();
    loop {
        let sign = if path.contains('?') { '&' } else { '?' };
        let page = client
            .api(&format!("{path}{sign}limit={limit}&cursor={next}"))
            .ok();
        let page_entries = page[name].as_array().unwrap();
        assert!(page_entries.len() <= limit, "{page}");
        entries.extend(page_entries.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(cursor) => next = encoded(cursor),
            None => return entries,
        }
    }
}

fn names(hosts: &[Value]) -> Vec<&str> {
    let names = hosts.iter().map(|host| host["name"].as_str().unwrap());
    names.collect()
}

/// What a task did on a host.
#[derive(Debug, Clone)]
struct Did {
    host: u8,
    how: u8,
}

/// A run, in small numbers.
#[derive(Debug, Clone)]
struct Made {
    minutes: i64,
    check: bool,
    is_adhoc: bool,
    ends: bool,
    tasks: Vec<Vec<Did>>,
}

fn made() -> impl Strategy<Value = Made> {
    let did = (0..6u8, 0..7u8).prop_map(|(host, how)| Did { host, how });
    let tasks = vec(vec(did, 0..4), 0..5);
    (0..5000i64, any::<[u8; 3]>(), tasks).prop_map(|(minutes, [check, adhoc, ends], tasks)| Made {
        minutes,
        check: check.is_multiple_of(4),
        is_adhoc: adhoc.is_multiple_of(4),
        ends: !ends.is_multiple_of(4),
        tasks,
    })
}

const HOSTS: [&str; 6] = ["db-1", "web-01", "web-02", "web-1*", "hôte/7", "web-010"];

/// The events of such a run; `number` keeps start times apart.
fn run_of(made: &Made, number: i64) -> Run {
    let started = match made.is_adhoc {
        true => {
            json!({ "type": "adhoc", "module": "ping", "hosts": "all", "check": made.check, "user": "ann" })
        }
        false => json!({ "type": "playbook", "playbook": "site.yml", "check": made.check }),
    };
    let mut run = Run::starting(TEN + made.minutes * 60_000_000 + number, started).play("all");
    for (task, did) in made.tasks.iter().enumerate() {
        run = run.task(&format!("task {task}"));
        let mut seen = BTreeSet::new();
        for Did { host, how } in did {
            if !seen.insert(host) {
                continue;
            }
            let (status, more) = match how {
                0 | 1 => ("ok", json!({})),
                2 => ("ok", json!({ "changed": true })),
                3 => ("skipped", json!({})),
                4 => ("failed", json!({ "changed": true, "ignored": true })),
                5 => ("failed", json!({ "changed": true })),
                _ => ("unreachable", json!({})),
            };
            run = run.result(HOSTS[usize::from(*host)], status, more);
        }
    }
    match made.ends {
        true => run.ended(0),
        false => run,
    }
}

/// A host in a run, as the run's own parts tell.
#[derive(Debug, Clone)]
struct Part {
    id: Uuid,
    start: String,
    check: bool,
    status: HostStatus,
    changed: u64,
    /// Sequence numbers of its changes, the last first.
    changes: Vec<u64>,
}

/// By host: its runs, newest first.
fn slowly(client: &Client) -> BTreeMap<String, Vec<Part>> {
    let mut hosts: BTreeMap<String, Vec<Part>> = BTreeMap::new();
    for record in all(client, "/executions", "executions", 50) {
        let id: Uuid = record["id"].as_str().unwrap().parse().unwrap();
        let check = record["check"] == true;
        let run = serde_json::from_value(record["status"].clone()).unwrap();
        let results = client.execution(id, "/results?limit=1000").ok();
        for (name, stats) in record["stats"].as_object().unwrap() {
            let stats: HostStats = serde_json::from_value(stats.clone()).unwrap();
            let results = results["results"].as_array().unwrap().iter();
            let changes = results.filter(|result| {
                let is_counted = result["status"] == "ok" || result["ignored"] == true;
                result["host"] == **name && result["changed"] == true && is_counted && !check
            });
            let mut changes: Vec<u64> = changes
                .map(|result| result["seq"].as_u64().unwrap())
                .collect();
            changes.reverse();
            hosts.entry(name.clone()).or_default().push(Part {
                id,
                start: record["start_time"].as_str().unwrap().to_owned(),
                check,
                status: HostStatus::of(&stats, run),
                changed: stats.changed,
                changes,
            });
        }
    }
    hosts
}

#[test]
pub(crate) fn hosts_runs_and_changes_are_those_of_an_obvious_search() {
    let collector = Collector::start();
    let client = collector.client();
    let mut runner = TestRunner::deterministic();
    let many = vec(made(), 40).new_tree(&mut runner).unwrap().current();
    // In any order: neither ids nor arrival say when a run started.
    let mut ids = Vec::new();
    for (number, made) in many.iter().enumerate() {
        let run = run_of(made, number as i64);
        run.deliver(&client);
        if made.ends {
            client.finished(run.id);
            ids.push(run.id);
        }
    }
    are_those_of_an_obvious_search(&client);
    for id in ids.iter().step_by(5) {
        assert_eq!(client.delete(*id).status, 204);
    }
    are_those_of_an_obvious_search(&client);
}

/// Whether a pattern means a name.
type Matches = fn(&str) -> bool;

fn are_those_of_an_obvious_search(client: &Client) {
    let expected = slowly(client);
    assert!(expected.len() > 4, "{expected:?}");
    let listed = all(client, "/hosts", "hosts", 2);
    let known: Vec<&str> = expected.keys().map(String::as_str).collect();
    assert_eq!(names(&listed), known);
    for host in &listed {
        let name = host["name"].as_str().unwrap();
        let runs = &expected[name];
        let last = &runs[0];
        assert_eq!(host["last_run"]["execution"], json!(last.id), "{host}");
        assert_eq!(host["status"], last.status.as_str(), "{host}");
        assert_eq!(host["runs"], runs.len(), "{host}");
        assert_eq!(host["has_more_runs"], false);
        let change = runs.iter().find(|run| run.changed > 0 && !run.check);
        let change = change.map_or(Value::Null, |run| json!(run.id));
        assert_eq!(host["last_change"]["execution"], change, "{host}");
        let detail = get(client, name, "");
        assert_eq!(
            detail["first_run"]["execution"],
            json!(runs.last().unwrap().id)
        );
        assert_eq!(detail["last_run"], host["last_run"]);

        let path = format!("/hosts/{}", encoded(name));
        let told = all(client, &format!("{path}/runs"), "runs", 3);
        let told: Vec<_> = told
            .iter()
            .map(|run| {
                let status = run["status"].as_str().unwrap().to_owned();
                (run["execution"].clone(), run["start_time"].clone(), status)
            })
            .collect();
        let own: Vec<_> = runs
            .iter()
            .map(|run| {
                (
                    json!(run.id),
                    json!(run.start),
                    run.status.as_str().to_owned(),
                )
            })
            .collect();
        assert_eq!(told, own, "{name}");

        let changes = runs.iter().flat_map(|run| {
            run.changes
                .iter()
                .map(move |seq| (json!(run.id), json!(seq)))
        });
        let changes: Vec<_> = changes.collect();
        for limit in [1, 4, 100] {
            let told = all(client, &format!("{path}/changes"), "changes", limit);
            let told: Vec<_> = told
                .iter()
                .map(|change| (change["execution"].clone(), change["seq"].clone()))
                .collect();
            assert_eq!(told, changes, "{name} {limit}");
        }
    }
    for status in HostStatus::ALL {
        let found = all(
            client,
            &format!("/hosts?status={}", status.as_str()),
            "hosts",
            1,
        );
        let own = expected
            .iter()
            .filter(|(_, runs)| runs[0].status == *status);
        let own: Vec<&str> = own.map(|(name, _)| name.as_str()).collect();
        assert_eq!(names(&found), own, "{status:?}");
    }
    let patterns: [(&str, Matches); 7] = [
        ("web-*", |name| name.starts_with("web-")),
        ("*0*", |name| name.contains('0')),
        ("web-01", |name| name == "web-01"),
        ("hôte/7", |name| name == "hôte/7"),
        ("web-01*0", |name| name == "web-010"),
        ("nothing", |_| false),
        ("*", |_| true),
    ];
    for (pattern, matches) in patterns {
        let found = all(
            client,
            &format!("/hosts?name={}", encoded(pattern)),
            "hosts",
            2,
        );
        let own: Vec<&str> = known.iter().copied().filter(|name| matches(name)).collect();
        assert_eq!(names(&found), own, "{pattern}");
    }
}

#[test]
fn sqlite_hosts_are_those_of_an_obvious_search() {
    hosts_runs_and_changes_are_those_of_an_obvious_search();
}

/// A run of one host that started so many days ago.
fn ran(days: i64, host: &str) -> Run {
    let now_us = playback::clock::Clock::system().now_us();
    Run::starting(
        now_us - days * 24 * HOUR,
        json!({ "type": "playbook", "playbook": "site.yml" }),
    )
    .play("all")
    .task("install")
    .changed(host)
    .ended(0)
}

#[test]
pub(crate) fn hosts_that_no_run_has_seen_for_long_are_found() {
    let collector = Collector::start();
    let client = collector.client();
    for (days, host) in [(40, "old"), (35, "both"), (2, "both"), (1, "new")] {
        ran(days, host).deliver(&client);
    }
    let found = |query: &str| {
        let hosts = all(&client, &format!("/hosts{query}"), "hosts", 10);
        names(&hosts).join(" ")
    };
    assert_eq!(found(""), "both new old");
    assert_eq!(found("?unseen=30d"), "old");
    assert_eq!(found("?unseen=36h"), "both old");
    assert_eq!(found("?unseen=36h&name=b*"), "both");
}

#[test]
pub(crate) fn changes_tell_the_task_and_on_request_what_it_said() {
    let collector = Collector::start();
    let client = collector.client();
    let task = json!({
        "task": 1, "play": 1, "name": "configure", "action": "template", "role": "web",
        "path": "/srv/roles/web/tasks/main.yml", "line": 7,
    });
    let result = |more: Value| {
        let mut data = json!({ "task": 1, "host": "web-01", "status": "ok", "changed": true });
        data.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        data
    };
    let diff = json!([{ "before": "a\n", "after": "b\n" }]);
    let started = json!({ "type": "playbook", "playbook": "site.yml", "user": "ann" });
    let run = Run::starting(TEN, started)
        .play("all")
        .event("task_started", task)
        .event(
            "result",
            result(
                json!({ "content": { "msg": "written", "diff": diff }, "delegated_to": "proxy" }),
            ),
        )
        .event(
            "result",
            result(json!({ "censored": true, "content": { "censored": "hidden" } })),
        );
    let run = {
        let item = |name: &str, changed: bool| {
            json!({
                "task": 1, "host": "web-02", "status": "ok", "changed": changed,
                "content": { "item": name, "diff": [{ "before": "", "after": name }] },
            })
        };
        let all = json!({ "msg": "All items completed" });
        run.event("item", item("nginx", true))
            .event("item", item("curl", false))
            .event("item", item("redis", true))
            .event(
                "result",
                json!({
                    "task": 1, "host": "web-02", "status": "ok", "changed": true, "items": 3, "content": all,
                }),
            )
    };
    let run = run.ended(0);
    run.deliver(&client);
    client.finished(run.id);
    let told = get(&client, "web-02", "/changes?content=true");
    let change = &told["changes"][0];
    assert_eq!(change["loop"], true);
    assert_eq!(change["items"], json!(["nginx", "redis"]));
    assert_eq!(
        change["diff"],
        json!([{ "before": "", "after": "nginx" }, { "before": "", "after": "redis" }])
    );
    assert_eq!(change["message"], Value::Null);
    let listed = get(&client, "web-01", "/changes");
    let changes = listed["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[0]["censored"], true);
    assert_eq!(
        changes[1],
        json!({
            "execution": run.id, "playbook": "site.yml", "user": "ann", "time": "2026-01-20T10:00:00.003Z",
            "seq": 4, "task": 1, "task_name": "configure", "action": "template", "role": "web",
            "path": "/srv/roles/web/tasks/main.yml", "line": 7, "delegated_to": "proxy", "loop": false,
            "censored": false,
        })
    );
    let told = get(&client, "web-01", "/changes?content=true");
    assert_eq!(told["changes"][1]["message"], "written");
    assert_eq!(told["changes"][1]["diff"], diff);
    assert_eq!(told["changes"][0]["message"], Value::Null);
    // Retention removes what they said, and not that they were made.
    let path = format!("{API}/executions/cleanup");
    client
        .send("POST", &path, &[], b"{\"keep_payload_days\":1}")
        .ok();
    assert_eq!(get(&client, "web-01", "/changes?content=true"), listed);
}

#[test]
pub(crate) fn changes_of_a_time_are_those_of_runs_that_started_in_it() {
    let collector = Collector::start();
    let client = collector.client();
    // One an hour from ten o'clock on; of each, a page may end between two changes.
    let started = json!({ "type": "playbook", "playbook": "site.yml" });
    let runs: Vec<Run> = (0..5)
        .map(|hours| {
            Run::starting(TEN + hours * HOUR, started.clone())
                .play("all")
                .task("first")
                .changed("web-01")
                .task("second")
                .changed("web-01")
                .ended(0)
        })
        .collect();
    for at in [3_usize, 0, 4, 2, 1] {
        runs[at].deliver(&client);
    }
    let found = |query: &str, limit: usize| {
        let path = format!("/hosts/web-01/changes?{query}");
        let changes = all(&client, &path, "changes", limit);
        let told = changes.iter().map(|change| {
            let run = runs
                .iter()
                .position(|run| change["execution"] == json!(run.id))
                .unwrap();
            format!("{run} {}", change["task_name"].as_str().unwrap())
        });
        told.collect::<Vec<_>>().join(", ")
    };
    let whole = "4 second, 4 first, 3 second, 3 first, 2 second, 2 first, 1 second, 1 first, 0 second, 0 first";
    for (query, expected) in [
        ("content=false", whole),
        ("since=2026-01-20&until=2026-01-20", whole),
        (
            "since=2026-01-20T11:00:00Z&until=2026-01-20T13:00:00Z",
            "3 second, 3 first, 2 second, 2 first, 1 second, 1 first",
        ),
        (
            "since=2026-01-20T12:30:00Z",
            "4 second, 4 first, 3 second, 3 first",
        ),
        ("until=2026-01-20T10:00:00Z", "0 second, 0 first"),
        // It changed the host a few milliseconds later, but had started before.
        (
            "since=2026-01-20T10:00:00.001Z&until=2026-01-20T10:30:00Z",
            "",
        ),
        (
            "since=2026-01-20T13:00:00Z&until=2026-01-20T13:00:00Z&content=true",
            "3 second, 3 first",
        ),
        ("since=2026-01-21", ""),
        ("until=2026-01-19", ""),
    ] {
        for limit in [1, 3, 100] {
            assert_eq!(found(query, limit), expected, "{query} {limit}");
        }
    }

    // How long ago.
    ran(3, "web-02").deliver(&client);
    let count = |query: &str| {
        let told = get(&client, "web-02", &format!("/changes?{query}"));
        told["changes"].as_array().unwrap().len()
    };
    assert_eq!(count("since=7d"), 1);
    assert_eq!(count("since=2d"), 0);
    assert_eq!(count("since=7d&until=4d"), 0);
    assert_eq!(count("since=7d&until=36h"), 1);
    let unknown = client.api("/hosts/web-99/changes?since=7d");
    unknown.error(404, "not_found");
}

#[test]
pub(crate) fn what_cannot_be_answered_is_refused_with_the_next_step() {
    let collector = Collector::start();
    let client = collector.client();
    for part in ["", "/runs", "/changes", "/facts", "/facts/changes"] {
        let message = client
            .api(&format!("/hosts/web-99{part}"))
            .error(404, "not_found");
        assert!(
            message.contains("\"web-99\"") && message.contains("playback hosts"),
            "{message}"
        );
    }
    assert_eq!(client.api("/hosts").ok(), json!({ "hosts": [] }));
    // A host of an ad-hoc command alone, with a name that is hardly one.
    let odd = "a/../b %2F?x=1#\u{1f98a}\u{202e}";
    let adhoc = json!({ "type": "adhoc", "module": "ping", "hosts": "all" });
    Run::starting(TEN, adhoc)
        .play("Ansible Ad-Hoc")
        .task("ping")
        .ok(odd)
        .ended(0)
        .deliver(&client);
    let detail = get(&client, odd, "");
    assert_eq!(detail["name"], odd);
    assert_eq!(detail["last_run"]["module"], "ping");
    assert_eq!(get(&client, odd, "/changes"), json!({ "changes": [] }));
    assert_eq!(get(&client, odd, "/facts")["facts"], json!({}));
    // One that is longer than an index holds is found by the whole of it.
    let long = "h".repeat(1000);
    Run::new()
        .play("all")
        .task("ping")
        .ok(&long)
        .ended(0)
        .deliver(&client);
    assert_eq!(get(&client, &long, "")["runs"], 1);
    for (query, says) in [
        (
            "/hosts?unseen=never",
            "unseen = \"never\": a duration looks like",
        ),
        (
            "/hosts?status=changed",
            "status = \"changed\": it must be one of ok, failed",
        ),
        ("/hosts?limit=0", "limit = 0"),
        ("/hosts?hosts=1", "unknown field `hosts`"),
        ("/hosts/x/runs?cursor=1", "cursor"),
        ("/hosts/x/changes?cursor=1.2", "cursor"),
        ("/hosts/x/changes?content=some", "content"),
        (
            "/hosts/x/changes?since=soon",
            "since = \"soon\": it must be a time",
        ),
        (
            "/hosts/x/changes?until=7",
            "until = \"7\": it must be a time",
        ),
        (
            "/hosts/x/changes?since=1d&until=2d",
            "since = \"1d\" is after until = \"2d\": exchange them",
        ),
        ("/hosts/x/changes?from=1d", "unknown field `from`"),
        ("/hosts/x/runs?since=1d", "unknown field `since`"),
        ("/hosts/x/facts?at=soon", "at = \"soon\": it must be a time"),
        ("/hosts/x/facts?since=1d", "unknown field `since`"),
        ("/hosts/x/facts/changes?since=soon", "since = \"soon\""),
        ("/hosts/x/facts/changes?until=soon", "until = \"soon\""),
    ] {
        let message = client.api(query).error(400, "bad_request");
        assert!(message.contains(says), "{query}: {message}");
    }
    client.api("/hosts/%FF").error(400, "bad_request");
    let nobody = collector.client_with(None);
    nobody.api("/hosts").error(401, "unauthorized");
}

#[test]
pub(crate) fn a_running_host_is_running_until_it_fails() {
    let collector = Collector::start();
    let client = collector.client();
    let run = Run::new()
        .play("all")
        .task("install")
        .host("web-01")
        .failed("web-02");
    run.deliver(&client);
    let status = |host: &str| get(&client, host, "")["status"].clone();
    eventually("the hosts", || (status("web-02") == "failed").then_some(()));
    assert_eq!(status("web-01"), "running");
    let over = run.clone().ok("web-01").ended(2);
    over.deliver_range(&client, run.len()..over.len());
    client.finished(run.id);
    assert_eq!(
        (status("web-01"), status("web-02")),
        (json!("ok"), json!("failed"))
    );
}

/// A run in which a host begins a task, and its groups are told.
fn in_groups(hours: i64, groups: &[&str]) -> Run {
    let started = json!({ "type": "playbook", "playbook": "site.yml" });
    let task = json!({ "task": 1, "play": 1, "name": "one", "action": "ping" });
    Run::starting(TEN + hours * HOUR, started)
        .play("all")
        .event("task_started", task)
        .event(
            "host_started",
            json!({ "task": 1, "host": "web-1", "groups": groups }),
        )
        .event(
            "result",
            json!({ "task": 1, "host": "web-1", "status": "ok" }),
        )
        .ended(0)
}

#[test]
pub(crate) fn groups_that_a_host_belonged_to_are_told_with_the_run_that_changed_them() {
    let collector = Collector::start();
    let client = collector.client();
    let runs = [
        in_groups(0, &["old", "web"]),
        in_groups(1, &["old", "web"]),
        in_groups(2, &["web"]),
        in_groups(3, &[]),
        in_groups(4, &["prod", "web"]),
        in_groups(5, &["prod", "web"]),
    ];
    // In whatever order they arrive.
    for run in [5, 0, 3, 4, 1, 2].map(|at: usize| &runs[at]) {
        run.deliver(&client);
    }
    let list = get(&client, "web-1", "/groups");
    let change = |run: usize, hour: u32, groups: &[&str]| {
        json!({
            "execution": runs[run].id, "time": format!("2026-01-20T{:02}:00:00Z", 10 + hour), "groups": groups,
        })
    };
    let with = |mut change: Value, added: &[&str], removed: &[&str]| {
        change["added"] = json!(added);
        change["removed"] = json!(removed);
        change
    };
    assert_eq!(
        list,
        json!({
            "host": "web-1", "groups": ["prod", "web"], "complete": true,
            "changes": [
                with(change(4, 4, &["prod", "web"]), &["prod", "web"], &[]),
                with(change(3, 3, &[]), &[], &["web"]),
                with(change(2, 2, &["web"]), &[], &["old"]),
                change(0, 0, &["old", "web"]),
            ],
        })
    );
    assert_eq!(get(&client, "web-1", "")["groups"], json!(["prod", "web"]));
    let last = get(&client, "web-1", "/groups?limit=1");
    assert_eq!(
        (&last["complete"], &last["changes"][0]),
        (&json!(false), &list["changes"][0])
    );
    // What a deleted run alone told is gone, and what was before is what an earlier run told.
    assert_eq!(client.delete(runs[3].id).status, 204);
    let list = get(&client, "web-1", "/groups");
    assert_eq!(list["changes"].as_array().unwrap().len(), 3);
    assert_eq!(
        list["changes"][0],
        with(change(4, 4, &["prod", "web"]), &["prod"], &[])
    );
    client.api("/hosts/web-2/groups").error(404, "not_found");
}
