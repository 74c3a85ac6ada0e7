//! Failed results: their errors, the runs of these, and the last success of their task.

use playback::model::{
    Changes, ExecutionRow, FailureRow, HostOutcomes, RareFields, ResultFlags, ResultRow,
};
use playback::store::{Store, TaskOnHost};
use playback_wire::{HostStats, ResultStatus};

use super::on_every_store;
use super::rows::{any_execution, host, only, result, task};
use crate::builders::{TEN, audited};

const HOUR: i64 = 3_600_000_000;

/// An execution that began so many hours after [`TEN`].
fn started(hours: i64) -> ExecutionRow {
    ExecutionRow {
        started_us: TEN + hours * HOUR,
        ..any_execution()
    }
}

fn ended(seq: u64, on: u32, status: ResultStatus, flags: u8, error: Option<i64>) -> ResultRow {
    ResultRow {
        flags: ResultFlags(flags),
        rare: RareFields::new(None::<String>, None::<String>, error),
        ..result(seq, 1, on, status)
    }
}

/// An execution with one task on one host, that ended like this.
fn run(hours: i64, status: ResultStatus, error: Option<i64>) -> Changes {
    Changes {
        hosts: vec![host(1, "web-01", 1)],
        tasks: vec![task(1, "unpack")],
        results: vec![ended(4, 1, status, 0, error)],
        ..only(started(hours))
    }
}

const UNPACK: TaskOnHost<'_> = TaskOnHost {
    host: "web-01",
    name: "unpack",
    role: "web",
    action: "debug",
    path: "",
    line: 0,
};

async fn runs(store: &Store, error: i64) -> u64 {
    let found = store.occurrences(error, TEN).await.unwrap();
    found.map_or(0, |found| found.runs)
}

