//! A row for each host of an execution.

use std::sync::Arc;

use super::{Dataset, Row};
use crate::export::column::{Column, Kind, Value, column};
use crate::model::{ExecutionRow, HostRow};

/// A host of an execution.
pub(in crate::export) struct HostOfRun {
    pub(in crate::export) run: Arc<ExecutionRow>,
    pub(in crate::export) host: HostRow,
}

impl Row for HostOfRun {
    const NAME: &'static str = Dataset::Hosts.as_str();

    fn columns() -> &'static [Column<Self>] {
        COLUMNS
    }
}

static COLUMNS: &[Column<HostOfRun>] = &[
    column("execution_id", Kind::Text, "The execution", |row| {
        row.run.id.into()
    }),
    column(
        "execution_start_time",
        Kind::Time,
        "When the execution started",
        |row| Value::Time(row.run.started_us),
    ),
    column(
        "execution_status",
        Kind::Text,
        "Status of the execution",
        |row| row.run.status.as_str().into(),
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
    column("host", Kind::Text, "Inventory name of the host", |row| {
        (&row.host.name).into()
    }),
    column("ok", Kind::Integer, "Tasks that ended well", |row| {
        row.host.stats.ok.into()
    }),
    column(
        "changed",
        Kind::Integer,
        "Tasks that changed something; in check mode, that would have",
        |row| row.host.stats.changed.into(),
    ),
    column(
        "unreachable",
        Kind::Integer,
        "Tasks that did not reach the host",
        |row| row.host.stats.unreachable.into(),
    ),
    column("failed", Kind::Integer, "Tasks that failed", |row| {
        row.host.stats.failed.into()
    }),
    column("skipped", Kind::Integer, "Tasks that were skipped", |row| {
        row.host.stats.skipped.into()
    }),
    column(
        "rescued",
        Kind::Integer,
        "Failures that a `rescue` handled",
        |row| row.host.stats.rescued.into(),
    ),
    column(
        "ignored",
        Kind::Integer,
        "Failures that were ignored",
        |row| row.host.stats.ignored.into(),
    ),
];
