//! `stats`.

use serde_json::json;

use super::run;
use crate::builders::{Run, TEN, good_run};
use crate::harness::Collector;

/// Fails on a host, an hour after the good one.
fn failed_run() -> Run {
    let started = json!({ "type": "playbook", "playbook": "plays/db.yml", "user": "ann" });
    Run::starting(TEN + 3_600_000_000, started)
        .play("db")
        .task("grow the disk")
        .failed("db-01")
        .recap(&[("db-01", [0, 0, 0, 1, 0])])
        .after(125.0)
        .ended(2)
}

#[test]
fn statistics_are_tables_for_people_and_json_for_scripts() {
    let collector = Collector::start();
    let empty = run(
        &collector,
        &["stats", "--from", "2026-01-20", "--to", "2026-01-20"],
    );
    assert_eq!((empty.code, empty.stdout.as_str()), (0, ""));
    assert_eq!(
        empty.stderr,
        "no executions started from 2026-01-20 00:00:00 to 2026-01-20 23:59:59 UTC\n"
    );
    let client = collector.client();
    good_run().deliver(&client);
    failed_run().deliver(&client);
    let day = ["--from", "2026-01-20", "--to", "2026-01-20"];
    let asked = |more: &[&str]| run(&collector, &[&["stats"], &day[..], more].concat());
    let shown = asked(&[]);
    assert_eq!(
        shown.ok(),
        "\
2026-01-20 00:00:00 to 2026-01-20 23:59:59 UTC

RUNS  SUCCESS  FAILED  RUNNING  RATE   CHANGED  MEAN    MEDIAN  P95     MAX
2     1        1       0        50.0%  1        1m 02s  0.0s    2m 05s  2m 05s

Why runs failed: 1 task_failed

STARTED              RUNS  SUCCESS  FAILED  RATE    MEAN    P95
2026-01-20 10:00:00  1     1        0       100.0%  0.0s    0.0s
2026-01-20 11:00:00  1     0        1       0.0%    2m 05s  2m 05s

PLAYBOOK      RUNS  SUCCESS  FAILED  RATE    MEAN    P95
plays/db.yml  1     0        1       0.0%    2m 05s  2m 05s
site.yml      1     1        0       100.0%  0.0s    0.0s

FAILED HOST  RUNS  TASKS FAILED  UNREACHABLE
db-01        1     1             0
"
    );
    let groups = asked(&["--by", "task", "--user", "ann"]);
    let rows = groups.rows();
    assert_eq!(
        rows[7],
        ["TASK", "RUNS", "SUCCESS", "FAILED", "RATE", "MEAN", "P95"]
    );
    assert_eq!(
        rows[8].join(" "),
        "plays/db.yml (grow the disk) 1 0 1 0.0% 0.0s 0.0s"
    );
    assert_eq!(rows.len(), 9);

    let answer = asked(&["--by", "host", "--limit", "1", "--json"]).json();
    let day = "from=2026-01-20&to=2026-01-20";
    let from_api = client.api(&format!("/executions/stats?{day}&by=host&limit=1"));
    assert_eq!(answer, from_api.ok(), "as the API says it");
}

#[test]
fn what_is_asked_wrongly_is_said() {
    let collector = Collector::start();
    for wrong in [
        &["--period", "year"][..],
        &["--period", "day", "--from", "2026-01-20"],
        &["--by", "planet"],
        &["--limit", "5"],
        &["--by", "host", "--limit", "0"],
    ] {
        let asked = run(&collector, &[&["stats"], wrong].concat());
        asked.complaint(2);
    }
    let asked = run(
        &collector,
        &["stats", "--from", "2026-01-21", "--to", "2026-01-20"],
    );
    assert!(asked.complaint(1).contains("is after to"));
}
