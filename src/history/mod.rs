//! What a record, a page of the list, a tail and the parts of a run are made of, read out of the store. The API serves
//! them; exports, comparisons, reports and notifications are made of the same.
//!
//! Layout:
//! - `fields`: which fields of a record are asked for
//! - `record`: one record, and a page of them
//! - `recaps`: the recaps of a page, some at a time
//! - `lines`: printed lines: of a running execution the last, and pages of them
//! - [`parts`]: plays, tasks, hosts, results and events
//! - `feed`: executions as they change, read once for everybody who watches
//!
//! It knows no HTTP: what a request asks for is checked before it comes here.

mod feed;
mod fields;
mod lines;
pub mod parts;
mod recaps;
mod record;

use chrono::{DateTime, SecondsFormat, Utc};
use playback_wire::Producer;
use uuid::Uuid;

pub use feed::{Feed, FeedViewer};
pub use fields::Fields;
pub use lines::{LinePage, LineRange, OutputLine, all_lines, lines_within, page_of_lines, tails};
pub use record::{RecordPage, page, record};

use crate::log::block::Gap;
use crate::model::{ExecutionKey, ExecutionRow, LogDamage, Status, time_from_us};
use crate::store::{Store, StoreError};

/// The history has no answer.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// There is no execution of that identity.
    #[error("there is no execution {0}")]
    NoSuchExecution(Uuid),
    /// The execution has no such result.
    #[error("execution {execution} has no result {seq}")]
    NoSuchResult {
        /// Which execution.
        execution: Uuid,
        /// The result's sequence number.
        seq: u64,
    },
    /// Only the log could answer, and retention removed it.
    #[error(
        "retention removed {what} of this execution at {}: its record, plays, tasks, hosts and results stayed",
        .at.to_rfc3339_opts(SecondsFormat::Secs, true)
    )]
    LogRemoved {
        /// What was asked for, in words.
        what: &'static str,
        /// When it was removed.
        at: DateTime<Utc>,
    },
    /// A record cannot be written as JSON.
    #[error("a record cannot be written: {0}")]
    Json(#[from] serde_json::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The execution of that identity, and its key.
///
/// # Errors
/// There is none, or the store failed.
pub async fn find(store: &Store, id: Uuid) -> Result<(ExecutionKey, ExecutionRow), HistoryError> {
    let found = store.execution(id).await?;
    found.ok_or(HistoryError::NoSuchExecution(id))
}

/// Refuses what only the log could answer (`what`, in words), where retention removed it.
///
/// # Errors
/// Retention removed it.
pub fn require_log(row: &ExecutionRow, what: &'static str) -> Result<(), HistoryError> {
    match row.log.payload_removed_us {
        None => Ok(()),
        Some(removed_us) => Err(HistoryError::LogRemoved {
            what,
            at: time_from_us(removed_us),
        }),
    }
}

/// Whether the execution is over.
#[must_use]
pub fn is_final(row: &ExecutionRow) -> bool {
    row.status != Status::Running
}

/// Events that cannot be read, as records tell of them.
#[must_use]
pub fn damaged(producer: Producer, gap: &Gap) -> LogDamage {
    LogDamage {
        producer,
        first_seq: gap.first_seq,
        last_seq: gap.last_seq,
        lines: gap.lines,
    }
}
