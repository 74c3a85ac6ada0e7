//! `playback schedule`: made, shown, changed, paused and deleted.

use serde_json::json;

use super::run;
use crate::launch::{GATED, Site};
use crate::schedules::{SHORT, create, each_second, had, started};

#[test]
fn a_schedule_is_made_shown_changed_and_deleted() {
    let site = Site::new();
    site.playbook("short.yml", SHORT);
    let collector = site.start();
    let none = run(&collector, &["schedule", "list"]);
    assert!(none.ok().contains("playback schedule create"), "{none:?}");
    let words = "schedule create nightly short.yml --zone Europe/Berlin -i prod -l web-01 -e version=1.2 --check \
                 --label a --label b --missed run_once --jitter 60 --description for-tests --note CHG-1";
    let mut words: Vec<&str> = words.split_whitespace().collect();
    words.extend(["--cron", "30 3 29 2 *"]);
    let made = run(&collector, &words);
    let page = made.ok();
    for part in [
        "nightly  active",
        "for         for-tests",
        "short.yml",
        "30 3 29 2 * (Europe/Berlin)",
        "up to 60 seconds late",
        "run once",
        "extra vars  version",
        "-02-29 03:30:00 +01:00",
        "No time of it has come yet.",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let asked = run(&collector, &["schedule", "show", "nightly", "--json"]).json();
    let expected = json!({
        "playbook": "short.yml", "inventory": "prod", "limit": "web-01", "extra_vars": { "version": "1.2" },
        "check": true, "labels": ["a", "b"], "note": "CHG-1",
    });
    assert_eq!(asked["run"], expected);

    // What it runs stays.
    let changed = [
        "schedule",
        "change",
        "nightly",
        "--cron",
        "0 5 * * *",
        "--overlap",
        "queue",
        "--json",
    ];
    let changed = run(&collector, &changed).json();
    assert_eq!(changed["run"], expected);
    let settings = [
        "cron",
        "zone",
        "overlap",
        "missed",
        "jitter_seconds",
        "description",
    ]
    .map(|name| &changed[name]);
    let told = json!([
        "0 5 * * *",
        "Europe/Berlin",
        "queue",
        "run_once",
        60,
        "for-tests"
    ]);
    assert_eq!(json!(settings), told);
    // Everything is new.
    let replaced = [
        "schedule",
        "create",
        "nightly",
        "--replace",
        "--hosts",
        "web-01",
        "-m",
        "ping",
        "-i",
        "prod",
    ];
    let replaced = run(
        &collector,
        &[&replaced[..], &["--cron", "@daily", "--json"]].concat(),
    )
    .json();
    assert_eq!(
        replaced["run"],
        json!({ "hosts": "web-01", "module": "ping", "inventory": "prod" })
    );

    let paused = run(
        &collector,
        &["schedule", "pause", "nightly", "--note", "freeze"],
    );
    assert!(paused.ok().contains("nightly is paused"), "{paused:?}");
    let list = run(&collector, &["schedule", "list"]);
    let rows = list.rows();
    assert_eq!(
        (rows[1][0], *rows[1].last().unwrap()),
        ("nightly", "paused"),
        "{list:?}"
    );
    let shown = run(&collector, &["schedule", "show", "nightly"]);
    assert!(
        shown.ok().contains("It would start nothing now:") && shown.ok().contains("freeze"),
        "{shown:?}"
    );
    let resumed = run(&collector, &["schedule", "resume", "nightly"]);
    assert!(
        resumed.ok().contains("nightly goes on: next ") && resumed.ok().contains("+00:00"),
        "{resumed:?}"
    );
    let deleted = run(&collector, &["schedule", "delete", "nightly"]);
    assert_eq!(deleted.ok(), "nightly is deleted\n");
    let gone = run(&collector, &["schedule", "show", "nightly"]);
    assert!(
        gone.complaint(1)
            .contains("there is no schedule named \"nightly\""),
        "{gone:?}"
    );
}

#[test]
fn what_became_of_its_times_is_shown_and_its_runs_are_found() {
    let site = Site::new();
    site.playbook("gate.yml", GATED);
    let collector = site.start();
    let client = collector.client();
    create(&client, &each_second("often", "gate.yml"));
    had(&client, "often", "still_running");
    run(&collector, &["schedule", "pause", "often"]).ok();
    site.make("go");
    let id = started(&client, "often")[0];
    client.finished(id);
    let short = &id.to_string()[30..];
    let shown = run(&collector, &["schedule", "show", "often"]);
    assert!(
        shown.ok().contains("OUTCOME") && shown.ok().contains("still running"),
        "{shown:?}"
    );
    let runs = run(
        &collector,
        &["list", "schedule:often", "--columns", "id,schedule"],
    );
    assert!(
        runs.ok().contains(short) && runs.ok().contains("often"),
        "{runs:?}"
    );
    let page = run(&collector, &["show", &id.to_string()]);
    assert!(
        page.ok().contains("  schedule    often\n") && !page.ok().contains("launched by"),
        "{page:?}"
    );
    let offered = run(
        &collector,
        &["__complete", "zsh", "--", "schedule", "show", ""],
    );
    assert!(offered.stdout.contains("often"), "{offered:?}");
    let stored = run(&collector, &["list", "--schedule", "often", "--json"]).json();
    let stored = stored["executions"].as_array().unwrap();
    assert!(!stored.is_empty());
    for run in stored {
        assert_eq!(run["schedule"], "often", "{run}");
    }
}

#[test]
fn the_names_of_secrets_are_listed_and_completed() {
    let secrets = "secrets = { word = { env = \"WORD\" }, key = { file = \"/nowhere/key\" } }";
    let site = Site::new().setting(secrets);
    let collector = site.start();
    let listed = run(&collector, &["schedule", "secrets"]);
    assert_eq!(listed.ok(), "key\nword\n");
    let listed = run(&collector, &["schedule", "secrets", "--json"]).json();
    assert_eq!(listed, json!({ "secrets": ["key", "word"] }));
    let option = ["--vault-password-secret", "wo"];
    let words = ["__complete", "zsh", "--", "schedule", "create", "nightly"];
    let offered = run(&collector, &[&words[..], &option].concat());
    assert!(offered.stdout.contains("word"), "{offered:?}");
    // A launch names them, too.
    let launch = ["run", "short.yml", "--secret-var", "a=none"];
    let refused = run(&collector, &launch);
    assert!(refused.complaint(1).contains("(--secret-var)"));
}

#[test]
fn a_schedule_is_run_by_hand() {
    let site = Site::new();
    site.playbook("short.yml", SHORT);
    let collector = site.start();
    let client = collector.client();
    let yearly = json!({ "name": "yearly", "cron": "@yearly", "run": { "playbook": "short.yml", "inventory": "prod" } });
    create(&client, &yearly);
    let ran = run(
        &collector,
        &["schedule", "run", "yearly", "--note", "CHG-7", "--detach"],
    );
    let id = ran.ok().trim().to_owned();
    client.finished(id.parse().unwrap());
    let page = run(&collector, &["show", &id]);
    for part in [
        "  schedule    yearly, run by hand\n",
        "launched by",
        "CHG-7",
    ] {
        assert!(page.ok().contains(part), "{part}: {page:?}");
    }
    let shown = run(&collector, &["schedule", "show", "yearly"]);
    assert!(
        shown.ok().contains("success") && shown.ok().contains("requested by"),
        "{shown:?}"
    );
    let offered = run(
        &collector,
        &["__complete", "zsh", "--", "schedule", "run", ""],
    );
    assert!(offered.stdout.contains("yearly"), "{offered:?}");
    // It is followed to its end.
    let followed = run(&collector, &["schedule", "run", "yearly"]);
    assert_eq!(followed.code, 0, "{followed:?}");
    assert!(followed.stdout.contains("PLAY RECAP"), "{followed:?}");
    let none = run(&collector, &["schedule", "run", "other"]);
    assert!(none.complaint(1).contains("no schedule named \"other\""));
}

#[test]
fn times_are_shown_in_the_zone_and_what_is_wrong_is_told_with_the_option() {
    let site = Site::new();
    site.playbook("short.yml", SHORT);
    let collector = site.start();
    let shown = run(
        &collector,
        &[
            "schedule",
            "preview",
            "0 4 29 2 *",
            "--zone",
            "Europe/Berlin",
        ],
    );
    let lines: Vec<&str> = shown.ok().lines().collect();
    assert_eq!(lines.len(), 10);
    assert!(
        lines
            .iter()
            .all(|line| line.ends_with("-02-29 04:00:00 +01:00")),
        "{lines:?}"
    );
    let wrong = run(&collector, &["schedule", "preview", "0 0 31 2 *"]);
    assert!(wrong.complaint(1).contains("never comes"), "{wrong:?}");
    let create = ["schedule", "create", "x", "short.yml", "--cron", "@daily"];
    for (more, code, says) in [
        (&["--overlap", "wait"][..], 2, "skip, queue or cancel"),
        (&["--jitter", "7200"], 2, "--jitter"),
        (&["--secret-var", "a"], 2, "VARIABLE=SECRET"),
        (
            &["--secret-var", "a=b", "--secret-var", "a=c"],
            1,
            "given twice",
        ),
        (&["--secret-var", "a=none"], 1, "(--secret-var)"),
        (
            &["--vault-password-secret", "none"],
            1,
            "(--vault-password-secret)",
        ),
        (&["--hosts", "all"], 2, "--hosts"),
        (&["--replace"], 1, "there is no schedule named \"x\""),
    ] {
        let ran = run(&collector, &[&create[..], more].concat());
        assert!(ran.complaint(code).contains(says), "{more:?}: {ran:?}");
    }
}
