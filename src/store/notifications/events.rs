//! Events for each target: sent at once, or later together.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::super::dialect::Engine;
use super::super::pool::{Row, Transaction};
use super::super::statement::Statement;
use super::super::tables::executions::read_status;
use super::super::tables::table::{CHUNKS, Present, Table, push_list};
use super::super::{Store, StoreError, transaction};
use crate::model::{DeliveryKind, DeliveryState, ExecutionKey, NotificationEvent, Status, Trigger};

/// Subjects that are looked up at once.
const SUBJECTS: usize = 50;

const EVENTS: Table = Table {
    name: "notification_events",
    columns: &[
        "target",
        "subject",
        "triggers",
        "execution",
        "detail",
        "at_us",
        "held_until_us",
        "delivery",
    ],
    present: Present::Never,
};

const DELIVERIES: Table = Table {
    name: "notification_deliveries",
    columns: &[
        "uuid",
        "target",
        "execution",
        "report",
        "kind",
        "state",
        "created_us",
        "due_us",
        "recipients",
    ],
    present: Present::Never,
};

/// A message to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// Its identity.
    pub uuid: Uuid,
    /// The target.
    pub target: i64,
    /// The run; none if it is not about a single one.
    pub execution: Option<ExecutionKey>,
    /// The report that it is.
    pub report: Option<Uuid>,
    /// What it is.
    pub kind: DeliveryKind,
    /// When it is due.
    pub due_us: i64,
}

/// An event that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldEvent {
    /// Its number: events are sent in this order.
    pub id: i64,
    /// The run; none if it is about none.
    pub execution: Option<ExecutionKey>,
    /// Why it is sent.
    pub triggers: Vec<Trigger>,
}

/// Events of a digest that have the same triggers and playbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestGroup {
    /// The first of the triggers.
    pub trigger: Trigger,
    /// The playbook; none for ad-hoc commands.
    pub playbook: Option<String>,
    /// How many.
    pub events: u64,
    /// How many of them are about runs that failed.
    pub failed: u64,
}

/// Writes events that are not known, and their deliveries; returns how many.
pub(super) async fn insert_events(
    transaction: &mut Transaction,
    now_us: i64,
    events: &[(NotificationEvent, Option<NewDelivery>)],
) -> Result<u64, StoreError> {
    let mut known: HashSet<(i64, String)> = HashSet::new();
    let mut by_target: HashMap<i64, Vec<&str>> = HashMap::new();
    for (event, _) in events {
        by_target
            .entry(event.target)
            .or_default()
            .push(&event.subject);
    }
    for (target, subjects) in by_target {
        for subjects in subjects.chunks(SUBJECTS) {
            let mut query = transaction.query(KNOWN);
            push_subjects(&mut query, target, subjects);
            for row in query.fetch_all_in(transaction).await? {
                known.insert((target, row.get("subject")?));
            }
        }
    }
    let new = events
        .iter()
        .filter(|(event, _)| known.insert((event.target, event.subject.clone())));
    let new: Vec<&(NotificationEvent, Option<NewDelivery>)> = new.collect();
    let deliveries: Vec<&NewDelivery> = new
        .iter()
        .filter_map(|(_, delivery)| delivery.as_ref())
        .collect();
    insert_deliveries(transaction, now_us, &deliveries).await?;
    EVENTS
        .insert(transaction, &new, |values, (event, delivery)| {
            values.bind(event.target).bind(&event.subject);
            values.bind(&words(&event.triggers)).bind(event.execution);
            values.bind(&event.detail).bind(event.at_us);
            values.bind(event.held_until_us);
            values.bind(delivery.as_ref().map(|delivery| delivery.uuid));
        })
        .await?;
    Ok(new.len() as u64)
}

const KNOWN: &str = "SELECT subject FROM notification_events WHERE target = ? AND subject IN (";

fn push_subjects(query: &mut Statement, target: i64, subjects: &[&str]) {
    query.bind(target).rarely();
    for (at, subject) in subjects.iter().enumerate() {
        query.push(if at == 0 { "?" } else { ", ?" }).bind(*subject);
    }
    query.push(")");
}

pub(in super::super) async fn insert_deliveries(
    transaction: &mut Transaction,
    now_us: i64,
    deliveries: &[&NewDelivery],
) -> Result<(), StoreError> {
    DELIVERIES
        .insert(transaction, deliveries, |values, delivery| {
            values.bind(delivery.uuid).bind(delivery.target);
            values.bind(delivery.execution).bind(delivery.report);
            values.bind(delivery.kind.as_str());
            values.bind(DeliveryState::Pending.as_str());
            values.bind(now_us).bind(delivery.due_us).bind("");
        })
        .await?;
    Ok(())
}

/// Triggers as one text.
pub(super) fn words(triggers: &[Trigger]) -> String {
    let names: Vec<&str> = triggers.iter().map(|trigger| trigger.as_str()).collect();
    names.join(" ")
}

fn triggers(words: &str) -> Vec<Trigger> {
    words
        .split_whitespace()
        .filter_map(Trigger::from_name)
        .collect()
}

