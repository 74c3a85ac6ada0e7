//! `follow` prints every line once, and exits with the run's exit code.

use std::io::{BufRead as _, BufReader, Read as _};

use serde_json::{Value, json};

use super::{run, start};
use crate::builders::{Run, good_run};
use crate::harness::Collector;

#[test]
fn it_ends_with_the_runs_own_exit_code() {
    let collector = Collector::start();
    let client = collector.client();
    for code in [0, 2, 4, 250] {
        let ended = Run::new().output("one\ntwo\nlast").ended(code);
        ended.deliver(&client);
        let ran = run(&collector, &["follow", &ended.id.to_string()]);
        assert_eq!((ran.code, ran.stderr.as_str()), (code, ""));
        assert_eq!(ran.stdout, "one\ntwo\nlast\n");
        let ran = run(&collector, &["follow", "latest", "--since", "2"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (code, "last\n"));
    }
    // A signal leaves no exit code.
    let killed = Run::new().event("execution_ended", json!({ "signal": 9 }));
    killed.deliver(&client);
    let ran = run(&collector, &["follow", &killed.id.to_string()]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("without an exit code"), "{ran:?}");
}

#[test]
fn it_hands_on_the_streams_messages() {
    let collector = Collector::start();
    let ended = good_run();
    ended.deliver(&collector.client());
    let ran = run(&collector, &["follow", &ended.id.to_string(), "--json"]);
    let messages: Vec<Value> = ran
        .ok()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(messages.len(), 4);
    assert_eq!(messages[1]["content"], "PLAY [web] ****");
    assert_eq!(messages[3]["type"], "complete");
    assert_eq!(messages[3]["result"]["id"], ended.id.to_string());
}

#[test]
fn lines_come_as_they_are_printed_and_a_restart_loses_none() {
    let mut collector = Collector::start();
    let client = collector.client();
    let run = Run::new()
        .output("one\n")
        .output("two\n")
        .output("three\n")
        .output("four\n")
        .ended(3);
    run.deliver_range(&client, 0..2);
    let mut follow = start(&collector, &["follow", &run.id.to_string()]);
    let mut lines = BufReader::new(follow.stdout.take().unwrap()).lines();
    let mut line = || lines.next().map(Result::unwrap);
    assert_eq!(line().as_deref(), Some("one"));
    run.deliver_range(&client, 2..3);
    assert_eq!(line().as_deref(), Some("two"), "while the run goes on");

    // Once gone without a word, and once in order.
    collector.kill_and_restart();
    run.deliver_range(&client, 3..4);
    assert_eq!(line().as_deref(), Some("three"));
    assert!(collector.stop().0.success());
    collector.launch();
    run.deliver_range(&client, 4..6);
    assert_eq!(line().as_deref(), Some("four"));
    assert_eq!(line(), None);
    assert_eq!(follow.wait().unwrap().code(), Some(3));
    let mut told = String::new();
    follow
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut told)
        .unwrap();
    assert_eq!(told.matches("the stream was lost").count(), 2, "{told}");
    assert_eq!(told.matches("taken up again").count(), 2, "{told}");
}

#[test]
fn a_line_larger_than_usual_messages_comes_through() {
    let collector = Collector::start();
    let client = collector.client();
    // Each of these characters needs six in JSON.
    let line = "\u{1}".repeat(500 << 10);
    let ended = Run::new().output(&format!("{line}\n")).ended(0);
    ended.deliver(&client);
    let ran = run(&collector, &["follow", &ended.id.to_string()]);
    assert_eq!(ran.ok(), format!("{line}\n"));
}

#[test]
fn a_run_that_is_not_there_is_told() {
    let collector = Collector::start();
    let ran = run(
        &collector,
        &["follow", "0199c2a4-0000-7000-8000-000000000000"],
    );
    assert!(
        ran.complaint(1).contains("there is no execution 0199c2a4"),
        "{ran:?}"
    );
}
