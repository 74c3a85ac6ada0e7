//! Writes the changes of ingestion, in one transaction.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::dialect::Engine;
use super::notifications::note_moments;
use super::pool::{Row, Transaction};
use super::search_index::{mark_gone, mark_pending};
use super::tables::table::{CHUNKS, push_list};
use super::tables::{
    self, blocks, delete_projected, executions, facts, fingerprints, hosts, labels, plays, results,
    tasks,
};
use super::{Store, StoreError, audit, schedules, shared, stats, tombstones, traces, transaction};
use crate::filter::indexed;
use crate::model::{Changes, ExecutionKey, ExecutionRow, HostRow, Owner, ResultRow, Status};

impl Store {
    /// Writes the changes of several executions in one transaction, and returns each one's key. Either everything is
    /// durably stored, or nothing.
    ///
    /// # Errors
    /// The database failed: nothing was written.
    pub async fn commit(&self, changes: &[Changes]) -> Result<Vec<ExecutionKey>, StoreError> {
        self.check_room()?;
        let notifies = self.notifies();
        let written: Result<Vec<ExecutionKey>, StoreError> =
            transaction!(self, transaction => write(transaction, changes, self, notifies).await?);
        self.condition.note(size_of(changes), &written);
        let keys = written?;
        if !notifies && self.engine().is_shared() {
            self.unnoted.keep(&keys, changes);
        }
        if let Some(newest) = keys.iter().max() {
            self.keep_room(*newest).await;
        }
        Ok(keys)
    }

    /// The extent of an execution's log: as long as it is unchanged, nothing was added since the log was read.
    ///
    /// # Errors
    /// The database failed.
    pub async fn log_extent(&self, key: ExecutionKey) -> Result<LogExtent, StoreError> {
        let mut query = self.query(LOG_EXTENT);
        read_extent(&query.bind(key).fetch_one(&self.read).await?)
    }

    /// Replaces all rows projected from an execution's events, if its log still has this extent; otherwise returns
    /// false and changes nothing.
    ///
    /// # Errors
    /// The database failed: nothing was changed.
    pub async fn replace_projection_of(
        &self,
        key: ExecutionKey,
        changes: &Changes,
        extent: LogExtent,
    ) -> Result<bool, StoreError> {
        transaction!(self, transaction => {
            self.tell_changed(transaction, key).await?;
            let mut query = transaction.query(LOG_EXTENT);
            let rows = query.bind(key).fetch_all_in(transaction).await?;
            let is_same = match rows.first() {
                Some(row) => read_extent(row)? == extent,
                None => false,
            };
            if is_same {
                project(transaction, key, changes).await?;
            }
            is_same
        })
    }

    /// Replaces all rows projected from an execution's events; its blocks stay.
    ///
    /// # Errors
    /// The database failed: nothing was changed.
    pub async fn replace_projection(
        &self,
        key: ExecutionKey,
        changes: &Changes,
    ) -> Result<(), StoreError> {
        transaction!(self, transaction => {
            self.tell_changed(transaction, key).await?;
            project(transaction, key, changes).await?;
        })
    }
}

/// Approximate size of changes on the disk: their blocks are the bulk.
fn size_of(changes: &[Changes]) -> u64 {
    let blocks = changes.iter().flat_map(|change| &change.blocks);
    blocks.map(|block| block.data.len() as u64).sum()
}

/// The extent of a log: its number of blocks, and the newest of them. Adding or packing changes at least one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogExtent {
    blocks: i64,
    newest: i64,
}

const LOG_EXTENT: &str =
    "SELECT COUNT(*) AS n, COALESCE(MAX(id), 0) AS newest FROM event_blocks WHERE execution = ?";

fn read_extent(row: &Row) -> Result<LogExtent, StoreError> {
    Ok(LogExtent {
        blocks: row.get("n")?,
        newest: row.get("newest")?,
    })
}

