//! Takes runs out of segments: their words leave the database before a redaction or a deletion is answered.

use std::collections::{HashMap, HashSet};

use super::super::dialect::Engine;
use super::super::health::freeing;
use super::super::tables::table::CHUNKS;
use super::super::{Store, StoreError, transaction};
use super::write::{SegmentRow, delete_chunks};
use super::{CHUNKS_TABLE, SearchSegment, bind_chunk};
use crate::model::ExecutionKey;
use crate::search::index::chunk::{self, StoredChunk, Without};
use crate::search::index::runs::{CoveredRun, RunState};

/// Runs that are taken out at once.
const AT_ONCE: u32 = CHUNKS[0] as u32;

/// Chunks read at once.
const READ: u32 = 16;

/// Changed chunks are written when they have this many bytes, so that memory stays small.
const WRITE_BYTES: u64 = 8 << 20;

/// How often to try when others change the same segments.
const TRIES: usize = 20;

/// A run whose words must be removed.
struct RemovedRun {
    key: ExecutionKey,
    stamp: i64,
}

/// A chunk's new content: by its first term, what replaces it, if anything.
type ChangedChunk = (Vec<u8>, Option<StoredChunk>);

impl Store {
    /// Removes the words of all deleted runs from the index. False: other writers keep changing the same segments, and
    /// some words are left.
    ///
    /// # Errors
    /// The database failed, or a segment cannot be read.
    pub async fn forget_words(&self) -> Result<bool, StoreError> {
        let mut tries = 0;
        loop {
            let gone = self.gone_runs().await?;
            if gone.is_empty() {
                return Ok(true);
            }
            // What is being written may have been read from segments before.
            self.drop_unfinished_segments().await?;
            if self.forget_runs(&gone).await? {
                self.forgotten(&gone).await?;
            } else {
                tries += 1;
                if tries == TRIES {
                    return Ok(false);
                }
            }
        }
    }

    /// Whether there are runs whose words must leave the index.
    ///
    /// # Errors
    /// The database failed.
    pub async fn has_words_to_forget(&self) -> Result<bool, StoreError> {
        let mut query = self.query("SELECT execution FROM search_gone LIMIT 1");
        Ok(query.fetch_optional(&self.read).await?.is_some())
    }

    async fn gone_runs(&self) -> Result<Vec<RemovedRun>, StoreError> {
        let mut query =
            self.query("SELECT execution, stamp FROM search_gone ORDER BY execution LIMIT ?");
        let rows = query.bind(AT_ONCE).fetch_all(&self.read).await?;
        rows.iter()
            .map(|row| {
                Ok(RemovedRun {
                    key: row.get("execution")?,
                    stamp: row.get("stamp")?,
                })
            })
            .collect()
    }

    /// Notes that they are out. One that was changed once more meanwhile stays.
    async fn forgotten(&self, gone: &[RemovedRun]) -> Result<(), StoreError> {
        transaction!(self, transaction => {
            for one in gone {
                let mut delete = transaction
                    .query("DELETE FROM search_gone WHERE execution = ? AND stamp = ?");
                delete.bind(one.key).bind(one.stamp).execute_in(transaction).await?;
            }
        })
    }

