//! Tasks.

use super::super::StoreError;
use super::super::pool::Row;
use super::super::statement::Statement;
use super::table::{Present, Table};
use crate::model::{ExecutionKey, TaskCounts, TaskRow};

pub(in crate::store) const TASKS: Table = Table {
    name: "tasks",
    columns: &[
        "execution",
        "number",
        "play",
        "name",
        "action",
        "path",
        "line",
        "role",
        "tags",
        "handler",
        "no_log",
        "started_us",
        "ended_us",
        "first_seq",
        "last_seq",
        "ok",
        "changed",
        "failed",
        "skipped",
        "unreachable",
        "ignored",
    ],
    present: Present::Updated {
        key: "execution, number",
        // A task's definition does not change, except for what templates evaluate to; its progress does.
        columns: &[
            "action",
            "no_log",
            "ended_us",
            "first_seq",
            "last_seq",
            "ok",
            "changed",
            "failed",
            "skipped",
            "unreachable",
            "ignored",
        ],
    },
};

pub(in crate::store) fn bind(values: &mut Statement, (key, row): &(ExecutionKey, &TaskRow)) {
    let counts = &row.counts;
    let tags = serde_json::to_string(&row.tags).unwrap_or_else(|_| "[]".to_owned());
    values
        .bind(*key)
        .bind(row.number)
        .bind(row.play)
        .bind(&row.name)
        .bind(&row.action)
        .bind(&row.path)
        .bind(row.line)
        .bind(&row.role)
        .bind(&tags)
        .bind(row.handler)
        .bind(row.no_log)
        .bind(row.started_us)
        .bind(row.ended_us)
        .bind(row.first_seq)
        .bind(row.last_seq)
        .bind(counts.ok)
        .bind(counts.changed)
        .bind(counts.failed)
        .bind(counts.skipped)
        .bind(counts.unreachable)
        .bind(counts.ignored);
}

pub(in crate::store) const SELECT: &str = "SELECT number, play, name, action, path, line, role, tags, handler, \
    no_log, started_us, ended_us, first_seq, last_seq, ok, changed, failed, skipped, unreachable, ignored FROM tasks";

pub(in crate::store) fn read(row: &Row) -> Result<TaskRow, StoreError> {
    Ok(TaskRow {
        number: row.number("number")?,
        play: row.number("play")?,
        name: row.get("name")?,
        action: row.get("action")?,
        path: row.get("path")?,
        line: row.number("line")?,
        role: row.get("role")?,
        tags: serde_json::from_str(row.get("tags")?)
            .map_err(|_| StoreError::Damaged { part: "tags" })?,
        handler: row.get("handler")?,
        no_log: row.get("no_log")?,
        started_us: row.get("started_us")?,
        ended_us: row.get("ended_us")?,
        first_seq: row.unsigned("first_seq")?,
        last_seq: row.unsigned("last_seq")?,
        counts: TaskCounts {
            ok: row.number("ok")?,
            changed: row.number("changed")?,
            failed: row.number("failed")?,
            skipped: row.number("skipped")?,
            unreachable: row.number("unreachable")?,
            ignored: row.number("ignored")?,
        },
    })
}