async fn write(
    transaction: &mut Transaction,
    changes: &[Changes],
    store: &Store,
    notifies: bool,
) -> Result<Vec<ExecutionKey>, StoreError> {
    let rows = changes
        .iter()
        .filter_map(|change| change.execution.as_deref());
    let days = stats::days(transaction, rows).await?;
    let rows = changes
        .iter()
        .filter_map(|change| Some((change.execution.as_deref()?, change.owner.as_ref())));
    let known = upsert_executions(transaction, rows).await?;
    let key = |change: &Changes| match &change.execution {
        Some(row) => known.get(&row.id).copied(),
        None => change.key,
    };
    let keys: Option<Vec<ExecutionKey>> = changes.iter().map(key).collect();
    let keys = keys.ok_or(StoreError::Damaged {
        part: "changes of an execution that has no row",
    })?;
    if transaction.engine().is_shared() {
        shared::advance(transaction, &keys, changes, store.name).await?;
        refuse_deleted(transaction, changes).await?;
    }
    let keyed = || keys.iter().copied().zip(changes);
    signs_of_life(transaction, &keys, changes).await?;
    let rows_of_blocks = flatten(keyed(), |change| &change.blocks);
    blocks::EVENT_BLOCKS
        .insert(transaction, &rows_of_blocks, blocks::bind)
        .await?;
    let rows = flatten(keyed(), |change| &change.results);
    results::insert(transaction, &rows).await?;
    insert_fingerprints(transaction, changes, &keys, &rows).await?;
    let rows = flatten(keyed(), |change| &change.facts);
    facts::HOST_FACTS
        .insert(transaction, &rows, facts::bind)
        .await?;
    for (key, change) in keyed() {
        if change.start_moved {
            fingerprints::move_start(transaction, key).await?;
            facts::move_start(transaction, key).await?;
        }
        if !change.retracted.is_empty() {
            results::retract(transaction, key, &change.retracted).await?;
            fingerprints::delete_retracted(transaction, key).await?;
        }
    }
    let rows = latest(flatten(keyed(), |change| &change.plays), |row| row.number);
    plays::PLAYS.insert(transaction, &rows, plays::bind).await?;
    let rows = latest(flatten(keyed(), |change| &change.tasks), |row| row.number);
    tasks::TASKS.insert(transaction, &rows, tasks::bind).await?;
    let mut hosts: Vec<(ExecutionKey, &HostRow)> = Vec::new();
    for (key, change) in keyed() {
        if change.replace_hosts {
            hosts.retain(|(of, _)| *of != key);
            let mut delete = transaction.query("DELETE FROM execution_hosts WHERE execution = ?");
            delete.bind(key).execute_in(transaction).await?;
        }
        hosts.extend(change.hosts.iter().map(|row| (key, row)));
    }
    insert_hosts(transaction, changes, &keys, hosts).await?;
    // Whatever is added to a run that is over, its row is written with it.
    mark_pending(transaction, keyed().filter_map(over)).await?;
    if store.queues_traces {
        let runs = keyed().filter_map(over).map(|(key, _)| key);
        traces::queue(transaction, runs).await?;
    }
    for launch in changes.iter().filter_map(|change| change.launch.as_ref()) {
        tables::launches::insert(transaction, launch).await?;
    }
    let late = schedules::decide_all(transaction, changes).await?;
    if !late.is_empty() {
        return Err(StoreError::Overtaken(late));
    }
    if notifies {
        let moments = keyed().filter_map(|(key, change)| Some((key, change.moment.as_ref()?)));
        note_moments(transaction, moments.collect()).await?;
    }
    // Last, because collectors wait for each other from here on.
    stats::touch(transaction, &days).await?;
    for entry in changes.iter().flat_map(|change| &change.audit) {
        audit::append(transaction, entry).await?;
    }
    Ok(keys)
}

/// A run that is over, and its start.
fn over((key, change): (ExecutionKey, &Changes)) -> Option<(ExecutionKey, i64)> {
    let row = change.execution.as_deref()?;
    (row.status != Status::Running).then_some((key, row.started_us))
}

/// Stores when executions arrived, and when they last gave a sign of life.
async fn signs_of_life(
    transaction: &mut Transaction,
    keys: &[ExecutionKey],
    changes: &[Changes],
) -> Result<(), StoreError> {
    for (key, change) in keys.iter().zip(changes) {
        if let Some(arrived_us) = change.arrived_us {
            let mut update = transaction
                .query("UPDATE executions SET arrived_us = ? WHERE id = ? AND arrived_us IS NULL");
            update.bind(arrived_us).bind(*key);
            update.execute_in(transaction).await?;
        }
        if let Some(alive_us) = change.alive_us {
            let mut update = transaction.query(
                "UPDATE executions SET alive_us = ? \
                 WHERE id = ? AND (alive_us IS NULL OR alive_us < ?)",
            );
            update.bind(alive_us).bind(*key).bind(alive_us);
            update.execute_in(transaction).await?;
        }
    }
    Ok(())
}

