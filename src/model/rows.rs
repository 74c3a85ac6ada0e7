//! Rows that are projected from events, and the changes of one commit.

use std::collections::BTreeMap;

use playback_wire::{ExecutionStarted, HostStats, Producer, ResultStatus, Usage, trace};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    AuditEntry, EventCount, ExecutionResult, HostsByOutcome, LaunchRow, LogState, Moment, Phase,
    Reason, ScheduleTick, Status, time_from_us,
};

/// Key of an execution inside the store: small, so that child rows stay narrow.
pub type ExecutionKey = i64;

/// One execution, as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct ExecutionRow {
    /// Identity.
    pub id: Uuid,
    /// The producers' description of the run, from its start.
    pub description: ExecutionStarted,
    /// `running`, `success` or `failed`.
    pub status: Status,
    /// Its phase, which is more detailed than the status.
    pub phase: Phase,
    /// Why it failed.
    pub reason: Option<Reason>,
    /// Time of the first event.
    pub started_us: i64,
    /// Time of the recorder's first event, to which results' times are relative; by the recorder's own clock, whatever
    /// other producers report.
    pub base_us: i64,
    /// Time of the last event, once the execution is finished.
    pub ended_us: Option<i64>,
    /// The exit code, as the shell saw it.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Whether anything was changed on any host; never in check mode, where `stats` count what would have changed.
    pub changed: bool,
    /// Its resource usage.
    pub usage: Option<Usage>,
    /// Printed lines so far, including an unfinished last one.
    pub output_lines: u64,
    /// The producer of these printed lines.
    pub output_from: Producer,
    /// Results so far.
    pub results: u64,
    /// Events stored, expected, missing.
    pub events: EventCount,
    /// When it was requested from the launcher.
    pub queued_us: Option<i64>,
    /// Who canceled it.
    pub canceled_by: Option<String>,
    /// The state of its log. Read with the row; writing a row does not change it.
    pub log: LogState,
}

impl ExecutionRow {
    /// How long it took, in microseconds; none while it is running, or if its start or its end was never recorded.
    #[must_use]
    pub fn duration_us(&self) -> Option<i64> {
        let imported = self.description.imported.as_ref();
        if imported.is_some_and(|imported| imported.lacks("start_time")) {
            return None;
        }
        let ended_us = self.ended_us?;
        Some(ended_us.saturating_sub(self.started_us).max(0))
    }

    /// The record as served, without output.
    #[must_use]
    pub fn into_result(self, stats: BTreeMap<String, HostStats>) -> ExecutionResult {
        let with = |count: fn(&HostStats) -> u64| -> Vec<String> {
            stats
                .iter()
                .filter(|(_, counts)| count(counts) > 0)
                .map(|(host, _)| host.clone())
                .collect()
        };
        let duration_us = self.duration_us();
        ExecutionResult {
            id: self.id,
            trace_id: trace::trace_id(self.description.traceparent.as_deref(), self.id.as_bytes()),
            status: self.status,
            phase: self.phase,
            reason: self.reason,
            queued_time: self.queued_us.map(time_from_us),
            canceled_by: self.canceled_by,
            start_time: time_from_us(self.started_us),
            end_time: self.ended_us.map(time_from_us),
            duration: duration_us.map(|us| us as f64 / 1e6),
            exit_code: self.exit_code,
            signal: self.signal,
            changed: self.changed,
            unreachable: with(|counts| counts.unreachable),
            failed: with(|counts| counts.failed),
            hosts_by_outcome: HostsByOutcome::of(&stats),
            stats,
            usage: self.usage,
            cost: None,
            events: self.events,
            output_lines: self.output_lines,
            results: self.results,
            payload_removed: self.log.payload_removed_us.map(time_from_us),
            pinned: None,
            output: None,
            damaged: None,
            description: self.description,
        }
    }
}

/// One host of an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRow {
    /// Number within the execution, in order of appearance, from 1.
    pub number: u32,
    /// Inventory name.
    pub name: String,
    /// The recap's counts: computed from results during the run, then Ansible's.
    pub stats: HostStats,
    /// Number of the task that it is running now.
    pub running_task: Option<u32>,
    /// Since when, in microseconds since the epoch.
    pub running_since_us: Option<i64>,
    /// The groups of the host, as the execution last reported them.
    pub groups: Option<ReportedGroups>,
}

/// An event that reports the groups of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportedGroups {
    /// Its sequence number.
    pub seq: u64,
    /// Hash of the groups.
    pub hash: i64,
}

