//! Commands that work on this machine: spools, the database, and the program's own documents.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::{Ran, command, run};
use crate::builders::{Run, good_run};
use crate::harness::{Collector, PLAYBACK, eventually};

/// Leaves a run's spool behind, like a recorder whose collector is down.
fn leave(run: &Run, dir: &Path) -> PathBuf {
    std::fs::create_dir_all(dir).unwrap();
    let path = dir.join(format!("{}.recorder.ndjson", run.id));
    std::fs::write(&path, run.ndjson()).unwrap();
    path
}

#[test]
fn an_empty_spool_folder_is_soon_flushed() {
    let collector = Collector::start();
    let ran = run(&collector, &["flush"]);
    let dir = collector.folder().join(".local/state/playback/spool");
    assert_eq!(
        ran.ok(),
        format!("nothing is left behind in {}\n", dir.display())
    );
    std::fs::create_dir_all(&dir).unwrap();
    let answer = run(&collector, &["flush", "--json"]).json();
    let expected = json!({
        "url": collector.url(), "spool_dirs": [dir], "unusable_spool_dirs": [], "spools": [],
        "delivered": 0, "set_aside": 0, "kept": 0, "left": 0,
    });
    assert_eq!(answer, expected);
}

#[test]
fn what_was_left_behind_is_delivered() {
    let collector = Collector::start();
    let dir = collector.folder().join("state/playback/spool");
    let (one, other) = (good_run(), good_run());
    leave(&one, &dir);
    leave(&other, &collector.folder().join("elsewhere"));
    let mut flush = command(&collector, &["flush"]);
    flush.env("XDG_STATE_HOME", collector.folder().join("state"));
    let ran = Ran::from(flush.output().unwrap());
    ran.ok();
    let rows = ran.rows();
    assert_eq!(rows[0], ["RUN", "PRODUCER", "EVENTS", "WHAT", "HAPPENED"]);
    let (id, events) = (one.id.to_string(), one.len().to_string());
    assert_eq!(rows[1], [&id, "recorder", &events, "delivered"]);
    assert_eq!(rows.len(), 2);
    let mut flush = command(&collector, &["flush", "--json"]);
    flush.env("PLAYBACK_SPOOL_DIR", collector.folder().join("elsewhere"));
    let answer = Ran::from(flush.output().unwrap()).json();
    assert_eq!(answer["delivered"], 1);
    assert_eq!(answer["spools"][0]["execution"], other.id.to_string());
    assert_eq!(answer["spools"][0]["fate"], "delivered");
    for run in [&one, &other] {
        let record = collector.client().finished(run.id);
        assert_eq!(record["events"]["complete"], true);
    }
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0);
}

#[test]
fn what_cannot_be_delivered_is_kept_and_told() {
    let mut collector = Collector::start();
    let dir = collector.folder().join("spool");
    let spool_dir = dir.to_str().unwrap().to_owned();
    let left = good_run();
    let path = leave(&left, &dir);
    let flush = |collector: &Collector, token: &str, more: &[&str]| {
        let arguments = [
            &["flush", "--spool-dir", &spool_dir, "--patience", "0"],
            more,
        ]
        .concat();
        let mut flush = command(collector, &arguments);
        Ran::from(flush.env("PLAYBACK_TOKEN", token).output().unwrap())
    };
    let token = collector.token.clone();
    collector.kill();
    let ran = flush(&collector, &token, &[]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("not delivered") && ran.stdout.contains(path.to_str().unwrap()));
    assert_eq!(ran.stderr, "the spool could not be delivered; it is kept\n");
    assert!(path.exists());

    collector.launch();
    let refused = flush(&collector, "pbk_wrong", &["--json"]);
    assert_eq!(refused.code, 1);
    assert_eq!(refused.json()["spools"][0]["fate"], "set_aside");
    // It is not forgotten, and not tried again with the same token.
    let again = flush(&collector, "pbk_wrong", &[]);
    assert_eq!(again.code, 1);
    assert!(
        again.stdout.contains("401") && again.stdout.contains("scope"),
        "{again:?}"
    );
    let retried = flush(&collector, &token, &[]);
    assert!(retried.ok().contains("delivered"));
    assert_eq!(
        collector.client().finished(left.id)["events"]["complete"],
        true
    );
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0);
}

#[test]
fn a_schema_is_shown_and_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new.db");
    let database = format!("sqlite://{}", file.display());
    let migrate = |more: &[&str]| {
        let mut command = Command::new(PLAYBACK);
        command.arg("migrate").args(more).env_clear();
        Ran::from(
            command
                .env("PLAYBACK_DATABASE", &database)
                .output()
                .unwrap(),
        )
    };
    let ran = migrate(&["--dry-run"]);
    assert!(
        ran.complaint(1).contains("there is no database at"),
        "{ran:?}"
    );
    assert!(!file.exists(), "and none is made by looking");
    std::fs::write(&file, "").unwrap();
    assert!(migrate(&["--dry-run"]).ok().contains("to be applied"));
    let state = |ran: &Ran| -> Vec<(Value, Value)> {
        let migrations = ran.json()["migrations"].as_array().unwrap().clone();
        let pair = |one: &Value| (one["applied"].clone(), one["applied_now"].clone());
        migrations.iter().map(pair).collect()
    };
    let all = |ran: &Ran, pair: (bool, bool)| {
        let found = state(ran);
        let expected = (pair.0.into(), pair.1.into());
        assert!(
            !found.is_empty() && found.iter().all(|one| *one == expected),
            "{ran:?}"
        );
    };
    all(&migrate(&["--dry-run", "--json"]), (false, false));
    all(&migrate(&["--json"]), (true, true));
    all(&migrate(&["--json"]), (true, false));
    assert!(migrate(&[]).ok().ends_with("the schema is up to date\n"));
}

