//! Schedules on each database: changes and decisions are made once, in the commit of the run that they start.

use playback::model::{
    Changes, ExecutionRow, MissedTimes, OpenRun, Overlap, Pause, Phase, ScheduleOutcome,
    ScheduleRow, ScheduleSettings, ScheduleTick, ScheduledRun, Status,
};
use playback::store::copy::{CopyError, copy};
use playback::store::{StoreError, TICKS};
use serde_json::json;
use uuid::Uuid;

use super::on_every_store;
use super::rows::{execution, only};
use crate::builders::{TEN, audited};

fn schedule(name: &str) -> ScheduleRow {
    let run = json!({
        "playbook": "site.yml", "extra_vars": { "a": [1, "ü"] }, "become": true,
        "secrets": { "extra_vars": { "b": "word" } },
    });
    ScheduleRow {
        id: Uuid::now_v7(),
        name: name.to_owned(),
        settings: ScheduleSettings {
            cron: "30 3 * * *".to_owned(),
            zone: "Europe/Berlin".to_owned(),
            overlap: Overlap::Queue,
            missed: MissedTimes::RunOnce,
            jitter_seconds: 60,
            run: serde_json::from_value(run).unwrap(),
            description: Some("every night".to_owned()),
        },
        owner: "token:ann".to_owned(),
        token: Some([7; 32]),
        created_us: TEN,
        changed_us: TEN + 1,
        paused: None,
        decided_us: TEN,
        revision: 1,
        last: None,
        last_run: None,
    }
}

fn tick(row: &ScheduleRow, time_us: i64, outcome: ScheduleOutcome) -> ScheduleTick {
    ScheduleTick {
        schedule: row.id,
        revision: row.revision,
        time_us,
        until_us: time_us,
        decided_us: time_us + 5,
        outcome,
        detail: Some("because".to_owned()),
        passed_over: 2,
        execution: None,
    }
}

/// A run of a schedule, queued with the decision to start it.
fn started(row: &ScheduleRow, time_us: i64) -> Changes {
    let run = ExecutionRow {
        phase: Phase::Queued,
        started_us: time_us,
        ..execution(json!({ "type": "playbook", "playbook": "site.yml", "schedule": row.name }))
    };
    let tick = ScheduleTick {
        execution: Some(run.id),
        ..tick(row, time_us, ScheduleOutcome::Started)
    };
    Changes {
        tick: Some(Box::new(tick)),
        ..only(run)
    }
}

