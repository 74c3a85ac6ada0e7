//! Collectors that are killed, suspended, or cut off while others continue; clocks that differ.

use playback::clock::Clock;
use playback::store::dialect::Engine;
use serde_json::json;

use super::{collectors, on, varied};
use crate::builders::{Run, good_run};
use crate::harness::{Collector, Setup, eventually};
use crate::servers;

const SOON: &str = "silence_seconds = 2\n";

#[test]
fn a_sign_of_life_to_one_counts_for_all() {
    let all = collectors::<2>(SOON);
    let [one, other] = all.each_ref().map(Collector::client);
    let (kept, lost) = (good_run(), good_run());
    kept.deliver_range(&one, 0..2);
    lost.deliver_range(&one, 0..2);
    eventually("the silent one to be lost", || {
        assert_eq!(one.ingest(kept.id, "recorder", b"").acked(), 2);
        assert_eq!(other.execution(kept.id, "").ok()["status"], "running");
        (other.execution(lost.id, "").ok()["reason"] == "lost").then_some(())
    });
    // It comes back by the other door.
    lost.deliver_range(&other, 2..lost.len());
    assert_eq!(one.finished(lost.id)["status"], "success");
}

#[test]
fn a_run_whose_collector_and_producer_die_is_seen_to_be_lost_by_another() {
    let mut all = collectors::<2>(SOON);
    let client = all[1].client();
    let run = varied();
    run.deliver_range(&all[0].client(), 0..9);
    all[0].kill();
    let record = client.finished(run.id);
    assert_eq!(
        (&record["reason"], &record["events"]["received"]),
        (&json!("lost"), &json!(9))
    );
    // Rows that were held back when it was killed are there.
    let tasks = client.execution(run.id, "/tasks").ok();
    assert_eq!(tasks["tasks"][0]["ok"], 2);
}

#[test]
fn what_a_killed_collector_did_not_get_to_is_packed_by_another() {
    let mut all = collectors::<2>(&format!("{SOON}max_output_lines = 4\n"));
    let twenty_minutes_ago = Clock::system().now_us() - 1_200_000_000;
    let run = Run::starting(twenty_minutes_ago, json!({ "playbook": "site.yml" }))
        .output(&"x\n".repeat(100))
        .ended(0);
    run.deliver(&all[0].client());
    all[0].kill();
    let client = all[1].client();
    let record = eventually("the middle of its output to be left out", || {
        let record = client.execution(run.id, "").ok();
        record.get("output_left_out").is_some().then_some(record)
    });
    assert_eq!(record["output_lines"], 5);
}

#[test]
fn one_that_is_held_up_while_others_go_on_believes_them() {
    let all = collectors::<3>(SOON);
    let [held, one, other] = all.each_ref().map(Collector::client);
    let (run, silent) = (varied(), good_run());
    run.deliver_range(&held, 0..9);
    all[0].signal("STOP");
    run.deliver_range(&one, 9..20);
    silent.deliver_range(&one, 0..2);
    eventually("longer than silence may be", || {
        assert_eq!(other.ingest(run.id, "recorder", b"").acked(), 20);
        (other.execution(silent.id, "").ok()["reason"] == "lost").then_some(())
    });
    all[0].signal("CONT");
    // What it held is old, and it knows: nothing is lost, refused or there twice.
    assert_eq!(held.execution(run.id, "").ok()["status"], "running");
    eventually("the rest to be taken", || {
        (run.send_range(&held, 20..run.len()).status == 200).then_some(())
    });
    let events = json!({ "received": run.len(), "expected": run.len(), "complete": true });
    for client in [&held, &one, &other] {
        let record = client.finished(run.id);
        assert_eq!(record["events"], events);
        assert_eq!(record["reason"], "task_failed");
    }
}

/// Another collector's blocks are read one by one. If that fails half-way, none of them may count as new.
#[test]
fn what_is_read_half_way_is_not_stored_twice() {
    let server = servers::Server::start(Engine::Postgres);
    let address = server.database();
    let (_, database) = address.rsplit_once('/').unwrap();
    let all = on::<2>(&address, "");
    let [one, other] = all.each_ref().map(Collector::client);
    let run = varied();
    run.deliver_range(&other, 0..4);
    // With results, which can be there once only.
    run.deliver_range(&one, 4..12);
    run.deliver_range(&one, 12..16);
    let change_last = |to: &str| {
        let update = format!("UPDATE event_blocks SET data = {to} WHERE first_seq = 13");
        assert!(server.sql_in(database, &update));
    };
    change_last("'\\x00' || data");
    assert_eq!(run.send_range(&other, 16..20).status, 500);
    change_last("substr(data, 2)");
    run.deliver_range(&other, 16..run.len());
    for client in [&one, &other] {
        let record = client.finished(run.id);
        assert_eq!(record["events"]["complete"], true);
        assert_eq!(record["results"], 13);
    }
}

#[test]
fn clocks_that_differ_by_a_minute_change_nothing() {
    let [one] = collectors::<1>(SOON);
    let ahead = Setup::default()
        .database(one.database())
        .config(SOON)
        .environment("LD_PRELOAD", &faketime())
        .environment("FAKETIME", "+60s")
        .environment("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .start();
    let all = [one, ahead];
    let [one, ahead] = all.each_ref().map(Collector::client);
    let (run, lost) = (varied(), good_run());
    lost.deliver_range(&one, 0..2);
    for at in 0..9 {
        run.deliver_range([&one, &ahead][at % 2], at..at + 1);
    }
    eventually("the silent one to be lost", || {
        assert_eq!(one.ingest(run.id, "recorder", b"").acked(), 9);
        assert_eq!(ahead.execution(run.id, "").ok()["status"], "running");
        (ahead.execution(lost.id, "").ok()["reason"] == "lost").then_some(())
    });
    for at in 9..run.len() {
        run.deliver_range([&one, &ahead][at % 2], at..at + 1);
    }
    // Times are the producer's.
    let (here, there) = (one.finished(run.id), ahead.finished(run.id));
    assert_eq!(here, there);
    assert_eq!(here["start_time"], "2026-01-20T10:00:00Z");
}

/// Where Debian keeps the library that gives a process another time.
fn faketime() -> String {
    let folders = std::fs::read_dir("/usr/lib").unwrap();
    let mut found = folders.filter_map(|folder| {
        let library = folder.ok()?.path().join("faketime/libfaketime.so.1");
        library.exists().then(|| library.display().to_string())
    });
    found.next().expect("faketime is installed")
}

/// The server dies under three collectors, and comes back.
#[test]
fn a_server_that_dies_under_several_loses_nothing() {
    let mut server = servers::Server::start(Engine::Postgres);
    let all = on::<3>(&server.database(), "database_wait_seconds = 1\n");
    let clients = all.each_ref().map(Collector::client);
    let run = varied();
    for at in 0..run.len() {
        if at == 10 {
            server.kill();
            assert_eq!(clients[0].get("/readyz").status, 503);
            server.run();
        }
        eventually("an event to be taken", || {
            (run.send_range(&clients[at % 3], at..at + 1).status == 200).then_some(())
        });
    }
    for client in &clients {
        eventually("it to be ready", || {
            (client.get("/readyz").status == 200).then_some(())
        });
        assert_eq!(client.finished(run.id)["events"]["complete"], true);
    }
    // They hear of each other again.
    let late = Run::new().output("a\n");
    late.deliver(&clients[0]);
    let mut stream = crate::socket::Socket::watch(&all[1], late.id, "");
    assert!(
        matches!(stream.next(), crate::socket::StreamEvent::Message(message) if message["content"] == "a")
    );
}
