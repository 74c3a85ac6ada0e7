//! The rows of an execution, made anew from its log.

use playback_wire::Producer;
use uuid::Uuid;

use super::error::LogError;
use super::replay::{Recall, assemble};
use super::rewrite::Rewritten;
use crate::store::Store;

/// How often it is tried where a collector adds to the log at the same time.
const TRIES: usize = 5;

/// Rows cannot be rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The store knows no such execution.
    #[error("there is no execution {0}")]
    NotFound(Uuid),
    /// There is nothing to make them of.
    #[error("the log of execution {0} was removed by retention: its rows are all that there is")]
    LogRemoved(Uuid),
    /// Its rows would be those of an earlier moment.
    #[error("execution {0} is being written to at this moment: rebuild it again")]
    Changing(Uuid),
    /// The rows cannot be written.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Events of a log that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogGap {
    /// Whose events.
    pub producer: Producer,
    /// The first of them.
    pub first_seq: u64,
    /// The last of them.
    pub last_seq: u64,
}

/// Replaces all rows of an execution by what its log says. Silence, which no event tells, is kept. Where the
/// log is damaged, rows that were made of that part are kept as well, and the gaps are returned.
///
/// # Errors
/// There is no such execution, its log was removed, or the store failed; then nothing was changed.
pub async fn rebuild(store: &Store, id: Uuid) -> Result<Vec<LogGap>, RebuildError> {
    let found = store.execution(id).await.map_err(LogError::from)?;
    let Some((key, row)) = found else {
        return Err(RebuildError::NotFound(id));
    };
    if row.log.is_removed() {
        return Err(RebuildError::LogRemoved(id));
    }
    for _ in 0..TRIES {
        // Before it is read: a collector may add to it meanwhile.
        let extent = store.log_extent(key).await.map_err(LogError::from)?;
        let head = store.head(id).await.map_err(LogError::from)?;
        let head = head.ok_or(RebuildError::NotFound(id))?;
        let none = Rewritten::default();
        let mut assembler = assemble(store, id, &head, &none, Recall::Rows).await?;
        let gaps: Vec<LogGap> = assembler
            .gaps()
            .map(|(producer, first_seq, last_seq)| LogGap {
                producer,
                first_seq,
                last_seq,
            })
            .collect();
        let changes = assembler.take_changes(true);
        let is_done = store
            .replace_projection_of(key, &changes, extent)
            .await
            .map_err(LogError::from)?;
        if is_done {
            return Ok(gaps);
        }
    }
    Err(RebuildError::Changing(id))
}
