//! Messages, their attempts, and the log of both.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::super::dialect::Engine;
use super::super::pool::Row;
use super::super::tables::table::push_list;
use super::super::{Store, StoreError, audit, transaction};
use crate::model::{
    AttemptRow, AuditEntry, DeliveryKind, DeliveryRow, DeliveryState, ExecutionKey,
    NotificationEvent,
};

const COLUMNS: &str = "d.id, d.uuid, d.target, d.execution, d.report, d.kind, d.state, d.created_us, d.due_us, d.attempts, \
    d.done_us, d.notice, d.request, d.body, d.recipients, d.error, d.stamp";

/// Maximum number of waiting messages, and of their runs, that are examined to find those that are due; further ones wait
/// behind them.
const WAITING: i64 = 20_000;

/// What an attempt shows of its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetCondition {
    /// It answers.
    Works,
    /// It fails, and is left alone until this time.
    Fails {
        /// In microseconds since the epoch.
        retry_us: i64,
    },
    /// Nothing.
    Unknown,
}

/// An attempt, and what follows from it.
#[derive(Debug, Clone)]
pub struct AttemptOutcome {
    /// The attempt.
    pub attempt: AttemptRow,
    /// The outcome of the delivery.
    pub state: DeliveryState,
    /// When it is tried again.
    pub due_us: i64,
    /// What it says, as JSON.
    pub notice: String,
    /// Method and address of the request, without what is secret.
    pub request: Option<String>,
    /// Its body, without secrets.
    pub body: Option<String>,
    /// Recipients that have it already, separated by line ends.
    pub recipients: String,
    /// Why it failed, wholly or for some of the recipients.
    pub error: Option<String>,
    /// What it shows of the target.
    pub target: TargetCondition,
    /// When the attempt ended.
    pub ended_us: i64,
    /// What the audit trail says of it, if anything.
    pub entry: Option<AuditEntry>,
}

/// Runs whose messages are sent in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum InOrder {
    /// All runs of a playbook on an inventory: its failure is reported before its recovery.
    Playbook(String, Option<String>),
    /// An ad-hoc command by itself.
    Command(ExecutionKey),
}

/// Which deliveries: everything that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Of the target with this key.
    pub target: Option<i64>,
    /// In this state.
    pub state: Option<DeliveryState>,
    /// About this run.
    pub execution: Option<Uuid>,
    /// Created before the one with this number.
    pub before: Option<i64>,
}

/// Messages of a target that did not arrive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Undelivered {
    /// They wait for their time, or to be tried again.
    pub pending: u64,
    /// They were given up.
    pub failed: u64,
}

/// A delivery as the log lists it.
#[derive(Debug, Clone)]
pub struct ListedDelivery {
    /// The delivery.
    pub row: DeliveryRow,
    /// The target's name.
    pub target: String,
    /// The run.
    pub execution: Option<Uuid>,
}

impl Store {
    /// The targets with deliveries that are due, but for those that are left alone because they fail.
    ///
    /// # Errors
    /// The database failed.
    pub async fn targets_with_due(&self, now_us: i64) -> Result<HashSet<i64>, StoreError> {
        let rows = self
            .query(
                // Once for each of the few targets, however many messages wait for one that fails.
                "SELECT id FROM notification_targets WHERE (retry_us IS NULL OR retry_us <= ?) AND EXISTS \
                 (SELECT 1 FROM notification_deliveries d WHERE d.state = 'pending' \
                 AND d.target = notification_targets.id AND d.due_us <= ?)",
            )
            .bind(now_us)
            .bind(now_us)
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(|row| row.get("id")).collect()
    }

