//! Errors of a log.

use super::block::BlockError;
use crate::store::StoreError;

/// Why a log could not be read or rewritten.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Retention removed it.
    #[error("the log was removed by retention")]
    Removed,
    /// It cannot be read back.
    #[error("the event log is damaged: {0}")]
    Damaged(#[from] BlockError),
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
    /// The work was broken off, because the program ends.
    #[error("the work on the log was broken off")]
    BrokenOff,
}
