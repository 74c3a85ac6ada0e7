//! Clocks that are wrong, or are set during runs, do not affect durations, the detection of silence, or ages.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use playback::clock::Clock;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::builders::{Run, TEN, good_run};
use crate::harness::{API, Client, Collector, PLAYBACK, Setup, eventually};

/// Python sleeps until a time of the monotonic clock, which libfaketime 0.9.10 mistakes for one of the wall clock.
const PYTHON_SLEEPS: &str = "\
import select, time
time.sleep = lambda seconds: select.select([], [], [], seconds) and None
";

/// The wall clock of processes, which a test sets; their monotonic clock goes on.
pub(crate) struct WallClock {
    dir: TempDir,
}

impl WallClock {
    /// `time` as libfaketime reads it, such as `+2d` or `-13000d`.
    pub(crate) fn at(time: &str) -> Self {
        let clock = Self {
            dir: TempDir::new().unwrap(),
        };
        std::fs::write(clock.dir.path().join("sitecustomize.py"), PYTHON_SLEEPS).unwrap();
        clock.set(time);
        clock
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("time")
    }

    pub(crate) fn set(&self, time: &str) {
        let new = self.dir.path().join("new");
        std::fs::write(&new, format!("{time}\n")).unwrap();
        std::fs::rename(new, self.file()).unwrap();
    }

