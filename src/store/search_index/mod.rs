//! The search index's tables. What is in them is in [`crate::search::index`].
//!
//! A run is in one of three states: it is running, it is *pending* (over, and no segment covers its current log), or it
//! is covered by a segment. Whatever ends a run or changes its log makes it pending in the same transaction, with a new
//! stamp; covering it removes that very stamp. So a run whose log has changed since it was read stays pending.
//!
//! Each change of a segment raises its version, so that of several collectors only one changes a segment at a time, and
//! a reader notices that what it reads is no longer what it began with.
//!
//! Layout:
//! - `mark`: pending runs, and runs whose words must go; written in others' transactions
//! - `read`: reads segments for searches
//! - `write`: adds segments, replaces several by one
//! - `forget`: takes runs out of segments

mod forget;
mod mark;
mod read;
mod write;

pub use read::{SearchFigures, SearchView};
pub use write::{NewSegment, PendingRun};

pub(super) use mark::{mark_gone, mark_pending};

use super::pool::Row;
use super::statement::Statement;
use super::tables::table::{Present, Table};
use super::{Store, StoreError};
use crate::model::ExecutionKey;
use crate::search::index::Unreadable;
use crate::search::index::chunk::StoredChunk;
use crate::search::index::runs::{self, CoveredRun};

/// A segment, without its terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchSegment {
    /// Its identity.
    pub id: i64,
    /// Its version: a reader of another version has outdated data.
    pub version: i64,
    /// When its runs started: the first and the last, in microseconds since the epoch.
    pub started_us: (i64, i64),
    /// Keys of its runs: the lowest and the highest.
    pub keys: (ExecutionKey, ExecutionKey),
    /// Runs that it covers.
    pub runs: u64,
    /// Those of them without a log.
    pub without_log: u64,
    /// Size of its chunks, in bytes.
    pub bytes: u64,
}

const SEGMENTS: Table = Table {
    name: "search_segments",
    columns: &[
        "id",
        "version",
        "is_live",
        "lowest_us",
        "highest_us",
        "lowest_key",
        "highest_key",
        "runs",
        "without_log",
        "bytes",
        "covered",
    ],
    present: Present::Never,
};

const SELECT_SEGMENTS: &str = "SELECT id, version, lowest_us, highest_us, lowest_key, highest_key, \
    runs, without_log, bytes FROM search_segments WHERE is_live = 1 ORDER BY highest_us DESC, id";

const CHUNKS_TABLE: Table = Table {
    name: "search_chunks",
    columns: &["segment", "first_term", "terms", "postings"],
    present: Present::Never,
};

fn bind_chunk(values: &mut Statement, (segment, chunk): &(i64, &StoredChunk)) {
    values
        .bind(*segment)
        .bind(&chunk.first_term)
        .bind(&chunk.terms)
        .bind(&chunk.postings);
}

fn read_segment(row: &Row) -> Result<SearchSegment, StoreError> {
    Ok(SearchSegment {
        id: row.get("id")?,
        version: row.get("version")?,
        started_us: (row.get("lowest_us")?, row.get("highest_us")?),
        keys: (row.get("lowest_key")?, row.get("highest_key")?),
        runs: row.unsigned("runs")?,
        without_log: row.unsigned("without_log")?,
        bytes: row.unsigned("bytes")?,
    })
}

fn read_chunk(row: &Row) -> Result<StoredChunk, StoreError> {
    Ok(StoredChunk {
        first_term: row.get("first_term")?,
        terms: row.get("terms")?,
        postings: row.get("postings")?,
    })
}

impl From<Unreadable> for StoreError {
    fn from(_: Unreadable) -> Self {
        Self::Damaged {
            part: "the search index (\"playback rebuild --all\" makes it again)",
        }
    }
}

impl Store {
    /// All segments, the newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn search_segments(&self) -> Result<Vec<SearchSegment>, StoreError> {
        let rows = self.query(SELECT_SEGMENTS).fetch_all(&self.read).await?;
        rows.iter().map(read_segment).collect()
    }

    /// The runs that a segment covers, in the order of their numbers. None: it is no longer in this version.
    ///
    /// # Errors
    /// The database failed.
    pub async fn covered_runs(
        &self,
        segment: &SearchSegment,
    ) -> Result<Option<Vec<CoveredRun>>, StoreError> {
        let mut query =
            self.query("SELECT covered FROM search_segments WHERE id = ? AND version = ?");
        query.bind(segment.id).bind(segment.version);
        let row = query.fetch_optional(&self.read).await?;
        row.map(|row| {
            let data: &[u8] = row.get("covered")?;
            Ok(runs::decode(data)?)
        })
        .transpose()
    }
}
