//! The store's side of retention: candidates for the rules, and removal.
//!
//! Removal has two parts, so that nothing waits for it: first an execution, or its log, disappears at once as a whole;
//! then its remaining rows in the large tables are swept, a bounded number in each transaction. A table lists those
//! still to be swept, so a collector that is killed in between forgets none.

use std::collections::HashMap;

use playback_wire::ExecutionType;
use uuid::Uuid;

use super::dialect::Engine;
use super::health::freeing;
use super::pool::{Row, Transaction};
use super::search_index::mark_gone;
use super::statement::Statement;
use super::tables::executions::read_log_state;
use super::tables::table::{Present, Table, push_list};
use super::tables::{delete_found, delete_left};
use super::{Store, StoreError, audit, stats, tombstones, transaction};
use crate::model::{AuditEntry, Candidate, DAY_US, ExecutionKey, LogState, Status};

/// Approximate maximum number of rows that one sweep step deletes.
const SWEEP_ROWS: u64 = 5_000;

/// Maximum number of executions that one sweep step deletes.
const SWEEP_EXECUTIONS: u32 = 100;

/// Logs measured at once.
const MEASURED: usize = 50;

/// A block counts as this many rows, because it is larger.
const BLOCK_ROWS: u64 = 250;

/// A turn further in the future than this was taken by a collector with a wrong clock.
const LATER_US: i64 = 2 * DAY_US;

/// The outcome of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone.
    Deleted(ExecutionKey),
    /// It is running.
    Running,
    /// It is pinned.
    Pinned,
    /// It does not exist.
    Unknown,
}

const REMAINS: Table = Table {
    name: "execution_remains",
    columns: &["execution"],
    present: Present::Unchanged,
};

impl Store {
    /// Executions from the newest on, or from the one after `after` (its start and its key); at most `limit`. Logs of
    /// finished runs that were not measured yet are measured. Labels are only read on request.
    ///
    /// # Errors
    /// The database failed.
    pub async fn candidates(
        &self,
        after: Option<(i64, ExecutionKey)>,
        limit: u32,
        with_labels: bool,
    ) -> Result<Vec<Candidate>, StoreError> {
        let mut query = self.query(
            "SELECT id, uuid, status, type, playbook, playbook_name, started_us, ended_us, arrived_us, \
             results, \
             payload_bytes, payload_removed_us, (SELECT COUNT(*) FROM execution_pins \
             WHERE execution_pins.uuid = executions.uuid) AS pins FROM executions WHERE 1 = 1",
        );
        if let Some((started_us, key)) = after {
            query
                .push(" AND started_us <= ? AND (started_us < ? OR id < ?)")
                .bind(started_us)
                .bind(started_us)
                .bind(key);
        }
        query
            .push(" ORDER BY started_us DESC, id DESC LIMIT ?")
            .bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        let mut found: Vec<Candidate> =
            rows.iter().map(read_candidate).collect::<Result<_, _>>()?;
        let unmeasured: Vec<ExecutionKey> = found
            .iter()
            .filter(|one| one.status != Status::Running && one.log == LogState::default())
            .map(|one| one.key)
            .collect();
        // A few at a time, so that others can write.
        for keys in unmeasured.chunks(MEASURED) {
            let measured = freeing!(self, self.measure(keys).await)?;
            for one in &mut found {
                if let Some(kept) = measured.get(&one.key) {
                    one.log = *kept;
                }
            }
        }
        if with_labels && !found.is_empty() {
            let keys: Vec<ExecutionKey> = found.iter().map(|one| one.key).collect();
            let mut query = self.query("SELECT execution, label FROM execution_labels");
            push_list(query.push(" WHERE execution IN ("), &keys);
            let mut labels: HashMap<ExecutionKey, Vec<String>> = HashMap::new();
            for row in query.fetch_all(&self.read).await? {
                let of = labels.entry(row.get("execution")?).or_default();
                of.push(row.get("label")?);
            }
            for one in &mut found {
                one.labels = labels.remove(&one.key).unwrap_or_default();
            }
        }
        Ok(found)
    }

    /// Measures the logs of finished executions, and returns the new state of each.
    ///
    /// # Errors
    /// The database failed.
    pub async fn measure(
        &self,
        keys: &[ExecutionKey],
    ) -> Result<HashMap<ExecutionKey, LogState>, StoreError> {
        transaction!(self, transaction => {
            let mut update = transaction.query(
                "UPDATE executions SET payload_bytes = (SELECT COALESCE(SUM(LENGTH(data)), 0) \
                 FROM event_blocks WHERE event_blocks.execution = executions.id) \
                 WHERE status <> 'running' AND payload_removed_us IS NULL",
            );
            push_list(update.push(" AND id IN ("), keys);
            update.execute_in(transaction).await?;
            let mut query =
                transaction.query("SELECT id, payload_bytes, payload_removed_us FROM executions");
            push_list(query.push(" WHERE id IN ("), keys);
            let mut measured = HashMap::with_capacity(keys.len());
            for row in query.fetch_all_in(transaction).await? {
                measured.insert(row.get("id")?, read_log_state(&row)?);
            }
            measured
        })
    }

