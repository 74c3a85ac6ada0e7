//! Hosts of executions, each with its execution's start time, which orders the list of a host's runs.

use playback_wire::HostStats;

use super::super::StoreError;
use super::super::pool::Row;
use super::super::statement::Statement;
use super::table::{Present, Table};
use crate::filter::indexed;
use crate::model::{ExecutionKey, HostRow, ReportedGroups};

pub(in crate::store) const HOSTS: Table = Table {
    name: "execution_hosts",
    columns: &[
        "execution",
        "number",
        "name",
        "ok",
        "changed",
        "unreachable",
        "failed",
        "skipped",
        "rescued",
        "ignored",
        "running_task",
        "running_since_us",
        "started_us",
        "groups_seq",
        "groups_hash",
    ],
    present: Present::Updated {
        key: "execution, number",
        columns: &[
            "ok",
            "changed",
            "unreachable",
            "failed",
            "skipped",
            "rescued",
            "ignored",
            "running_task",
            "running_since_us",
            "started_us",
            "groups_seq",
            "groups_hash",
        ],
    },
};

pub(in crate::store) fn bind(
    values: &mut Statement,
    (key, row): &(ExecutionKey, &HostRow),
    started_us: i64,
) {
    let stats = &row.stats;
    values
        .bind(*key)
        .bind(row.number)
        .bind(indexed(&row.name))
        .bind(stats.ok)
        .bind(stats.changed)
        .bind(stats.unreachable)
        .bind(stats.failed)
        .bind(stats.skipped)
        .bind(stats.rescued)
        .bind(stats.ignored)
        .bind(row.running_task)
        .bind(row.running_since_us)
        .bind(started_us)
        .bind(row.groups.map(|groups| groups.seq))
        .bind(row.groups.map(|groups| groups.hash));
}

pub(in crate::store) const SELECT: &str = "SELECT number, name, ok, changed, unreachable, failed, skipped, rescued, \
    ignored, running_task, running_since_us, groups_seq, groups_hash FROM execution_hosts";

/// Hosts `h` of executions `e`.
pub(in crate::store) const EXPORTED: &str = "SELECT h.execution, h.number, h.name, h.ok, h.changed, h.unreachable, \
    h.failed, h.skipped, h.rescued, h.ignored, h.running_task, h.running_since_us, \
    h.groups_seq, h.groups_hash FROM execution_hosts h JOIN executions e ON e.id = h.execution";

pub(in crate::store) fn read(row: &Row) -> Result<HostRow, StoreError> {
    let running: Option<i64> = row.get("running_task")?;
    Ok(HostRow {
        number: row.number("number")?,
        name: row.get("name")?,
        stats: read_stats(row)?,
        running_task: running.and_then(|task| u32::try_from(task).ok()),
        running_since_us: row.get("running_since_us")?,
        groups: read_groups(row)?,
    })
}

/// The groups of a host as an execution reported them, from any query that has the columns.
pub(in crate::store) fn read_groups(row: &Row) -> Result<Option<ReportedGroups>, StoreError> {
    let seq: Option<i64> = row.get("groups_seq")?;
    let hash: Option<i64> = row.get("groups_hash")?;
    let told = seq.and_then(|seq| u64::try_from(seq).ok()).zip(hash);
    Ok(told.map(|(seq, hash)| ReportedGroups { seq, hash }))
}

/// A host's counts, from any table that has them.
pub(in crate::store) fn read_stats(row: &Row) -> Result<HostStats, StoreError> {
    Ok(HostStats {
        ok: row.unsigned("ok")?,
        changed: row.unsigned("changed")?,
        unreachable: row.unsigned("unreachable")?,
        failed: row.unsigned("failed")?,
        skipped: row.unsigned("skipped")?,
        rescued: row.unsigned("rescued")?,
        ignored: row.unsigned("ignored")?,
    })
}
