//! The comparison of two executions, as the API answers it.

use chrono::{DateTime, Utc};
use playback_wire::ResultStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Difference, ExecutionRow, Reason, ResultFlags, Status, time_from_us};

/// How an execution, `now`, differs from another one, `before`. Each list has at most `limit` entries; `summary` counts
/// all of them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Comparison {
    /// The execution with which `now` is compared.
    pub before: ComparedRun,
    /// The other execution.
    pub now: ComparedRun,
    /// Whether both are the same execution.
    pub same_run: bool,
    /// What limits the comparison, in sentences for people: an unfinished run, deleted output, another playbook.
    pub remarks: Vec<String>,
    /// Counts of all differences.
    pub summary: ComparisonSummary,
    /// Parameters, versions and git states that differ.
    pub parameters: Vec<Difference>,
    /// Names of hosts that only `now` has.
    pub hosts_added: Vec<String>,
    /// Names of hosts that only `before` has.
    pub hosts_gone: Vec<String>,
    /// Tasks that only `now` has.
    pub tasks_added: Vec<ComparedTask>,
    /// Tasks that only `before` has.
    pub tasks_gone: Vec<ComparedTask>,
    /// Tasks that are in another place in `now`: after other tasks, or in another file.
    pub tasks_moved: Vec<TaskPair>,
    /// Tasks that have another name in `now`, in the same place and with the same action.
    pub tasks_renamed: Vec<TaskPair>,
    /// Tasks whose results differ on some hosts: those with new failures first, then those with the most hosts.
    pub outcomes: Vec<TaskOutcomes>,
    /// What some of the differing or failed results returned: at most 20.
    pub results: Vec<ResultDifference>,
    /// Tasks whose durations differ by more than noise, the largest differences first.
    pub durations: Vec<DurationDifference>,
    /// Printed lines that only one of them has.
    pub output: Vec<PrintedDifference>,
}

/// An execution in brief.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ComparedRun {
    /// Its identity.
    pub id: Uuid,
    /// The playbook, if it ran one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playbook: Option<String>,
    /// The module, if it is an ad-hoc command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// `running`, `success` or `failed`.
    pub status: Status,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The exit code, as the shell saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Whether it ran in check mode.
    pub check: bool,
    /// When it started.
    pub start_time: DateTime<Utc>,
    /// How long it took, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// How many results it has (one per task and host).
    pub results: u64,
    /// When retention deleted its output and the content of its results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_removed: Option<DateTime<Utc>>,
}

impl From<&ExecutionRow> for ComparedRun {
    fn from(row: &ExecutionRow) -> Self {
        let took_us = row.duration_us();
        Self {
            id: row.id,
            playbook: row.description.playbook.clone(),
            module: row.description.module.clone(),
            status: row.status,
            reason: row.reason,
            exit_code: row.exit_code,
            check: row.description.check,
            start_time: time_from_us(row.started_us),
            duration: took_us.map(|us| us as f64 / 1e6),
            results: row.results,
            payload_removed: row.log.payload_removed_us.map(time_from_us),
        }
    }
}

/// Counts of all differences.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComparisonSummary {
    /// Whether anything differs, apart from durations.
    pub different: bool,
    /// Number of differing parameters.
    pub parameters: u64,
    /// Hosts that both have.
    pub hosts_both: u64,
    /// Hosts that only `now` has.
    pub hosts_added: u64,
    /// Hosts that only `before` has.
    pub hosts_gone: u64,
    /// Tasks that both have, including moved and renamed ones. The batches of a play with `serial` count as one play.
    pub tasks_both: u64,
    /// Tasks that only `now` has.
    pub tasks_added: u64,
    /// Tasks that only `before` has.
    pub tasks_gone: u64,
    /// Tasks that are in another place.
    pub tasks_moved: u64,
    /// Tasks that have another name.
    pub tasks_renamed: u64,
    /// Tasks of `before` that `now` did not reach, because it failed or is not finished. They do not count as removed.
    pub tasks_not_reached: u64,
    /// Tasks of `now` that `before` did not reach. They do not count as added.
    pub tasks_not_reached_before: u64,
    /// Tasks whose results differ on some hosts.
    pub tasks_different: u64,
    /// Pairs of results that were compared: those of the tasks and hosts that both have.
    pub results_compared: u64,
    /// Results whose outcome differs.
    pub results_different: u64,
    /// Results that one of the executions lacks because their host had failed before, or because the execution is not
    /// finished or was stopped.
    pub results_not_reached: u64,
    /// Results that failed in `now` but not in `before`. Unreachable hosts count, handled failures do not.
    pub failures_new: u64,
    /// Results that failed in both.
    pub failures_same: u64,
    /// Results that failed in `before` and succeeded in `now`.
    pub failures_fixed: u64,
    /// How often each change of outcome occurred, the most frequent first.
    pub transitions: Vec<TransitionCount>,
    /// Tasks whose durations differ by more than noise.
    pub durations: u64,
    /// Printed lines that only one of them has.
    pub output_lines: u64,
}

/// How a task ended on a host.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// There is no result.
    #[default]
    Absent,
    /// A condition prevented it from running.
    Skipped,
    /// It succeeded and changed nothing.
    Ok,
    /// It changed something, or in check mode would have.
    Changed,
    /// It failed, and the failure was ignored.
    Ignored,
    /// It failed, and a `rescue` handled it.
    Rescued,
    /// It failed.
    Failed,
    /// The host was not reached.
    Unreachable,
}

impl Outcome {
    /// Every outcome, the worst last.
    pub const ALL: [Self; 8] = [
        Self::Absent,
        Self::Skipped,
        Self::Ok,
        Self::Changed,
        Self::Ignored,
        Self::Rescued,
        Self::Failed,
        Self::Unreachable,
    ];