impl ReportedGroups {
    /// An event that reports these groups.
    #[must_use]
    pub fn new(seq: u64, groups: &[String]) -> Self {
        let mut hash = Sha256::new();
        for group in groups {
            hash.update(group);
            hash.update([0]);
        }
        let hash: [u8; 32] = hash.finalize().into();
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        Self {
            seq,
            hash: i64::from_be_bytes(first),
        }
    }
}

/// One play of an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayRow {
    /// The recorder's number, from 1.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// Its host pattern.
    pub hosts: String,
    /// Its strategy.
    pub strategy: String,
    /// When it began.
    pub started_us: i64,
    /// When its last event came.
    pub ended_us: i64,
}

/// Number of a task's results by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TaskCounts {
    /// Succeeded, including those that changed something.
    pub ok: u32,
    /// Changed something.
    pub changed: u32,
    /// Failed results, including ignored and rescued ones.
    pub failed: u32,
    /// Skipped.
    pub skipped: u32,
    /// Could not reach the host.
    pub unreachable: u32,
    /// Failed or unreachable, and ignored.
    pub ignored: u32,
}

/// One task of an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRow {
    /// The recorder's number, from 1.
    pub number: u32,
    /// Number of its play.
    pub play: u32,
    /// Its name, without the role.
    pub name: String,
    /// Module or action.
    pub action: String,
    /// The file that contains it; empty if not known.
    pub path: String,
    /// Line in the file; 0 if not known.
    pub line: u32,
    /// The role that contains it; empty if there is none.
    pub role: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Whether it ran as a handler.
    pub handler: bool,
    /// Whether its results are censored, or may be censored.
    pub no_log: bool,
    /// When it began.
    pub started_us: i64,
    /// When its last result came.
    pub ended_us: i64,
    /// Sequence numbers of its first and its last result; 0 if there is none.
    pub first_seq: u64,
    /// See `first_seq`.
    pub last_seq: u64,
    /// How its results ended.
    pub counts: TaskCounts,
}

/// One result: a task on a host. It has few columns on purpose: its content stays in the event log, where its sequence
/// number finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultRow {
    /// Sequence number of its event, by the recorder.
    pub seq: u64,
    /// Number of the task.
    pub task: u32,
    /// Number of the host.
    pub host: u32,
    /// How it ended.
    pub status: ResultStatus,
    /// See [`ResultFlags`].
    pub flags: ResultFlags,
    /// End, in microseconds after the execution's `base_us`.
    pub ended_us: i64,
    /// How long it took, in microseconds; not known if the recorder did not see it start.
    pub duration_us: Option<i64>,
    /// Fields that few results have. They are boxed, because there are many results in memory.
    pub rare: Option<Box<RareFields>>,
}

impl ResultRow {
    /// Whether it is an unhandled failure: neither ignored nor rescued nor repeated in the debugger.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.status.is_failure()
            && !self
                .flags
                .has(ResultFlags::HANDLED | ResultFlags::RETRACTED)
    }

    /// The fingerprint of its error, if it failed and is known.
    #[must_use]
    pub fn fingerprint(&self) -> Option<i64> {
        self.rare.as_ref()?.fingerprint
    }
}

/// Fields that few results have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RareFields {
    /// The other hosts that ran it (`delegate_to`); for a loop, joined by a comma.
    pub delegated_to: Option<String>,
    /// The module or action that ran, if the task names it by a template.
    pub action: Option<String>,
    /// Fingerprint of its error, if it failed (its bits).
    pub fingerprint: Option<i64>,
}

impl RareFields {
    /// These values, if any of them is set.
    pub fn new(
        delegated_to: Option<impl Into<String>>,
        action: Option<impl Into<String>>,
        fingerprint: Option<i64>,
    ) -> Option<Box<Self>> {
        (delegated_to.is_some() || action.is_some() || fingerprint.is_some()).then(|| {
            Box::new(Self {
                delegated_to: delegated_to.map(Into::into),
                action: action.map(Into::into),
                fingerprint,
            })
        })
    }
}

/// A failed result, as far as an explanation needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureRow {
    /// Sequence number of its event.
    pub seq: u64,
    /// Number of the task.
    pub task: u32,
    /// Number of the host.
    pub host: u32,
    /// Inventory name of the host.
    pub host_name: String,
    /// Failed or unreachable.
    pub status: ResultStatus,
    /// See [`ResultFlags`].
    pub flags: ResultFlags,
    /// Fingerprint of its error, if known.
    pub fingerprint: Option<i64>,
}

/// A host that is at work on a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningRow {
    /// Inventory name of the host.
    pub host: String,
    /// Since when, in microseconds since the epoch.
    pub since_us: Option<i64>,
    /// Name of the task, if it is known.
    pub task: Option<String>,
    /// Its module or action.
    pub action: Option<String>,
}

