//! Delivery from a live spool to a collector that is healthy, slow, broken or down.

use std::sync::Arc;
use std::time::Duration;

use playback_spool::{FinishLimits, Sender, SenderConfig, Spool};
use playback_wire::Producer;
use uuid::Uuid;

use crate::collector::{Collector, Fault, header};
use crate::support::{DEADLINE, MS, config, files, name, print, print_many, seq_of, spool, until};

const PATIENT: FinishLimits = FinishLimits {
    reachable: DEADLINE,
    unreachable: DEADLINE,
};

/// Everything arrived, once and in order, and the spool is gone.
fn assert_whole(collector: &Collector, of: &str, count: u64) {
    let lines = collector.lines(of);
    assert!(lines.iter().map(|line| seq_of(line)).eq(1..=count), "{of}");
}

#[test]
fn events_arrive_once_and_in_order_and_the_spool_goes() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let spool = spool(dir.path());
    let of = name(&spool);
    let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
    print_many(&spool, 500, 200);
    collector.wait_acked(&of, 500);
    print_many(&spool, 500, 200);
    let outcome = sender.finish(PATIENT);
    assert!(outcome.delivered, "{outcome:?}");
    assert_eq!(outcome.pending_events, 0);
    assert_whole(&collector, &of, 1_000);
    assert!(files(dir.path()).is_empty());
    assert_eq!(collector.accepted(), 1, "one connection serves all");
    let head = &collector.requests()[0].head;
    assert_eq!(
        header(head, "authorization").as_deref(),
        Some("Bearer secret-token")
    );
    assert!(header(head, "user-agent").unwrap().starts_with("playback/"));
    assert_eq!(print(&spool, 1), None, "nothing after the end");
    assert!(
        sender.finish(PATIENT).delivered,
        "asking again changes nothing"
    );
}

#[test]
fn a_spool_in_memory_is_delivered_too() {
    let collector = Collector::start();
    let spool = Spool::in_memory(Uuid::now_v7(), Producer::Supervisor, 1 << 20).unwrap();
    let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
    print_many(&spool, 100, 100);
    assert!(sender.finish(PATIENT).delivered);
    assert_whole(&collector, &name(&spool), 100);
}

#[test]
fn the_url_may_have_a_path_and_a_slash_at_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let spool = spool(dir.path());
    let url = format!("{}/playback/", collector.url());
    let sender = Sender::start(Arc::clone(&spool), &config(&url)).unwrap();
    print(&spool, 1).unwrap();
    assert!(sender.finish(PATIENT).delivered);
    let of = format!("/playback/api/v1/ansible/ingest/{}", name(&spool));
    assert_eq!(collector.requests()[0].of, of);
}

#[test]
fn a_sequence_that_has_a_name_says_it() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let spool = spool(dir.path());
    let started = serde_json::json!({"type": "playbook", "instance": "0a1b-x"});
    spool.append(1, "execution_started", &started).unwrap();
    print_many(&spool, 10, 100);
    let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
    collector.wait_acked(&name(&spool), 11);
    print(&spool, 1).unwrap();
    assert!(sender.finish(PATIENT).delivered);
    let requests = collector.requests();
    assert!(requests.len() >= 2);
    assert!(
        requests
            .iter()
            .all(|request| request.query == "instance=0a1b-x")
    );
}

#[test]
fn an_idle_producer_is_heard_of() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let spool = spool(dir.path());
    let config = SenderConfig {
        heartbeat: 20 * MS,
        ..config(&collector.url())
    };
    let _sender = Sender::start(Arc::clone(&spool), &config).unwrap();
    print(&spool, 1).unwrap();
    until("three beats", || {
        let requests = collector.requests();
        requests
            .iter()
            .filter(|request| request.seqs.is_none())
            .count()
            >= 3
    });
    assert_eq!(collector.acked(&name(&spool)), 1);
}

