//! `watch` prints each start and each end once.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout};

use playback::clock::Clock;
use serde_json::{Value, json};

use super::{command, run, start};
use crate::builders::{Run, TEN, good_run};
use crate::exec_terminal::Person;
use crate::harness::{Collector, eventually};

/// A command that watches.
struct Watching {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watching {
    /// Starts it, and waits until it listens.
    fn start(collector: &Collector, arguments: &[&str]) -> Self {
        let mut child = start(collector, &[&["watch"], arguments].concat());
        let stdout = child.stdout.take().unwrap();
        listens(collector);
        Self {
            child,
            lines: BufReader::new(stdout).lines(),
        }
    }

    fn line(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }

    fn json(&mut self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until somebody watches.
fn listens(collector: &Collector) {
    eventually("the feed to be watched", || {
        let metrics = collector.client().get("/metrics").text;
        metrics.contains("playback_viewers 1").then_some(())
    });
}

fn db_run() -> Run {
    let started = json!({
        "type": "playbook", "playbook": "plays/db.yml", "user": "ann", "check": true, "limit": "db",
    });
    Run::starting(TEN + 3_600_000_000, started)
        .play("db")
        .task("grow the disk")
        .failed("db-01")
        .recap(&[("db-01", [0, 0, 0, 1, 0]), ("db-02", [1, 0, 0, 0, 0])])
        .after(125.0)
        .ended(2)
}

#[test]
fn each_start_and_each_end_is_one_line() {
    let collector = Collector::start();
    let client = collector.client();
    let old = good_run();
    old.deliver(&client);
    let mut watching = Watching::start(&collector, &[]);
    // A change of an old record is neither.
    run(&collector, &["pin", &old.id.to_string()]).ok();
    let db = db_run();
    db.deliver_range(&client, 0..1);
    let id = db.id;
    assert_eq!(
        watching.line(),
        format!("2026-01-20 11:00:00  started      {id}  plays/db.yml --check --limit db  by ann")
    );
    db.deliver_range(&client, 1..db.len());
    assert_eq!(
        watching.line(),
        format!(
            "2026-01-20 11:02:05  failed check  {id}  plays/db.yml --check --limit db  2m 05s, 1 failed, 1 ok"
        )
    );
    // What is delivered at once has only ended.
    let late = good_run();
    late.deliver(&client);
    assert_eq!(
        watching.line(),
        format!(
            "2026-01-20 10:00:00  success      {}  site.yml  0.0s, 1 changed",
            late.id
        )
    );
}

#[test]
fn json_is_the_streams_messages() {
    let collector = Collector::start();
    let client = collector.client();
    let mut watching = Watching::start(&collector, &["--json"]);
    let good = good_run();
    good.deliver_range(&client, 0..1);
    let started = watching.json();
    assert_eq!(
        (&started["type"], &started["event"]),
        (&json!("execution"), &json!("started"))
    );
    assert_eq!(started["execution"]["id"], good.id.to_string());
    good.deliver_range(&client, 1..good.len());
    let ended = watching.json();
    assert_eq!(ended["event"], "ended");
    assert_eq!(ended["execution"]["status"], "success");
    assert!(ended["execution"]["stats"]["web-01"].is_object(), "{ended}");
}

#[test]
fn filters_and_a_query_choose_the_runs() {
    let collector = Collector::start();
    let client = collector.client();
    let mut failures = Watching::start(&collector, &["--json", "--status", "failed"]);
    let (good, db) = (good_run(), db_run());
    for run in [&good, &db] {
        run.deliver_range(&client, 0..1);
        run.deliver_range(&client, 1..run.len());
    }
    let told = failures.json();
    assert_eq!(told["execution"]["id"], db.id.to_string());
    assert_eq!(told["event"], "ended");
    drop(failures);
    eventually("nobody to watch", || {
        let metrics = client.get("/metrics").text;
        metrics
            .lines()
            .any(|line| line == "playback_viewers 0")
            .then_some(())
    });
    let query = "playbook:plays/db.yml OR user:bob";
    let mut queried = Watching::start(&collector, &["--json", query]);
    let (good, db) = (good.again(), db.again());
    good.deliver(&client);
    db.deliver_range(&client, 0..2);
    let told = queried.json();
    assert_eq!(
        (&told["event"], &told["execution"]["id"]),
        (&json!("started"), &json!(db.id.to_string()))
    );
    db.deliver_range(&client, 2..db.len());
    assert_eq!(queried.json()["event"], "ended");
    let ran = run(&collector, &["watch", "stauts:failed"]);
    let told = ran.complaint(2);
    assert!(
        told.contains("Usage: playback watch [OPTIONS] [QUERY]..."),
        "{told}"
    );
}

#[test]
fn a_restart_of_the_collector_loses_no_line() {
    let mut collector = Collector::start();
    let client = collector.client();
    let now = Clock::system().now_us();
    let started = json!({ "type": "playbook", "playbook": "site.yml" });
    let begun = Run::starting(now, started.clone()).play("web").ended(0);
    let missed = Run::starting(now + 1_000_000, started).play("web").ended(2);
    begun.deliver_range(&client, 0..2);
    let mut watching = Watching::start(&collector, &["--json"]);
    collector.kill_and_restart();
    // Whether this comes before or after the stream is taken up again makes no difference.
    begun.deliver_range(&client, 2..3);
    missed.deliver(&client);
    let mut told = [watching.json(), watching.json()].map(|told| {
        let status = told["execution"]["status"].as_str().unwrap().to_owned();
        (told["event"].as_str().unwrap().to_owned(), status)
    });
    told.sort_unstable();
    let ended = |status: &str| ("ended".to_owned(), status.to_owned());
    assert_eq!(told, [ended("failed"), ended("success")]);
}

#[test]
fn lines_fit_the_terminal() {
    let collector = Collector::start();
    let mut watch = Person::runs_at(command(&collector, &["watch"]), 80);
    watch.sees("until Ctrl-C");
    listens(&collector);
    db_run().deliver(&collector.client());
    watch.sees("failed check");
    watch.sees("1 failed, 1 ok");
    for line in watch.screen().lines() {
        let line = line.replace("\u{1b}[31m", "").replace("\u{1b}[0m", "");
        assert!(line.chars().count() <= 80, "{line}");
    }
    watch.types("\u{3}");
    watch.leaves();
}
