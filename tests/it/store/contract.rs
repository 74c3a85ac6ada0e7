//! Each method of the store, on each database.

use std::collections::BTreeMap;
use std::time::Duration;

use playback::model::{
    Action, Actor, AuditEntry, BlockRow, Changes, EventCount, ExecutionFilter, ExecutionRow,
    LaunchState, Page, Phase, Reason, ResultFilter, Status, TaskRow, TrimmedAudit, Via,
};
use playback::store::dialect::Engine;
use playback::store::{RewrittenBlock, StatusCounts, StoreError, StoredBlock, TokenRow};
use playback_wire::{Producer, ResultStatus, Usage};
use serde_json::json;
use uuid::Uuid;

use super::on_every_store;
use super::rows::{any_execution, block, execution, host, launch, only, play, result, task};
use crate::builders::{TEN, audited};

const ALL: Page = Page {
    limit: 1000,
    offset: 0,
    after: None,
    ascending: false,
};

/// An execution with every column set.
fn whole() -> ExecutionRow {
    let what = json!({
        "type": "adhoc", "playbook": "a/deploy.yml b/site.yml", "inventory": "hosts,prod/more",
        "user": "ann", "controller": "ctl", "labels": ["x", "y"], "note": "naïve 🦀 'quoted' \\ \"",
    });
    ExecutionRow {
        status: Status::Failed,
        phase: Phase::Finished,
        reason: Some(Reason::TaskFailed),
        ended_us: Some(TEN + 7_000_000),
        exit_code: Some(-2),
        signal: Some(15),
        changed: true,
        usage: Some(Usage {
            user_s: 1.5,
            system_s: 0.25,
            peak_bytes: 1 << 40,
        }),
        output_lines: 12,
        output_from: Producer::Supervisor,
        results: 3,
        events: EventCount {
            received: 8,
            expected: Some(10),
            complete: false,
            missing: Some("2 events of the recorder".to_owned()),
        },
        queued_us: Some(TEN - 5),
        canceled_by: Some("token:ann".to_owned()),
        ..execution(what)
    }
}

