//! The record: `ExecutionResult` as the document shows it, and our additions.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use playback_wire::{ExecutionStarted, HostStats, Producer, Usage};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Pinned, RunCost};

/// Declares an enum whose variants have one name each, on the wire, in the store and in the API.
macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every value.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The name as stored and served.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }

            /// The value with this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == name)
            }
        }
    };
}
pub(super) use named;

named! {
    /// State of an execution. Clients that follow the documentation poll for exactly these three.
    Status {
        /// Not finished.
        Running = "running",
        /// The process exited with 0.
        Success = "success",
        /// Anything else.
        Failed = "failed",
    }
}

named! {
    /// Detailed state of an execution.
    Phase {
        /// Waiting for the launcher.
        Queued = "queued",
        /// The process was started; nothing has run yet.
        Starting = "starting",
        /// Plays are running.
        Running = "running",
        /// Finished.
        Finished = "finished",
    }
}

named! {
    /// Why an execution failed.
    Reason {
        /// A task failed on a host.
        TaskFailed = "task_failed",
        /// A host could not be reached, but no task failed.
        Unreachable = "unreachable",
        /// Interrupted by a person or a signal.
        Canceled = "canceled",
        /// Stopped because it exceeded its time limit.
        TimedOut = "timed_out",
        /// The producer stopped reporting without an end of the run.
        Lost = "lost",
        /// The process could not be started.
        LaunchError = "launch_error",
        /// Ansible itself gave up: bad input, a parser error, an internal error.
        AnsibleError = "ansible_error",
    }
}

/// How complete the record is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventCount {
    /// Events stored so far.
    pub received: u64,
    /// Total number of events, as soon as the producers have reported it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<u64>,
    /// Whether every event is stored.
    pub complete: bool,
    /// What is missing, in words. Text may be missing although every event is stored: programs that plugins start can
    /// print where the recorder does not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// Events that cannot be read, because the log is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogDamage {
    /// Producer of the events.
    pub producer: Producer,
    /// The first of them.
    pub first_seq: u64,
    /// The last of them.
    pub last_seq: u64,
    /// Printed lines that are missing with them.
    pub lines: u64,
}

/// Hosts by outcome. Each counts once, by its worst outcome; rescued and ignored failures do not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostsByOutcome {
    /// Hosts that could not be reached.
    pub unreachable: u64,
    /// Other hosts with failures.
    pub failed: u64,
    /// Other hosts with tasks that changed something.
    pub changed: u64,
    /// Hosts on which all tasks were skipped.
    pub skipped: u64,
    /// Hosts of which nothing is known: no task has ended there.
    pub idle: u64,
    /// All others.
    pub ok: u64,
}

impl HostsByOutcome {
    /// Counts the hosts of a recap.
    #[must_use]
    pub fn of(recap: &BTreeMap<String, HostStats>) -> Self {
        let mut counts = Self::default();
        for host in recap.values() {
            *counts.of_outcome(host) += 1;
        }
        counts
    }

    fn of_outcome(&mut self, host: &HostStats) -> &mut u64 {
        match host {
            _ if *host == HostStats::default() => &mut self.idle,
            HostStats {
                unreachable: 1.., ..
            } => &mut self.unreachable,
            HostStats { failed: 1.., .. } => &mut self.failed,
            HostStats { changed: 1.., .. } => &mut self.changed,
            HostStats {
                ok: 0,
                skipped: 1..,
                ..
            } => &mut self.skipped,
            _ => &mut self.ok,
        }
    }
}

/// The record of one command: the documented fields and further ones.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExecutionResult {
    /// Identity, made by the producer (UUID version 7).
    pub id: Uuid,
    /// What ran, who ran it and with which options; `type` is among its fields.
    #[serde(flatten)]
    pub description: ExecutionStarted,
    /// Identity of its OpenTelemetry trace, in hexadecimal digits: that of `traceparent`, or the run's own identity. Whether
    /// such a trace exists depends on the collector's configuration.
    #[serde(default)]
    pub trace_id: String,
    /// `running`, `success` or `failed`.
    pub status: Status,
    /// Its detailed state.
    pub phase: Phase,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// When its launch was requested, if Playback launched it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued_time: Option<DateTime<Utc>>,
    /// Who canceled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canceled_by: Option<String>,
    /// When it started; for a queued one, when it was requested.
    pub start_time: DateTime<Utc>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<DateTime<Utc>>,
    /// How long it took, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// The exit code, as the shell saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// The recap: host → counts.
    pub stats: BTreeMap<String, HostStats>,
    /// Hosts of the recap by outcome. A list of runs with many hosts stays small if it has only these.
    #[serde(default)]
    #[schema(required)]
    pub hosts_by_outcome: HostsByOutcome,
    /// Whether anything was changed on any host; never in check mode, in which `stats` count what would have changed.
    pub changed: bool,
    /// Hosts that could not be reached.
    pub unreachable: Vec<String>,
    /// Hosts with failures.
    pub failed: Vec<String>,
    /// Its resource usage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What it cost, if it is finished and prices are configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<RunCost>,
    /// How complete the record is.
    pub events: EventCount,
    /// How many lines were printed.
    pub output_lines: u64,
    /// How many results it has (one per task and host).
    pub results: u64,
    /// When retention deleted its output, the content of its results and its events. The rest of the record is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_removed: Option<DateTime<Utc>>,
    /// Who pinned it, which protects it from retention rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned: Option<Pinned>,
    /// The printed lines: all of them for a single execution; in a list, the last ones of a running execution, and none
    /// of a finished one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Vec<String>>,
    /// Parts of the output that cannot be read, because the log is damaged; lines in `output` mark the places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damaged: Option<Vec<LogDamage>>,
}

/// Microseconds since the Unix epoch as a time; a time outside chrono's range becomes the epoch.
#[must_use]
pub fn time_from_us(us: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(us).unwrap_or_default()
}
