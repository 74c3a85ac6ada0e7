//! The answer as served.

use chrono::{DateTime, Utc};
use playback_wire::HostStats;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::model::CostFigures;

/// How many runs there were, how they ended and how long they took. Without any runs, all figures are 0.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Figures {
    /// Runs that started.
    pub total: u64,
    /// How many of these succeeded.
    pub success: u64,
    /// How many failed.
    pub failed: u64,
    /// Number of runs that are not finished.
    pub running: u64,
    /// Percentage of finished runs that succeeded; 0 if none is finished.
    pub success_rate: f64,
    /// Mean duration of finished runs, in seconds.
    pub avg_duration: f64,
    /// The shortest.
    pub min_duration: f64,
    /// The longest.
    pub max_duration: f64,
    /// Median, with an error of about 2 %.
    pub p50_duration: f64,
    /// 95th percentile, with an error of about 2 %.
    pub p95_duration: f64,
    /// What they cost, if prices are configured. With a host filter, and in the figures of a host: the cost of the host's
    /// time. Tasks have no cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostFigures>,
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
    /// Finished runs in which it failed or could not be reached.
    pub failed_runs: u64,
    /// Its tasks that failed, in these runs.
    pub failures: u64,
    /// Its tasks that could not reach it, in these runs.
    pub unreachable: u64,
}

/// A playbook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlaybookFigures {
    /// As recorded.
    pub playbook: String,
    /// The working directory, if the playbook is a relative path. Two projects may have a playbook of the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Its runs.
    #[serde(flatten)]
    pub figures: Figures,
}

/// How the results of a task ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskResults {
    /// Succeeded, including those that changed something.
    pub ok: u64,
    /// Changed something.
    pub changed: u64,
    /// Failed results, including ignored and rescued ones.
    pub failed: u64,
    /// Skipped.
    pub skipped: u64,
    /// Could not reach the host.
    pub unreachable: u64,
    /// Failed or unreachable, and ignored.
    pub ignored: u64,
}

/// Figures of one playbook, inventory, host, task, label or user.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GroupFigures {
    /// Its name: the playbook or the inventory as recorded, the host, the task's name, the label, or the user.
    pub name: String,
    /// For a task: its role; empty if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// For a task: its module or action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// For a task: the playbook, as recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playbook: Option<String>,
    /// For a playbook or a task: the working directory, if the playbook is a relative path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Its runs. A run of a host failed if the host failed or was unreachable. A task's runs are the times that it ran;
    /// one of them failed if a result failed or its host was unreachable, and that was not ignored.
    #[serde(flatten)]
    pub figures: Figures,
    /// For a host: the sum of its recaps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<HostStats>,
    /// For a task: how its results ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<TaskResults>,
}

/// Statistics of the runs that started in a time range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Statistics {
    /// `hour`, `day`, `week` or `month`; missing if `from` was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// The beginning of the time range (inclusive).
    pub from: DateTime<Utc>,
    /// The end of the time range (inclusive).
    pub to: DateTime<Utc>,
    /// All runs.
    #[serde(flatten)]
    pub figures: Figures,
    /// How many changed something.
    pub changed: u64,
    /// Number of failed runs for each reason.
    #[schema(value_type = std::collections::HashMap<String, u64>)]
    pub by_reason: Map<String, Value>,
    /// The ten hosts that failed in the most runs, with the number of these runs; the most first.
    #[schema(value_type = std::collections::HashMap<String, u64>)]
    pub top_failed_hosts: Map<String, Value>,
    /// The ten playbooks with the most runs, with the number of runs; the most first.
    #[schema(value_type = std::collections::HashMap<String, u64>)]
    pub top_playbooks: Map<String, Value>,
    /// The same hosts, with more figures for each.
    pub failed_hosts: Vec<FailedHost>,
    /// The same playbooks, with more figures for each.
    pub playbooks: Vec<PlaybookFigures>,
    /// Length of an interval of the series, in seconds.
    pub interval: u64,
    /// All intervals in order, including those without runs. The first and the last may be partly outside the time range.
    pub series: Vec<Interval>,
    /// Total number of groups, if `by` was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups_total: Option<u64>,
    /// The groups: hosts and tasks by the number of their failures, others by the number of their runs; the most first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<GroupFigures>>,
}
