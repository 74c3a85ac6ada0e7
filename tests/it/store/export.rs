//! Exports while the history changes: each run is exported once and as a whole, or the export fails.

use std::collections::HashMap;

use futures_util::StreamExt as _;
use playback::export::{Dataset, ExportError, Format, Request, Selection, begin};
use playback::model::{Changes, ExecutionFilter, ExecutionKey, ExecutionRow, Status};
use playback::store::{Deletion, HostCounts, RowFilter, Store};
use playback_wire::{HostStats, ResultStatus};
use serde_json::Value;
use uuid::Uuid;

use super::on_every_store;
use super::rows::{any_execution, host, only, result, task};
use crate::builders::{TEN, audited};

const SECOND: i64 = 1_000_000;

/// A run that is over and began so many seconds before [`TEN`].
fn over(seconds: i64) -> ExecutionRow {
    ExecutionRow {
        status: Status::Success,
        started_us: TEN - seconds * SECOND,
        ..any_execution()
    }
}

fn all(dataset: Dataset) -> Request {
    Request {
        costing: None,
        dataset,
        format: Format::Ndjson,
        selection: Selection::Matching {
            filter: ExecutionFilter::default(),
            ascending: false,
        },
        columns: None,
        rows: RowFilter::default(),
        stream: None,
    }
}

