//! Keeps the search index: takes the words of finished runs into segments, and merges segments.
//!
//! The index is a projection of the log. A run whose log is not covered as it is now is *pending*, and searches read it;
//! so nothing depends on when it is indexed, and a collector that is killed in between leaves nothing wrong.
//!
//! Layout:
//! - `runs`: pending runs → a segment
//! - `merging`: which segments are merged, and how
//! - `job`: when

mod job;
mod merging;
mod runs;

pub use job::Indexing;

use crate::log::LogError;
use crate::store::{Store, StoreError};

/// Runs of a segment that is made of pending ones.
const RUNS: u32 = 1_000;

/// How often to try when runs change while they are indexed.
const TRIES: usize = 5;

/// Why runs cannot be indexed.
#[derive(Debug, thiserror::Error)]
pub enum IndexingError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The program ends.
    #[error("the work on the search index was broken off")]
    BrokenOff,
}

impl From<LogError> for IndexingError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Store(error) => Self::Store(error),
            LogError::Removed | LogError::Damaged(_) | LogError::BrokenOff => Self::BrokenOff,
        }
    }
}

/// Indexes every pending run, and returns how many there were: for a program that has no background work. Merging is
/// left to collectors.
///
/// # Errors
/// The store failed; what is not indexed stays pending.
pub async fn index_all(store: &Store) -> Result<u64, IndexingError> {
    let (mut indexed, mut tries) = (0, 0);
    while tries < TRIES {
        let runs = store.pending_runs(i64::MAX, RUNS).await?;
        if runs.is_empty() {
            break;
        }
        match runs::index(store, &runs).await? {
            0 => tries += 1,
            some => {
                indexed += some;
                tries = 0;
            }
        }
    }
    Ok(indexed)
}

/// Merges segments until there is nothing to merge, for a program that has no background work.
///
/// # Errors
/// The store failed; the segments stay as they were.
pub async fn merge_all(store: &Store) -> Result<(), IndexingError> {
    while let Some(segments) = merging::choose(store.search_segments().await?) {
        if !merging::merge_segments(store, &segments).await? {
            store.drop_unfinished_segments().await?;
        }
    }
    Ok(())
}
