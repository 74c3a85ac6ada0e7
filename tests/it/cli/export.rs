//! `export`: files are whole or not there.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;

use serde_json::{Value, json};

use super::{Ran, command, run};
use crate::builders::{Run, TEN, good_run};
use crate::harness::Collector;

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn runs_are_exported_as_the_query_and_the_options_say() {
    let collector = Collector::start();
    let client = collector.client();
    let good = good_run();
    let failed = Run::starting(
        TEN + 1_000_000,
        json!({ "type": "playbook", "playbook": "=db.yml", "user": "ann" }),
    )
    .play("db")
    .task("grow")
    .failed("db-01")
    .recap(&[("db-01", [0, 0, 0, 1, 0])])
    .ended(2);
    good.deliver(&client);
    failed.deliver(&client);
    let all = lines(run(&collector, &["export"]).ok());
    let ids: Vec<&Value> = all.iter().map(|row| &row["id"]).collect();
    assert_eq!(ids, [&json!(failed.id), &json!(good.id)]);
    let oldest = lines(run(&collector, &["export", "--oldest-first", "--columns", "id"]).ok());
    assert_eq!(
        oldest,
        [json!({ "id": good.id }), json!({ "id": failed.id })]
    );
    let csv = [
        "export",
        "status:failed",
        "--format",
        "csv",
        "--columns",
        "playbook,exit_code",
    ];
    assert_eq!(
        run(&collector, &csv).ok(),
        "playbook,exit_code\r\n'=db.yml,2\r\n"
    );
    // A filter with several values becomes a query.
    let csv = [
        "export",
        "--status",
        "failed,running",
        "--user",
        "ann",
        "--what",
        "results",
        "--columns",
        "host,message",
    ];
    assert_eq!(
        lines(run(&collector, &csv).ok()),
        [json!({ "host": "db-01", "message": "no space" })]
    );
    let one = [
        "export",
        "--run",
        &good.id.to_string(),
        "--what",
        "hosts",
        "--columns",
        "host",
    ];
    assert_eq!(
        lines(run(&collector, &one).ok()),
        [json!({ "host": "web-01" })]
    );
    let some = [
        "export",
        "--what",
        "results",
        "--only-changed",
        "--columns",
        "host",
    ];
    assert_eq!(
        lines(run(&collector, &some).ok()),
        [json!({ "host": "web-01" })]
    );
    let page = run(
        &collector,
        &["export", "--run", "latest", "--format", "markdown"],
    );
    assert!(
        page.ok().starts_with("### Ansible: `=db.yml`: failed\n"),
        "{page:?}"
    );
}

