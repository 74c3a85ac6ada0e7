//! The runs of a series, on each database.

use playback::model::{Changes, ExecutionRow, FailuresInRow, Reason, series_key};
use playback::store::dialect::Engine;
use playback::store::{SeriesScope, Store};
use serde_json::{Value, json};

use super::rows::{ended, execution, only};
use super::{empty, on_every_store};
use crate::builders::TEN;
use crate::servers::sql;

fn site_yml(more: Value) -> Value {
    let mut json =
        json!({ "type": "playbook", "playbook": "site.yml", "cwd": "/srv/a", "limit": "web" });
    json.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json
}

/// A run that starts and ends so many seconds after [`TEN`].
fn run((from, to): (i64, i64), reason: Option<Reason>, more: Value) -> ExecutionRow {
    ExecutionRow {
        started_us: TEN + from * 1_000_000,
        ..ended(TEN + to * 1_000_000, site_yml(more), reason)
    }
}

fn scope(row: &ExecutionRow, folder: Option<&str>) -> SeriesScope {
    SeriesScope {
        series: series_key(&row.description),
        folder: folder.map(str::to_owned),
    }
}

async fn commit(store: &Store, rows: &[ExecutionRow]) -> Vec<i64> {
    let changes: Vec<Changes> = rows.iter().cloned().map(only).collect();
    store.commit(&changes).await.unwrap()
}

const FAILED: Option<Reason> = Some(Reason::TaskFailed);

