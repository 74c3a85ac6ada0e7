//! Searches for part of a text on each database, compared with looking at every run, for days with and without a
//! current index.

use playback::filter::query::{parse_query, time_at};
use playback::model::{Cursor, DAY_US, ExecutionFilter, ExecutionRow, Page, Status, day_of};
use playback::store::dialect::Engine;
use playback::store::{Store, explained};
use serde_json::json;
use sqlx::{Connection as _, Executor as _};
use uuid::Uuid;

use super::rows::{execution, only};
use super::{empty, on_every_store};
use crate::builders::TEN;

const DAYS: i64 = 40;

/// A few runs a day: a word that all have, one of each day, one of every seventh day; the last of a day goes on.
fn history() -> Vec<ExecutionRow> {
    let runs = (0..DAYS).flat_map(|day| (0..4).map(move |number| (day, number)));
    runs.map(|(day, number)| {
        let seventh = if day % 7 == 0 { "Sünday" } else { "" };
        let note = format!("common day-{day} {seventh}");
        let started_us = TEN + day * DAY_US + number * 1_000_000;
        let over = number < 3 || day % 3 > 0;
        ExecutionRow {
            started_us,
            status: match (over, number) {
                (false, _) => Status::Running,
                (true, 1) => Status::Failed,
                (true, _) => Status::Success,
            },
            ended_us: over.then_some(started_us + 1 + number),
            ..execution(json!({ "type": "playbook", "playbook": "site.yml", "note": note }))
        }
    })
    .collect()
}

async fn roll_up(store: &Store, last_day: i64) {
    for day in store.days_to_roll(last_day).await.unwrap() {
        assert!(store.roll_day(day).await.unwrap());
    }
}

/// Everything that a search finds, in pages of three.
async fn paged(store: &Store, filter: &ExecutionFilter, ascending: bool) -> Vec<Uuid> {
    pages_of(store, filter, (3, ascending)).await
}

/// Everything that a list has, in pages.
async fn pages_of(
    store: &Store,
    filter: &ExecutionFilter,
    (limit, ascending): (u32, bool),
) -> Vec<Uuid> {
    let mut page = Page {
        limit,
        offset: 0,
        after: None,
        ascending,
    };
    let mut found = Vec::new();
    loop {
        let rows = store.executions(filter, &page).await.unwrap();
        let Some((key, last)) = rows.last() else {
            return found;
        };
        page.after = Some(Cursor {
            started_us: last.started_us,
            key: *key,
        });
        found.extend(rows.iter().map(|(_, row)| row.id));
    }
}

async fn assert_finds_what_is_there(store: &Store, history: &[ExecutionRow]) {
    let any = ExecutionFilter::default;
    let within = ExecutionFilter {
        from_us: Some(TEN + 5 * DAY_US + 1_000_000),
        to_us: Some(TEN + 30 * DAY_US),
        ..any()
    };
    let standing = |status| ExecutionFilter {
        status: Some(status),
        ..any()
    };
    let long = ExecutionFilter {
        min_duration_us: Some(2),
        ..any()
    };
    let filters = [
        any(),
        within,
        long,
        standing(Status::Running),
        standing(Status::Failed),
    ];
    let words = [
        "common",
        "DAY-7",
        "day-3 ",
        "sünday",
        "SÜN",
        "not there",
        "y-39 ",
        "a",
        "site",
        "on_y%",
    ];
    for filter in filters {
        for word in words {
            let q = word.to_lowercase();
            let fits = |row: &&ExecutionRow| {
                let note = row.description.note.as_ref().unwrap().to_lowercase();
                let took_us = row.ended_us.map(|ended_us| ended_us - row.started_us);
                (note.contains(&q) || "site.yml".contains(&q))
                    && filter.status.is_none_or(|status| row.status == status)
                    && filter.from_us.is_none_or(|us| row.started_us >= us)
                    && filter.to_us.is_none_or(|us| row.started_us <= us)
                    && filter
                        .min_duration_us
                        .is_none_or(|us| took_us.is_some_and(|took| took >= us))
            };
            let mut expected: Vec<Uuid> = history.iter().filter(fits).map(|row| row.id).collect();
            let asked = ExecutionFilter {
                text: Some(word.to_owned()),
                ..filter.clone()
            };
            assert_eq!(paged(store, &asked, true).await, expected, "{asked:?}");
            expected.reverse();
            assert_eq!(paged(store, &asked, false).await, expected, "{asked:?}");
            for offset in [2, 10_000] {
                let page = Page {
                    limit: 5,
                    offset,
                    after: None,
                    ascending: false,
                };
                let found = store.executions(&asked, &page).await.unwrap();
                let found: Vec<Uuid> = found.iter().map(|(_, row)| row.id).collect();
                let rest = expected.iter().copied().skip(offset as usize);
                assert_eq!(found, rest.take(5).collect::<Vec<_>>(), "{asked:?}");
            }
        }
    }
}

