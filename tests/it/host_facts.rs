//! Facts of hosts: now, at a time, and how they changed; in whatever order runs arrive, and when runs, logs or words go.

use std::collections::BTreeSet;
use std::path::PathBuf;

use playback::store::Store;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::builders::{Run, TEN};
use crate::harness::{API, Client, Collector};
use crate::servers::sql;

const HOUR: i64 = 3_600_000_000;

/// A run that starts so many hours after [`TEN`].
fn run_at(hours: i64) -> Run {
    let started = json!({ "type": "playbook", "playbook": "site.yml" });
    Run::starting(TEN + hours * HOUR, started).play("all")
}

/// A task of this module, which reports facts of a host.
fn reports(run: Run, task: u32, module: &str, host: &str, facts: Value) -> Run {
    let data = json!({ "task": task, "play": 1, "name": module, "action": module });
    run.event("task_started", data)
        .event(
            "result",
            json!({ "task": task, "host": host, "status": "ok" }),
        )
        .event(
            "facts",
            json!({ "task": task, "host": host, "facts": facts }),
        )
}

/// A run that gathers all facts.
fn gathers(hours: i64, host: &str, kernel: &str, free: u32) -> Run {
    let facts = json!({
        "ansible_kernel": kernel, "ansible_memfree_mb": free, "gather_subset": ["all"],
        "ansible_mounts": [{ "mount": "/", "size_total": 100, "size_available": free }],
    });
    reports(run_at(hours), 1, "setup", host, facts)
}

fn facts(client: &Client, host: &str, query: &str) -> Value {
    client.api(&format!("/hosts/{host}/facts{query}")).ok()
}

fn changes(client: &Client, host: &str, query: &str) -> Value {
    client
        .api(&format!("/hosts/{host}/facts/changes{query}"))
        .ok()
}

/// Changes as `path: before → after`, for each run.
fn told(changes: &Value) -> Vec<(Value, Vec<String>)> {
    let changes = changes["changes"].as_array().unwrap().iter();
    changes
        .map(|change| {
            let differences = change["differences"].as_array().unwrap().iter();
            let differences = differences.map(|one| {
                let path: Vec<&str> = one["path"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|part| part.as_str().unwrap())
                    .collect();
                format!("{}: {} → {}", path.join("."), one["before"], one["after"])
            });
            (change["execution"].clone(), differences.collect())
        })
        .collect()
}

