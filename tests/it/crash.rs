//! After a collector is killed or stopped, everything that it acknowledged is stored exactly once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::builders::Run;
use crate::harness::{Client, Collector, eventually, zstd};
use crate::socket::{Socket, StreamEvent};

const PRODUCERS: usize = 6;
const ROUNDS: u64 = 5;

/// A run of a few hundred events.
fn long_run(number: usize) -> Run {
    let started = json!({ "playbook": "site.yml", "instance": format!("p{number}"), "user": format!("u{number}") });
    let mut run = Run::of(started).play("web");
    for task in 0..20 {
        run = run
            .task(&format!("task {task}"))
            .output(&format!("TASK [task {task}] ***\n"));
        for host in 0..6 {
            let name = format!("web-{host:02}");
            run = run
                .host(&name)
                .changed(&name)
                .output(&format!("changed: [{name}]\n"));
        }
    }
    run.ended(0)
}

/// Delivers a run as a producer does: asks where to resume, sends what follows, tries again. Counts
/// what was acknowledged; acknowledgements never go back.
fn produce(client: &Client, run: &Run, delivered: &AtomicU64, hold: &AtomicBool) {
    let total = run.len() as u64;
    let mut acked = 0;
    let mut size = 3;
    let mut known = false;
    while acked < total {
        // Pauses between rounds, so that every round has something left to kill.
        eventually("the round to begin", || {
            (!hold.load(Ordering::SeqCst)).then_some(())
        });
        let body = if known {
            let from = usize::try_from(acked).unwrap();
            size = size % 7 + 1;
            zstd(&run.batch(from..run.len().min(from + size)))
        } else {
            Vec::new()
        };
        let Some(answer) = client.try_ingest(run.id, "recorder", &body) else {
            known = false;
            continue;
        };
        match answer.status {
            200 => {
                let now = answer.acked();
                assert!(
                    now >= acked,
                    "an acknowledgement was taken back: {acked}, then {now}"
                );
                delivered.fetch_add(now - acked, Ordering::SeqCst);
                (acked, known) = (now, true);
            }
            503 => {}
            status => panic!("{status}: {answer:?}"),
        }
    }
}

#[test]
pub(crate) fn killed_at_random_points_it_keeps_what_it_acknowledged_once() {
    let mut collector = Collector::start();
    under_load(&mut collector, |collector| {
        collector.kill();
        collector.launch();
    });
}

/// Does something bad, again and again, while producers deliver; afterwards everything must be there, once.
pub(crate) fn under_load(collector: &mut Collector, mut bad: impl FnMut(&mut Collector)) {
    let runs: Vec<Arc<Run>> = (0..PRODUCERS)
        .map(|number| Arc::new(long_run(number)))
        .collect();
    let total: u64 = runs.iter().map(|run| run.len() as u64).sum();
    let delivered = Arc::new(AtomicU64::new(0));
    let hold = Arc::new(AtomicBool::new(false));
    let producers: Vec<_> = runs
        .iter()
        .map(|run| {
            let (client, run) = (collector.client(), run.clone());
            let (delivered, hold) = (delivered.clone(), hold.clone());
            std::thread::spawn(move || produce(&client, &run, &delivered, &hold))
        })
        .collect();
    for round in 1..=ROUNDS {
        // Somewhere in each part of the load: when exactly, the machine decides.
        let until = total * round / (ROUNDS + 2);
        eventually("the load to go on", || {
            let stopped = producers.iter().any(std::thread::JoinHandle::is_finished);
            (delivered.load(Ordering::SeqCst) >= until || stopped).then_some(())
        });
        hold.store(true, Ordering::SeqCst);
        bad(collector);
        hold.store(false, Ordering::SeqCst);
    }
    for producer in producers {
        producer.join().unwrap();
    }
    let client = collector.client();
    for run in runs {
        let record = client.finished(run.id);
        assert_eq!(record["status"], "success");
        let all = run.len();
        assert_eq!(
            record["events"],
            json!({ "received": all, "expected": all, "complete": true })
        );
        assert_eq!(record["results"], 120);
        assert_eq!(record["stats"]["web-00"]["ok"], 20, "counted once");
        assert_eq!(record["output"].as_array().unwrap().len(), 140);
        let events = client.execution(run.id, "/events?limit=1000").ok();
        let events: Vec<String> = events["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(Value::to_string)
            .collect();
        assert_eq!(events, run.served(), "every event once, as it was sent");
    }
}

#[test]
pub(crate) fn asked_to_end_it_answers_what_is_open_and_says_goodbye() {
    let mut collector = Collector::start();
    let client = collector.client();
    assert_eq!(client.get("/readyz").text, "ready\n");
    assert_eq!(client.get("/healthz").text, "ok\n");
    let watched = Run::new().output("one\n");
    watched.deliver(&client);
    let mut streams: Vec<_> = (0..20)
        .map(|_| Socket::watch(&collector, watched.id, ""))
        .collect();
    for stream in &mut streams {
        assert_eq!(stream.line(), "one");
    }
    // A viewer that never reads does not delay others for long, even if nothing reaches it.
    let wide = "x".repeat(64 << 10);
    let flood = (0..300).fold(Run::new(), |run, _| run.output(&format!("{wide}\n")));
    flood.deliver_range(&client, 0..150);
    let _idle = Socket::watch(&collector, flood.id, "");
    flood.deliver_range(&client, 150..flood.len());

    let delivered = Arc::new(AtomicU64::new(0));
    let stopped = Arc::new(AtomicBool::new(false));
    let producers: Vec<_> = (0..4)
        .map(|number| {
            let (client, delivered, stopped) =
                (collector.client(), delivered.clone(), stopped.clone());
            std::thread::spawn(move || {
                let run = long_run(number);
                let mut acked = 0;
                while acked < run.len() && !stopped.load(Ordering::SeqCst) {
                    // A connection that is refused was not open; an answer is an answer.
                    let body = run.batch(acked..acked + 1);
                    let Some(answer) = client.try_ingest(run.id, "recorder", &body) else {
                        break;
                    };
                    match answer.status {
                        200 => acked += 1,
                        503 => break,
                        status => panic!("{status}: {answer:?}"),
                    }
                    delivered.fetch_add(1, Ordering::SeqCst);
                }
                (run, acked)
            })
        })
        .collect();
    eventually("the load", || {
        (delivered.load(Ordering::SeqCst) > 40).then_some(())
    });
    let begun = tokio::time::Instant::now();
    let (status, _) = collector.stop();
    assert_eq!(status.code(), Some(0));
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    stopped.store(true, Ordering::SeqCst);
    for mut stream in streams {
        let StreamEvent::Closed(code, reason) = stream.next() else {
            panic!("closed without a reason")
        };
        assert_eq!(code, 1012);
        assert!(reason.contains("stopping"), "{reason}");
    }
    collector.launch();
    for producer in producers {
        let (run, acked) = producer.join().unwrap();
        let resume = client.ingest(run.id, "recorder", b"").acked();
        // What was acknowledged is there; one batch may have been stored without an answer.
        assert!(
            (acked as u64..=acked as u64 + 1).contains(&resume),
            "{acked}, {resume}"
        );
    }
}