on_every_store! {
    async fn a_search_finds_the_same_however_days_stand(store: Store) {
        let mut history = history();
        let changes: Vec<_> = history.iter().cloned().map(only).collect();
        store.commit(&changes).await.unwrap();
        let first = day_of(TEN);
        assert_finds_what_is_there(&store, &history).await;
        roll_up(&store, first + DAYS / 2).await;
        assert_finds_what_is_there(&store, &history).await;
        roll_up(&store, i64::MAX).await;
        assert_finds_what_is_there(&store, &history).await;
        // One that went on ends, one says something else, and one is gone: none of their days is current.
        let ending = history.iter_mut().find(|row| row.status == Status::Running).unwrap();
        ending.status = Status::Success;
        ending.ended_us = Some(ending.started_us + 1);
        let changed = &mut history[41];
        changed.description.note = Some("common day-7 SÜNDAY".to_owned());
        store.commit(&[only(history[3].clone()), only(history[41].clone())]).await.unwrap();
        let (key, _) = store.execution(history[80].id).await.unwrap().unwrap();
        store.delete_execution(key).await.unwrap();
        history.remove(80);
        assert_finds_what_is_there(&store, &history).await;
        roll_up(&store, i64::MAX).await;
        assert_finds_what_is_there(&store, &history).await;
    }

    /// The price of a search: days that cannot hold it are not read.
    async fn days_that_cannot_hold_it_are_passed_over(store: Store) {
        let changes: Vec<_> = history().into_iter().map(only).collect();
        store.commit(&changes).await.unwrap();
        let page = Page { limit: 100, offset: 0, after: None, ascending: false };
        let lists = async |q: &str| {
            let filter = ExecutionFilter { text: Some(q.to_owned()), ..ExecutionFilter::default() };
            let (found, plans) = explained(store.executions(&filter, &page)).await;
            let lists = plans.iter().filter(|plan| plan.statement.contains("e.search LIKE"));
            (found.unwrap().len(), lists.count())
        };
        // Those that go on, and all days: 8 of them, 16, and the rest.
        assert_eq!(lists("not there").await, (0, 1 + 3));
        roll_up(&store, i64::MAX).await;
        assert_eq!(lists("not there").await, (0, 1));
        assert_eq!(lists("day-33 ").await, (4, 1 + 1));
        assert_eq!(lists("sünday").await, (24, 1 + 6));
        // As much as fills the page, and no more than that.
        assert_eq!(lists("common").await.0, 100);
    }

    /// Of several texts, only days that may hold one of them are read.
    async fn alternatives_are_looked_for_in_days_that_may_hold_one(store: Store) {
        let changes: Vec<_> = history().into_iter().map(only).collect();
        store.commit(&changes).await.unwrap();
        roll_up(&store, i64::MAX).await;
        let page = Page { limit: 100, offset: 0, after: None, ascending: false };
        for (query, found, days) in [
            ("\"not there\" OR day-33", 4, 1),
            ("text:nowhere,day-33,day-21", 8, 2),
            ("(status:failed day-33) OR \"day-21 s\"", 5, 2),
            ("NOT (day-33 OR common)", 0, 0),
        ] {
            let parsed = parse_query(query, &time_at(TEN)).unwrap().unwrap();
            let filter = ExecutionFilter::default().with_query(&parsed);
            let (rows, plans) = explained(store.executions(&filter, &page)).await;
            assert_eq!(rows.unwrap().len(), found, "{query}");
            let lists = plans.iter().filter(|plan| plan.statement.contains("e.started_us >="));
            assert_eq!(lists.count(), days, "{query}");
        }
    }

    /// A page is looked for among the nearest runs first, and then among all.
    async fn a_page_of_alternatives_is_the_same_among_many_runs(store: Store) {
        let history: Vec<ExecutionRow> = (0..5_300)
            .map(|number| {
                let user = if number % 200 == 7 { "ann" } else { "bob" };
                ExecutionRow {
                    started_us: TEN + number * 1_000_000,
                    status: if number % 50 == 0 { Status::Failed } else { Status::Success },
                    ..execution(json!({ "type": "playbook", "playbook": "site.yml", "user": user }))
                }
            })
            .collect();
        for rows in history.chunks(1_000) {
            let changes: Vec<_> = rows.iter().cloned().map(only).collect();
            store.commit(&changes).await.unwrap();
        }
        let is_asked = |row: &&ExecutionRow| {
            row.status == Status::Failed || row.description.user.as_deref() == Some("ann")
        };
        let parsed = parse_query("status:failed OR user:ann", &time_at(TEN)).unwrap().unwrap();
        let at = |number: i64| Some(TEN + number * 1_000_000);
        for (from_us, to_us) in [(None, None), (at(40), None), (None, at(5_100)), (at(2_000), at(2_600))] {
            let asked = ExecutionFilter { from_us, to_us, ..ExecutionFilter::default() };
            let asked = asked.with_query(&parsed);
            let within = |row: &&ExecutionRow| {
                from_us.is_none_or(|us| row.started_us >= us) && to_us.is_none_or(|us| row.started_us <= us)
            };
            let matching = history.iter().filter(is_asked).filter(within);
            let mut expected: Vec<Uuid> = matching.map(|row| row.id).collect();
            for ascending in [true, false] {
                for limit in [50, 130] {
                    assert_eq!(pages_of(&store, &asked, (limit, ascending)).await, expected, "{asked:?}");
                }
                expected.reverse();
            }
        }
    }
}

/// A program that knows nothing of these sets rolls a day up again, and leaves its set as it was.
#[tokio::test]
async fn what_shows_an_older_version_of_a_day_is_not_believed() {
    let (_folder, address) = empty(Engine::Sqlite);
    let store = Store::open(&address).await.unwrap();
    let mut row = history().swap_remove(0);
    store.commit(&[only(row.clone())]).await.unwrap();
    roll_up(&store, i64::MAX).await;
    row.description.note = Some("another word".to_owned());
    store.commit(&[only(row.clone())]).await.unwrap();
    let mut connection = sqlx::SqliteConnection::connect(&address).await.unwrap();
    connection
        .execute("UPDATE stat_days SET rolled = version")
        .await
        .unwrap();
    connection.close().await.unwrap();
    let another = ExecutionFilter {
        text: Some("another".to_owned()),
        ..ExecutionFilter::default()
    };
    assert_eq!(paged(&store, &another, false).await, [row.id]);
    store.close().await;
}
