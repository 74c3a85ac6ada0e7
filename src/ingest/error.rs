//! Why a batch was refused.

use playback_wire::DecodeError;

use super::owner::OwnerError;
use crate::log::block::BlockError;
use crate::log::{LogError, Refusal};
use crate::store::StoreError;

/// Why a batch was refused; nothing of it was stored.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// It has more bytes or events than a batch may have.
    #[error("the batch is larger than a batch may be: send fewer events at once")]
    TooLarge,
    /// It is neither NDJSON nor one whole zstd frame.
    #[error("the body is neither NDJSON nor a whole zstd frame")]
    NotZstd,
    /// A line is not an event.
    #[error(transparent)]
    NotEvents(#[from] DecodeError),
    /// Events before it are missing.
    #[error("events are missing: resume after event {acked}")]
    Gap {
        /// Last event that is stored.
        acked: u64,
    },
    /// Another process reports as the same execution and producer.
    #[error(
        "another process already reports this execution as the same producer: each run needs an \
         execution id of its own"
    )]
    Conflict,
    /// The producer's first event is not its start.
    #[error("the first event of a producer must be execution_started")]
    NotStarted,
    /// The sender may not add to the run.
    #[error(transparent)]
    NotOwner(#[from] OwnerError),
    /// A line holds something that only the collector may write.
    #[error(
        "line {line}: only the collector may set {field}: leave it out; the whole batch is refused"
    )]
    Reserved {
        /// Number of the line in the batch, from 1.
        line: usize,
        /// The kind or the field.
        field: &'static str,
    },
    /// The execution was deleted.
    #[error("this run was deleted: nothing can be added to it, and it does not come again")]
    Deleted,
    /// Retention removed the log that it would follow.
    #[error(
        "the log of this execution was removed by retention: its record stays as it is, and nothing can be \
         added to it or changed in it"
    )]
    LogRemoved,
    /// The queue or the memory for batches is full, or others kept changing the log.
    #[error("the collector is busy: try again in a moment")]
    Busy,
    /// The store failed; the batch may be sent again.
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
    /// The commit that the batch was part of failed; it may be sent again.
    #[error("the batch could not be stored: try again in a moment")]
    NotCommitted,
    /// Another collector wrote to the execution at the same time, again and again.
    #[error("other collectors write to this execution as well: try again in a moment")]
    Overtaken,
    /// The log cannot be read.
    #[error("the event log is damaged: {0}")]
    Damaged(BlockError),
}

impl From<BlockError> for IngestError {
    fn from(error: BlockError) -> Self {
        match error {
            BlockError::TooLarge { .. } => Self::TooLarge,
            BlockError::NotZstd => Self::NotZstd,
            BlockError::NotEvents => Self::Damaged(error),
        }
    }
}

impl From<LogError> for IngestError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Removed => Self::LogRemoved,
            LogError::Damaged(error) => Self::Damaged(error),
            LogError::Store(error) => Self::Store(error),
            LogError::BrokenOff => Self::NotCommitted,
        }
    }
}

impl From<Refusal> for IngestError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Gap { acked } => Self::Gap { acked },
            Refusal::Conflict => Self::Conflict,
            Refusal::NotStarted => Self::NotStarted,
        }
    }
}
