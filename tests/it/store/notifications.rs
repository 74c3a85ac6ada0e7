//! Notifications in the store, on each database.

use std::collections::{BTreeSet, HashMap};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use playback::model::{
    AttemptRow, Changes, DeliveryKind, DeliveryState, Moment, NotificationEvent, Precondition,
    Status, TargetRow, TargetSettings, Trigger,
};
use playback::store::dialect::Engine;
use playback::store::{
    AttemptOutcome, DeliveryFilter, NewDelivery, NewTarget, Store, StoreError, TargetCondition,
    Undelivered,
};
use serde_json::json;
use uuid::Uuid;

use super::rows::{any_execution, execution, only};
use super::{empty, on_every_store};
use crate::builders::audited;

fn target(name: &str, enabled: bool) -> NewTarget {
    let settings = json!({ "kind": "slack", "enabled": enabled, "rules": [{ "on": ["broke"] }] });
    let settings: TargetSettings = serde_json::from_value(settings).unwrap();
    NewTarget {
        name: name.to_owned(),
        settings,
        sealed: vec![1, 0, 2],
        address: "https://a.example".to_owned(),
        is_from_file: false,
        changed_us: 10,
    }
}

async fn put(store: &Store, name: &str) -> TargetRow {
    let put = store
        .put_target(&target(name, true), |_| Some(audited()))
        .await;
    assert!(put.unwrap());
    store.target(name).await.unwrap().unwrap()
}

/// A run, and what happened to it.
async fn commit(store: &Store, moment: &str) -> i64 {
    commit_of(store, "site.yml", moment).await
}

/// The same of a playbook.
async fn commit_of(store: &Store, playbook: &str, moment: &str) -> i64 {
    let changes = Changes {
        moment: Some(Moment {
            name: moment.to_owned(),
            noted_us: 5,
        }),
        ..only(execution(
            json!({ "type": "playbook", "playbook": playbook }),
        ))
    };
    store.commit(&[changes]).await.unwrap()[0]
}

/// An event of a run, which is told at once or held until a time.
fn event(
    target: i64,
    execution: i64,
    subject: &str,
    held_until_us: Option<i64>,
) -> (NotificationEvent, Option<NewDelivery>) {
    let event = NotificationEvent {
        target,
        subject: subject.to_owned(),
        triggers: vec![Trigger::Broke, Trigger::Failed],
        execution,
        detail: "{}".to_owned(),
        at_us: 7,
        held_until_us,
    };
    let delivery = NewDelivery {
        uuid: Uuid::new_v4(),
        target,
        execution: Some(execution),
        report: None,
        kind: DeliveryKind::Event,
        due_us: 20,
    };
    (event, held_until_us.is_none().then_some(delivery))
}

fn outcome(number: u32, state: DeliveryState, target: TargetCondition) -> AttemptOutcome {
    AttemptOutcome {
        attempt: AttemptRow {
            number,
            at_us: 30,
            duration_us: 2,
            status: Some(500),
            answer: Some("no".to_owned()),
            error: Some("it failed".to_owned()),
        },
        state,
        due_us: 40,
        notice: "{\"type\": \"run.broke\"}".to_owned(),
        request: Some("POST https://a.example".to_owned()),
        body: Some("the body".to_owned()),
        recipients: String::new(),
        error: Some("it failed".to_owned()),
        target,
        ended_us: 32,
        entry: None,
    }
}

