//! The bounded wait at exit.

use std::sync::Arc;
use std::time::Duration;

use playback_spool::{FinishLimits, Outcome, Sender, SenderConfig};

use crate::collector::{Collector, Fault};
use crate::support::{DEADLINE, MS, config, files, name, now, print_many, spool, until};

/// Far apart, so that on a busy machine too it shows which of the two was kept.
const LIMITS: FinishLimits = FinishLimits {
    reachable: Duration::from_secs(3600),
    unreachable: Duration::from_millis(300),
};

fn finish(sender: &Sender) -> (Outcome, Duration) {
    let start = now();
    let outcome = sender.finish(LIMITS);
    (outcome, start.elapsed())
}

#[test]
fn a_collector_that_is_away_costs_the_shorter_wait() {
    let dir = tempfile::tempdir().unwrap();
    let gone = Collector::start();
    let url = gone.url();
    drop(gone);
    let spool = spool(dir.path());
    let sender = Sender::start(Arc::clone(&spool), &config(&url)).unwrap();
    print_many(&spool, 10, 100);
    let (outcome, took) = finish(&sender);
    assert!(took >= LIMITS.unreachable && took < DEADLINE, "{took:?}");
    assert!(!outcome.delivered);
    assert_eq!(outcome.pending_events, 10);
    assert_eq!(outcome.pending_bytes, spool.bytes());
    let error = outcome.last_error.expect("why not");
    assert!(error.contains("refused"), "{error}");
    assert_eq!(files(dir.path()).len(), 1, "the spool keeps the run");
}

#[test]
fn a_collector_that_never_answered_costs_the_shorter_wait() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    collector.always(Some(Fault::Hang));
    let spool = spool(dir.path());
    let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
    print_many(&spool, 10, 100);
    collector.wait_requests(1);
    let (outcome, took) = finish(&sender);
    assert!(took >= LIMITS.unreachable && took < DEADLINE, "{took:?}");
    assert_eq!(outcome.pending_events, 10);
}

#[test]
fn while_the_collector_answers_the_rest_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let spool = spool(dir.path());
    let config = SenderConfig {
        // Long enough that only an attempt made at once can be in time.
        backoff: (DEADLINE * 10, DEADLINE * 10),
        ..config(&collector.url())
    };
    collector.script(vec![Fault::status(503); 6]);
    let sender = Sender::start(Arc::clone(&spool), &config).unwrap();
    print_many(&spool, 10, 100);
    until("it is busy", || sender.status().last_error.is_some());
    let (outcome, took) = finish(&sender);
    assert!(outcome.delivered, "{outcome:?}");
    assert!(took < DEADLINE, "{took:?}");
    assert_eq!(collector.lines(&name(&spool)).len(), 10);
}

#[test]
fn a_wait_longer_than_the_limit_is_not_begun() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    collector.always(Some(Fault::Answer(
        503,
        "Retry-After: 60\r\n",
        String::new(),
    )));
    let spool = spool(dir.path());
    let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
    print_many(&spool, 10, 100);
    until("it is busy", || sender.status().last_error.is_some());
    let start = now();
    let outcome = sender.finish(FinishLimits {
        reachable: Duration::from_secs(30),
        unreachable: 10 * MS,
    });
    assert!(!outcome.delivered);
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn after_the_wait_the_spool_is_anybodys() {
    let dir = tempfile::tempdir().unwrap();
    let gone = Collector::start();
    let url = gone.url();
    drop(gone);
    let spool = spool(dir.path());
    let sender = Sender::start(Arc::clone(&spool), &config(&url)).unwrap();
    print_many(&spool, 10, 100);
    finish(&sender);
    assert!(playback_spool::orphans(dir.path()).unwrap().is_empty());
    drop((sender, spool));
    until("the thread lets go", || {
        playback_spool::orphans(dir.path()).unwrap().len() == 1
    });
}

#[test]
fn a_collector_that_answered_during_the_run_is_waited_for_when_it_is_away_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let address = collector.address;
    let spool = spool(dir.path());
    let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
    print_many(&spool, 10, 100);
    collector.wait_acked(&name(&spool), 10);
    let stored = collector.lines(&name(&spool)).len() as u64;
    drop(collector);
    print_many(&spool, 10, 100);
    until("it is missed", || sender.status().last_error.is_some());
    let waiting = std::thread::spawn(move || finish(&sender).0);
    // Longer away than the wait for a collector that was never there.
    let away = now();
    until("it was away for a while", || {
        away.elapsed() > LIMITS.unreachable * 3
    });
    let collector = Collector::start_on(address);
    collector.state().acked.insert(name(&spool), stored);
    let outcome = waiting.join().unwrap();
    assert!(outcome.delivered, "{outcome:?}");
    assert_eq!(collector.acked(&name(&spool)), 20);
}