on_every_store! {
    async fn failures_are_read_in_order_with_their_hosts(store: Store) {
        let (ok, failed, away) = (ResultStatus::Ok, ResultStatus::Failed, ResultStatus::Unreachable);
        let changes = Changes {
            hosts: vec![host(1, "web-01", 1), host(2, "web-02", 1)],
            results: vec![
                ended(4, 1, failed, 0, Some(i64::MIN)),
                ended(5, 2, away, ResultFlags::RETRACTED, Some(7)),
                ended(6, 2, ok, ResultFlags::RETRIED, None),
                ended(7, 3, failed, ResultFlags::IGNORED, None),
                ended(8, 2, away, 0, Some(9)),
            ],
            ..only(started(0))
        };
        let key = store.commit(&[changes]).await.unwrap()[0];
        let row = |seq, host, name: &str, status, flags, fingerprint| FailureRow {
            seq, task: 1, host, host_name: name.to_owned(), status, flags: ResultFlags(flags), fingerprint,
        };
        let all = [
            row(4, 1, "web-01", failed, 0, Some(i64::MIN)),
            row(7, 3, "", failed, ResultFlags::IGNORED, None),
            row(8, 2, "web-02", away, 0, Some(9)),
        ];
        // The repeated one does not count, and handled ones do not crowd out others.
        let counting = [all[0].clone(), all[2].clone()];
        assert_eq!(store.failures(key, false, 100).await.unwrap(), counting);
        assert_eq!(store.failures(key, false, 1).await.unwrap(), counting);
        assert_eq!(store.failures(key, true, 100).await.unwrap(), all[1..2]);
        assert_eq!(store.retried(key).await.unwrap(), [(1, 1)]);
        assert_eq!(store.fingerprints(key).await.unwrap(), [(i64::MIN, TEN), (9, TEN)]);
    }

    async fn hosts_are_counted_by_outcome(store: Store) {
        let mut hosts: Vec<_> = (1..=4).map(|number| host(number, &format!("h{number}"), 1)).collect();
        for (host, failed) in hosts.iter_mut().zip([0, 2, 0, 1]) {
            host.stats = HostStats { failed, rescued: u64::from(failed == 0), ..HostStats::default() };
        }
        let key = store.commit(&[Changes { hosts, ..only(started(0)) }]).await.unwrap()[0];
        let expected = HostOutcomes { total: 4, failed: 2, rescued: 2, ..HostOutcomes::default() };
        assert_eq!(store.count_hosts(key).await.unwrap(), expected);
        assert_eq!(store.count_hosts(key + 1).await.unwrap(), HostOutcomes::default());
    }

    async fn an_error_is_found_in_all_its_runs(store: Store) {
        let failed = ResultStatus::Failed;
        let all: Vec<Changes> = [3, 1, 2].map(|hours| run(hours, failed, Some(7))).into();
        let ids: Vec<_> = all.iter().map(|run| run.execution.as_ref().unwrap().id).collect();
        let keys = store.commit(&all).await.unwrap();
        store.commit(&[run(0, failed, Some(8))]).await.unwrap();
        let at = |place: usize, hours: i64| (ids[place], TEN + hours * HOUR);
        let found = store.occurrences(7, TEN + 3 * HOUR).await.unwrap().unwrap();
        assert_eq!((found.runs, found.first, found.last), (3, at(1, 1), at(0, 3)));
        assert_eq!(found.previous, Some(at(2, 2)));
        assert!(store.occurrences(9, TEN).await.unwrap().is_none());

        // A run that began earlier than was known.
        let mut moved = all[0].execution.clone().unwrap();
        moved.started_us = TEN;
        let moved = Changes { start_moved: true, ..only(*moved) };
        store.commit(&[moved]).await.unwrap();
        let found = store.occurrences(7, TEN + HOUR).await.unwrap().unwrap();
        assert_eq!((found.first, found.previous), (at(0, 0), Some(at(0, 0))));

        // A result that no longer counts, and a run that is deleted.
        let retracted = Changes { key: Some(keys[1]), retracted: vec![4], ..Changes::default() };
        store.commit(&[retracted]).await.unwrap();
        assert_eq!(runs(&store, 7).await, 2);
        let mut over = all[2].clone();
        let mut row = over.execution.take().unwrap();
        row.status = playback::model::Status::Failed;
        store.commit(&[only(*row)]).await.unwrap();
        store.delete_asked(keys[2], &audited()).await.unwrap();
        assert_eq!(runs(&store, 7).await, 1);
        assert_eq!(runs(&store, 8).await, 1);

        // Rows that are made anew replace those before.
        let mut again = run(0, failed, Some(9));
        again.execution.clone_from(&all[0].execution);
        store.replace_projection(keys[0], &again).await.unwrap();
        assert_eq!((runs(&store, 7).await, runs(&store, 9).await), (0, 1));
    }

    async fn the_last_success_is_looked_for_in_a_bounded_number_of_runs(store: Store) {
        let (ok, failed) = (ResultStatus::Ok, ResultStatus::Failed);
        let now = started(200);
        let nothing = store.last_success(&now, UNPACK).await.unwrap();
        assert_eq!((nothing.searched, nothing.found), (0, None));
        let old = run(0, ok, None);
        let id = old.execution.as_ref().unwrap().id;
        store.commit(&[old]).await.unwrap();
        for many in [61, 1] {
            let found = store.last_success(&now, UNPACK).await.unwrap();
            assert_eq!(found.found.map(|row| row.id), Some(id));
            let more: Vec<Changes> = (0..many).map(|_| run(100, failed, None)).collect();
            store.commit(&more).await.unwrap();
        }
        let too_old = store.last_success(&now, UNPACK).await.unwrap();
        assert_eq!((too_old.searched, too_old.found), (62, None));
        let newer = run(150, ok, None);
        let id = newer.execution.as_ref().unwrap().id;
        store.commit(&[newer, run(160, failed, None), run(300, ok, None)]).await.unwrap();
        let found = store.last_success(&now, UNPACK).await.unwrap();
        assert_eq!((found.searched, found.found.map(|row| row.id)), (2, Some(id)));
        for other in [
            TaskOnHost { host: "web-02", ..UNPACK },
            TaskOnHost { name: "pack", ..UNPACK },
            TaskOnHost { role: "", ..UNPACK },
            TaskOnHost { action: "copy", ..UNPACK },
        ] {
            assert_eq!(store.last_success(&now, other).await.unwrap().found, None);
        }
    }

    async fn the_last_success_is_found_behind_many_runs_of_the_host_and_of_the_playbook(store: Store) {
        let (ok, failed) = (ResultStatus::Ok, ResultStatus::Failed);
        let other = |run: &mut Changes| {
            let row = run.execution.as_mut().unwrap();
            row.description.playbook = Some("/srv/other.yml".to_owned());
        };
        let elsewhere = |run: &mut Changes| run.hosts = vec![host(1, "web-02", 1)];
        let many = |hours: i64, change: &dyn Fn(&mut Changes)| -> Vec<Changes> {
            let changed = |_| {
                let mut run = run(hours, failed, None);
                change(&mut run);
                run
            };
            (0..600).map(changed).collect()
        };
        let old = run(0, ok, None);
        let id = old.execution.as_ref().unwrap().id;
        store.commit(&[old, run(1, failed, None)]).await.unwrap();
        for newer in [many(2, &other), many(3, &elsewhere)] {
            store.commit(&newer).await.unwrap();
            let found = store.last_success(&started(200), UNPACK).await.unwrap();
            assert_eq!((found.searched, found.found.map(|row| row.id)), (2, Some(id)));
        }
    }
}
