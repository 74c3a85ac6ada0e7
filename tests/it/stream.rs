//! Watching a run: every viewer, at any time, gets every line exactly once, and then the record.

use std::ops::Range;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::builders::{Run, TEN, good_run};
use crate::harness::{Collector, eventually};
use crate::socket::{Socket, StreamEvent};

/// A run of numbered lines, and the lines.
fn numbered(lines: usize) -> (Run, Vec<String>) {
    let texts: Vec<String> = (0..lines).map(|line| format!("line {line}")).collect();
    let run = texts.iter().fold(Run::new().play("web"), |run, text| {
        run.output(&format!("{text}\n"))
    });
    (run.ended(0), texts)
}

/// Sends events in batches of `size`.
fn deliver_in(collector: &Collector, run: &Run, range: Range<usize>, size: usize) {
    let client = collector.client();
    let mut next = range.start;
    while next < range.end {
        let end = range.end.min(next + size);
        run.deliver_range(&client, next..end);
        next = end;
    }
}

#[test]
pub(crate) fn early_late_and_afterwards_all_see_the_same() {
    let collector = Collector::start();
    let (run, texts) = numbered(300);
    deliver_in(&collector, &run, 0..1, 1);
    let mut early = Socket::watch(&collector, run.id, "");
    deliver_in(&collector, &run, 1..100, 7);
    let mut late = Socket::watch(&collector, run.id, "");
    let mut resumed = Socket::watch(&collector, run.id, "?since=50");
    let mut ahead = Socket::watch(&collector, run.id, "?since=200");
    assert_eq!(early.line(), "line 0", "lines come while it runs");
    assert_eq!(late.line(), "line 0");
    assert_eq!(resumed.line(), "line 50");
    deliver_in(&collector, &run, 100..run.len(), 3);
    let mut afterwards = Socket::watch(&collector, run.id, "");

    let (lines, record) = early.rest();
    assert_eq!(lines, texts[1..]);
    assert_eq!(record["status"], "success");
    assert_eq!(
        record["events"],
        json!({ "received": 303, "expected": 303, "complete": true })
    );
    assert_eq!(record["output"].as_array().unwrap().len(), 300);
    assert_eq!(late.rest(), (texts[1..].to_vec(), record.clone()));
    assert_eq!(resumed.rest(), (texts[51..].to_vec(), record.clone()));
    assert_eq!(ahead.rest(), (texts[200..].to_vec(), record.clone()));
    assert_eq!(afterwards.rest(), (texts, record.clone()));
    let mut beyond = Socket::watch(&collector, run.id, "?since=1000");
    assert_eq!(beyond.rest(), (vec![], record.clone()));
    // The record of the stream is the record of the API.
    assert_eq!(collector.client().execution(run.id, "").ok(), record);
}

/// A launched run can be watched before it starts, when its printing producer is not known yet.
#[test]
fn lines_of_a_supervisor_come_to_those_who_waited_for_the_recorders() {
    let collector = Collector::start();
    let client = collector.client();
    let recorder = Run::new().play("web").ended(0);
    let supervisor = Run::supervisor(recorder.id)
        .output("one\n")
        .output("two\n")
        .ended(0);
    recorder.deliver_range(&client, 0..2);
    let mut socket = Socket::watch(&collector, recorder.id, "");
    eventually("the viewer to be served", || {
        let metrics = client.get("/metrics").text;
        metrics.contains("playback_viewers 1").then_some(())
    });
    supervisor.deliver_range(&client, 0..2);
    assert_eq!(socket.line(), "one", "while it runs");
    supervisor.deliver_range(&client, 2..supervisor.len());
    assert_eq!(socket.line(), "two");
    recorder.deliver_range(&client, 2..recorder.len());
    let (lines, record) = socket.rest();
    assert_eq!(lines, Vec::<String>::new());
    assert_eq!(record["status"], "success");
}

#[test]
fn a_message_is_as_documented() {
    let collector = Collector::start();
    let run = Run::new().output("ok: [web-01]\n").output("bye").ended(0);
    run.deliver(&collector.client());
    let mut socket = Socket::watch(&collector, run.id, "");
    let time = TEN / 1_000_000;
    let output = |content: &str| json!({ "type": "output", "content": content, "time": time });
    assert_eq!(socket.message(), output("ok: [web-01]"));
    assert_eq!(socket.message(), output("bye"));
    let last = socket.message();
    assert_eq!(last["type"], "complete");
    assert_eq!(last["result"]["id"], run.id.to_string());
    assert_eq!(last.as_object().unwrap().len(), 2);
}

