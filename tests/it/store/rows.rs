//! Builds rows to store.

use playback::model::{
    BlockRow, Changes, EventCount, ExecutionRow, FactsRow, HostRow, LaunchRow, LaunchState,
    LogState, Parameters, Phase, PlayRow, RareFields, Reason, ReportedGroups, ResultFlags,
    ResultRow, Status, TaskCounts, TaskRow,
};
use playback_wire::{ExecutionStarted, HostStats, Producer, ResultStatus};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::builders::TEN;

/// An execution that began at [`TEN`] and goes on.
pub(crate) fn execution(description: Value) -> ExecutionRow {
    let description: ExecutionStarted = serde_json::from_value(description).unwrap();
    ExecutionRow {
        id: Uuid::now_v7(),
        description,
        status: Status::Running,
        phase: Phase::Running,
        reason: None,
        started_us: TEN,
        base_us: TEN + 1,
        ended_us: None,
        exit_code: None,
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

/// An execution that ended then, after a minute: failed if there is a reason.
pub(crate) fn ended(at_us: i64, description: Value, reason: Option<Reason>) -> ExecutionRow {
    ExecutionRow {
        status: match reason {
            Some(_) => Status::Failed,
            None => Status::Success,
        },
        phase: Phase::Finished,
        reason,
        started_us: at_us - 60_000_000,
        ended_us: Some(at_us),
        ..execution(description)
    }
}

/// The usual one.
pub(super) fn any_execution() -> ExecutionRow {
    execution(json!({ "type": "playbook", "playbook": "site.yml" }))
}

/// Changes of one execution alone.
pub(super) fn only(row: ExecutionRow) -> Changes {
    Changes {
        execution: Some(Box::new(row)),
        ..Changes::default()
    }
}

pub(super) fn host(number: u32, name: &str, ok: u64) -> HostRow {
    HostRow {
        number,
        name: name.to_owned(),
        stats: HostStats {
            ok,
            changed: 1,
            unreachable: 2,
            failed: 3,
            skipped: 4,
            rescued: 5,
            ignored: 6,
        },
        running_task: Some(7),
        running_since_us: Some(TEN),
        groups: Some(ReportedGroups { seq: 8, hash: -9 }),
    }
}

pub(super) fn play(number: u32, name: &str) -> PlayRow {
    PlayRow {
        number,
        name: name.to_owned(),
        hosts: "all".to_owned(),
        strategy: "linear".to_owned(),
        started_us: TEN,
        ended_us: TEN + 1,
    }
}

pub(super) fn task(number: u32, name: &str) -> TaskRow {
    TaskRow {
        number,
        play: 1,
        name: name.to_owned(),
        action: "debug".to_owned(),
        path: "site.yml".to_owned(),
        line: 12,
        role: "web".to_owned(),
        tags: vec!["a".to_owned(), "b c".to_owned()],
        handler: true,
        no_log: false,
        started_us: TEN,
        ended_us: TEN + 5,
        first_seq: 0,
        last_seq: 0,
        counts: TaskCounts {
            ok: 1,
            changed: 2,
            failed: 3,
            skipped: 4,
            unreachable: 5,
            ignored: 6,
        },
    }
}

pub(super) fn result(seq: u64, task: u32, host: u32, status: ResultStatus) -> ResultRow {
    ResultRow {
        seq,
        task,
        host,
        status,
        flags: ResultFlags(if seq.is_multiple_of(2) { 1 } else { 32 }),
        ended_us: -5,
        duration_us: (!seq.is_multiple_of(3)).then_some(9),
        rare: RareFields::new(
            seq.is_multiple_of(5).then_some("db\u{e9}1,db2"),
            seq.is_multiple_of(7).then_some("command"),
            seq.is_multiple_of(11).then_some(-(seq as i64)),
        ),
    }
}

/// A report of facts, of an execution that began at a time.
pub(super) fn facts(seq: u64, host: &str, base_us: i64, digest: i64) -> FactsRow {
    let after_us = seq.cast_signed() * 1000;
    FactsRow {
        seq,
        host: host.to_owned(),
        kind: digest % 3 - 1,
        digest,
        at_us: base_us + after_us,
        after_us,
    }
}

/// A block of 10 events that finishes 3 lines.
pub(super) fn block(first_seq: u64, first_line: u64) -> BlockRow {
    BlockRow {
        producer: Producer::Recorder,
        first_seq,
        last_seq: first_seq + 9,
        first_line,
        lines: 3,
        raw_bytes: 1000,
        data: vec![0, 1, 2, 255, first_seq as u8],
    }
}

pub(super) fn launch(id: Uuid, queued_us: i64) -> LaunchRow {
    LaunchRow {
        id,
        state: LaunchState::Queued,
        parameters: Parameters {
            playbook: "deploy.yml".to_owned(),
            timeout_seconds: 60,
            ..Parameters::default()
        },
        queued_us,
        collector: None,
    }
}
