//! A report: what ran in a period, what failed and why, what is new, slower, flaky, not idempotent or missing, and what
//! it cost, in comparison with the period before. Pure.
//!
//! Layout:
//! - here: the report as served, from which all formats are rendered
//! - [`ReportPeriod`]: the length of a report's period
//! - [`ReportSchedule`], [`ReportRow`]: schedules of reports, and reports that were made for them

mod period;
mod schedule;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{BudgetState, CostFigures, FailedHost, Figures, RunAt, Turns};

pub use period::ReportPeriod;
pub use schedule::{
    NewReport, ReportContent, ReportDelivery, ReportDestination, ReportFormat, ReportRow,
    ReportSchedule, ReportSettings,
};

/// What ran in a period, in comparison with the period before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// The schedule for which it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// `day`, `week` or `month`; missing if the time range was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// Runs that started at or after this time count.
    pub from: DateTime<Utc>,
    /// Runs that started before this time count.
    pub to: DateTime<Utc>,
    /// The beginning of the period before, which ends at `from`.
    pub before_from: DateTime<Utc>,
    /// The time zone of the period, in which documents show times.
    pub zone: String,
    /// Which runs count, as a query; missing: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// When it was made.
    pub made: DateTime<Utc>,
    /// Whether no run started in the period.
    pub is_empty: bool,
    /// The runs of the period.
    pub runs: ReportRuns,
    /// The runs of the period before.
    pub runs_before: ReportRuns,
    /// Why runs failed, the most frequent reason first.
    pub reasons: Vec<ReportReason>,
    /// The playbooks with the most failed runs, and then with the most runs; at most 50.
    pub playbooks: Vec<ReportPlaybook>,
    /// How many playbooks ran.
    pub playbooks_total: u64,
    /// The errors that occurred in the most runs, at most 20.
    pub errors: Vec<ReportError>,
    /// Number of different errors; 1000 stands for 1000 or more.
    pub errors_total: u64,
    /// How many of these errors never occurred before.
    pub errors_new: u64,
    /// What is new.
    pub new: ReportNews,
    /// Playbooks and tasks that have taken longer since some run of the period; at most 20.
    pub slower: Vec<ReportChange>,
    /// Playbooks and tasks that have taken less time since some run of the period; at most 20.
    pub faster: Vec<ReportChange>,
    /// What alternates between success and failure although nothing else changes; at most 20.
    pub flaky: Vec<ReportFlaky>,
    /// Tasks that changed something in every run; at most 20.
    pub not_idempotent: Vec<ReportTask>,
    /// The hosts that failed in the most runs; at most 20.
    pub failed_hosts: Vec<FailedHost>,
    /// Hosts that took part in the period before but not in this one; at most 50.
    pub missing_hosts: Vec<MissingHost>,
    /// Number of such hosts.
    pub missing_hosts_total: u64,
    /// The budgets at the end of the period, each for the day, week or month in which the period ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<BudgetState>,
    /// What limits the report, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// The runs of a period.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReportRuns {
    /// How many runs there were, how they ended, how long they took, and what they cost.
    #[serde(flatten)]
    pub figures: Figures,
    /// How many of them changed something.
    pub changed: u64,
    /// How many hosts took part.
    pub hosts: u64,
}

impl ReportRuns {
    /// What they cost, if prices are configured.
    #[must_use]
    pub fn cost(&self) -> Option<&CostFigures> {
        self.figures.cost.as_ref()
    }
}

/// A reason for failed runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportReason {
    /// `task_failed`, `unreachable`, `lost` …
    pub reason: String,
    /// Runs that failed for this reason.
    pub runs: u64,
    /// The same in the period before.
    pub runs_before: u64,
}

/// A playbook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReportPlaybook {
    /// As recorded.
    pub playbook: String,
    /// The working directory, if the playbook is a relative path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Its runs.
    #[serde(flatten)]
    pub figures: Figures,
    /// Runs in the period before.
    pub total_before: u64,
    /// How many of these failed.
    pub failed_before: u64,
}

/// An unhandled error.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReportError {
    /// Identifies the error across all executions: 16 hexadecimal digits.
    pub fingerprint: String,
    /// What went wrong in the last of these runs; missing if it is censored or was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The task, with its role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The playbook, or the module of an ad-hoc command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playbook: Option<String>,
    /// A host on which it occurred in the last of these runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Runs of the period in which it occurred.
    pub runs: u64,
    /// The same in the period before.
    pub runs_before: u64,
    /// The first run in which it ever occurred, among the runs that are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<RunAt>,
    /// The last run of the period in which it occurred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<RunAt>,
    /// Whether it never occurred before the period.
    pub is_new: bool,
}

/// What is new in a period. Only runs that are kept are known: a playbook counts as new if all its earlier runs were
/// deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportNews {
    /// Playbooks that never ran before; at most 50.
    pub playbooks: Vec<String>,
    /// Hosts that never took part before; at most 50.
    pub hosts: Vec<String>,
    /// How many hosts of the period, absent in the period before, were not checked because there are too many.
    pub hosts_unknown: u64,
}

/// A duration that changed significantly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReportChange {
    /// The playbook, or the module of ad-hoc commands.
    pub playbook: String,
    /// The task, if the duration is that of a task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The first run with the new duration.
    pub since: RunAt,
    /// Median of the runs before, in seconds.
    pub before: f64,
    /// Median of the runs since, in seconds.
    pub after: f64,
    /// Commit of the run before it, if it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_before: Option<String>,
    /// Its commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// Something that alternates between success and failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportFlaky {
    /// `playbook`, `task` or `host`.
    pub kind: String,
    /// Its name; for a task, with its role and its playbook.
    pub name: String,
    /// How often it alternated.
    #[serde(flatten)]
    pub turns: Turns,
}

/// A task that changed something in every run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportTask {
    /// The playbook, or the module of ad-hoc commands.
    pub playbook: String,
    /// The task, with its role.
    pub task: String,
    /// File and line, if they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Number of these runs.
    pub runs: u64,
}

/// A host that did not take part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MissingHost {
    /// Inventory name.
    pub host: String,
    /// Runs in the period before.
    pub runs_before: u64,
    /// The last run in which it took part, in any period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<RunAt>,
}
