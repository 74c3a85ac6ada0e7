//! Lists of executions on each database: which are found, in which order, page by page.

use playback::filter::IdDigits;
use playback::model::{
    By, Cursor, DurationCursor, DurationPage, ExecutionFilter, ExecutionKey, ExecutionRow, Page,
    Question, Reason, Status,
};
use playback::store::Store;
use playback_wire::ExecutionType;
use serde_json::json;
use uuid::Uuid;

use super::on_every_store;
use super::rows::{any_execution, execution, host, only};
use crate::builders::TEN;

async fn found(store: &Store, filter: &ExecutionFilter) -> Vec<Uuid> {
    let page = Page {
        limit: 1000,
        offset: 0,
        after: None,
        ascending: true,
    };
    let rows = store.executions(filter, &page).await.unwrap();
    rows.into_iter().map(|(_, row)| row.id).collect()
}

on_every_store! {
    async fn what_took_so_long_is_found_be_it_few_or_many(store: Store) {
        let runs: Vec<ExecutionRow> = (0..1_200)
            .map(|number| {
                let user = if number % 2 == 0 { "ann" } else { "bob" };
                ExecutionRow {
                    started_us: TEN + number,
                    ended_us: Some(TEN + 2_000),
                    status: Status::Success,
                    ..execution(json!({ "type": "adhoc", "user": user }))
                }
            })
            .collect();
        let changes: Vec<_> = runs.iter().cloned().map(only).collect();
        store.commit(&changes).await.unwrap();
        for least in [801, 1_000, 1_001, 1_999, 2_001] {
            for user in [None, Some("bob")] {
                let filter = ExecutionFilter {
                    min_duration_us: Some(least),
                    user: user.map(str::to_owned),
                    ..ExecutionFilter::default()
                };
                let so_long = runs.iter().enumerate().filter(|(number, row)| {
                    let took = row.ended_us.unwrap() - row.started_us;
                    took >= least && (user.is_none() || number % 2 == 1)
                });
                let expected: Vec<Uuid> = so_long.map(|(_, row)| row.id).take(1000).collect();
                assert_eq!(found(&store, &filter).await, expected, "{least} {user:?}");
            }
        }
    }

    async fn an_id_is_found_by_its_beginning_and_its_end_be_it_few_or_many(store: Store) {
        // These begin alike, and every hundredth of them ends alike.
        let id = |number: u128| Uuid::from_u128((0x0199_c2a4_u128 << 96) | (number << 40) | (number % 100));
        let runs: Vec<ExecutionRow> = (0..1_200)
            .map(|number| ExecutionRow {
                id: id(number as u128),
                started_us: TEN + number,
                ..any_execution()
            })
            .collect();
        let changes: Vec<_> = runs.iter().cloned().map(only).collect();
        store.commit(&changes).await.unwrap();
        for digits in [
            "0199", "0199c2a4", "0199c2a5", "0199C2A4-0000-0000-0000-01", "000000", "000007", "00000007", "0000000007",
            "07", "000063", "000064", "070000000007", "0199c2a40000000000000a000000000a",
        ] {
            let text = digits.replace('-', "").to_lowercase();
            let Ok(digits) = IdDigits::parse(digits) else {
                assert!(text.len() < 4, "{text}");
                continue;
            };
            let is_meant = |row: &&ExecutionRow| {
                let id = row.id.simple().to_string();
                id.starts_with(&text) || (text.len() >= 6 && id.ends_with(&text))
            };
            let expected: Vec<Uuid> = runs.iter().filter(is_meant).map(|row| row.id).take(1000).collect();
            let filter = ExecutionFilter { id: Some(digits), ..ExecutionFilter::default() };
            assert_eq!(found(&store, &filter).await, expected, "{digits}");
            // Beside another filter, too.
            let late = ExecutionFilter { from_us: Some(TEN + 600), ..filter };
            let is_late = |row: &&ExecutionRow| row.started_us >= TEN + 600;
            let of_these = runs.iter().filter(is_meant).filter(is_late);
            let expected: Vec<Uuid> = of_these.map(|row| row.id).collect();
            assert_eq!(found(&store, &late).await, expected, "{digits}, late");
        }
    }

    async fn every_filter_finds_what_it_names(store: Store) {
        let long = "very/long/".repeat(60) + "site.yml";
        let first = ExecutionRow {
            status: Status::Failed,
            reason: Some(Reason::Lost),
            ended_us: Some(TEN + 10),
            ..execution(json!({
                "type": "playbook", "playbook": long, "inventory": "prod/hosts", "user": "Ann",
                "controller": "ctl", "labels": ["night", "Ümlaut"], "note": "100% A_b! c:\\d É",
            }))
        };
        let second = ExecutionRow {
            started_us: TEN + 1,
            changed: true,
            ..execution(json!({ "type": "adhoc", "user": "ann", "module": "ping" }))
        };
        let mut with_host = only(first.clone());
        with_host.hosts = vec![host(1, "web-01", 1)];
        store.commit(&[with_host, only(second.clone())]).await.unwrap();
        let (first, second) = (first.id, second.id);
        let text = |text: &str| Some(text.to_owned());
        let any = ExecutionFilter::default;
        let cases = [
            (any(), vec![first, second]),
            (ExecutionFilter { status: Some(Status::Failed), ..any() }, vec![first]),
            (ExecutionFilter { r#type: Some(ExecutionType::Adhoc), ..any() }, vec![second]),
            (ExecutionFilter { playbook: text("site.yml"), ..any() }, vec![first]),
            (ExecutionFilter { playbook: text(&long), ..any() }, vec![first]),
            (ExecutionFilter { playbook: text(&format!("{long}x")), ..any() }, vec![]),
            (ExecutionFilter { inventory: text("hosts"), ..any() }, vec![first]),
            (ExecutionFilter { inventory: text("prod/hosts"), ..any() }, vec![first]),
            (ExecutionFilter { host: text("web-01"), ..any() }, vec![first]),
            (ExecutionFilter { host: text("WEB-01"), ..any() }, vec![]),
            (ExecutionFilter { user: text("ann"), ..any() }, vec![second]),
            (ExecutionFilter { user: text("ann "), ..any() }, vec![]),
            (ExecutionFilter { controller: text("ctl"), ..any() }, vec![first]),
            (ExecutionFilter { label: text("Ümlaut"), ..any() }, vec![first]),
            (ExecutionFilter { label: text("Umlaut"), ..any() }, vec![]),
            (ExecutionFilter { changed: Some(true), ..any() }, vec![second]),
            (ExecutionFilter { reason: Some(Reason::Lost), ..any() }, vec![first]),
            (ExecutionFilter { from_us: Some(TEN + 1), ..any() }, vec![second]),
            (ExecutionFilter { to_us: Some(TEN), ..any() }, vec![first]),
            (ExecutionFilter { min_duration_us: Some(10), ..any() }, vec![first]),
            (ExecutionFilter { min_duration_us: Some(11), ..any() }, vec![]),
            (ExecutionFilter { text: text("PING"), ..any() }, vec![second]),
            (ExecutionFilter { text: text("100% a_B!"), ..any() }, vec![first]),
            (ExecutionFilter { text: text("C:\\D é"), ..any() }, vec![first]),
            (ExecutionFilter { text: text("100_"), ..any() }, vec![]),
            (ExecutionFilter { text: text("%"), ..any() }, vec![first]),
            (ExecutionFilter { text: text("\\"), ..any() }, vec![first]),
            (ExecutionFilter { text: text("e"), user: text("nobody"), ..any() }, vec![]),
            (ExecutionFilter { text: text("a\0b"), ..any() }, vec![]),
            (ExecutionFilter { user: text("\0"), ..any() }, vec![]),
        ];
        for (filter, expected) in cases {
            assert_eq!(found(&store, &filter).await, expected, "{filter:?}");
        }
    }

    async fn pages_neither_repeat_nor_skip(store: Store) {
        // Several begin at the same moment: the identity then decides.
        let rows: Vec<ExecutionRow> = (0..30)
            .map(|n| ExecutionRow { started_us: TEN + n / 4, ..any_execution() })
            .collect();
        let changes: Vec<_> = rows.iter().cloned().map(only).collect();
        let keys = store.commit(&changes).await.unwrap();
        let mut expected: Vec<(i64, ExecutionKey)> =
            rows.iter().zip(keys).map(|(row, key)| (row.started_us, key)).collect();
        expected.sort();
        for ascending in [true, false] {
            let mut seen = Vec::new();
            let mut page = Page { limit: 7, offset: 0, after: None, ascending };
            loop {
                let part = store.executions(&ExecutionFilter::default(), &page).await.unwrap();
                let Some(last) = part.last() else { break };
                page.after = Some(Cursor::of(last));
                seen.extend(part.iter().map(|(key, row)| (row.started_us, *key)));
            }
            if !ascending {
                seen.reverse();
            }
            assert_eq!(seen, expected);
        }
        let page = Page { limit: 3, offset: 5, after: None, ascending: true };
        let part = store.executions(&ExecutionFilter::default(), &page).await.unwrap();
        let part: Vec<_> = part.iter().map(|(key, row)| (row.started_us, *key)).collect();
        assert_eq!(part, expected[5..8]);
        let beyond = Page { offset: u64::MAX, ..page };
        let part = store.executions(&ExecutionFilter::default(), &beyond).await.unwrap();
        assert!(part.is_empty());
    }

    async fn pages_by_duration_neither_repeat_nor_skip(store: Store) {
        // Several took as long: the identity then decides. Every seventh goes on.
        let rows: Vec<ExecutionRow> = (0..60)
            .map(|n| {
                let is_over = n % 7 != 0;
                let what = json!({
                    "type": "playbook", "user": if n % 2 == 0 { "ann" } else { "bob" },
                    "labels": if n % 3 == 0 { vec!["night"] } else { Vec::new() }, "note": "CHG-17",
                });
                ExecutionRow {
                    started_us: TEN + n,
                    status: if is_over { Status::Success } else { Status::Running },
                    ended_us: is_over.then_some(TEN + n + n * 37 % 10),
                    ..execution(what)
                }
            })
            .collect();
        let changes: Vec<_> = rows
            .iter()
            .map(|row| {
                let mut changes = only(row.clone());
                changes.hosts = vec![host(1, "web", 1)];
                changes
            })
            .collect();
        let keys = store.commit(&changes).await.unwrap();
        let any = ExecutionFilter::default;
        let text = |text: &str| Some(text.to_owned());
        let end = rows[5].id.simple().to_string()[26..].to_owned();
        for filter in [
            any(),
            ExecutionFilter { user: text("ann"), ..any() },
            ExecutionFilter { label: text("night"), from_us: Some(TEN + 9), ..any() },
            ExecutionFilter { host: text("web"), text: text("chg-17"), ..any() },
            ExecutionFilter { min_duration_us: Some(4), ..any() },
            ExecutionFilter { id: Some(IdDigits::parse(&end).unwrap()), ..any() },
            ExecutionFilter { status: Some(Status::Running), ..any() },
        ] {
            let mut expected: Vec<(i64, ExecutionKey)> = Vec::new();
            for id in found(&store, &filter).await {
                let at = rows.iter().position(|row| row.id == id).unwrap();
                expected.extend(rows[at].duration_us().map(|took| (took, keys[at])));
            }
            expected.sort_unstable();
            for ascending in [true, false] {
                let mut seen = Vec::new();
                let mut page = DurationPage { limit: 7, after: None, ascending };
                loop {
                    let part = store.executions_by_duration(&filter, &page).await.unwrap();
                    let Some(last) = part.last() else { break };
                    page.after = Some(DurationCursor::of(last));
                    seen.extend(part.iter().map(|(key, row)| (row.duration_us().unwrap(), *key)));
                }
                if !ascending {
                    seen.reverse();
                }
                assert_eq!(seen, expected, "{filter:?}");
            }
        }
    }

    async fn a_change_with_a_host_is_the_hosts_own(store: Store) {
        let changed = |what, changed, hosts: &[(&str, u64)]| {
            let row = ExecutionRow { changed, status: Status::Success, ..execution(what) };
            let mut changes = only(row);
            changes.hosts = (1..)
                .zip(hosts)
                .map(|(number, (name, changed))| {
                    let mut row = host(number, name, 5);
                    row.stats.changed = *changed;
                    row
                })
                .collect();
            changes
        };
        let plain = || json!({ "type": "playbook", "labels": ["a"], "note": "CHG-17" });
        let runs = [
            changed(plain(), true, &[("web", 2), ("db", 0)]),
            changed(plain(), true, &[("web", 0), ("db", 1)]),
            changed(plain(), false, &[("web", 0), ("db", 0)]),
            // In check mode hosts are counted as changed, and nothing was.
            changed(json!({ "type": "playbook", "check": true }), false, &[("web", 3), ("db", 3)]),
            changed(plain(), true, &[("db", 1)]),
        ];
        store.commit(&runs).await.unwrap();
        let ids: Vec<Uuid> = runs.iter().map(|run| run.execution.as_ref().unwrap().id).collect();
        let text = |text: &str| Some(text.to_owned());
        for (host, changed, expected) in [
            (Some("web"), Some(true), vec![0]),
            (Some("web"), Some(false), vec![1, 2, 3]),
            (Some("db"), Some(true), vec![1, 4]),
            (Some("db"), Some(false), vec![0, 2, 3]),
            (Some("web"), None, vec![0, 1, 2, 3]),
            (Some("WEB"), Some(true), vec![]),
            (None, Some(true), vec![0, 1, 4]),
            (None, Some(false), vec![2, 3]),
        ] {
            let filter = ExecutionFilter {
                host: host.map(str::to_owned),
                changed,
                ..ExecutionFilter::default()
            };
            let ids = |which: &[usize]| which.iter().map(|run| ids[*run]).collect::<Vec<_>>();
            assert_eq!(found(&store, &filter).await, ids(&expected), "{host:?} {changed:?}");
            // Beside other filters, too.
            let labeled: Vec<usize> = expected.iter().copied().filter(|run| *run != 3).collect();
            let both = ExecutionFilter { label: text("a"), text: text("chg-17"), ..filter.clone() };
            assert_eq!(found(&store, &both).await, ids(&labeled), "{host:?} {changed:?} labeled");
            // And statistics count what the list holds.
            let question = Question {
                from_us: TEN - 1,
                to_us: TEN + 1,
                interval_us: 3_600_000_000,
                filter,
                by: Some(By::Host),
                limit: 10,
                top: Question::TOP,
                host_percentiles: true,
                costing: None,
            };
            let answer = store.statistics(&question, None).await.unwrap();
            assert_eq!(answer.figures.total, expected.len() as u64, "{host:?} {changed:?}");
        }
    }
}