    pub(crate) fn environment(&self) -> [(&'static str, String); 5] {
        [
            ("PYTHONPATH", self.dir.path().display().to_string()),
            ("LD_PRELOAD", faketime()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }
}

/// Where Debian keeps the library that gives a process another time.
fn faketime() -> String {
    let folders = std::fs::read_dir("/usr/lib").unwrap();
    let mut found = folders.filter_map(|folder| {
        let library = folder.ok()?.path().join("faketime/libfaketime.so.1");
        library.exists().then(|| library.display().to_string())
    });
    found.next().expect("faketime is installed")
}

/// The current day by a collector's own clock, read from a pin.
fn day_of(client: &Client, run: &Run) -> String {
    let path = format!("{API}/executions/{}/pin", run.id);
    let pinned = client.send("PUT", &path, &[], b"{}");
    assert!(matches!(pinned.status, 200 | 204), "{pinned:?}");
    let record = client.execution(run.id, "").ok();
    let time = record["pinned"]["time"].as_str().unwrap();
    time[..10].to_owned()
}

fn beat(client: &Client, run: &Run, at: Option<i64>) {
    let at = at.map(|at| at.to_string());
    let headers: Vec<(&str, &str)> = at.iter().map(|at| ("playback-time", &**at)).collect();
    let path = format!("{API}/ingest/{}/recorder", run.id);
    client.send("POST", &path, &headers, b"").acked();
}

fn duration(record: &Value) -> f64 {
    record["duration"].as_f64().unwrap()
}

#[test]
fn a_collectors_clock_two_days_ahead_for_a_while_makes_no_run_lost_and_keeps_no_dead_one() {
    let clock = WallClock::at("+0");
    let setup = Setup::default().config("silence_seconds = 3");
    let collector = clock
        .environment()
        .into_iter()
        .fold(setup, |setup, (name, value)| {
            setup.environment(name, &value)
        })
        .start();
    let client = collector.client();
    let (alive, dead) = (good_run(), good_run());
    for run in [&alive, &dead] {
        run.deliver_range(&client, 0..3);
    }
    let today = day_of(&client, &alive);
    clock.set("+2d");
    eventually("the collector's clock to be ahead", || {
        (day_of(&client, &alive) > today).then_some(())
    });
    // Both report while the clock is ahead.
    for run in [&alive, &dead] {
        beat(&client, run, None);
        assert_eq!(client.execution(run.id, "").ok()["status"], "running");
    }
    clock.set("+0");
    eventually("the clock to be right again", || {
        (day_of(&client, &alive) <= next(&today)).then_some(())
    });
    let lost = eventually("the dead one to be lost", || {
        beat(&client, &alive, None);
        assert_eq!(client.execution(alive.id, "").ok()["status"], "running");
        let record = client.execution(dead.id, "").ok();
        (record["status"] == "failed").then_some(record)
    });
    assert_eq!(lost["reason"], "lost");
    assert!(duration(&lost) < 60.0, "{lost}");
}

/// The next day, in case midnight has passed.
fn next(day: &str) -> String {
    let day: chrono::NaiveDate = day.parse().unwrap();
    day.succ_opt().unwrap().to_string()
}

#[test]
pub(crate) fn a_lost_run_ends_at_its_last_sign_of_life() {
    let mut collector = Setup::default().config("silence_seconds = 1").start();
    let client = collector.client();
    let run = good_run();
    run.deliver_range(&client, 0..3);
    beat(&client, &run, Some(TEN + 28_000_000));
    // A late message with an earlier time.
    beat(&client, &run, Some(TEN + 11_000_000));
    let lost = client.finished(run.id);
    assert_eq!((&lost["reason"], duration(&lost)), (&json!("lost"), 28.0));
    assert_eq!(lost["end_time"], "2026-01-20T10:00:28Z");
    collector.kill_and_restart();
    assert_eq!(client.execution(run.id, "").ok(), lost);
    collector
        .command(&["rebuild", &run.id.to_string()])
        .unwrap();
    assert_eq!(client.execution(run.id, "").ok(), lost);
    // The time in its end is the correct one.
    run.deliver_range(&client, 3..run.len());
    let record = client.finished(run.id);
    assert_eq!(record["status"], "success");
    assert!(duration(&record) < 28.0, "{record}");
}

#[test]
pub(crate) fn a_sign_of_life_is_not_forgotten_by_a_collector_that_is_killed() {
    let mut collector = Setup::default().config("silence_seconds = 2").start();
    let client = collector.client();
    let run = good_run();
    run.deliver_range(&client, 0..3);
    beat(&client, &run, Some(TEN + 28_000_000));
    collector.kill_and_restart();
    let lost = client.finished(run.id);
    assert_eq!((&lost["reason"], duration(&lost)), (&json!("lost"), 28.0));
}

#[test]
fn a_producer_that_does_not_tell_its_time_lives_as_long_as_it_is_heard() {
    let collector = Setup::default().config("silence_seconds = 1").start();
    let client = collector.client();
    let run = good_run();
    run.deliver_range(&client, 0..3);
    let begun = tokio::time::Instant::now();
    eventually("some signs of life", || {
        beat(&client, &run, None);
        (begun.elapsed().as_secs_f64() > 2.0).then_some(())
    });
    let lost = client.finished(run.id);
    assert_eq!(lost["reason"], "lost");
    let took = duration(&lost);
    assert!((1.9..30.0).contains(&took), "{took}");
}

/// A command that is recorded while somebody sets the clock: it waits for `go`.
fn waiting(collector: &Collector, clock: &WallClock, words: &[&str]) -> Child {
    let spools = collector.folder().join("spools");
    std::fs::create_dir_all(&spools).unwrap();
    Command::new(words[0])
        .args(&words[1..])
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", collector.folder())
        .env("PLAYBACK_URL", collector.url())
        .env("PLAYBACK_TOKEN", &collector.token)
        .env("PLAYBACK_SPOOL_DIR", &spools)
        .env("MARKS", collector.folder())
        .env("LANG", "C.UTF-8")
        .env("ANSIBLE_CALLBACKS_ENABLED", "playback.history.recorder")
        .envs(clock.environment())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// The record of a command during which the clock is set.
fn recorded(words: &[&str], before: &str, after: &str) -> Value {
    let collector = Collector::start();
    let clock = WallClock::at(before);
    let mut child = waiting(&collector, &clock, words);
    eventually("the command to begin", || {
        collector.folder().join("began").exists().then_some(())
    });
    clock.set(after);
    std::fs::write(collector.folder().join("go"), "").unwrap();
    eventually("the command to end", || child.try_wait().unwrap());
    let client = collector.client();
    let record = eventually("the record", || {
        let page = client.api("/executions?fields=id").ok();
        let id = page["executions"][0]["id"].as_str()?.parse().ok()?;
        let record = client.execution(id, "").ok();
        (record["status"] != "running").then_some(record)
    });
    assert_eq!(record["status"], "success", "{record}");
    assert_eq!(record["events"]["complete"], true);
    let started: chrono::DateTime<chrono::Utc> =
        record["start_time"].as_str().unwrap().parse().unwrap();
    let age = today().signed_duration_since(started);
    // A clock that goes by less than an hour is believed, and one that is set later was right when the run began.
    assert!(age.num_minutes().abs() < 10, "{record}");
    assert_eq!(
        record["clock_corrected_us"].is_i64(),
        before != "+0",
        "{record}"
    );
    record
}

const GATE: &str = "echo one; touch $MARKS/began; while [ ! -e $MARKS/go ]; do sleep 0.05; done; sleep 0.3; echo two";

#[test]
fn setting_the_clock_changes_no_duration_of_a_supervised_command() {
    let words = [PLAYBACK, "exec", "--", "sh", "-c", GATE];
    for (before, after) in [("-13000d", "+0"), ("+0", "-2h"), ("+0", "+2d")] {
        let record = recorded(&words, before, after);
        let took = duration(&record);
        assert!((0.3..60.0).contains(&took), "{before} {after}: {record}");
    }
}

const GATED: &str = "\
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - command: touch {{ lookup('env', 'MARKS') }}/began
    - wait_for:
        path: \"{{ lookup('env', 'MARKS') }}/go\"
        sleep: 1
    - command: sleep 0.3
";

#[test]
fn setting_the_clock_changes_no_duration_of_a_playbook_and_its_tasks() {
    let folder = TempDir::new().unwrap();
    let playbook = folder.path().join("gated.yml");
    std::fs::write(&playbook, GATED).unwrap();
    let ansible = crate::ansible::newest().join("ansible-playbook");
    let (ansible, playbook) = (ansible.to_str().unwrap(), playbook.to_str().unwrap());
    let alone = [ansible, playbook];
    let supervised = [PLAYBACK, "exec", "--", ansible, playbook];
    for words in [&alone[..], &supervised[..]] {
        for (before, after) in [("-13000d", "+0"), ("+0", "-2h")] {
            let record = recorded(words, before, after);
            assert!((0.3..120.0).contains(&duration(&record)), "{record}");
        }
    }
}

fn today() -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp_micros(Clock::system().now_us()).unwrap()
}

/// Sends a run whose events say that it began so many days ago, by a producer that says that this is now; `adopted`, by
/// somebody who found its spool.
fn of_days_ago(client: &Client, days: i64, adopted: bool) -> Run {
    let at = today().timestamp_micros() - days * 86_400_000_000;
    let run = Run::starting(at, json!({ "type": "playbook", "playbook": "site.yml" }))
        .play("web")
        .task("install")
        .host("web-01")
        .output("ok\n")
        .changed("web-01")
        .ended(0);
    let path = format!("{API}/ingest/{}/recorder?adopted={adopted}", run.id);
    let now = (at + 5_000_000).to_string();
    let headers: Vec<(&str, &str)> = match adopted {
        true => Vec::new(),
        false => vec![("playback-time", &now)],
    };
    let half = run.batch(0..3);
    client.send("POST", &path, &headers, &half).acked();
    client.send("POST", &path, &headers, &run.ndjson()).acked();
    run
}

#[test]
pub(crate) fn times_of_a_run_whose_clock_is_wrong_are_corrected_by_when_it_reported() {
    let mut collector = Collector::start();
    let client = collector.client();
    for days in [13_000, 200, 2, -3] {
        let run = of_days_ago(&client, days, false);
        let record = client.finished(run.id);
        let corrected = record["clock_corrected_us"].as_i64().unwrap();
        assert!((corrected - days * 86_400_000_000).abs() < 600_000_000);
        assert!(duration(&record) < 0.1, "{record}");
        let since = |time: &Value| {
            let time: chrono::DateTime<chrono::Utc> = time.as_str().unwrap().parse().unwrap();
            today().signed_duration_since(time).num_minutes().abs()
        };
        let of = |part: &str| client.api(&format!("/executions/{}/{part}", run.id)).ok();
        for time in [
            &record["start_time"],
            &record["end_time"],
            &of("plays")["plays"][0]["start_time"],
            &of("tasks")["tasks"][0]["end_time"],
            &of("results")["results"][0]["end_time"],
            &of("output")["lines"][0]["time"],
        ] {
            assert!(since(time) < 10, "{days}: {time}");
        }
        // What was sent stays as it was.
        let first = &of("events")["events"][0];
        let at = today().timestamp_micros() - first["at"].as_i64().unwrap();
        assert!((at - days * 86_400_000_000).abs() < 600_000_000);
        let id = run.id.to_string();
        collector.command(&["rebuild", &id]).unwrap();
        assert_eq!(client.execution(run.id, "").ok(), record);
        collector.kill_and_restart();
        assert_eq!(client.execution(run.id, "").ok(), record);
    }
}

#[test]
pub(crate) fn retention_goes_by_corrected_times_and_believes_a_spool_that_comes_late() {
    let collector = Collector::start();
    let client = collector.client();
    let live = of_days_ago(&client, 200, false);
    let late = of_days_ago(&client, 200, true);
    let path = format!("{API}/executions/cleanup");
    let done = client.send("POST", &path, &[], br#"{"retention_days": 30}"#);
    assert_eq!(done.ok()["deleted"], 1);
    client.execution(live.id, "").ok();
    assert_eq!(client.execution(late.id, "").status, 404);
}

#[test]
fn a_producer_cannot_say_itself_by_how_much_its_clock_is_corrected() {
    let collector = Collector::start();
    let client = collector.client();
    let said = json!({ "type": "playbook", "clock_corrected_us": 7 });
    let refused = Run::of(said).send(&client);
    assert_eq!(refused.status, 422);
    assert!(format!("{refused:?}").contains("clock_corrected_us"));
}

#[test]
pub(crate) fn retention_spares_a_run_that_has_just_arrived_whatever_year_it_says() {
    let collector = Collector::start();
    let client = collector.client();
    let old = |at: i64| {
        let run = Run::starting(at, json!({ "type": "playbook", "playbook": "site.yml" }))
            .output("ok\n")
            .ended(0);
        run.deliver(&client);
        client.finished(run.id)
    };
    let runs = [old(0), old(631_152_000_000_000)];
    let path = format!("{API}/executions/cleanup");
    let body = json!({ "retention_days": 30, "keep_payload_days": 7 }).to_string();
    let done = client.send("POST", &path, &[], body.as_bytes()).ok();
    assert_eq!(
        (&done["deleted"], &done["payloads_removed"]),
        (&json!(0), &json!(0))
    );
    for run in runs {
        let id = run["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(client.execution(id, "").ok(), run);
    }
}
