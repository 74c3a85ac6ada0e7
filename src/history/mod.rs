//! Reads records, pages of the list, tails and the parts of a run from the store. The API serves them.
//!
//! Layout:
//! - `fields`: the fields requested of a record
//! - `record`: one record, and a page of them
//! - `report`: what ran in a period, what failed and why, what is new, beside the period before
//! - `recaps`: the recaps of a page, some at a time
//! - `lines`: printed lines: the last ones of a running execution, and pages of them
//! - [`explain`](mod@explain): why an execution failed
//! - [`hosts`]: hosts over all executions: their runs, what changed them, their facts
//! - [`search`](mod@search): lines of all runs that a query finds
//! - [`trends`](mod@trends): how runs, tasks and hosts develop; `estimate`: how long a running execution still takes
//! - [`compare`](mod@compare): how two executions differ
//! - `costs`: what runs cost
//! - `differences`: how their parameters differ
//! - `blocks`: single events of a log
//! - [`parts`]: plays, tasks, hosts, results and events
//! - `feed`: executions as they change, read once for all viewers
//!
//! It knows no HTTP: requests are validated before they come here.

mod blocks;
pub mod compare;
mod costs;
mod differences;
mod estimate;
pub mod explain;
mod feed;
mod fields;
pub mod hosts;
mod lines;
pub mod parts;
mod recaps;
mod recent;
mod record;
mod report;
mod search;
mod trends;

use chrono::{DateTime, SecondsFormat, Utc};
use playback_wire::Producer;
use uuid::Uuid;

pub use costs::{Costs, add_cost};
pub use estimate::{estimate, overdue};
pub use feed::{Feed, FeedViewer};
pub use fields::Fields;
pub use lines::{LinePage, LineRange, OutputLine, all_lines, lines_within, page_of_lines, tails};
pub use recent::{RecentList, RecentRun, RecentRuns, recent};
pub use record::{RecordPage, page, page_by_duration, page_of_found, record};
pub use report::{ReportRequest, report};
pub use search::{FoundRuns, SearchCursor, SearchRequest, Searches, words};
pub use trends::{TrendLimits, trends};

use crate::log::block::Gap;
use crate::model::{ExecutionKey, ExecutionRow, LogDamage, Status, time_from_us};
use crate::store::{Store, StoreError};

/// Why the history cannot answer.
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
    /// No run has that host.
    #[error(
        "no recorded run has a host {0:?}: \"playback hosts\" (GET /hosts) lists all, and \"*\" in a name stands for any text"
    )]
    NoSuchHost(String),
    /// The answer needs the log, which retention removed.
    #[error(
        "retention removed {part} of this execution at {}: its record, plays, tasks, hosts and results stayed",
        .at.to_rfc3339_opts(SecondsFormat::Secs, true)
    )]
    LogRemoved {
        /// What was requested, in words.
        part: &'static str,
        /// When it was removed.
        at: DateTime<Utc>,
    },
    /// As many searches as may run at a time are running.
    #[error("other searches are running, and their turn comes first: ask again in a moment")]
    Busy,
    /// There is no earlier execution to compare with.
    #[error("{0}")]
    NothingToCompare(String),
    /// The answer would be too large.
    #[error("{0}")]
    TooLarge(String),
    /// The collector ends, or failed, in the middle of the work.
    #[error("the work was broken off: try again in a moment")]
    BrokenOff,
    /// A record cannot be written as JSON.
    #[error("a record cannot be written: {0}")]
    Json(#[from] serde_json::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The execution with that identity, and its key.
///
/// # Errors
/// There is none, or the store failed.
pub async fn find(store: &Store, id: Uuid) -> Result<(ExecutionKey, ExecutionRow), HistoryError> {
    let found = store.execution(id).await?;
    found.ok_or(HistoryError::NoSuchExecution(id))
}

/// Fails if retention removed the log; `what` names what was requested from it.
///
/// # Errors
/// Retention removed it.
pub fn require_log(row: &ExecutionRow, part: &'static str) -> Result<(), HistoryError> {
    match row.log.payload_removed_us {
        None => Ok(()),
        Some(removed_us) => Err(HistoryError::LogRemoved {
            part,
            at: time_from_us(removed_us),
        }),
    }
}

/// Whether the execution is over.
#[must_use]
pub fn is_final(row: &ExecutionRow) -> bool {
    row.status != Status::Running
}

/// Unreadable events, as records report them.
#[must_use]
pub fn damaged(producer: Producer, gap: &Gap) -> LogDamage {
    LogDamage {
        producer,
        first_seq: gap.first_seq,
        last_seq: gap.last_seq,
        lines: gap.lines,
    }
}
