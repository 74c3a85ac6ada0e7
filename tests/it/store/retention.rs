//! Retention on each database: candidates, deletion in steps, pins, and what a copy includes.

use playback::model::{
    Changes, ExecutionFilter, ExecutionRow, LogState, Page, Phase, Pin, ResultFilter, Status,
};
use playback::store::dialect::Engine;
use playback::store::{Restored, Store, copy};
use playback_wire::{ExecutionType, Producer, ResultStatus};
use serde_json::json;
use uuid::Uuid;

use super::rows::{block, execution, host, launch, only, play, result, task};
use super::{on_every_store, open};
use crate::builders::{TEN, audited};
use crate::servers::Server;

/// An execution that is over, with something of everything.
fn over(started_us: i64, results: u64) -> Changes {
    let row = ExecutionRow {
        status: Status::Success,
        phase: Phase::Finished,
        started_us,
        ended_us: Some(started_us + 5),
        results,
        ..execution(json!({ "playbook": "plays/site.yml", "labels": ["a", "b"] }))
    };
    Changes {
        plays: vec![play(1, "p")],
        tasks: vec![task(1, "t")],
        hosts: vec![host(1, "h", 1)],
        results: (1..=results)
            .map(|seq| result(seq, 1, 1, ResultStatus::Ok))
            .collect(),
        blocks: vec![block(1, 0), block(11, 3)],
        launch: Some(Box::new(launch(row.id, started_us))),
        ..only(row)
    }
}

fn id_of(changes: &Changes) -> Uuid {
    changes.execution.as_ref().unwrap().id
}

fn pin(note: Option<&str>) -> Pin {
    Pin {
        pinned_us: TEN,
        by: "token:ann".to_owned(),
        note: note.map(str::to_owned),
    }
}

async fn sweep(store: &Store) -> u32 {
    let mut steps = 0;
    while store.sweep().await.unwrap() {
        steps += 1;
        assert!(steps < 100, "it comes to an end");
    }
    steps
}

/// How many rows and blocks an execution has.
async fn rows(store: &Store, key: i64) -> [usize; 5] {
    let all = ResultFilter {
        limit: u32::MAX,
        ..ResultFilter::default()
    };
    [
        store.plays(key).await.unwrap().len(),
        store.tasks(key, 0, 99).await.unwrap().len(),
        store.hosts(key, 0, 99).await.unwrap().len(),
        store.results(key, &all).await.unwrap().len(),
        store
            .blocks_from_seq(key, Producer::Recorder, 1, 999)
            .await
            .unwrap()
            .len(),
    ]
}

