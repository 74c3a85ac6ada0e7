//! The explanation of an execution, as the API answers it.

use chrono::{DateTime, Utc};
use playback_wire::ResultStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{LogDamage, Reason, Status, TaskRow};

/// Why an execution failed, as far as its record proves it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// The execution.
    pub id: Uuid,
    /// `running`, `success` or `failed`. A running execution is explained up to now.
    pub status: Status,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The exit code, as the shell saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// How it ended, in sentences for people.
    pub verdict: Vec<String>,
    /// If Ansible itself failed: its error as printed, or the last lines of the output.
    pub printed: Vec<String>,
    /// Its hosts, by outcome.
    pub hosts: HostOutcomes,
    /// The errors that no `rescue` or `ignore_errors` handled, those on the most hosts first. Each host counts once,
    /// with its first error. At most 20.
    pub failures: Vec<FailureGroup>,
    /// Number of errors that `failures` leaves out.
    pub groups_left_out: u64,
    /// Number of hosts with these errors.
    pub hosts_left_out: u64,
    /// Further failures on hosts that had already failed; `failures` leaves them out.
    pub later_failures: u64,
    /// Failures that were rescued or ignored, by task. At most 20.
    pub handled: Vec<HandledFailure>,
    /// Tasks that succeeded after more than one try. At most 20; none for executions with more than 500,000 results, in
    /// which they are not searched for.
    pub retried: Vec<RetriedTask>,
    /// When retention deleted the content of its results: the messages are gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_removed: Option<DateTime<Utc>>,
}

/// The hosts of an execution, by outcome. A host may count several times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostOutcomes {
    /// All hosts.
    pub total: u64,
    /// Hosts with a failure.
    pub failed: u64,
    /// Hosts that could not be reached.
    pub unreachable: u64,
    /// Hosts with a failure that was rescued.
    pub rescued: u64,
    /// Hosts with a failure that was ignored.
    pub ignored: u64,
}

/// One error, and the hosts on which it occurred.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FailureGroup {
    /// Identifies the error across all executions: 16 hexadecimal digits. Missing if the content is censored or was not
    /// recorded, and for executions that versions without fingerprints recorded; then hosts are grouped by task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// `failed` or `unreachable`.
    pub status: ResultStatus,
    /// What went wrong on `host`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The message without numbers, addresses and paths: the same for all executions with this fingerprint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The last lines on standard error, if they say more than the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stderr: Option<String>,
    /// The last lines on standard output, if the module returned no message of its own and they say more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout: Option<String>,
    /// The exit code of the program that the module ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rc: Option<i64>,
    /// The loop item that failed first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// How often `until` tried it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// Whether `no_log` hides what was returned.
    pub censored: bool,
    /// The part of the log that cannot be read, if the message is in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damaged: Option<LogDamage>,
    /// Sequence number of the result that has the message.
    pub seq: u64,
    /// The host that has the message.
    pub host: String,
    /// Number of hosts.
    pub host_count: u64,
    /// Their names, in the order in which they failed; at most 100.
    pub hosts: Vec<String>,
    /// How many of these results had more than one try.
    pub retried: u64,
    /// The tasks that failed, those with the most hosts first; at most 5.
    pub tasks: Vec<FailedTask>,
    /// When the same error occurred, in this and other executions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
    /// The last time that the first of `tasks` succeeded on `host`. Missing if the task is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success: Option<LastSuccess>,
}

/// A task, and its number of hosts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FailedTask {
    /// Its number.
    pub task: u32,
    /// Number of its play.
    pub play: u32,
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
    /// Number of hosts.
    pub host_count: u64,
}

impl FailedTask {
    /// The task with that number; if it has no row, only its number is known.
    #[must_use]
    pub fn new(number: u32, row: Option<&TaskRow>, host_count: u64) -> Self {
        let text = |of: fn(&TaskRow) -> &String| row.map(of).cloned().unwrap_or_default();
        Self {
            task: number,
            play: row.map_or(0, |row| row.play),
            name: text(|row| &row.name),
            action: text(|row| &row.action),
            role: text(|row| &row.role),
            path: text(|row| &row.path),
            line: row.map(|row| row.line).filter(|line| *line > 0),
            host_count,
        }
    }
}

/// An execution, and when it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunAt {
    /// Its identity.
    pub id: Uuid,
    /// When it started.
    pub start_time: DateTime<Utc>,
}

/// The executions in which the error occurred unhandled, by their start. Deleted executions do not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Seen {
    /// Number of executions.
    pub runs: u64,
    /// The first of them.
    pub first: RunAt,
    /// The last of them, which may be later than the explained execution.
    pub last: RunAt,
    /// The last of them before the explained execution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<RunAt>,
}

/// The last earlier execution of the same playbook in which a task succeeded on a host.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LastSuccess {
    /// Number of earlier executions of the playbook on the host that were searched: at most 62.
    pub searched: u32,
    /// The execution; missing if the task succeeded in none of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunAt>,
    /// The differences since then.
    pub differences: Vec<Difference>,
}

/// A parameter that differs between an execution and an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// Its name in the record; those of the git checkout are `git.commit`, `git.branch` and `git.dirty`.
    pub field: String,
    /// Its value in the earlier execution; missing if it had none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Its value in the explained execution; missing if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
}

/// What handled a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Handled {
    /// A `rescue`.
    Rescued,
    /// `ignore_errors` or `ignore_unreachable`.
    Ignored,
}

/// A failure that was handled.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HandledFailure {
    /// What handled it.
    pub handled: Handled,
    /// The task that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<FailedTask>,
    /// What went wrong on the first of the hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Number of hosts.
    pub host_count: u64,
    /// Their names; at most 100.
    pub hosts: Vec<String>,
}

/// A task that succeeded after more than one try.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RetriedTask {
    /// The task.
    pub task: FailedTask,
    /// Number of such results.
    pub results: u64,
}
