//! Error messages name the next step; exit codes are for scripts.

use super::{command, run, start};
use crate::builders::good_run;
use crate::harness::Collector;

#[test]
fn a_token_that_does_not_serve_is_told_by_what_would() {
    let collector = Collector::start();
    good_run().deliver(&collector.client());
    let sender = collector.create_token(&["ingest"]);
    let with = |arguments: &[&str], token: &str| {
        let mut command = command(&collector, arguments);
        super::Ran::from(command.env("PLAYBACK_TOKEN", token).output().unwrap())
    };
    let id = "0199c2a4-0000-7000-8000-000000000000";
    for arguments in [&["list"][..], &["show", "latest"], &["follow", id]] {
        let ran = with(arguments, "pbk_wrong");
        assert!(
            ran.complaint(1).contains("this token is not known here"),
            "{ran:?}"
        );
        let ran = with(arguments, "");
        assert!(ran.complaint(1).contains("a token is needed"), "{ran:?}");
        assert!(ran.stderr.contains("--token-file"), "{ran:?}");
        let ran = with(arguments, &sender);
        assert!(ran.complaint(1).contains("--scope read"), "{ran:?}");
    }
    let ran = with(&["list"], "two\nlines");
    assert!(
        ran.complaint(1).contains("characters that no token has"),
        "{ran:?}"
    );
}

#[test]
fn a_token_file_serves_and_wins_over_the_environment() {
    let collector = Collector::start();
    good_run().deliver(&collector.client());
    let file = collector.folder().join("token");
    let path = file.to_str().unwrap();
    std::fs::write(&file, format!("{}\n", collector.token)).unwrap();
    let mut list = command(&collector, &["list", "--token-file", path]);
    let ran = super::Ran::from(list.env("PLAYBACK_TOKEN", "pbk_wrong").output().unwrap());
    assert!(ran.ok().contains("site.yml"));
    let mut list = command(&collector, &["list"]);
    list.env_remove("PLAYBACK_TOKEN")
        .env("PLAYBACK_TOKEN_FILE", path);
    assert!(
        super::Ran::from(list.output().unwrap())
            .ok()
            .contains("site.yml")
    );
    let ran = run(&collector, &["list", "--token-file", "/nonexistent"]);
    assert!(
        ran.complaint(1).contains("/nonexistent cannot be read"),
        "{ran:?}"
    );
}

#[test]
fn a_collector_that_is_not_there_is_told() {
    let mut collector = Collector::start();
    collector.kill();
    let id = "0199c2a4-0000-7000-8000-000000000000";
    for arguments in [&["list"][..], &["show", "0199c2a4"], &["follow", id]] {
        let ran = run(&collector, arguments);
        let told = ran.complaint(1);
        assert!(told.contains(&collector.url()), "{told}");
        assert!(
            told.contains("cannot be reached") && told.contains("playback serve"),
            "{told}"
        );
    }
    for url in [
        "localhost:8080",
        "ftp://host",
        "http://",
        "http://user:hunter2@host",
    ] {
        let ran = run(&collector, &["list", "--url", url]);
        assert!(ran.complaint(1).contains("collector's URL"), "{ran:?}");
        assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
    }
}

#[test]
fn a_server_of_another_kind_is_told() {
    let collector = Collector::start();
    let url = format!("{}/metrics", collector.url());
    let ran = run(&collector, &["list", "--url", &url]);
    // What lies there answers in our one shape.
    assert!(
        ran.complaint(1).contains("nothing is at /metrics/api/v1"),
        "{ran:?}"
    );
}

#[test]
fn an_execution_that_is_not_to_be_found_is_told() {
    let collector = Collector::start();
    let ran = run(&collector, &["show", "latest"]);
    assert!(
        ran.complaint(1).contains("nothing was recorded yet"),
        "{ran:?}"
    );
    let runs = [good_run(), good_run()];
    for run in &runs {
        run.deliver(&collector.client());
    }
    let ran = run(&collector, &["show", "ffff"]);
    assert!(
        ran.complaint(1).contains("\"playback list\" shows"),
        "{ran:?}"
    );
    // The ids of one moment begin alike, and end at random.
    let ran = run(&collector, &["show", &runs[0].id.to_string()[..4]]);
    let told = ran.complaint(1);
    assert!(
        told.contains("the ids of 2 executions begin or end with"),
        "{told}"
    );
    assert!(told.contains(&runs[0].id.to_string()) && told.contains(&runs[1].id.to_string()));
    let end = runs[0].id.to_string()[30..].to_uppercase();
    let shown = run(&collector, &["show", &end, "--json"]);
    assert_eq!(shown.json()["id"], runs[0].id.to_string());
    let wrong = run(&collector, &["show", "4f2"]);
    assert!(
        wrong.complaint(2).contains("the last 6 or more digits"),
        "{wrong:?}"
    );
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    let collector = Collector::start();
    for arguments in [
        &["list", "--status", "broken"][..],
        &["list", "--since", "yesterday"],
        &["list", "--min-duration", "long"],
        &["list", "--limit", "0"],
        &["list", "--limit", "5", "--all"],
        &["list", "--csv", "--json"],
        &["list", "--columns", "id,planet"],
        &["list", "--columns", ""],
        &["list", "--token", "pbk_seen_by_everyone"],
        &["show", "abc"],
        &["show", "latest", "--output", "--json"],
        &["follow", "latest", "--since", "-1"],
        &["rebuild"],
        &["completions", "cmd"],
        &["lst"],
    ] {
        let ran = run(&collector, arguments);
        assert!(ran.complaint(2).contains("--help"), "{ran:?}");
    }
}

#[test]
fn a_filter_that_does_not_exist_is_refused_with_those_that_do() {
    let collector = Collector::start();
    for (command, wrong, meant, names) in [
        (
            "list",
            "--stauts=failed",
            "--status",
            "--since, --until, --min-duration, --text",
        ),
        (
            "stats",
            "--lable=prod",
            "--label",
            "--reason, --pinned, --from, --to",
        ),
        (
            "prune",
            "--lable=prod",
            "--label",
            "--status, --type, --playbook, --label",
        ),
        (
            "audit",
            "--acter=ann",
            "--actor",
            "--actor, --action, --object, --since, --until",
        ),
    ] {
        let ran = run(&collector, &[command, wrong]);
        let told = ran.complaint(2);
        for says in [meant, names, "the filters are"] {
            assert!(told.contains(says), "{says}: {told}");
        }
    }
}

#[test]
fn a_full_disk_is_a_failure() {
    let collector = Collector::start();
    good_run().deliver(&collector.client());
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let ended = command(&collector, &["list"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let told = String::from_utf8(ended.stderr).unwrap();
    assert!(told.contains("standard output cannot be written"), "{told}");
}

#[test]
fn nobody_listening_to_complaints_is_no_panic() {
    let mut collector = Collector::start();
    collector.kill();
    let mut list = start(&collector, &["list"]);
    drop(list.stderr.take());
    assert_eq!(list.wait().unwrap().code(), Some(1));
}

#[test]
fn an_argument_that_is_not_utf8_is_refused_like_any_wrong_one() {
    use std::os::unix::ffi::OsStrExt as _;

    let collector = Collector::start();
    let odd = std::ffi::OsStr::from_bytes(b"li\xffst");
    for arguments in [&[odd][..], &["list".as_ref(), "--status".as_ref(), odd]] {
        let output = command(&collector, &[]).args(arguments).output().unwrap();
        let ran = super::Ran::from(output);
        assert!(!ran.complaint(2).contains("panicked"), "{ran:?}");
    }
}
