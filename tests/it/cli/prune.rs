//! `prune`, `pin` and `unpin`.

use playback::clock::Clock;
use serde_json::{Value, json};

use super::{Ran, command, run};
use crate::builders::Run;
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
    assert!(told.contains(&format!("{}  goes\n", runs[0].id)), "{told}");
    assert!(
        told.contains("1 executions would go, and the output of 0 more;"),
        "{told}"
    );
    assert!(
        told.contains("1 are kept because they are pinned"),
        "{told}"
    );
    let ran = run(&collector, &["prune", "--days", "30"]);
    assert!(ran.ok().contains("1 executions are gone"), "{ran:?}");
    client.execution(runs[0].id, "").error(404, "not_found");

    let ran = run(&collector, &["unpin", &runs[1].id.to_string()]);
    assert!(ran.ok().contains("left to the rules"), "{ran:?}");
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
    let ran = run(&collector, &["prune", "--json"]);
    assert_eq!(ran.json()["deleted"], 2);

    let bare = Collector::start();
    let ran = run(&bare, &["prune"]);
    assert!(ran.complaint(1).contains("[[retention]]"), "{ran:?}");
    let ran = run(&bare, &["prune", "--days", "0"]);
    assert!(ran.complaint(2).contains("--days"), "{ran:?}");
    let ran = run(&bare, &["prune", "--keep-bytes", "much"]);
    assert!(ran.complaint(1).contains("keep_bytes"), "{ran:?}");
    let ran = run(&bare, &["prune", "--label", "x"]);
    assert!(ran.complaint(1).contains("no limit"), "{ran:?}");
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
    run(&collector, &["prune", "--keep-payload-days", "30"]).ok();
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