    /// The newest executions that began at `since_us` or later, were over at `ended_by_us`, and whose log was never
    /// measured; at most `limit`: those that a killed collector did not get to pack.
    ///
    /// # Errors
    /// The database failed.
    pub async fn unmeasured(
        &self,
        since_us: i64,
        ended_by_us: i64,
        limit: u32,
    ) -> Result<Vec<(Uuid, ExecutionKey)>, StoreError> {
        let mut query = self.query(
            "SELECT id, uuid FROM executions WHERE started_us >= ? AND status <> 'running' \
             AND payload_bytes IS NULL AND payload_removed_us IS NULL AND ended_us <= ? \
             ORDER BY started_us DESC, id DESC LIMIT ?",
        );
        let rows = query
            .bind(since_us)
            .bind(ended_by_us)
            .bind(limit)
            .fetch_all(&self.read)
            .await?;
        rows.iter()
            .map(|row| Ok((row.get("uuid")?, row.get("id")?)))
            .collect()
    }

    /// Whether the scheduled cleanup for this time, or a later one, was done: see [`Store::take_turn`].
    ///
    /// # Errors
    /// The database failed.
    pub async fn is_turn_taken(&self, due_us: i64) -> Result<bool, StoreError> {
        let mut query = self.query(
            "SELECT due_us FROM turns WHERE work = 'retention' AND due_us >= ? AND due_us <= ?",
        );
        query.bind(due_us).bind(due_us.saturating_add(LATER_US));
        Ok(query.fetch_optional(&self.read).await?.is_some())
    }

    /// Takes the scheduled cleanup for this time; false if another collector took it, or a later one. A time far in the
    /// future was stored by a wrong clock, and is ignored.
    ///
    /// # Errors
    /// The database failed.
    pub async fn take_turn(&self, due_us: i64) -> Result<bool, StoreError> {
        let mut update = self.query(
            "UPDATE turns SET due_us = ? WHERE work = 'retention' AND (due_us < ? OR due_us > ?)",
        );
        let too_late = due_us.saturating_add(LATER_US);
        update.bind(due_us).bind(due_us).bind(too_late);
        Ok(update.execute(&self.write).await? > 0)
    }

    /// Deletes an execution on request, unless it is running or pinned by then. Statistics forget it, too. Its
    /// remaining rows in the large tables must be swept (see [`Store::sweep_one`]). `entry` is the audit entry.
    ///
    /// # Errors
    /// The database failed: nothing was deleted.
    pub async fn delete_asked(
        &self,
        key: ExecutionKey,
        entry: &AuditEntry,
    ) -> Result<Deletion, StoreError> {
        freeing!(self, self.try_delete_asked(key, entry).await)
    }

    async fn try_delete_asked(
        &self,
        key: ExecutionKey,
        entry: &AuditEntry,
    ) -> Result<Deletion, StoreError> {
        transaction!(self, transaction => {
            // Locks the row where others may write: from here on it cannot be started or pinned.
            self.tell_changed(transaction, key).await?;
            let mut query = transaction.query(
                "SELECT uuid, status, (SELECT COUNT(*) FROM execution_pins \
                 WHERE execution_pins.uuid = executions.uuid) AS pins FROM executions WHERE id = ?",
            );
            let rows = query.bind(key).fetch_all_in(transaction).await?;
            match rows.first() {
                None => Deletion::Unknown,
                Some(row) if row.unsigned("pins")? > 0 => Deletion::Pinned,
                Some(row) if row.get::<&str>("status")? == Status::Running.as_str() => {
                    Deletion::Running
                }
                Some(row) => {
                    let days = stats::days_of(transaction, &[key]).await?;
                    tombstones::note(transaction, &[row.get("uuid")?]).await?;
                    forget_row(transaction, key).await?;
                    REMAINS.insert(transaction, &[key], bind_key).await?;
                    stats::forget(transaction, &days).await?;
                    audit::append(transaction, entry).await?;
                    Deletion::Deleted(key)
                }
            }
        })
    }