#[test]
pub(crate) fn two_hundred_viewers_see_every_line_once() {
    let collector = Collector::start();
    let (run, texts) = numbered(400);
    deliver_in(&collector, &run, 0..50, 10);
    let viewers: Vec<_> = (0..200)
        .map(|_| {
            let mut socket = Socket::watch(&collector, run.id, "");
            std::thread::spawn(move || socket.rest())
        })
        .collect();
    deliver_in(&collector, &run, 50..run.len(), 10);
    for viewer in viewers {
        let (lines, record) = viewer.join().unwrap();
        assert_eq!(lines, texts);
        assert_eq!(record["status"], "success");
    }
    eventually("the streams to be counted out", || {
        let metrics = collector.client().get("/metrics").text;
        metrics
            .lines()
            .any(|line| line == "playback_viewers 0")
            .then_some(())
    });
}

#[test]
fn a_viewer_that_does_not_read_slows_nobody_and_misses_nothing() {
    let collector = Collector::start();
    let wide = "x".repeat(16 << 10);
    let lines = 2000;
    let run = (0..lines).fold(Run::new(), |run, line| {
        run.output(&format!("{line} {wide}\n"))
    });
    let run = run.ended(0);
    deliver_in(&collector, &run, 0..1, 1);
    // More is printed than the buffers to a viewer that does not read can hold.
    let mut idle = Socket::watch(&collector, run.id, "");
    let mut reading = Socket::watch(&collector, run.id, "");
    let reader = std::thread::spawn(move || reading.rest());
    let begun = Instant::now();
    deliver_in(&collector, &run, 1..run.len(), 40);
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );
    let (seen, record) = reader.join().unwrap();
    assert_eq!(seen.len(), lines);
    // 32 MB do not fit into a message: the lines were all sent before.
    assert!(record.get("output").is_none());

    let (caught_up, last) = idle.rest();
    assert!(caught_up == seen, "every line, in order");
    assert_eq!(last, record);
    for (line, text) in seen.iter().enumerate() {
        assert!(
            text.starts_with(&format!("{line} ")),
            "line {line}: {}",
            &text[..20]
        );
    }
}

#[test]
pub(crate) fn a_restart_of_the_collector_closes_with_a_reason_and_since_goes_on() {
    let mut collector = Collector::start();
    let (run, texts) = numbered(100);
    deliver_in(&collector, &run, 0..52, 5);
    let mut socket = Socket::watch(&collector, run.id, "");
    let mut feed = Socket::feed(&collector);
    let mut seen: Vec<String> = (0..20).map(|_| socket.line()).collect();
    let (status, _) = collector.stop();
    assert!(status.success());
    loop {
        match socket.next() {
            StreamEvent::Message(message) => {
                seen.push(message["content"].as_str().unwrap().to_owned());
            }
            StreamEvent::Closed(code, reason) => {
                assert_eq!(code, 1012);
                assert!(reason.contains("since"), "{reason}");
                break;
            }
            StreamEvent::Broken => panic!("closed without a reason"),
        }
    }
    assert!(matches!(feed.next(), StreamEvent::Closed(1012, _)));

    collector.launch();
    let mut socket = Socket::watch(&collector, run.id, &format!("?since={}", seen.len()));
    deliver_in(&collector, &run, 52..run.len(), 5);
    let (rest, record) = socket.rest();
    seen.extend(rest);
    assert_eq!(seen, texts);
    assert_eq!(record["events"]["complete"], true);
}

#[test]
fn a_viewer_of_a_lost_run_is_told_so() {
    let collector = Setup::lost_quickly();
    let client = collector.client();
    let run = Run::new().output("one\n");
    run.deliver(&client);
    let mut socket = Socket::watch(&collector, run.id, "");
    assert_eq!(socket.line(), "one");
    let message = socket.message();
    assert_eq!(message["type"], "complete");
    assert_eq!(message["result"]["reason"], "lost");
}

/// A run that counted as lost and then continued is watched like any other, even while an earlier viewer has not read
/// its messages yet.
#[test]
fn a_revived_run_is_watched_anew() {
    let collector = Setup::lost_quickly();
    let client = collector.client();
    let wide = "x".repeat(64 << 10);
    let run = (0..200).fold(Run::new(), |run, line| {
        run.output(&format!("{line} {wide}\n"))
    });
    let end = run.len();
    let run = run.output("alive\n").output("done\n").ended(0);
    run.deliver_range(&client, 0..end);
    let _idle = Socket::watch(&collector, run.id, "");
    assert_eq!(client.finished(run.id)["reason"], "lost");
    run.deliver_range(&client, end..end + 1);
    let mut socket = Socket::watch(&collector, run.id, "?since=200");
    assert_eq!(socket.line(), "alive");
    run.deliver_range(&client, end + 1..run.len());
    let (lines, record) = socket.rest();
    assert_eq!(lines, ["done"]);
    assert_eq!(record["status"], "success");
}

