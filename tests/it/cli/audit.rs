//! `audit`, `audit verify`, `audit export`.

use super::run;
use crate::builders::good_run;
use crate::harness::{Collector, Setup, eventually};

#[test]
fn how_long_entries_are_kept_is_said_where_they_are_verified() {
    let kept = Setup::default().config("audit_keep_days = 730\n").start();
    let said = "kept for 730 days (audit_keep_days)\n";
    assert!(run(&kept, &["audit", "verify"]).ok().ends_with(said));
    let for_good = Collector::start();
    let verified = run(&for_good, &["audit", "verify"]);
    assert!(!verified.ok().contains("kept for"), "{verified:?}");
    let page = for_good.client().api("/audit").ok();
    assert!(page.get("keep_days").is_none(), "{page}");
}

#[test]
fn who_changed_what_is_shown_and_verified() {
    let collector = Collector::start();
    let pinned = good_run();
    pinned.deliver(&collector.client());
    let id = pinned.id.to_string();
    run(&collector, &["pin", &id, "--note", "incident 4711"]).ok();
    run(&collector, &["unpin", &id, "--note", "solved"]).ok();
    let shown = run(&collector, &["audit"]);
    let lines: Vec<&str> = shown.ok().lines().collect();
    let words: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(words, ["#", "TIME", "WHO", "FROM", "WHAT", "TO", "NOTE"]);
    assert!(
        lines[1].starts_with("3 ") && lines[1].contains(" unpin ") && lines[1].ends_with("solved")
    );
    assert!(lines[2].contains(" pin ") && lines[2].ends_with("incident 4711"));
    assert!(lines[3].contains(" create_token ") && lines[3].contains("user:"));
    assert!(lines[1].contains(&format!(" {} ", &id[30..])), "{shown:?}");
    assert_eq!(lines.len(), 4);
    let one = run(&collector, &["audit", "--action", "pin", "--json"]);
    assert_eq!(one.json()["note"], "incident 4711");
    let wrong = run(&collector, &["audit", "--action", "dance"]);
    assert!(
        wrong.complaint(1).contains("it must be one of delete, pin"),
        "{wrong:?}"
    );

    let verified = run(&collector, &["audit", "verify"]);
    let (said, head) = verified.ok().trim().split_once('\n').unwrap();
    assert_eq!(said, "3 entries, none changed, missing or added");
    let head = head.strip_prefix("head ").unwrap();
    run(&collector, &["pin", &id]).ok();
    // What was the end is a part of it still.
    run(&collector, &["audit", "verify", "--head", head]).ok();
    let other = format!("2:{}", &head[2..]);
    let told = run(&collector, &["audit", "verify", "--head", &other]);
    assert!(
        told.complaint(1).contains("entry 2 does not have the hash"),
        "{told:?}"
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let statement = "UPDATE audit SET note = 'x' WHERE number = 2";
    runtime.block_on(crate::servers::sql(&collector.database(), statement));
    let told = run(&collector, &["audit", "verify"]);
    assert_eq!(
        (told.code, told.stdout.as_str()),
        (1, "entry 2 was changed\n")
    );
    assert!(
        told.stderr.contains("the audit trail was altered"),
        "{told:?}"
    );
}

#[test]
fn the_trail_is_exported_to_a_file_as_its_name_says() {
    let collector = Collector::start();
    let pinned = good_run();
    pinned.deliver(&collector.client());
    run(
        &collector,
        &["pin", &pinned.id.to_string(), "--note", "x,y"],
    )
    .ok();
    let file = collector.folder().join("audit.csv");
    let path = file.display().to_string();
    let columns = ["--columns", "action,note", "--action", "pin"];
    let ran = run(
        &collector,
        &[&["audit", "export", "--output", &path], &columns[..]].concat(),
    );
    assert_eq!(ran.ok(), "");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text, "action,note\r\npin,\"x,y\"\r\n");
    let lines = run(&collector, &["audit", "export"]);
    assert_eq!(lines.ok().lines().count(), 2);
    assert!(lines.ok().contains("\"action\":\"pin\""), "{lines:?}");
}

#[test]
fn who_looked_at_a_run_with_which_command_is_shown() {
    let collector = Setup::default().config("audit_views = true\n").start();
    let seen = good_run();
    seen.deliver(&collector.client());
    let id = seen.id.to_string();
    run(&collector, &["show", &id]).ok();
    let lines = eventually("the look to be entered", || {
        let shown = run(&collector, &["audit", "--action", "view"]);
        let lines = shown.ok().lines().skip(1).map(str::to_owned);
        let lines: Vec<String> = lines.collect();
        (!lines.is_empty()).then_some(lines)
    });
    let line = &lines[0];
    assert!(
        line.contains(" view ") && line.contains("parts=[") && line.contains("record"),
        "{line}"
    );
    assert!(line.contains(&format!(" {} ", &id[30..])), "{line}");
}
