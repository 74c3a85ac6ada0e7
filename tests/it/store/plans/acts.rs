//! What is read for notifications and schedules while a collector runs: many times a minute, however long its logs are.

use playback::model::{
    DeliveryKind, DeliveryState, ExecutionKey, MissedTimes, NotificationEvent, Overlap,
    ScheduleRow, ScheduleSettings, ScheduledRun, TargetSettings, Trigger,
};
use playback::store::{DeliveryFilter, HeldEvent, NewDelivery, NewTarget, Store, explained};
use serde_json::json;
use uuid::Uuid;

use super::{Often, PlanFaults, SCHEDULE};
use crate::builders::{TEN, audited};
use crate::servers::sql;

/// Targets; messages in the log of the first; and how many of these are still to be sent.
const TARGETS: i64 = 40;
const MESSAGES: i64 = 3_000;
const PENDING: i64 = 30;

/// Schedules, and the times of each that are known.
const SCHEDULES: u32 = 200;
const TIMES: u32 = 20;

/// Adds targets, before runs of which they are told.
pub(super) async fn targets(store: &Store) {
    for number in 0..TARGETS {
        let settings = json!({ "kind": "slack", "rules": [{ "on": ["failed"] }] });
        let settings: TargetSettings = serde_json::from_value(settings).unwrap();
        let target = NewTarget {
            name: format!("target-{number}"),
            settings,
            sealed: Vec::new(),
            address: "https://a.example".to_owned(),
            is_from_file: false,
            changed_us: TEN,
        };
        assert!(store.put_target(&target, |_| None).await.unwrap());
    }
}

fn event(target: i64, number: i64) -> (NotificationEvent, Option<NewDelivery>) {
    let event = NotificationEvent {
        target,
        subject: format!("{number}:failed"),
        triggers: vec![Trigger::Failed],
        execution: number,
        detail: "{}".to_owned(),
        at_us: TEN + number,
        held_until_us: (number % 100 == 0).then_some(TEN + number),
    };
    let delivery = NewDelivery {
        uuid: Uuid::new_v4(),
        target,
        execution: Some(number),
        report: None,
        kind: DeliveryKind::Event,
        due_us: TEN + number,
    };
    let is_held = event.held_until_us.is_some();
    (event, (!is_held).then_some(delivery))
}

/// Adds messages about existing runs to targets, and schedules with their times.
pub(super) async fn fill(store: &Store, address: &str) {
    let target = store.target("target-7").await.unwrap().unwrap().id;
    let moments = store.pending_moments(10_000).await.unwrap();
    assert!(moments.len() > 1_000, "{} moments", moments.len());
    let done: Vec<i64> = moments.iter().skip(20).map(|moment| moment.id).collect();
    for done in done.chunks(1_000) {
        store.expand_moments(done, TEN, &[]).await.unwrap();
    }
    let events: Vec<_> = (1..=MESSAGES).map(|number| event(target, number)).collect();
    for events in events.chunks(500) {
        store.expand_moments(&[], TEN, events).await.unwrap();
    }
    for number in 0..SCHEDULES {
        let row = schedule(&format!("schedule-{number}"));
        store.create_schedule(&row, None).await.unwrap();
    }
    let sent = format!(
        "UPDATE notification_deliveries SET state = 'delivered', done_us = due_us WHERE id <= {}",
        MESSAGES * 99 / 100 - PENDING
    );
    sql(address, &sent).await;
    let attempts = "INSERT INTO notification_attempts \
                    (delivery, number, execution, at_us, duration_us, status, answer, error) \
                    SELECT uuid, 1, execution, created_us, 5, 200, NULL, NULL FROM notification_deliveries";
    sql(address, attempts).await;
    for number in 1..=TIMES {
        let times = format!(
            "INSERT INTO schedule_ticks \
             (schedule, number, time_us, decided_us, outcome, detail, passed_over, execution) \
             SELECT uuid, {number}, {number}, {number}, 'missed', NULL, 0, NULL FROM schedules"
        );
        sql(address, &times).await;
    }
}

fn schedule(name: &str) -> ScheduleRow {
    ScheduleRow {
        id: Uuid::now_v7(),
        name: name.to_owned(),
        settings: ScheduleSettings {
            cron: "@daily".to_owned(),
            zone: "UTC".to_owned(),
            overlap: Overlap::Skip,
            missed: MissedTimes::Skip,
            jitter_seconds: 0,
            run: ScheduledRun::default(),
            description: None,
        },
        owner: "token:ann".to_owned(),
        token: None,
        created_us: TEN,
        changed_us: TEN,
        paused: None,
        decided_us: TEN,
        revision: 1,
        last: None,
        last_run: None,
    }
}

