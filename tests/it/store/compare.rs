//! What a comparison reads: all results of an execution in few bytes, and earlier executions like one.

use playback::model::{Changes, ExecutionRow, ResultFilter, ResultFlags, ResultRow, Status};
use playback::store::{FoundResult, PackedOutcome, PackedResult, Store};
use playback_wire::ResultStatus;
use serde_json::json;

use super::on_every_store;
use super::rows::{any_execution, execution, host, only, result, task};
use crate::builders::TEN;

const HOUR: i64 = 3_600_000_000;

/// More than one page of results, of every status, with all kinds of durations.
fn many() -> Vec<ResultRow> {
    let durations = [
        None,
        Some(0),
        Some(1),
        Some(3_600_000_000),
        Some(1_000_000_000_000),
    ];
    let numbers = 1..=45_000_u64;
    numbers
        .map(|number| {
            let status = ResultStatus::ALL[(number % 4) as usize];
            let (task, host) = ((number / 50) as u32, (number % 50) as u32);
            ResultRow {
                duration_us: durations[(number % 5) as usize],
                flags: ResultFlags((number % 128) as u8),
                rare: None,
                ..result(number * 3, task, host, status)
            }
        })
        .collect()
}

fn packed(row: &ResultRow) -> PackedResult {
    PackedResult {
        outcome: PackedOutcome {
            task: row.task,
            host: row.host,
            status: row.status,
            flags: row.flags,
        },
        duration_us: row.duration_us,
    }
}

async fn all(store: &Store, key: i64, limit: u64) -> (Vec<PackedResult>, bool) {
    let mut found = Vec::new();
    let is_whole = store
        .packed_results(key, limit, |result| found.push(result))
        .await;
    (found, is_whole.unwrap())
}

/// Executions' order is not theirs, and the aggregate of a page has none of its own.
fn sorted(mut results: Vec<PackedResult>) -> Vec<PackedResult> {
    results.sort_by_key(|result| (result.outcome.task, result.outcome.host));
    results
}

