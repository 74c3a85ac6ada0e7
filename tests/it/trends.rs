//! Trends, and the estimate of what a running execution still takes.

use playback::clock::Clock;
use serde_json::{Value, json};

use crate::builders::{Run, TEN};
use crate::harness::{API, Client, Collector};

const HOUR: i64 = 3_600_000_000;

/// A run with one task, which takes so many seconds.
fn run_of(hours: i64, commit: &str, seconds: f64, code: i32) -> Run {
    let started = json!({
        "type": "playbook", "playbook": "/srv/site.yml", "inventory": "prod", "git": { "commit": commit },
    });
    let status = if code == 0 { "ok" } else { "failed" };
    let failed = u64::from(code != 0);
    Run::starting(TEN + hours * HOUR, started)
        .play("web")
        .task("build")
        .host("web-01")
        .after(seconds)
        .result("web-01", status, json!({ "changed": code == 0 }))
        .task("check")
        .ok("web-01")
        .recap(&[("web-01", [2 - failed, 1, 0, failed, 0])])
        .ended(code)
}

fn trends(client: &Client, parameters: &str) -> Value {
    client.get(&format!("{API}/trends{parameters}")).ok()
}

#[test]
pub(crate) fn a_change_of_durations_is_told_with_its_run_and_commit() {
    let collector = Collector::start();
    let client = collector.client();
    let mut first_slow = None;
    for hours in 0..24 {
        // Noise of up to two seconds, and another level from the 12th run on.
        let noise = (hours * 7 % 5) as f64 * 0.4;
        let (level, commit) = if hours < 12 {
            (30.0, "aaa")
        } else {
            (50.0, "bbb")
        };
        let run = run_of(hours, commit, level + noise, 0);
        run.deliver(&client);
        if hours == 12 {
            first_slow = Some(run.id);
        }
    }
    // In check mode, on other hosts, running, failed: none of these says anything of durations.
    for (more, code) in [(json!({ "check": true }), 0), (json!({ "limit": "db" }), 0)] {
        let mut started =
            json!({ "type": "playbook", "playbook": "/srv/site.yml", "inventory": "prod" });
        let fields = started.as_object_mut().unwrap();
        fields.extend(more.as_object().unwrap().clone());
        let run = Run::starting(TEN + 30 * HOUR, started)
            .after(900.0)
            .ended(code);
        run.deliver(&client);
    }
    let running = run_of(31, "bbb", 5.0, 0);
    running.deliver_range(&client, 0..4);

    let answer = trends(&client, "?playbook=site.yml");
    assert_eq!(
        (&answer["runs"], &answer["has_older"]),
        (&json!(25), &json!(false))
    );
    let playbook = &answer["playbooks"][0];
    assert_eq!(
        (&playbook["runs"], &playbook["succeeded"]),
        (&json!(25), &json!(25))
    );
    assert_eq!(playbook["success_rate"], 1.0);
    let durations = &playbook["durations"];
    assert_eq!(durations["runs"], 24);
    let [change] = durations["changes"].as_array().unwrap().as_slice() else {
        panic!("{durations}");
    };
    assert_eq!(change["run"]["id"], json!(first_slow.unwrap()));
    assert_eq!(
        (&change["commit_before"], &change["commit"]),
        (&json!("aaa"), &json!("bbb"))
    );
    let seconds = |value: &Value| value.as_f64().unwrap();
    assert!(
        (30.0..32.0).contains(&seconds(&change["before"])),
        "{change}"
    );
    assert!(
        (50.0..52.0).contains(&seconds(&change["after"])),
        "{change}"
    );

    // The task is the reason, and it changes something in every run.
    let [task] = answer["tasks"].as_array().unwrap().as_slice() else {
        panic!("{answer}");
    };
    assert_eq!(
        (&task["name"], &task["runs"]),
        (&json!("build"), &json!(24))
    );
    assert_eq!(
        (&task["changed_runs"], &task["always_changes"]),
        (&json!(24), &json!(true))
    );
    assert_eq!(task["durations"]["changes"][0]["run"], change["run"]);
    assert_eq!(answer["hosts"], json!([]));

    // Fewer runs are the newest ones.
    let answer = trends(&client, "?runs=10&q=site");
    assert_eq!(
        (&answer["runs"], &answer["has_older"]),
        (&json!(10), &json!(true))
    );
    assert_eq!(answer["playbooks"][0]["durations"].get("changes"), None);
    assert_eq!(
        trends(&client, "?playbook=other.yml")["playbooks"],
        json!([])
    );
    let told = client
        .get(&format!("{API}/trends?runs=0"))
        .error(400, "bad_request");
    assert!(
        told.contains("runs = 0: it must be from 1 to 2000"),
        "{told}"
    );
}

