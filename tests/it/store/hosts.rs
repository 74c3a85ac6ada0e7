//! Hosts over all executions, and the reports of their facts.

use playback::model::{Changes, Cursor, ExecutionRow, ResultFlags, ResultRow, Status};
use playback::store::{COUNTED_RUNS, HostInRun, HostRuns, NamesFrom, StartedIn};
use playback_wire::{HostStats, ResultStatus};

use super::on_every_store;
use super::rows::{any_execution, facts, host, only, result, task};
use crate::builders::{TEN, audited};

/// An execution that began so many seconds after [`TEN`], with these hosts; those whose name begins with `c` were changed.
fn run(seconds: i64, names: &[&str]) -> Changes {
    let row = ExecutionRow {
        started_us: TEN + seconds * 1_000_000,
        base_us: TEN + seconds * 1_000_000,
        status: Status::Success,
        changed: names.iter().any(|name| name.starts_with('c')),
        ..any_execution()
    };
    let mut hosts: Vec<_> = (1..)
        .zip(names)
        .map(|(number, name)| host(number, name, 1))
        .collect();
    for host in &mut hosts {
        host.stats = HostStats {
            ok: 1,
            changed: u64::from(host.name.starts_with('c')),
            ..HostStats::default()
        };
    }
    Changes { hosts, ..only(row) }
}

/// Names and start times, in seconds after [`TEN`].
fn told(found: &[HostInRun]) -> Vec<(&str, i64)> {
    let told = found.iter();
    told.map(|run| (run.name.as_str(), (run.run.started_us - TEN) / 1_000_000))
        .collect()
}

fn changed(seq: u64, status: ResultStatus, flags: u8) -> ResultRow {
    ResultRow {
        flags: ResultFlags(ResultFlags::CHANGED | flags),
        ..result(seq, 7, 1, status)
    }
}

