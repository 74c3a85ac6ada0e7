//! A spool file stays valid, whatever happens while it is written.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use playback_spool::Spool;
use playback_wire::{Body, Producer, decode_batch};
use serde_json::json;
use uuid::Uuid;

use crate::child::{Child, Task};
use crate::support::{files, name, print, print_many, seqs, spool};

#[test]
fn an_event_is_a_line_in_a_file_of_its_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("a/b");
    let spool = spool(&folder);
    assert_eq!(
        spool.append(7, "output", &json!({"text": "one\n"})),
        Some(1)
    );
    let content = |out: &mut Vec<u8>| out.extend_from_slice(br#"{"rc":0}"#);
    let data = json!({"task": 1, "host": "web"});
    assert_eq!(
        spool.append_with(8, "result", &data, "content", content),
        Some(2)
    );
    let path = spool.path().unwrap();
    let text = std::fs::read(&path).unwrap();
    let events = decode_batch(&text).unwrap();
    assert_eq!((events[0].seq, events[0].at), (1, 7));
    let Body::Result(result) = &events[1].body else {
        panic!("{events:?}");
    };
    assert_eq!(result.content.unwrap().get(), r#"{"rc":0}"#);
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&folder)), (0o600, 0o700));
    assert_eq!((spool.last_seq(), spool.bytes()), (2, text.len() as u64));
    let again = Spool::create(&folder, spool.execution(), Producer::Recorder, 1 << 20);
    assert_eq!(again.unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
    drop(spool);
    assert!(path.exists(), "it stays without a sender");
}

#[test]
fn a_spool_without_events_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    drop(spool(dir.path()));
    assert!(files(dir.path()).is_empty());
}

#[test]
fn a_folder_that_cannot_be_used_is_an_error_and_memory_serves() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let id = Uuid::now_v7();
    Spool::create(file.path(), id, Producer::Recorder, 1 << 20).unwrap_err();
    let spool = Spool::in_memory(id, Producer::Recorder, 1 << 20).unwrap();
    assert_eq!(print(&spool, 10), Some(1));
    assert_eq!(spool.path(), None);
}

#[test]
fn threads_and_events_within_events_share_one_sequence() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool(dir.path());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let spool = Arc::clone(&spool);
            scope.spawn(move || {
                for _ in 0..500 {
                    // What is walked may print, and so append, in the middle of an event.
                    let content = |out: &mut Vec<u8>| {
                        print(&spool, 20).unwrap();
                        out.extend_from_slice(b"1");
                    };
                    spool
                        .append_with(1, "result", &json!({"host": "h"}), "content", content)
                        .unwrap();
                }
            });
        }
    });
    assert_eq!(spool.last_seq(), 4_000);
    let text = std::fs::read(spool.path().unwrap()).unwrap();
    let events = decode_batch(&text).unwrap();
    assert!(events.iter().map(|event| event.seq).eq(1..=4_000));
}

#[test]
fn what_cannot_be_an_event_is_left_out_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool(dir.path());
    let unencodable = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert_eq!(spool.append(1, "result", &unencodable), None);
    assert_eq!(print(&spool, 40 << 20), None);
    assert_eq!(spool.dropped(), 2);
    assert_eq!(print(&spool, 10), Some(2));
    let text = std::fs::read(spool.path().unwrap()).unwrap();
    let events = decode_batch(&text).unwrap();
    let Body::Dropped(dropped) = &events[0].body else {
        panic!("{events:?}");
    };
    assert_eq!(
        (dropped.events, dropped.reason.as_ref()),
        (2, "event_too_large")
    );
}

#[test]
fn a_full_spool_counts_what_it_leaves_out_and_still_says_how_the_run_ended() {
    let dir = tempfile::tempdir().unwrap();
    let spool = Spool::create(dir.path(), Uuid::now_v7(), Producer::Recorder, 10_000).unwrap();
    let mut kept = 0;
    while print(&spool, 400).is_some() {
        kept += 1;
    }
    assert!(spool.bytes() <= 10_000);
    for _ in 0..9 {
        assert_eq!(print(&spool, 400), None);
    }
    assert_eq!(spool.dropped(), 10);
    assert_eq!(
        spool.append(2, "stats", &json!({"hosts": {}})),
        Some(kept + 2)
    );
    let ended = json!({"exit_code": 0, "dropped": spool.dropped()});
    assert_eq!(spool.append(2, "execution_ended", &ended), Some(kept + 3));
    let text = std::fs::read(spool.path().unwrap()).unwrap();
    let events = decode_batch(&text).unwrap();
    assert!(events.iter().map(|event| event.seq).eq(1..=kept + 3));
    let Body::Dropped(dropped) = &events[kept as usize].body else {
        panic!("{:?}", events[kept as usize]);
    };
    assert_eq!(
        (dropped.events, dropped.reason.as_ref()),
        (10, "spool_full")
    );
}