fn rows(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// How often each value of a column occurs.
fn counted(rows: &[Value], column: &str) -> HashMap<Uuid, usize> {
    let mut counts = HashMap::new();
    for row in rows {
        let id = row[column].as_str().unwrap().parse().unwrap();
        *counts.entry(id).or_default() += 1;
    }
    counts
}

async fn commit(store: &Store, changes: &[Changes]) -> Vec<ExecutionKey> {
    let mut keys = Vec::new();
    for changes in changes.chunks(500) {
        keys.extend(store.commit(changes).await.unwrap());
    }
    keys
}

async fn delete(store: &Store, key: ExecutionKey) {
    let deleted = store.delete_asked(key, &audited()).await.unwrap();
    assert_eq!(deleted, Deletion::Deleted(key));
}

on_every_store! {
    async fn runs_that_come_go_and_move_are_exported_once_or_not_at_all(store: Store) {
        // Pages have 1,000 runs.
        let changes: Vec<Changes> = (0..3_500)
            .map(|seconds| Changes { hosts: vec![host(1, "web", 1)], ..only(over(seconds)) })
            .collect();
        let ids: Vec<Uuid> = changes.iter().map(|run| run.execution.as_ref().unwrap().id).collect();
        let keys = commit(&store, &changes).await;
        let mut export = begin(&store, all(Dataset::Executions)).await.unwrap();
        let mut found = rows(&export.next().await.unwrap().unwrap());
        assert_eq!(found.len(), 1_000);
        // Some that were sent, and some that come last.
        for place in (0..5).chain(3_000..3_005) {
            delete(&store, keys[place]).await;
        }
        // One that was sent moves to the end, one comes at the beginning, and one at the end.
        let moved = ExecutionRow { started_us: TEN - 9_000 * SECOND, ..*changes[10].execution.clone().unwrap() };
        let (newest, oldest) = (over(-5), over(8_000));
        let (new, old) = (newest.id, oldest.id);
        store.commit(&[only(moved), only(newest), only(oldest)]).await.unwrap();
        while let Some(bytes) = export.next().await {
            found.extend(rows(&bytes.unwrap()));
        }
        let counts = counted(&found, "id");
        assert!(counts.values().all(|count| *count == 1), "{counts:?}");
        for (place, id) in ids.iter().enumerate() {
            assert_eq!(counts.contains_key(id), !(3_000..3_005).contains(&place), "{place}");
        }
        assert!(counts.contains_key(&old) && !counts.contains_key(&new));
        assert!(found.iter().all(|row| row["host_count"] == 1 || row["id"] == old.to_string()));
    }

    async fn the_rows_of_a_run_are_exported_all_or_none(store: Store) {
        // So many results are read at once as 5 of these runs have.
        let changes: Vec<Changes> = (0..40)
            .map(|seconds| Changes {
                hosts: vec![host(1, "web", 1), host(2, "db", 1)],
                tasks: vec![task(1, "install")],
                results: (1..=1_000).map(|seq| result(seq, 1, 1 + (seq % 2) as u32, ResultStatus::Ok)).collect(),
                ..only(ExecutionRow { results: 1_000, ..over(seconds) })
            })
            .collect();
        let keys = commit(&store, &changes).await;
        for dataset in [Dataset::Results, Dataset::Hosts] {
            let mut export = begin(&store, all(dataset)).await.unwrap();
            let mut found = rows(&export.next().await.unwrap().unwrap());
            let (gone, size) = match dataset {
                Dataset::Results => (&keys[20..30], 1_000),
                _ => (&keys[30..35], 2),
            };
            for key in gone {
                delete(&store, *key).await;
            }
            // What is left over of them is swept later.
            while let Some(bytes) = export.next().await {
                found.extend(rows(&bytes.unwrap()));
            }
            let counts = counted(&found, "execution_id");
            assert!(counts.values().all(|count| *count == size), "{counts:?}");
            // All hosts are in the first part.
            assert_eq!(counts.len(), 30, "{}", dataset.as_str());
        }
    }

    async fn a_large_run_that_is_deleted_midway_fails_the_export(store: Store) {
        let results = (1..=12_000).map(|seq| result(seq, 1, 1, ResultStatus::Ok)).collect();
        let large = Changes { results, ..only(ExecutionRow { results: 12_000, ..over(0) }) };
        let id = large.execution.as_ref().unwrap().id;
        let keys = commit(&store, &[large, only(over(5))]).await;
        let mut export = begin(&store, all(Dataset::Results)).await.unwrap();
        let mut count = 0;
        while let Some(bytes) = export.next().await {
            count += rows(&bytes.unwrap()).len();
        }
        assert_eq!(count, 12_000);
        let mut export = begin(&store, all(Dataset::Results)).await.unwrap();
        assert_eq!(rows(&export.next().await.unwrap().unwrap()).len(), 5_001);
        delete(&store, keys[0]).await;
        let mut failed = None;
        while let Some(next) = export.next().await {
            assert!(failed.is_none(), "nothing follows an error");
            failed = next.err();
        }
        let failed = failed.expect("the export fails");
        assert!(matches!(&failed, ExportError::Vanished(gone) if *gone == id), "{failed}");
    }

    async fn hosts_and_results_are_counted(store: Store) {
        let mut hosts = vec![host(1, "a", 1), host(2, "b", 1), host(3, "c", 1)];
        hosts[0].stats = HostStats { changed: 2, ..HostStats::default() };
        hosts[1].stats = HostStats { failed: 1, changed: 1, ..HostStats::default() };
        hosts[2].stats = HostStats { unreachable: 1, ..HostStats::default() };
        let results = vec![
            result(4, 1, 1, ResultStatus::Ok),
            result(6, 1, 2, ResultStatus::Ok),
            result(8, 2, 1, ResultStatus::Failed),
            result(9, 2, 2, ResultStatus::Ok),
        ];
        let run = Changes { hosts, results, ..only(over(0)) };
        let keys = store.commit(&[run, only(over(1))]).await.unwrap();
        let counts = store.host_counts(&[keys[0], keys[1], keys[1] + 1]).await.unwrap();
        let expected = HostCounts { total: 3, changed: 2, failed: 1, unreachable: 1 };
        assert_eq!(counts, HashMap::from([(keys[0], expected), (keys[1], HostCounts::default())]));
        assert_eq!(store.last_result(keys[0]).await.unwrap(), 9);
        assert_eq!(store.last_result(keys[1]).await.unwrap(), 0);
        let mut counts: Vec<_> = store
            .count_results(keys[0], 8)
            .await
            .unwrap()
            .into_iter()
            .map(|one| (one.task, one.status, one.flags.0, one.results))
            .collect();
        counts.sort_unstable_by_key(|one| one.0);
        let expected = [(1, ResultStatus::Ok, 1, 2), (2, ResultStatus::Failed, 1, 1)];
        assert_eq!(counts, expected);
        // Names that nothing knows are empty.
        let placed = store.results_of(&keys[..1], &RowFilter::default(), 4, 10).await.unwrap();
        let seqs: Vec<_> = placed.iter().map(|(_, one)| (one.entry.row.seq, one.play)).collect();
        assert_eq!(seqs, [(6, 0), (8, 0), (9, 0)]);
    }
}