on_every_store! {
    async fn a_schedule_reads_back_and_is_changed_at_its_revision_alone(store: Store) {
        let row = schedule("nightly");
        store.create_schedule(&row, Some(&audited())).await.unwrap();
        assert_eq!(store.schedule("nightly").await.unwrap(), Some(row.clone()));
        assert_eq!(store.schedule("Nightly").await.unwrap(), None);
        let again = store.create_schedule(&schedule("nightly"), Some(&audited())).await;
        assert!(matches!(again, Err(StoreError::ScheduleExists { .. })), "{again:?}");
        let other = ScheduleRow { token: None, ..schedule("after") };
        store.create_schedule(&other, None).await.unwrap();
        assert_eq!(store.schedules().await.unwrap(), [other.clone(), row.clone()]);
        let paused = ScheduleRow {
            settings: ScheduleSettings { run: ScheduledRun::default(), description: None, ..row.settings.clone() },
            owner: "token:bob".to_owned(),
            token: None,
            paused: Some(Pause { paused_us: TEN + 7, by: "token:bob".to_owned(), note: Some("why".to_owned()) }),
            decided_us: TEN + 9,
            ..row.clone()
        };
        assert!(store.change_schedule(&paused, &audited()).await.unwrap());
        assert!(!store.change_schedule(&paused, &audited()).await.unwrap());
        let expected = ScheduleRow { revision: 2, ..paused };
        assert_eq!(store.schedule("nightly").await.unwrap(), Some(expected));
        assert!(store.decide_schedule(row.id, 2, TEN + 11).await.unwrap());
        assert!(!store.decide_schedule(row.id, 2, TEN + 12).await.unwrap());
        assert!(store.delete_schedule(row.id, &audited()).await.unwrap());
        assert!(!store.delete_schedule(row.id, &audited()).await.unwrap());
        // What changed nothing is not entered.
        assert_eq!(store.audit_head().await.unwrap().0, 3);
    }

    async fn a_decision_is_stored_with_its_run_or_not_at_all(store: Store) {
        let row = schedule("nightly");
        store.create_schedule(&row, None).await.unwrap();
        let first = started(&row, TEN + 10);
        let run = first.execution.as_ref().unwrap().id;
        let bystander = only(execution(json!({})));
        store.commit(&[first, bystander]).await.unwrap();
        let now = store.schedule("nightly").await.unwrap().unwrap();
        assert_eq!((now.revision, now.decided_us), (2, TEN + 10));
        let last = now.last_run.unwrap();
        assert_eq!((last.execution, last.status), (run, Some(Status::Running)));
        let open = [OpenRun { execution: run, is_queued: true }];
        assert_eq!(store.open_runs_of("nightly").await.unwrap(), open);
        assert!(store.is_running(run).await.unwrap());
        assert!(store.has_run_at(row.id, TEN + 10).await.unwrap());
        assert!(!store.has_run_at(row.id, TEN + 11).await.unwrap());
        // Whoever decides on an older revision is too late, and its run is not there either.
        let late = started(&row, TEN + 20);
        let id = late.execution.as_ref().unwrap().id;
        let done = store.commit(&[only(execution(json!({}))), late]).await;
        assert!(matches!(&done, Err(StoreError::Overtaken(which)) if which == &[1]), "{done:?}");
        assert!(store.execution(id).await.unwrap().is_none());
        let entered = async || store.audit_head().await.unwrap().0;
        let before = entered().await;
        let missed = |row| tick(row, TEN + 20, ScheduleOutcome::Missed);
        assert!(!store.note_tick(&missed(&row), Some(&audited())).await.unwrap());
        assert_eq!(entered().await, before, "nothing was decided");
        assert!(store.note_tick(&missed(&now), Some(&audited())).await.unwrap());
        assert_eq!(entered().await, before + 1);
        let ticks = store.ticks(row.id).await.unwrap();
        let told: Vec<_> = ticks.iter().map(|tick| (tick.time_us, tick.outcome, tick.passed_over)).collect();
        assert_eq!(told, [(TEN + 20, ScheduleOutcome::Missed, 2), (TEN + 10, ScheduleOutcome::Started, 2)]);
        let now = store.schedule("nightly").await.unwrap().unwrap();
        assert_eq!(now.last.as_ref(), ticks.first());
        // The run that was started last is still known.
        assert_eq!(now.last_run.unwrap().execution, run);
    }

    async fn a_run_by_hand_decides_about_no_time(store: Store) {
        let row = schedule("nightly");
        store.create_schedule(&row, None).await.unwrap();
        let mut asked = started(&row, TEN + 10);
        let run = asked.execution.as_ref().unwrap().id;
        let tick = asked.tick.as_mut().unwrap();
        tick.until_us = row.decided_us;
        tick.outcome = ScheduleOutcome::StartedByHand;
        asked.audit = vec![audited(), audited()];
        let entered = async || store.audit_head().await.unwrap().0;
        let before = entered().await;
        store.commit(&[asked]).await.unwrap();
        assert_eq!(entered().await, before + 2);
        let now = store.schedule("nightly").await.unwrap().unwrap();
        assert_eq!((now.revision, now.decided_us), (2, row.decided_us));
        assert_eq!(now.last_run.unwrap().execution, run);
        let last = now.last.unwrap();
        assert_eq!((last.time_us, last.outcome), (TEN + 10, ScheduleOutcome::StartedByHand));
    }

    async fn the_last_decisions_are_kept(store: Store) {
        let row = schedule("often");
        store.create_schedule(&row, None).await.unwrap();
        for number in 0..i64::from(TICKS) + 5 {
            let now = ScheduleRow { revision: row.revision + number, ..row.clone() };
            assert!(store.note_tick(&tick(&now, TEN + number, ScheduleOutcome::StillRunning), None).await.unwrap());
        }
        let ticks = store.ticks(row.id).await.unwrap();
        assert_eq!(ticks.len(), TICKS as usize);
        assert_eq!(ticks.last().unwrap().time_us, TEN + 5);
        store.delete_schedule(row.id, &audited()).await.unwrap();
        assert!(store.ticks(row.id).await.unwrap().is_empty());
    }

    async fn a_copy_has_the_schedules(store: Store) {
        let row = schedule("nightly");
        store.create_schedule(&row, None).await.unwrap();
        store.commit(&[started(&row, TEN + 10)]).await.unwrap();
        let (_folder, to) = super::super::open(playback::store::dialect::Engine::Sqlite).await;
        for _ in 0..2 {
            copy(&store, &to, |_| {}).await.unwrap();
            assert_eq!(to.schedules().await.unwrap(), store.schedules().await.unwrap());
            assert_eq!(to.ticks(row.id).await.unwrap(), store.ticks(row.id).await.unwrap());
        }
        let one = store.schedule("nightly").await.unwrap().unwrap();
        store.delete_schedule(one.id, &audited()).await.unwrap();
        store.create_schedule(&schedule("nightly"), None).await.unwrap();
        let done = copy(&store, &to, |_| {}).await.map(|_| ());
        assert!(matches!(done, Err(CopyError::OtherSchedule(_))), "{done:?}");
        to.close().await;
    }
}