/// Fails for executions that are new here and were deleted by another collector meanwhile.
async fn refuse_deleted(
    transaction: &mut Transaction,
    changes: &[Changes],
) -> Result<(), StoreError> {
    let id = |change: &Changes| {
        let is_new = change.version == Some(0);
        let row = change.execution.as_deref().filter(|_| is_new)?;
        Some(row.id)
    };
    let new: Vec<Uuid> = changes.iter().filter_map(id).collect();
    if new.is_empty() {
        return Ok(());
    }
    let deleted = tombstones::among(transaction, &new).await?;
    let which = changes.iter().enumerate();
    let which = which.filter(|(_, change)| id(change).is_some_and(|id| deleted.contains(&id)));
    let which: Vec<usize> = which.map(|(index, _)| index).collect();
    match which.is_empty() {
        true => Ok(()),
        false => Err(StoreError::Overtaken(which)),
    }
}

/// Replaces all rows projected from an execution's events, within a transaction.
pub(super) async fn project(
    transaction: &mut Transaction,
    key: ExecutionKey,
    changes: &Changes,
) -> Result<(), StoreError> {
    let rows = changes.execution.as_deref().into_iter();
    let days = stats::days(transaction, rows).await?;
    delete_projected(transaction, key).await?;
    // The row exists, and its owner is kept.
    let row = changes.execution.as_deref().map(|row| (row, None));
    upsert_executions(transaction, row.into_iter()).await?;
    let keyed = || std::iter::once((key, changes));
    let one = std::slice::from_ref(changes);
    let rows = flatten(keyed(), |change| &change.results);
    results::insert(transaction, &rows).await?;
    insert_fingerprints(transaction, one, &[key], &rows).await?;
    let rows = flatten(keyed(), |change| &change.facts);
    facts::HOST_FACTS
        .insert(transaction, &rows, facts::bind)
        .await?;
    let rows = latest(flatten(keyed(), |change| &change.plays), |row| row.number);
    plays::PLAYS.insert(transaction, &rows, plays::bind).await?;
    let rows = latest(flatten(keyed(), |change| &change.tasks), |row| row.number);
    tasks::TASKS.insert(transaction, &rows, tasks::bind).await?;
    let hosts = flatten(keyed(), |change| &change.hosts);
    insert_hosts(transaction, one, &[key], hosts).await?;
    // The index entry of this run is no longer correct.
    mark_gone(transaction, &[key]).await?;
    mark_pending(transaction, keyed().filter_map(over)).await?;
    // Text that is gone from its rows must not remain in a roll-up either.
    stats::forget(transaction, &days).await
}

/// Writes hosts, each with its execution's start time.
async fn insert_hosts(
    transaction: &mut Transaction,
    changes: &[Changes],
    keys: &[ExecutionKey],
    hosts: Vec<(ExecutionKey, &HostRow)>,
) -> Result<(), StoreError> {
    if hosts.is_empty() {
        return Ok(());
    }
    let needed = hosts.iter().map(|(key, _)| *key);
    let started = start_times(transaction, changes, keys, needed).await?;
    let rows = latest(hosts, |row| row.number);
    hosts::HOSTS
        .insert(transaction, &rows, |values, host| {
            let started_us = started.get(&host.0).copied();
            hosts::bind(values, host, started_us.unwrap_or_default());
        })
        .await?;
    Ok(())
}

/// Writes in which executions these results' errors occurred, each with its execution's start time.
async fn insert_fingerprints(
    transaction: &mut Transaction,
    changes: &[Changes],
    keys: &[ExecutionKey],
    results: &[(ExecutionKey, &ResultRow)],
) -> Result<(), StoreError> {
    let rows = fingerprints::of(results);
    if rows.is_empty() {
        return Ok(());
    }
    let needed = rows.iter().map(|(key, _)| *key);
    let started = start_times(transaction, changes, keys, needed).await?;
    fingerprints::FINGERPRINTS
        .insert(transaction, &rows, |values, (key, fingerprint)| {
            let started_us = started.get(key).copied().unwrap_or_default();
            values.bind(*key).bind(*fingerprint).bind(started_us);
        })
        .await?;
    Ok(())
}

