//! What the launcher has to say of an execution: the third producer, inside the collector.

use playback_wire::{CancelRequested, EventWriter, ExecutionEnded, ExecutionStarted, Launched};

use crate::model::{AuditEntry, LaunchRow};

/// One event of the launcher.
#[derive(Debug)]
pub enum Announcement<'a> {
    /// A run was asked for, and waits.
    Queued(&'a ExecutionStarted),
    /// A supervisor was started for it.
    Launched(Launched),
    /// Somebody asked for its end.
    CancelRequested(CancelRequested<'a>),
    /// It is over, and no process ever told of it.
    Ended(ExecutionEnded),
}

/// What is stored in the same commit.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoredWith<'a> {
    /// What the launcher has to do with the execution from now on.
    pub launch: Option<&'a LaunchRow>,
    /// Hash of the run's key: a run that begins with this belongs to whoever holds the key.
    pub key: Option<[u8; 32]>,
    /// The audit's entry, where somebody asked for it.
    pub audit: Option<&'a AuditEntry>,
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
        // Numbers, names and texts always encode; without its end the line would be refused.
        if let Ok(writer) = begun {
            writer.end();
        }
    }
}