/// A delivery of events that were held.
fn released(
    target: i64,
    execution: Option<ExecutionKey>,
    kind: DeliveryKind,
    now_us: i64,
) -> NewDelivery {
    NewDelivery {
        uuid: Uuid::new_v4(),
        target,
        execution,
        report: None,
        kind,
        due_us: now_us,
    }
}

impl Store {
    /// Stores a delivery of no event.
    ///
    /// # Errors
    /// The database failed.
    pub async fn add_delivery(
        &self,
        delivery: &NewDelivery,
        now_us: i64,
    ) -> Result<(), StoreError> {
        transaction!(self, transaction => insert_deliveries(transaction, now_us, &[delivery]).await?)
    }

    /// The subjects among these that a target was or will be notified of.
    ///
    /// # Errors
    /// The database failed.
    pub async fn known_subjects(
        &self,
        target: i64,
        subjects: &[&str],
    ) -> Result<HashSet<String>, StoreError> {
        let mut known = HashSet::new();
        for subjects in subjects.chunks(SUBJECTS) {
            let mut query = self.query(KNOWN);
            push_subjects(&mut query, target, subjects);
            for row in query.fetch_all(&self.read).await? {
                known.insert(row.get("subject")?);
            }
        }
        Ok(known)
    }

    /// The first trigger of the last event about some runs that a target got, and the status of that run; none if the
    /// target got nothing about them.
    ///
    /// # Errors
    /// The database failed.
    pub async fn last_told(
        &self,
        target: i64,
        runs: &[ExecutionKey],
    ) -> Result<Option<(Trigger, Status)>, StoreError> {
        let mut query = self.query(
            "SELECT n.id, n.triggers, e.status FROM notification_events n \
             JOIN executions e ON e.id = n.execution WHERE n.execution IN (",
        );
        push_list(&mut query, runs);
        // By the runs, of which there are few: a target may have been told much.
        query.push(" AND +n.target = ?").bind(target);
        let mut last: Option<(i64, Option<Trigger>, Status)> = None;
        for row in query.fetch_all(&self.read).await? {
            let id: i64 = row.get("id")?;
            if last.as_ref().is_none_or(|(known, ..)| *known < id) {
                let first = triggers(row.get("triggers")?).into_iter().next();
                last = Some((id, first, read_status(&row)?));
            }
        }
        Ok(last.and_then(|(_, first, status)| Some((first?, status))))
    }

    /// For each target with held events: when the first of them is due.
    ///
    /// # Errors
    /// The database failed.
    pub async fn held_events(&self) -> Result<HashMap<i64, i64>, StoreError> {
        let rows = self
            .query(
                // Grouped so that no index has the order: SQLite would rather read all events in it than the few held ones.
                "SELECT MIN(target) AS target, MIN(held_until_us) AS due_us FROM notification_events \
                 WHERE held_until_us >= 0 GROUP BY +target",
            )
            .fetch_all(&self.read)
            .await?;
        rows.iter()
            .map(|row| Ok((row.get("target")?, row.get("due_us")?)))
            .collect()
    }