    /// Deletes those of these executions that are over and not pinned. Returns which, in the order of their keys.
    /// Statistics keep their figures; their remaining rows in the large tables must be swept (see [`Store::sweep`]).
    ///
    /// # Errors
    /// The database failed: nothing was deleted.
    pub async fn delete_archived(
        &self,
        keys: &[ExecutionKey],
    ) -> Result<Vec<ExecutionKey>, StoreError> {
        freeing!(self, self.try_delete_archived(keys).await)
    }

    async fn try_delete_archived(
        &self,
        keys: &[ExecutionKey],
    ) -> Result<Vec<ExecutionKey>, StoreError> {
        transaction!(self, transaction => {
            let mut keys = keys.to_vec();
            keys.sort_unstable();
            for key in &keys {
                // Locks the row where others may write: from here on it cannot be started or pinned.
                self.tell_changed(transaction, *key).await?;
            }
            // It may have started again, or been pinned, since it was selected.
            let mut query = transaction.query(
                "SELECT id, uuid FROM executions WHERE status <> 'running' \
                 AND uuid NOT IN (SELECT uuid FROM execution_pins)",
            );
            push_list(query.push(" AND id IN ("), &keys);
            let rows = query.push(" ORDER BY id").fetch_all_in(transaction).await?;
            let doomed: Vec<(ExecutionKey, Uuid)> = rows
                .iter()
                .map(|row| Ok((row.get("id")?, row.get("uuid")?)))
                .collect::<Result<_, StoreError>>()?;
            let deleted: Vec<ExecutionKey> = doomed.iter().map(|(key, _)| *key).collect();
            stats::archive(transaction, &deleted).await?;
            let gone: Vec<Uuid> = doomed.iter().map(|(_, id)| *id).collect();
            tombstones::note(transaction, &gone).await?;
            for (key, _) in doomed {
                forget_row(transaction, key).await?;
            }
            REMAINS.insert(transaction, &deleted, bind_key).await?;
            deleted
        })
    }

    /// Removes the logs of those of these executions that are over and not pinned and still have one, and keeps their
    /// rows. Returns which. Their blocks must be swept (see [`Store::sweep`]), and must not be read any more.
    ///
    /// # Errors
    /// The database failed: nothing was removed.
    pub async fn remove_payloads(
        &self,
        keys: &[ExecutionKey],
        now_us: i64,
    ) -> Result<Vec<ExecutionKey>, StoreError> {
        freeing!(self, self.try_remove_payloads(keys, now_us).await)
    }

    async fn try_remove_payloads(
        &self,
        keys: &[ExecutionKey],
        now_us: i64,
    ) -> Result<Vec<ExecutionKey>, StoreError> {
        transaction!(self, transaction => {
            let mut removed: Vec<ExecutionKey> = Vec::with_capacity(keys.len());
            for key in keys {
                self.tell_changed(transaction, *key).await?;
                let mut update = transaction.query(
                    "UPDATE executions SET payload_removed_us = ?, payload_bytes = 0 WHERE id = ? \
                     AND status <> 'running' AND payload_removed_us IS NULL \
                     AND uuid NOT IN (SELECT uuid FROM execution_pins)",
                );
                update.bind(now_us).bind(*key);
                if update.execute_in(transaction).await? > 0 {
                    removed.push(*key);
                }
            }
            REMAINS.insert(transaction, &removed, bind_key).await?;
            mark_gone(transaction, &removed).await?;
            removed
        })
    }

    /// Sweeps a bounded part of what one execution has left behind. False: nothing is left.
    ///
    /// # Errors
    /// The database failed: nothing was deleted.
    pub async fn sweep_one(&self, key: ExecutionKey) -> Result<bool, StoreError> {
        let more = freeing!(self, self.try_sweep_one(key).await)?;
        self.after_step().await;
        Ok(more)
    }

    async fn try_sweep_one(&self, key: ExecutionKey) -> Result<bool, StoreError> {
        let most = self.sweep_rows();
        transaction!(self, transaction => {
            let mut query = transaction
                .query("SELECT execution FROM execution_remains WHERE execution = ?");
            let is_left = !query.bind(key).fetch_all_in(transaction).await?.is_empty();
            if is_left {
                let mut budget = most;
                sweep_one(transaction, key, &mut budget).await?;
            }
            is_left
        })
    }

    /// Sweeps a bounded part of what executions, or their logs, have left behind. False: nothing is left.
    ///
    /// # Errors
    /// The database failed: nothing was deleted.
    pub async fn sweep(&self) -> Result<bool, StoreError> {
        if self.has_partitions() && self.empty_partition().await? {
            return Ok(true);
        }
        let more = freeing!(self, self.try_sweep().await)?;
        self.after_step().await;
        Ok(more)
    }