on_every_store! {
    async fn packed_results_are_those_that_are_read_one_by_one(store: Store) {
        let results = many();
        let other = Changes { results: many()[..7].to_vec(), ..only(any_execution()) };
        let changes = Changes { results: results.clone(), ..only(any_execution()) };
        let keys = store.commit(&[other, changes]).await.unwrap();
        let (found, is_whole) = all(&store, keys[1], u64::MAX).await;
        let expected: Vec<_> = results.iter().map(packed).collect();
        assert!(is_whole);
        assert_eq!(sorted(found), sorted(expected));
        // In two halves, without durations.
        let mut halves = Vec::new();
        for range in [(0, 30_001), (30_001, u64::MAX)] {
            store.packed_outcomes(keys[1], range, |outcome| halves.push(outcome)).await.unwrap();
        }
        let mut outcomes: Vec<_> = results.iter().map(|row| packed(row).outcome).collect();
        for list in [&mut halves, &mut outcomes] {
            list.sort_by_key(|outcome| (outcome.task, outcome.host));
        }
        assert_eq!(halves, outcomes);
        // The same as the pages of results have.
        let (few, _) = all(&store, keys[0], u64::MAX).await;
        let filter = ResultFilter { limit: 100, ..ResultFilter::default() };
        let pages = store.results(keys[0], &filter).await.unwrap();
        let pages: Vec<_> = pages.iter().map(|entry| packed(&entry.row)).collect();
        assert_eq!(sorted(few), sorted(pages));
        // A limit ends with a page, and is told.
        let (part, is_whole) = all(&store, keys[1], 20_000).await;
        assert_eq!((part.len(), is_whole), (20_000, false));
        assert_eq!(all(&store, keys[1] + 1, 1).await, (Vec::new(), true));
    }

    async fn numbers_that_make_no_sense_spoil_nothing_else(store: Store) {
        let strange = |seq: u64, task: u32, duration_us: i64| ResultRow {
            duration_us: Some(duration_us),
            flags: ResultFlags(0),
            ..result(seq, task, 1, ResultStatus::Ok)
        };
        let results = vec![
            strange(1, 1, i64::MAX),
            strange(2, 2, i64::MIN),
            strange(3, u32::MAX, 1),
            strange(4, i32::MAX as u32, 5),
        ];
        let key = store.commit(&[Changes { results, ..only(any_execution()) }]).await.unwrap()[0];
        let (found, _) = all(&store, key, u64::MAX).await;
        let found: Vec<_> = sorted(found).iter().map(|one| (one.outcome.task, one.duration_us)).collect();
        assert_eq!(found, [(1, None), (2, None), (i32::MAX as u32, Some(5))]);
    }

    async fn a_result_that_no_longer_counts_is_not_among_them(store: Store) {
        let ok = |seq: u64| result(seq, 1, 1, ResultStatus::Ok);
        let changes = Changes {
            hosts: vec![host(1, "web-01", 1), host(2, "web-02", 1)],
            tasks: vec![task(1, "install")],
            results: vec![ok(4), ok(6), result(8, 1, 2, ResultStatus::Failed)],
            ..only(any_execution())
        };
        let key = store.commit(&[changes]).await.unwrap()[0];
        let retracted = Changes { key: Some(key), retracted: vec![6], ..Changes::default() };
        store.commit(&[retracted]).await.unwrap();
        let (found, _) = all(&store, key, u64::MAX).await;
        let found: Vec<_> = found.iter().map(|one| (one.outcome.host, one.outcome.status)).collect();
        assert_eq!(found.len(), 2);
        assert!(found.contains(&(1, ResultStatus::Ok)) && found.contains(&(2, ResultStatus::Failed)));
        let names = [(1, "web-01".to_owned()), (2, "web-02".to_owned())];
        assert_eq!(store.host_names(key).await.unwrap(), names);
        let last = store.last_result_on(key, 1, "web-01", (0, u64::MAX)).await.unwrap();
        assert_eq!(last, Some(FoundResult { seq: 4, task: 1, flags: ResultFlags(1) }));
        for (task, host, span) in [
            (2, "web-01", (0, u64::MAX)),
            (1, "web-03", (0, u64::MAX)),
            (1, "web-01", (5, u64::MAX)),
            (1, "web-01", (0, 3)),
        ] {
            assert_eq!(store.last_result_on(key, task, host, span).await.unwrap(), None);
        }
    }

    async fn earlier_executions_are_of_the_same_playbook_and_inventory(store: Store) {
        let started = |hours: i64, what: serde_json::Value, status: Status| ExecutionRow {
            started_us: TEN + hours * HOUR,
            status,
            ..execution(what)
        };
        let site = || json!({ "type": "playbook", "playbook": "/a/site.yml", "inventory": "prod/hosts" });
        let rows = [
            started(0, site(), Status::Success),
            started(1, site(), Status::Failed),
            started(2, json!({ "type": "playbook", "playbook": "/b/site.yml", "inventory": "hosts" }), Status::Success),
            started(3, json!({ "type": "playbook", "playbook": "/a/site.yml", "inventory": "test" }), Status::Success),
            started(4, json!({ "type": "playbook", "playbook": "/a/site.yml" }), Status::Success),
            started(5, json!({ "type": "adhoc", "module": "ping", "inventory": "hosts" }), Status::Success),
            started(9, site(), Status::Success),
        ];
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let all: Vec<Changes> = rows.iter().cloned().map(only).collect();
        store.commit(&all).await.unwrap();
        let than = started(6, site(), Status::Failed);
        let found = async |status, page| -> Vec<usize> {
            let rows = store.earlier_like(&than, status, page).await.unwrap();
            let place = |id| ids.iter().position(|known| *known == id).unwrap();
            rows.iter().map(|(_, row)| place(row.id)).collect()
        };
        assert_eq!(found(None, (10, 0)).await, [2, 1, 0]);
        assert_eq!(found(Some(Status::Success), (10, 0)).await, [2, 0]);
        assert_eq!(found(None, (1, 1)).await, [1]);
        let adhoc = started(6, json!({ "type": "adhoc", "module": "ping", "inventory": "x/hosts" }), Status::Failed);
        let rows = store.earlier_like(&adhoc, None, (10, 0)).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].1.id, ids[5]);
    }
}
