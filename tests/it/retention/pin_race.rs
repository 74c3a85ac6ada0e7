//! A pin and a deletion at the same time: a run that was reported as pinned is kept.

use std::collections::BTreeSet;
use std::sync::Barrier;

use playback::store::dialect::Engine;
use serde_json::json;
use uuid::Uuid;

use super::pins::{pin, unpin};
use super::{aged, cleanup, site};
use crate::builders::Run;
use crate::harness::{Answer, Client, Collector, Setup};
use crate::servers;

/// How a run is removed; the runs that it may have removed.
type Remove = fn(&Client, &[Run]);

/// Two clients, of one collector or of two, at the same moment: which of them wins does not matter.
fn race(pinner: &Client, remover: &Client, rounds: usize, remove: Remove) {
    for round in 0..rounds {
        let runs: Vec<Run> = (0..4).map(|_| aged(50.0, site())).collect();
        for run in &runs {
            run.deliver(pinner);
        }
        let start = Barrier::new(2);
        let pinned: Vec<(Answer, usize)> = std::thread::scope(|scope| {
            let removing = scope.spawn(|| {
                start.wait();
                remove(remover, &runs);
            });
            start.wait();
            // Each round at another moment of the deletion.
            for _ in 0..round % 8 {
                pinner.get("/healthz");
            }
            // And what there was of its output when that was acknowledged.
            let answers = runs.iter().map(|run| {
                let answer = pin(pinner, run.id, &json!({}));
                (answer, lines(pinner, run.id))
            });
            let answers = answers.collect();
            removing.join().unwrap();
            answers
        });
        for (run, (answer, seen)) in runs.iter().zip(pinned) {
            let there = pinner.execution(run.id, "");
            match answer.status {
                200 => {
                    assert_eq!(there.status, 200, "pinned and gone: round {round}");
                    assert_eq!(lines(pinner, run.id), seen, "pinned, and its log is gone");
                    remover.delete(run.id).error(409, "conflict");
                    assert_eq!(unpin(pinner, run.id).status, 204);
                }
                // Deleted before: 404, or 410 where that is remembered.
                status => {
                    assert!(matches!(status, 404 | 410), "{answer:?}");
                    assert!(matches!(there.status, 404 | 410), "{there:?}");
                    assert!(matches!(unpin(pinner, run.id).status, 404 | 410));
                }
            }
            if there.status == 200 {
                assert_eq!(remover.delete(run.id).status, 204);
            }
        }
    }
}

fn by_deletion(client: &Client, runs: &[Run]) {
    for run in runs {
        let answer = client.delete(run.id);
        assert!(matches!(answer.status, 204 | 409), "{answer:?}");
        if answer.status == 409 {
            let message = answer.error(409, "conflict");
            assert!(message.contains("playback unpin"), "{message}");
        }
    }
}

fn by_cleanup(client: &Client, _: &[Run]) {
    cleanup(client, &json!({ "retention_days": 30 })).ok();
}

fn by_cleanup_of_logs(client: &Client, _: &[Run]) {
    cleanup(client, &json!({ "keep_payload_days": 30 })).ok();
}

/// Lines of output that there are.
fn lines(client: &Client, id: Uuid) -> usize {
    let answer = client.execution(id, "");
    match answer.status {
        200 => answer.json()["output"].as_array().map_or(0, Vec::len),
        _ => 0,
    }
}

#[test]
pub(crate) fn a_run_whose_pin_was_acknowledged_outlives_a_deletion_at_the_same_time() {
    let collector = Collector::start();
    let client = collector.client();
    race(&client, &client, 24, by_deletion);
}

#[test]
pub(crate) fn a_run_whose_pin_was_acknowledged_outlives_a_cleanup_at_the_same_time() {
    let collector = Collector::start();
    let client = collector.client();
    race(&client, &client, 16, by_cleanup);
    race(&client, &client, 16, by_cleanup_of_logs);
}

#[test]
fn it_outlives_what_another_collector_removes() {
    let folder = tempfile::TempDir::new().unwrap();
    let database = servers::database(Engine::Postgres, folder.path());
    let [one, other] = std::array::from_fn(|_| Setup::default().database(database.clone()).start());
    race(&one.client(), &other.client(), 24, by_deletion);
    race(&one.client(), &other.client(), 12, by_cleanup);
}

#[test]
fn the_refusal_names_the_pin_and_how_to_lift_it() {
    let collector = Collector::start();
    let client = collector.client();
    let run = aged(1.0, site());
    run.deliver(&client);
    pin(&client, run.id, &json!({ "note": "audit 7" })).ok();
    let message = client.delete(run.id).error(409, "conflict");
    for part in ["token:", "audit 7", &format!("playback unpin {}", run.id)] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn what_was_just_deleted_can_be_neither_pinned_nor_unpinned() {
    let collector = Collector::start();
    let client = collector.client();
    let run = aged(1.0, site());
    run.deliver(&client);
    assert_eq!(client.delete(run.id).status, 204);
    for answer in [pin(&client, run.id, &json!({})), unpin(&client, run.id)] {
        assert!(matches!(answer.status, 404 | 410), "{answer:?}");
    }
}

#[test]
fn what_is_pinned_keeps_all_of_its_output_whatever_max_output_lines_says() {
    let setup = Setup::default().config("max_output_lines = 4\n");
    let collector = setup.start();
    let client = collector.client();
    let text: String = (0..40).map(|line| format!("line {line}\n")).collect();
    let [kept, other] = [(); 2].map(|()| Run::new().output(&text));
    for run in [&kept, &other] {
        run.deliver(&client);
    }
    pin(&client, kept.id, &json!({})).ok();
    let ended = |run: &Run| run.clone().ended(0);
    ended(&kept).send(&client);
    ended(&other).send(&client);
    crate::harness::eventually("the other's output to be cut", || {
        let record = client.execution(other.id, "").ok();
        (record["output"].as_array()?.len() < 40).then_some(())
    });
    let lines = client.execution(kept.id, "").ok()["output"].clone();
    assert_eq!(lines.as_array().unwrap().len(), 40, "{lines}");
}

/// A large run is removed in steps, and others deliver in between.
#[test]
pub(crate) fn deleting_a_large_run_holds_up_nobody() {
    let collector = Collector::start();
    let client = collector.client();
    let mut large = Run::new().play("all").task("many");
    for host in 0..30_000 {
        large = large.ok(&format!("host-{host}"));
    }
    let large = large.ended(0);
    large.deliver(&client);
    let mut slowest = std::time::Duration::ZERO;
    std::thread::scope(|scope| {
        let deleting = scope.spawn(|| assert_eq!(client.delete(large.id).status, 204));
        while !deleting.is_finished() {
            let began = tokio::time::Instant::now();
            crate::builders::good_run().deliver(&client);
            slowest = slowest.max(began.elapsed());
        }
    });
    let ids: BTreeSet<Uuid> = [large.id].into();
    assert!(!super::left(&client).is_superset(&ids));
    assert!(slowest.as_secs() < 5, "{slowest:?}");
}