#[test]
pub(crate) fn facts_are_shown_as_of_any_time_with_their_changes() {
    let collector = Collector::start();
    let client = collector.client();
    let first = gathers(0, "web-01", "6.1", 10).ended(0);
    let same = gathers(1, "web-01", "6.1", 20).ended(0);
    let packages = json!({ "packages": { "vim": [{ "version": "9.0" }] } });
    let upgraded = reports(run_at(2), 1, "package_facts", "web-01", packages);
    let upgraded = reports(upgraded, 2, "set_fact", "web-01", json!({ "release": 7 })).ended(0);
    let packages = json!({ "packages": { "vim": [{ "version": "9.1" }], "jq": [] } });
    let later = reports(
        gathers(3, "web-01", "6.2", 30),
        2,
        "package_facts",
        "web-01",
        packages,
    );
    // Facts of a host that no task ran on: `delegate_facts`.
    let delegated = json!({ "task": 3, "play": 1, "name": "setup", "action": "setup" });
    let later = later
        .event("task_started", delegated)
        .event(
            "result",
            json!({ "task": 3, "host": "web-01", "status": "ok", "delegated_to": "db-1" }),
        )
        .event(
            "facts",
            json!({ "task": 3, "host": "db-1", "facts": { "ansible_kernel": "5.0" } }),
        )
        .ended(0);
    for run in [&later, &first, &upgraded, &same] {
        run.deliver(&client);
    }
    let now = facts(&client, "web-01", "");
    assert_eq!(
        now["facts"],
        json!({
            "ansible_kernel": "6.2", "ansible_memfree_mb": 30, "gather_subset": ["all"],
            "ansible_mounts": [{ "mount": "/", "size_total": 100, "size_available": 30 }],
            "packages": { "vim": [{ "version": "9.1" }], "jq": [] },
        })
    );
    let sources = now["sources"].as_array().unwrap();
    assert_eq!(sources.len(), 2, "{now}");
    assert_eq!(
        sources[0],
        json!({
            "execution": later.id, "seq": 5, "time": "2026-01-20T13:00:00.004Z", "complete": true, "facts": 4,
        })
    );
    assert_eq!((&now["at"], &now["unreadable"]), (&Value::Null, &json!([])));
    let at = |time: &str| facts(&client, "web-01", &format!("?at={time}"))["facts"].clone();
    assert_eq!(at("2026-01-20T09:59:59Z"), json!({}));
    assert_eq!(at("2026-01-20T10:30:00Z")["ansible_memfree_mb"], 10);
    assert_eq!(at("2026-01-20T12:30:00Z")["ansible_memfree_mb"], 20);
    assert_eq!(
        at("2026-01-20T12:30:00Z")["packages"]["vim"][0]["version"],
        "9.0"
    );
    assert_eq!(at("2026-01-20"), now["facts"]);
    assert_eq!(at("1m"), now["facts"]);
    let named = |name: &str| facts(&client, "web-01", &format!("?name={name}"))["facts"].clone();
    for name in ["ansible_kernel", "kernel", "kern*"] {
        assert_eq!(named(name), json!({ "ansible_kernel": "6.2" }), "{name}");
    }
    assert_eq!(named("nothing"), json!({}));

    // Free memory and space are no changes; the first gathering is none either.
    let all = changes(&client, "web-01", "");
    let expected = [
        (json!(first.id), vec![]),
        (
            json!(upgraded.id),
            vec![r#"packages: null → {"vim":[{"version":"9.0"}]}"#.to_owned()],
        ),
        (
            json!(later.id),
            vec![r#"ansible_kernel: "6.1" → "6.2""#.to_owned()],
        ),
        (
            json!(later.id),
            vec![
                "packages.jq: null → []".to_owned(),
                r#"packages.vim.0.version: "9.0" → "9.1""#.to_owned(),
            ],
        ),
    ];
    assert_eq!(told(&all), expected);
    assert_eq!(all["changes"][0]["first"], true);
    assert_eq!(all["changes"][1]["first"], false);
    let since = changes(&client, "web-01", "?since=2026-01-20T12:30:00Z&name=kernel");
    assert_eq!(told(&since), expected[2..3]);
    let until = changes(&client, "web-01", "?until=2026-01-20T12:30:00Z");
    assert_eq!(told(&until), expected[..2]);
    let detail = client.api("/hosts/web-01").ok();
    assert_eq!(detail["facts_time"], "2026-01-20T13:00:00.007Z");

    let delegated = facts(&client, "db-1", "");
    assert_eq!(delegated["facts"], json!({ "ansible_kernel": "5.0" }));
    client.api("/hosts/db-1").error(404, "not_found");
    // A value that is too long to be shown beside others.
    let long = json!({ "packages": "x".repeat(5000) });
    let run = reports(run_at(5), 1, "package_facts", "web-01", long).ended(0);
    run.deliver(&client);
    let since = changes(&client, "web-01", "?since=2026-01-20T14:00:00Z");
    let difference = &since["changes"][0]["differences"][0];
    assert_eq!(
        (&difference["cut"], &difference["after"]),
        (&json!(true), &Value::Null)
    );
}

/// A report of facts, in small numbers.
#[derive(Debug, Clone)]
struct Report {
    /// 0 and 1: all that `setup` gathers; 2: a part; others: another module.
    kind: u8,
    facts: Vec<(u8, u8)>,
}

/// Names of facts; some are reported by `setup` and by other modules.
const NAMES: [&str; 4] = ["ansible_a", "ansible_b", "c", "d"];

impl Report {
    fn facts(&self) -> Map<String, Value> {
        let mut facts = Map::new();
        for (name, value) in &self.facts {
            let value = match value {
                0..=2 => json!(value),
                value => json!({ "x": value, "y": value / 4 }),
            };
            facts.insert(NAMES[usize::from(*name)].to_owned(), value);
        }
        facts
    }

    fn is_of_setup(&self) -> bool {
        self.kind <= 2
    }

    fn is_complete(&self) -> bool {
        self.kind <= 1
    }

    fn add_to(&self, run: Run, task: u32, host: &str) -> Run {
        let mut facts = self.facts();
        if self.is_complete() {
            facts.insert("gather_subset".to_owned(), json!(["all"]));
        }
        let module = if self.is_of_setup() {
            "ansible.builtin.setup"
        } else {
            "my_facts"
        };
        reports(run, task, module, host, Value::Object(facts))
    }
}

fn report() -> impl Strategy<Value = Report> {
    let facts = vec((0..4u8, 0..6u8), 1..4);
    (0..5u8, facts).prop_map(|(kind, facts)| Report { kind, facts })
}

/// A report with its run and its time.
type Timed = (i64, Uuid, Report);

/// The facts at a time, each looked for in all reports: the last value that `setup` reported since the last complete
/// gathering, or that another module ever reported, whichever is later.
fn slowly_at(reports: &[Timed], at_us: i64) -> Map<String, Value> {
    let mut past: Vec<&Timed> = reports.iter().filter(|report| report.0 <= at_us).collect();
    past.sort_by_key(|report| report.0);
    let complete = past.iter().rposition(|report| report.2.is_complete());
    let mut facts = Map::new();
    for (place, (_, _, report)) in past.iter().enumerate() {
        let is_outdated = report.is_of_setup() && complete.is_some_and(|complete| place < complete);
        if !is_outdated {
            facts.extend(report.facts());
        }
    }
    facts
}

/// The differences between two states, as [`told`] writes them.
fn slowly_differ(before: &Map<String, Value>, after: &Map<String, Value>) -> BTreeSet<String> {
    fn add(path: &str, before: &Value, after: &Value, found: &mut BTreeSet<String>) {
        match (before, after) {
            (Value::Object(old), Value::Object(new)) => {
                for name in old.keys().chain(new.keys()) {
                    add(
                        &format!("{path}.{name}"),
                        &before[name],
                        &after[name],
                        found,
                    );
                }
            }
            _ if before == after => {}
            _ => {
                found.insert(format!("{path}: {before} → {after}"));
            }
        }
    }
    let mut found = BTreeSet::new();
    for name in before.keys().chain(after.keys()) {
        let of = |facts: &Map<String, Value>| facts.get(name).cloned().unwrap_or_default();
        add(name, &of(before), &of(after), &mut found);
    }
    found
}

fn holds_against(client: &Client, host: &str, reports: &[Timed]) {
    let without_subset = |mut facts: Value| {
        facts["facts"]
            .as_object_mut()
            .unwrap()
            .remove("gather_subset");
        facts["facts"].clone()
    };
    let mut times: Vec<i64> = reports.iter().map(|report| report.0).collect();
    times.sort_unstable();
    let mut expected = Vec::new();
    for at_us in &times {
        let time = playback::model::time_from_us(*at_us).to_rfc3339();
        let time = time.replace('+', "%2B");
        let shown = without_subset(facts(client, host, &format!("?at={time}")));
        let (before, after) = (slowly_at(reports, at_us - 1), slowly_at(reports, *at_us));
        assert_eq!(shown, Value::Object(after.clone()), "{host} {time}");
        let (_, id, report) = reports.iter().find(|report| report.0 == *at_us).unwrap();
        let is_known = reports
            .iter()
            .any(|report| report.0 < *at_us && report.2.is_of_setup());
        let mut differences = slowly_differ(&before, &after);
        let is_first = report.is_of_setup() && !is_known;
        if is_first {
            // What it brought is not listed.
            differences.retain(|one| !one.contains(": null → "));
        }
        if is_first || !differences.is_empty() {
            expected.push((json!(id), differences));
        }
    }
    assert_eq!(
        without_subset(facts(client, host, "")),
        Value::Object(slowly_at(reports, i64::MAX)),
        "{host}"
    );
    for limit in [1, 3, 1000] {
        let mut found = Vec::new();
        let mut since = "1970-01-01T00:00:00Z".to_owned();
        loop {
            let page = changes(client, host, &format!("?since={since}&limit={limit}"));
            found.extend(told(&page));
            match page["next_since"].as_str() {
                Some(next) => since = next.to_owned(),
                None => break,
            }
        }
        let found: Vec<_> = found
            .into_iter()
            .map(|(id, differences)| (id, differences.into_iter().collect::<BTreeSet<_>>()))
            .collect();
        assert_eq!(found, expected, "{host}, {limit} a page");
    }
}

/// Runs in any order, of which some go: the facts are those of the runs that are there, whichever came first.
#[test]
pub(crate) fn facts_and_their_changes_are_those_of_an_obvious_search() {
    let collector = Collector::start();
    let client = collector.client();
    let mut runner = TestRunner::deterministic();
    let runs = vec(vec(report(), 1..4), 1..14);
    let any = (runs, any::<u64>());
    for case in 0..8 {
        let host = format!("host-{case}");
        let (runs, seed) = any.new_tree(&mut runner).unwrap().current();
        let mut made: Vec<(Run, Vec<Timed>)> = Vec::new();
        for (hours, all) in runs.iter().enumerate() {
            let mut run = run_at(hours as i64);
            let mut timed = Vec::new();
            for (task, report) in (1..).zip(all) {
                run = report.add_to(run, task, &host);
                // Its own event is the last one; they are a millisecond apart.
                let at_us = TEN + hours as i64 * HOUR + (run.len() as i64 - 1) * 1000;
                timed.push((at_us, run.id, report.clone()));
            }
            made.push((run.ended(0), timed));
        }
        // Any order, and the same one each time.
        made.sort_by_key(|(_, timed)| timed[0].0.wrapping_mul(seed as i64 | 1));
        for (run, _) in &made {
            run.deliver(&client);
        }
        let all: Vec<Timed> = made.iter().flat_map(|(_, timed)| timed.clone()).collect();
        holds_against(&client, &host, &all);
        let (gone, kept): (Vec<_>, Vec<_>) = made
            .into_iter()
            .enumerate()
            .partition(|(at, _)| at.is_multiple_of(3));
        for (_, (run, _)) in gone {
            client.finished(run.id);
            assert_eq!(client.delete(run.id).status, 204);
        }
        let kept: Vec<Timed> = kept.into_iter().flat_map(|(_, (_, timed))| timed).collect();
        if !kept.is_empty() {
            holds_against(&client, &host, &kept);
        }
    }
}

#[test]
fn sqlite_facts_are_those_of_an_obvious_search() {
    facts_and_their_changes_are_those_of_an_obvious_search();
}

#[test]
pub(crate) fn what_a_deleted_run_alone_reported_is_gone() {
    let collector = Collector::start();
    let client = collector.client();
    let first = gathers(0, "web-01", "6.1", 10).ended(0);
    let packages = json!({ "packages": { "vim": 1 } });
    let packages = reports(run_at(1), 1, "package_facts", "web-01", packages).ended(0);
    let confirms = gathers(2, "web-01", "6.1", 20).ended(0);
    for run in [&first, &packages, &confirms] {
        run.deliver(&client);
        client.finished(run.id);
    }
    // What a later run confirms stays.
    assert_eq!(client.delete(first.id).status, 204);
    let now = facts(&client, "web-01", "");
    assert_eq!(now["facts"]["ansible_kernel"], "6.1");
    assert_eq!(
        facts(&client, "web-01", "?at=2026-01-20T10:30:00Z")["facts"],
        json!({})
    );
    assert_eq!(client.delete(packages.id).status, 204);
    let now = facts(&client, "web-01", "");
    assert_eq!(now["facts"]["packages"], Value::Null);
    assert_eq!(changes(&client, "web-01", "")["changes"][0]["first"], true);
    assert_eq!(client.delete(confirms.id).status, 204);
    client.api("/hosts/web-01/facts").error(404, "not_found");
}

/// The database's files that hold a text, where it is files of ours.
fn files_with(collector: &Collector, text: &str) -> Vec<PathBuf> {
    let file = collector.database_file();
    let files = ["", "-wal", "-shm"].map(|end| PathBuf::from(format!("{}{end}", file.display())));
    let holds = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_default();
        memchr::memmem::find(&bytes, text.as_bytes()).is_some()
    };
    files.into_iter().filter(holds).collect()
}

#[test]
pub(crate) fn redacted_words_are_gone_from_facts_and_their_changes() {
    const SECRET: &str = "hunter2-in-the-clear";
    let collector = Collector::start();
    let client = collector.client();
    let with = |hours: i64, value: &str| {
        let facts = json!({ "license": value, "ansible_os": "a", "gather_subset": ["all"] });
        reports(run_at(hours), 1, "setup", "web-01", facts).ended(0)
    };
    let runs = [with(0, "none"), with(1, SECRET), with(2, "none")];
    for run in &runs {
        // At this level texts stay as they are: the file holds them in the clear.
        let batch = zstd::bulk::compress(&run.ndjson(), -50).unwrap();
        assert_eq!(client.ingest(run.id, "recorder", &batch).status, 200);
        client.finished(run.id);
    }
    let at = "?at=2026-01-20T11:30:00Z";
    assert!(changes(&client, "web-01", "").to_string().contains(SECRET));
    assert_eq!(facts(&client, "web-01", at)["facts"]["license"], SECRET);
    let is_file = collector.database_file().exists();
    assert_eq!(files_with(&collector, SECRET).is_empty(), !is_file);
    let path = format!("{API}/executions/{}/redact", runs[1].id);
    let body = json!({ "texts": [SECRET] }).to_string();
    client.send("POST", &path, &[], body.as_bytes()).ok();
    assert_eq!(facts(&client, "web-01", at)["facts"]["license"], "***");
    let changes = changes(&client, "web-01", "");
    let told = told(&changes);
    assert_eq!(told[1].1, [r#"license: "none" → "***""#]);
    assert_eq!(told[2].1, [r#"license: "***" → "none""#]);
    assert_eq!(files_with(&collector, SECRET), Vec::<PathBuf>::new());
}

#[test]
pub(crate) fn retention_takes_the_facts_of_a_run_with_its_log() {
    let collector = Collector::start();
    let client = collector.client();
    let first = gathers(0, "web-01", "6.1", 10).ended(0);
    let second = gathers(1, "web-01", "6.2", 20).ended(0);
    for run in [&first, &second] {
        run.deliver(&client);
        client.finished(run.id);
    }
    let pin = format!("{API}/executions/{}/pin", second.id);
    client.send("PUT", &pin, &[], b"{}").ok();
    let clean = || {
        let path = format!("{API}/executions/cleanup");
        client
            .send("POST", &path, &[], b"{\"keep_payload_days\":1}")
            .ok()
    };
    clean();
    let gone = json!([{
        "execution": first.id, "time": "2026-01-20T10:00:00.004Z", "reason": "payload_removed",
    }]);
    let then = facts(&client, "web-01", "?at=2026-01-20T10:30:00Z");
    assert_eq!((&then["facts"], &then["unreadable"]), (&json!({}), &gone));
    let all = changes(&client, "web-01", "");
    assert_eq!(all["unreadable"], gone);
    assert_eq!(told(&all), [(json!(second.id), vec![])]);
    assert_eq!(
        facts(&client, "web-01", "")["facts"]["ansible_kernel"],
        "6.2"
    );
    client.send("DELETE", &pin, &[], b"");
    clean();
    let now = facts(&client, "web-01", "");
    assert_eq!(now["facts"], json!({}));
    assert_eq!(now["unreadable"][0]["execution"], json!(second.id));
    // The host and its runs are still known.
    assert_eq!(client.api("/hosts/web-01").ok()["runs"], 2);
}

#[test]
fn a_damaged_log_hides_its_own_facts_alone() {
    let collector = Collector::start();
    let client = collector.client();
    let first = gathers(0, "web-01", "6.1", 10);
    let packages = json!({ "packages": { "vim": 1 } });
    let second = reports(first.clone(), 2, "package_facts", "web-01", packages);
    for index in 0..second.len() {
        second.deliver_range(&client, index..index + 1);
    }
    tokio::runtime::Runtime::new().unwrap().block_on(sql(
        &collector.database(),
        "UPDATE event_blocks SET data = X'00' WHERE first_seq = 5",
    ));
    let now = facts(&client, "web-01", "");
    assert_eq!(now["facts"], json!({ "packages": { "vim": 1 } }));
    assert_eq!(now["unreadable"][0]["reason"], "damaged");
}

#[test]
pub(crate) fn a_collector_that_is_killed_in_between_keeps_every_report() {
    let mut collector = Collector::start();
    let client = collector.client();
    let packages = |version: u32| json!({ "packages": { "vim": version } });
    let run = gathers(0, "web-01", "6.1", 10);
    let run = reports(run, 2, "package_facts", "web-01", packages(1));
    let run = reports(run, 3, "package_facts", "web-01", packages(2));
    // The same again is no report of its own, also after a restart.
    let run = reports(run, 4, "package_facts", "web-01", packages(2)).ended(0);
    for index in 0..run.len() {
        run.deliver_range(&client, index..index + 1);
        if index % 3 == 0 {
            collector.kill_and_restart();
        }
    }
    client.finished(run.id);
    let vim = r#"packages: null → {"vim":1}"#.to_owned();
    let expected = [
        (json!(run.id), vec![]),
        (json!(run.id), vec![vim]),
        (json!(run.id), vec!["packages.vim: 1 → 2".to_owned()]),
    ];
    assert_eq!(told(&changes(&client, "web-01", "")), expected);
    assert!(collector.stop().0.success());
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = Store::open(&collector.database()).await.unwrap();
        let (key, _) = store.execution(run.id).await.unwrap().unwrap();
        let before = store.facts(key, 0, 100).await.unwrap();
        assert_eq!(before.len(), 3);
        playback::log::rebuild(&store, run.id).await.unwrap();
        assert_eq!(store.facts(key, 0, 100).await.unwrap(), before);
        store.close().await;
    });
}

#[test]
pub(crate) fn a_supervisor_that_began_earlier_changes_no_time_of_facts() {
    let collector = Collector::start();
    let client = collector.client();
    let run = gathers(2, "web-01", "6.1", 10).ended(0);
    run.deliver(&client);
    let before = facts(&client, "web-01", "");
    let supervisor = Run::supervisor(run.id).after(3.0).ended(2);
    supervisor.deliver(&client);
    let record = client.finished(run.id);
    assert_eq!(record["start_time"], "2026-01-20T10:00:00Z");
    assert_eq!(facts(&client, "web-01", ""), before);
}
