//! `prune`, `pin` and `unpin`.

use playback::clock::Clock;
use serde_json::{Value, json};

use super::{Ran, command, run};
use crate::builders::Run;
use crate::exec_terminal::Person;
use crate::harness::{Collector, Setup};

fn aged(days: i64, playbook: &str) -> Run {
    let started = Clock::system().now_us() - days * 86_400_000_000;
    Run::starting(started, json!({ "type": "playbook", "playbook": playbook }))
        .output("one\ntwo\n")
        .ended(0)
}

#[test]
fn runs_are_pruned_by_limits_and_what_would_go_is_shown_first() {
    let collector = Collector::start();
    let client = collector.client();
    let runs = [
        aged(50, "site.yml"),
        aged(40, "web.yml"),
        aged(3, "site.yml"),
    ];
    for run in &runs {
        run.deliver(&client);
    }
    let ran = run(
        &collector,
        &["pin", &runs[1].id.to_string(), "--note", "audit"],
    );
    assert!(ran.ok().contains("playback unpin"), "{ran:?}");
    let shown = run(&collector, &["show", &runs[1].id.to_string()]);
    assert!(
        shown.ok().contains("by token:") && shown.ok().contains("audit"),
        "{shown:?}"
    );
    let listed = run(&collector, &["list", "--pinned", "--json"]);
    assert!(listed.ok().contains(&runs[1].id.to_string()), "{listed:?}");
    assert!(!listed.ok().contains(&runs[0].id.to_string()), "{listed:?}");

    let ran = run(&collector, &["prune", "--days", "30", "--dry-run"]);
    let told = ran.ok();
    let started = client.finished(runs[0].id)["start_time"].clone();
    let started = started.as_str().unwrap()[..19].replace('T', " ");
    let end = &runs[0].id.to_string()[30..];
    assert!(
        told.contains(&format!("{end}  {started}  all of it  site.yml\n")),
        "its date and its name: {told}"
    );
    assert!(told.contains("1 execution would be removed ("), "{told}");
    assert!(told.contains("1 is kept because of a pin"), "{told}");
    // Nobody can be asked, and nobody said yes.
    let ran = run(&collector, &["prune", "--days", "30"]);
    let told = ran.complaint(1);
    assert!(
        told.contains("1 execution would be removed") && told.contains("--yes"),
        "{told}"
    );
    client.finished(runs[0].id);
    let ran = run(&collector, &["prune", "--days", "30", "--yes"]);
    assert!(ran.ok().contains("1 execution removed"), "{ran:?}");
    client.execution(runs[0].id, "").error(404, "not_found");

    let ran = run(&collector, &["unpin", &runs[1].id.to_string()]);
    assert!(ran.ok().contains("not pinned any more"), "{ran:?}");
    let arguments = [
        "prune",
        "--keep-payload-days",
        "1",
        "--keep-bytes",
        "1GB",
        "--keep-runs",
        "9",
        "--status",
        "success",
        "--playbook",
        "site.yml",
        "--yes",
        "--json",
    ];
    let pruned = run(&collector, &arguments);
    let answer = pruned.json();
    assert_eq!(
        (&answer["deleted"], &answer["payloads_removed"]),
        (&json!(0), &json!(1))
    );
    let shown = run(&collector, &["show", &runs[2].id.to_string()]);
    assert!(
        shown.ok().contains("Retention removed what it printed"),
        "{shown:?}"
    );
    let shown = run(&collector, &["show", &runs[2].id.to_string(), "--output"]);
    assert!(
        shown.complaint(1).contains("retention removed the output"),
        "{shown:?}"
    );
    let answer = run(
        &collector,
        &[
            "prune",
            "--keep-runs",
            "1",
            "--keep-at-least",
            "1",
            "--json",
        ],
    );
    assert_eq!(answer.json()["deleted"], 0);
}

#[test]
fn configured_rules_are_applied_and_what_cannot_be_done_is_told() {
    let collector = Setup::default()
        .config("[[retention]]\nkeep_runs = 1\n")
        .start();
    let client = collector.client();
    for days in 1..=3 {
        aged(days, "site.yml").deliver(&client);
    }
    let ran = run(&collector, &["prune", "--yes", "--json"]);
    assert_eq!(ran.json()["deleted"], 2);

    let bare = Collector::start();
    let ran = run(&bare, &["prune"]);
    assert!(ran.complaint(1).contains("[[retention]]"), "{ran:?}");
    let ran = run(&bare, &["prune", "--days", "0"]);
    assert!(ran.complaint(2).contains("--days"), "{ran:?}");
    let ran = run(&bare, &["prune", "--keep-bytes", "much"]);
    let told = ran.complaint(1);
    assert!(
        told.contains("--keep-bytes: "),
        "the option, not the field: {told}"
    );
    let ran = run(&bare, &["prune", "--label", "x"]);
    let told = ran.complaint(1);
    assert!(
        told.contains("no limit") && told.contains("--days, --keep-runs"),
        "{told}"
    );
    let reader = bare.create_token(&["read"]);
    let mut as_reader = command(&bare, &["prune", "--days", "3"]);
    let ran = Ran::from(as_reader.env("PLAYBACK_TOKEN", reader).output().unwrap());
    assert!(ran.complaint(1).contains("--scope admin"), "{ran:?}");
    let ran = run(&bare, &["pin", "latest"]);
    assert!(ran.complaint(1).contains("history is empty"), "{ran:?}");
}

#[test]
fn a_spool_of_a_run_whose_log_is_gone_is_set_aside() {
    let collector = Collector::start();
    let client = collector.client();
    let old = aged(50, "site.yml");
    old.deliver(&client);
    run(&collector, &["prune", "--keep-payload-days", "30", "--yes"]).ok();
    let dir = collector.folder().join("spool");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(
        dir.join(format!("{}.recorder.ndjson", old.id)),
        old.ndjson(),
    )
    .unwrap();
    let mut flush = command(&collector, &["flush", "--json"]);
    let ran = Ran::from(flush.env("PLAYBACK_SPOOL_DIR", &dir).output().unwrap());
    let answer: Value = serde_json::from_str(ran.stdout.trim()).unwrap();
    assert_eq!(answer["spools"][0]["fate"], "set_aside", "{answer}");
    assert!(
        answer.to_string().contains("removed by retention"),
        "{answer}"
    );
    let record = client.finished(old.id);
    assert_eq!(record["events"]["complete"], true);
    assert!(record["payload_removed"].is_string());
}

#[test]
fn a_person_is_asked_before_anything_is_removed() {
    let collector = Collector::start();
    let client = collector.client();
    let old = aged(50, "site.yml");
    old.deliver(&client);
    let prune = || Person::runs_at(command(&collector, &["prune", "--days", "30"]), 80);
    let mut person = prune();
    person.sees("Remove it? [y/N] ");
    assert!(person.screen().contains("site.yml"), "{}", person.screen());
    person.types("n\n");
    assert_eq!(person.leaves().code(), Some(1));
    person.sees("nothing was removed");
    client.finished(old.id);
    let mut person = prune();
    person.sees("Remove it? [y/N] ");
    person.types("y\n");
    assert_eq!(person.leaves().code(), Some(0));
    client.execution(old.id, "").error(404, "not_found");
}