    /// The target's deliveries that are due, in their order; at most `limit`. Until an earlier message about the same
    /// playbook and inventory is due again, alone or in a digest, no later one is due. So the sender stops at the first
    /// one that fails.
    ///
    /// # Errors
    /// The database failed.
    pub async fn due_deliveries(
        &self,
        target: i64,
        now_us: i64,
        limit: u32,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        let rows = self
            .query(
                "SELECT d.id AS id, d.due_us AS due_us, e.id AS run, e.playbook AS playbook, e.inventory AS inventory \
                 FROM notification_deliveries d LEFT JOIN notification_events n ON n.delivery = d.uuid \
                 LEFT JOIN executions e ON e.id = n.execution \
                 WHERE d.state = 'pending' AND d.target = ? ORDER BY d.id LIMIT ?",
            )
            .bind(target)
            .bind(WAITING)
            .fetch_all(&self.read)
            .await?;
        let mut pending: BTreeMap<i64, (i64, HashSet<InOrder>)> = BTreeMap::new();
        for row in &rows {
            let entry = pending.entry(row.get("id")?);
            let (_, about) = entry.or_insert((row.get("due_us")?, HashSet::new()));
            let playbook: Option<String> = row.get("playbook")?;
            let run: Option<ExecutionKey> = row.get("run")?;
            about.extend(match playbook {
                Some(playbook) => Some(InOrder::Playbook(playbook, row.get("inventory")?)),
                None => run.map(InOrder::Command),
            });
        }
        let mut due: Vec<i64> = Vec::new();
        let mut held_up: HashSet<InOrder> = HashSet::new();
        for (id, (due_us, about)) in pending {
            if due_us > now_us || !held_up.is_disjoint(&about) {
                held_up.extend(about);
            } else if due.len() < limit as usize {
                due.push(id);
            }
        }
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = self.query("SELECT ");
        query.push(COLUMNS);
        query.push(" FROM notification_deliveries d WHERE d.state = 'pending' AND d.id IN (");
        push_list(&mut query, &due);
        query.push(" ORDER BY d.id");
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(read).collect()
    }

