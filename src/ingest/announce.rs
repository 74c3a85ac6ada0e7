//! The launcher's events about an execution: the third producer, inside the collector.

use playback_wire::{CancelRequested, EventWriter, ExecutionEnded, ExecutionStarted, Launched};

use crate::model::{AuditEntry, LaunchRow, ScheduleTick};

/// One event of the launcher.
#[derive(Debug)]
pub enum Announcement<'a> {
    /// A run was requested, and is queued.
    Queued(&'a ExecutionStarted),
    /// A supervisor was started for it.
    Launched(Launched),
    /// A user asked to cancel it.
    CancelRequested(CancelRequested<'a>),
    /// It is over, and no process ever reported.
    Ended(ExecutionEnded),
}

/// Rows that are stored in the same commit.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoredWith<'a> {
    /// The launcher's row for the execution.
    pub launch: Option<&'a LaunchRow>,
    /// Hash of the run's key; a process with the key owns the run.
    pub key: Option<[u8; 32]>,
    /// The audit entries, if a user requested it.
    pub audit: &'a [AuditEntry],
    /// The decision of the schedule that starts the run.
    pub tick: Option<&'a ScheduleTick>,
}

impl Announcement<'_> {
    /// Appends the event as a line.
    pub(super) fn encode(&self, line: &mut Vec<u8>, seq: u64, at: i64) {
        let begun = match self {
            Announcement::Queued(data) => {
                EventWriter::begin(line, seq, at, "execution_started", data)
            }
            Announcement::Launched(data) => EventWriter::begin(line, seq, at, "launched", data),
            Announcement::CancelRequested(data) => {
                EventWriter::begin(line, seq, at, "cancel_requested", data)
            }
            Announcement::Ended(data) => EventWriter::begin(line, seq, at, "execution_ended", data),
        };
        // Numbers, names and texts always encode; a half-written line would be refused.
        if let Ok(writer) = begun {
            writer.end();
        }
    }
}
