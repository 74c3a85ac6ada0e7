//! Rows for the tests of this folder.

use playback_wire::{ExecutionStarted, Producer};
use uuid::Uuid;

use crate::model::{
    EventCount, ExecutionRow, LogState, Phase, PlayRow, Status, TaskCounts, TaskRow,
};

/// A run that ended well.
pub(super) fn row() -> ExecutionRow {
    ExecutionRow {
        id: Uuid::nil(),
        description: ExecutionStarted::default(),
        status: Status::Success,
        phase: Phase::Finished,
        reason: None,
        started_us: 0,
        base_us: 0,
        ended_us: Some(1),
        exit_code: Some(0),
        signal: None,
        changed: false,
        usage: None,
        output_lines: 0,
        output_from: Producer::Recorder,
        results: 0,
        events: EventCount::default(),
        queued_us: None,
        canceled_by: None,
        log: LogState::default(),
    }
}

pub(super) fn play(number: u32, name: &str) -> PlayRow {
    PlayRow {
        number,
        name: name.to_owned(),
        hosts: "all".to_owned(),
        strategy: "linear".to_owned(),
        started_us: 0,
        ended_us: 0,
    }
}

pub(super) fn task(number: u32, play: u32, name: &str) -> TaskRow {
    TaskRow {
        number,
        play,
        name: name.to_owned(),
        action: "command".to_owned(),
        path: "site.yml".to_owned(),
        line: number,
        role: String::new(),
        tags: Vec::new(),
        handler: false,
        no_log: false,
        started_us: 0,
        ended_us: 0,
        first_seq: 0,
        last_seq: 0,
        counts: TaskCounts::default(),
    }
}
