//! Keeps the statistics of executions that retention deletes.

use super::super::StoreError;
use super::super::pool::Transaction;
use super::super::tables::table::{CHUNKS, push_list};
use super::read::{ReadParts, RunSelection, read};
use super::rolls::Unpacker;
use super::{days_of, forget, rolls};
use crate::model::{ExecutionKey, HOUR_US, HostSelection, Part, Roll, RollBuilder, span_of};

/// Adds finished executions to the archive of their days; they must be deleted afterwards, in the same transaction.
/// Keys of missing or running executions add nothing.
pub(in super::super) async fn archive(
    transaction: &mut Transaction,
    keys: &[ExecutionKey],
) -> Result<(), StoreError> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys.dedup();
    let days = days_of(transaction, &keys).await?;
    // First, because this locks the days: a concurrent archiver then finds the executions deleted.
    forget(transaction, &days).await?;
    for day in days {
        let keys = keys_of(transaction, day, &keys).await?;
        let mut stored = rolls::load(transaction, day, day, &Part::ALL).await?;
        let archived = match stored.remove(&(day, true)) {
            Some(data) => Unpacker::new()?.unpack(day, &data, HostSelection::ALL)?,
            None => Roll::default(),
        };
        let mut roll = RollBuilder::new(archived);
        for keys in keys.chunks(CHUNKS[0]) {
            read(
                transaction,
                &RunSelection::Keys(keys),
                &ReadParts::ALL,
                HOUR_US,
                &mut roll,
            )
            .await?;
        }
        let roll = rolls::pack(&roll.finish());
        rolls::replace(transaction, day, true, &roll, &[]).await?;
    }
    Ok(())
}

/// Those of some executions that started on a day and are over.
async fn keys_of(
    transaction: &mut Transaction,
    day: i64,
    keys: &[ExecutionKey],
) -> Result<Vec<ExecutionKey>, StoreError> {
    let (from_us, to_us) = span_of(day);
    let mut found = Vec::new();
    for keys in keys.chunks(CHUNKS[0]) {
        let mut query = transaction.query(
            "SELECT id FROM executions WHERE status <> 'running' AND started_us >= ? \
             AND started_us <= ? AND id IN (",
        );
        query.bind(from_us).bind(to_us);
        push_list(&mut query, keys);
        for row in query.fetch_all_in(transaction).await? {
            found.push(row.get("id")?);
        }
    }
    Ok(found)
}
