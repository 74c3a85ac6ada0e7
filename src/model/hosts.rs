//! Hosts over all executions, as the API answers them.

use chrono::{DateTime, Utc};
use playback_wire::{ExecutionType, HostStats};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Status;

/// How a host fared in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HostStatus {
    /// No task failed there that was not rescued or ignored.
    Ok,
    /// A task failed.
    Failed,
    /// It could not be reached.
    Unreachable,
    /// The run goes on, and nothing failed so far.
    Running,
}

impl HostStatus {
    /// Every status.
    pub const ALL: &'static [Self] = &[Self::Ok, Self::Failed, Self::Unreachable, Self::Running];

    /// The name in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Unreachable => "unreachable",
            Self::Running => "running",
        }
    }

    /// The status of a host with these counts, in a run with this status.
    #[must_use]
    pub fn of(stats: &HostStats, run: Status) -> Self {
        match run {
            _ if stats.unreachable > 0 => Self::Unreachable,
            _ if stats.failed > 0 => Self::Failed,
            Status::Running => Self::Running,
            Status::Success | Status::Failed => Self::Ok,
        }
    }
}

/// A run, and how one host fared in it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HostRun {
    /// The execution.
    pub execution: Uuid,
    /// `playbook` or `adhoc`.
    pub r#type: ExecutionType,
    /// The playbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playbook: Option<String>,
    /// Of an ad-hoc command, the module.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Of an ad-hoc command, the host pattern.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosts: Option<String>,
    /// Who ran it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whether it ran in check mode: what it counts as changed would have been changed.
    pub check: bool,
    /// When it started.
    pub start_time: DateTime<Utc>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<DateTime<Utc>>,
    /// `running`, `success` or `failed`: the status of the whole run.
    pub run_status: Status,
    /// `ok`, `failed`, `unreachable` or `running`: the status of this host.
    pub status: HostStatus,
    /// The recap of this host.
    pub stats: HostStats,
}

/// A host, and what happened to it last.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HostSummary {
    /// Its inventory name; one of more than 255 characters is cut.
    pub name: String,
    /// Its status in the last run.
    pub status: HostStatus,
    /// The run that started last.
    pub last_run: HostRun,
    /// The last run that changed it; missing if none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_change: Option<HostRun>,
    /// How many runs it took part in.
    pub runs: u64,
    /// There are more runs than `runs`: only the first 10,000 are counted.
    pub has_more_runs: bool,
}

/// A page of hosts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HostSummaryList {
    /// The hosts, by name. A page may have fewer than `limit`, or none, although there are more.
    pub hosts: Vec<HostSummary>,
    /// Ask with this as `cursor` for the next page; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// One host.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HostDetail {
    /// What happened to it last.
    #[serde(flatten)]
    pub summary: HostSummary,
    /// The first run that it took part in.
    pub first_run: HostRun,
    /// The groups that it belongs to, as its last run told, `all` apart; missing if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// When a run last reported facts of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts_time: Option<DateTime<Utc>>,
}

/// A page of a host's runs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HostRunList {
    /// The runs, newest first.
    pub runs: Vec<HostRun>,
    /// Ask with this as `cursor` for the next page; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Something that a task changed on a host.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HostChange {
    /// The execution.
    pub execution: Uuid,
    /// The playbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playbook: Option<String>,
    /// Who ran it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// When the task ended.
    pub time: DateTime<Utc>,
    /// Sequence number of the result: `/executions/{execution}/results/{seq}` has its content.
    pub seq: u64,
    /// Number of the task.
    pub task: u32,
    /// Name of the task.
    pub task_name: String,
    /// Module or action that ran.
    pub action: String,
    /// Role that holds the task.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub role: String,
    /// File that holds the task.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub path: String,
    /// Line in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The other hosts that ran the task (`delegate_to`): Ansible counts the change for this host, but it may have been made
    /// there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegated_to: Option<String>,
    /// Whether the task had loop items.
    pub r#loop: bool,
    /// Whether Ansible censored the result.
    pub censored: bool,
    /// On request: the items of a loop that changed something, by their labels; at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub items: Vec<String>,
    /// On request: the beginning of the module's message, up to 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// On request: the differences that the module reported (`--diff`), of a loop those of all its items; up to 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<Value>,
}

/// A page of changes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HostChangeList {
    /// The changes, newest first. A page may have fewer than `limit`, or none, although there are more.
    pub changes: Vec<HostChange>,
    /// Ask with this as `cursor` for the next page; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A report of facts by a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FactsSource {
    /// The execution.
    pub execution: Uuid,
    /// Sequence number of its event.
    pub seq: u64,
    /// When it came.
    pub time: DateTime<Utc>,
    /// Whether it is everything that `setup` gathers.
    pub complete: bool,
    /// Number of the facts that are shown from it.
    pub facts: u64,
}

/// Why a report of facts cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactsGap {
    /// Retention removed the content of its run.
    PayloadRemoved,
    /// The log of its run is damaged there.
    Damaged,
}

/// A report of facts that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnreadableFacts {
    /// The execution.
    pub execution: Uuid,
    /// When it came.
    pub time: DateTime<Utc>,
    /// `payload_removed` or `damaged`.
    pub reason: FactsGap,
}

/// The facts of a host at some time.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HostFacts {
    /// Inventory name of the host.
    pub host: String,
    /// The time that was asked for; missing: now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// The facts by name, as modules reported them.
    #[schema(value_type = Object)]
    pub facts: Map<String, Value>,
    /// The reports that they are from, oldest first.
    pub sources: Vec<FactsSource>,
    /// Reports that cannot be read: their facts are missing.
    pub unreadable: Vec<UnreadableFacts>,
}

/// A fact, or a part of one, that is different from before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FactDifference {
    /// The fact's name, and the names and places (from 0) below it.
    pub path: Vec<String>,
    /// Its value before; missing: it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// Its value since then; missing: it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// A value is longer than 4 KiB and left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub cut: bool,
}

/// What a report of facts changed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FactsChange {
    /// The execution.
    pub execution: Uuid,
    /// When the report came.
    pub time: DateTime<Utc>,
    /// It is the first that is known: facts that it brought are not listed.
    pub first: bool,
    /// What is different, by path; at most 200.
    pub differences: Vec<FactDifference>,
    /// Number of further differences.
    pub left_out: u64,
}

/// How the facts of a host changed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FactsChangeList {
    /// Inventory name of the host.
    pub host: String,
    /// What changed, oldest first. A page may have fewer than `limit`, or none, although there are more.
    pub changes: Vec<FactsChange>,
    /// Reports that cannot be read: what they changed is told with the next one that can.
    pub unreadable: Vec<UnreadableFacts>,
    /// Ask with this as `since` for the next page; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_since: Option<DateTime<Utc>>,
}

/// From a run on, a host belonged to other groups than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostGroupsChange {
    /// The first execution that told these groups.
    pub execution: Uuid,
    /// When it started.
    pub time: DateTime<Utc>,
    /// The groups, `all` apart, by name; missing if the logs that told them are gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// Those that it did not belong to before; missing if what was before is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<Vec<String>>,
    /// Those that it no longer belonged to; missing if what was before is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Vec<String>>,
}

/// The groups of a host, and how they changed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HostGroupList {
    /// Inventory name of the host.
    pub host: String,
    /// The groups now, as its last run told; missing if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// The changes, the last one first. The last entry is where the groups were first known, or how far back was looked.
    pub changes: Vec<HostGroupsChange>,
    /// Whether nothing older is known: false if there are more changes than `limit`, or the host has more than 10,000 runs.
    pub complete: bool,
}