#[test]
fn a_recap_of_many_hosts_leaves_room_for_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let spool = Spool::create(dir.path(), Uuid::now_v7(), Producer::Recorder, 1_000).unwrap();
    while print(&spool, 100).is_some() {}
    while spool.append(2, "usage", &json!({"user_s": 1.5})).is_some() {}
    assert_eq!(spool.append(2, "stats", &json!({"hosts": {}})), None);
    let ended = json!({"exit_code": 0, "dropped": spool.dropped()});
    spool
        .append(2, "execution_ended", &ended)
        .expect("room for the last event");
}

/// The system refuses the write, in the middle of a line, and takes it again later.
#[test]
fn a_disk_that_is_full_tears_no_line_and_may_have_room_again() {
    let dir = tempfile::tempdir().unwrap();
    let output = Child::start(Task::FullDisk, dir.path(), "").wait();
    // The child says: events kept before, left out, size after the refusals.
    let said: Vec<u64> = output
        .split_whitespace()
        .map(|word| word.parse().unwrap())
        .collect();
    let [kept, left_out, size] = said[..] else {
        panic!("{output}");
    };
    assert!(kept > 10 && left_out == 5 && size <= 20_000, "{output}");
    let [file] = &files(dir.path())[..] else {
        panic!("one spool");
    };
    let path = dir.path().join(file);
    assert!(seqs(&path).into_iter().eq(1..=kept + 2), "whole lines only");
    let text = std::fs::read(&path).unwrap();
    let events = decode_batch(&text).unwrap();
    let Body::Dropped(dropped) = &events[kept as usize].body else {
        panic!("{:?}", events[kept as usize]);
    };
    assert_eq!((dropped.events, dropped.reason.as_ref()), (5, "spool_full"));
}

#[test]
fn nothing_that_was_appended_is_lost_to_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Child::start(Task::Append, dir.path(), "");
    let last = child.lines().nth(2_000).expect("it appends for ever");
    child.kill();
    let [file] = &files(dir.path())[..] else {
        panic!("one spool");
    };
    let there = seqs(&dir.path().join(file));
    assert!(there.iter().copied().eq(1..=there.len() as u64));
    assert!(there.len() as u64 >= last.parse().unwrap());
}

#[test]
fn printing_into_the_spool_keeps_its_size_in_step() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool(dir.path());
    print_many(&spool, 100, 1_000);
    let size = spool.path().unwrap().metadata().unwrap().len();
    assert_eq!(spool.bytes(), size);
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "it tells itself by a variable which process it is"
)]
fn how_a_run_ended_is_told_though_the_disk_was_full_at_its_end() {
    const OWN: &str = "append::how_a_run_ended_is_told_though_the_disk_was_full_at_its_end";
    // The limit is the process's, so it has one of its own.
    if std::env::var_os("PLAYBACK_TEST_LIMITED").is_none() {
        let done = std::process::Command::new(std::env::current_exe().unwrap())
            .args([OWN, "--exact", "--nocapture"])
            .env("PLAYBACK_TEST_LIMITED", "1")
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stdout)
        );
        return;
    }
    use nix::sys::resource::{Resource, setrlimit};
    use nix::sys::signal::{SigHandler, Signal, signal};
    #[expect(unsafe_code, reason = "nothing runs when the signal comes")]
    // SAFETY: an ignored signal has no handler.
    unsafe {
        signal(Signal::SIGXFSZ, SigHandler::SigIgn).unwrap();
    }
    setrlimit(Resource::RLIMIT_FSIZE, 4_000, 4_000).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let spool = spool(dir.path());
    while print(&spool, 500).is_some() {}
    print(&spool, 3_000);
    let ended = serde_json::json!({"exit_code": 0, "dropped": spool.dropped()});
    spool.append(1, "usage", &serde_json::json!({"user_seconds": 1.0}));
    spool.append(1, "execution_ended", &ended);
    let collector = crate::collector::Collector::start();
    let sender = playback_spool::Sender::start(
        Arc::clone(&spool),
        &crate::support::config(&collector.url()),
    )
    .unwrap();
    let outcome = sender.finish(playback_spool::FinishLimits {
        reachable: crate::support::DEADLINE,
        unreachable: crate::support::DEADLINE,
    });
    assert!(outcome.delivered, "{outcome:?}");
    let lines = collector.lines(&name(&spool));
    let kinds: Vec<String> = lines
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["kind"].to_string())
        .collect();
    let last: Vec<&str> = kinds.iter().rev().take(2).map(String::as_str).collect();
    assert_eq!(last[0], "\"execution_ended\"", "{kinds:?}");
    assert!(kinds.contains(&"\"dropped\"".to_owned()), "{kinds:?}");
}
