//! A row for each line that an execution printed. The names are those of `/output` in the API, where it has the same
//! field.

use std::sync::Arc;

use super::{Dataset, Row};
use crate::export::column::{Column, Kind, Value, column};
use crate::log::lines::Line;
use crate::model::ExecutionRow;

/// A printed line of an execution.
pub(in crate::export) struct LineOfRun {
    pub(in crate::export) run: Arc<ExecutionRow>,
    pub(in crate::export) line: Line,
}

impl Row for LineOfRun {
    const NAME: &'static str = Dataset::Output.as_str();

    fn columns() -> &'static [Column<Self>] {
        COLUMNS
    }
}

static COLUMNS: &[Column<LineOfRun>] = &[
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
    column("line", Kind::Integer, "Number of the line, from 0", |row| {
        row.line.number.into()
    }),
    column("time", Kind::Time, "When it was printed", |row| {
        Value::Time(row.line.at)
    }),
    column("stream", Kind::Text, "`stdout` or `stderr`", |row| {
        row.line.stream.as_str().into()
    }),
    column(
        "of",
        Kind::Integer,
        "Number of the event that Ansible was showing",
        |row| row.line.of.into(),
    ),
    column(
        "bytes",
        Kind::Integer,
        "Length of the line; of a line longer than 524288 bytes, `text` has only the beginning",
        |row| row.line.bytes.into(),
    ),
    column("text", Kind::Text, "What it says", |row| {
        (&row.line.text).into()
    }),
];
