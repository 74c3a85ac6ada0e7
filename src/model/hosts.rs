//! Hosts over all executions, as the API answers them.

use chrono::{DateTime, Utc};
use playback_wire::{ExecutionType, HostStats};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Status;

/// The status of a host in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HostStatus {
    /// No task failed on it, apart from rescued and ignored failures.
    Ok,
    /// A task failed.
    Failed,
    /// It could not be reached.
    Unreachable,
    /// The run is not finished, and nothing has failed so far.
    Running,
}

impl HostStatus {
    /// Every variant.
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

/// A run, and the status of one host in it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HostRun {
    /// The execution.
    pub execution: Uuid,
    /// `playbook` or `adhoc`.
    pub r#type: ExecutionType,
    /// The playbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playbook: Option<String>,
    /// The module, for an ad-hoc command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The host pattern, for an ad-hoc command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosts: Option<String>,
    /// Who ran it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whether it ran in check mode: then `changed` counts what would have been changed.
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

/// A host, and its last runs.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HostSummary {
    /// Its inventory name; a name of more than 255 characters is cut.
    pub name: String,
    /// Its status in the last run.
    pub status: HostStatus,
    /// The run that started last.
    pub last_run: HostRun,
    /// The last run that changed it; missing if none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_change: Option<HostRun>,
    /// Number of runs in which it took part.
    pub runs: u64,
    /// Whether it has more runs than `runs`: only the first 10,000 are counted.
    pub has_more_runs: bool,
}

/// A page of hosts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HostSummaryList {
    /// The hosts, by name. A page may have fewer than `limit`, or none, although there are more.
    pub hosts: Vec<HostSummary>,
    /// Send this as `cursor` to get the next page; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// One host.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HostDetail {
    /// Its status, and its last runs.
    #[serde(flatten)]
    pub summary: HostSummary,
    /// The first run in which it took part.
    pub first_run: HostRun,
    /// The groups that it belongs to, according to its last run, except `all`; missing if they are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// When a run last reported facts about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts_time: Option<DateTime<Utc>>,
}

/// A page of a host's runs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HostRunList {
    /// The runs, newest first.
    pub runs: Vec<HostRun>,
    /// Send this as `cursor` to get the next page; missing on the last page.
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
    /// The role that contains the task.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub role: String,
    /// The file that contains the task.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub path: String,
    /// Line in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The other hosts that ran the task (`delegate_to`): Ansible counts the change for this host, but it may have been made
    /// on the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegated_to: Option<String>,
    /// Whether the task had a loop.
    pub r#loop: bool,
    /// Whether Ansible censored the result.
    pub censored: bool,
    /// On request: the loop items that changed something, by their labels; at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub items: Vec<String>,
    /// On request: the beginning of the module's message, up to 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// On request: the differences that the module reported (`--diff`), for a loop those of all its items; up to 64
    /// KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<Value>,
}

/// A page of changes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HostChangeList {
    /// The changes, newest first. A page may have fewer than `limit`, or none, although there are more.
    pub changes: Vec<HostChange>,
    /// Send this as `cursor` to get the next page; missing on the last page.
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
    /// When it was received.
    pub time: DateTime<Utc>,
    /// Whether it has everything that `setup` gathers.
    pub complete: bool,
    /// Number of its facts that are shown.
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
    /// When it was received.
    pub time: DateTime<Utc>,
    /// `payload_removed` or `damaged`.
    pub reason: FactsGap,
}

/// The facts of a host at some time.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HostFacts {
    /// Inventory name of the host.
    pub host: String,
    /// The requested time; missing: now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// The facts by name, as modules reported them.
    #[schema(value_type = Object)]
    pub facts: Map<String, Value>,
    /// The reports that contain these facts, oldest first.
    pub sources: Vec<FactsSource>,
    /// Reports that cannot be read: their facts are missing.
    pub unreadable: Vec<UnreadableFacts>,
}

/// A fact, or a part of one, that differs from before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FactDifference {
    /// The fact's name, followed by the names and indexes (from 0) below it.
    pub path: Vec<String>,
    /// Its value before; missing if it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// Its value afterwards; missing if it was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// Whether a value is longer than 4 KiB and therefore left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub cut: bool,
}

/// What a report of facts changed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FactsChange {
    /// The execution.
    pub execution: Uuid,
    /// When the report was received.
    pub time: DateTime<Utc>,
    /// Whether it is the first known report: its facts are not listed as changes.
    pub first: bool,
    /// The differences, by path; at most 200.
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
    /// Reports that cannot be read: the next readable report has their changes.
    pub unreadable: Vec<UnreadableFacts>,
    /// Send this as `since` to get the next page; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_since: Option<DateTime<Utc>>,
}

/// A run from which on a host belonged to other groups than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostGroupsChange {
    /// The first execution that reported these groups.
    pub execution: Uuid,
    /// When it started.
    pub time: DateTime<Utc>,
    /// The groups except `all`, by name; missing if the logs that contain them are gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// Groups that it did not belong to before; missing if the groups before are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<Vec<String>>,
    /// Groups that it no longer belongs to; missing if the groups before are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Vec<String>>,
}

/// The groups of a host, and how they changed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HostGroupList {
    /// Inventory name of the host.
    pub host: String,
    /// The current groups, according to its last run; missing if they are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// The changes, newest first. The last entry is the first time that the groups were known, or the oldest run that
    /// was examined.
    pub changes: Vec<HostGroupsChange>,
    /// Whether nothing older is known: false if there are more changes than `limit`, or the host has more than 10,000 runs.
    pub complete: bool,
}