on_every_store! {
    async fn names_of_hosts_are_listed_once_in_the_order_of_their_bytes(store: Store) {
        assert_eq!(store.known_hosts(NamesFrom::Name(""), 10).await.unwrap(), [""; 0]);
        let long = "x".repeat(300);
        let all: Vec<Changes> = (0..20).map(|n| run(n, &["b", "a", "B", "é", "a ", &long])).collect();
        store.commit(&all).await.unwrap();
        let names = store.known_hosts(NamesFrom::Name(""), 500).await.unwrap();
        let cut = playback::filter::indexed(&long).into_owned();
        assert_eq!(names, ["B", "a", "a ", "b", cut.as_str(), "é"]);
        assert_eq!(store.known_hosts(NamesFrom::Name("a"), 2).await.unwrap(), ["a", "a "]);
        assert_eq!(store.known_hosts(NamesFrom::After("a"), 2).await.unwrap(), ["a ", "b"]);
        assert_eq!(store.known_hosts(NamesFrom::After("é"), 2).await.unwrap(), [""; 0]);
    }

    async fn runs_of_hosts_are_found_from_the_last_on(store: Store) {
        let all = [run(3, &["a", "c1"]), run(1, &["c1", "b"]), run(2, &["a", "b"])];
        let keys = store.commit(&all).await.unwrap();
        let names = ["a", "b", "c1", "none"];
        let mut last = store.latest_runs(&names, HostRuns::All).await.unwrap();
        last.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(told(&last), [("a", 3), ("b", 2), ("c1", 3)]);
        assert_eq!(last[1].number, 2);
        assert_eq!(last[2].stats, HostStats { ok: 1, changed: 1, ..HostStats::default() });
        let one = store.latest_runs(&names[..1], HostRuns::All).await.unwrap();
        assert_eq!(told(&one), [("a", 3)]);
        let change = store.latest_runs(&names, HostRuns::Changed).await.unwrap();
        assert_eq!(told(&change), [("c1", 3)]);
        assert_eq!(store.count_runs(&names).await.unwrap(), [2, 2, 2, 0]);
        let first = store.first_run("c1").await.unwrap().unwrap();
        assert_eq!((first.key, first.run.started_us), (keys[1], TEN + 1_000_000));
        let page = store.host_runs("c1", HostRuns::Changed, None, 1).await.unwrap();
        let next = store.host_runs("c1", HostRuns::Changed, Some(page[0].cursor()), 9).await.unwrap();
        assert_eq!((told(&page), told(&next)), (vec![("c1", 3)], vec![("c1", 1)]));

        // A check changes nothing, and a deleted run is none.
        let mut check = run(9, &["c1"]);
        check.execution.as_mut().unwrap().changed = false;
        store.commit(&[check]).await.unwrap();
        let change = store.host_runs("c1", HostRuns::Changed, None, 9).await.unwrap();
        assert_eq!(told(&change), [("c1", 3), ("c1", 1)]);
        store.delete_asked(keys[0], &audited()).await.unwrap();
        let change = store.host_runs("c1", HostRuns::Changed, None, 9).await.unwrap();
        assert_eq!(told(&change), [("c1", 1)]);
        while store.sweep_one(keys[0]).await.unwrap() {}
        assert_eq!(store.count_runs(&["a", "c1"]).await.unwrap(), [1, 2]);
    }

    async fn runs_that_changed_a_host_are_found_by_when_they_started(store: Store) {
        let mut all: Vec<Changes> = (1..=5).map(|n| run(n, &["c1"])).collect();
        all.push(run(3, &["c2"]));
        let keys = store.commit(&all).await.unwrap();
        let us = |seconds: i64| TEN + seconds * 1_000_000;
        let found = async |since: Option<i64>, until: Option<i64>, after: Option<Cursor>, limit: u32| -> Vec<i64> {
            let started = StartedIn { since_us: since.map(us), until_us: until.map(us) };
            let found = store.changed_runs("c1", started, after, limit).await.unwrap();
            found.iter().map(|run| (run.run.started_us - TEN) / 1_000_000).collect()
        };
        assert_eq!(found(None, None, None, 9).await, [5, 4, 3, 2, 1]);
        assert_eq!(found(Some(2), Some(4), None, 9).await, [4, 3, 2]);
        assert_eq!(found(Some(2), None, None, 2).await, [5, 4]);
        assert_eq!(found(None, Some(2), None, 9).await, [2, 1]);
        assert_eq!(found(Some(6), None, None, 9).await, [0; 0]);
        assert_eq!(found(Some(4), Some(2), None, 9).await, [0; 0]);
        // Later pages; a cursor that is not of this range leads to no run outside of it.
        let after = |n: usize| Some(Cursor { started_us: us(n as i64), key: keys[n - 1] });
        assert_eq!(found(Some(2), Some(4), after(4), 9).await, [3, 2]);
        assert_eq!(found(Some(2), Some(4), after(2), 9).await, [0; 0]);
        assert_eq!(found(Some(2), Some(4), after(5), 9).await, [4, 3, 2]);
        assert_eq!(found(Some(2), Some(4), after(1), 9).await, [0; 0]);
    }

    async fn no_more_runs_are_counted_than_are_told(store: Store) {
        let most = COUNTED_RUNS as i64 + 5;
        let runs: Vec<Changes> = (0..most).map(|n| run(n, &["a"])).collect();
        for runs in runs.chunks(2_000) {
            store.commit(runs).await.unwrap();
        }
        assert_eq!(store.count_runs(&["b", "a"]).await.unwrap(), [0, COUNTED_RUNS + 1]);
    }

    async fn changes_are_the_results_that_the_recap_counts(store: Store) {
        let (ok, failed, skipped) = (ResultStatus::Ok, ResultStatus::Failed, ResultStatus::Skipped);
        let results = vec![
            changed(2, ok, 0),
            changed(3, failed, 0),
            changed(4, failed, ResultFlags::IGNORED),
            changed(5, ok, ResultFlags::RETRACTED),
            changed(6, skipped, 0),
            changed(8, ok, ResultFlags::LOOP),
            ResultRow { host: 2, ..changed(9, ok, 0) },
            ResultRow { flags: ResultFlags(0), ..changed(10, ok, 0) },
        ];
        let changes = Changes { results, tasks: vec![task(7, "a"), task(8, "b")], ..run(0, &["c1", "c2"]) };
        let key = store.commit(&[changes]).await.unwrap()[0];
        assert_eq!(store.last_result(key).await.unwrap(), 10);
        let seqs = async |range: (u64, u64), limit: u32| -> Vec<u64> {
            let found = store.changes(key, 1, range, limit).await.unwrap();
            found.iter().map(|change| change.seq).collect()
        };
        assert_eq!(seqs((0, 11), 10).await, [8, 4, 2]);
        assert_eq!(seqs((0, 11), 1).await, [8]);
        assert_eq!(seqs((3, 8), 10).await, [4]);
        let found = store.changes(key, 1, (8, 9), 1).await.unwrap();
        assert!(found[0].flags.has(ResultFlags::LOOP));
        let tasks = store.tasks_numbered(key, &[8, 9]).await.unwrap();
        assert_eq!(tasks, [task(8, "b")]);
        assert_eq!(store.tasks_numbered(key, &[]).await.unwrap(), []);
        assert_eq!(store.last_result(key + 1).await.unwrap(), 0);
    }

    async fn reports_of_facts_are_found_by_host_and_time(store: Store) {
        let of = |seconds: i64, names: &[&str]| {
            let mut changes = run(seconds, names);
            let base_us = TEN + seconds * 1_000_000;
            changes.facts = (1..).zip(names).map(|(seq, name)| facts(seq, name, base_us, seconds)).collect();
            changes
        };
        let all = [of(20, &["a", "b"]), of(10, &["b", "a"]), of(30, &["a"])];
        let keys = store.commit(&all).await.unwrap();
        assert_eq!(store.facts(keys[0], 0, 10).await.unwrap(), all[0].facts);
        assert_eq!(store.facts(keys[0], 1, 10).await.unwrap(), all[0].facts[1..]);
        let until = async |host: &str, us: i64| -> Vec<i64> {
            let found = store.facts_until(host, us, 10).await.unwrap();
            found.iter().map(|report| (report.at_us - TEN) / 1_000).collect()
        };
        assert_eq!(until("a", i64::MAX).await, [30_001, 20_001, 10_002]);
        assert_eq!(until("a", TEN + 20_001_000).await, [20_001, 10_002]);
        assert_eq!(until("a", TEN).await, [0; 0]);
        let between = store.facts_between("b", (TEN + 10_001_000, i64::MAX), 10).await.unwrap();
        assert_eq!(between.len(), 1);
        let id = all[0].execution.as_ref().unwrap().id;
        assert_eq!((between[0].id, between[0].seq, between[0].digest), (id, 2, 20));
        assert_eq!((between[0].kind, between[0].is_removed), (20 % 3 - 1, false));

        // The correction of a clock, learned later, moves them.
        let mut moved = all[0].execution.clone().unwrap();
        moved.base_us += 60_000_000;
        moved.started_us += 60_000_000;
        store.commit(&[Changes { start_moved: true, ..only(*moved) }]).await.unwrap();
        assert_eq!(until("a", i64::MAX).await, [80_001, 30_001, 10_002]);

        // Rows that are made anew replace those before; a deleted run has none.
        let mut again = all[1].clone();
        again.facts.truncate(1);
        store.replace_projection(keys[1], &again).await.unwrap();
        assert_eq!(until("a", i64::MAX).await, [80_001, 30_001]);
        store.remove_payloads(&[keys[2]], TEN).await.unwrap();
        let found = store.facts_until("a", i64::MAX, 10).await.unwrap();
        let removed: Vec<bool> = found.iter().map(|report| report.is_removed).collect();
        assert_eq!(removed, [false, true]);
        store.delete_asked(keys[2], &audited()).await.unwrap();
        assert_eq!(until("a", i64::MAX).await, [80_001]);
        while store.sweep_one(keys[2]).await.unwrap() {}
        assert_eq!(store.facts(keys[2], 0, 10).await.unwrap(), []);
    }
}
