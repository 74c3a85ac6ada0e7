//! Rows of results: by far the most numerous, so ordinary ones have few columns.

use playback_wire::ResultStatus;

use super::super::StoreError;
use super::super::parts::ResultEntry;
use super::super::pool::{Row, Transaction};
use super::super::statement::Statement;
use super::table::{Present, Table};
use crate::model::{ExecutionKey, FailureRow, RareFields, ResultFlags, ResultRow};

const RESULTS: Table = Table {
    name: "results",
    columns: &[
        "execution",
        "seq",
        "task",
        "host",
        "status",
        "flags",
        "ended_us",
        "duration_us",
    ],
    present: Present::Never,
};

/// The few results that failed, that another host ran, or whose module a template names.
const NAMED_RESULTS: Table = Table {
    name: "results",
    columns: &[
        "execution",
        "seq",
        "task",
        "host",
        "status",
        "flags",
        "ended_us",
        "duration_us",
        "delegated_to",
        "action",
        "fingerprint",
    ],
    present: Present::Never,
};

/// Inserts new results.
pub(in crate::store) async fn insert(
    transaction: &mut Transaction,
    results: &[(ExecutionKey, &ResultRow)],
) -> Result<(), sqlx::Error> {
    let bind_all = |values: &mut Statement, pair: &(ExecutionKey, &ResultRow)| {
        bind(values, pair);
        let rare = pair.1.rare.as_deref();
        values
            .bind(rare.and_then(|rare| rare.delegated_to.as_deref()))
            .bind(rare.and_then(|rare| rare.action.as_deref()))
            .bind(rare.and_then(|rare| rare.fingerprint));
    };
    if !results.iter().any(|(_, row)| row.rare.is_some()) {
        return RESULTS.insert(transaction, results, bind).await;
    }
    let (named, plain): (Vec<_>, Vec<_>) = results.iter().partition(|(_, row)| row.rare.is_some());
    RESULTS.insert(transaction, &plain, bind).await?;
    NAMED_RESULTS.insert(transaction, &named, bind_all).await
}

fn bind(values: &mut Statement, (key, row): &(ExecutionKey, &ResultRow)) {
    values
        .bind(*key)
        .bind(row.seq)
        .bind(row.task)
        .bind(row.host)
        .bind(row.status as i32)
        .bind(stored(row.flags))
        .bind(row.ended_us)
        .bind(row.duration_us);
}

/// Marks stored results as no longer counting.
pub(in crate::store) async fn retract(
    transaction: &mut Transaction,
    key: ExecutionKey,
    seqs: &[u64],
) -> Result<(), sqlx::Error> {
    for seq in seqs {
        // The highest bit is the sign: see `stored`.
        let mut update = transaction.query(
            "UPDATE results SET flags = flags - 128 WHERE execution = ? AND seq = ? AND flags >= 0",
        );
        update.bind(key).bind(*seq).execute_in(transaction).await?;
    }
    Ok(())
}

/// MySQL's column is a signed byte, so the highest flag is the sign there and, to be alike, everywhere.
fn stored(flags: ResultFlags) -> i32 {
    i32::from(flags.0.cast_signed())
}

/// Results `r` with their host `h` and task `t`.
pub(in crate::store) const SELECT: &str = "SELECT r.seq, r.task, r.host, r.status, r.flags, r.ended_us, \
    r.duration_us, r.delegated_to, r.action AS ran, r.fingerprint, COALESCE(h.name, '') AS host_name, \
    COALESCE(t.name, '') AS task_name, COALESCE(r.action, t.action, '') AS action FROM results r";

/// Results `r` of executions `e`, each with its host `h`, and with its task `t` and where that is.
pub(in crate::store) const EXPORTED: &str = "SELECT r.execution, r.seq, r.task, r.host, r.status, r.flags, \
    r.ended_us, r.duration_us, r.delegated_to, r.action AS ran, r.fingerprint, \
    COALESCE(h.name, '') AS host_name, COALESCE(t.name, '') AS task_name, \
    COALESCE(r.action, t.action, '') AS action, COALESCE(t.play, 0) AS play, COALESCE(t.role, '') AS role, \
    COALESCE(t.path, '') AS path, COALESCE(t.line, 0) AS line \
    FROM results r JOIN executions e ON e.id = r.execution \
    LEFT JOIN execution_hosts h ON h.execution = r.execution AND h.number = r.host \
    LEFT JOIN tasks t ON t.execution = r.execution AND t.number = r.task";

pub(in crate::store) fn read(row: &Row) -> Result<ResultEntry, StoreError> {
    Ok(ResultEntry {
        row: ResultRow {
            seq: row.unsigned("seq")?,
            task: row.number("task")?,
            host: row.number("host")?,
            status: read_status(row)?,
            flags: read_flags(row)?,
            ended_us: row.get("ended_us")?,
            duration_us: row.get("duration_us")?,
            rare: RareFields::new(
                row.get::<Option<String>>("delegated_to")?,
                row.get::<Option<String>>("ran")?,
                row.get("fingerprint")?,
            ),
        },
        host: row.get("host_name")?,
        task: row.get("task_name")?,
        action: row.get("action")?,
    })
}

pub(in crate::store) fn read_flags(row: &Row) -> Result<ResultFlags, StoreError> {
    let stored: i32 = row.get("flags")?;
    Ok(ResultFlags(stored as u8))
}

/// Failed results `r` with the name of their host `h`.
pub(in crate::store) const FAILURES: &str = "SELECT r.seq, r.task, r.host, r.status, r.flags, \
    r.fingerprint, COALESCE(h.name, '') AS host_name FROM results r";

pub(in crate::store) fn read_failure(row: &Row) -> Result<FailureRow, StoreError> {
    Ok(FailureRow {
        seq: row.unsigned("seq")?,
        task: row.number("task")?,
        host: row.number("host")?,
        host_name: row.get("host_name")?,
        status: read_status(row)?,
        flags: read_flags(row)?,
        fingerprint: row.get("fingerprint")?,
    })
}

pub(in crate::store) fn read_status(row: &Row) -> Result<ResultStatus, StoreError> {
    let status = row.number("status")? as usize;
    let status = ResultStatus::ALL.get(status).copied();
    status.ok_or(StoreError::Damaged {
        part: "a result's status",
    })
}
