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