#[test]
fn rows_are_made_anew_from_the_log() {
    let collector = Collector::start();
    let client = collector.client();
    let (over, going) = (good_run(), Run::new().play("web"));
    over.deliver(&client);
    going.deliver(&client);
    let before = client.execution(over.id, "").ok();
    let rebuild = |arguments: &[&str]| {
        let database = collector.database();
        let arguments = [&["rebuild", "--database", &database], arguments].concat();
        run(&collector, &arguments)
    };
    let ran = rebuild(&[&over.id.to_string()]);
    assert_eq!(ran.ok(), format!("{}: rebuilt\n", over.id));
    assert_eq!(client.execution(over.id, "").ok(), before);
    let ran = rebuild(&[&going.id.to_string()]);
    assert!(ran.complaint(1).contains("still running"), "{ran:?}");
    let ran = rebuild(&["--all", "--json"]);
    let expected = json!({
        "rebuilt": [over.id.to_string()], "running": [going.id.to_string()], "without_log": [], "failed": [],
        "damaged": [],
    });
    assert_eq!(ran.json(), expected);
    assert!(
        rebuild(&["ffffffff"])
            .complaint(1)
            .contains("no execution's id begins or ends with")
    );
    let wrong = run(
        &collector,
        &[
            "rebuild",
            "--all",
            "--database",
            "sqlite:///nonexistent/p.db",
        ],
    );
    assert!(
        wrong.complaint(1).contains("there is no database"),
        "{wrong:?}"
    );
}

#[test]
fn a_missing_folder_of_the_database_is_named_as_a_path_is_written() {
    let collector = Collector::start();
    for database in ["sqlite:////nonexistent/p.db", "sqlite:///nonexistent/p.db"] {
        let serve = ["serve", "--listen", "127.0.0.1:0", "--database", database];
        let ran = run(&collector, &serve);
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(ran.code != 0 && told.contains(" /nonexistent"), "{told}");
        let told = told.replace(database, "");
        assert!(!told.contains("//nonexistent"), "{told}");
    }
}

#[test]
fn tokens_are_made_listed_and_revoked() {
    let collector = Collector::start();
    let database = collector.database();
    let token = |arguments: &[&str]| {
        run(
            &collector,
            &[&["token"], arguments, &["--database", &database]].concat(),
        )
    };
    let made = token(&["create", "reader", "--scope", "read"]);
    assert!(
        made.code == 0 && made.stdout.starts_with("pbk_"),
        "{made:?}"
    );
    assert!(made.stderr.contains("the only time"), "{made:?}");
    let listed = token(&["list"]);
    assert_eq!(
        listed.rows()[0],
        ["NAME", "SCOPES", "CREATED", "EXPIRES", "LAST", "USED"]
    );
    assert!(
        listed
            .rows()
            .iter()
            .any(|row| row[..2] == ["reader", "read"]),
        "{listed:?}"
    );
    let reader = collector.client_with(Some(made.stdout.trim()));
    assert_eq!(reader.api("/executions").status, 200);
    assert_eq!(
        token(&["revoke", "reader", "--json"]).ok(),
        "{\"revoked\":\"reader\"}\n"
    );
    eventually("the token to be worth nothing", || {
        (reader.api("/executions").status == 401).then_some(())
    });
    assert!(
        token(&["revoke", "reader"])
            .complaint(1)
            .contains("playback token list")
    );
}

#[test]
fn the_program_documents_itself() {
    let collector = Collector::start();
    let printed = run(&collector, &["openapi"]);
    printed.ok();
    let served = collector.client().get("/api/openapi.json").ok();
    assert_eq!(printed.json(), served, "what is printed is what is served");
    assert_eq!(printed.json()["openapi"], "3.1.0");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&collector, &["completions", shell]);
        assert!(
            script.ok().contains("playback") && script.ok().contains("follow"),
            "{shell}"
        );
    }
    let help = run(&collector, &["--help"]);
    for command in [
        "serve",
        "token",
        "list",
        "show",
        "follow",
        "login",
        "logout",
        "whoami",
        "context",
        "flush",
        "migrate",
        "rebuild",
        "openapi",
        "completions",
    ] {
        assert!(help.ok().contains(&format!("\n  {command}")), "{command}");
        assert!(
            run(&collector, &[command, "--help"])
                .ok()
                .contains("Usage: playback")
        );
    }
}
