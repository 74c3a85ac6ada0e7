//! Statistics through HTTP.

use serde_json::{Value, json};

use crate::builders::{Run, TEN, good_run};
use crate::harness::{API, Client, Collector, Setup, eventually};

const HOUR: i64 = 3_600_000_000;

/// The day on which the runs here start.
const DAY: &str = "from=2026-01-20&to=2026-01-20";

#[track_caller]
fn ask(client: &Client, query: &str) -> Value {
    client.api(&format!("/executions/stats?{query}")).ok()
}

/// A run of `db.yml` that fails on one host of two, two hours after ten.
fn failed_run() -> Run {
    let started = json!({
        "type": "playbook", "playbook": "plays/db.yml", "inventory": "prod/hosts", "user": "ann",
        "controller": "ctl", "labels": ["night"], "note": "before the move",
    });
    Run::starting(TEN + 2 * HOUR, started)
        .play("db")
        .task("grow the disk")
        .failed("db-01")
        .changed("db-02")
        .recap(&[("db-01", [3, 0, 0, 2, 0]), ("db-02", [1, 1, 0, 0, 0])])
        .after(100.0)
        .ended(2)
}

/// An ad-hoc command that goes on, three hours after ten.
fn running_run() -> Run {
    let started = json!({ "type": "adhoc", "module": "ping", "hosts": "web", "user": "bob" });
    Run::starting(TEN + 3 * HOUR, started).play("Ansible Ad-Hoc")
}

fn three_runs(client: &Client) -> [Run; 3] {
    let runs = [good_run(), failed_run(), running_run()];
    for run in &runs {
        run.deliver(client);
    }
    runs
}

/// Some of the fields of an answer.
fn some(answer: &Value, fields: &[&str]) -> Value {
    fields.iter().map(|field| answer[*field].clone()).collect()
}

const COUNTS: [&str; 4] = ["total", "success", "failed", "running"];

#[test]
pub(crate) fn the_figures_are_those_of_the_runs() {
    let collector = Collector::start();
    let client = collector.client();
    let [good, failed, _] = three_runs(&client).map(|run| {
        let record = client.execution(run.id, "").ok();
        record["duration"].as_f64().unwrap_or_default()
    });
    let answer = ask(&client, DAY);
    assert_eq!(some(&answer, &COUNTS), json!([3, 1, 1, 1]));
    assert_eq!(answer["success_rate"], 50.0);
    assert_eq!(
        some(&answer, &["from", "to", "interval"]),
        json!(["2026-01-20T00:00:00Z", "2026-01-20T23:59:59.999999Z", 3600])
    );
    assert!(answer.get("period").is_none() && answer.get("groups").is_none());
    let near = |field: &str, seconds: f64, by: f64| {
        let is = answer[field].as_f64().unwrap();
        assert!(
            (is - seconds).abs() <= seconds * by,
            "{field}: {is}, not {seconds}"
        );
    };
    near("avg_duration", (good + failed) / 2.0, 1e-6);
    near("min_duration", good, 0.0);
    near("max_duration", failed, 0.0);
    near("p50_duration", good, 0.016);
    near("p95_duration", failed, 0.016);
    assert_eq!(answer["changed"], 2);
    assert_eq!(answer["by_reason"], json!({ "task_failed": 1 }));
    assert_eq!(answer["top_failed_hosts"], json!({ "db-01": 1 }));
    let host = json!([{ "host": "db-01", "failed_runs": 1, "failures": 2, "unreachable": 0 }]);
    assert_eq!(answer["failed_hosts"], host);
    assert_eq!(
        answer["top_playbooks"],
        json!({ "plays/db.yml": 1, "site.yml": 1 })
    );
    assert_eq!(
        some(&answer["playbooks"][0], &["playbook", "failed"]),
        json!(["plays/db.yml", 1])
    );
    let series = answer["series"].as_array().unwrap();
    assert_eq!(series.len(), 24);
    for (hour, interval) in series.iter().enumerate() {
        assert_eq!(interval["start"], format!("2026-01-20T{hour:02}:00:00Z"));
        let counts = match hour {
            10 => json!([1, 1, 0, 0]),
            12 => json!([1, 0, 1, 0]),
            13 => json!([1, 0, 0, 1]),
            _ => json!([0, 0, 0, 0]),
        };
        assert_eq!(some(interval, &COUNTS), counts, "{hour}");
    }
}

