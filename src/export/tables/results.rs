//! A row for each result of an execution: a task on a host. The names are those of `/results` in the API, where it has
//! the same field.

use std::sync::Arc;

use super::{Dataset, Row};
use crate::export::column::{Column, Kind, Value, column, known};
use crate::failure::Fingerprint;
use crate::model::{ExecutionRow, ResultFlags};
use crate::store::PlacedResult;

/// A result of an execution.
pub(in crate::export) struct ResultOfRun {
    pub(in crate::export) run: Arc<ExecutionRow>,
    pub(in crate::export) result: PlacedResult,
    /// What a failed one said.
    pub(in crate::export) message: Option<String>,
}

impl Row for ResultOfRun {
    const NAME: &'static str = Dataset::Results.as_str();

    fn columns() -> &'static [Column<Self>] {
        COLUMNS
    }
}

impl ResultOfRun {
    fn has(&self, flag: u8) -> Value<'static> {
        self.result.entry.row.flags.has(flag).into()
    }

    fn ended_us(&self) -> i64 {
        let ended_us = self.result.entry.row.ended_us;
        self.run.base_us.saturating_add(ended_us)
    }
}

static COLUMNS: &[Column<ResultOfRun>] = &[
    column("execution_id", Kind::Text, "The execution", |row| {
        row.run.id.into()
    }),
    column(
        "execution_start_time",
        Kind::Time,
        "When the execution started",
        |row| Value::Time(row.run.started_us),
    ),
    column("playbook", Kind::Text, "Its playbook", |row| {
        row.run.description.playbook.as_ref().into()
    }),
    column(
        "check",
        Kind::Flag,
        "Whether it ran in check mode: then nothing was changed",
        |row| row.run.description.check.into(),
    ),
    column(
        "seq",
        Kind::Integer,
        "Number of the result's event within the execution",
        |row| row.result.entry.row.seq.into(),
    ),
    column("play", Kind::Integer, "Number of the play", |row| {
        let play = row.result.play;
        (play > 0).then_some(play).into()
    }),
    column("task", Kind::Integer, "Number of the task", |row| {
        row.result.entry.row.task.into()
    }),
    column("task_name", Kind::Text, "Name of the task", |row| {
        (&row.result.entry.task).into()
    }),
    column("role", Kind::Text, "Role that holds the task", |row| {
        known(&row.result.role)
    }),
    column("action", Kind::Text, "Module or action", |row| {
        (&row.result.entry.action).into()
    }),
    column("path", Kind::Text, "File that holds the task", |row| {
        known(&row.result.path)
    }),
    column("path_line", Kind::Integer, "Line in the file", |row| {
        let line = row.result.line;
        (line > 0).then_some(line).into()
    }),
    column("host", Kind::Text, "Inventory name of the host", |row| {
        (&row.result.entry.host).into()
    }),
    column(
        "status",
        Kind::Text,
        "`ok`, `failed`, `skipped` or `unreachable`",
        |row| row.result.entry.row.status.as_str().into(),
    ),
    column(
        "changed",
        Kind::Flag,
        "Whether it reported a change",
        |row| row.has(ResultFlags::CHANGED),
    ),
    column(
        "ignored",
        Kind::Flag,
        "Whether its failure was ignored",
        |row| row.has(ResultFlags::IGNORED),
    ),
    column(
        "rescued",
        Kind::Flag,
        "Whether a `rescue` handled its failure",
        |row| row.has(ResultFlags::RESCUED),
    ),
    column(
        "censored",
        Kind::Flag,
        "Whether Ansible censored it",
        |row| row.has(ResultFlags::CENSORED),
    ),
    column(
        "delegated",
        Kind::Flag,
        "Whether another host ran it",
        |row| row.has(ResultFlags::DELEGATED),
    ),
    column("delegated_to", Kind::Text, "That host", |row| {
        let rare = row.result.entry.row.rare.as_ref();
        rare.and_then(|rare| rare.delegated_to.as_ref()).into()
    }),
    column("loop", Kind::Flag, "Whether it had loop items", |row| {
        row.has(ResultFlags::LOOP)
    }),
    column(
        "retried",
        Kind::Flag,
        "Whether `until` ran it more than once",
        |row| row.has(ResultFlags::RETRIED),
    ),
    column(
        "retracted",
        Kind::Flag,
        "Whether the debugger repeated its task, so that it does not count",
        |row| row.has(ResultFlags::RETRACTED),
    ),
    column("start_time", Kind::Time, "When it started", |row| {
        let took = row.result.entry.row.duration_us;
        Value::time(took.map(|took| row.ended_us().saturating_sub(took)))
    }),
    column("end_time", Kind::Time, "When it ended", |row| {
        Value::Time(row.ended_us())
    }),
    column(
        "duration",
        Kind::Number,
        "How long it took, in seconds",
        |row| Value::seconds(row.result.entry.row.duration_us),
    ),
    column(
        "fingerprint",
        Kind::Text,
        "Fingerprint of its error",
        |row| {
            let fingerprint = row.result.entry.row.fingerprint();
            let text = fingerprint.map(|bits| Fingerprint(bits).to_string());
            text.into()
        },
    ),
    column(
        MESSAGE,
        Kind::Text,
        "What a failed result said, in short",
        |row| row.message.as_ref().into(),
    ),
];

/// The column that needs the log.
pub(in crate::export) const MESSAGE: &str = "message";
