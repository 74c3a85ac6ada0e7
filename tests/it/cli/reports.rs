//! `playback report`, `reports` and `budgets`, and costs in other commands.

use playback::clock::Clock;
use serde_json::{Value, json};

use super::run;
use crate::builders::Run;
use crate::harness::{Collector, Setup, eventually};

const CONFIG: &str = "\
[cost]\n\
currency = \"EUR\"\n\
[[cost.prices]]\n\
controller_minute = \"6\"\n\
[[cost.budgets]]\n\
name = \"all\"\n\
period = \"day\"\n\
amount = \"0.000001\"\n";

/// Two runs of this minute, of which the second failed.
fn deliver(collector: &Collector) {
    let now_us = Clock::system().now_us();
    for (seconds, code) in [(20, 0), (10, 2)] {
        let started = json!({ "type": "playbook", "playbook": "/srv/site.yml" });
        let failed = u64::from(code != 0);
        let status = if code == 0 { "ok" } else { "failed" };
        Run::starting(now_us - seconds * 1_000_000, started)
            .play("web")
            .task("build")
            .result(
                "web-1",
                status,
                json!({ "content": { "msg": "no space left on device" } }),
            )
            .recap(&[("web-1", [1 - failed, 0, 0, failed, 0])])
            .after(5.0)
            .ended(code)
            .deliver(&collector.client());
    }
}

#[test]
fn a_report_is_printed_or_written_in_each_format() {
    let collector = Setup::default().config(CONFIG).start();
    deliver(&collector);
    let text = run(&collector, &["report", "--period", "day"])
        .ok()
        .to_owned();
    for expected in [
        "Ansible: the day\n================\n",
        "\nWhy runs failed\n---------------\n",
        "New, in 1 run: no space left on device\n",
        "\nBudgets\n",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let json = run(&collector, &["report", "--json"]).json();
    assert_eq!(
        (&json["runs"]["total"], &json["period"]),
        (&json!(2), &json!("week"))
    );
    let only = run(&collector, &["report", "--json", "status:failed"]).json();
    assert_eq!(only["runs"]["total"], json!(1));
    for (name, begins) in [
        ("week.html", "<!DOCTYPE html>"),
        ("week.md", "# Ansible: the week"),
        ("week.csv", "section,name,figure,value,before"),
        ("week.txt", "Ansible: the week"),
    ] {
        let file = collector.folder().join(name);
        run(
            &collector,
            &["report", "--output", &file.display().to_string()],
        )
        .ok();
        let written = std::fs::read_to_string(&file).unwrap();
        assert!(written.starts_with(begins), "{name}: {written}");
    }
    let told = run(&collector, &["report", "--zone", "Mars"])
        .complaint(1)
        .to_owned();
    assert!(told.contains("there is no time zone \"Mars\""), "{told}");
}

#[test]
fn schedules_are_saved_paused_and_deleted() {
    let collector = Setup::default().config(CONFIG).start();
    deliver(&collector);
    let said = run(
        &collector,
        &[
            "reports",
            "schedule",
            "often",
            "--cron",
            "* * * * * *",
            "--period",
            "day",
            "--format",
            "text",
        ],
    );
    assert!(
        said.ok().starts_with("often: the next report is made at "),
        "{said:?}"
    );
    let latest = eventually("a report", || {
        let shown = run(&collector, &["reports", "show", "latest"]);
        (shown.code == 0).then_some(shown)
    });
    assert!(latest.ok().starts_with("Ansible: the day\n"), "{latest:?}");
    let new = ["reports", "schedule", "often", "--cron", "@daily", "--new"];
    let refused = run(&collector, &new);
    let told = refused.complaint(1);
    assert!(told.contains("\"often\" exists already"), "{told}");
    let paused = run(&collector, &["reports", "pause", "often"]);
    assert_eq!(paused.ok(), "often: no report is made for now\n");
    let list = run(&collector, &["reports", "schedules"]);
    let row = list.rows()[1].join(" ");
    assert!(
        row.starts_with("often * * * * * * UTC day paused text"),
        "{row}"
    );
    let made = run(&collector, &["reports"]);
    assert!(made.ok().lines().count() > 1, "{made:?}");
    let deleted = run(&collector, &["reports", "delete", "often"]);
    assert_eq!(
        deleted.ok(),
        "often is deleted; the reports that were made for it stay\n"
    );
    let told = run(&collector, &["reports", "resume", "often"])
        .complaint(1)
        .to_owned();
    assert!(
        told.contains("there is no schedule of reports named"),
        "{told}"
    );
}

#[test]
fn costs_are_shown_beside_durations() {
    let collector = Setup::default().config(CONFIG).start();
    deliver(&collector);
    let list = run(&collector, &["list", "--columns", "status,cost"])
        .ok()
        .to_owned();
    assert!(list.contains("0.50 EUR"), "{list}");
    let show = run(&collector, &["show", "latest"]).ok().to_owned();
    assert!(
        show.contains("  cost        0.50 EUR (controller 0.50)\n"),
        "{show}"
    );
    let stats = run(&collector, &["stats", "--by", "playbook"])
        .ok()
        .to_owned();
    assert!(
        stats.contains("\nCost: 1.00 EUR (controllers 1.00)\n"),
        "{stats}"
    );
    assert!(stats.contains("COST"), "{stats}");
    let trends = run(&collector, &["trends"]).ok().to_owned();
    assert!(trends.contains("1.00 EUR"), "{trends}");
    let budgets: Value = run(&collector, &["budgets", "--json"]).json();
    let budget = &budgets["budgets"][0];
    // Around midnight (UTC) there may be none of them.
    assert_eq!(
        budget["is_exceeded"],
        json!(budget["spent"]["runs"] != json!(0))
    );
    assert!(
        run(&collector, &["budgets"])
            .ok()
            .starts_with("BUDGET  PER  SINCE"),
        "{budgets}"
    );
}
