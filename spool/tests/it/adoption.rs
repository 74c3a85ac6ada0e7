//! Spools whose owner is dead are adopted and delivered.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use playback_spool::{
    AdoptOptions, Delivered, Fate, FinishLimits, Sender, SenderConfig, deliver_orphans, orphans,
};

use crate::child::{Child, Task};
use crate::collector::{Collector, Fault};
use crate::support::{
    DEADLINE, MS, config, files, leave_behind, name, print_many, seq_of, seqs, spool, until,
};

fn flush(dir: &Path, url: &str) -> Vec<Delivered> {
    let mut told = Vec::new();
    let options = AdoptOptions {
        patience: DEADLINE,
        ..AdoptOptions::default()
    };
    deliver_orphans(dir, &config(url), &options, |delivered| {
        told.push(delivered);
    })
    .unwrap();
    told
}

fn assert_whole(collector: &Collector, of: &str, count: u64) {
    let lines = collector.lines(of);
    assert!(lines.iter().map(|line| seq_of(line)).eq(1..=count), "{of}");
}

#[test]
fn what_is_left_behind_is_delivered_oldest_first_and_goes() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let (first, _) = leave_behind(dir.path(), 3_000, 500);
    let (second, _) = leave_behind(dir.path(), 5, 500);
    std::fs::write(dir.path().join("notes.txt"), "not a spool").unwrap();
    let found = orphans(dir.path()).unwrap();
    assert_eq!(found.len(), 2);
    assert!(found[0].path.to_string_lossy().contains(&first[..36]));
    let told = flush(dir.path(), &collector.url());
    let events: Vec<u64> = told.iter().map(|delivered| delivered.events).collect();
    assert_eq!(events, [3_000, 5]);
    assert!(
        told.iter()
            .all(|delivered| delivered.fate == Fate::Delivered)
    );
    assert_whole(&collector, &first, 3_000);
    assert_whole(&collector, &second, 5);
    assert_eq!(files(dir.path()), ["notes.txt"]);
}

#[test]
fn an_adopted_spool_says_so_and_whose_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    for instance in ["one", "not & plain"] {
        let spool = spool(dir.path());
        let started = serde_json::json!({"type": "playbook", "instance": instance});
        spool.append(1, "execution_started", &started).unwrap();
        print_many(&spool, 10, 100);
    }
    flush(dir.path(), &collector.url());
    let requests = collector.requests();
    let queries: Vec<&str> = requests
        .iter()
        .map(|request| request.query.as_str())
        .collect();
    let named = "instance=one&adopted=true";
    assert_eq!(queries, [named, named, "adopted=true", "adopted=true"]);
}

#[test]
fn a_folder_that_is_not_there_holds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = dir.path().join("nowhere");
    assert!(orphans(&nowhere).unwrap().is_empty());
    assert!(flush(&nowhere, "http://127.0.0.1:9").is_empty());
    assert!(!nowhere.exists());
}

#[test]
fn a_living_owners_spool_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let spool = spool(dir.path());
    print_many(&spool, 10, 100);
    assert!(orphans(dir.path()).unwrap().is_empty());
    assert!(flush(dir.path(), &collector.url()).is_empty());
    let path = spool.path().unwrap();
    assert!(path.exists());
    drop(spool);
    assert_eq!(flush(dir.path(), &collector.url())[0].events, 10);
}

#[test]
fn only_what_the_collector_lacks_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let (of, _) = leave_behind(dir.path(), 100, 100);
    let (known, _) = leave_behind(dir.path(), 10, 100);
    collector.state().acked.insert(of.clone(), 60);
    // The end of this file was lost after it had been sent.
    collector.state().acked.insert(known.clone(), 25);
    let told = flush(dir.path(), &collector.url());
    assert_eq!((told[0].events, told[1].events), (40, 0));
    assert_eq!(seq_of(&collector.lines(&of)[0]), 61);
    assert!(files(dir.path()).is_empty());
}

#[test]
fn a_spool_that_was_emptied_begins_later() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let (of, path) = leave_behind(dir.path(), 100, 100);
    let text = std::fs::read_to_string(&path).unwrap();
    let later = text.split_inclusive('\n').skip(60).collect::<String>();
    std::fs::write(&path, later).unwrap();
    collector.state().acked.insert(of.clone(), 70);
    assert_eq!(flush(dir.path(), &collector.url())[0].events, 30);
    assert_eq!(collector.acked(&of), 100);
}

#[test]
fn a_torn_line_was_never_an_event() {
    let tails: [&[u8]; 3] = [b"{\"seq\":11,\"at\":1,\"ki", &[0; 5_000], b"{"];
    for tail in tails {
        let dir = tempfile::tempdir().unwrap();
        let collector = Collector::start();
        let (of, path) = leave_behind(dir.path(), 10, 100);
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(tail).unwrap();
        let told = flush(dir.path(), &collector.url());
        assert_eq!((told[0].events, &told[0].fate), (10, &Fate::Delivered));
        assert_whole(&collector, &of, 10);
        assert!(files(dir.path()).is_empty());
    }
}

#[test]
fn a_damaged_spool_is_delivered_up_to_the_damage_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let (of, path) = leave_behind(dir.path(), 10, 100);
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"rubbish\n{\"seq\":11,\"at\":1}\n").unwrap();
    let told = flush(dir.path(), &collector.url());
    assert!(
        matches!(&told[0].fate, Fate::SetAside { reason, .. } if reason.contains("event 10")),
        "{told:?}"
    );
    assert_whole(&collector, &of, 10);
    assert_eq!(files(dir.path()).len(), 2);
}