#[test]
pub(crate) fn what_passes_and_fails_in_turn_is_flaky() {
    let collector = Collector::start();
    let client = collector.client();
    for hours in 0..8 {
        let code = if hours % 2 == 0 { 0 } else { 2 };
        run_of(hours, "aaa", 10.0, code).deliver(&client);
    }
    let answer = trends(&client, "");
    let turns = json!({ "turns": 7, "of": 7 });
    assert_eq!(answer["playbooks"][0]["flaky"], turns);
    assert_eq!(answer["playbooks"][0]["success_rate"], 0.5);
    assert_eq!(answer["tasks"][0]["flaky"], turns);
    assert_eq!(answer["tasks"][0]["failed_runs"], 4);
    let host = &answer["hosts"][0];
    assert_eq!((&host["name"], &host["flaky"]), (&json!("web-01"), &turns));
    assert_eq!(
        (&host["failed_runs"], &host["last_failed"]),
        (&json!(4), &json!(true))
    );
}

#[test]
pub(crate) fn a_failure_with_each_new_commit_is_not_flaky() {
    let collector = Collector::start();
    let client = collector.client();
    for hours in 0..8 {
        let code = if hours % 2 == 0 { 0 } else { 2 };
        run_of(hours, &format!("commit {hours}"), 10.0, code).deliver(&client);
    }
    let answer = trends(&client, "");
    assert_eq!(answer["playbooks"][0].get("flaky"), None);
    assert_eq!(answer["hosts"][0].get("flaky"), None);
}

#[test]
pub(crate) fn a_running_execution_is_judged_by_those_like_it() {
    let collector = Collector::start();
    let client = collector.client();
    for hours in 0..3 {
        run_of(hours, "aaa", 100.0, 0).deliver(&client);
    }
    // Failed, and on another inventory: these are not like it.
    run_of(3, "aaa", 1.0, 2).deliver(&client);
    let now_us = Clock::system().now_us();
    let begun = |seconds: i64| {
        let started =
            json!({ "type": "playbook", "playbook": "/srv/site.yml", "inventory": "prod" });
        Run::starting(now_us - seconds * 1_000_000, started)
            .play("web")
            .task("build")
            .host("web-01")
    };
    let estimate = |run: &Run| {
        run.deliver(&client);
        client.execution(run.id, "/estimate").ok()
    };
    let seconds = |value: &Value| value.as_f64().unwrap();
    let answer = estimate(&begun(40));
    assert_eq!(
        (&answer["based_on"], &answer["is_overdue"]),
        (&json!(3), &json!(false))
    );
    assert!(
        (100.0..101.0).contains(&seconds(&answer["usual"])),
        "{answer}"
    );
    // A collector that is slow to answer leaves less time.
    assert!(
        (20.0..61.0).contains(&seconds(&answer["remaining"])),
        "{answer}"
    );
    assert_eq!(
        (&answer["task"], &answer["hosts_running"]),
        (&json!("build"), &json!(1))
    );
    let waits_for = &answer["waits_for"][0];
    assert_eq!(
        (&waits_for["host"], &waits_for["task"]),
        (&json!("web-01"), &json!("build"))
    );

    let answer = estimate(&begun(400));
    assert_eq!(answer["is_overdue"], true);
    // Only the short task is to come.
    assert!(seconds(&answer["remaining"]) < 1.0, "{answer}");
    // The long task is over.
    let answer = estimate(&begun(400).ok("web-01").task("check"));
    assert!(seconds(&answer["remaining"]) < 1.0, "{answer}");

    let other = Run::starting(now_us, json!({ "type": "playbook", "playbook": "new.yml" }));
    let answer = estimate(&other);
    assert_eq!(
        (&answer["based_on"], answer.get("remaining")),
        (&json!(0), None)
    );
    let over = estimate(&run_of(4, "aaa", 5.0, 0));
    assert_eq!(
        (&over["status"], over.get("remaining")),
        (&json!("success"), None)
    );
}

#[test]
fn an_estimate_is_based_on_runs_like_it_however_many_others_ran_since() {
    let collector = Collector::start();
    let client = collector.client();
    let started =
        |limit: &str| json!({ "type": "playbook", "playbook": "/srv/site.yml", "limit": limit });
    for hours in 0..2 {
        let run = Run::starting(TEN + hours * HOUR, started("web")).after(100.0);
        run.ended(0).deliver(&client);
    }
    for minutes in 0..101 {
        let run = Run::starting(TEN + 3 * HOUR + minutes * HOUR / 60, started("db"));
        run.after(1.0).ended(0).deliver(&client);
    }
    let running = Run::starting(Clock::system().now_us(), started("web"));
    running.deliver(&client);
    let answer = client.execution(running.id, "/estimate").ok();
    assert_eq!(answer["based_on"], 2, "{answer}");
    let usual = answer["usual"].as_f64().unwrap();
    assert!((100.0..101.0).contains(&usual), "{answer}");
}

