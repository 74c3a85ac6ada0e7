//! Reads segments for searches.

use std::collections::HashSet;

use super::super::executions::push_page_of;
use super::super::tables::executions::{SELECT, read};
use super::super::tables::table::push_list;
use super::super::{Store, StoreError};
use super::{SELECT_SEGMENTS, SearchSegment, read_chunk, read_segment};
use crate::model::{Cursor, ExecutionFilter, ExecutionKey, ExecutionRow};
use crate::search::index::chunk::StoredChunk;

/// The index at one moment, from a position on.
#[derive(Debug, Clone)]
pub struct SearchView {
    /// All segments, the newest first.
    pub segments: Vec<SearchSegment>,
    /// Runs that may have anything, because they are running or pending: the newest first.
    pub unindexed: Vec<Cursor>,
    /// There are more of them after this position.
    pub floor: Option<Cursor>,
}

/// How large the index is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SearchFigures {
    /// Runs that are over and not indexed.
    pub pending: u64,
    /// Segments.
    pub segments: u64,
    /// Size of all segments, in bytes.
    pub bytes: u64,
}

impl Store {
    /// The index as it is now. Of the pending runs, those after a position; at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn search_view(
        &self,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<SearchView, StoreError> {
        // One snapshot: a run that is no longer pending is in a segment.
        let mut snapshot = self.read.begin_snapshot().await?;
        let rows = snapshot
            .query(SELECT_SEGMENTS)
            .fetch_all_in(&mut snapshot)
            .await?;
        let segments = rows.iter().map(read_segment).collect::<Result<_, _>>()?;
        let mut query =
            snapshot.query("SELECT execution, started_us FROM search_pending WHERE 1 = 1");
        if let Some(after) = after {
            query
                .push(" AND started_us <= ? AND (started_us < ? OR execution < ?)")
                .bind(after.started_us)
                .bind(after.started_us)
                .bind(after.key);
        }
        query
            .push(" ORDER BY started_us DESC, execution DESC LIMIT ?")
            .bind(limit);
        let rows = query.fetch_all_in(&mut snapshot).await?;
        let mut unindexed = Vec::with_capacity(rows.len());
        for row in &rows {
            unindexed.push(Cursor {
                started_us: row.get("started_us")?,
                key: row.get("execution")?,
            });
        }
        let is_all = rows.len() < limit as usize;
        let floor = unindexed.last().copied().filter(|_| !is_all);
        let mut query =
            snapshot.query("SELECT id, started_us FROM executions WHERE status = 'running'");
        for row in &query.fetch_all_in(&mut snapshot).await? {
            unindexed.push(Cursor {
                started_us: row.get("started_us")?,
                key: row.get("id")?,
            });
        }
        snapshot.commit().await?;
        let place = |at: &Cursor| (at.started_us, at.key);
        unindexed.retain(|at| {
            after.is_none_or(|after| place(at) < place(&after))
                && floor.is_none_or(|floor| place(at) >= place(&floor))
        });
        unindexed.sort_unstable_by_key(|at| std::cmp::Reverse(place(at)));
        unindexed.dedup();
        Ok(SearchView {
            segments,
            unindexed,
            floor,
        })
    }