/// What is wrong with the plans, a line each.
pub(super) async fn judge(found: &mut PlanFaults<'_>, store: &Store) {
    let target = store.target("target-7").await.unwrap().unwrap();
    let due = store.due_deliveries(target.id, i64::MAX, 1).await.unwrap();
    let delivery = due[0].uuid;
    let known = store.schedule("schedule-7").await.unwrap().unwrap();
    let listed = store
        .deliveries(&DeliveryFilter::default(), 1_000)
        .await
        .unwrap();
    let execution = listed.iter().find_map(|one| one.execution);
    assert!(execution.is_some(), "no message is about a run");
    let listed = |filter: DeliveryFilter| async move { store.deliveries(&filter, 50).await };
    let any = DeliveryFilter::default;
    let run: ExecutionKey = 1_700;
    let told = [event(target.id, run)];
    let last = HeldEvent {
        id: run,
        execution: Some(run),
        triggers: vec![Trigger::Failed],
    };
    let groups = [(last, vec![run - 1])];
    let (now_us, unknown) = (i64::MAX, Uuid::now_v7());
    macro_rules! judged {
        ($often:expr; $($name:literal: $work:expr,)*) => {
            $(
                let (done, mut plans) = explained(Box::pin($work)).await;
                done.expect($name);
                assert!(!plans.is_empty(), "nothing was explained of {}", $name);
                // MariaDB explains a row that is put in as if the whole table were read.
                plans.retain(|plan| !plan.statement.starts_with("INSERT"));
                found.judge($name, $often, &plans);
            )*
        };
    }
    let before = found.faults.len();
    judged! { Often::Rare;
        "a target": store.target("target-7"),
        "a target by its key": store.target_by_id(target.id),
        "recent messages counted": store.count_recent_deliveries(target.id, TEN),
        "a message": store.delivery(delivery),
        "whether something was noted of a run": store.is_noted(run, "lost"),
        "what a target was told of some subjects": store.known_subjects(target.id, &["7:failed"]),
        "what a target was last told of a run": store.last_told(target.id, &[run]),
        "what a target was told already": store.expand_moments(&[], TEN, &told),
        "a message that is sent again": store.redeliver(unknown, TEN, &audited()),
        "messages that are given up": store.give_up_deliveries(target.id, 0, now_us, "off", |_| audited()),
        "what is not kept": store.prune_notifications(0, 0, 100),
        "a schedule": store.schedule("schedule-7"),
        "the times of a schedule": store.ticks(known.id),
        "whether a time has a run": store.has_run_at(known.id, 7),
        "runs of a schedule that are not over": store.open_runs_of(SCHEDULE),
        "a time that is decided": store.decide_schedule(unknown, 1, 2),
    }
    judged! { Often::Common;
        "the log of messages": listed(any()),
        "an older page of the log": listed(DeliveryFilter { before: Some(1_500), ..any() }),
    }
    // Of the log, days are kept, and so many messages of a target an hour; few of these wait, and a digest names few events.
    judged! { Often::Few;
        "moments to look at": store.pending_moments(100),
        "the log of a target": listed(DeliveryFilter { target: Some(target.id), ..any() }),
        "messages that arrived": listed(DeliveryFilter { state: Some(DeliveryState::Delivered), ..any() }),
        "messages that wait": listed(DeliveryFilter { state: Some(DeliveryState::Pending), ..any() }),
        "messages about a run": listed(DeliveryFilter { execution, ..any() }),
        "messages that are due": store.due_deliveries(target.id, now_us, 20),
        "messages that did not arrive, counted": store.undelivered(None),
        "those of a target, counted": store.undelivered(Some(target.id)),
        "targets with messages that are due": store.targets_with_due(now_us),
        "events of a message": store.events_of(delivery, 50),
        "events of a digest, counted": store.digest_groups(delivery),
        "messages that are moved with the clock": store.move_deliveries(0),
        "events that are held": store.held_events(),
        "events that are held on": store.hold_events(target.id, now_us),
        "events of a target that are held": store.held_events_of(target.id),
        "the last event of a message": store.last_event_of(delivery),
        "an event that stands for others": store.release_last(target.id, &groups, TEN),
        "events that are released": store.release_together(target.id, TEN),
    }
    // Targets and schedules are few: a database may read all of them. SQLite and MySQL call it a scan when they go through the
    // log in the order of its keys until a page is full.
    let is_page = |fault: &String| fault.contains("log of") || fault.contains("that arrived");
    let is_fine = |fault: &String| {
        fault.contains("notification_targets")
            || fault.contains("on schedules")
            || (is_page(fault)
                && (fault.ends_with("SCAN d") || fault.contains(": d index PRIMARY")))
    };
    let added = found.faults.split_off(before);
    let added = added.into_iter().filter(|fault| !is_fine(fault));
    found.faults.extend(added);
}