/// The value that a share of the values does not exceed, as a textbook has it: between two of them in proportion.
fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = share * (values.len() - 1) as f64;
    let (below, part) = (place as usize, place.fract());
    let above = values.get(below + 1).copied().unwrap_or(values[below]);
    values[below] * (1.0 - part) + above * part
}

#[track_caller]
fn is_near(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!(
        (found - expected).abs() < 1e-3,
        "{found} instead of {expected}"
    );
}

#[track_caller]
fn has_durations(found: &Value, took: &[f64]) {
    assert_eq!(found["runs"], json!(took.len()), "{found}");
    is_near(&found["median"], quantile(took.to_vec(), 0.5));
    is_near(&found["p95"], quantile(took.to_vec(), 0.95));
}

fn time(value: &Value) -> f64 {
    let time = chrono::DateTime::parse_from_rfc3339(value.as_str().unwrap()).unwrap();
    time.timestamp_micros() as f64 / 1e6
}

/// A run as the API returns it, to compare trends with.
struct RecordedRun {
    playbook: String,
    /// Whether it is of its playbook's most frequent inventory and limit.
    is_usual: bool,
    succeeded: bool,
    unfinished: bool,
    duration: f64,
    /// How long its task `build` took, whether that failed, and whether it changed something.
    build: (f64, bool, bool),
    /// Whether web-02 failed, and how long its tasks took together.
    host: (bool, f64),
}

fn recorded_run(client: &Client, id: uuid::Uuid) -> RecordedRun {
    let record = client.execution(id, "").ok();
    let tasks = client.execution(id, "/tasks").ok();
    let build = &tasks["tasks"][0];
    let results = client.execution(id, "/results?host=web-02").ok();
    let results = results["results"].as_array().unwrap();
    let took = results
        .iter()
        .map(|one| time(&one["end_time"]) - time(&one["start_time"]));
    let stats = &record["stats"]["web-02"];
    RecordedRun {
        playbook: record["playbook"].as_str().unwrap().to_owned(),
        is_usual: record.get("limit").is_none(),
        succeeded: record["status"] == "success",
        unfinished: record["reason"] == "canceled" || record["reason"] == "timed_out",
        duration: record["duration"].as_f64().unwrap(),
        build: (
            build["duration"].as_f64().unwrap(),
            build["failed"] != 0 || build["unreachable"] != 0,
            build["changed"] != 0,
        ),
        host: (
            stats["failed"] != 0 || stats["unreachable"] != 0,
            took.sum(),
        ),
    }
}

