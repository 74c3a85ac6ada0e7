//! Trends: how runs, tasks and hosts develop, and the estimated remaining time of a running execution.

use chrono::{DateTime, Utc};
use playback_wire::ExecutionType;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{CostFigures, RunAt, Status};

/// How the newest finished runs that match developed. Runs in check mode are left out.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Trends {
    /// Number of runs that were examined.
    pub runs: u64,
    /// Whether older runs match, too.
    pub has_older: bool,
    /// Start of the oldest of these runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
    /// Start of the newest of these runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<DateTime<Utc>>,
    /// The playbooks with the most runs; ad-hoc runs by module.
    pub playbooks: Vec<PlaybookTrend>,
    /// How many playbooks are not listed.
    #[serde(default)]
    pub playbooks_left_out: u64,
    /// Tasks with findings: they always change something, are flaky, or take another time than before. Those with the
    /// most runs first. With a task filter, that task in each playbook, and no other.
    pub tasks: Vec<TaskTrend>,
    /// How many such tasks are not listed.
    #[serde(default)]
    pub tasks_left_out: u64,
    /// Number of runs, from the newest on, whose tasks were read.
    pub runs_with_tasks: u64,
    /// Hosts that failed, those with the most failures first. With a host filter, that host comes first, whether or not
    /// it failed.
    pub hosts: Vec<HostTrend>,
    /// How many such hosts are not listed.
    #[serde(default)]
    pub hosts_left_out: u64,
    /// Number of runs, from the newest on, whose hosts were read.
    pub runs_with_hosts: u64,
    /// Running executions that match and may be stuck: they have been running for more than one and a half times as long
    /// as the longest of the last successful runs like them, or, if there are none, for more than a day. The oldest
    /// first.
    #[serde(default)]
    pub overdue: Vec<OverdueRun>,
}

/// A running execution that may be stuck.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OverdueRun {
    /// Playbook or ad-hoc.
    pub r#type: ExecutionType,
    /// The playbook as named on the command line, or the module.
    pub name: String,
    /// The run.
    pub run: RunAt,
    /// How long it has been running, in seconds.
    pub elapsed: f64,
    /// Median duration of runs like it, in seconds. Missing if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<f64>,
}

/// How the runs of a playbook developed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PlaybookTrend {
    /// Playbook or ad-hoc.
    pub r#type: ExecutionType,
    /// The playbook as named on the command line, or the module.
    pub name: String,
    /// The folder to which a relative name refers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Finished runs.
    pub runs: u64,
    /// Runs that succeeded.
    pub succeeded: u64,
    /// Share of runs that succeeded, from 0 to 1.
    pub success_rate: f64,
    /// Runs that did not finish normally: they were canceled, exceeded their time limit, or stopped reporting.
    #[serde(default)]
    pub unfinished: u64,
    /// The last run.
    pub last: RunAt,
    /// Status of the last run.
    pub last_status: Status,
    /// Present if the runs are flaky.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flaky: Option<Turns>,
    /// Their durations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub durations: Option<DurationTrend>,
    /// What they cost, if prices are configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostTrend>,
}

/// What the runs of a playbook cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CostTrend {
    /// The total of all runs.
    #[serde(flatten)]
    pub figures: CostFigures,
    /// The mean of one run; missing if the cost of any run is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<String>,
}

/// How a task developed. Tasks of the same playbook with the same role, name and action are one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TaskTrend {
    /// The playbook, or the module of ad-hoc runs.
    pub playbook: String,
    /// Its role; empty if it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// Its name.
    pub name: String,
    /// Module or action.
    pub action: String,
    /// The file that contains it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Line in that file; 0 if not known.
    #[serde(default)]
    pub line: u32,
    /// Runs in which it ran on at least one host.
    pub runs: u64,
    /// Runs in which it changed something.
    pub changed_runs: u64,
    /// Runs in which it failed on at least one host, and the failure was not ignored.
    pub failed_runs: u64,
    /// The share of the runs in which it did not fail, from 0 to 1.
    #[serde(default)]
    pub success_rate: f64,
    /// Whether it changed something in each of three or more runs: it is not idempotent.
    pub always_changes: bool,
    /// Present if it is flaky.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flaky: Option<Turns>,
    /// Its durations in runs in which it did not fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub durations: Option<DurationTrend>,
}

/// How a host developed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HostTrend {
    /// Inventory name.
    pub name: String,
    /// Runs in which it took part.
    pub runs: u64,
    /// Runs in which it failed.
    pub failed_runs: u64,
    /// Runs in which it could not be reached.
    pub unreachable_runs: u64,
    /// The share of the runs in which neither happened, from 0 to 1.
    #[serde(default)]
    pub success_rate: f64,
    /// With a host filter: how long its tasks took together, in runs without failures, for the playbook that ran on it
    /// most often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub durations: Option<DurationTrend>,
    /// Present if it is flaky.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flaky: Option<Turns>,
    /// The last run in which it took part.
    pub last: RunAt,
    /// Whether it failed or was unreachable in that run.
    pub last_failed: bool,
}

/// Flakiness: results that differ with the same commit, inventory, limit and tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Turns {
    /// How often a run's result differed from that of the run before.
    pub turns: u64,
    /// How many pairs of runs were compared.
    pub of: u64,
}

/// Durations of successful runs, in seconds. If runs have different inventories, limits or tags, those of the most
/// frequent combination count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DurationTrend {
    /// Number of runs that count.
    pub runs: u64,
    /// The median.
    pub median: f64,
    /// The 95th percentile.
    pub p95: f64,
    /// Changes of the duration, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<DurationChange>,
}

/// A run from which on durations differ significantly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DurationChange {
    /// The first run with the new duration.
    pub run: RunAt,
    /// Median of the runs before it, since the previous change, in seconds.
    pub before: f64,
    /// Median of the runs from it on, until the next change, in seconds.
    pub after: f64,
    /// Commit of the run before it, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_before: Option<String>,
    /// Commit of this run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// How much longer a running execution will take, estimated from earlier runs like it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Estimate {
    /// The execution.
    pub id: Uuid,
    /// Its status; there is no estimate for a finished execution.
    pub status: Status,
    /// How long it has been running, in seconds.
    pub elapsed: f64,
    /// Number of successful runs of the same playbook, inventory, limit and tags on which the estimate is based.
    pub based_on: u64,
    /// Median duration of these runs, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<f64>,
    /// Remaining time, in seconds; 0 if it should be finished already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<f64>,
    /// Whether it takes much longer than those runs: more than one and a half times as long as the longest of them.
    pub is_overdue: bool,
    /// The task that began last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Number of hosts that are at work.
    pub hosts_running: u64,
    /// The hosts that have been at work for the longest time.
    pub waits_for: Vec<RunningHost>,
}

/// A host that is at work on a task.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RunningHost {
    /// Inventory name.
    pub host: String,
    /// Name of the task.
    pub task: String,
    /// When the task began there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
}
