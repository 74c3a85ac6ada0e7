//! Refusals that a retry cannot fix.

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
    for status in [400, 409, 410, 422] {
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

        // The cause is fixed, but refused spools are only retried on request.
        collector.always(None);
        let config = config(&collector.url());
        until("the thread has let go", || {
            orphans(dir.path()).unwrap().len() == 1
        });
        let mut told = Vec::new();
        deliver_orphans(dir.path(), &config, &AdoptOptions::default(), |passed| {
            told.push(passed.fate);
        })
        .unwrap();
        let expected = Fate::SetAside {
            reason: reason.clone(),
            about_token: false,
            before: true,
        };
        assert_eq!(told, [expected]);
        assert!(collector.lines(&of).is_empty());
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
        assert!(
            matches!(&delivered.fate, Fate::SetAside { reason, about_token: true, before: false } if reason.contains("401")),
            "{delivered:?}"
        );
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

/// Large events among small ones. `on_the_way`: the collector is behind something that refuses them with a page.
#[track_caller]
fn large_events_are_left_out(on_the_way: bool) {
    for adopted in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let collector = Collector::start();
        collector.state().max_bytes = Some(5_000);
        collector.state().too_large_page = on_the_way;
        let spool = spool(dir.path());
        let of = name(&spool);
        for size in [100, 6_000, 4_800, 9_000, 9_000, 100] {
            print(&spool, size).unwrap();
        }
        if adopted {
            drop(spool);
            let options = AdoptOptions::default();
            let summary =
                deliver_orphans(dir.path(), &config(&collector.url()), &options, |_| {}).unwrap();
            assert_eq!((summary.delivered, summary.events), (1, 6));
        } else {
            let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
            let outcome = sender.finish(PATIENT);
            assert!(outcome.delivered, "{outcome:?}");
        }
        let lines = collector.lines(&of);
        assert!(lines.iter().map(|line| seq_of(line)).eq(1..=6));
        for (line, left_out) in lines.iter().zip([false, true, false, true, true, false]) {
            assert_eq!(line.contains("event_too_large"), left_out, "{line:.200}");
        }
    }
}

#[test]
fn an_event_that_is_too_large_by_itself_is_left_out_and_told_and_the_rest_arrives() {
    large_events_are_left_out(false);
}

#[test]
fn an_event_that_is_too_large_on_the_way_is_left_out_and_the_rest_arrives() {
    large_events_are_left_out(true);
}

#[test]
fn a_page_that_is_no_collectors_throws_nothing_out() {
    let pages = [200, 302, 401, 403, 404, 405, 407, 410, 413, 422, 500, 502];
    let foreign = [
        r#"{"message":"no"}"#,
        r#"{"error":"denied"}"#,
        r#"{"error":{"code":403,"message":"no"}}"#,
        r#"{"error":{"code":"AuthorizationFailed","message":"no"}}"#,
        // In the shape of our own errors, but without the header that all of these have.
        r#"{"error":{"code":"forbidden","message":"blocked by the firewall"}}"#,
        r#"{"error":{"code":"unauthorized","message":"log in"}}"#,
        r#"{"error":{"code":"bad_request","message":"no"}}"#,
        r#"{"acked":"yes"}"#,
        "[1]",
        "",
    ];
    for adopted in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let collector = Collector::start();
        collector.script(pages.map(Fault::page));
        collector.script(foreign.map(|body| Fault::Answer(403, "", body.into())));
        collector.script(foreign.map(|body| Fault::Answer(200, "", body.into())));
        let spool = spool(dir.path());
        let of = name(&spool);
        print_many(&spool, 100, 100);
        if adopted {
            drop(spool);
            let options = AdoptOptions {
                patience: DEADLINE,
                ..AdoptOptions::default()
            };
            let config = config(&collector.url());
            let summary = deliver_orphans(dir.path(), &config, &options, |_| {}).unwrap();
            assert_eq!(summary.delivered, 1);
        } else {
            let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
            let outcome = sender.finish(PATIENT);
            assert!(outcome.delivered, "{outcome:?}");
        }
        assert_eq!(collector.lines(&of).len(), 100);
        assert!(files(dir.path()).is_empty());
    }
}

#[test]
fn behind_something_that_takes_small_requests_only_all_arrives() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    collector.state().max_bytes = Some(5_000);
    collector.state().too_large_page = true;
    let spool = spool(dir.path());
    print_many(&spool, 300, 1_000);
    let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
    let outcome = sender.finish(PATIENT);
    assert!(outcome.delivered, "{outcome:?}");
    let lines = collector.lines(&name(&spool));
    assert!(lines.iter().map(|line| seq_of(line)).eq(1..=300));
    assert!(!lines.iter().any(|line| line.contains("event_too_large")));
}

#[test]
fn a_run_that_is_anothers_is_not_blamed_on_the_token() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let body = r#"{"error":{"code":"not_yours","message":"another run has this id"}}"#;
    let headers = "Playback-Collector: 1\r\n";
    collector.always(Some(Fault::Answer(403, headers, body.into())));
    let spool = spool(dir.path());
    let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
    print_many(&spool, 10, 100);
    let outcome = sender.finish(PATIENT);
    assert!(!outcome.refused_token, "{outcome:?}");
    let reason = outcome.set_aside.expect("a reason");
    assert!(reason.contains("another run has this id"), "{reason}");
    drop((sender, spool));
    until("the thread has let go", || {
        orphans(dir.path()).unwrap().len() == 1
    });
    // So another token is no reason to ask again.
    let asked = collector.requests().len();
    let config = with_token(&collector, "other");
    let mut told = Vec::new();
    let options = AdoptOptions::default();
    deliver_orphans(dir.path(), &config, &options, |passed| {
        told.push(passed.fate);
    })
    .unwrap();
    assert!(
        matches!(
            &told[..],
            [Fate::SetAside {
                about_token: false,
                before: true,
                ..
            }]
        ),
        "{told:?}"
    );
    assert_eq!(collector.requests().len(), asked);
}

