//! `playback search`: lines below their runs, as `grep` shows them below their files.

use serde_json::{Value, json};

use super::{command, run};
use crate::builders::{Run, TEN};
use crate::harness::Collector;

fn refused(hours: i64, host: &str) -> Run {
    let started = json!({ "type": "playbook", "playbook": "site.yml" });
    let content = json!({ "msg": "first\nssh: connection refused\nlast" });
    Run::starting(TEN + hours * 3_600_000_000, started)
        .play("web")
        .task("install")
        .event(
            "result",
            json!({ "task": 1, "host": host, "status": "failed", "content": content }),
        )
        .event(
            "output",
            json!({ "text": "fatal: refused\u{7}, \u{1b}[31mrefused\u{1b}[0m\n", "of": 4 }),
        )
        .ended(2)
}

#[test]
fn found_lines_are_shown_below_their_runs() {
    let collector = Collector::start();
    let client = collector.client();
    let runs = [refused(0, "web-01"), refused(1, "db-01")];
    for run in &runs {
        run.deliver(&client);
    }
    let page = run(&collector, &["search", "refused"]).ok().to_owned();
    let expected = format!(
        "\
site.yml  failed  2026-01-20 11:00:00  {}
  db-01 · install · msg, line 1
    ssh: connection refused
  db-01 · install · output, line 0
    fatal: refused , refused

site.yml  failed  2026-01-20 10:00:00  {}
  web-01 · install · msg, line 1
    ssh: connection refused
  web-01 · install · output, line 0
    fatal: refused , refused
",
        &runs[1].id.to_string()[30..],
        &runs[0].id.to_string()[30..]
    );
    assert_eq!(page, expected);

    let page = run(
        &collector,
        &["search", "refused in:msg host:web-*", "-C", "1"],
    )
    .ok()
    .to_owned();
    assert!(
        page.ends_with("    first\n    ssh: connection refused\n    last\n"),
        "{page}"
    );

    // Only so many, and how to see more.
    let some = run(&collector, &["search", "refused", "-n", "3"]);
    assert_eq!(some.code, 0);
    assert_eq!(
        some.stdout
            .lines()
            .filter(|line| line.contains("refused"))
            .count(),
        3
    );
    assert_eq!(
        some.stderr,
        "These are the newest 3 lines: --limit shows more, --by counts them.\n"
    );
    let none = run(&collector, &["search", "refuse"]);
    assert_eq!((none.code, none.stdout.as_str()), (0, ""));
    assert_eq!(none.stderr, "No line of any of 2 runs is like that.\n");

    let counts = run(&collector, &["search", "refused", "--by", "host,status"])
        .ok()
        .to_owned();
    let expected = "\
LINES  HOST
2      db-01
2      web-01

LINES  STATUS
4      failed

4 lines in 2 runs
";
    assert_eq!(counts, expected);
    let answer: Value = run(&collector, &["search", "refused", "-n", "1", "--json"]).json();
    assert_eq!(answer["hits"][0]["parts"][1], "refused");
    assert!(answer["next_cursor"].is_string());
}

#[test]
fn a_wrong_query_is_marked_before_anything_is_asked() {
    let collector = Collector::start();
    for (query, expected) in [
        ("", "say what to look for"),
        ("a /(/", "\n\n  a /(/\n    ^^^\n"),
        ("a tsk:x", "did you mean `task`?"),
    ] {
        let mut command = command(&collector, &["search", query]);
        command.env("PLAYBACK_URL", "http://127.0.0.1:9");
        let ran: super::Ran = command.output().unwrap().into();
        let told = ran.complaint(2);
        assert!(told.contains(expected), "{told}");
    }
}
