//! The outbox: changes of runs, written in the transaction of the change and processed later.

use super::super::dialect::Engine;
use super::super::pool::Transaction;
use super::super::tables::table::{Present, Table, push_list};
use super::super::{Store, StoreError, transaction};
use super::NewDelivery;
use super::events::insert_events;
use crate::model::{ExecutionKey, Moment, NotificationEvent, OutboxRow};

const OUTBOX: Table = Table {
    name: "notification_outbox",
    columns: &["execution", "moment", "noted_us"],
    present: Present::Unchanged,
};

/// Writes what happened to runs. The same of a run is written once.
pub(in super::super) async fn note_moments(
    transaction: &mut Transaction,
    mut moments: Vec<(ExecutionKey, &Moment)>,
) -> Result<(), StoreError> {
    // In an order that is the same for all collectors.
    moments.sort_by(|(one, a), (other, b)| (one, &a.name).cmp(&(other, &b.name)));
    moments.dedup_by(|(one, a), (other, b)| one == other && a.name == b.name);
    OUTBOX
        .insert(transaction, &moments, |values, (key, moment)| {
            values.bind(*key).bind(&moment.name).bind(moment.noted_us);
        })
        .await?;
    Ok(())
}

impl Store {
    /// What happened to runs and was not examined yet, in the order in which it was noted; at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn pending_moments(&self, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        let rows = self
            .query(
                "SELECT id, execution, moment, noted_us FROM notification_outbox \
                 WHERE done_us IS NULL ORDER BY id LIMIT ?",
            )
            .bind(limit)
            .fetch_all(&self.read)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(OutboxRow {
                    id: row.get("id")?,
                    execution: row.get("execution")?,
                    moment: Moment {
                        name: row.get("moment")?,
                        noted_us: row.get("noted_us")?,
                    },
                })
            })
            .collect()
    }

    /// Whether something was noted of a run, by the name of its moment.
    ///
    /// # Errors
    /// The database failed.
    pub async fn is_noted(
        &self,
        execution: ExecutionKey,
        moment: &str,
    ) -> Result<bool, StoreError> {
        let mut query =
            self.query("SELECT id FROM notification_outbox WHERE execution = ? AND moment = ?");
        query.bind(execution).bind(moment);
        Ok(query.fetch_optional(&self.read).await?.is_some())
    }

    /// Notes in one transaction that these moments were examined, and the events that targets get for them. Nothing is
    /// sent twice: an event whose target and subject are known is skipped, with its delivery.
    ///
    /// # Errors
    /// The database failed: nothing was noted.
    pub async fn expand_moments(
        &self,
        done: &[i64],
        now_us: i64,
        events: &[(NotificationEvent, Option<NewDelivery>)],
    ) -> Result<u64, StoreError> {
        transaction!(self, transaction => {
            let added = insert_events(transaction, now_us, events).await?;
            for done in done.chunks(200) {
                let mut update = transaction.query("UPDATE notification_outbox SET done_us = ? WHERE id IN (");
                push_list(update.bind(now_us), done);
                update.execute_in(transaction).await?;
            }
            added
        })
    }
}