on_every_store! {
    async fn an_execution_reads_back_as_it_was_written(store: Store) {
        let row = whole();
        let keys = store.commit(&[only(row.clone())]).await.unwrap();
        let found = store.execution(row.id).await.unwrap().unwrap();
        assert_eq!(found, (keys[0], row.clone()));
        // Written again, the same and changed: it stays the same execution.
        assert_eq!(store.commit(&[only(row.clone())]).await.unwrap(), keys);
        let mut changed = any_execution();
        changed.id = row.id;
        assert_eq!(store.commit(&[only(changed.clone())]).await.unwrap(), keys);
        let found = store.execution(row.id).await.unwrap().unwrap();
        assert_eq!(found, (keys[0], changed));
        assert!(store.execution(Uuid::now_v7()).await.unwrap().is_none());
        store.ping().await.unwrap();
    }

    async fn executions_are_counted_by_status_and_found_while_they_run(store: Store) {
        let running = any_execution();
        let queued = ExecutionRow { phase: Phase::Queued, ..any_execution() };
        let failed = ExecutionRow { status: Status::Failed, ..any_execution() };
        let success = ExecutionRow { status: Status::Success, ..any_execution() };
        assert_eq!(store.status_counts().await.unwrap(), StatusCounts::default());
        let rows = [&running, &queued, &failed, &success].map(|row| only(row.clone()));
        let keys = store.commit(&rows).await.unwrap();
        assert_eq!(keys.len(), 4);
        let counts = StatusCounts { running: 2, success: 1, failed: 1 };
        assert_eq!(store.status_counts().await.unwrap(), counts);
        let mut found = store.running_executions().await.unwrap();
        found.sort();
        assert_eq!(found, [running.id, queued.id]);
        assert_eq!(store.queued_executions().await.unwrap(), [queued.id]);
    }

    async fn the_parts_of_an_execution_read_back_in_order(store: Store) {
        let row = any_execution();
        let changes = Changes {
            plays: vec![play(2, "second"), play(1, "first")],
            tasks: (1..=300).rev().map(|number| task(number, &format!("t{number}"))).collect(),
            hosts: (1..=300).rev().map(|number| host(number, &format!("h{number}"), 1)).collect(),
            results: vec![
                result(10, 1, 1, ResultStatus::Ok),
                result(11, 1, 2, ResultStatus::Failed),
                result(12, 2, 1, ResultStatus::Skipped),
                result(13, 2, 2, ResultStatus::Unreachable),
                result(14, 999, 999, ResultStatus::Ok),
            ],
            ..only(row.clone())
        };
        let other = Changes {
            results: vec![result(10, 1, 1, ResultStatus::Ok)],
            hosts: vec![host(1, "elsewhere", 2)],
            ..only(any_execution())
        };
        let keys = store.commit(&[changes.clone(), other]).await.unwrap();
        let key = keys[0];
        assert_eq!(store.plays(key).await.unwrap(), [play(1, "first"), play(2, "second")]);
        let tasks = store.tasks(key, 100, 150).await.unwrap();
        assert_eq!(tasks.len(), 150);
        assert_eq!(tasks[0], task(101, "t101"));
        let hosts = store.hosts(key, 298, 10).await.unwrap();
        assert_eq!(hosts, [host(299, "h299", 1), host(300, "h300", 1)]);
        assert_eq!(store.hosts(key, u32::MAX, u32::MAX).await.unwrap(), []);

        let seqs = async |filter: ResultFilter| -> Vec<u64> {
            let found = store.results(key, &filter).await.unwrap();
            found.iter().map(|entry| entry.row.seq).collect()
        };
        let all = ResultFilter { limit: 100, ..ResultFilter::default() };
        let found = store.results(key, &all).await.unwrap();
        assert_eq!(found[1].row, changes.results[1]);
        assert_eq!((found[1].host.as_str(), found[1].task.as_str()), ("h2", "t1"));
        assert_eq!((found[4].host.as_str(), found[4].action.as_str()), ("", "command"));
        assert_eq!(seqs(all.clone()).await, [10, 11, 12, 13, 14]);
        let page = ResultFilter { after_seq: 11, limit: 2, ..all.clone() };
        assert_eq!(seqs(page).await, [12, 13]);
        assert_eq!(seqs(ResultFilter { task: Some(2), ..all.clone() }).await, [12, 13]);
        let of_host = |host: &str| ResultFilter { host: Some(host.to_owned()), ..all.clone() };
        assert_eq!(seqs(of_host("h2")).await, [11, 13]);
        assert_eq!(seqs(of_host("H2")).await, [0; 0]);
        for (status, seq) in [(ResultStatus::Failed, 11), (ResultStatus::Unreachable, 13), (ResultStatus::Skipped, 12)] {
            assert_eq!(seqs(ResultFilter { status: Some(status), ..all.clone() }).await, [seq]);
        }
        assert_eq!(seqs(ResultFilter { changed: Some(true), ..all.clone() }).await, [10, 12, 14]);
        assert_eq!(seqs(ResultFilter { changed: Some(false), ..all.clone() }).await, [11, 13]);
        assert_eq!(seqs(ResultFilter { after_seq: u64::MAX, ..all }).await, [0; 0]);

        let stats = store.stats(&keys).await.unwrap();
        assert_eq!(stats[&key].len(), 300);
        let elsewhere = BTreeMap::from([("elsewhere".to_owned(), host(1, "", 2).stats)]);
        assert_eq!(stats[&keys[1]], elsewhere);
        assert!(store.stats(&[]).await.unwrap().is_empty());
    }

    async fn results_of_a_task_are_found_in_its_span_once_that_is_known(store: Store) {
        let mut row = any_execution();
        let spanning = |first_seq, last_seq| TaskRow { first_seq, last_seq, ..task(1, "t1") };
        let changes = Changes {
            tasks: vec![spanning(10, 10), task(2, "t2")],
            results: vec![
                result(10, 1, 1, ResultStatus::Ok),
                result(11, 2, 1, ResultStatus::Ok),
                result(12, 1, 2, ResultStatus::Failed),
                result(13, 2, 2, ResultStatus::Ok),
            ],
            ..only(row.clone())
        };
        let key = store.commit(&[changes]).await.unwrap()[0];
        let of = async |task, after_seq| -> Vec<u64> {
            let filter = ResultFilter { task: Some(task), after_seq, limit: 9, ..ResultFilter::default() };
            let found = store.results(key, &filter).await.unwrap();
            found.iter().map(|entry| entry.row.seq).collect()
        };
        // While a run goes on, its tasks trail behind its results.
        assert_eq!(of(1, 0).await, [10, 12]);
        row.status = Status::Success;
        let over = Changes { tasks: vec![spanning(10, 12)], ..only(row) };
        store.commit(&[over]).await.unwrap();
        assert_eq!(of(1, 0).await, [10, 12]);
        assert_eq!(of(1, 10).await, [12]);
        // Of one that was recorded before spans were, nothing is known; nor of one that there is not.
        assert_eq!(of(2, 0).await, [11, 13]);
        assert_eq!(of(3, 0).await, [0; 0]);
    }

    async fn rows_take_their_last_state_within_a_commit_and_between_two(store: Store) {
        let row = any_execution();
        let first = Changes {
            plays: vec![play(1, "a")],
            tasks: vec![task(1, "t")],
            hosts: vec![host(1, "h1", 1), host(2, "h2", 1)],
            ..only(row.clone())
        };
        let mut later = task(1, "t");
        later.ended_us += 1;
        later.counts.ok = 9;
        let mut idle = host(1, "h1", 5);
        idle.running_task = None;
        idle.running_since_us = None;
        let second = Changes {
            plays: vec![play(1, "b")],
            tasks: vec![later.clone()],
            hosts: vec![idle.clone()],
            ..only(row.clone())
        };
        let keys = store.commit(&[first, second]).await.unwrap();
        assert_eq!(keys[0], keys[1]);
        let key = keys[0];
        assert_eq!(store.plays(key).await.unwrap(), [play(1, "b")]);
        assert_eq!(store.tasks(key, 0, 10).await.unwrap(), [later]);
        assert_eq!(store.hosts(key, 0, 10).await.unwrap(), [idle, host(2, "h2", 1)]);

        let third = Changes {
            key: Some(key),
            replace_hosts: true,
            hosts: vec![host(1, "only", 3)],
            ..Changes::default()
        };
        assert_eq!(store.commit(&[third]).await.unwrap(), [key]);
        assert_eq!(store.hosts(key, 0, 10).await.unwrap(), [host(1, "only", 3)]);

        let anew = Changes {
            plays: vec![play(5, "five")],
            results: vec![result(1, 1, 1, ResultStatus::Ok)],
            ..only(row)
        };
        store.replace_projection(key, &anew).await.unwrap();
        assert_eq!(store.plays(key).await.unwrap(), [play(5, "five")]);
        assert_eq!(store.tasks(key, 0, 10).await.unwrap(), []);
        assert_eq!(store.hosts(key, 0, 10).await.unwrap(), []);
    }

    async fn blocks_are_found_by_sequence_and_by_line(store: Store) {
        let blocks: Vec<BlockRow> = (0..20).map(|n| block(1 + n * 10, n * 3)).collect();
        let supervisor = BlockRow { producer: Producer::Supervisor, ..block(1, 0) };
        let changes = Changes {
            blocks: blocks.iter().rev().cloned().chain([supervisor.clone()]).collect(),
            ..only(any_execution())
        };
        let key = store.commit(&[changes]).await.unwrap()[0];
        let from = async |seq, limit| -> Vec<BlockRow> {
            let found = store.blocks_from_seq(key, Producer::Recorder, seq, limit).await;
            found.unwrap().into_iter().map(|stored| stored.block).collect()
        };
        assert_eq!(from(0, 100).await, blocks);
        assert_eq!(from(1, 2).await, blocks[..2]);
        assert_eq!(from(15, 2).await, blocks[1..3]);
        assert_eq!(from(20, 1).await, blocks[1..2]);
        assert_eq!(from(201, 5).await, []);
        assert_eq!(from(u64::MAX, 5).await, []);
        let line = async |line, limit| -> Vec<BlockRow> {
            let found = store.blocks_from_line(key, Producer::Recorder, line, limit).await;
            found.unwrap().into_iter().map(|stored| stored.block).collect()
        };
        assert_eq!(line(0, 1).await, blocks[..1]);
        // Line 3 begins behind the newline that ends line 2: in the block before.
        assert_eq!(line(3, 2).await, blocks[..2]);
        assert_eq!(line(4, 2).await, blocks[1..3]);
        assert_eq!(line(u64::MAX, 9).await, blocks[19..]);
        let of_supervisor = store.blocks_from_seq(key, Producer::Supervisor, 1, 9).await.unwrap();
        assert_eq!(of_supervisor[0].block, supervisor);
        assert_eq!(of_supervisor.len(), 1);
        let whole = store.whole_logs(&[key, key + 1], 100).await.unwrap().unwrap();
        let whole: Vec<&BlockRow> = whole[&key].iter().map(|stored| &stored.block).collect();
        assert_eq!(whole, blocks.iter().chain([&supervisor]).collect::<Vec<_>>());
        assert!(store.whole_logs(&[key], 21).await.unwrap().is_none());
        let both = [(Producer::Recorder, 185), (Producer::Launcher, 1), (Producer::Supervisor, 1)];
        let found = store.blocks_from_seqs(key, &both, 9).await.unwrap();
        let found: Vec<BlockRow> = found.into_iter().map(|stored| stored.block).collect();
        assert_eq!(found[..2], blocks[18..]);
        assert_eq!(found[2..], [supervisor]);
        let found = store.blocks_from_seqs(key, &both, 1).await.unwrap();
        assert_eq!(found.len(), 2);
    }

    async fn blocks_are_merged_as_a_whole_or_not_at_all(store: Store) {
        let changes = Changes {
            blocks: vec![block(1, 0), block(11, 3), block(21, 6)],
            ..only(any_execution())
        };
        let key = store.commit(&[changes]).await.unwrap()[0];
        let read = async || store.blocks_from_seq(key, Producer::Recorder, 1, 9).await.unwrap();
        let before = read().await;
        let merged = BlockRow { last_seq: 20, lines: 6, data: vec![7; 100_000], ..block(1, 0) };
        store.merge_blocks(key, &before[..2], &merged).await.unwrap();
        let after: Vec<BlockRow> = read().await.into_iter().map(|stored| stored.block).collect();
        assert_eq!(after, [merged.clone(), block(21, 6)]);
        // Somebody else was faster: nothing happens.
        store.merge_blocks(key, &before, &merged).await.unwrap();
        let after: Vec<BlockRow> = read().await.into_iter().map(|stored| stored.block).collect();
        assert_eq!(after, [merged, block(21, 6)]);
    }

    async fn events_are_rewritten_as_a_whole_or_not_at_all(store: Store) {
        let row = any_execution();
        let changes = Changes { blocks: vec![block(1, 0), block(11, 3)], ..only(row.clone()) };
        let key = store.commit(&[changes]).await.unwrap()[0];
        let read = async || store.blocks_from_seq(key, Producer::Recorder, 1, 9).await.unwrap();
        let rewritten = |stored: &StoredBlock| RewrittenBlock {
            id: stored.id,
            before: stored.block.data.clone(),
            data: vec![9; 50],
            raw_bytes: 70,
            first_line: 40,
            lines: 2,
        };
        let before = read().await;
        let blocks: Vec<RewrittenBlock> = before.iter().map(rewritten).collect();
        let mut said = row;
        said.description.note = Some("***".into());
        assert!(store.rewrite(key, &blocks, &only(said.clone()), None, &audited()).await.unwrap());
        let after = read().await;
        for stored in &after {
            let block = &stored.block;
            assert_eq!((&block.data, block.first_line, block.lines), (&vec![9; 50], 40, 2));
        }
        assert_eq!(store.execution(said.id).await.unwrap().unwrap().1, said);
        // Somebody else was faster with the second block: nothing happens to the first.
        let mixed = [rewritten(&after[0]), rewritten(&before[1])];
        assert!(!store.rewrite(key, &mixed, &only(said), None, &audited()).await.unwrap());
        // What is deleted leaves the files of SQLite alone; a server's are its own.
        let erased = store.erase(Duration::from_secs(5)).await.unwrap();
        assert_eq!(erased, store.engine() == Engine::Sqlite);
    }

    async fn a_commit_is_whole_or_not_at_all(store: Store) {
        let good = any_execution();
        let twice = Changes { blocks: vec![block(1, 0), block(1, 0)], ..only(any_execution()) };
        let answer = store.commit(&[only(good.clone()), twice]).await;
        assert!(matches!(answer, Err(StoreError::Database(_))), "{answer:?}");
        assert!(store.execution(good.id).await.unwrap().is_none());
        // And the next one is none the worse for it.
        store.commit(&[only(good.clone())]).await.unwrap();
        assert!(store.execution(good.id).await.unwrap().is_some());
        let nothing = Changes::default();
        assert!(matches!(store.commit(&[nothing]).await, Err(StoreError::Damaged { .. })));
        assert_eq!(store.commit(&[]).await.unwrap(), [0; 0]);
    }

    async fn what_is_deleted_is_gone_and_its_key_with_it(store: Store) {
        let row = whole();
        let changes = Changes {
            plays: vec![play(1, "p")],
            tasks: vec![task(1, "t")],
            hosts: vec![host(1, "h", 1)],
            results: vec![result(1, 1, 1, ResultStatus::Ok)],
            blocks: vec![block(1, 0)],
            launch: Some(Box::new(launch(row.id, TEN))),
            ..only(row.clone())
        };
        let key = store.commit(std::slice::from_ref(&changes)).await.unwrap()[0];
        store.delete_execution(key).await.unwrap();
        assert!(store.execution(row.id).await.unwrap().is_none());
        assert!(store.launch(row.id).await.unwrap().is_none());
        assert_eq!(store.plays(key).await.unwrap(), []);
        assert_eq!(store.tasks(key, 0, 9).await.unwrap(), []);
        assert_eq!(store.hosts(key, 0, 9).await.unwrap(), []);
        assert!(store.blocks_from_seq(key, Producer::Recorder, 1, 9).await.unwrap().is_empty());
        let all = ResultFilter { limit: 9, ..ResultFilter::default() };
        assert!(store.results(key, &all).await.unwrap().is_empty());
        let labelled = ExecutionFilter { label: Some("x".to_owned()), ..ExecutionFilter::default() };
        assert!(store.executions(&labelled, &ALL).await.unwrap().is_empty());
        // The same run may come again, and is another row.
        let again = store.commit(&[changes]).await.unwrap()[0];
        assert!(again > key, "{again} {key}");
    }

    async fn launches_move_on_once_and_stand_in_their_order(store: Store) {
        let rows: Vec<ExecutionRow> = (0..3).map(|_| any_execution()).collect();
        let changes: Vec<Changes> = rows
            .iter()
            .zip([TEN + 2, TEN, TEN + 1])
            .map(|(row, queued_us)| Changes {
                launch: Some(Box::new(launch(row.id, queued_us))),
                ..only(row.clone())
            })
            .collect();
        store.commit(&changes).await.unwrap();
        let found = store.launches(LaunchState::Queued, None, 2).await.unwrap();
        assert_eq!(found, [launch(rows[1].id, TEN), launch(rows[2].id, TEN + 1)]);
        assert_eq!(store.queued_launches().await.unwrap(), 3);
        assert_eq!(store.launch(rows[0].id).await.unwrap(), Some(launch(rows[0].id, TEN + 2)));
        assert_eq!(store.launch(Uuid::now_v7()).await.unwrap(), None);
        let id = rows[1].id;
        let (queued, launched, ended) = (LaunchState::Queued, LaunchState::Launched, LaunchState::Ended);
        assert!(store.move_launch(id, queued, launched).await.unwrap());
        assert!(!store.move_launch(id, queued, launched).await.unwrap());
        assert_eq!(store.queued_launches().await.unwrap(), 2);
        assert_eq!(store.launches(launched, None, 9).await.unwrap().len(), 1);
        assert!(store.move_launch(id, launched, ended).await.unwrap());
        assert_eq!(store.launches(ended, None, 9).await.unwrap(), []);
        assert_eq!(store.launch(id).await.unwrap().unwrap().state, ended);
    }

    async fn tokens_are_made_found_used_and_revoked(store: Store) {
        let token = |name: &str, execution: Option<Uuid>| TokenRow {
            id: 0,
            name: name.to_owned(),
            scopes: "read ingest".to_owned(),
            created_us: TEN,
            expires_us: execution.map(|_| TEN + 1),
            used_us: None,
            execution,
        };
        let run = Uuid::now_v7();
        store.create_token(&token("b", None), &[1; 32], None).await.unwrap();
        store.create_token(&token("B", None), &[2; 32], None).await.unwrap();
        store.create_token(&token("a", None), &[3; 32], None).await.unwrap();
        store.create_token(&token("of a run", Some(run)), &[4; 32], None).await.unwrap();
        let taken = store.create_token(&token("a", None), &[5; 32], None).await;
        assert!(matches!(&taken, Err(StoreError::TokenExists { name }) if name == "a"), "{taken:?}");
        let names: Vec<String> =
            store.tokens().await.unwrap().into_iter().map(|row| row.name).collect();
        assert_eq!(names, ["B", "a", "b"]);
        let found = store.token_by_hash(&[4; 32]).await.unwrap().unwrap();
        assert_eq!(found, TokenRow { id: found.id, ..token("of a run", Some(run)) });
        assert!(store.token_by_hash(&[9; 32]).await.unwrap().is_none());
        store.touch_tokens(&[(found.id, TEN + 60)]).await.unwrap();
        let used = store.token_by_hash(&[4; 32]).await.unwrap().unwrap();
        assert_eq!(used.used_us, Some(TEN + 60));
        store.revoke_tokens_of(run).await.unwrap();
        assert!(store.token_by_hash(&[4; 32]).await.unwrap().is_none());
        assert!(store.revoke_token("b", |_| audited()).await.unwrap());
        assert!(!store.revoke_token("b", |_| audited()).await.unwrap());
        assert_eq!(store.tokens().await.unwrap().len(), 2);
    }

    async fn several_entries_are_appended_together(store: Store) {
        let actor = Actor::anonymous(Via::Open, None);
        let entries: Vec<AuditEntry> = (0..263)
            .map(|at_us| AuditEntry::new(at_us, actor.clone(), Action::View, "test"))
            .collect();
        store.audit(&entries[0]).await.unwrap();
        store.audit_all(&[]).await.unwrap();
        let (one, other) = tokio::join!(store.audit_all(&entries), store.audit_all(&entries));
        one.and(other).unwrap();
        let rows = store.audit_trail(0).await.unwrap();
        let numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers, (1..=527).collect::<Vec<_>>());
        // Those of one transaction stand together, in their order.
        let times: Vec<i64> = rows[1..].iter().map(|row| row.at_us).collect();
        let expected: Vec<i64> = (0..263).chain(0..263).collect();
        assert_eq!(times, expected);
        assert_eq!(store.check_audit().await.unwrap().faults, []);
    }

    async fn a_trail_whose_oldest_entries_were_removed_is_still_a_chain(store: Store) {
        let entry = |at_us: i64| {
            AuditEntry::new(at_us, Actor::anonymous(Via::Open, None), Action::Pin, "test")
        };
        let trim = async |before_us: i64| {
            let told = |told: TrimmedAudit| {
                let entry = AuditEntry::new(TEN, Actor::schedule(), Action::TrimAudit, "audit");
                entry.after(serde_json::to_value(told).unwrap())
            };
            store.trim_audit(before_us, told).await.unwrap()
        };
        assert_eq!(trim(i64::MAX).await, 0);
        for at_us in [10, 20, 5, 30, 40] {
            store.audit(&entry(at_us)).await.unwrap();
        }
        // The third is old, but stands behind one that is not.
        assert_eq!(trim(15).await, 1);
        assert_eq!(trim(15).await, 0);
        assert_eq!(trim(31).await, 3);
        let numbers = async || -> Vec<i64> {
            let rows = store.audit_trail(0).await.unwrap();
            rows.iter().map(|row| row.number).collect()
        };
        assert_eq!(numbers().await, [5, 6, 7]);
        let check = store.check_audit().await.unwrap();
        assert_eq!((check.faults.as_slice(), check.base().0, check.entries), (&[][..], 4, 3));
        store.audit(&entry(TEN)).await.unwrap();
        // However old they are, the last one stays.
        assert_eq!(trim(i64::MAX).await, 3);
        assert_eq!(numbers().await, [8, 9]);
        assert_eq!(store.check_audit().await.unwrap().faults, []);
        assert_eq!(store.last_audited_us().await.unwrap(), Some(TEN));
        // A copy begins where the trail does.
        let (_folder, to) = super::super::open(Engine::Sqlite).await;
        store.audit(&entry(TEN)).await.unwrap();
        for _ in 0..2 {
            playback::store::copy::copy(&store, &to, |_| {}).await.unwrap();
            assert_eq!(to.audit_trail(0).await.unwrap(), store.audit_trail(0).await.unwrap());
            assert_eq!(to.check_audit().await.unwrap().faults, []);
            trim(i64::MAX).await;
        }
        to.close().await;
    }

    async fn every_migration_is_applied_once(store: Store) {
        let migrations = store.migrations().await.unwrap();
        let known: Vec<(i64, &str)> = migrations
            .iter()
            .map(|migration| (migration.version, migration.name.as_str()))
            .collect();
        let names = ["history", "launches", "collectors", "statistics", "retention", "growth", "search", "failures", "spans"];
        let numbered: Vec<(i64, &str)> = (1..).zip(names).chain([(10, "run keys"), (11, "sessions"), (13, "arrival"), (14, "named results"), (16, "audit"), (17, "work"), (18, "fingerprints"), (19, "facts"), (20, "short ids"), (21, "search index"), (22, "groups"), (23, "tickets"), (24, "notifications"), (26, "schedules"), (27, "scheduled runs"), (28, "folders and traces"), (29, "reports"), (30, "period figures"), (31, "series")]).collect();
        assert_eq!(known, numbered);
        assert!(migrations.iter().all(|migration| migration.applied));
        store.migrate().await.unwrap();
        assert_eq!(store.migrations().await.unwrap(), migrations);
    }
}