/// When these executions started: as these changes say, else as is stored.
async fn start_times(
    transaction: &mut Transaction,
    changes: &[Changes],
    keys: &[ExecutionKey],
    needed: impl Iterator<Item = ExecutionKey>,
) -> Result<HashMap<ExecutionKey, i64>, StoreError> {
    let rows = keys.iter().zip(changes);
    let mut started: HashMap<ExecutionKey, i64> = rows
        .filter_map(|(key, change)| Some((*key, change.execution.as_ref()?.started_us)))
        .collect();
    let missing: BTreeSet<ExecutionKey> = needed.filter(|key| !started.contains_key(key)).collect();
    if !missing.is_empty() {
        let missing: Vec<ExecutionKey> = missing.into_iter().collect();
        let mut query = transaction.query("SELECT id, started_us FROM executions WHERE id IN (");
        push_list(&mut query, &missing);
        for row in &query.fetch_all_in(transaction).await? {
            started.insert(row.get("id")?, row.get("started_us")?);
        }
    }
    Ok(started)
}

/// All rows of one kind, each with its execution's key.
fn flatten<'c, T>(
    changes: impl Iterator<Item = (ExecutionKey, &'c Changes)>,
    rows: impl Fn(&'c Changes) -> &'c Vec<T>,
) -> Vec<(ExecutionKey, &'c T)> {
    changes
        .flat_map(|(key, change)| rows(change).iter().map(move |row| (key, row)))
        .collect()
}

/// The last of several states of each row: a statement may touch a row only once.
fn latest<T>(
    mut rows: Vec<(ExecutionKey, &T)>,
    number: impl Fn(&T) -> u32,
) -> Vec<(ExecutionKey, &T)> {
    let mut seen = HashSet::with_capacity(rows.len());
    rows.reverse();
    rows.retain(|(key, row)| seen.insert((*key, number(row))));
    rows.reverse();
    rows
}

/// Writes executions and their labels, and returns each one's key. It is looked up rather than cached: an execution may
/// have been deleted, and then has a new row.
async fn upsert_executions<'c>(
    transaction: &mut Transaction,
    rows: impl Iterator<Item = (&'c ExecutionRow, Option<&'c Owner>)>,
) -> Result<HashMap<Uuid, ExecutionKey>, StoreError> {
    let mut labels: BTreeMap<(Uuid, Cow<'_, str>), i64> = BTreeMap::new();
    // The last state of each, in an order that is the same for all collectors.
    let mut last: BTreeMap<Uuid, (&ExecutionRow, Option<&Owner>)> = BTreeMap::new();
    for (row, owner) in rows {
        let named = row
            .description
            .labels
            .iter()
            .map(|label| (row.id, indexed(label)));
        labels.extend(named.map(|label| (label, row.started_us)));
        last.insert(row.id, (row, owner));
    }
    let rows: Vec<(&ExecutionRow, Option<&Owner>)> = last.into_values().collect();
    executions::EXECUTIONS
        .insert(transaction, &rows, |values, (row, owner)| {
            executions::bind(values, row, *owner);
        })
        .await?;
    let mut keys = HashMap::with_capacity(rows.len());
    let ids: Vec<Uuid> = rows.iter().map(|(row, _)| row.id).collect();
    for ids in ids.chunks(CHUNKS[0]) {
        let mut query = transaction.query("SELECT id, uuid FROM executions WHERE uuid IN (");
        push_list(&mut query, ids);
        for row in query.fetch_all_in(transaction).await? {
            keys.insert(row.get("uuid")?, row.get("id")?);
        }
    }
    let labels: Vec<(ExecutionKey, Cow<'_, str>, i64)> = labels
        .into_iter()
        .filter_map(|((id, label), started_us)| Some((*keys.get(&id)?, label, started_us)))
        .collect();
    labels::LABELS
        .insert(transaction, &labels, |values, (key, label, started_us)| {
            values.bind(*key).bind(label.as_ref()).bind(*started_us);
        })
        .await?;
    Ok(keys)
}
