//! Statistics, and the roll-ups that they come from.
//!
//! A day is *clean* when its roll-up shows its last version: then the roll-up is read, else the executions
//! themselves. Whatever changes an execution that is over, or is so no more, counts its day's version up in
//! the same transaction. So an answer is never stale, whenever days are rolled up.
//!
//! Layout:
//! - here: days, and who must count them up
//! - `read`: executions with their labels, hosts and tasks, added up
//! - `rolls`: roll-ups, stored
//! - `roll`: making them
//! - `query`: answers
//! - `counts`: how many executions there are; `playbooks`: how the last runs of each playbook went
//! - `ngrams`: what a day's runs are made of, for a search
//! - `archive`: what retention deletes stays in the statistics

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

/// Days whose statistics change when these rows are written: those of executions that are over, and those of
/// executions that were.
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

/// Counts the days' versions up: their roll-ups show the past from now on.
pub(super) async fn touch(transaction: &mut Transaction, days: &Days) -> Result<(), StoreError> {
    let days: Vec<i64> = days.iter().copied().collect();
    DAYS.insert(transaction, &days, |values, day| {
        values.bind(*day).bind(1).bind(0);
    })
    .await?;
    Ok(())
}

/// Counts the days' versions up and deletes their roll-ups, so that nothing stays in them of what is gone.
pub(super) async fn forget(transaction: &mut Transaction, days: &Days) -> Result<(), StoreError> {
    touch(transaction, days).await?;
    for day in days {
        rolls::delete(transaction, *day, false).await?;
    }
    Ok(())
}