on_every_store! {
    async fn the_runs_before_one_are_those_that_were_over_by_then(store: Store) {
        let none = || json!({});
        let rows = [
            run((0, 10), None, none()),
            // It began before the first one, and ended after it.
            run((-5, 20), FAILED, none()),
            run((30, 31), Some(Reason::Canceled), none()),
            run((30, 90), FAILED, none()),
            run((30, 40), FAILED, json!({ "cwd": "/srv/b" })),
            run((30, 41), FAILED, json!({ "limit": "db" })),
            run((30, 42), FAILED, json!({ "check": true })),
            execution(site_yml(none())),
            run((45, 50), FAILED, none()),
        ];
        let keys = commit(&store, &rows).await;
        let end = (TEN + 50_000_000, keys[8]);
        let before = async |folder: Option<&str>, limit| -> Vec<i64> {
            let found = store.runs_before(&scope(&rows[0], folder), end, limit).await.unwrap();
            found.into_iter().map(|run| run.key).collect()
        };
        assert_eq!(before(Some("/srv/a"), 9).await, [keys[0], keys[1]]);
        assert_eq!(before(Some("/srv/a"), 1).await, [keys[0]]);
        assert_eq!(before(Some("/srv/b"), 9).await, [keys[4]]);
        assert_eq!(before(None, 9).await, [keys[4], keys[0], keys[1]]);
        let anywhere = scope(&rows[0], None);
        assert!(store.has_run_after(&anywhere, end).await.unwrap());
        assert!(!store.has_run_after(&anywhere, (TEN + 90_000_000, keys[3])).await.unwrap());
        assert!(store.ran_in_folder("site.yml", "/srv/b", keys[0]).await.unwrap());
        assert!(!store.ran_in_folder("site.yml", "/srv/b", keys[4]).await.unwrap());
        let mut series = store.series_of("site.yml", 9).await.unwrap();
        series.sort_unstable();
        let mut expected: Vec<i64> =
            [0, 5, 6].iter().map(|at: &usize| series_key(&rows[*at].description)).collect();
        expected.sort_unstable();
        assert_eq!(series, expected);
        assert_eq!(store.series_of("site.yml", 2).await.unwrap().len(), 2);
        assert!(store.series_of("other.yml", 9).await.unwrap().is_empty());
        let starts = store.starts_of(&scope(&rows[0], Some("/srv/b")), 9).await.unwrap().unwrap();
        assert_eq!((starts.key, starts.id), (keys[4], rows[4].id));
        assert_eq!(starts.started_us, [TEN + 30_000_000]);
        assert_eq!(store.starts_of(&scope(&rows[0], Some("/none")), 9).await.unwrap(), None);
        assert_eq!(store.keys_of_series(series_key(&rows[5].description), 9).await.unwrap(), [keys[5]]);
    }

    async fn the_last_successes_of_a_series_are_found_in_any_folder(store: Store) {
        let rows = [
            run((0, 10), None, json!({})),
            run((20, 30), None, json!({ "cwd": "/srv/b" })),
            run((40, 50), FAILED, json!({})),
            run((50, 60), None, json!({ "limit": "db" })),
            execution(site_yml(json!({}))),
            run((60, 70), None, json!({})),
        ];
        let keys = commit(&store, &rows).await;
        let series = series_key(&rows[0].description);
        let by = async |seconds: i64, limit| -> Vec<i64> {
            let started_us = TEN + seconds * 1_000_000;
            let found = store.successes_of(series, started_us, limit).await.unwrap();
            found.into_iter().map(|run| run.key).collect()
        };
        assert_eq!(by(60, 9).await, [keys[5], keys[1], keys[0]]);
        assert_eq!(by(59, 9).await, [keys[1], keys[0]]);
        assert_eq!(by(59, 1).await, [keys[1]]);
    }

    async fn failures_in_a_row_are_counted_however_many_they_are(store: Store) {
        let mut rows = vec![run((0, 1), FAILED, json!({})), run((10, 11), None, json!({}))];
        rows.extend((0..300).map(|at| run((20 + at, 21 + at), FAILED, json!({}))));
        rows.push(run((400, 401), Some(Reason::Canceled), json!({})));
        let last = run((500, 501), FAILED, json!({}));
        commit(&store, &rows).await;
        let key = commit(&store, std::slice::from_ref(&last)).await[0];
        let scope = scope(&last, Some("/srv/a"));
        let failures = store.failures_before(&scope, (last.ended_us.unwrap(), key)).await.unwrap();
        let first = (rows[2].id, rows[2].started_us);
        assert_eq!(failures, Some(FailuresInRow { runs: 300, first }));
        let then = (rows[2].ended_us.unwrap(), 0);
        assert_eq!(store.failures_before(&scope, then).await.unwrap(), None);
        // Before there was any success.
        let then = (TEN + 5_000_000, 0);
        let first = (rows[0].id, rows[0].started_us);
        assert_eq!(store.failures_before(&scope, then).await.unwrap(), Some(FailuresInRow { runs: 1, first }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_an_earlier_version_get_their_series() {
    for engine in [Engine::Sqlite, Engine::Postgres, Engine::MySql] {
        let (_folder, address) = empty(engine);
        let store = Store::open(&address).await.unwrap();
        let rows: Vec<ExecutionRow> = (0..1100)
            .map(|at| {
                run(
                    (at, at + 1),
                    None,
                    json!({ "limit": format!("host-{}", at % 5) }),
                )
            })
            .collect();
        let keys = commit(&store, &rows).await;
        assert!(!store.has_runs_without_series().await.unwrap());
        sql(&address, "UPDATE executions SET series = NULL").await;
        assert!(store.has_runs_without_series().await.unwrap());
        assert!(
            store
                .keys_of_series(series_key(&rows[0].description), 9)
                .await
                .unwrap()
                .is_empty()
        );
        let mut steps = 0;
        while store.has_runs_without_series().await.unwrap() {
            assert!(store.fill_in_series().await.unwrap() <= 500);
            steps += 1;
        }
        assert_eq!(steps, 3, "{engine:?}");
        for (key, row) in keys.iter().zip(&rows).skip(1095) {
            let found = store
                .keys_of_series(series_key(&row.description), 1)
                .await
                .unwrap();
            assert_eq!(found, [*key], "{engine:?}");
        }
        store.close().await;
    }
}