    /// Takes runs out of every segment that covers them. False: one was changed meanwhile.
    async fn forget_runs(&self, gone: &[RemovedRun]) -> Result<bool, StoreError> {
        let keys: Vec<ExecutionKey> = gone.iter().map(|one| one.key).collect();
        let known: HashMap<ExecutionKey, bool> =
            self.logs_removed(&keys).await?.into_iter().collect();
        let state = |key: ExecutionKey| match known.get(&key) {
            Some(true) => RunState::WithoutLog,
            _ => RunState::Removed,
        };
        let is_meant: HashSet<ExecutionKey> = keys.iter().copied().collect();
        for segment in self.search_segments().await? {
            let (lowest, highest) = segment.keys;
            if !keys.iter().any(|key| (lowest..=highest).contains(key)) {
                continue;
            }
            let Some(mut runs) = self.covered_runs(&segment).await? else {
                return Ok(false);
            };
            let mut words_of = HashSet::new();
            let mut is_changed = false;
            for (number, run) in (0_u32..).zip(&mut runs) {
                if !is_meant.contains(&run.key) || run.state == RunState::Removed {
                    continue;
                }
                if run.state == RunState::Indexed {
                    words_of.insert(number);
                }
                is_changed |= run.state != state(run.key);
                run.state = state(run.key);
            }
            let is_done = match is_changed {
                true => self.change_segment(segment, &runs, &words_of).await?,
                false => true,
            };
            if !is_done {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Gives a segment other runs, and takes the words of some of them out. False: it was changed meanwhile.
    async fn change_segment(
        &self,
        mut segment: SearchSegment,
        runs: &[CoveredRun],
        words_of: &HashSet<u32>,
    ) -> Result<bool, StoreError> {
        if runs.iter().all(|run| run.state == RunState::Removed) {
            return freeing!(self, self.remove_segment(segment).await);
        }
        let mut changed: Vec<ChangedChunk> = Vec::new();
        let mut waiting = 0;
        let mut after = Vec::new();
        while !words_of.is_empty() {
            let chunks = self.chunks_after(segment.id, &after, READ).await?;
            let Some(last) = chunks.last() else { break };
            after.clone_from(&last.first_term);
            for chunk in chunks {
                let left = match chunk::without(&chunk, |doc| words_of.contains(&doc))? {
                    Without::Same => continue,
                    Without::Changed(left) => Some(left),
                    Without::Nothing => None,
                };
                let bytes = left.as_ref().map_or(0, StoredChunk::bytes);
                segment.bytes = (segment.bytes + bytes).saturating_sub(chunk.bytes());
                waiting += bytes;
                changed.push((chunk.first_term, left));
            }
            if waiting >= WRITE_BYTES {
                let write = freeing!(self, self.write_chunks(&mut segment, &changed, None).await);
                if !write? {
                    return Ok(false);
                }
                changed.clear();
                waiting = 0;
            }
        }
        freeing!(
            self,
            self.write_chunks(&mut segment, &changed, Some(runs)).await
        )
    }

    /// Writes changed chunks; at the end, the runs as well.
    async fn write_chunks(
        &self,
        segment: &mut SearchSegment,
        changed: &[ChangedChunk],
        runs: Option<&[CoveredRun]>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write.begin().await?;
        let mut update = transaction.query("UPDATE search_segments SET version = version + 1");
        if let Some(runs) = runs {
            let row = SegmentRow::of(segment.id, true, runs, segment.bytes);
            update
                .push(
                    ", lowest_us = ?, highest_us = ?, lowest_key = ?, highest_key = ?, runs = ?, \
                     without_log = ?, bytes = ?, covered = ?",
                )
                .bind(row.started_us.0)
                .bind(row.started_us.1)
                .bind(row.keys.0)
                .bind(row.keys.1)
                .bind(row.runs)
                .bind(row.without_log)
                .bind(row.bytes)
                .bind(&row.covered);
        }
        update
            .push(" WHERE id = ? AND version = ?")
            .bind(segment.id)
            .bind(segment.version);
        if update.execute_in(&mut transaction).await? == 0 {
            return Ok(false);
        }
        for (first_term, left) in changed {
            let mut delete =
                transaction.query("DELETE FROM search_chunks WHERE segment = ? AND first_term = ?");
            delete.bind(segment.id).bind(first_term);
            delete.execute_in(&mut transaction).await?;
            if let Some(left) = left {
                CHUNKS_TABLE
                    .insert(&mut transaction, &[(segment.id, left)], bind_chunk)
                    .await?;
            }
        }
        transaction.commit().await?;
        segment.version += 1;
        Ok(true)
    }

    /// Removes an empty segment.
    async fn remove_segment(&self, segment: SearchSegment) -> Result<bool, StoreError> {
        let mut transaction = self.write.begin().await?;
        let mut delete =
            transaction.query("DELETE FROM search_segments WHERE id = ? AND version = ?");
        delete.bind(segment.id).bind(segment.version);
        if delete.execute_in(&mut transaction).await? == 0 {
            return Ok(false);
        }
        delete_chunks(&mut transaction, segment.id).await?;
        transaction.commit().await?;
        Ok(true)
    }
}
