//! Adds segments, and replaces several by one.

use super::super::dialect::Engine;
use super::super::pool::Transaction;
use super::super::tables::table::{CHUNKS, Present, Table, push_list};
use super::super::{DatabaseProblem, Store, StoreError, transaction};
use super::mark::{PENDING, stamp};
use super::{CHUNKS_TABLE, SEGMENTS, SearchSegment, bind_chunk};
use crate::model::ExecutionKey;
use crate::search::index::build::BuiltSegment;
use crate::search::index::chunk::StoredChunk;
use crate::search::index::runs::{self, CoveredRun, RunState};

/// Pending runs are read in chunks of this size.
const LOCKED: usize = CHUNKS[0];

/// A pending run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingRun {
    /// Its key.
    pub key: ExecutionKey,
    /// When it started.
    pub started_us: i64,
    /// Which state of it is pending.
    pub stamp: i64,
}

/// A segment that is being written.
#[derive(Debug, Clone, Copy)]
pub struct NewSegment {
    id: i64,
    bytes: u64,
}

impl Store {
    /// The newest pending runs whose logs are packed, or that were over at a certain time; at most `limit`. Also returns
    /// how many wait, counted up to `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn pending_runs(
        &self,
        ended_by_us: i64,
        limit: u32,
    ) -> Result<Vec<PendingRun>, StoreError> {
        let mut query = self.query(
            "SELECT p.execution, p.started_us, p.stamp FROM search_pending p \
             JOIN executions e ON e.id = p.execution WHERE e.status <> 'running' \
             AND (e.payload_bytes IS NOT NULL OR e.ended_us IS NULL OR e.ended_us <= ?) \
             ORDER BY p.started_us DESC, p.execution DESC LIMIT ?",
        );
        query.bind(ended_by_us).bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter()
            .map(|row| {
                Ok(PendingRun {
                    key: row.get("execution")?,
                    started_us: row.get("started_us")?,
                    stamp: row.get("stamp")?,
                })
            })
            .collect()
    }

    /// Adds a segment, after which these runs are no longer pending. False: one of them has changed since, and nothing
    /// was added.
    ///
    /// # Errors
    /// The database failed: nothing was added.
    pub async fn add_segment(
        &self,
        built: &BuiltSegment,
        covered: &[PendingRun],
    ) -> Result<bool, StoreError> {
        self.check_index_room()?;
        let mut transaction = self.write.begin().await?;
        let mut covered = covered.to_vec();
        covered.sort_unstable_by_key(|run| run.key);
        for runs in covered.chunks(LOCKED) {
            if !take_pending(&mut transaction, runs).await? {
                return Ok(false);
            }
        }
        if !built.runs.is_empty() {
            let id = new_id();
            let bytes = built.chunks.iter().map(StoredChunk::bytes).sum();
            let row = SegmentRow::of(id, true, &built.runs, bytes);
            insert_segment(&mut transaction, &row).await?;
            insert_chunks(&mut transaction, id, &built.chunks).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Begins a segment that is to replace others. It must begin before those are read: then whatever is taken out of
    /// them meanwhile is missed at the end.
    ///
    /// # Errors
    /// The database failed.
    pub async fn begin_segment(&self) -> Result<NewSegment, StoreError> {
        let id = new_id();
        let row = SegmentRow::of(id, false, &[], 0);
        transaction!(self, transaction => insert_segment(transaction, &row).await?)?;
        Ok(NewSegment { id, bytes: 0 })
    }

    /// Adds chunks to it. False: it was dropped meanwhile.
    ///
    /// # Errors
    /// The database failed: nothing was added.
    pub async fn append_chunks(
        &self,
        new: &mut NewSegment,
        chunks: &[StoredChunk],
    ) -> Result<bool, StoreError> {
        self.check_index_room()?;
        let mut transaction = self.write.begin().await?;
        // Locks it, so that a transaction that drops it finds all its chunks.
        let mut update = transaction
            .query("UPDATE search_segments SET version = version + 1 WHERE id = ? AND is_live = 0");
        if update.bind(new.id).execute_in(&mut transaction).await? == 0 {
            return Ok(false);
        }
        insert_chunks(&mut transaction, new.id, chunks).await?;
        transaction.commit().await?;
        new.bytes += chunks.iter().map(StoredChunk::bytes).sum::<u64>();
        Ok(true)
    }

    /// Ends it: it covers these runs, and replaces those segments. False: one of them has changed, or the new one was
    /// dropped; nothing was replaced.
    ///
    /// # Errors
    /// The database failed: nothing was replaced.
    pub async fn replace_segments(
        &self,
        new: NewSegment,
        runs: &[CoveredRun],
        replaced: &[SearchSegment],
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write.begin().await?;
        let mut replaced = replaced.to_vec();
        replaced.sort_unstable_by_key(|segment| segment.id);
        for segment in replaced {
            let mut delete =
                transaction.query("DELETE FROM search_segments WHERE id = ? AND version = ?");
            delete.bind(segment.id).bind(segment.version);
            if delete.execute_in(&mut transaction).await? == 0 {
                return Ok(false);
            }
            delete_chunks(&mut transaction, segment.id).await?;
        }
        if runs.is_empty() {
            delete_chunks(&mut transaction, new.id).await?;
        }
        let mut delete =
            transaction.query("DELETE FROM search_segments WHERE id = ? AND is_live = 0");
        if delete.bind(new.id).execute_in(&mut transaction).await? == 0 {
            return Ok(false);
        }
        if !runs.is_empty() {
            let row = SegmentRow::of(new.id, true, runs, new.bytes);
            insert_segment(&mut transaction, &row).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// What is left of a nearly full disk is not for the index.
    fn check_index_room(&self) -> Result<(), StoreError> {
        match self.is_short() {
            true => Err(StoreError::Unhealthy(DatabaseProblem::Full)),
            false => Ok(()),
        }
    }

    /// Drops what was begun and never ended.
    ///
    /// # Errors
    /// The database failed.
    pub async fn drop_unfinished_segments(&self) -> Result<(), StoreError> {
        let mut query = self.query("SELECT id FROM search_segments WHERE is_live = 0");
        for row in query.fetch_all(&self.read).await? {
            let id: i64 = row.get("id")?;
            let mut transaction = self.write.begin().await?;
            let mut delete =
                transaction.query("DELETE FROM search_segments WHERE id = ? AND is_live = 0");
            if delete.bind(id).execute_in(&mut transaction).await? > 0 {
                delete_chunks(&mut transaction, id).await?;
                transaction.commit().await?;
            }
        }
        Ok(())
    }

    /// Drops the whole index: every run that is over is pending again.
    ///
    /// # Errors
    /// The database failed; what is left of the index is right.
    pub async fn drop_search_index(&self) -> Result<(), StoreError> {
        let stamp = stamp();
        transaction!(self, transaction => {
            let mut insert = transaction.query(
                "INSERT INTO search_pending (execution, started_us, stamp) \
                 SELECT id, started_us, ? FROM executions WHERE status <> 'running'",
            );
            insert.bind(stamp);
            transaction.engine().push_conflict(&PENDING_KEPT, &mut insert);
            insert.execute_in(transaction).await?;
        })?;
        self.drop_unfinished_segments().await?;
        for segment in self.search_segments().await? {
            transaction!(self, transaction => delete_segment(transaction, segment.id).await?)?;
        }
        Ok(())
    }
}

/// Pending runs stay as they are.
const PENDING_KEPT: Table = Table {
    name: PENDING.name,
    columns: PENDING.columns,
    present: Present::Unchanged,
};

/// Removes pending runs, if all of them are as they were; these are few, and in the order of their keys.
async fn take_pending(
    transaction: &mut Transaction,
    runs: &[PendingRun],
) -> Result<bool, StoreError> {
    let keys: Vec<ExecutionKey> = runs.iter().map(|run| run.key).collect();
    let mut query =
        transaction.query("SELECT execution, stamp FROM search_pending WHERE execution IN (");
    push_list(&mut query, &keys);
    query
        .push(" ORDER BY execution")
        .push(transaction.engine().for_update());
    let rows = query.fetch_all_in(transaction).await?;
    if rows.len() != runs.len() {
        return Ok(false);
    }
    for (row, run) in rows.iter().zip(runs) {
        let found: (ExecutionKey, i64) = (row.get("execution")?, row.get("stamp")?);
        if found != (run.key, run.stamp) {
            return Ok(false);
        }
    }
    let mut delete = transaction.query("DELETE FROM search_pending WHERE execution IN (");
    push_list(&mut delete, &keys);
    delete.execute_in(transaction).await?;
    Ok(true)
}

/// A row of the table of segments.
pub(super) struct SegmentRow {
    pub(super) id: i64,
    pub(super) is_live: bool,
    pub(super) started_us: (i64, i64),
    pub(super) keys: (ExecutionKey, ExecutionKey),
    pub(super) runs: u64,
    pub(super) without_log: u64,
    pub(super) bytes: u64,
    pub(super) covered: Vec<u8>,
}

impl SegmentRow {
    pub(super) fn of(id: i64, is_live: bool, runs: &[CoveredRun], bytes: u64) -> Self {
        let known = || runs.iter().filter(|run| run.state != RunState::Removed);
        let started_us = || known().map(|run| run.started_us);
        let keys = || known().map(|run| run.key);
        let without_log = known().filter(|run| run.state == RunState::WithoutLog);
        Self {
            id,
            is_live,
            started_us: (
                started_us().min().unwrap_or_default(),
                started_us().max().unwrap_or_default(),
            ),
            keys: (
                keys().min().unwrap_or_default(),
                keys().max().unwrap_or_default(),
            ),
            runs: known().count() as u64,
            without_log: without_log.count() as u64,
            bytes,
            covered: runs::encode(runs),
        }
    }
}

/// Random: it is never used twice, so a reader of a removed segment never finds another one instead.
fn new_id() -> i64 {
    stamp() & i64::MAX
}

async fn insert_segment(transaction: &mut Transaction, row: &SegmentRow) -> Result<(), StoreError> {
    SEGMENTS
        .insert(transaction, &[row], |values, row| {
            values
                .bind(row.id)
                .bind(0_i64)
                .bind(i32::from(row.is_live))
                .bind(row.started_us.0)
                .bind(row.started_us.1)
                .bind(row.keys.0)
                .bind(row.keys.1)
                .bind(row.runs)
                .bind(row.without_log)
                .bind(row.bytes)
                .bind(&row.covered);
        })
        .await?;
    Ok(())
}

async fn insert_chunks(
    transaction: &mut Transaction,
    segment: i64,
    chunks: &[StoredChunk],
) -> Result<(), StoreError> {
    let rows: Vec<(i64, &StoredChunk)> = chunks.iter().map(|chunk| (segment, chunk)).collect();
    CHUNKS_TABLE.insert(transaction, &rows, bind_chunk).await?;
    Ok(())
}

pub(super) async fn delete_chunks(
    transaction: &mut Transaction,
    segment: i64,
) -> Result<(), StoreError> {
    let mut delete = transaction.query("DELETE FROM search_chunks WHERE segment = ?");
    delete.bind(segment).execute_in(transaction).await?;
    Ok(())
}

async fn delete_segment(transaction: &mut Transaction, segment: i64) -> Result<(), StoreError> {
    let mut delete = transaction.query("DELETE FROM search_segments WHERE id = ?");
    delete.bind(segment).execute_in(transaction).await?;
    delete_chunks(transaction, segment).await
}