#[test]
fn a_url_with_an_impossible_port_is_refused_before_anything_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    for url in [
        "http://127.0.0.1:99999",
        "http://127.0.0.1:0/",
        "https://[::1]:65536",
    ] {
        let spool = spool(&dir.path().join(digits(url)));
        let error = Sender::start(spool, &config(url)).unwrap_err().to_string();
        assert!(error.contains("port from 1 to 65535"), "{url}: {error}");
    }
}

/// A folder's name for a URL.
fn digits(url: &str) -> String {
    url.chars().filter(char::is_ascii_digit).collect()
}

#[test]
fn a_page_in_place_of_the_collector_is_no_answer_to_wait_for() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    collector.always(Some(Fault::page(404)));
    let spool = spool(dir.path());
    let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
    print_many(&spool, 10, 100);
    until("it is told", || sender.status().last_error.is_some());
    let outcome = sender.finish(FinishLimits {
        reachable: DEADLINE * 60,
        unreachable: DEADLINE / 100,
    });
    let error = outcome.last_error.expect("why");
    assert!(
        error.contains("404") && error.contains("not a Playback collector"),
        "{error}"
    );
    assert_eq!(outcome.set_aside, None);
    assert_eq!(files(dir.path()).len(), 1, "kept under its own name");
}

/// A collector that knows one token.
fn knows(collector: &Collector, token: &'static str) {
    collector.state().token = Some(token);
}

fn with_token(collector: &Collector, token: &str) -> SenderConfig {
    SenderConfig {
        token: Some(token.into()),
        ..config(&collector.url())
    }
}

#[test]
fn a_refused_token_is_not_tried_again_and_another_one_delivers_unasked() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    knows(&collector, "good");
    let refused = spool(dir.path());
    let of = name(&refused);
    let sender = Sender::start(
        Arc::clone(&refused),
        &with_token(&collector, "secret-token"),
    )
    .unwrap();
    print_many(&refused, 10, 100);
    let outcome = sender.finish(PATIENT);
    assert!(outcome.refused_token, "{outcome:?}");
    drop((sender, refused));
    until("the thread has let go", || {
        orphans(dir.path()).unwrap().len() == 1
    });
    assert_secret(dir.path());

    // With the same token nobody asks again.
    let asked = collector.requests().len();
    let mut told = Vec::new();
    let options = AdoptOptions::default();
    let same = with_token(&collector, "secret-token");
    deliver_orphans(dir.path(), &same, &options, |passed| told.push(passed.fate)).unwrap();
    assert!(
        matches!(
            &told[..],
            [Fate::SetAside {
                about_token: true,
                before: true,
                ..
            }]
        ),
        "{told:?}"
    );
    assert_eq!(collector.requests().len(), asked);

    // The next run has another one.
    let next = spool(dir.path());
    let config = SenderConfig {
        adopt: true,
        ..with_token(&collector, "good")
    };
    let sender = Sender::start(Arc::clone(&next), &config).unwrap();
    print_many(&next, 10, 100);
    collector.wait_acked(&of, 10);
    until("it is gone", || files(dir.path()).len() == 1);
    assert!(sender.finish(PATIENT).delivered);
    drop((sender, next));
    until("nothing is left", || files(dir.path()).is_empty());
}

#[test]
fn a_flush_with_another_token_does_not_repeat_the_old_refusal() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    knows(&collector, "good");
    let (of, _) = leave_behind(dir.path(), 10, 100);
    let flush = |token: &str| {
        let mut told = Vec::new();
        let config = with_token(&collector, token);
        deliver_orphans(dir.path(), &config, &AdoptOptions::default(), |delivered| {
            told.push(delivered.fate);
        })
        .unwrap();
        told.remove(0)
    };
    assert!(matches!(flush("one"), Fate::SetAside { before: false, .. }));
    assert!(matches!(
        flush("other"),
        Fate::SetAside { before: false, .. }
    ));
    assert!(matches!(
        flush("other"),
        Fate::SetAside { before: true, .. }
    ));
    assert_eq!(flush("good"), Fate::Delivered);
    assert_eq!(collector.lines(&of).len(), 10);
    assert!(files(dir.path()).is_empty());
}

#[test]
fn a_token_that_is_renewed_in_its_file_is_used_in_the_midst_of_a_run() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let file = dir.path().join("token");
    std::fs::write(&file, "first").unwrap();
    let spool = spool(&dir.path().join("spool"));
    let config = SenderConfig {
        token_file: Some(file.clone()),
        ..with_token(&collector, "first")
    };
    knows(&collector, "first");
    let sender = Sender::start(Arc::clone(&spool), &config).unwrap();
    print_many(&spool, 10, 100);
    collector.wait_acked(&name(&spool), 10);
    std::fs::write(&file, "second\n").unwrap();
    knows(&collector, "second");
    print_many(&spool, 10, 100);
    let outcome = sender.finish(PATIENT);
    assert!(outcome.delivered, "{outcome:?}");
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
        matches!(&told[0], Fate::SetAside { reason, .. } if reason.contains("up to 2") && reason.contains('5')),
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
        matches!(&told[0], Fate::Undelivered(reason) if reason.contains("contradict")),
        "{told:?}"
    );
    assert!(path.exists() && collector.acked(&of) == 0);
}