    /// How many messages of each target did not arrive, as far as the log is kept; of this target alone, if one is named.
    /// Targets without undelivered messages are left out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn undelivered(
        &self,
        target: Option<i64>,
    ) -> Result<HashMap<i64, Undelivered>, StoreError> {
        let mut counts: HashMap<i64, Undelivered> = HashMap::new();
        // A statement for each state: both are then counted in the order of an index.
        for state in [DeliveryState::Pending, DeliveryState::Failed] {
            let mut query = self
                .query("SELECT target, COUNT(*) AS n FROM notification_deliveries WHERE state = ?");
            query.bind(state.as_str());
            if let Some(target) = target {
                query.push(" AND target = ?").bind(target);
            }
            query.push(" GROUP BY target");
            for row in query.fetch_all(&self.read).await? {
                let count = counts.entry(row.get("target")?).or_default();
                match state {
                    DeliveryState::Pending => count.pending = row.unsigned("n")?,
                    _ => count.failed = row.unsigned("n")?,
                }
            }
        }
        Ok(counts)
    }

    /// How many messages of single events were created for a target since then.
    ///
    /// # Errors
    /// The database failed.
    pub async fn count_recent_deliveries(
        &self,
        target: i64,
        since_us: i64,
    ) -> Result<u64, StoreError> {
        self.query(
            "SELECT COUNT(*) AS n FROM notification_deliveries \
             WHERE target = ? AND created_us > ? AND kind = 'event'",
        )
        .bind(target)
        .bind(since_us)
        .fetch_one(&self.read)
        .await?
        .unsigned("n")
    }

    /// Notes an attempt and what follows from it, in one transaction. False: the delivery is gone.
    ///
    /// # Errors
    /// The database failed: nothing was noted.
    pub async fn note_attempt(
        &self,
        delivery: &DeliveryRow,
        outcome: &AttemptOutcome,
    ) -> Result<bool, StoreError> {
        let done_us = (outcome.state != DeliveryState::Pending).then_some(outcome.ended_us);
        let delivered_us = (outcome.state == DeliveryState::Delivered).then_some(outcome.ended_us);
        transaction!(self, transaction => {
            // What was redacted meanwhile must not come back.
            let mut query = transaction.query("SELECT stamp FROM notification_deliveries WHERE id = ?");
            let rows = query.bind(delivery.id).fetch_all_in(transaction).await?;
            let stamp = rows.first().map(|row| row.get::<i64>("stamp")).transpose()?;
            let is_current = stamp == Some(delivery.stamp);
            let kept = |text: Option<&String>| text.filter(|_| is_current).cloned();
            let notice = kept(Some(&outcome.notice).filter(|notice| !notice.is_empty()));
            let error = kept(outcome.error.as_ref());
            let mut update = transaction.query(
                "UPDATE notification_deliveries SET state = ?, due_us = ?, attempts = ?, done_us = ?, notice = ?, \
                 request = ?, body = ?, recipients = ?, error = ? WHERE id = ?",
            );
            update.bind(outcome.state.as_str()).bind(outcome.due_us);
            update.bind(outcome.attempt.number).bind(done_us);
            update.bind(notice.as_deref()).bind(outcome.request.as_deref());
            update.bind(kept(outcome.body.as_ref()).as_deref()).bind(&outcome.recipients);
            update.bind(error.as_deref()).bind(delivery.id);
            let is_there = update.execute_in(transaction).await? > 0;
            if is_there {
                let attempt = &outcome.attempt;
                let mut delete = transaction.query(
                    "DELETE FROM notification_attempts WHERE delivery = ? AND number = ?",
                );
                delete.bind(delivery.uuid).bind(attempt.number);
                delete.execute_in(transaction).await?;
                let mut insert = transaction.query(
                    "INSERT INTO notification_attempts \
                     (delivery, number, execution, at_us, duration_us, status, answer, error) \
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                );
                insert.bind(delivery.uuid).bind(attempt.number).bind(delivery.execution);
                insert.bind(attempt.at_us).bind(attempt.duration_us);
                insert.bind(attempt.status.map(i64::from));
                insert.bind(kept(attempt.answer.as_ref()).as_deref());
                insert.bind(kept(attempt.error.as_ref()).as_deref());
                insert.execute_in(transaction).await?;
                if let Some(entry) = &outcome.entry {
                    audit::append(transaction, entry).await?;
                }
            }
            match outcome.target {
                TargetCondition::Fails { retry_us } => {
                    let mut update = transaction.query(
                        "UPDATE notification_targets SET failures = failures + 1, retry_us = ?, \
                         failing_since_us = COALESCE(failing_since_us, ?) WHERE id = ?",
                    );
                    update.bind(retry_us).bind(outcome.attempt.at_us).bind(delivery.target);
                    update.execute_in(transaction).await?;
                }
                TargetCondition::Works => {
                    let mut update = transaction.query(
                        "UPDATE notification_targets SET failures = 0, retry_us = NULL, failing_since_us = NULL, \
                         delivered_us = COALESCE(?, delivered_us) WHERE id = ?",
                    );
                    update.bind(delivered_us).bind(delivery.target);
                    update.execute_in(transaction).await?;
                }
                TargetCondition::Unknown => {}
            }
            is_there
        })
    }

    /// Deliveries, newest first; at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        limit: u32,
    ) -> Result<Vec<ListedDelivery>, StoreError> {
        let mut query = self.query("SELECT ");
        query.push(COLUMNS).push(LISTED).push(" WHERE 1 = 1");
        if let Some(target) = filter.target {
            query.push(" AND d.target = ?").bind(target);
        }
        if let Some(state) = filter.state {
            query.push(" AND d.state = ?").bind(state.as_str());
        }
        if let Some(execution) = filter.execution {
            query.push(" AND d.execution = (SELECT id FROM executions WHERE uuid = ?)");
            query.bind(execution);
        }
        if let Some(before) = filter.before {
            query.push(" AND d.id < ?").bind(before);
        }
        query.push(" ORDER BY d.id DESC LIMIT ?").bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(read_listed).collect()
    }

    /// The delivery with that identity, and its attempts.
    ///
    /// # Errors
    /// The database failed.
    pub async fn delivery(
        &self,
        uuid: Uuid,
    ) -> Result<Option<(ListedDelivery, Vec<AttemptRow>)>, StoreError> {
        let mut query = self.query("SELECT ");
        query.push(COLUMNS).push(LISTED).push(" WHERE d.uuid = ?");
        let row = query.bind(uuid).fetch_optional(&self.read).await?;
        let Some(row) = row.as_ref().map(read_listed).transpose()? else {
            return Ok(None);
        };
        let attempts = self
            .query(
                "SELECT number, at_us, duration_us, status, answer, error FROM notification_attempts \
                 WHERE delivery = ? ORDER BY number",
            )
            .bind(uuid)
            .fetch_all(&self.read)
            .await?;
        let attempts = attempts.iter().map(read_attempt);
        Ok(Some((row, attempts.collect::<Result<_, _>>()?)))
    }

    /// Makes a delivery due again, with its audit entry, whatever its outcome was. Its target is no longer left alone,
    /// and everything that waits for it is due, too: if it works again, everything arrives. False: there is no such
    /// delivery.
    ///
    /// # Errors
    /// The database failed: nothing was changed.
    pub async fn redeliver(
        &self,
        uuid: Uuid,
        now_us: i64,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        transaction!(self, transaction => {
            let mut update = transaction.query(
                "UPDATE notification_deliveries SET state = 'pending', created_us = ?, due_us = ?, done_us = NULL, \
                 recipients = '', error = NULL WHERE uuid = ?",
            );
            update.bind(now_us).bind(now_us).bind(uuid);
            let is_there = update.execute_in(transaction).await? > 0;
            if is_there {
                let mut query = transaction.query("SELECT target FROM notification_deliveries WHERE uuid = ?");
                let rows = query.bind(uuid).fetch_all_in(transaction).await?;
                let target: Option<i64> = rows.first().map(|row| row.get("target")).transpose()?;
                // A test that is being sent is not sent once more.
                let mut update = transaction.query(
                    "UPDATE notification_deliveries SET due_us = ? \
                     WHERE state = 'pending' AND target = ? AND due_us > ? AND kind <> 'test'",
                );
                update.bind(now_us).bind(target).bind(now_us).execute_in(transaction).await?;
                let mut update = transaction.query("UPDATE notification_targets SET retry_us = NULL WHERE id = ?");
                update.bind(target).execute_in(transaction).await?;
                audit::append(transaction, entry).await?;
            }
            is_there
        })
    }

    /// Moves everything that waits by so much, because the clock was set: it waits as long as it would have.
    ///
    /// # Errors
    /// The database failed: nothing was moved.
    pub async fn move_deliveries(&self, jump_us: i64) -> Result<(), StoreError> {
        transaction!(self, transaction => {
            let mut update = transaction.query(
                "UPDATE notification_targets SET retry_us = retry_us + ?, failing_since_us = failing_since_us + ? \
                 WHERE failures > 0",
            );
            update.bind(jump_us).bind(jump_us).execute_in(transaction).await?;
            let mut update = transaction.query(
                "UPDATE notification_deliveries SET due_us = due_us + ?, created_us = created_us + ? \
                 WHERE state = 'pending'",
            );
            update.bind(jump_us).bind(jump_us).execute_in(transaction).await?;
        })
    }

    /// Gives up what waits for a target that gets no more messages, with the audit entry that `entry` makes of the
    /// number; returns how much.
    ///
    /// # Errors
    /// The database failed.
    pub async fn give_up_deliveries(
        &self,
        target: i64,
        created_before_us: i64,
        now_us: i64,
        why: &str,
        entry: impl Fn(u64) -> AuditEntry,
    ) -> Result<u64, StoreError> {
        transaction!(self, transaction => {
            let mut update = transaction.query(
                "UPDATE notification_deliveries SET state = 'failed', done_us = ?, error = ? \
                 WHERE state = 'pending' AND target = ? AND created_us < ?",
            );
            update.bind(now_us).bind(why).bind(target).bind(created_before_us);
            let count = update.execute_in(transaction).await?;
            if count > 0 {
                audit::append(transaction, &entry(count)).await?;
            }
            count
        })
    }

    /// Removes deliveries that were done before that time, with their attempts and events, and moments that were
    /// examined before it; at most `limit` of each. Messages about budgets since `budgets_us` stay known, so that each
    /// is sent once in its period. Messages about a silent playbook or a waiting run stay known as long as the run
    /// exists: otherwise they would be sent again. Returns how many deliveries.
    ///
    /// # Errors
    /// The database failed.
    pub async fn prune_notifications(
        &self,
        before_us: i64,
        budgets_us: i64,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let mut query = self.query(
            "SELECT d.uuid AS uuid FROM notification_deliveries d WHERE d.done_us < ? AND NOT EXISTS \
             (SELECT 1 FROM notification_events e WHERE e.delivery = d.uuid AND e.execution = ? AND e.at_us >= ?) \
             ORDER BY d.done_us LIMIT ?",
        );
        let rows = query
            .bind(before_us)
            .bind(NotificationEvent::NO_RUN)
            .bind(budgets_us)
            .bind(limit)
            .fetch_all(&self.read)
            .await?;
        let mut count = 0;
        for row in &rows {
            let uuid: Uuid = row.get("uuid")?;
            let removed: Result<(), StoreError> = transaction!(self, transaction => {
                for statement in [
                    "DELETE FROM notification_attempts WHERE delivery = ?",
                    "DELETE FROM notification_events WHERE delivery = ? \
                     AND subject NOT LIKE 'silent:%' AND subject NOT LIKE 'waiting:%'",
                    "UPDATE notification_events SET delivery = NULL, detail = '{}' WHERE delivery = ?",
                    "DELETE FROM notification_deliveries WHERE uuid = ?",
                ] {
                    let mut delete = transaction.query(statement);
                    delete.bind(uuid).execute_in(transaction).await?;
                }
            });
            removed?;
            count += 1;
        }
        let mut query = self
            .query("SELECT id FROM notification_outbox WHERE done_us < ? ORDER BY done_us LIMIT ?");
        let rows = query
            .bind(before_us)
            .bind(limit)
            .fetch_all(&self.read)
            .await?;
        let last = rows.last().map(|row| row.get::<i64>("id")).transpose()?;
        if let Some(last) = last {
            self.query("DELETE FROM notification_outbox WHERE done_us < ? AND id <= ?")
                .bind(before_us)
                .bind(last)
                .execute(&self.write)
                .await?;
        }
        Ok(count)
    }
}