    /// The executions in which one of these hosts took part; none if there are more than `most`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn executions_of_hosts(
        &self,
        names: &[&str],
        most: u32,
    ) -> Result<Option<HashSet<ExecutionKey>>, StoreError> {
        let mut found = HashSet::new();
        for name in names {
            let mut query =
                self.query("SELECT execution FROM execution_hosts WHERE name = ? LIMIT ?");
            query.bind(*name).bind(most + 1);
            let rows = query.fetch_all(&self.read).await?;
            for row in &rows {
                found.insert(row.get("execution")?);
            }
            if found.len() > most as usize {
                return Ok(None);
            }
        }
        Ok(Some(found))
    }

    /// Those of some executions that match a filter, in the list's order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn executions_among(
        &self,
        filter: &ExecutionFilter,
        keys: &[ExecutionKey],
    ) -> Result<Vec<(ExecutionKey, ExecutionRow)>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = self.query(SELECT);
        push_page_of(&mut query, filter, keys);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(read).collect()
    }

    /// Whether a segment is still in this version: then everything that was read of it since was, too.
    ///
    /// # Errors
    /// The database failed.
    pub async fn is_unchanged(&self, segment: &SearchSegment) -> Result<bool, StoreError> {
        let mut query = self.query("SELECT id FROM search_segments WHERE id = ? AND version = ?");
        query.bind(segment.id).bind(segment.version);
        Ok(query.fetch_optional(&self.read).await?.is_some())
    }

    /// The chunk of a segment that has a term, if any has.
    ///
    /// # Errors
    /// The database failed.
    pub async fn chunk_of(
        &self,
        segment: i64,
        term: &[u8],
    ) -> Result<Option<StoredChunk>, StoreError> {
        let mut query = self.query(
            "SELECT first_term, terms, postings FROM search_chunks \
             WHERE segment = ? AND first_term <= ? ORDER BY first_term DESC LIMIT 1",
        );
        query.bind(segment).bind(term);
        let row = query.fetch_optional(&self.read).await?;
        row.as_ref().map(read_chunk).transpose()
    }

    /// Chunks of a segment that begin after a term, in order; at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn chunks_after(
        &self,
        segment: i64,
        term: &[u8],
        limit: u32,
    ) -> Result<Vec<StoredChunk>, StoreError> {
        let mut query = self.query(
            "SELECT first_term, terms, postings FROM search_chunks \
             WHERE segment = ? AND first_term > ? ORDER BY first_term LIMIT ?",
        );
        query.bind(segment).bind(term).bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(read_chunk).collect()
    }

    /// The terms of chunks that begin after a term, in order, each with the first of them; at most `limit` chunks.
    ///
    /// # Errors
    /// The database failed.
    pub async fn terms_after(
        &self,
        segment: i64,
        term: &[u8],
        limit: u32,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        let mut query = self.query(
            "SELECT first_term, terms FROM search_chunks \
             WHERE segment = ? AND first_term > ? ORDER BY first_term LIMIT ?",
        );
        query.bind(segment).bind(term).bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter()
            .map(|row| Ok((row.get("first_term")?, row.get("terms")?)))
            .collect()
    }

    /// The postings of a chunk; none if it has changed.
    ///
    /// # Errors
    /// The database failed.
    pub async fn postings_of(
        &self,
        segment: i64,
        first_term: &[u8],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut query =
            self.query("SELECT postings FROM search_chunks WHERE segment = ? AND first_term = ?");
        query.bind(segment).bind(first_term);
        let row = query.fetch_optional(&self.read).await?;
        row.map(|row| row.get("postings")).transpose()
    }

    /// How large the index is, and how many runs wait for it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn search_figures(&self) -> Result<SearchFigures, StoreError> {
        let mut query = self.query("SELECT COUNT(*) AS n FROM search_pending");
        let pending = query.fetch_one(&self.read).await?.unsigned("n")?;
        let segments = self.search_segments().await?;
        Ok(SearchFigures {
            pending,
            segments: segments.len() as u64,
            bytes: segments.iter().map(|segment| segment.bytes).sum(),
        })
    }

    /// Which of some executions exist, and whether their log was removed.
    ///
    /// # Errors
    /// The database failed.
    pub(super) async fn logs_removed(
        &self,
        keys: &[ExecutionKey],
    ) -> Result<Vec<(ExecutionKey, bool)>, StoreError> {
        let mut query = self.query("SELECT id, payload_removed_us FROM executions WHERE id IN (");
        push_list(&mut query, keys);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter()
            .map(|row| {
                let removed_us: Option<i64> = row.get("payload_removed_us")?;
                Ok((row.get("id")?, removed_us.is_some()))
            })
            .collect()
    }
}
