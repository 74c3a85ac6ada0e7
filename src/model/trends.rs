//! Trends: how runs, tasks and hosts develop, and how long a running execution still takes.

use chrono::{DateTime, Utc};
use playback_wire::ExecutionType;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{CostFigures, RunAt, Status};

/// How the newest finished runs that match developed. Runs in check mode are left out.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Trends {
    /// How many runs were looked at.
    pub runs: u64,
    /// Whether there are older ones that match.
    pub has_older: bool,
    /// Start of the oldest of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
    /// Start of the newest of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<DateTime<Utc>>,
    /// The playbooks with the most runs; ad-hoc runs by module.
    pub playbooks: Vec<PlaybookTrend>,
    /// How many playbooks are not listed.
    #[serde(default)]
    pub playbooks_left_out: u64,
    /// Tasks of which there is something to say: they always change something, pass and fail in turn, or take another
    /// time than before. Those of the most runs first. If a task is asked for, that one in each playbook, and no other.
    pub tasks: Vec<TaskTrend>,
    /// How many such tasks are not listed.
    #[serde(default)]
    pub tasks_left_out: u64,
    /// How many of the runs, from the newest on, their tasks were read of.
    pub runs_with_tasks: u64,
    /// Hosts that failed, those with the most failures first. A host that is asked for comes before them, failed or not.
    pub hosts: Vec<HostTrend>,
    /// How many such hosts are not listed.
    #[serde(default)]
    pub hosts_left_out: u64,
    /// How many of the runs, from the newest on, their hosts were read of.
    pub runs_with_hosts: u64,
    /// Running executions that match and seem not to end: those that take more than half as long again as the longest of
    /// the last successful runs like them, or, where there are none, for longer than a day. The oldest first.
    #[serde(default)]
    pub overdue: Vec<OverdueRun>,
}

/// A running execution that seems not to end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OverdueRun {
    /// Playbook or ad-hoc.
    pub r#type: ExecutionType,
    /// The playbook as named on the command line, or the module.
    pub name: String,
    /// The run.
    pub run: RunAt,
    /// For how long it has been running, in seconds.
    pub elapsed: f64,
    /// How long runs like it took, in seconds: the median. Missing if there are none.
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
    /// The folder that a relative name belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Finished runs.
    pub runs: u64,
    /// Runs that succeeded.
    pub succeeded: u64,
    /// Their share, from 0 to 1.
    pub success_rate: f64,
    /// Runs that did not come to an end of their own: they were canceled, ran out of time, or fell silent.
    #[serde(default)]
    pub unfinished: u64,
    /// The last run.
    pub last: RunAt,
    /// How it ended.
    pub last_status: Status,
    /// If they pass and fail in turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flaky: Option<Turns>,
    /// How long they took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub durations: Option<DurationTrend>,
    /// What they cost, if prices are configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostTrend>,
}

/// What the runs of a playbook cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CostTrend {
    /// All of them.
    #[serde(flatten)]
    pub figures: CostFigures,
    /// One of them in the mean; missing if the cost of any is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<String>,
}

/// How a task developed. Tasks of the same playbook with the same role, name and action are one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TaskTrend {
    /// The playbook, or the module of ad-hoc runs.
    pub playbook: String,
    /// Its role; empty when there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// Its name.
    pub name: String,
    /// Module or action.
    pub action: String,
    /// File that holds it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Line in that file; 0 when unknown.
    #[serde(default)]
    pub line: u32,
    /// Runs in which it ran on at least one host.
    pub runs: u64,
    /// Runs in which it changed something.
    pub changed_runs: u64,
    /// Runs in which it failed on at least one host, and that was not ignored.
    pub failed_runs: u64,
    /// The share of the runs in which it did not fail, from 0 to 1.
    #[serde(default)]
    pub success_rate: f64,
    /// Whether it changed something in each of three runs or more: it is not idempotent.
    pub always_changes: bool,
    /// If it passes and fails in turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flaky: Option<Turns>,
    /// How long it took, where it did not fail.
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
    /// Of a host that is asked for: how long its tasks took together, where none failed, in the playbook that ran on it
    /// most often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub durations: Option<DurationTrend>,
    /// If it passes and fails in turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flaky: Option<Turns>,
    /// The last run in which it took part.
    pub last: RunAt,
    /// Whether it failed or could not be reached there.
    pub last_failed: bool,
}

/// Passing and failing in turn: with the same commit, inventory, limit and tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Turns {
    /// How often a run ended otherwise than the one before it.
    pub turns: u64,
    /// How many pairs of runs were compared.
    pub of: u64,
}

/// How long something took in successful runs, in seconds. Of runs with different inventories, limits or tags, those of
/// the most frequent kind count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DurationTrend {
    /// Runs that count.
    pub runs: u64,
    /// The median.
    pub median: f64,
    /// 95 of 100 took no longer.
    pub p95: f64,
    /// When it changed, the oldest change first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<DurationChange>,
}

/// From one run on, durations are others than before, and that is no coincidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DurationChange {
    /// The first run of the new duration.
    pub run: RunAt,
    /// Median of the runs before it, back to an earlier change, in seconds.
    pub before: f64,
    /// Median of the runs from it on, up to a later change, in seconds.
    pub after: f64,
    /// Commit of the run before it, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_before: Option<String>,
    /// Its commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// How long a running execution still takes, judged by earlier runs like it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Estimate {
    /// The execution.
    pub id: Uuid,
    /// Its status; nothing is estimated of one that is over.
    pub status: Status,
    /// For how long it has been running, in seconds.
    pub elapsed: f64,
    /// How many successful runs of the same playbook, inventory, limit and tags it is judged by.
    pub based_on: u64,
    /// How long those took, in seconds: the median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<f64>,
    /// How long it still takes, in seconds; 0 if it should be over already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<f64>,
    /// Whether it takes much longer than those runs: more than half as long again as the longest of them.
    pub is_overdue: bool,
    /// The task that began last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// How many hosts are at work.
    pub hosts_running: u64,
    /// The hosts that it has been waiting for the longest.
    pub waits_for: Vec<RunningHost>,
}

/// A host that is at work on a task.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RunningHost {
    /// Inventory name.
    pub host: String,
    /// Name of the task.
    pub task: String,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
}
