//! Rows of results. They are by far the most rows that there are, so the ordinary ones have few columns.

use super::pool::Transaction;
use super::statement::Statement;
use super::table::{Present, Table};
use crate::model::{ExecutionKey, ResultFlags, ResultRow};

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

/// Those few that another host ran, or a module that a template names.
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
    ],
    present: Present::Never,
};

/// Inserts new results.
pub(super) async fn insert(
    transaction: &mut Transaction,
    results: &[(ExecutionKey, &ResultRow)],
) -> Result<(), sqlx::Error> {
    let is_named = |row: &ResultRow| row.delegated_to.is_some() || row.action.is_some();
    let bind_all = |values: &mut Statement, pair: &(ExecutionKey, &ResultRow)| {
        bind(values, pair);
        values
            .bind(pair.1.delegated_to.as_deref())
            .bind(pair.1.action.as_deref());
    };
    if !results.iter().any(|(_, row)| is_named(row)) {
        return RESULTS.insert(transaction, results, bind).await;
    }
    let (named, plain): (Vec<_>, Vec<_>) = results.iter().partition(|(_, row)| is_named(row));
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

/// Marks results that are stored as no longer counting.
pub(super) async fn retract(
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

/// The flags that a column holds.
pub(super) fn read(stored: i32) -> ResultFlags {
    ResultFlags(stored as u8)
}