#[test]
fn the_name_of_a_file_tells_its_format() {
    let collector = Collector::start();
    good_run().deliver(&collector.client());
    let exported = |name: &str, more: &[&str]| -> Vec<u8> {
        let file = collector.folder().join(name);
        let arguments = [&["export", "--output", file.to_str().unwrap()][..], more].concat();
        assert_eq!(run(&collector, &arguments).ok(), "");
        fs::read(file).unwrap()
    };
    assert!(exported("runs.csv", &[]).starts_with(b"id,type,"));
    assert!(exported("runs.json", &[]).starts_with(b"{\"executions\":["));
    assert!(exported("runs.parquet", &[]).starts_with(b"PAR1"));
    assert!(exported("run.html", &["--run", "latest"]).starts_with(b"<!DOCTYPE html>"));
    assert!(exported("run.xml", &["--run", "latest"]).starts_with(b"<?xml "));
    assert!(exported("run.txt", &["--run", "latest", "--format", "csv"]).starts_with(b"id,type,"));
    // A device is written to, not replaced.
    let done = run(&collector, &["export", "--output", "/dev/null"]);
    assert_eq!(done.ok(), "");
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn what_cannot_be_meant_is_said_before_anything_is_asked() {
    let collector = Collector::start();
    good_run().deliver(&collector.client());
    for (arguments, named) in [
        (&["--format", "html"][..], "--run ID"),
        (
            &["--run", "latest", "--status", "failed"],
            "leave the query",
        ),
        (&["--run", "latest", "word"], "leave the query"),
        (
            &["--run", "latest", "--format", "junit", "--columns", "id"],
            "--columns is for rows",
        ),
        (&["--format", "xls"], "parquet"),
        (&["status:"], "status"),
        (&["--stauts", "failed"], "--status"),
    ] {
        let done = run(&collector, &[&["export"][..], arguments].concat());
        let told = done.complaint(2);
        assert!(told.contains(named), "{arguments:?}: {told}");
    }
    let done = run(&collector, &["export", "--columns", "planet"]);
    assert!(done.complaint(1).contains("no such column"), "{done:?}");
    let folder = collector.folder().to_str().unwrap();
    let done = run(&collector, &["export", "--output", folder]);
    assert!(done.complaint(1).contains("is a folder"), "{done:?}");
    let nowhere = collector.folder().join("nowhere/runs.csv");
    let done = run(
        &collector,
        &["export", "--output", nowhere.to_str().unwrap()],
    );
    assert!(done.complaint(1).contains("cannot be made"), "{done:?}");
}

/// Answers one request with the beginning of an export, as a collector does that is killed then.
fn breaking_off(head: &'static str) -> (String, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
        stream.write_all(head.as_bytes()).unwrap();
    });
    (url, answering)
}

#[test]
fn an_export_that_breaks_off_fails_and_leaves_the_file_as_it_was() {
    let collector = Collector::start();
    let file = collector.folder().join("runs.ndjson");
    fs::write(&file, "before").unwrap();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n\
                a\r\n{\"id\":\"1\"}\r\n";
    let export = |output: &[&str]| -> Ran {
        let (url, answering) = breaking_off(head);
        let mut command = command(
            &collector,
            &[&["export", "--url", url.as_str()][..], output].concat(),
        );
        let done = command.output().unwrap().into();
        answering.join().unwrap();
        done
    };
    let done = export(&["--output", file.to_str().unwrap()]);
    let told = done.complaint(1);
    assert!(told.contains("broke off and is not complete"), "{told}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "before");
    let left = |folder: &Path| {
        let mut names = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        names.any(|name| name.to_string_lossy().ends_with(".part"))
    };
    assert!(!left(collector.folder()), "what was begun is removed");
    let done = export(&[]);
    assert_eq!((done.code, done.stdout.as_str()), (1, "{\"id\":\"1\"}"));
    assert!(done.stderr.contains("not complete"), "{done:?}");
}

#[test]
fn a_bundle_moves_runs_to_another_collector() {
    let (from, to) = (Collector::start(), Collector::start());
    let good = good_run();
    good.deliver(&from.client());
    Run::new().deliver(&from.client());
    let file = from.folder().join("runs.playback");
    let file = file.to_str().unwrap();
    assert_eq!(run(&from, &["export", "--output", file]).ok(), "");
    let done = run(&to, &["import", file, "--note", "moved"]);
    assert!(
        done.ok()
            .starts_with("imported: 1\nthere already: 0\nnot in the bundle: 1\n  "),
        "{done:?}"
    );
    let page = |collector: &Collector| {
        let page = run(collector, &["show", &good.id.to_string()]);
        page.ok().replace(&collector.url(), "[url]")
    };
    assert_eq!(page(&to), page(&from));
    let again = run(&to, &["import", file, "--json"]).json();
    assert_eq!(
        (&again["imported"], &again["present"]),
        (&json!(0), &json!(1))
    );
    let done = run(&to, &["import", "/dev/null"]);
    assert!(done.complaint(1).contains("is empty: export"), "{done:?}");
    let done = run(&to, &["import", "/nowhere/runs.playback"]);
    assert!(done.complaint(1).contains("cannot be read"), "{done:?}");
}