const LISTED: &str = ", t.name AS target_name, e.uuid AS execution_uuid FROM notification_deliveries d \
    JOIN notification_targets t ON t.id = d.target LEFT JOIN executions e ON e.id = d.execution";
fn read(row: &Row) -> Result<DeliveryRow, StoreError> {
    let damaged = |part| StoreError::Damaged { part };
    let execution: Option<ExecutionKey> = row.get("execution")?;
    Ok(DeliveryRow {
        id: row.get("id")?,
        uuid: row.get("uuid")?,
        target: row.get("target")?,
        execution,
        report: row.get("report")?,
        kind: DeliveryKind::from_name(row.get("kind")?).ok_or(damaged("a delivery's kind"))?,
        state: DeliveryState::from_name(row.get("state")?).ok_or(damaged("a delivery's state"))?,
        created_us: row.get("created_us")?,
        due_us: row.get("due_us")?,
        attempts: row.number("attempts")?,
        done_us: row.get("done_us")?,
        notice: row.get("notice")?,
        request: row.get("request")?,
        body: row.get("body")?,
        recipients: row.get("recipients")?,
        error: row.get("error")?,
        stamp: row.get("stamp")?,
    })
}

fn read_listed(row: &Row) -> Result<ListedDelivery, StoreError> {
    Ok(ListedDelivery {
        row: read(row)?,
        target: row.get("target_name")?,
        execution: row.get("execution_uuid")?,
    })
}

fn read_attempt(row: &Row) -> Result<AttemptRow, StoreError> {
    let status: Option<i64> = row.get("status")?;
    Ok(AttemptRow {
        number: row.number("number")?,
        at_us: row.get("at_us")?,
        duration_us: row.get("duration_us")?,
        status: status.and_then(|status| u16::try_from(status).ok()),
        answer: row.get("answer")?,
        error: row.get("error")?,
    })
}