#[test]
pub(crate) fn every_filter_counts_what_the_list_finds() {
    let mut collector = Collector::start();
    three_runs(&collector.client());
    for rolled in [false, true] {
        if rolled {
            roll_up(&mut collector);
        }
        let client = collector.client();
        for filter in [
            "status=failed",
            "status=running",
            "type=adhoc",
            "playbook=db.yml",
            "playbook=plays/db.yml",
            "playbook=plays/site.yml",
            "inventory=hosts",
            "inventory=prod/hosts",
            "host=db-02",
            "host=web-01&status=success",
            "user=ann",
            "controller=ctl",
            "label=night",
            "label=night&host=db-01&changed=true",
            "changed=false",
            "reason=task_failed",
            "min_duration=50",
            "q=THE%20MOVE",
            "status=&user=",
        ] {
            let listed = client.api(&format!("/executions?{filter}")).ok();
            let found = listed["executions"].as_array().unwrap().len();
            let answer = ask(&client, &format!("{filter}&{DAY}"));
            assert_eq!(answer["total"], found, "{filter}, rolled up: {rolled}");
        }
        // The answer then has the figures of that host alone.
        let answer = ask(&client, &format!("host=db-02&by=host&{DAY}"));
        assert_eq!(answer["top_failed_hosts"], json!({}));
        assert_eq!(
            some(&answer["groups"][0], &["name", "success"]),
            json!(["db-02", 1])
        );
        assert_eq!(answer["groups_total"], 1);
    }
}

/// Restarts the collector, which then rolls all days up that are over.
fn roll_up(collector: &mut Collector) {
    collector.kill_and_restart();
    let address = collector.database();
    let store = playback::store::Store::open_as_is(address.as_str());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = runtime.block_on(store).unwrap();
    eventually("the days to be rolled up", || {
        let left = runtime.block_on(store.days_to_roll(i64::MAX)).unwrap();
        left.is_empty().then_some(())
    });
    runtime.block_on(store.close());
}

#[test]
pub(crate) fn groups_are_counted_each_and_are_the_same_rolled_up() {
    let mut collector = Collector::start();
    three_runs(&collector.client());
    let kinds = ["playbook", "host", "task", "label", "user"];
    let answers = |client: &Client| kinds.map(|by| ask(client, &format!("by={by}&{DAY}")));
    let before = answers(&collector.client());
    let groups = |at: usize, fields: &[&str]| -> Value {
        let groups = before[at]["groups"].as_array().unwrap();
        groups.iter().map(|group| some(group, fields)).collect()
    };
    let counts = ["name", "total", "success", "failed", "running"];
    assert_eq!(
        groups(0, &counts),
        json!([["plays/db.yml", 1, 0, 1, 0], ["site.yml", 1, 1, 0, 0]])
    );
    assert_eq!(
        groups(1, &counts),
        json!([
            ["db-01", 1, 0, 1, 0],
            ["db-02", 1, 1, 0, 0],
            ["web-01", 1, 1, 0, 0]
        ])
    );
    assert_eq!(before[1]["groups"][0]["stats"]["failed"], 2);
    assert_eq!(
        groups(
            2,
            &["name", "role", "action", "playbook", "total", "failed"]
        ),
        json!([
            ["grow the disk", "", "debug", "plays/db.yml", 1, 1],
            ["install", "", "debug", "site.yml", 1, 0],
        ])
    );
    let results = json!({
        "ok": 1, "changed": 1, "failed": 1, "skipped": 0, "unreachable": 0, "ignored": 0,
    });
    assert_eq!(before[2]["groups"][0]["results"], results);
    assert_eq!(groups(3, &counts), json!([["night", 1, 0, 1, 0]]));
    assert_eq!(
        groups(4, &counts),
        json!([["ann", 1, 0, 1, 0], ["bob", 1, 0, 0, 1]])
    );
    let client = collector.client();
    let limited = ask(&client, &format!("by=host&limit=2&{DAY}"));
    assert_eq!(limited["groups"].as_array().unwrap().len(), 2);
    assert_eq!(limited["groups_total"], 3);

    roll_up(&mut collector);
    assert_eq!(answers(&collector.client()), before);
}

#[test]
pub(crate) fn a_late_end_a_rebuilt_row_and_a_deletion_are_seen_at_once() {
    let mut collector = Setup::default().config("silence_seconds = 1").start();
    let client = collector.client();
    let run = good_run();
    let other = failed_run();
    other.deliver(&client);
    let split = run.len() - 2;
    run.deliver_range(&client, 0..split);
    client.finished(run.id);
    roll_up(&mut collector);
    let client = collector.client();
    let answer = ask(&client, DAY);
    assert_eq!(some(&answer, &COUNTS), json!([2, 0, 2, 0]));
    assert_eq!(answer["by_reason"], json!({ "lost": 1, "task_failed": 1 }));
    run.deliver_range(&client, split..run.len());
    let answer = ask(&client, DAY);
    assert_eq!(some(&answer, &COUNTS), json!([2, 1, 1, 0]));
    assert_eq!(answer["by_reason"], json!({ "task_failed": 1 }));

    roll_up(&mut collector);
    collector.command(&["rebuild", "--all"]).unwrap();
    let client = collector.client();
    let rebuilt = ask(&client, DAY);
    assert_eq!(rebuilt, answer);

    roll_up(&mut collector);
    let client = collector.client();
    assert_eq!(client.delete(other.id).status, 204);
    let answer = ask(&client, &format!("by=host&{DAY}"));
    assert_eq!(some(&answer, &COUNTS), json!([1, 1, 0, 0]));
    assert_eq!(answer["top_failed_hosts"], json!({}));
    assert_eq!(answer["groups_total"], 1);
}

