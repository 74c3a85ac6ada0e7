//! Limits for viewers: what they may send, how many there may be, and how long they may read nothing.

use std::time::Duration;

use tokio::time::Instant;

use crate::builders::Run;
use crate::harness::{Collector, Setup, eventually};
use crate::socket::{Socket, StreamEvent};

fn figure(collector: &Collector, name: &str) -> Option<u64> {
    let metrics = collector.client().get("/metrics").text;
    let line = metrics.lines().find(|line| line.starts_with(name))?;
    line.rsplit(' ').next()?.parse().ok()
}

fn paths(run: &Run) -> [String; 2] {
    [
        format!("/executions/{}/stream", run.id),
        "/stream".to_owned(),
    ]
}

fn open(collector: &Collector, path: &str) -> Result<Socket, u16> {
    let token = format!("Bearer {}", collector.token);
    Socket::open(collector, path, &[("authorization", &token)])
}

#[test]
fn a_viewer_that_sends_pings_and_never_reads_costs_little_and_is_let_go() {
    let collector = Collector::start();
    let run = Run::new();
    run.deliver(&collector.client());
    for path in paths(&run) {
        let mut viewer = open(&collector, &path).unwrap();
        eventually("it to be cut off", || {
            viewer.ping(&[7; 125]).is_err().then_some(())
        });
    }
    eventually("nobody to watch", || {
        (figure(&collector, "playback_viewers ") == Some(0)).then_some(())
    });
    let reason = "playback_viewers_dropped_total{reason=\"talks\"}";
    assert_eq!(figure(&collector, reason), Some(2));
    let peak = collector.peak_memory();
    assert!(peak < 300 << 20, "{} MiB", peak >> 20);
}

#[test]
fn a_viewer_has_nothing_large_to_say() {
    let collector = Collector::start();
    let run = Run::new();
    run.deliver(&collector.client());
    for path in paths(&run) {
        let mut viewer = open(&collector, &path).unwrap();
        viewer.say(&"x".repeat(100_000));
        assert!(matches!(
            viewer.next(),
            StreamEvent::Closed(1009, _) | StreamEvent::Broken
        ));
    }
}

#[test]
fn a_viewer_that_never_reads_is_let_go_also_where_nothing_is_printed() {
    let collector = Setup::default().config("[http]\nwrite_seconds = 2").start();
    let run = Run::new();
    run.deliver(&collector.client());
    let idle: Vec<Socket> = paths(&run)
        .iter()
        .map(|path| open(&collector, path).unwrap())
        .collect();
    // One that reads stays, and answers pings by that.
    let mut reading = Socket::watch(&collector, run.id, "");
    let reader = std::thread::spawn(move || reading.rest());
    let reason = "playback_viewers_dropped_total{reason=\"silent\"}";
    eventually("both to be let go", || {
        (figure(&collector, reason) == Some(2)).then_some(())
    });
    let run = run.output("done\n").ended(0);
    run.deliver_range(&collector.client(), 1..3);
    assert_eq!(reader.join().unwrap().0, ["done"]);
    drop(idle);
}

#[test]
fn a_viewer_that_never_reads_what_is_printed_is_let_go() {
    let collector = Setup::default().config("[http]\nwrite_seconds = 2").start();
    let wide = "x".repeat(200_000);
    let run = (0..100).fold(Run::new(), |run, line| {
        run.output(&format!("{line} {wide}\n"))
    });
    for start in (0..run.len()).step_by(10) {
        run.deliver_range(&collector.client(), start..run.len().min(start + 10));
    }
    let _idle = Socket::watch(&collector, run.id, "");
    let begun = Instant::now();
    eventually("it to be counted", || {
        figure(&collector, "playback_viewers ")
    });
    eventually("it to be let go", || {
        (figure(&collector, "playback_viewers ") == Some(0)).then_some(())
    });
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn there_are_so_many_viewers_of_a_token_and_so_many_in_all() {
    let collector = Setup::default()
        .config("[http]\nmax_viewers = 3\nmax_viewers_per_token = 2")
        .start();
    let run = Run::new();
    run.deliver(&collector.client());
    let [stream, feed] = paths(&run);
    let mut held = vec![
        open(&collector, &stream).unwrap(),
        open(&collector, &feed).unwrap(),
    ];
    assert_eq!(open(&collector, &stream).map(|_| ()), Err(503));
    assert_eq!(open(&collector, &feed).map(|_| ()), Err(503));
    let other = format!("Bearer {}", collector.create_token(&["read"]));
    let other = [("authorization", other.as_str())];
    held.push(Socket::open(&collector, &stream, &other).unwrap());
    assert_eq!(
        Socket::open(&collector, &feed, &other).map(|_| ()),
        Err(503)
    );
    held.clear();
    eventually("there to be room again", || open(&collector, &stream).ok());
}
