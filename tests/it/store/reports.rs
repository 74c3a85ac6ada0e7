//! Schedules of reports and the reports that were made, on each database.

use playback::model::{
    DeliveryState, NewReport, Precondition, ReportContent, ReportDelivery, ReportDestination,
    ReportFormat, ReportRow, ReportSchedule, ReportSettings, TargetSettings,
};
use playback::store::copy::copy;
use playback::store::dialect::Engine;
use playback::store::{NewTarget, Store, StoreError};
use uuid::Uuid;

use super::{empty, on_every_store, open};
use crate::builders::{TEN, audited};

const HOUR: i64 = 3_600_000_000;

fn schedule(name: &str) -> ReportSchedule {
    ReportSchedule {
        name: name.to_owned(),
        settings: ReportSettings {
            cron: "0 7 * * mon".to_owned(),
            zone: "Europe/Berlin".to_owned(),
            period: "week".to_owned(),
            query: Some("label:\"naïve 🦀\"".to_owned()),
            formats: vec![ReportFormat::Html, ReportFormat::Csv],
            destinations: vec![ReportDestination::Folder {
                name: "ops".to_owned(),
            }],
            paused: false,
        },
        changed_by: "token:ann".to_owned(),
        created_us: TEN,
        changed_us: TEN,
        decided_us: TEN,
    }
}

fn report(schedule: &ReportSchedule, due_us: i64) -> NewReport {
    let destinations = schedule.settings.destinations.iter().cloned();
    NewReport {
        targets: Vec::new(),
        row: ReportRow {
            id: Uuid::now_v7(),
            schedule: schedule.name.clone(),
            due_us,
            made_us: due_us + 5,
            from_us: due_us - HOUR,
            runs: Some(3),
            failed: Some(1),
            error: None,
            content: ReportContent::from(&schedule.settings),
            deliveries: destinations.map(ReportDelivery::pending).collect(),
            sent: Vec::new(),
        },
    }
}

/// Stores the reports of these hours after ten.
async fn store_all(store: &Store, schedule: &ReportSchedule, hours: &[i64]) -> Vec<NewReport> {
    let mut before_us = TEN;
    let mut stored = Vec::new();
    for hour in hours {
        let new = report(schedule, TEN + hour * HOUR);
        let is_stored = store
            .store_report(&new, schedule, before_us, &audited())
            .await
            .unwrap();
        assert!(is_stored);
        before_us = new.row.due_us;
        stored.push(new);
    }
    stored
}

fn ids(rows: &[ReportRow]) -> Vec<Uuid> {
    rows.iter().map(|row| row.id).collect()
}

