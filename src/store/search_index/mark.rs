//! Pending runs, and runs whose words must go: written in the transactions that end, change or delete them.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::super::StoreError;
use super::super::pool::Transaction;
use super::super::statement::Statement;
use super::super::tables::table::{Present, Table};
use crate::model::ExecutionKey;

pub(super) const PENDING: Table = Table {
    name: "search_pending",
    columns: &["execution", "started_us", "stamp"],
    present: Present::Updated {
        key: "execution",
        columns: &["started_us", "stamp"],
    },
};

pub(super) const GONE: Table = Table {
    name: "search_gone",
    columns: &["execution", "stamp"],
    present: Present::Updated {
        key: "execution",
        columns: &["stamp"],
    },
};

/// A stamp that no other change has.
pub(super) fn stamp() -> i64 {
    Uuid::new_v4().as_u64_pair().0.cast_signed()
}

/// Notes that no segment covers these runs as they are from now on; each with its start.
pub(in super::super) async fn mark_pending(
    transaction: &mut Transaction,
    runs: impl Iterator<Item = (ExecutionKey, i64)>,
) -> Result<(), StoreError> {
    // Each once, and in an order that is the same for all collectors.
    let runs: BTreeMap<ExecutionKey, i64> = runs.collect();
    if runs.is_empty() {
        return Ok(());
    }
    let stamp = stamp();
    let rows: Vec<(ExecutionKey, i64)> = runs.into_iter().collect();
    PENDING
        .insert(transaction, &rows, |values, (key, started_us)| {
            values.bind(*key).bind(*started_us).bind(stamp);
        })
        .await?;
    Ok(())
}

/// Notes that the words of these runs must leave all segments; each run once.
pub(in super::super) async fn mark_gone(
    transaction: &mut Transaction,
    runs: &[ExecutionKey],
) -> Result<(), StoreError> {
    let stamp = stamp();
    let bind = |values: &mut Statement, key: &ExecutionKey| {
        values.bind(*key).bind(stamp);
    };
    GONE.insert(transaction, runs, bind).await?;
    Ok(())
}