    /// The outcome of a result.
    #[must_use]
    pub fn of(status: ResultStatus, flags: ResultFlags) -> Self {
        match status {
            ResultStatus::Skipped => Self::Skipped,
            ResultStatus::Ok if flags.has(ResultFlags::CHANGED) => Self::Changed,
            ResultStatus::Ok => Self::Ok,
            _ if flags.has(ResultFlags::RESCUED) => Self::Rescued,
            _ if flags.has(ResultFlags::IGNORED) => Self::Ignored,
            ResultStatus::Failed => Self::Failed,
            ResultStatus::Unreachable => Self::Unreachable,
        }
    }

    /// The name in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Skipped => "skipped",
            Self::Ok => "ok",
            Self::Changed => "changed",
            Self::Ignored => "ignored",
            Self::Rescued => "rescued",
            Self::Failed => "failed",
            Self::Unreachable => "unreachable",
        }
    }

    /// Whether it is a failure that nothing handled.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Unreachable)
    }

    /// Whether something went wrong, handled or not.
    #[must_use]
    pub fn is_trouble(self) -> bool {
        self >= Self::Ignored
    }
}

/// A change of outcome, and the number of results that have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransitionCount {
    /// The outcome in `before`.
    pub before: Outcome,
    /// The outcome in `now`.
    pub now: Outcome,
    /// Number of results.
    pub results: u64,
}

/// A task of one of the executions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComparedTask {
    /// Its number in that execution; with `serial`, its number in the first batch.
    pub task: u32,
    /// Name of its play.
    pub play: String,
    /// Its name, without the role.
    pub name: String,
    /// Module or action.
    pub action: String,
    /// The role that contains it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// The file that contains it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Line in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Whether it ran as a handler: it may have run only because something changed.
    pub handler: bool,
}

/// A task that both executions have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskPair {
    /// The task in `before`.
    pub before: ComparedTask,
    /// The task in `now`.
    pub now: ComparedTask,
}

/// The differing results of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskOutcomes {
    /// The task in `now`.
    pub task: ComparedTask,
    /// Number of hosts whose results differ.
    pub host_count: u64,
    /// The changes of outcome, the worst first.
    pub transitions: Vec<Transition>,
}

/// A change of outcome, and the hosts on which it occurred.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Transition {
    /// The outcome in `before`.
    pub before: Outcome,
    /// The outcome in `now`.
    pub now: Outcome,
    /// Number of hosts.
    pub host_count: u64,
    /// The names of the first hosts; at most 10.
    pub hosts: Vec<String>,
}

/// What a result returned, as far as it differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResultDifference {
    /// The task in `now`.
    pub task: ComparedTask,
    /// The host.
    pub host: String,
    /// The outcome in `before`.
    pub before: Outcome,
    /// The outcome in `now`.
    pub now: Outcome,
    /// Sequence number of the result in `before`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_seq: Option<u64>,
    /// Sequence number of the result in `now`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now_seq: Option<u64>,
    /// The fields that differ, the most significant first; at most 20. If one of the executions has no such result,
    /// only the fields that report a failure.
    pub fields: Vec<FieldDifference>,
    /// Number of further fields.
    pub fields_left_out: u64,
    /// Loop items that failed or whose outcome differs, by their labels; at most 20.
    pub items: Vec<ItemDifference>,
    /// Number of further items.
    pub items_left_out: u64,
    /// Why fields are missing, if any are: `no_log` hides them, or the log is damaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A field of a result that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldDifference {
    /// Its path in what the module returned, with dots: `invocation.module_args.path`, `results.0.msg`.
    pub field: String,
    /// Its value in `before`. A value of several lines is reduced to the lines that differ, and a long one is cut.
    /// Missing if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Its value in `now`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
}

/// A loop item that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemDifference {
    /// Its label.
    pub item: String,
    /// Its outcome in `before`.
    pub before: Outcome,
    /// Its outcome in `now`.
    pub now: Outcome,
    /// The fields that differ; at most 20.
    pub fields: Vec<FieldDifference>,
}

/// A task whose duration differs: the medians over its hosts differ by at least 1 second and by at least half of the
/// shorter one. Only hosts on which it ended the same way, `ok` or `changed`, count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DurationDifference {
    /// The task in `now`.
    pub task: ComparedTask,
    /// Number of hosts that count.
    pub host_count: u64,
    /// Median in `before`, in seconds.
    pub before: f64,
    /// Median in `now`, in seconds.
    pub now: f64,
}

/// Which of the two executions printed a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrintedIn {
    /// `before`.
    Before,
    /// `now`.
    Now,
}

/// A printed line that only one of the executions has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrintedDifference {
    /// The execution that has the line.
    pub only_in: PrintedIn,
    /// Number of the line, from 0.
    pub line: u64,
    /// Its text; long lines are cut.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_tells_handled_failures_apart() {
        let of = |status, flags| Outcome::of(status, ResultFlags(flags));
        let failed = ResultStatus::Failed;
        assert_eq!(of(ResultStatus::Ok, 0), Outcome::Ok);
        assert_eq!(of(ResultStatus::Ok, ResultFlags::CHANGED), Outcome::Changed);
        assert_eq!(of(failed, ResultFlags::IGNORED), Outcome::Ignored);
        assert_eq!(of(failed, ResultFlags::RESCUED), Outcome::Rescued);
        assert_eq!(of(failed, ResultFlags::CHANGED), Outcome::Failed);
        assert_eq!(of(ResultStatus::Unreachable, 0), Outcome::Unreachable);
        assert!(Outcome::ALL.is_sorted());
    }
}
