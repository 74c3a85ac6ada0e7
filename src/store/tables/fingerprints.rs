//! In which executions errors occurred, each with its execution's start time: rows projected from results, so they are
//! written with these wherever they come from, events or another database.

use std::collections::BTreeSet;

use super::super::StoreError;
use super::super::pool::Transaction;
use super::table::{Present, Table};
use crate::model::{ExecutionKey, ResultRow};

pub(in crate::store) const FINGERPRINTS: Table = Table {
    name: "fingerprints",
    columns: &["execution", "fingerprint", "started_us"],
    present: Present::Updated {
        key: "execution, fingerprint",
        columns: &["started_us"],
    },
};

/// The rows of these results, each once.
pub(in crate::store) fn of(results: &[(ExecutionKey, &ResultRow)]) -> Vec<(ExecutionKey, i64)> {
    let failures = results.iter().filter(|(_, row)| row.is_failure());
    let rows = failures.filter_map(|(key, row)| Some((*key, row.fingerprint()?)));
    let rows: BTreeSet<(ExecutionKey, i64)> = rows.collect();
    rows.into_iter().collect()
}

/// Takes over an execution's start time, which has changed.
pub(in crate::store) async fn move_start(
    transaction: &mut Transaction,
    key: ExecutionKey,
) -> Result<(), StoreError> {
    let mut update = transaction.query(
        "UPDATE fingerprints SET started_us = \
         (SELECT e.started_us FROM executions e WHERE e.id = fingerprints.execution) \
         WHERE execution = ?",
    );
    update.bind(key).execute_in(transaction).await?;
    Ok(())
}

/// Deletes rows without a result that still counts, after results were retracted.
pub(in crate::store) async fn delete_retracted(
    transaction: &mut Transaction,
    key: ExecutionKey,
) -> Result<(), StoreError> {
    // Flags are negative once a result is retracted; 66 is ignored or rescued.
    let mut delete = transaction.query(
        "DELETE FROM fingerprints WHERE execution = ? AND fingerprint NOT IN \
         (SELECT r.fingerprint FROM results r WHERE r.execution = ? AND r.status IN (1, 3) \
         AND r.flags >= 0 AND r.flags & 66 = 0 AND r.fingerprint IS NOT NULL)",
    );
    delete.bind(key).bind(key).execute_in(transaction).await?;
    Ok(())
}