#[test]
fn batches_grow_while_the_collector_is_slow() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let spool = spool(dir.path());
    let of = name(&spool);
    collector.always(Some(Fault::status(503)));
    let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
    print_many(&spool, 10_000, 300);
    collector.wait_requests(3);
    collector.state().requests.clear();
    collector.always(None);
    assert!(sender.finish(PATIENT).delivered);
    assert_whole(&collector, &of, 10_000);
    let requests = collector.requests();
    let largest = requests.iter().map(|request| request.bytes).max().unwrap();
    assert!(largest > 900_000 && largest <= 1 << 20, "{largest}");
    assert!(requests.len() < 10, "{}", requests.len());
}

#[test]
fn every_passing_fault_is_outlasted() {
    let busy = |headers| Fault::Answer(503, headers, "busy".into());
    let not_json = Fault::Answer(200, "", "<html>hello</html>".into());
    let moved = Fault::Answer(302, "Location: /login\r\n", String::new());
    let faults = [
        Fault::Close,
        Fault::StoreAndBreakOff,
        busy(""),
        Fault::StoreAndBreakOff,
        Fault::status(500),
        Fault::status(429),
        Fault::status(408),
        not_json,
        moved,
        busy("Retry-After: 0\r\n"),
        Fault::Answer(200, "", r#"{"acked":0}"#.into()),
        Fault::Close,
    ];
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let spool = spool(dir.path());
    collector.script(faults.clone());
    let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
    for round in 1..=faults.len() as u64 {
        print_many(&spool, 20, 100);
        collector.wait_acked(&name(&spool), round.saturating_sub(10) * 20);
    }
    let outcome = sender.finish(PATIENT);
    assert!(outcome.delivered, "{outcome:?}");
    assert_whole(&collector, &name(&spool), 20 * faults.len() as u64);
}

#[test]
fn a_collector_that_hangs_is_given_up_and_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let spool = spool(dir.path());
    collector.script([Fault::Hang]);
    let config = SenderConfig {
        request_timeout: 100 * MS,
        ..config(&collector.url())
    };
    let sender = Sender::start(Arc::clone(&spool), &config).unwrap();
    print_many(&spool, 10, 100);
    // There is one connection at a time: who asks again has given the first up.
    collector.wait_requests(2);
    assert!(sender.finish(PATIENT).delivered);
    assert_whole(&collector, &name(&spool), 10);
}

#[test]
fn a_wait_that_the_collector_asks_for_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let spool = spool(dir.path());
    collector.script([Fault::Answer(503, "Retry-After: 1\r\n", String::new())]);
    let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
    let start = crate::support::now();
    print(&spool, 1).unwrap();
    collector.wait_acked(&name(&spool), 1);
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(collector.requests().len(), 2, "no attempt in between");
    assert!(sender.finish(PATIENT).delivered);
}

#[test]
fn a_gap_is_closed_from_where_the_collector_says() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let spool = spool(dir.path());
    let of = name(&spool);
    let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
    print_many(&spool, 300, 100);
    collector.wait_acked(&of, 300);
    until("the answer is read", || sender.status().pending_events == 0);
    // The collector comes back with an older store.
    {
        let mut state = collector.state();
        state.acked.insert(of.clone(), 120);
        state.stored.get_mut(&of).unwrap().truncate(120);
    }
    print_many(&spool, 50, 100);
    assert!(sender.finish(PATIENT).delivered);
    assert_whole(&collector, &of, 350);
}

#[test]
fn a_heartbeat_finds_a_gap_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let spool = spool(dir.path());
    let of = name(&spool);
    let config = SenderConfig {
        heartbeat: 20 * MS,
        ..config(&collector.url())
    };
    let _sender = Sender::start(Arc::clone(&spool), &config).unwrap();
    print_many(&spool, 300, 100);
    collector.wait_acked(&of, 300);
    {
        let mut state = collector.state();
        state.acked.insert(of.clone(), 7);
        state.stored.get_mut(&of).unwrap().truncate(7);
    }
    collector.wait_acked(&of, 300);
    assert_whole(&collector, &of, 300);
}