/// What is redacted is in no roll-up either.
#[test]
fn a_redacted_word_is_gone_from_the_roll_ups() {
    let mut collector = Collector::start();
    let started = json!({ "type": "playbook", "playbook": "site.yml", "user": "hunter-two" });
    let run = Run::of(started).play("web").task("t").ok("web-01").ended(0);
    run.deliver(&collector.client());
    roll_up(&mut collector);
    let client = collector.client();
    let by_user =
        |client: &Client| ask(client, &format!("by=user&{DAY}"))["groups"][0]["name"].clone();
    assert_eq!(by_user(&client), "hunter-two");
    let path = format!("{API}/executions/{}/redact", run.id);
    let body = json!({ "texts": ["hunter-two"] }).to_string();
    let answer = client.send("POST", &path, &[], body.as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_ne!(by_user(&client), "hunter-two");
    roll_up(&mut collector);
    assert_ne!(by_user(&collector.client()), "hunter-two");
}

#[test]
fn periods_end_now_or_when_one_says() {
    let collector = Collector::start();
    let client = collector.client();
    for (period, intervals) in [
        ("hour", 12..=13),
        ("day", 24..=25),
        ("week", 7..=7),
        ("month", 30..=30),
    ] {
        let answer = ask(&client, &format!("period={period}"));
        assert_eq!(answer["period"], period);
        let series = answer["series"].as_array().unwrap();
        assert!(
            intervals.contains(&series.len()),
            "{period}: {}",
            series.len()
        );
        let numbers = [
            "total",
            "success",
            "failed",
            "running",
            "changed",
            "success_rate",
            "avg_duration",
            "min_duration",
            "max_duration",
            "p50_duration",
            "p95_duration",
        ];
        for field in numbers {
            assert_eq!(answer[field].as_f64(), Some(0.0), "{period} {field}");
        }
        let empty = some(
            &answer,
            &[
                "by_reason",
                "top_failed_hosts",
                "top_playbooks",
                "playbooks",
            ],
        );
        assert_eq!(empty, json!([{}, {}, {}, []]));
    }
    assert_eq!(ask(&client, "")["period"], "day");
    three_runs(&client);
    let total = |query: &str| ask(&client, query)["total"].clone();
    assert_eq!(total("period=hour&to=2026-01-20T10:30:00Z"), 1);
    assert_eq!(total("period=day&to=2026-01-21T11:00:00Z"), 2);
    assert_eq!(total("period=week&to=2026-01-26"), 3);
    assert_eq!(total("period=week&to=2026-01-27"), 0);
    assert_eq!(total("period=month&to=2026-02-18T00:00:00Z"), 3);
    assert_eq!(
        total("start_date=2026-01-20T12:00:00Z&end_date=2026-01-20T13:00:00Z"),
        2
    );
    assert_eq!(total("from=1970-01-01"), 3);
    let weeks = ask(&client, "from=0001-01-01&to=9999-12-31");
    assert_eq!(weeks["total"], 3);
    assert!(weeks["series"].as_array().unwrap().len() <= 122);
    // Within an interval of five minutes, to the microsecond.
    assert_eq!(
        total("from=2026-01-20T10:00:00Z&to=2026-01-20T10:00:00Z"),
        1
    );
    assert_eq!(
        total("from=2026-01-20T10:00:00.000001Z&to=2026-01-20T10:30:00Z"),
        0
    );
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let collector = Collector::start();
    let client = collector.client();
    for (query, field) in [
        ("period=year", "period"),
        ("period=day&from=2026-01-20", "period"),
        ("from=2026-01-21&to=2026-01-20", "from"),
        ("from=2999-01-01", "from"),
        ("from=yesterday", "from"),
        ("to=25:00", "to"),
        ("by=planet", "by"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("status=lost", "status"),
        ("reason=x", "reason"),
        ("type=x", "type"),
        ("changed=maybe", "changed"),
        ("min_duration=-1", "min_duration"),
        ("cursor=1", "cursor"),
        ("peroid=day", "peroid"),
    ] {
        let answer = client.api(&format!("/executions/stats?{query}"));
        let message = answer.error(400, "bad_request");
        assert!(message.contains(field), "{query}: {message}");
    }
    let stranger = collector.client_with(None);
    stranger.api("/executions/stats").error(401, "unauthorized");
}