on_every_store! {
    async fn a_target_is_stored_replaced_switched_off_and_removed(store: Store) {
        assert!(!store.look_for_targets().await.unwrap());
        let stored = put(&store, "ops").await;
        assert!(store.notifies());
        assert_eq!((stored.name.as_str(), stored.sealed.as_slice()), ("ops", &[1, 0, 2][..]));
        assert_eq!(stored.settings.rules[0].on, [Trigger::Broke]);
        assert!(stored.is_on());
        store.switch_off_target(stored.id, "it is gone", 50, &audited()).await.unwrap();
        assert!(!store.notifies());
        let off = store.target_by_id(stored.id).await.unwrap().unwrap();
        assert_eq!(off.off, Some(("it is gone".to_owned(), 50)));
        // Setting it again switches it on.
        assert!(!store.put_target(&target("ops", true), |_| None).await.unwrap());
        assert!(store.target("ops").await.unwrap().unwrap().is_on());
        assert!(!store.put_target(&target("ops", false), |_| None).await.unwrap());
        assert!(!store.notifies());
        let from_file = NewTarget { is_from_file: true, ..target("file", true) };
        assert!(store.put_target(&from_file, |_| None).await.unwrap());
        let refused = store.put_target(&target("file", true), |_| None).await;
        assert!(matches!(refused, Err(StoreError::TargetFromFile { .. })));
        let refused = store.put_target_if(&target("ops", true), Precondition::IsNew, |_| None).await;
        assert!(matches!(refused, Err(StoreError::TargetExists { .. })));
        assert!(!store.put_target_if(&target("ops", false), Precondition::Exists, |_| None).await.unwrap());
        let refused = store.put_target_if(&target("new", true), Precondition::Exists, |_| None).await;
        assert!(matches!(refused, Err(StoreError::TargetMissing { .. })));
        let names: Vec<String> = store.targets().await.unwrap().into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["file", "ops"]);
        assert!(store.remove_target("file", |_| None).await.unwrap());
        assert!(!store.remove_target("file", |_| None).await.unwrap());
        assert!(!store.notifies());
    }

    async fn a_moment_of_a_run_is_noted_and_told_once(store: Store) {
        let ops = put(&store, "ops").await;
        let run = commit(&store, "failed").await;
        let pending = store.pending_moments(10).await.unwrap();
        assert_eq!(pending.len(), 1);
        assert_eq!((pending[0].execution, pending[0].moment.name.as_str()), (run, "failed"));
        let events = [event(ops.id, run, "a", None), event(ops.id, run, "a", None)];
        assert_eq!(store.expand_moments(&[pending[0].id], 20, &events).await.unwrap(), 1);
        assert_eq!(store.expand_moments(&[], 21, &events).await.unwrap(), 0);
        assert!(store.pending_moments(10).await.unwrap().is_empty());
        let all = store.deliveries(&DeliveryFilter::default(), 10).await.unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].target, "ops");
        assert_eq!(store.count_recent_deliveries(ops.id, 19).await.unwrap(), 1);
        let one = Undelivered { pending: 1, failed: 0 };
        for counts in [store.undelivered(None).await, store.undelivered(Some(ops.id)).await] {
            assert_eq!(counts.unwrap(), HashMap::from([(ops.id, one)]));
        }
        assert!(store.undelivered(Some(ops.id + 1)).await.unwrap().is_empty());
        assert_eq!(store.count_recent_deliveries(ops.id, 20).await.unwrap(), 0);
        let events = store.events_of(all[0].row.uuid, 10).await.unwrap();
        assert_eq!(events[0].triggers, [Trigger::Broke, Trigger::Failed]);
    }

    async fn messages_of_a_playbook_are_due_in_their_order(store: Store) {
        let ops = put(&store, "ops").await;
        let (one, again) = (commit(&store, "failed").await, commit(&store, "success").await);
        let other = commit_of(&store, "other.yml", "failed").await;
        let events = [event(ops.id, one, "1", None), event(ops.id, again, "2", None), event(ops.id, other, "3", None)];
        store.expand_moments(&[], 20, &events).await.unwrap();
        let runs = async |now_us| -> Vec<Option<i64>> {
            let due = store.due_deliveries(ops.id, now_us, 10).await.unwrap();
            due.into_iter().map(|one| one.execution).collect()
        };
        let all = [Some(one), Some(again), Some(other)];
        assert!(runs(19).await.is_empty());
        assert_eq!(runs(20).await, all);
        assert_eq!(store.due_deliveries(ops.id, 20, 2).await.unwrap().len(), 2);
        let due = store.due_deliveries(ops.id, 20, 10).await.unwrap();
        let fails = TargetCondition::Fails { retry_us: 35 };
        assert!(store.note_attempt(&due[0], &outcome(1, DeliveryState::Pending, fails)).await.unwrap());
        // It is not due, and so neither is what came after it.
        assert_eq!(runs(39).await, [Some(other)]);
        assert_eq!(runs(40).await, all);
        assert!(store.targets_with_due(34).await.unwrap().is_empty(), "it is left alone");
        assert_eq!(store.targets_with_due(35).await.unwrap().len(), 1);
        let failing = store.target_by_id(ops.id).await.unwrap().unwrap();
        assert_eq!((failing.failures, failing.failing_since_us), (1, Some(30)));
        let works = TargetCondition::Works;
        assert!(store.note_attempt(&due[0], &outcome(2, DeliveryState::Delivered, works)).await.unwrap());
        let well = store.target_by_id(ops.id).await.unwrap().unwrap();
        assert_eq!((well.failures, well.failing_since_us, well.delivered_us), (0, None, Some(32)));
        let (listed, attempts) = store.delivery(due[0].uuid).await.unwrap().unwrap();
        assert_eq!(listed.row.done_us, Some(32));
        assert_eq!(attempts.len(), 2);
        assert_eq!(attempts[0].answer.as_deref(), Some("no"));
        // Sending one again tries everything again that waits.
        assert!(store.note_attempt(&due[2], &outcome(1, DeliveryState::Pending, fails)).await.unwrap());
        assert!(store.redeliver(due[0].uuid, 33, &audited()).await.unwrap());
        assert_eq!(runs(33).await, all);
        assert_eq!(store.targets_with_due(33).await.unwrap().len(), 1);
        let given_up = store.give_up_deliveries(ops.id, i64::MAX, 70, "it is off", |_| audited());
        assert_eq!(given_up.await.unwrap(), 3);
        let given_up = store.give_up_deliveries(ops.id, i64::MAX, 70, "it is off", |_| unreachable!());
        assert_eq!(given_up.await.unwrap(), 0);
        assert_eq!(store.prune_notifications(70, 70, 10).await.unwrap(), 0);
        assert_eq!(store.prune_notifications(71, 0, 10).await.unwrap(), 3);
        assert!(store.delivery(due[0].uuid).await.unwrap().is_none());
    }

    async fn what_was_told_of_a_budget_is_known_to_the_end_of_its_period(store: Store) {
        let ops = put(&store, "ops").await;
        let (mut event, delivery) = event(ops.id, NotificationEvent::NO_RUN, "budget:prod", None);
        event.triggers = vec![Trigger::Budget];
        let delivery = delivery.map(|one| NewDelivery { execution: event.run(), ..one });
        for added in [1, 0] {
            let events = [(event.clone(), delivery.clone())];
            assert_eq!(store.expand_moments(&[], 20, &events).await.unwrap(), added);
        }
        let due = store.due_deliveries(ops.id, 20, 10).await.unwrap();
        assert_eq!((due.len(), due[0].execution), (1, None));
        let told = store.events_of(due[0].uuid, 10).await.unwrap();
        assert_eq!((told[0].run(), &told[0].triggers), (None, &vec![Trigger::Budget]));
        let works = TargetCondition::Works;
        assert!(store.note_attempt(&due[0], &outcome(1, DeliveryState::Delivered, works)).await.unwrap());
        // It happened at 7.
        assert_eq!(store.prune_notifications(100, 7, 10).await.unwrap(), 0);
        assert_eq!(store.prune_notifications(100, 8, 10).await.unwrap(), 1);
    }

    async fn a_silence_that_was_told_stays_known_as_long_as_its_run(store: Store) {
        let ops = put(&store, "ops").await;
        let run = commit(&store, "success").await;
        for (subject, told) in [("silent:a", 1), ("waiting:b", 1), ("1:failed", 2)] {
            let events = [event(ops.id, run, subject, None)];
            assert_eq!(store.expand_moments(&[], 20, &events).await.unwrap(), 1);
            let due = store.due_deliveries(ops.id, 20, 10).await.unwrap().remove(0);
            let works = TargetCondition::Works;
            assert!(store.note_attempt(&due, &outcome(1, DeliveryState::Delivered, works)).await.unwrap());
            assert_eq!(store.prune_notifications(100, 100, 10).await.unwrap(), 1);
            let again = store.expand_moments(&[], 21, &events).await.unwrap();
            assert_eq!(again + 1, told, "{subject}");
        }
        let known = store.known_subjects(ops.id, &["silent:a", "silent:b", "waiting:b"]).await.unwrap();
        let known: BTreeSet<String> = known.into_iter().collect();
        assert_eq!(known.into_iter().collect::<Vec<_>>(), ["silent:a", "waiting:b"]);
        assert!(store.held_events().await.unwrap().is_empty());
        store.delete_execution(run).await.unwrap();
        assert!(store.known_subjects(ops.id, &["silent:a", "waiting:b"]).await.unwrap().is_empty());
    }

    async fn what_a_target_was_last_told_of_some_runs_is_found(store: Store) {
        let (ops, other) = (put(&store, "ops").await, put(&store, "other").await);
        let (run, later) = (commit(&store, "failed").await, commit(&store, "failed").await);
        assert_eq!(store.last_told(ops.id, &[run, later]).await.unwrap(), None);
        let mut events = [event(ops.id, later, "1", None), event(ops.id, run, "2", None), event(other.id, run, "3", None)];
        events[1].0.triggers = vec![Trigger::Recovered];
        store.expand_moments(&[], 20, &events).await.unwrap();
        let told = async |target, runs: &[i64]| store.last_told(target, runs).await.unwrap();
        assert_eq!(told(ops.id, &[run, later]).await, Some((Trigger::Recovered, Status::Running)));
        assert_eq!(told(ops.id, &[later]).await, Some((Trigger::Broke, Status::Running)));
        assert_eq!(told(other.id, &[run, later]).await, Some((Trigger::Broke, Status::Running)));
        assert_eq!(told(other.id, &[]).await, None);
        assert!(store.is_noted(run, "failed").await.unwrap());
        assert!(!store.is_noted(run, "lost").await.unwrap());
    }

    async fn what_waits_is_moved_with_the_clock(store: Store) {
        let ops = put(&store, "ops").await;
        let run = commit(&store, "failed").await;
        store.expand_moments(&[], 20, &[event(ops.id, run, "a", None)]).await.unwrap();
        let due = store.due_deliveries(ops.id, 20, 1).await.unwrap().remove(0);
        let fails = TargetCondition::Fails { retry_us: 35 };
        store.note_attempt(&due, &outcome(1, DeliveryState::Pending, fails)).await.unwrap();
        store.move_deliveries(1000).await.unwrap();
        store.move_deliveries(-400).await.unwrap();
        let failing = store.target_by_id(ops.id).await.unwrap().unwrap();
        assert_eq!((failing.retry_us, failing.failing_since_us), (Some(635), Some(630)));
        let moved = store.due_deliveries(ops.id, 640, 1).await.unwrap().remove(0);
        assert_eq!((moved.due_us, moved.created_us), (640, 620));
        assert!(store.due_deliveries(ops.id, 639, 1).await.unwrap().is_empty());
    }

    async fn held_events_become_one_message(store: Store) {
        let ops = put(&store, "ops").await;
        let run = commit(&store, "failed").await;
        let events: Vec<_> = (0..60).map(|at| event(ops.id, run, &format!("{at}"), Some(100))).collect();
        store.expand_moments(&[], 20, &events).await.unwrap();
        assert_eq!(store.held_events().await.unwrap().get(&ops.id), Some(&100));
        store.hold_events(ops.id, 200).await.unwrap();
        assert_eq!(store.held_events().await.unwrap().get(&ops.id), Some(&200));
        assert_eq!(store.release_together(ops.id, 200).await.unwrap(), 1);
        assert_eq!(store.release_together(ops.id, 200).await.unwrap(), 0);
        assert!(store.held_events().await.unwrap().is_empty());
        let all = store.deliveries(&DeliveryFilter::default(), 10).await.unwrap();
        assert_eq!((all[0].row.kind, all[0].execution), (DeliveryKind::Digest, None));
        let groups = store.digest_groups(all[0].row.uuid).await.unwrap();
        assert_eq!((groups.len(), groups[0].events, groups[0].trigger), (1, 60, Trigger::Broke));
        assert_eq!(groups[0].playbook.as_deref(), Some("site.yml"));
        // Or the last one of several.
        let events: Vec<_> = (60..65).map(|at| event(ops.id, run, &format!("{at}"), Some(300))).collect();
        store.expand_moments(&[], 250, &events).await.unwrap();
        let mut held = store.held_events_of(ops.id).await.unwrap();
        assert_eq!((held.len(), held[0].execution, held[0].triggers[0]), (5, Some(run), Trigger::Broke));
        let last = held.remove(3);
        let groups = [(last, held[..3].iter().map(|event| event.id).collect::<Vec<i64>>())];
        store.release_last(ops.id, &groups, 300).await.unwrap();
        assert_eq!(store.held_events_of(ops.id).await.unwrap(), held[3..]);
        let newest = store.deliveries(&DeliveryFilter::default(), 1).await.unwrap().remove(0).row;
        assert_eq!((newest.kind, newest.execution), (DeliveryKind::Event, Some(run)));
        assert_eq!(store.last_event_of(newest.uuid).await.unwrap().unwrap().subject, "63");
        assert_eq!(store.events_of(newest.uuid, 10).await.unwrap().len(), 4);
        store.drop_held_events(ops.id).await.unwrap();
        assert!(store.held_events().await.unwrap().is_empty());
    }

    async fn what_was_deleted_is_in_no_digest(store: Store) {
        let ops = put(&store, "ops").await;
        let (gone, kept) = (commit(&store, "failed").await, commit(&store, "failed").await);
        let events = [event(ops.id, gone, "1", Some(100)), event(ops.id, kept, "2", Some(100))];
        store.expand_moments(&[], 20, &events).await.unwrap();
        assert_eq!(store.release_together(ops.id, 100).await.unwrap(), 1);
        let digest = store.due_deliveries(ops.id, 100, 1).await.unwrap().remove(0);
        let fails = TargetCondition::Fails { retry_us: 110 };
        assert!(store.note_attempt(&digest, &outcome(1, DeliveryState::Pending, fails)).await.unwrap());
        store.delete_execution(gone).await.unwrap();
        let (listed, attempts) = store.delivery(digest.uuid).await.unwrap().unwrap();
        assert_eq!((listed.row.notice, listed.row.body), (None, None));
        assert_eq!((&attempts[0].answer, &attempts[0].error), (&None, &None));
        assert_eq!(store.digest_groups(digest.uuid).await.unwrap()[0].events, 1);
        // An attempt that began before the deletion ends after it.
        assert!(store.note_attempt(&digest, &outcome(2, DeliveryState::Delivered, TargetCondition::Works)).await.unwrap());
        assert_eq!(store.delivery(digest.uuid).await.unwrap().unwrap().0.row.notice, None);
        // What a message stood for goes with its run.
        let events = [event(ops.id, kept, "3", Some(200)), event(ops.id, kept, "4", Some(200))];
        store.expand_moments(&[], 150, &events).await.unwrap();
        let mut held = store.held_events_of(ops.id).await.unwrap();
        let groups = [(held.remove(1), vec![held[0].id])];
        store.release_last(ops.id, &groups, 200).await.unwrap();
        store.delete_execution(kept).await.unwrap();
        assert!(store.due_deliveries(ops.id, i64::MAX, 10).await.unwrap().is_empty());
        assert!(store.digest_groups(digest.uuid).await.unwrap().is_empty());
    }

    async fn what_was_redacted_is_forgotten_and_does_not_come_back(store: Store) {
        let ops = put(&store, "ops").await;
        let row = any_execution();
        let key = store.commit(&[only(row.clone())]).await.unwrap()[0];
        store.expand_moments(&[], 20, &[event(ops.id, key, "a", None)]).await.unwrap();
        let delivery = store.due_deliveries(ops.id, 20, 1).await.unwrap().remove(0);
        let fails = TargetCondition::Fails { retry_us: 35 };
        let attempt = outcome(1, DeliveryState::Pending, fails);
        store.note_attempt(&delivery, &attempt).await.unwrap();
        assert!(store.rewrite(key, &[], &only(row), None, &audited()).await.unwrap());
        let (listed, attempts) = store.delivery(delivery.uuid).await.unwrap().unwrap();
        assert_eq!((listed.row.notice, listed.row.body), (None, None));
        assert_eq!(attempts[0].answer, None);
        // An attempt that began before the redaction ends after it.
        store.note_attempt(&delivery, &outcome(2, DeliveryState::Pending, fails)).await.unwrap();
        let (listed, attempts) = store.delivery(delivery.uuid).await.unwrap().unwrap();
        assert_eq!((listed.row.notice, listed.row.body, listed.row.attempts), (None, None, 2));
        assert_eq!(attempts[1].answer, None);
    }
}