#[test]
pub(crate) fn figures_are_those_of_an_obvious_calculation() {
    let collector = Collector::start();
    let client = collector.client();
    let mut state = 11_u64;
    let mut below = |most: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % most
    };
    let mut runs: Vec<RecordedRun> = Vec::new();
    for hours in 0..40 {
        let playbook = if below(4) == 0 {
            "/srv/b.yml"
        } else {
            "/srv/a.yml"
        };
        let mut started = json!({ "type": "playbook", "playbook": playbook, "inventory": "prod" });
        // Not more than a third of them.
        if hours % 4 == 1 {
            started["limit"] = json!("web");
        }
        let is_check = below(8) == 0;
        if is_check {
            started["check"] = json!(true);
        }
        let ends = ["ok", "ok", "ok", "failed", "unreachable"][below(5) as usize];
        let (seconds, short) = (below(300) as f64 / 10.0, below(50) as f64 / 10.0);
        let failed = u64::from(ends == "failed");
        let unreachable = u64::from(ends == "unreachable");
        let changed = below(2) == 0 && ends == "ok";
        let mut run = Run::starting(TEN + hours * HOUR, started)
            .play("web")
            .task("build");
        // Three events of a millisecond each came before.
        let began = TEN + hours * HOUR + 3_000;
        run = run.after(seconds).result(
            "web-02",
            ends,
            json!({ "started": began, "changed": changed }),
        );
        run = run.ok("web-01");
        if ends == "ok" {
            run = run.task("check").after(short).ok("web-02");
        }
        let good = if ends == "ok" { 2 } else { 0 };
        run = run.recap(&[
            ("web-01", [1, 0, 0, 0, 0]),
            ("web-02", [good, u64::from(changed), unreachable, failed, 0]),
        ]);
        let run = match (ends, below(10)) {
            (_, 0) => run.event(
                "execution_ended",
                json!({ "exit_code": 2, "reason": "timed_out" }),
            ),
            ("ok", _) => run.ended(0),
            _ => run.ended(2),
        };
        run.deliver(&client);
        if !is_check {
            runs.push(recorded_run(&client, run.id));
        }
    }
    let answer = trends(&client, "");
    assert_eq!(answer["runs"], json!(runs.len()));
    for playbook in answer["playbooks"].as_array().unwrap() {
        let of: Vec<&RecordedRun> = runs
            .iter()
            .filter(|run| playbook["name"] == *run.playbook)
            .collect();
        let succeeded = of.iter().filter(|run| run.succeeded).count();
        assert_eq!(
            (&playbook["runs"], &playbook["succeeded"]),
            (&json!(of.len()), &json!(succeeded))
        );
        is_near(
            &playbook["success_rate"],
            succeeded as f64 / of.len() as f64,
        );
        let unfinished = of.iter().filter(|run| run.unfinished).count();
        assert_eq!(playbook["unfinished"], json!(unfinished));
        let took = of.iter().filter(|run| run.succeeded && run.is_usual);
        has_durations(
            &playbook["durations"],
            &took.map(|run| run.duration).collect::<Vec<_>>(),
        );
    }
    assert_eq!(answer["playbooks"].as_array().unwrap().len(), 2);

    // A task that is requested, in each playbook.
    let answer = trends(&client, "?task=build");
    let tasks = answer["tasks"].as_array().unwrap();
    assert_eq!(tasks.len(), 2, "{answer}");
    for task in tasks {
        let of: Vec<&RecordedRun> = runs
            .iter()
            .filter(|run| task["playbook"] == *run.playbook)
            .collect();
        let failed = of.iter().filter(|run| run.build.1).count();
        let changed = of.iter().filter(|run| run.build.2).count();
        assert_eq!(
            (
                &task["name"],
                &task["runs"],
                &task["failed_runs"],
                &task["changed_runs"]
            ),
            (
                &json!("build"),
                &json!(of.len()),
                &json!(failed),
                &json!(changed)
            )
        );
        is_near(&task["success_rate"], 1.0 - failed as f64 / of.len() as f64);
        let took = of.iter().filter(|run| !run.build.1 && run.is_usual);
        has_durations(
            &task["durations"],
            &took.map(|run| run.build.0).collect::<Vec<_>>(),
        );
    }
    assert_eq!(trends(&client, "?task=nothing")["tasks"], json!([]));

    // A host that is requested, whether or not it ever failed.
    let answer = trends(&client, "?host=web-02");
    let host = &answer["hosts"][0];
    let failed = runs.iter().filter(|run| run.host.0).count();
    assert_eq!(
        (&host["name"], &host["runs"]),
        (&json!("web-02"), &json!(runs.len()))
    );
    is_near(
        &host["success_rate"],
        1.0 - failed as f64 / runs.len() as f64,
    );
    let took = runs
        .iter()
        .filter(|run| !run.host.0 && run.is_usual && run.playbook == "/srv/a.yml");
    has_durations(
        &host["durations"],
        &took.map(|run| run.host.1).collect::<Vec<_>>(),
    );
    assert_eq!(answer["hosts"].as_array().unwrap().len(), 1);
    let never = trends(&client, "?q=host:web-01");
    assert_eq!(never["hosts"][0]["name"], "web-01");
    is_near(&never["hosts"][0]["success_rate"], 1.0);
    let other = trends(&client, "?host=web-03");
    assert_eq!((&other["hosts"], &other["runs"]), (&json!([]), &json!(0)));
}