#[test]
pub(crate) fn the_feed_tells_of_start_change_end_and_deletion() {
    let collector = Collector::start();
    let client = collector.client();
    let before = Run::new();
    before.deliver(&client);
    let mut feed = Socket::feed(&collector);
    let run = good_run();
    let split = run.len() - 1;
    let mut expect = |id: uuid::Uuid, event: &str| {
        let message = feed.message();
        assert_eq!(message["type"], "execution", "{message}");
        assert_eq!(message["event"], event, "{message}");
        assert_eq!(message["execution"]["id"], id.to_string());
        assert!(message["execution"].get("output").is_none());
        message["execution"].clone()
    };
    run.deliver_range(&client, 0..1);
    assert_eq!(expect(run.id, "started")["phase"], "starting");
    run.deliver_range(&client, 1..split);
    assert_eq!(expect(run.id, "changed")["phase"], "running");
    run.deliver_range(&client, split..run.len());
    assert_eq!(expect(run.id, "ended")["status"], "success");
    // No `started` message is sent for executions that ran before.
    let before = before.play("web").ended(0);
    before.deliver_range(&client, 1..2);
    expect(before.id, "changed");
    before.deliver_range(&client, 2..3);
    expect(before.id, "ended");
    assert_eq!(client.delete(run.id).status, 204);
    assert_eq!(feed.message(), json!({ "type": "deleted", "id": run.id }));
}

#[test]
pub(crate) fn a_change_is_read_once_for_all_who_watch_the_feed() {
    let collector = Collector::start();
    let client = collector.client();
    let reads = || -> u64 {
        let metrics = client.get("/metrics").text;
        let mut lines = metrics.lines();
        let line = lines.find_map(|line| line.strip_prefix("playback_feed_reads_total "));
        line.unwrap().parse().unwrap()
    };
    // Nobody watches: nothing is read.
    let before = Run::new();
    before.deliver(&client);
    let mut feeds: Vec<Socket> = (0..50).map(|_| Socket::feed(&collector).served()).collect();
    assert_eq!(reads(), 0);
    let run = Run::new().play("web").ended(0);
    let mut told = 0;
    for (range, last) in [(0..1, "started"), (1..run.len(), "ended")] {
        run.deliver_range(&client, range);
        let first = messages_until(&mut feeds[0], last);
        for feed in &mut feeds[1..] {
            assert_eq!(messages_until(feed, last), first);
        }
        told += first.len() as u64;
        assert_eq!(reads(), told, "one read a message, whoever gets it");
    }
    // A later viewer gets what it has not seen yet, without a further read.
    let mut late = Socket::feed(&collector).served();
    let before = before.play("web").ended(0);
    before.deliver_range(&client, 1..3);
    assert_eq!(messages_until(&mut late, "ended").len(), 1);
}

#[test]
fn a_viewer_of_the_feed_may_do_without_the_names_of_hosts() {
    let collector = Collector::start();
    let client = collector.client();
    let mut brief = Socket::feed_with(&collector, "?hosts=false").served();
    let told =
        |feed: &mut Socket| messages_until(feed, "ended").pop().unwrap()["execution"].clone();
    let alone = good_run();
    alone.deliver(&client);
    let record = told(&mut brief);
    // A viewer who wants all gets all, also beside one who does not.
    let mut whole = Socket::feed(&collector).served();
    let both = good_run();
    both.deliver(&client);
    let all = told(&mut whole);
    let beside = told(&mut brief);
    for name in ["stats", "unreachable", "failed"] {
        assert!(all.get(name).is_some(), "{name} in {all}");
        assert!(record.get(name).is_none(), "{name} in {record}");
        assert!(beside.get(name).is_none(), "{name} in {beside}");
    }
    for brief in [&record, &beside] {
        assert_eq!(brief["hosts_by_outcome"], all["hosts_by_outcome"]);
        assert_eq!(brief["status"], "success");
        assert_eq!(brief["playbook"], all["playbook"]);
    }
}

#[test]
fn a_quiet_stream_sends_heartbeats_to_those_who_ask_for_them() {
    let collector = Collector::start();
    let run = Run::new();
    run.deliver(&collector.client());
    let mut feed = Socket::feed_with(&collector, "?heartbeat=1");
    let mut stream = Socket::watch(&collector, run.id, "?heartbeat=1");
    for socket in [&mut feed, &mut stream] {
        assert_eq!(socket.message(), json!({ "type": "heartbeat" }));
    }
    let token = format!("Bearer {}", collector.token);
    let headers = [("authorization", token.as_str())];
    for path in [
        "/stream?heartbeat=0",
        "/stream?heartbeat=61",
        "/stream?name=1",
    ] {
        assert_eq!(
            Socket::open(&collector, path, &headers).err(),
            Some(400),
            "{path}"
        );
    }
}

/// Messages of the feed up to the first that says `event`.
#[track_caller]
fn messages_until(feed: &mut Socket, event: &str) -> Vec<serde_json::Value> {
    let mut messages = Vec::new();
    loop {
        let message = feed.message();
        let is_last = message["event"] == event;
        messages.push(message);
        if is_last {
            return messages;
        }
    }
}

/// Collectors of these tests.
struct Setup;

impl Setup {
    fn lost_quickly() -> Collector {
        crate::harness::Setup::default()
            .config("silence_seconds = 1")
            .start()
    }
}
