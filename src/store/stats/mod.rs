//! Statistics, and their roll-ups.
//!
//! A day is *clean* when its roll-up has the day's current version: then the roll-up is read, otherwise the executions
//! themselves. Any change to an execution that is or was finished raises its day's version in the same transaction. So
//! an answer is never stale, whenever days are rolled up.
//!
//! Layout:
//! - here: days, and raising their versions
//! - `read`: executions with their labels, hosts and tasks, summed up
//! - `rolls`: stored roll-ups
//! - `roll`: makes roll-ups
//! - `query`: answers
//! - `counts`: number of executions; `playbooks`: results of each playbook's last runs
//! - `ngrams`: Bloom filters of a day's texts, for searches
//! - `archive`: keeps the statistics of what retention deletes

mod archive;
mod counts;
mod ngrams;
#[cfg(test)]
mod plans;
mod playbooks;
mod query;
mod read;
mod roll;
mod rolls;

use std::collections::BTreeSet;

use super::StoreError;
use super::pool::Transaction;
use super::tables::table::{CHUNKS, Present, Table, push_list};
use crate::model::{ExecutionKey, ExecutionRow, Status, day_of};

pub(super) use archive::archive;
pub use counts::StatusCounts;
pub(super) use ngrams::{Candidates, NgramCache};
pub use playbooks::PlaybookFigures;
pub(super) use rolls::copy_archived;

/// Days, in the order in which every collector locks them.
pub(super) type Days = BTreeSet<i64>;

const DAYS: Table = Table {
    name: "stat_days",
    columns: &["day", "version", "rolled"],
    present: Present::Counted {
        key: "day",
        column: "stat_days.version",
    },
};

/// Days whose statistics change when these rows are written: those of executions that are finished, or were.
pub(super) async fn days<'c>(
    transaction: &mut Transaction,
    rows: impl Iterator<Item = &'c ExecutionRow>,
) -> Result<Days, StoreError> {
    let mut days = Days::new();
    let mut ids = BTreeSet::new();
    for row in rows {
        ids.insert(row.id);
        if row.status != Status::Running {
            days.insert(day_of(row.started_us));
        }
    }
    let ids: Vec<_> = ids.into_iter().collect();
    for ids in ids.chunks(CHUNKS[0]) {
        let mut query = transaction
            .query("SELECT started_us FROM executions WHERE status <> 'running' AND uuid IN (");
        push_list(&mut query, ids);
        for row in query.fetch_all_in(transaction).await? {
            days.insert(day_of(row.get("started_us")?));
        }
    }
    Ok(days)
}

/// Days on which executions started.
pub(super) async fn days_of(
    transaction: &mut Transaction,
    keys: &[ExecutionKey],
) -> Result<Days, StoreError> {
    let mut days = Days::new();
    for keys in keys.chunks(CHUNKS[0]) {
        let mut query = transaction.query("SELECT started_us FROM executions WHERE id IN (");
        push_list(&mut query, keys);
        for row in query.fetch_all_in(transaction).await? {
            days.insert(day_of(row.get("started_us")?));
        }
    }
    Ok(days)
}

/// Raises the days' versions: their roll-ups are outdated from now on.
pub(super) async fn touch(transaction: &mut Transaction, days: &Days) -> Result<(), StoreError> {
    let days: Vec<i64> = days.iter().copied().collect();
    DAYS.insert(transaction, &days, |values, day| {
        values.bind(*day).bind(1).bind(0);
    })
    .await?;
    Ok(())
}

/// Raises the days' versions and deletes their roll-ups, so that nothing deleted remains in them.
pub(super) async fn forget(transaction: &mut Transaction, days: &Days) -> Result<(), StoreError> {
    touch(transaction, days).await?;
    for day in days {
        rolls::delete(transaction, *day, false).await?;
    }
    Ok(())
}