#[test]
pub(crate) fn a_run_that_does_not_end_is_told() {
    let collector = Collector::start();
    let client = collector.client();
    for hours in 0..3 {
        run_of(hours, "aaa", 100.0, 0).deliver(&client);
    }
    let now_us = Clock::system().now_us();
    let begun = |playbook: &str, hours: i64| {
        let started = json!({ "type": "playbook", "playbook": playbook, "inventory": "prod" });
        let run = Run::starting(now_us - hours * HOUR, started)
            .play("web")
            .task("build");
        run.deliver(&client);
        run.id
    };
    let long = begun("/srv/site.yml", 1);
    let forgotten = begun("/srv/new.yml", 30);
    // Not for long, or nothing is known of it.
    begun("/srv/site.yml", 0);
    begun("/srv/new.yml", 2);
    let answer = trends(&client, "");
    let overdue = answer["overdue"].as_array().unwrap();
    let ids: Vec<&Value> = overdue.iter().map(|one| &one["run"]["id"]).collect();
    assert_eq!(ids, [&json!(forgotten), &json!(long)], "{answer}");
    assert_eq!(overdue[0].get("usual"), None);
    assert_eq!(overdue[1]["name"], "/srv/site.yml");
    let usual = overdue[1]["usual"].as_f64().unwrap();
    assert!((100.0..101.0).contains(&usual), "{answer}");
    let elapsed = overdue[1]["elapsed"].as_f64().unwrap();
    assert!((3_600.0..4_000.0).contains(&elapsed), "{answer}");
    for (parameters, expected) in [
        ("?playbook=site.yml", vec![long]),
        ("?q=new", vec![forgotten]),
        ("?status=success", vec![]),
    ] {
        let answer = trends(&client, parameters);
        let overdue = answer["overdue"].as_array().unwrap();
        let ids: Vec<Value> = overdue.iter().map(|one| one["run"]["id"].clone()).collect();
        assert_eq!(json!(ids), json!(expected), "{parameters}");
    }
}

/// Tasks of a run: the name of each, when it began and when it ended, in seconds.
fn tasks(client: &Client, id: uuid::Uuid) -> Vec<(String, f64, f64)> {
    let tasks = client.execution(id, "/tasks").ok();
    let tasks = tasks["tasks"].as_array().unwrap().iter();
    tasks
        .map(|one| {
            let name = one["name"].as_str().unwrap().to_owned();
            (name, time(&one["start_time"]), time(&one["end_time"]))
        })
        .collect()
}

#[test]
pub(crate) fn estimates_are_those_of_an_obvious_calculation() {
    const NAMES: [&str; 4] = ["build", "copy", "build", "check"];
    let collector = Collector::start();
    let client = collector.client();
    let mut state = 5_u64;
    let mut seconds = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        ((state >> 33) % 600) as f64 / 10.0
    };
    let begin = |at: i64, inventory: &str| {
        let started =
            json!({ "type": "playbook", "playbook": "/srv/site.yml", "inventory": inventory });
        Run::starting(at, started).play("web")
    };
    let mut like_it = Vec::new();
    for hours in 0..9 {
        let (inventory, code) = match hours {
            3 => ("test", 0),
            6 => ("prod", 2),
            _ => ("prod", 0),
        };
        let mut run = begin(TEN + hours * HOUR, inventory);
        for name in NAMES {
            run = run.task(name).after(seconds()).ok("web-01");
        }
        let run = run.ended(code);
        run.deliver(&client);
        if (inventory, code) == ("prod", 0) {
            like_it.push(run.id);
        }
    }
    // The last five that succeeded on the same inventory.
    let like_it = &like_it[like_it.len() - 5..];
    let records: Vec<Value> = like_it
        .iter()
        .map(|id| client.execution(*id, "").ok())
        .collect();
    let took: Vec<f64> = records
        .iter()
        .map(|one| one["duration"].as_f64().unwrap())
        .collect();
    for begun in 1..=NAMES.len() {
        let now_us = Clock::system().now_us();
        let mut run = begin(now_us - 200_000_000, "prod");
        for name in &NAMES[..begun] {
            run = run.task(name).after(20.0).ok("web-01");
        }
        run.deliver(&client);
        let own = tasks(&client, run.id);
        let (name, task_began, _) = own.last().unwrap();
        let answer = client.execution(run.id, "/estimate").ok();
        let began = time(&client.execution(run.id, "").ok()["start_time"]);
        let elapsed = answer["elapsed"].as_f64().unwrap();
        let spent = began + elapsed - task_began;
        // Which of the tasks of this name it is.
        let nth = own.iter().filter(|(other, ..)| other == name).count() - 1;
        let left = like_it.iter().zip(&records).map(|(id, record)| {
            let theirs = tasks(&client, *id);
            let (_, from, to) = theirs
                .iter()
                .filter(|(other, ..)| other == name)
                .nth(nth)
                .unwrap();
            let after = time(&record["end_time"]) - to;
            after.max(0.0) + (to - from - spent).max(0.0)
        });
        is_near(&answer["remaining"], quantile(left.collect(), 0.5));
        is_near(&answer["usual"], quantile(took.clone(), 0.5));
        let longest = took.iter().copied().fold(0.0, f64::max);
        assert_eq!(
            answer["is_overdue"],
            json!(elapsed > 1.5 * longest),
            "{answer}"
        );
        assert_eq!(
            (&answer["based_on"], &answer["task"]),
            (&json!(5), &json!(name))
        );
    }
}