#[test]
fn the_collector_may_come_late_and_go_and_come() {
    let dir = tempfile::tempdir().unwrap();
    let first = Collector::start();
    let address = first.address;
    drop(first);
    let spool = spool(dir.path());
    let of = name(&spool);
    let url = format!("http://{address}");
    let sender = Sender::start(Arc::clone(&spool), &config(&url)).unwrap();
    print_many(&spool, 100, 100);
    until("it is found to be away", || {
        sender.status().last_error.is_some()
    });
    assert_eq!(sender.status().pending_events, 100);
    let second = Collector::start_on(address);
    second.wait_acked(&of, 100);
    print_many(&spool, 100, 100);
    assert!(sender.finish(PATIENT).delivered);
    assert_whole(&second, &of, 200);
}

#[test]
fn a_long_healthy_run_stays_below_its_limit() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let spool = Spool::create(dir.path(), Uuid::now_v7(), Producer::Recorder, 400_000).unwrap();
    let of = name(&spool);
    let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
    // Six times its limit, with a pause for the collector now and then.
    for round in 1..=24 {
        print_many(&spool, 100, 1_000);
        collector.wait_acked(&of, round * 100);
        until("the answer is read", || sender.status().pending_events == 0);
    }
    assert_eq!(spool.dropped(), 0);
    assert!(sender.finish(PATIENT).delivered);
    assert_whole(&collector, &of, 2_400);
}

#[test]
fn a_spool_that_was_full_tells_what_is_missing_once_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let spool = Spool::create(dir.path(), Uuid::now_v7(), Producer::Recorder, 20_000).unwrap();
    let of = name(&spool);
    while print(&spool, 500).is_some() {}
    let kept = spool.last_seq();
    let sender = Sender::start(Arc::clone(&spool), &config(&collector.url())).unwrap();
    collector.wait_acked(&of, kept);
    until("there is room again", || print(&spool, 500).is_some());
    assert!(sender.finish(PATIENT).delivered);
    let lines = collector.lines(&of);
    let told = &lines[kept as usize];
    assert!(told.contains(r#""kind":"dropped""#), "{told}");
    assert!(
        told.contains(&format!(r#""events":{}"#, spool.dropped())),
        "{told}"
    );
}

#[test]
fn a_spool_has_one_sender_and_a_sender_a_usable_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool(dir.path());
    let bad = |change: fn(&mut SenderConfig)| {
        let mut config = config("http://127.0.0.1:9");
        change(&mut config);
        let error = Sender::start(Arc::clone(&spool), &config).unwrap_err();
        let text = format!("{error} {error:?} {config:?}");
        assert!(!text.contains("secret"), "{text}");
        error.to_string()
    };
    assert!(bad(|config| config.url = "ftp://x".into()).contains("http://"));
    assert!(bad(|config| config.url = "localhost:8080".into()).contains("http://"));
    assert!(bad(|config| config.url = "http://u:secret@x".into()).contains("password"));
    assert!(bad(|config| config.url = "http://".into()).contains("URL"));
    assert!(bad(|config| config.token = Some("secret\nsecret".into())).contains("token"));
    assert!(bad(|config| config.ca_file = Some("/nowhere".into())).contains("/nowhere"));
    let sender = Sender::start(Arc::clone(&spool), &config("http://127.0.0.1:9")).unwrap();
    Sender::start(Arc::clone(&spool), &config("http://127.0.0.1:9")).unwrap_err();
    drop(sender);
}

/// Ansible's signals are for its main thread.
#[cfg(target_os = "linux")]
#[test]
fn the_thread_has_its_name_and_gets_no_signal() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool(dir.path());
    let _sender = Sender::start(Arc::clone(&spool), &config("http://127.0.0.1:9")).unwrap();
    let status = || {
        std::fs::read_dir("/proc/self/task")
            .unwrap()
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("status")).ok())
            .find(|status| status.starts_with("Name:\tplayback-send"))
    };
    until("the thread is there", || status().is_some());
    let status = status().unwrap();
    let blocked = status
        .lines()
        .find_map(|line| line.strip_prefix("SigBlk:\t"))
        .unwrap();
    let blocked = u64::from_str_radix(blocked, 16).unwrap();
    let (interrupt, child, terminate) = (1 << 1, 1 << 16, 1 << 14);
    for signal in [interrupt, child, terminate] {
        assert_ne!(blocked & signal, 0, "{blocked:x}");
    }
    let segfault = 1 << 10;
    assert_eq!(blocked & segfault, 0, "{blocked:x}");
}