/// Polls a future until it was woken so many times; true if it ended before.
async fn woken(future: &mut (impl Future + Unpin), times: usize) -> bool {
    for _ in 0..times {
        let mut polled = None;
        let step = poll_fn(|context| match polled {
            Some(_) => Poll::Ready(()),
            None => {
                let is_over = Pin::new(&mut *future).poll(context).is_ready();
                polled = Some(is_over);
                match is_over {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            }
        });
        step.await;
        if polled == Some(true) {
            return true;
        }
    }
    false
}

/// Who asked before the first target was stored may read the answer after it, and must not undo what is known since.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_from_before_the_first_target_does_not_hide_it() {
    let (_folder, address) = empty(Engine::Sqlite);
    let store = Store::open(&address).await.unwrap();
    for times in 1.. {
        let mut look = Box::pin(store.look_for_targets());
        if woken(&mut look, times).await {
            break;
        }
        let storing = store.clone();
        let mut putting = tokio::spawn(async move { put(&storing, "ops").await });
        // It may wait for the other one, which goes on afterwards.
        let put = tokio::time::timeout(Duration::from_millis(200), &mut putting).await;
        look.await.unwrap();
        match put {
            Ok(put) => put.unwrap(),
            Err(_) => putting.await.unwrap(),
        };
        assert!(
            store.notifies(),
            "an answer that was there after {times} steps"
        );
        assert!(store.remove_target("ops", |_| None).await.unwrap());
        assert!(!store.notifies());
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_before_another_collectors_first_target_is_known_is_noted_later() {
    let (_folder, address) = empty(Engine::Postgres);
    let here = Store::open(&address).await.unwrap();
    let there = Store::open(&address).await.unwrap();
    // It happens at 5, and the target is set at 10.
    commit(&here, "failed").await;
    put(&there, "ops").await;
    assert!(!here.notifies());
    let changes = Changes {
        moment: Some(Moment {
            name: "task_failed".to_owned(),
            noted_us: 11,
        }),
        ..only(any_execution())
    };
    let run = here.commit(&[changes]).await.unwrap()[0];
    assert!(there.pending_moments(10).await.unwrap().is_empty());
    for _ in 0..2 {
        assert!(here.look_for_targets().await.unwrap());
        let pending = there.pending_moments(10).await.unwrap();
        assert_eq!(pending.len(), 1);
        assert_eq!(
            (pending[0].execution, pending[0].moment.noted_us),
            (run, 11)
        );
    }
    here.close().await;
    there.close().await;
}
