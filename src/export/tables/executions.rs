//! A row for each execution. The names are those of the record in the API, where it has the same field.

use std::sync::Arc;

use playback_wire::{Git, Usage};

use super::{Dataset, Row};
use crate::export::column::{Column, Kind, Value, column};
use crate::model::{ExecutionRow, Reason, RunCost};
use crate::store::HostCounts;

/// An execution, and how its hosts ended.
pub(in crate::export) struct RunRow {
    pub(in crate::export) run: Arc<ExecutionRow>,
    pub(in crate::export) hosts: HostCounts,
    /// What it cost, if it is over and prices are configured.
    pub(in crate::export) cost: Option<RunCost>,
}

impl Row for RunRow {
    const NAME: &'static str = Dataset::Executions.as_str();

    fn columns() -> &'static [Column<Self>] {
        COLUMNS
    }
}

fn git<'r, T: Into<Value<'r>>>(row: &'r RunRow, of: fn(&'r Git) -> T) -> Value<'r> {
    row.run.description.git.as_ref().map(of).into()
}

fn usage(row: &RunRow, of: fn(&Usage) -> f64) -> Value<'_> {
    row.run.usage.as_ref().map(of).into()
}

static COLUMNS: &[Column<RunRow>] = &[
    column("id", Kind::Text, "Its identity", |row| row.run.id.into()),
    column("type", Kind::Text, "`playbook` or `adhoc`", |row| {
        row.run.description.r#type.as_str().into()
    }),
    column(
        "status",
        Kind::Text,
        "`running`, `success` or `failed`",
        |row| row.run.status.as_str().into(),
    ),
    column(
        "phase",
        Kind::Text,
        "`queued`, `starting`, `running` or `finished`",
        |row| row.run.phase.as_str().into(),
    ),
    column("reason", Kind::Text, "Why it failed", |row| {
        row.run.reason.map(Reason::as_str).into()
    }),
    column("playbook", Kind::Text, "The playbook as named", |row| {
        row.run.description.playbook.as_ref().into()
    }),
    column("inventory", Kind::Text, "The inventory as named", |row| {
        row.run.description.inventory.as_ref().into()
    }),
    column(
        "queued_time",
        Kind::Time,
        "When its launch was requested",
        |row| Value::time(row.run.queued_us),
    ),
    column("start_time", Kind::Time, "When it started", |row| {
        Value::Time(row.run.started_us)
    }),
    column("end_time", Kind::Time, "When it ended", |row| {
        Value::time(row.run.ended_us)
    }),
    column(
        "duration",
        Kind::Number,
        "How long it took, in seconds",
        |row| Value::seconds(row.run.duration_us()),
    ),
    column("exit_code", Kind::Integer, "The exit code", |row| {
        row.run.exit_code.into()
    }),
    column("signal", Kind::Integer, "The signal that ended it", |row| {
        row.run.signal.into()
    }),
    column(
        "changed",
        Kind::Flag,
        "Whether it changed any host; never in check mode",
        |row| row.run.changed.into(),
    ),
    column("check", Kind::Flag, "Whether it ran in check mode", |row| {
        row.run.description.check.into()
    }),
    column("diff", Kind::Flag, "Whether it showed diffs", |row| {
        row.run.description.diff.into()
    }),
    column("host_count", Kind::Integer, "Number of its hosts", |row| {
        row.hosts.total.into()
    }),
    column(
        "changed_host_count",
        Kind::Integer,
        "Hosts with a change; 0 in check mode",
        |row| match row.run.changed {
            true => row.hosts.changed.into(),
            false => Value::Integer(0),
        },
    ),
    column(
        "failed_host_count",
        Kind::Integer,
        "Hosts with a failure",
        |row| row.hosts.failed.into(),
    ),
    column(
        "unreachable_host_count",
        Kind::Integer,
        "Hosts that could not be reached",
        |row| row.hosts.unreachable.into(),
    ),
    column("user", Kind::Text, "Who ran it", |row| {
        row.run.description.user.as_ref().into()
    }),
    column("sudo_user", Kind::Text, "Who called sudo", |row| {
        row.run.description.sudo_user.as_ref().into()
    }),
    column("controller", Kind::Text, "The machine that ran it", |row| {
        row.run.description.controller.as_ref().into()
    }),
    column("launched_by", Kind::Text, "What started it", |row| {
        row.run.description.launched_by.as_ref().into()
    }),
    column("canceled_by", Kind::Text, "Who canceled it", |row| {
        row.run.canceled_by.as_ref().into()
    }),
    column("note", Kind::Text, "Why it was started", |row| {
        row.run.description.note.as_ref().into()
    }),
    column("labels", Kind::Texts, "Its labels", |row| {
        (&row.run.description.labels).into()
    }),
    column("limit", Kind::Text, "`--limit`", |row| {
        row.run.description.limit.as_ref().into()
    }),
    column("tags", Kind::Texts, "`--tags`", |row| {
        (&row.run.description.tags).into()
    }),
    column("skip_tags", Kind::Texts, "`--skip-tags`", |row| {
        (&row.run.description.skip_tags).into()
    }),
    column(
        "extra_var_names",
        Kind::Texts,
        "Names of extra variables",
        |row| (&row.run.description.extra_var_names).into(),
    ),
    column("forks", Kind::Integer, "`--forks`", |row| {
        row.run.description.forks.into()
    }),
    column("verbosity", Kind::Integer, "Number of `-v`", |row| {
        row.run.description.verbosity.into()
    }),
    column("hosts", Kind::Text, "Ad-hoc: the host pattern", |row| {
        row.run.description.hosts.as_ref().into()
    }),
    column("module", Kind::Text, "Ad-hoc: the module", |row| {
        row.run.description.module.as_ref().into()
    }),
    column("args", Kind::Text, "Ad-hoc: its arguments", |row| {
        row.run.description.args.as_ref().into()
    }),
    column("argv", Kind::Texts, "The command line", |row| {
        (&row.run.description.argv).into()
    }),
    column("cwd", Kind::Text, "The working directory", |row| {
        row.run.description.cwd.as_ref().into()
    }),
    column("git_commit", Kind::Text, "The git commit", |row| {
        git(row, |git| &git.commit)
    }),
    column("git_branch", Kind::Text, "The git branch", |row| {
        git(row, |git| git.branch.as_ref())
    }),
    column(
        "git_dirty",
        Kind::Flag,
        "Whether tracked files differed from the commit",
        |row| git(row, |git| git.dirty),
    ),
    column(
        "ansible_version",
        Kind::Text,
        "Version of ansible-core",
        |row| row.run.description.ansible_version.as_ref().into(),
    ),
    column("python_version", Kind::Text, "Version of Python", |row| {
        row.run.description.python_version.as_ref().into()
    }),
    column(
        "replay_of",
        Kind::Text,
        "The execution that it repeats",
        |row| row.run.description.replay_of.as_ref().into(),
    ),
    column(
        "parent",
        Kind::Text,
        "The execution whose command started it",
        |row| row.run.description.parent.as_ref().into(),
    ),
    column("results", Kind::Integer, "Number of its results", |row| {
        row.run.results.into()
    }),
    column(
        "output_lines",
        Kind::Integer,
        "Number of printed lines",
        |row| row.run.output_lines.into(),
    ),
    column(
        "complete",
        Kind::Flag,
        "Whether its record is complete",
        |row| row.run.events.complete.into(),
    ),
    column("missing", Kind::Text, "What is missing, in words", |row| {
        row.run.events.missing.as_ref().into()
    }),
    column(
        "user_seconds",
        Kind::Number,
        "CPU seconds in user mode",
        |row| usage(row, |usage| usage.user_s),
    ),
    column(
        "system_seconds",
        Kind::Number,
        "CPU seconds in the kernel",
        |row| usage(row, |usage| usage.system_s),
    ),
    column(
        "peak_bytes",
        Kind::Integer,
        "Largest memory of one of its processes",
        |row| row.run.usage.map(|usage| usage.peak_bytes).into(),
    ),
    column(
        "payload_removed",
        Kind::Time,
        "When retention removed its log",
        |row| Value::time(row.run.log.payload_removed_us),
    ),
    column(
        "schedule",
        Kind::Text,
        "The schedule that started it",
        |row| row.run.description.schedule.as_ref().into(),
    ),
    column(
        "cost",
        Kind::Text,
        "What it cost, as a decimal number; null where that is not known",
        |row| {
            row.cost
                .as_ref()
                .and_then(|cost| cost.total.as_ref())
                .into()
        },
    ),
    column("currency", Kind::Text, "The currency of the cost", |row| {
        row.cost.as_ref().map(|cost| &cost.currency).into()
    }),
];
