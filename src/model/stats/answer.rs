//! The answer as served.

use chrono::{DateTime, Utc};
use playback_wire::HostStats;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// How many runs there were, how they ended and how long they took. Of no runs, everything is 0.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Figures {
    /// Runs that started.
    pub total: u64,
    /// Of these, how many ended well.
    pub success: u64,
    /// How many failed.
    pub failed: u64,
    /// How many are not over yet.
    pub running: u64,
    /// How many of 100 that are over ended well; 0 when none is over.
    pub success_rate: f64,
    /// How long those took that are over, in seconds: the mean.
    pub avg_duration: f64,
    /// The shortest.
    pub min_duration: f64,
    /// The longest.
    pub max_duration: f64,
    /// Half of them took no longer, to about 2 %.
    pub p50_duration: f64,
    /// 95 of 100 took no longer, to about 2 %.
    pub p95_duration: f64,
}

/// One interval of a series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Interval {
    /// When it begins.
    pub start: DateTime<Utc>,
    /// The runs that started in it.
    #[serde(flatten)]
    pub figures: Figures,
}

/// A host that failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FailedHost {
    /// Inventory name.
    pub host: String,
    /// Runs that are over and in which it failed or was not reached.
    pub failed_runs: u64,
    /// Its tasks that failed in these.
    pub failures: u64,
    /// Its tasks that did not reach it in these.
    pub unreachable: u64,
}

/// A playbook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlaybookFigures {
    /// As recorded.
    pub playbook: String,
    /// Where that is a relative path: the working directory that it is meant in. Two projects may have a playbook of
    /// the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Its runs.
    #[serde(flatten)]
    pub figures: Figures,
}

/// How the results of a task ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskResults {
    /// Ended well, changed ones included.
    pub ok: u64,
    /// Changed something.
    pub changed: u64,
    /// Failed, ignored and rescued ones included.
    pub failed: u64,
    /// Skipped.
    pub skipped: u64,
    /// Could not reach the host.
    pub unreachable: u64,
    /// Failed or unreachable, and ignored.
    pub ignored: u64,
}

/// Figures of one playbook, host, task, label or user.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GroupFigures {
    /// Which: the playbook as recorded, the host, the task's name, the label, the user.
    pub name: String,
    /// Of a task: the role that holds it; empty when none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Of a task: its module or action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Of a task: the playbook, as recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playbook: Option<String>,
    /// Of a playbook or a task: where the playbook is a relative path, the working directory that it is meant in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Its runs. A host's run failed when the host failed in it or was not reached; a task's runs are how often
    /// it ran, and failed is one with a result that failed or was not reached and was not ignored.
    #[serde(flatten)]
    pub figures: Figures,
    /// Of a host: its recaps, added up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<HostStats>,
    /// Of a task: how its results ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<TaskResults>,
}

/// Statistics of the runs that started in a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Statistics {
    /// `hour`, `day`, `week` or `month`; missing where `from` was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// The first moment that belongs to it.
    pub from: DateTime<Utc>,
    /// The last.
    pub to: DateTime<Utc>,
    /// All runs.
    #[serde(flatten)]
    pub figures: Figures,
    /// How many changed something.
    pub changed: u64,
    /// How many failed for which reason.
    #[schema(value_type = std::collections::HashMap<String, u64>)]
    pub by_reason: Map<String, Value>,
    /// The ten hosts that failed in most runs, with how many these are; most first.
    #[schema(value_type = std::collections::HashMap<String, u64>)]
    pub top_failed_hosts: Map<String, Value>,
    /// The ten playbooks with most runs, with how many these are; most first.
    #[schema(value_type = std::collections::HashMap<String, u64>)]
    pub top_playbooks: Map<String, Value>,
    /// The same hosts, with more of each.
    pub failed_hosts: Vec<FailedHost>,
    /// The same playbooks, with more of each.
    pub playbooks: Vec<PlaybookFigures>,
    /// How long an interval of the series is, in seconds.
    pub interval: u64,
    /// All intervals in order, those without runs too. The first and the last may lie partly outside.
    pub series: Vec<Interval>,
    /// How many groups there are, where `by` was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups_total: Option<u64>,
    /// The groups: of hosts and tasks those with most failures first, of others those with most runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<GroupFigures>>,
}
