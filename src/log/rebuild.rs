//! Rebuilds the rows of an execution from its log.

use playback_wire::Producer;
use uuid::Uuid;

use super::error::LogError;
use super::replay::assemble;
use crate::store::{Store, StoreError};

/// How often to try when a collector adds to the log at the same time.
const TRIES: usize = 5;

/// Rows cannot be rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The store knows no such execution.
    #[error("there is no execution {0}")]
    NotFound(Uuid),
    /// Its log was removed.
    #[error("the log of execution {0} was removed by retention: its rows are all that there is")]
    LogRemoved(Uuid),
    /// Its log keeps changing, so the rows would be outdated.
    #[error("execution {0} is being written to at this moment: rebuild it again")]
    Changing(Uuid),
    /// The rows cannot be written.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl From<StoreError> for RebuildError {
    fn from(error: StoreError) -> Self {
        Self::Log(error.into())
    }
}

/// Unreadable events of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogGap {
    /// Producer of the events.
    pub producer: Producer,
    /// The first of them.
    pub first_seq: u64,
    /// The last of them.
    pub last_seq: u64,
}

/// Replaces all rows of an execution by those that its log gives. Silence, which no event records, is kept. Rows from a
/// damaged part of the log are kept as well; returns the gaps.
///
/// # Errors
/// There is no such execution, its log was removed, or the store failed; then nothing was changed.
pub async fn rebuild(store: &Store, id: Uuid) -> Result<Vec<LogGap>, RebuildError> {
    let found = store.execution(id).await?;
    let Some((key, row)) = found else {
        return Err(RebuildError::NotFound(id));
    };
    if row.log.is_removed() {
        return Err(RebuildError::LogRemoved(id));
    }
    for _ in 0..TRIES {
        // Before it is read, because a collector may add to it meanwhile.
        let extent = store.log_extent(key).await?;
        let head = store.head(id).await?;
        let head = head.ok_or(RebuildError::NotFound(id))?;
        let mut assembler = assemble(store, id, &head, None).await?;
        let gaps: Vec<LogGap> = assembler
            .gaps()
            .map(|(producer, first_seq, last_seq)| LogGap {
                producer,
                first_seq,
                last_seq,
            })
            .collect();
        let changes = assembler.take_changes(true);
        let is_done = store.replace_projection_of(key, &changes, extent).await?;
        if is_done {
            return Ok(gaps);
        }
    }
    Err(RebuildError::Changing(id))
}