    /// The held events of a target, in their order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn held_events_of(&self, target: i64) -> Result<Vec<HeldEvent>, StoreError> {
        let rows = self
            .query(
                "SELECT id, execution, triggers FROM notification_events \
                 WHERE target = ? AND held_until_us IS NOT NULL ORDER BY id",
            )
            .bind(target)
            .fetch_all(&self.read)
            .await?;
        rows.iter()
            .map(|row| {
                let execution: ExecutionKey = row.get("execution")?;
                Ok(HeldEvent {
                    id: row.get("id")?,
                    execution: (execution != NotificationEvent::NO_RUN).then_some(execution),
                    triggers: triggers(row.get("triggers")?),
                })
            })
            .collect()
    }

    /// Puts the held events of a target into one delivery, a digest if there are several. Returns how many deliveries there
    /// are.
    ///
    /// # Errors
    /// The database failed: nothing was changed.
    pub async fn release_together(&self, target: i64, now_us: i64) -> Result<u64, StoreError> {
        transaction!(self, transaction => {
            let mut query = transaction.query(
                "SELECT id, execution FROM notification_events \
                 WHERE target = ? AND held_until_us IS NOT NULL ORDER BY id",
            );
            let rows = query.bind(target).fetch_all_in(transaction).await?;
            let mut held: Vec<(i64, ExecutionKey)> = Vec::with_capacity(rows.len());
            for row in &rows {
                held.push((row.get("id")?, row.get("execution")?));
            }
            let (first, last, run, kind) = match held.as_slice() {
                [] => return Ok(0),
                [(id, run)] => (*id, *id, Some(*run), DeliveryKind::Event),
                [(first, _), .., (last, _)] => (*first, *last, None, DeliveryKind::Digest),
            };
            let run = run.filter(|key| *key != NotificationEvent::NO_RUN);
            let delivery = released(target, run, kind, now_us);
            insert_deliveries(transaction, now_us, &[&delivery]).await?;
            let mut update = transaction.query(
                "UPDATE notification_events SET delivery = ?, held_until_us = NULL \
                 WHERE target = ? AND held_until_us IS NOT NULL AND id >= ? AND id <= ?",
            );
            update.bind(delivery.uuid).bind(target).bind(first).bind(last);
            update.execute_in(transaction).await?;
            1
        })
    }

    /// Puts groups of held events of a target into one delivery each, which tells the last of its group alone: `last` and the
    /// ids of those that it stands for.
    ///
    /// # Errors
    /// The database failed: nothing was changed.
    pub async fn release_last(
        &self,
        target: i64,
        groups: &[(HeldEvent, Vec<i64>)],
        now_us: i64,
    ) -> Result<(), StoreError> {
        transaction!(self, transaction => {
            for (last, earlier) in groups {
                let delivery = released(target, last.execution, DeliveryKind::Event, now_us);
                insert_deliveries(transaction, now_us, &[&delivery]).await?;
                for ids in [&[last.id][..]].into_iter().chain(earlier.chunks(CHUNKS[0])) {
                    let mut update = transaction.query(
                        "UPDATE notification_events SET delivery = ?, held_until_us = NULL \
                         WHERE target = ? AND held_until_us IS NOT NULL AND id IN (",
                    );
                    push_list(update.bind(delivery.uuid).bind(target), ids);
                    update.execute_in(transaction).await?;
                }
            }
        })
    }

    /// Holds the held events of a target until another time.
    ///
    /// # Errors
    /// The database failed.
    pub async fn hold_events(&self, target: i64, until_us: i64) -> Result<(), StoreError> {
        self.query(
            "UPDATE notification_events SET held_until_us = ? WHERE target = ? AND held_until_us IS NOT NULL",
        )
        .bind(until_us)
        .bind(target)
        .execute(&self.write)
        .await?;
        Ok(())
    }

    /// Drops the held events of a target that gets no more messages.
    ///
    /// # Errors
    /// The database failed.
    pub async fn drop_held_events(&self, target: i64) -> Result<(), StoreError> {
        self.query(
            "DELETE FROM notification_events WHERE target = ? AND held_until_us IS NOT NULL",
        )
        .bind(target)
        .execute(&self.write)
        .await?;
        Ok(())
    }

    /// The first events of a delivery, in their order; at most `limit`. `held_until_us` is not read.
    ///
    /// # Errors
    /// The database failed.
    pub async fn events_of(
        &self,
        delivery: Uuid,
        limit: u32,
    ) -> Result<Vec<NotificationEvent>, StoreError> {
        let rows = self
            .query(
                "SELECT target, subject, triggers, execution, detail, at_us FROM notification_events \
                 WHERE delivery = ? ORDER BY id LIMIT ?",
            )
            .bind(delivery)
            .bind(limit)
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(read).collect()
    }

    /// The last event of a delivery, which tells of that alone.
    ///
    /// # Errors
    /// The database failed.
    pub async fn last_event_of(
        &self,
        delivery: Uuid,
    ) -> Result<Option<NotificationEvent>, StoreError> {
        let row = self
            .query(
                "SELECT target, subject, triggers, execution, detail, at_us FROM notification_events \
                 WHERE delivery = ? ORDER BY id DESC LIMIT 1",
            )
            .bind(delivery)
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// The events of a digest, counted by their first trigger and their playbook, the most first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn digest_groups(&self, delivery: Uuid) -> Result<Vec<DigestGroup>, StoreError> {
        let rows = self
            .query(
                "SELECT n.triggers, e.playbook, COUNT(*) AS events, \
                 COUNT(CASE WHEN e.status = 'failed' THEN 1 END) AS failed FROM notification_events n \
                 LEFT JOIN executions e ON e.id = n.execution WHERE n.delivery = ? GROUP BY n.triggers, e.playbook",
            )
            .bind(delivery)
            .fetch_all(&self.read)
            .await?;
        let mut groups: HashMap<(Trigger, Option<String>), (u64, u64)> = HashMap::new();
        for row in &rows {
            let first = triggers(row.get("triggers")?).into_iter().next();
            let playbook: Option<String> = row.get("playbook")?;
            let key = (first.unwrap_or(Trigger::Finished), playbook);
            let (events, failed) = groups.entry(key).or_default();
            *events += row.unsigned("events")?;
            *failed += row.unsigned("failed")?;
        }
        let mut groups: Vec<DigestGroup> = groups
            .into_iter()
            .map(|((trigger, playbook), (events, failed))| DigestGroup {
                trigger,
                playbook,
                events,
                failed,
            })
            .collect();
        groups.sort_by(|one, other| {
            let rest = |group: &DigestGroup| (group.playbook.clone(), group.trigger.as_str());
            (other.events, rest(one)).cmp(&(one.events, rest(other)))
        });
        Ok(groups)
    }
}

fn read(row: &Row) -> Result<NotificationEvent, StoreError> {
    Ok(NotificationEvent {
        target: row.get("target")?,
        subject: row.get("subject")?,
        triggers: triggers(row.get("triggers")?),
        execution: row.get("execution")?,
        detail: row.get("detail")?,
        at_us: row.get("at_us")?,
        held_until_us: None,
    })
}
