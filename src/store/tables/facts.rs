//! Reports of facts: the position of each in the log, and the digest of its content.

use super::super::StoreError;
use super::super::pool::{Row, Transaction};
use super::super::statement::Statement;
use super::table::{Present, Table};
use crate::filter::indexed;
use crate::model::{ExecutionKey, FactsRow};

pub(in crate::store) const HOST_FACTS: Table = Table {
    name: "host_facts",
    columns: &[
        "execution",
        "seq",
        "name",
        "kind",
        "digest",
        "at_us",
        "after_us",
    ],
    present: Present::Never,
};

pub(in crate::store) fn bind(values: &mut Statement, (key, row): &(ExecutionKey, &FactsRow)) {
    values
        .bind(*key)
        .bind(row.seq)
        .bind(indexed(&row.host))
        .bind(row.kind)
        .bind(row.digest)
        .bind(row.at_us)
        .bind(row.after_us);
}

pub(in crate::store) const SELECT: &str =
    "SELECT seq, name, kind, digest, at_us, after_us FROM host_facts";

pub(in crate::store) fn read(row: &Row) -> Result<FactsRow, StoreError> {
    Ok(FactsRow {
        seq: row.unsigned("seq")?,
        host: row.get("name")?,
        kind: row.get("kind")?,
        digest: row.get("digest")?,
        at_us: row.get("at_us")?,
        after_us: row.get("after_us")?,
    })
}

/// Takes over the correction of an execution's clock, which may have changed with its start time.
pub(in crate::store) async fn move_start(
    transaction: &mut Transaction,
    key: ExecutionKey,
) -> Result<(), StoreError> {
    let mut query = transaction.query("SELECT base_us FROM executions WHERE id = ?");
    let rows = query.bind(key).fetch_all_in(transaction).await?;
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let base_us: i64 = row.get("base_us")?;
    let mut update = transaction.query(
        "UPDATE host_facts SET at_us = after_us + ? WHERE execution = ? AND at_us <> after_us + ?",
    );
    update.bind(base_us).bind(key).bind(base_us);
    update.execute_in(transaction).await?;
    Ok(())
}