/// Boolean facts of a result, as bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResultFlags(pub u8);

impl ResultFlags {
    /// It reported a change.
    pub const CHANGED: u8 = 1;
    /// Its failure was ignored.
    pub const IGNORED: u8 = 2;
    /// Ansible censored it.
    pub const CENSORED: u8 = 4;
    /// Another host ran it (`delegate_to`).
    pub const DELEGATED: u8 = 8;
    /// It had loop items.
    pub const LOOP: u8 = 16;
    /// An `until` loop ran it more than once.
    pub const RETRIED: u8 = 32;
    /// A `rescue` handled its failure.
    pub const RESCUED: u8 = 64;
    /// It no longer counts: the debugger ran its task again.
    pub const RETRACTED: u8 = 128;

    /// Its failure was handled. Statements of the store contain this number.
    pub const HANDLED: u8 = Self::IGNORED | Self::RESCUED;

    /// Whether one of these bits is set.
    #[must_use]
    pub fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }
}

/// A report of facts. The facts stay in the event log, where the event's sequence number finds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactsRow {
    /// Sequence number of its event, by the recorder.
    pub seq: u64,
    /// Inventory name of the host that the facts describe.
    pub host: String,
    /// Its kind (see `facts::Kind`).
    pub kind: i64,
    /// Hash of the long-lived facts (see `facts::Gathering`).
    pub digest: i64,
    /// When it came, in microseconds since the epoch.
    pub at_us: i64,
    /// When it came, in microseconds after the execution's `base_us`.
    pub after_us: i64,
}

/// A run of consecutive events of one producer, compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockRow {
    /// Who sent them.
    pub producer: Producer,
    /// First event's sequence number.
    pub first_seq: u64,
    /// Last event's sequence number.
    pub last_seq: u64,
    /// Lines that the producer had finished printing before this block.
    pub first_line: u64,
    /// Lines that this block finishes (newlines in its texts).
    pub lines: u64,
    /// Size before compression, in bytes.
    pub raw_bytes: u64,
    /// One zstd frame of NDJSON.
    pub data: Vec<u8>,
}

/// Who may add to a run. It is not a projection of events: it is stored together with the first of them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Owner {
    /// SHA-256 of the run's key. None: the run began without one.
    pub key: Option<[u8; 32]>,
    /// Name of the token that began the run, if it has no key.
    pub token: Option<String>,
}

impl std::fmt::Debug for Owner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Owner")
            .field("key", &self.key.map(|_| "(hidden)"))
            .field("token", &self.token)
            .finish()
    }
}

/// What one commit changes of one execution.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Key in the store; none while the execution is new.
    pub key: Option<ExecutionKey>,
    /// The version of the execution on which the changes are based, 0 while it is new; none if no other collector can
    /// have changed it. See [`crate::store::Store::is_shared`].
    pub version: Option<i64>,
    /// A sign of life without events.
    pub beat: bool,
    /// Time of the last sign of life, by its producers' clock, if it is to be stored.
    pub alive_us: Option<i64>,
    /// When the execution arrived, by the collector's clock; the first time is kept.
    pub arrived_us: Option<i64>,
    /// The execution's own row, if it changed.
    pub execution: Option<Box<ExecutionRow>>,
    /// The owner: written with a new execution.
    pub owner: Option<Owner>,
    /// Whether its start time may differ from the one that is stored with its fingerprints and reports of facts.
    pub start_moved: bool,
    /// Whether `hosts` replaces the stored hosts.
    pub replace_hosts: bool,
    /// Hosts that are new or changed.
    pub hosts: Vec<HostRow>,
    /// Plays that are new or changed.
    pub plays: Vec<PlayRow>,
    /// Tasks that are new or changed.
    pub tasks: Vec<TaskRow>,
    /// New results.
    pub results: Vec<ResultRow>,
    /// New reports of facts.
    pub facts: Vec<FactsRow>,
    /// Sequence numbers of stored results that no longer count.
    pub retracted: Vec<u64>,
    /// New blocks.
    pub blocks: Vec<BlockRow>,
    /// The launcher's row for the execution.
    pub launch: Option<Box<LaunchRow>>,
    /// An event in the life of the execution that may have to be reported to notification targets.
    pub moment: Option<Moment>,
    /// The audit entries, if a user requested the change.
    pub audit: Vec<AuditEntry>,
    /// The decision of the schedule that starts the execution.
    pub tick: Option<Box<ScheduleTick>>,
}