#[test]
fn names_that_are_no_spools_are_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("x");
    std::fs::write(&target, "precious").unwrap();
    let name = format!("{}.recorder.ndjson", uuid::Uuid::now_v7());
    std::os::unix::fs::symlink(&target, dir.path().join(&name)).unwrap();
    let told = flush(dir.path(), &collector.url());
    assert!(matches!(&told[0].fate, Fate::Left { .. }), "{told:?}");
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "precious");
    assert!(collector.requests().is_empty());
}

#[test]
fn an_empty_spool_goes_without_a_word() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let (_, path) = leave_behind(dir.path(), 1, 1);
    std::fs::write(&path, "").unwrap();
    assert_eq!(flush(dir.path(), &collector.url())[0].fate, Fate::Delivered);
    assert!(files(dir.path()).is_empty() && collector.requests().is_empty());
}

#[test]
fn patience_with_a_collector_that_is_away_ends_once_for_all() {
    let dir = tempfile::tempdir().unwrap();
    let gone = Collector::start();
    let url = gone.url();
    drop(gone);
    for _ in 0..3 {
        leave_behind(dir.path(), 5, 10);
    }
    let options = AdoptOptions {
        patience: 50 * MS,
        ..AdoptOptions::default()
    };
    let mut told = Vec::new();
    let summary = deliver_orphans(dir.path(), &config(&url), &options, |delivered| {
        told.push(delivered.fate);
    })
    .unwrap();
    assert_eq!((summary.kept, summary.delivered), (3, 0));
    assert!(
        told.iter()
            .all(|fate| matches!(fate, Fate::Undelivered(reason) if reason.contains("refused"))),
        "{told:?}"
    );
    assert_eq!(files(dir.path()).len(), 3);
}

#[test]
fn passing_faults_are_outlasted() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let (of, _) = leave_behind(dir.path(), 5_000, 500);
    collector.script([
        Fault::Close,
        Fault::status(503),
        Fault::None,
        Fault::StoreAndBreakOff,
        Fault::status(500),
    ]);
    assert_eq!(flush(dir.path(), &collector.url())[0].fate, Fate::Delivered);
    assert_whole(&collector, &of, 5_000);
}

#[test]
fn the_next_sender_adopts_when_its_own_spool_is_delivered() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let (left, _) = leave_behind(dir.path(), 3_000, 500);
    let (again, _) = leave_behind(dir.path(), 7, 500);
    let spool = spool(dir.path());
    let of = name(&spool);
    let config = SenderConfig {
        adopt: true,
        ..config(&collector.url())
    };
    let sender = Sender::start(Arc::clone(&spool), &config).unwrap();
    print_many(&spool, 10, 100);
    collector.wait_acked(&left, 3_000);
    collector.wait_acked(&again, 7);
    until("what was left behind is gone", || {
        files(dir.path()).len() == 1
    });
    print_many(&spool, 10, 100);
    let limits = FinishLimits {
        reachable: DEADLINE,
        unreachable: DEADLINE,
    };
    assert!(sender.finish(limits).delivered);
    assert_whole(&collector, &of, 20);
    assert_whole(&collector, &left, 3_000);
    assert!(files(dir.path()).is_empty());
    assert_eq!(collector.requests()[0].of, of, "its own comes first");
}

#[test]
fn two_adopters_do_not_get_in_each_others_way() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let left: Vec<String> = (0..20)
        .map(|_| leave_behind(dir.path(), 200, 100).0)
        .collect();
    let events: u64 = std::thread::scope(|scope| {
        let adopters: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| flush(dir.path(), &collector.url())))
            .collect();
        let told = adopters.into_iter().flat_map(|one| one.join().unwrap());
        told.map(|delivered| delivered.events).sum()
    });
    assert_eq!(events, 20 * 200, "each event was sent by one of them");
    for of in left {
        assert_whole(&collector, &of, 200);
    }
    assert!(files(dir.path()).is_empty());
}

#[test]
fn a_killed_producers_events_arrive_all_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    for at in [50, 700, 1_900] {
        let mut child = Child::start(Task::AppendAndSend, dir.path(), &collector.url());
        let last = child.lines().nth(at).expect("it appends for ever");
        child.kill();
        let [file] = &files(dir.path())[..] else {
            panic!("one spool");
        };
        let of = file.trim_end_matches(".ndjson").replace('.', "/");
        let written = *seqs(&dir.path().join(file)).last().unwrap();
        assert!(written >= last.parse().unwrap());
        flush(dir.path(), &collector.url());
        assert_whole(&collector, &of, written);
        assert!(files(dir.path()).is_empty());
    }
}

/// 300 MB on disk, in a process that is measured.
#[cfg(target_os = "linux")]
#[test]
fn a_large_spool_is_delivered_in_little_memory() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    collector.count_only();
    let path = dir
        .path()
        .join(format!("{}.recorder.ndjson", uuid::Uuid::now_v7()));
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    let noise: String = (0..10_000_u32)
        .map(|n| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> 27) as u8 % 26))
        .collect();
    for seq in 1..=30_000 {
        writeln!(
            file,
            r#"{{"seq":{seq},"at":1,"kind":"output","data":{{"text":"{noise}"}}}}"#
        )
        .unwrap();
    }
    file.into_inner().unwrap();
    assert!(path.metadata().unwrap().len() > 300_000_000);
    let peak: u64 = Child::start(Task::Flush, dir.path(), &collector.url())
        .wait()
        .parse()
        .unwrap();
    assert!(peak < 48 << 10, "{peak} KiB");
    assert_eq!(collector.requests().last().unwrap().seqs.unwrap().1, 30_000);
    assert!(files(dir.path()).is_empty());
}
