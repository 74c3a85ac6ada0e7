//! `playback trends`, and `playback list --running`.

use playback::clock::Clock;
use serde_json::{Value, json};

use super::run;
use crate::builders::{Run, TEN};
use crate::harness::Collector;

fn took(hours: i64, seconds: f64) -> Run {
    let started = json!({
        "type": "playbook", "playbook": "site.yml", "git": { "commit": if hours < 12 { "aaa" } else { "bbb" } },
    });
    Run::starting(TEN + hours * 3_600_000_000, started)
        .play("web")
        .task("build")
        .after(seconds)
        .changed("web-01")
        .recap(&[("web-01", [1, 1, 0, 0, 0])])
        .ended(0)
}

#[test]
fn trends_say_what_got_slower_and_what_is_not_idempotent() {
    let collector = Collector::start();
    for hours in 0..24 {
        let level = if hours < 12 { 30.0 } else { 90.0 };
        took(hours, level + hours as f64 % 3.0).deliver(&collector.client());
    }
    let page = run(&collector, &["trends"]).ok().to_owned();
    for expected in [
        "24 runs, 2026-01-20 ",
        "site.yml  24    100 %",
        "\nDurations that changed\n  site.yml\n    since 2026-01-20 22:00:00: 31.0s → 1m 31s, 2.9 times as long, commit aaa → bbb",
        "\nNot idempotent: tasks that changed something in every run\n  build, roles/web/tasks/main.yml:1, in 24 runs\n",
    ] {
        assert!(page.contains(expected), "{page}");
    }
    let asked = ["trends", "--task", "build", "--host", "web-01"];
    let page = run(&collector, &asked).ok().to_owned();
    for expected in [
        "\nTask build\n",
        "\nHosts\n",
        "web-01: 100 % of its runs were good; its tasks took ",
    ] {
        assert!(page.contains(expected), "{page}");
    }
    let page = run(&collector, &["trends", "--task", "nothing"])
        .ok()
        .to_owned();
    assert!(page.contains("none of these runs has it"), "{page}");
    let answer: Value = serde_json::from_str(run(&collector, &["trends", "--json"]).ok()).unwrap();
    assert_eq!(answer["runs"], 24);
    let told = run(&collector, &["trends", "status:lost"])
        .complaint(2)
        .to_owned();
    assert!(told.contains("it must be one of"), "{told}");
}

#[test]
fn what_is_running_is_listed_with_what_it_waits_for() {
    let collector = Collector::start();
    let client = collector.client();
    let now_us = Clock::system().now_us();
    took(0, 100.0).deliver(&client);
    let started = json!({ "type": "playbook", "playbook": "site.yml" });
    let running = Run::starting(now_us - 900_000_000, started)
        .play("web")
        .task("build")
        .host("web-01");
    running.deliver(&client);
    let page = run(&collector, &["trends"]).ok().to_owned();
    assert!(
        page.contains("\nRunning for longer than usual\n  site.yml, for 15m 0"),
        "{page}"
    );
    assert!(page.contains(", usually 1m 40s ("), "{page}");
    let page = run(&collector, &["list", "--running"]).ok().to_owned();
    assert!(page.contains("overdue, usually 1m 40s"), "{page}");
    assert!(page.contains("web-01: build, 15m ago"), "{page}");
    let answer = run(&collector, &["list", "--running", "--json"])
        .ok()
        .to_owned();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["executions"][0]["id"], json!(running.id));
    assert_eq!(answer["executions"][0]["estimate"]["is_overdue"], true);
}