    /// Rows that one step deletes: with hardly any space on the disk, a block at a time.
    fn sweep_rows(&self) -> u64 {
        match self.is_short() {
            true => BLOCK_ROWS,
            false => SWEEP_ROWS,
        }
    }

    async fn try_sweep(&self) -> Result<bool, StoreError> {
        let most = self.sweep_rows();
        transaction!(self, transaction => {
            let mut query = transaction
                .query("SELECT execution FROM execution_remains ORDER BY execution LIMIT ?");
            query.push(transaction.engine().skip_locked()).bind(SWEEP_EXECUTIONS);
            let rows = query.fetch_all_in(transaction).await?;
            let mut budget = most;
            for row in &rows {
                let key: ExecutionKey = row.get("execution")?;
                if !sweep_one(transaction, key, &mut budget).await? {
                    break;
                }
            }
            !rows.is_empty()
        })
    }
}

/// Deletes the rows by which an execution is found. Its own row is only deleted if it is not pinned.
async fn forget_row(transaction: &mut Transaction, key: ExecutionKey) -> Result<(), StoreError> {
    delete_found(transaction, key).await?;
    mark_gone(transaction, &[key]).await?;
    let mut delete = transaction.query(
        "DELETE FROM executions WHERE id = ? AND status <> 'running' \
         AND uuid NOT IN (SELECT uuid FROM execution_pins)",
    );
    if delete.bind(key).execute_in(transaction).await? == 0 {
        // The row has been locked since it was checked, so this only happens if the database was changed by hand.
        return Err(StoreError::Damaged {
            part: "an execution that changed under its lock",
        });
    }
    Ok(())
}

/// Deletes an execution's remaining rows within the budget; false when that is used up.
async fn sweep_one(
    transaction: &mut Transaction,
    key: ExecutionKey,
    budget: &mut u64,
) -> Result<bool, StoreError> {
    let blocks = budget.div_ceil(BLOCK_ROWS);
    let mut query =
        transaction.query("SELECT id FROM event_blocks WHERE execution = ? ORDER BY id LIMIT ?");
    query.bind(key).bind(blocks);
    let found = query.fetch_all_in(transaction).await?;
    if let Some(last) = found.last() {
        let last: i64 = last.get("id")?;
        let mut delete =
            transaction.query("DELETE FROM event_blocks WHERE execution = ? AND id <= ?");
        delete.bind(key).bind(last).execute_in(transaction).await?;
        *budget = budget.saturating_sub(found.len() as u64 * BLOCK_ROWS);
        if *budget == 0 {
            return Ok(false);
        }
    }
    let mut query = transaction.query("SELECT id FROM executions WHERE id = ?");
    let only_the_log = !query.bind(key).fetch_all_in(transaction).await?.is_empty();
    if !only_the_log {
        let mut query = transaction
            .query("SELECT seq FROM results WHERE execution = ? ORDER BY seq LIMIT 1 OFFSET ?");
        query.bind(key).bind(*budget);
        let beyond = query.fetch_all_in(transaction).await?;
        if let Some(beyond) = beyond.first() {
            let beyond: i64 = beyond.get("seq")?;
            let mut delete =
                transaction.query("DELETE FROM results WHERE execution = ? AND seq < ?");
            delete
                .bind(key)
                .bind(beyond)
                .execute_in(transaction)
                .await?;
            *budget = 0;
            return Ok(false);
        }
        let deleted = delete_left(transaction, key).await?;
        *budget = budget.saturating_sub(deleted);
    }
    let mut delete = transaction.query("DELETE FROM execution_remains WHERE execution = ?");
    delete.bind(key).execute_in(transaction).await?;
    Ok(*budget > 0)
}

fn bind_key(values: &mut Statement, key: &ExecutionKey) {
    values.bind(*key);
}

fn read_candidate(row: &Row) -> Result<Candidate, StoreError> {
    let kind = match row.get::<&str>("type")? {
        "adhoc" => ExecutionType::Adhoc,
        _ => ExecutionType::Playbook,
    };
    Ok(Candidate {
        key: row.get("id")?,
        id: row.get("uuid")?,
        status: Status::from_name(row.get("status")?)
            .ok_or(StoreError::Damaged { part: "a status" })?,
        r#type: kind,
        playbook: row.get("playbook")?,
        playbook_name: row.get("playbook_name")?,
        labels: Vec::new(),
        started_us: row.get("started_us")?,
        ended_us: row.get("ended_us")?,
        arrived_us: row.get("arrived_us")?,
        results: row.unsigned("results")?,
        log: read_log_state(row)?,
        is_pinned: row.unsigned("pins")? > 0,
    })
}