on_every_store! {
    async fn a_scheduled_cleanup_is_taken_once(store: Store) {
        for due_us in [TEN, TEN + 5] {
            let all = (0..8).map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.take_turn(due_us).await.unwrap() })
            });
            let mut taken = 0;
            for one in all.collect::<Vec<_>>() {
                taken += u32::from(one.await.unwrap());
            }
            assert_eq!(taken, 1);
        }
        assert!(!store.take_turn(TEN + 4).await.unwrap(), "a later one was taken");
        // A clock was wrong by years.
        assert!(store.take_turn(TEN * 2).await.unwrap());
        assert!(store.take_turn(TEN + 6).await.unwrap());
    }

    async fn candidates_come_newest_first_and_say_what_rules_ask(store: Store) {
        let mut all: Vec<Changes> = (0..7).map(|n| over(TEN + n / 3, 2)).collect();
        let running = ExecutionRow { started_us: TEN + 9, ..execution(json!({ "type": "adhoc" })) };
        all.push(only(running.clone()));
        let keys = store.commit(&all).await.unwrap();
        assert!(store.pin(id_of(&all[0]), &pin(None), |_| audited()).await.unwrap());
        assert_eq!(store.unmeasured(0, i64::MAX, 1).await.unwrap(), [(id_of(&all[6]), keys[6])]);
        assert_eq!(store.unmeasured(TEN + 3, i64::MAX, 9).await.unwrap(), []);
        let ended_by = store.unmeasured(0, TEN + 6, 9).await.unwrap();
        assert_eq!(ended_by, [5, 4, 3, 2, 1, 0].map(|n: usize| (id_of(&all[n]), keys[n])));
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = store.candidates(after, 3, true).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.started_us, last.key));
            found.extend(page);
        }
        let order: Vec<i64> = found.iter().map(|one| one.key).collect();
        let mut expected: Vec<(i64, i64)> = keys[..7]
            .iter()
            .enumerate()
            .map(|(n, key)| (TEN + n as i64 / 3, *key))
            .collect();
        expected.push((TEN + 9, keys[7]));
        expected.sort_by(|a, b| b.cmp(a));
        assert_eq!(order, expected.iter().map(|(_, key)| *key).collect::<Vec<_>>());
        let newest = &found[0];
        assert_eq!((newest.id, newest.status, newest.r#type), (running.id, Status::Running, ExecutionType::Adhoc));
        assert_eq!(newest.log, LogState::default(), "what goes on is not measured");
        let oldest = found.iter().find(|one| one.key == keys[0]).unwrap();
        assert!(oldest.is_pinned && !found[1].is_pinned);
        assert_eq!(oldest.playbook.as_deref(), Some("plays/site.yml"));
        assert_eq!(oldest.playbook_name.as_deref(), Some("site.yml"));
        assert_eq!(oldest.labels, ["a", "b"]);
        assert_eq!((oldest.ended_us, oldest.results), (Some(TEN + 5), 2));
        let bytes: usize = all[0].blocks.iter().map(|block| block.data.len()).sum();
        assert_eq!(oldest.log.payload_bytes, Some(bytes as u64));
        assert!(store.candidates(None, 3, false).await.unwrap()[1].labels.is_empty());
        assert_eq!(store.unmeasured(0, i64::MAX, 9).await.unwrap(), [], "all are known now");
        let row = store.execution(oldest.id).await.unwrap().unwrap().1;
        assert_eq!(row.log, oldest.log);
        // A row that is written again keeps it.
        let again = store.execution(oldest.id).await.unwrap().unwrap().1;
        store.commit(&[only(ExecutionRow { log: LogState::default(), ..again.clone() })]).await.unwrap();
        assert_eq!(store.execution(oldest.id).await.unwrap().unwrap().1, again);
    }

    async fn what_is_archived_is_gone_at_once_and_swept_in_steps(store: Store) {
        let mut large = over(TEN, 12_000);
        large.blocks = (0..60).map(|n| block(1 + n * 10, n * 3)).collect();
        let small = over(TEN + 1, 3);
        let pinned = over(TEN + 2, 1);
        let going = only(execution(json!({})));
        let queued = only(ExecutionRow { phase: Phase::Queued, ..execution(json!({})) });
        let stays = over(TEN + 3, 4);
        let all = [large, small, pinned, going, queued, stays];
        let keys = store.commit(&all).await.unwrap();
        store.pin(id_of(&all[2]), &pin(Some("audit")), |_| audited()).await.unwrap();
        // Of those that are named, only two may go; a key that nothing has is none.
        let named = [&keys[..5], &[keys[5] + 1000]].concat();
        let mut deleted = store.delete_archived(&named).await.unwrap();
        deleted.sort_unstable();
        assert_eq!(deleted, keys[..2]);
        for (n, changes) in all.iter().enumerate() {
            let found = store.execution(id_of(changes)).await.unwrap();
            assert_eq!(found.is_some(), n >= 2, "{n}");
        }
        assert!(store.launch(id_of(&all[0])).await.unwrap().is_none());
        let label = ExecutionFilter { label: Some("a".to_owned()), ..ExecutionFilter::default() };
        let page = Page { limit: 9, offset: 0, after: None, ascending: false };
        assert_eq!(store.executions(&label, &page).await.unwrap().len(), 2);
        let steps = sweep(&store).await;
        assert!(steps >= 4, "a bounded part in each of {steps}");
        assert_eq!(rows(&store, keys[0]).await, [0; 5]);
        assert_eq!(rows(&store, keys[1]).await, [0; 5]);
        assert_eq!(rows(&store, keys[5]).await, [1, 1, 1, 4, 2]);
        assert_eq!(store.delete_archived(&[]).await.unwrap(), [0; 0]);
        assert!(!store.sweep().await.unwrap());
        // The same run may come again, and is another row.
        let again = store.commit(&all[..1]).await.unwrap()[0];
        assert!(again > keys[5]);
    }

    async fn a_log_is_removed_and_the_rows_stay(store: Store) {
        let all = [over(TEN, 3), over(TEN + 1, 1), only(execution(json!({})))];
        let keys = store.commit(&all).await.unwrap();
        store.pin(id_of(&all[1]), &pin(None), |_| audited()).await.unwrap();
        assert_eq!(store.remove_payloads(&keys, TEN + 99).await.unwrap(), keys[..1]);
        assert_eq!(store.remove_payloads(&keys, TEN + 100).await.unwrap(), [0; 0]);
        sweep(&store).await;
        assert_eq!(rows(&store, keys[0]).await, [1, 1, 1, 3, 0]);
        assert_eq!(rows(&store, keys[1]).await, [1, 1, 1, 1, 2]);
        let kept = LogState { payload_bytes: Some(0), payload_removed_us: Some(TEN + 99) };
        let (_, row) = store.execution(id_of(&all[0])).await.unwrap().unwrap();
        assert_eq!(row.log, kept);
        // Measuring does not make more of it, and it can be deleted as others can.
        assert_eq!(store.measure(&keys[..1]).await.unwrap()[&keys[0]], kept);
        assert_eq!(store.delete_archived(&keys[..1]).await.unwrap(), keys[..1]);
        sweep(&store).await;
        assert_eq!(rows(&store, keys[0]).await, [0; 5]);
    }

    async fn pins_are_made_changed_found_and_taken_away(store: Store) {
        let all = [over(TEN, 1), over(TEN + 1, 1)];
        let keys = store.commit(&all).await.unwrap();
        let (one, other) = (id_of(&all[0]), id_of(&all[1]));
        assert!(!store.pin(Uuid::now_v7(), &pin(None), |_| audited()).await.unwrap());
        assert!(store.pin(one, &pin(None), |_| audited()).await.unwrap());
        assert!(store.pin(one, &pin(Some("naïve")), |_| audited()).await.unwrap());
        let pins = store.pins(&[one, other]).await.unwrap();
        assert_eq!(pins.len(), 1);
        assert_eq!(pins[&one], pin(Some("naïve")));
        assert!(store.pins(&[]).await.unwrap().is_empty());
        let page = Page { limit: 9, offset: 0, after: None, ascending: false };
        for (pinned, expected) in [(true, one), (false, other)] {
            let filter = ExecutionFilter { pinned: Some(pinned), ..ExecutionFilter::default() };
            let found = store.executions(&filter, &page).await.unwrap();
            assert_eq!(found.iter().map(|(_, row)| row.id).collect::<Vec<_>>(), [expected]);
        }
        assert!(store.unpin(one, |_| audited()).await.unwrap());
        assert!(!store.unpin(one, |_| audited()).await.unwrap());
        // A pin goes with its execution.
        store.pin(one, &pin(None), |_| audited()).await.unwrap();
        store.delete_execution(keys[0]).await.unwrap();
        assert!(store.pins(&[one]).await.unwrap().is_empty());
    }

    async fn what_a_copy_has_beside_rows_is_written(store: Store) {
        let all = [over(TEN, 1), over(TEN + 1, 1)];
        store.commit(&all).await.unwrap();
        let restored = Restored {
            id: id_of(&all[0]),
            log: LogState { payload_bytes: Some(0), payload_removed_us: Some(TEN) },
            pin: Some(pin(Some("n"))),
        };
        let nothing = Restored { id: id_of(&all[1]), log: LogState::default(), pin: None };
        store.restore(&[restored.clone(), nothing]).await.unwrap();
        let (_, row) = store.execution(restored.id).await.unwrap().unwrap();
        assert_eq!(row.log, restored.log);
        assert_eq!(store.pins(&[restored.id]).await.unwrap()[&restored.id], pin(Some("n")));
        assert_eq!(store.execution(id_of(&all[1])).await.unwrap().unwrap().1.log, LogState::default());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_takes_pins_along_and_what_is_known_of_logs() {
    let (_here, from) = open(Engine::Sqlite).await;
    let all: Vec<Changes> = (0..4).map(|n| over(TEN + n, 2)).collect();
    let keys = from.commit(&all).await.unwrap();
    from.pin(id_of(&all[0]), &pin(Some("audit")), |_| audited())
        .await
        .unwrap();
    from.measure(&keys[1..3]).await.unwrap();
    // Its blocks are still there: nobody has swept yet, and the copy must not take them up.
    from.remove_payloads(&keys[2..3], TEN + 7).await.unwrap();
    for engine in [Engine::Postgres, Engine::MySql] {
        let (_there, to) = open(engine).await;
        let done = copy::copy(&from, &to, |_| {}).await.unwrap();
        assert_eq!(done.verified.executions, 4);
        let again = copy::copy(&from, &to, |_| {}).await.unwrap();
        assert_eq!(again.present, 4, "the same on both sides");
        let ids: Vec<Uuid> = all.iter().map(id_of).collect();
        assert_eq!(to.pins(&ids).await.unwrap(), from.pins(&ids).await.unwrap());
        for id in &ids {
            let (_, here) = from.execution(*id).await.unwrap().unwrap();
            let (_, there) = to.execution(*id).await.unwrap().unwrap();
            assert_eq!(here, there);
        }
        let (key, _) = to.execution(ids[2]).await.unwrap().unwrap();
        assert_eq!(rows(&to, key).await, [1, 1, 1, 2, 0]);
        // A pin that was taken away since makes the copy another one.
        to.unpin(ids[0], |_| audited()).await.unwrap();
        let mended = copy::copy(&from, &to, |_| {}).await.unwrap();
        assert_eq!(mended.present, 3);
        assert_eq!(to.pins(&ids).await.unwrap(), from.pins(&ids).await.unwrap());
        to.close().await;
    }
    from.close().await;
}

/// Where the bulk lies in partitions, one of which nothing is kept goes at once, and no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_partition_without_anything_that_is_kept_goes_at_once() {
    let server = Server::start(Engine::Postgres);
    let address = server.database();
    let name = address.rsplit('/').next().unwrap();
    let holds =
        |condition: &str| server.sql_in(name, &format!("DO $$ BEGIN ASSERT {condition}; END $$"));
    let store = Store::open(&address).await.unwrap();
    assert!(store.has_partitions());
    let changes: Vec<Changes> = (0..3).map(|at| over(TEN + at, 4)).collect();
    let keys = store.commit(&changes).await.unwrap();
    // Time passes: the next executions lie in another partition.
    assert!(server.sql_in(name, "ALTER SEQUENCE executions_id_seq RESTART WITH 80001"));
    let later = store.commit(&[over(TEN + 9, 4)]).await.unwrap()[0];
    assert_eq!(later, 80_001);
    // So do those after it, in one that was made in time.
    assert!(holds("to_regclass('results_100000') IS NOT NULL"));

    store.remove_payloads(&keys[..2], TEN).await.unwrap();
    sweep(&store).await;
    assert!(
        holds("(SELECT COUNT(*) FROM event_blocks_0) = 2"),
        "one log is still kept"
    );
    store.remove_payloads(&keys[2..], TEN).await.unwrap();
    sweep(&store).await;
    assert!(holds("(SELECT COUNT(*) FROM event_blocks_0) = 0"));
    assert_eq!(rows(&store, keys[0]).await, [1, 1, 1, 4, 0]);

    assert_eq!(store.delete_archived(&keys).await.unwrap(), keys);
    sweep(&store).await;
    assert!(holds(
        "to_regclass('results_0') IS NULL AND to_regclass('event_blocks_0') IS NULL"
    ));
    assert!(holds(
        "(SELECT COUNT(*) FROM execution_hosts) = 1 AND (SELECT COUNT(*) FROM execution_remains) = 0"
    ));
    assert_eq!(rows(&store, keys[0]).await, [0, 0, 0, 0, 0]);
    assert_eq!(rows(&store, later).await, [1, 1, 1, 4, 2]);
    store.commit(&[over(TEN + 10, 4)]).await.unwrap();
    store.close().await;
}
