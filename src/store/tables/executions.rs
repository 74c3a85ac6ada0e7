//! Executions.

use playback_wire::{Producer, Usage};

use super::super::StoreError;
use super::super::pool::Row;
use super::super::statement::Statement;
use super::table::{Present, Table};
use crate::filter::{indexed, inventory_names, playbook_names, searchable};
use crate::model::{
    EventCount, ExecutionKey, ExecutionRow, LogState, Owner, Phase, Reason, Status, folder_of,
    series_key,
};

/// Number of columns at the end that are written once: the owner.
const OWNER_COLUMNS: usize = 2;

/// The first column is the identity, the last ones are the owner; all others may change.
const EXECUTION_COLUMNS: &[&str] = &[
    "uuid",
    "type",
    "status",
    "phase",
    "reason",
    "started_us",
    "base_us",
    "ended_us",
    "duration_us",
    "exit_code",
    "\"signal\"",
    "changed",
    "playbook",
    "playbook_name",
    "folder",
    "inventory",
    "inventory_name",
    "username",
    "controller",
    "what",
    "search",
    "user_us",
    "system_us",
    "peak_bytes",
    "output_lines",
    "output_from",
    "results",
    "events_received",
    "events_expected",
    "events_complete",
    "events_missing",
    "queued_us",
    "canceled_by",
    "schedule",
    "series",
    "run_key",
    "begun_by",
];

pub(in crate::store) const EXECUTIONS: Table = Table {
    name: "executions",
    columns: EXECUTION_COLUMNS,
    present: Present::Updated {
        key: "uuid",
        columns: EXECUTION_COLUMNS
            .split_at(EXECUTION_COLUMNS.len() - OWNER_COLUMNS)
            .0
            .split_at(1)
            .1,
    },
};

pub(in crate::store) const SELECT: &str = "SELECT e.id, e.uuid, e.status, e.phase, e.reason, e.started_us, e.base_us, \
    e.ended_us, e.exit_code, e.\"signal\", e.changed, e.what, e.user_us, e.system_us, e.peak_bytes, \
    e.output_lines, e.output_from, e.results, e.events_received, e.events_expected, e.events_complete, \
    e.events_missing, e.queued_us, e.canceled_by, e.payload_bytes, e.payload_removed_us";

/// Binds a row and its owner.
pub(in crate::store) fn bind(values: &mut Statement, row: &ExecutionRow, owner: Option<&Owner>) {
    bind_row(values, row);
    let key = owner.and_then(|owner| owner.key.as_ref());
    let token = owner.and_then(|owner| owner.token.as_deref());
    values.bind(key.map(<[u8; 32]>::as_slice)).bind(token);
}

fn bind_row(values: &mut Statement, row: &ExecutionRow) {
    let description = serde_json::to_string(&row.description).unwrap_or_else(|_| "{}".to_owned());
    let usage = row.usage.unwrap_or_default();
    let us = |seconds: f64| row.usage.map(|_| (seconds * 1e6).round() as i64);
    let (playbook, inventory) = (
        row.description.playbook.as_deref(),
        row.description.inventory.as_deref(),
    );
    let playbook_name = playbook.map(playbook_names);
    let folder = folder_of(&row.description);
    let inventory_name = inventory.map(inventory_names);
    values
        .bind(row.id)
        .bind(row.description.r#type.as_str())
        .bind(row.status.as_str())
        .bind(row.phase.as_str())
        .bind(row.reason.map(|reason| reason.as_str()))
        .bind(row.started_us)
        .bind(row.base_us)
        .bind(row.ended_us)
        .bind(row.duration_us())
        .bind(row.exit_code)
        .bind(row.signal)
        .bind(row.changed)
        .bind(playbook.map(indexed))
        .bind(playbook_name.as_deref().map(indexed))
        .bind(folder.map(indexed))
        .bind(inventory.map(indexed))
        .bind(inventory_name.as_deref().map(indexed))
        .bind(row.description.user.as_deref().map(indexed))
        .bind(row.description.controller.as_deref().map(indexed))
        .bind(&description)
        .bind(&searchable(&row.description))
        .bind(us(usage.user_s))
        .bind(us(usage.system_s))
        .bind(row.usage.map(|usage| usage.peak_bytes))
        .bind(row.output_lines)
        .bind(row.output_from.as_str())
        .bind(row.results)
        .bind(row.events.received)
        .bind(row.events.expected)
        .bind(row.events.complete)
        .bind(row.events.missing.as_deref())
        .bind(row.queued_us)
        .bind(row.canceled_by.as_deref())
        .bind(row.description.schedule.as_deref().map(indexed))
        .bind(series_key(&row.description));
}

pub(in crate::store) fn read(row: &Row) -> Result<(ExecutionKey, ExecutionRow), StoreError> {
    let damaged = |part| StoreError::Damaged { part };
    let user_us: Option<i64> = row.get("user_us")?;
    let usage = match user_us {
        Some(user_us) => Some(Usage {
            user_s: user_us as f64 / 1e6,
            system_s: row.get::<i64>("system_us")? as f64 / 1e6,
            peak_bytes: row.unsigned("peak_bytes")?,
        }),
        None => None,
    };
    let reason: Option<&str> = row.get("reason")?;
    let execution = ExecutionRow {
        id: row.get("uuid")?,
        description: serde_json::from_str(row.get("what")?)
            .map_err(|_| damaged("an execution's description"))?,
        status: read_status(row)?,
        phase: Phase::from_name(row.get("phase")?).ok_or(damaged("a phase"))?,
        reason: reason.and_then(Reason::from_name),
        started_us: row.get("started_us")?,
        base_us: row.get("base_us")?,
        ended_us: row.get("ended_us")?,
        exit_code: row.get("exit_code")?,
        signal: row.get("signal")?,
        changed: row.get("changed")?,
        usage,
        output_lines: row.unsigned("output_lines")?,
        output_from: row
            .get::<&str>("output_from")?
            .parse::<Producer>()
            .map_err(|_| damaged("a producer"))?,
        results: row.unsigned("results")?,
        events: EventCount {
            received: row.unsigned("events_received")?,
            expected: row
                .get::<Option<i64>>("events_expected")?
                .and_then(|expected| u64::try_from(expected).ok()),
            complete: row.get("events_complete")?,
            missing: row.get("events_missing")?,
        },
        queued_us: row.get("queued_us")?,
        canceled_by: row.get("canceled_by")?,
        log: read_log_state(row)?,
    };
    Ok((row.get("id")?, execution))
}

/// The owner.
pub(in crate::store) fn read_owner(row: &Row) -> Result<Owner, StoreError> {
    let key: Option<Vec<u8>> = row.get("run_key")?;
    let key = key.map(TryInto::try_into).transpose();
    Ok(Owner {
        key: key.map_err(|_| StoreError::Damaged { part: "a run key" })?,
        token: row.get("begun_by")?,
    })
}

pub(in crate::store) fn read_status(row: &Row) -> Result<Status, StoreError> {
    Status::from_name(row.get("status")?).ok_or(StoreError::Damaged { part: "a status" })
}

/// The state of a log, from the row.
pub(in crate::store) fn read_log_state(row: &Row) -> Result<LogState, StoreError> {
    let bytes: Option<i64> = row.get("payload_bytes")?;
    Ok(LogState {
        payload_bytes: bytes.and_then(|bytes| u64::try_from(bytes).ok()),
        payload_removed_us: row.get("payload_removed_us")?,
    })
}