on_every_store! {
    async fn a_schedule_of_reports_reads_back_as_it_was_written(store: Store) {
        let one = schedule("weekly");
        store.save_report_schedule(&one, |before| { assert!(before.is_none()); audited() }).await.unwrap();
        let (another, new, change) = (schedule("another"), Precondition::IsNew, Precondition::Exists);
        let refused = store.save_report_schedule_if(&another, change, |_| audited()).await;
        assert!(matches!(refused, Err(StoreError::ReportScheduleMissing { .. })));
        store.save_report_schedule_if(&another, new, |_| audited()).await.unwrap();
        let refused = store.save_report_schedule_if(&another, new, |_| audited()).await;
        assert!(matches!(refused, Err(StoreError::ReportScheduleExists { .. })));
        assert_eq!(store.report_schedule("weekly").await.unwrap(), Some(one.clone()));
        let mut changed = one.clone();
        changed.settings.paused = true;
        changed.settings.query = None;
        (changed.changed_us, changed.decided_us) = (TEN + 1, TEN + 1);
        let entry = |before: Option<&ReportSchedule>| { assert_eq!(before, Some(&one)); audited() };
        store.save_report_schedule_if(&changed, change, entry).await.unwrap();
        let all = store.report_schedules().await.unwrap();
        assert_eq!(all, [schedule("another"), changed.clone()]);
        assert!(store.delete_report_schedule("weekly", |before| { assert_eq!(*before, changed); audited() }).await.unwrap());
        assert!(!store.delete_report_schedule("weekly", |_| audited()).await.unwrap());
        assert_eq!(store.report_schedule("weekly").await.unwrap(), None);
        let (entries, _) = store.audit_head().await.unwrap();
        assert_eq!(entries, 4);
    }

    async fn a_report_is_stored_once(store: Store) {
        let weekly = schedule("weekly");
        store.save_report_schedule(&weekly, |_| audited()).await.unwrap();
        let made = store_all(&store, &weekly, &[1, 2, 3]).await;
        // A collector that was slower knows an earlier time, or an earlier schedule.
        let late = report(&weekly, TEN + 4 * HOUR);
        assert!(!store.store_report(&late, &weekly, TEN + 2 * HOUR, &audited()).await.unwrap());
        let mut before = weekly.clone();
        before.changed_us -= 1;
        assert!(!store.store_report(&late, &before, TEN + 3 * HOUR, &audited()).await.unwrap());
        // The clock was set back: a time comes again.
        assert!(store.decide_reports(&weekly, TEN + 3 * HOUR, TEN).await.unwrap());
        let again = report(&weekly, TEN + HOUR);
        assert!(store.store_report(&again, &weekly, TEN, &audited()).await.unwrap());
        let rows = store.reports(None, None, 10).await.unwrap();
        assert_eq!(ids(&rows), [2, 1, 0].map(|at: usize| made[at].row.id));
        assert_eq!(rows[2], made[0].row);
        let after = Some((rows[0].due_us, rows[0].id));
        assert_eq!(ids(&store.reports(Some("weekly"), after, 1).await.unwrap()), [made[1].row.id]);
        assert!(store.reports(Some("another"), None, 10).await.unwrap().is_empty());
        let id = made[0].row.id;
        assert_eq!(store.report(id).await.unwrap().as_ref(), Some(&made[0].row));
    }

    async fn a_report_for_a_target_is_in_the_log_of_what_targets_are_sent(store: Store) {
        let target = NewTarget {
            name: "ops".to_owned(),
            settings: serde_json::from_value::<TargetSettings>(serde_json::json!({ "kind": "slack" })).unwrap(),
            sealed: Vec::new(),
            address: "https://hooks.example".to_owned(),
            is_from_file: false,
            changed_us: TEN,
        };
        store.put_target(&target, |_| None).await.unwrap();
        let mut weekly = schedule("weekly");
        weekly.settings.destinations = Vec::new();
        store.save_report_schedule(&weekly, |_| audited()).await.unwrap();
        let mut new = report(&weekly, TEN + HOUR);
        new.targets = vec!["ops".to_owned(), "gone".to_owned()];
        assert!(store.store_report(&new, &weekly, TEN, &audited()).await.unwrap());
        let row = store.report(new.row.id).await.unwrap().unwrap();
        let to = |name: &str| ReportDestination::Target { name: name.to_owned() };
        assert_eq!((row.deliveries.len(), row.sent.len()), (1, 1), "{row:?}");
        assert_eq!((&row.deliveries[0].destination, row.deliveries[0].state), (&to("gone"), DeliveryState::Failed));
        assert_eq!((&row.sent[0].destination, row.sent[0].state), (&to("ops"), DeliveryState::Pending));
        // No file is to be written.
        assert!(store.pending_reports(10).await.unwrap().is_empty());
        let (listed, _) = store.delivery(row.sent[0].id.unwrap()).await.unwrap().unwrap();
        assert_eq!((listed.row.report, listed.target.as_str()), (Some(row.id), "ops"));
        let due = store.due_deliveries(listed.row.target, new.row.made_us, 10).await.unwrap();
        assert_eq!((due.len(), due[0].report), (1, Some(row.id)));
        assert_eq!(store.reports(None, None, 10).await.unwrap(), [row]);
    }

    async fn deliveries_are_pending_until_they_are_over(store: Store) {
        let weekly = schedule("weekly");
        store.save_report_schedule(&weekly, |_| audited()).await.unwrap();
        let made = store_all(&store, &weekly, &[1, 2]).await;
        let pending = store.pending_reports(10).await.unwrap();
        assert_eq!(ids(&pending), [made[0].row.id, made[1].row.id]);
        let mut deliveries = made[0].row.deliveries.clone();
        deliveries[0].state = DeliveryState::Delivered;
        store.set_report_deliveries(made[0].row.id, &deliveries).await.unwrap();
        assert_eq!(ids(&store.pending_reports(10).await.unwrap()), [made[1].row.id]);
        let row = store.report(made[0].row.id).await.unwrap().unwrap();
        assert_eq!(row.deliveries, deliveries);
    }

    async fn old_reports_are_deleted_and_so_are_too_many(store: Store) {
        for name in ["weekly", "daily"] {
            let one = schedule(name);
            store.save_report_schedule(&one, |_| audited()).await.unwrap();
            store_all(&store, &one, &[1, 2, 3, 4, 5]).await;
        }
        assert_eq!(store.prune_reports(TEN + 2 * HOUR, 3).await.unwrap(), 4);
        let left = store.reports(Some("daily"), None, 10).await.unwrap();
        let hours: Vec<i64> = left.iter().map(|row| (row.due_us - TEN) / HOUR).collect();
        assert_eq!(hours, [5, 4, 3]);
        assert_eq!(store.prune_reports(TEN + 2 * HOUR, 3).await.unwrap(), 0);
        assert_eq!(store.prune_reports(i64::MAX, 3).await.unwrap(), 6);
        assert!(store.reports(None, None, 10).await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_copied_with_their_schedules() {
    let (_folder, from) = open(Engine::Sqlite).await;
    let weekly = schedule("weekly");
    from.save_report_schedule(&weekly, |_| audited())
        .await
        .unwrap();
    let made = store_all(&from, &weekly, &[1, 2]).await;
    let (_folder, address) = empty(Engine::Postgres);
    let to = Store::open(&address).await.unwrap();
    for _ in 0..2 {
        copy(&from, &to, |_| {}).await.unwrap();
        assert_eq!(
            to.report_schedules().await.unwrap(),
            from.report_schedules().await.unwrap()
        );
        assert_eq!(
            to.reports(None, None, 10).await.unwrap(),
            from.reports(None, None, 10).await.unwrap()
        );
        let found = to.report(made[0].row.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&made[0].row));
    }
    from.close().await;
    to.close().await;
}
