//! Answers that no repetition can mend.

use std::path::Path;
use std::sync::Arc;

use playback_spool::{
    AdoptOptions, Fate, FinishLimits, Sender, SenderConfig, deliver_orphans, orphans,
};

use crate::collector::{Collector, Fault};
use crate::support::{
    DEADLINE, config, files, leave_behind, name, print, print_many, seq_of, spool, until,
};

const PATIENT: FinishLimits = FinishLimits {
    reachable: DEADLINE,
    unreachable: DEADLINE,
};

/// No file in the folder tells the token.
fn assert_secret(dir: &Path) {
    for file in files(dir) {
        let text = std::fs::read_to_string(dir.join(&file)).unwrap();
        assert!(!text.contains("secret-token"), "{file}");
    }
}

#[test]
fn a_refused_spool_is_kept_with_the_reason_and_sent_again_on_request() {
    for status in [400, 401, 403, 404, 409, 410, 422] {
        let dir = tempfile::tempdir().unwrap();
        let collector = Collector::start();
        collector.always(Some(Fault::status(status)));
        let spool = spool(dir.path());
        let of = name(&spool);
        let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
        print_many(&spool, 10, 100);
        until("it is set aside", || sender.status().set_aside.is_some());
        print(&spool, 100).expect("appending goes on");
        let outcome = sender.finish(PATIENT);
        let reason = outcome.set_aside.expect("a reason");
        assert!(
            reason.contains(&status.to_string()) && reason.contains("because"),
            "{reason}"
        );
        assert_eq!(collector.requests().len(), 1, "{status}: asked once");
        drop((sender, spool));
        let kept = files(dir.path());
        assert_eq!(kept.len(), 2, "{kept:?}");
        assert!(kept[0].ends_with(".ndjson.rejected"), "{kept:?}");
        assert!(kept[1].ends_with(".ndjson.rejected.txt"), "{kept:?}");
        assert_secret(dir.path());

        // The cause is mended; who does not ask for it gets nothing of it.
        collector.always(None);
        let config = config(&collector.url());
        let none = deliver_orphans(dir.path(), &config, &AdoptOptions::default(), |_| {});
        assert_eq!(none.unwrap(), playback_spool::Summary::default());
        until("the thread has let go", || {
            orphans(dir.path()).unwrap().len() == 1
        });
        let [orphan] = &orphans(dir.path()).unwrap()[..] else {
            panic!("one");
        };
        assert_eq!(orphan.set_aside.as_deref(), Some(reason.as_str()));
        let options = AdoptOptions {
            set_aside: true,
            ..AdoptOptions::default()
        };
        let mut told = Vec::new();
        deliver_orphans(dir.path(), &config, &options, |delivered| {
            told.push(delivered);
        })
        .unwrap();
        assert_eq!((told[0].events, &told[0].fate), (11, &Fate::Delivered));
        assert_eq!(collector.lines(&of).len(), 11);
        assert!(files(dir.path()).is_empty());
    }
}

#[test]
fn an_orphan_can_be_refused_too_and_again() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    collector.always(Some(Fault::status(401)));
    leave_behind(dir.path(), 10, 100);
    let options = AdoptOptions {
        set_aside: true,
        ..AdoptOptions::default()
    };
    for _ in 0..2 {
        let mut told = Vec::new();
        deliver_orphans(
            dir.path(),
            &config(&collector.url()),
            &options,
            |delivered| {
                told.push(delivered);
            },
        )
        .unwrap();
        let [delivered] = &told[..] else {
            panic!("{told:?}");
        };
        assert!(matches!(&delivered.fate, Fate::SetAside(reason) if reason.contains("401")));
        assert_eq!(files(dir.path()).len(), 2);
    }
    assert_secret(dir.path());
}

#[test]
fn a_batch_that_is_too_large_is_sent_in_parts() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    collector.state().max_bytes = Some(5_000);
    let spool = spool(dir.path());
    for size in [10, 4_000, 10, 1_500, 1_500, 1_500, 10, 4_800, 4_800] {
        print_many(&spool, 3, size);
    }
    let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
    let outcome = sender.finish(PATIENT);
    assert!(outcome.delivered, "{outcome:?}");
    let lines = collector.lines(&name(&spool));
    assert!(lines.iter().map(|line| seq_of(line)).eq(1..=27));
}

#[test]
fn an_event_that_is_too_large_by_itself_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    collector.state().max_bytes = Some(5_000);
    let spool = spool(dir.path());
    print_many(&spool, 3, 100);
    print(&spool, 6_000).unwrap();
    let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
    let reason = sender.finish(PATIENT).set_aside.expect("refused");
    assert!(reason.contains("event 4"), "{reason}");
    assert_eq!(collector.acked(&name(&spool)), 3);
}

#[test]
fn a_gap_that_the_spool_cannot_close_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let (of, path) = leave_behind(dir.path(), 10, 100);
    let text = std::fs::read_to_string(&path).unwrap();
    let later = text.split_inclusive('\n').skip(4).collect::<String>();
    std::fs::write(&path, later).unwrap();
    collector.state().acked.insert(of.clone(), 2);
    let mut told = Vec::new();
    deliver_orphans(
        dir.path(),
        &config(&collector.url()),
        &AdoptOptions::default(),
        |delivered| told.push(delivered.fate),
    )
    .unwrap();
    assert!(
        matches!(&told[0], Fate::SetAside(reason) if reason.contains("up to 2") && reason.contains('5')),
        "{told:?}"
    );
}

#[test]
fn another_execution_of_the_same_identity_swallows_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let spool = spool(dir.path());
    collector.state().acked.insert(name(&spool), 1_000);
    let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
    print_many(&spool, 10, 100);
    let reason = sender.finish(PATIENT).set_aside.expect("refused");
    assert!(reason.contains("identity"), "{reason}");
}

#[test]
fn a_collector_that_contradicts_itself_is_not_asked_without_pause() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let (of, path) = leave_behind(dir.path(), 100, 100);
    for round in 0..50 {
        let acked = if round % 2 == 0 { 3 } else { 8 };
        let body = format!("{{\"acked\":{acked}}}");
        collector.script([Fault::Answer(409, "", body)]);
    }
    let config = SenderConfig {
        backoff: (DEADLINE * 10, DEADLINE * 10),
        ..config(&collector.url())
    };
    let mut told = Vec::new();
    deliver_orphans(dir.path(), &config, &AdoptOptions::default(), |delivered| {
        told.push(delivered.fate);
    })
    .unwrap();
    assert!(
        matches!(&told[0], Fate::Kept(reason) if reason.contains("contradict")),
        "{told:?}"
    );
    assert!(path.exists() && collector.acked(&of) == 0);
}
