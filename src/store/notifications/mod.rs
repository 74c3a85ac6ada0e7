//! Notifications: whom to notify, what to send, and what was sent.
//!
//! Layout:
//! - `targets`: whom to notify; whether there is any target
//! - `outbox`: what happened to runs, written with the commit of the change
//! - `events`: what each target is sent, at once or later together
//! - `unnoted`: what happened before this collector knew that there is a target
//! - `deliveries`: messages, their attempts, and the log of both

mod deliveries;
mod events;
mod outbox;
mod targets;
mod unnoted;

use std::collections::BTreeSet;

use uuid::Uuid;

pub use deliveries::{
    AttemptOutcome, DeliveryFilter, ListedDelivery, TargetCondition, Undelivered,
};
pub(super) use events::insert_deliveries;
pub use events::{DigestGroup, HeldEvent, NewDelivery};
pub(super) use outbox::note_moments;
pub use targets::NewTarget;
pub(super) use unnoted::Unnoted;

use super::StoreError;
use super::pool::Transaction;
use crate::model::ExecutionKey;

/// Removes the content of messages about a run, because something in it was redacted; the next attempt writes it again.
pub(super) async fn forget_notices(
    transaction: &mut Transaction,
    execution: ExecutionKey,
) -> Result<(), StoreError> {
    for statement in [
        "UPDATE notification_deliveries SET notice = NULL, body = NULL, stamp = stamp + 1 WHERE execution = ?",
        "UPDATE notification_attempts SET answer = NULL, error = NULL WHERE execution = ?",
        "UPDATE notification_events SET detail = '{}' WHERE execution = ?",
    ] {
        let mut update = transaction.query(statement);
        update.bind(execution).execute_in(transaction).await?;
    }
    forget_beside_others(transaction, execution).await
}

/// Removes what messages say of a run beside others, because it is redacted or deleted; the next attempt tells of the
/// others alone. Its events must still be there.
async fn forget_beside_others(
    transaction: &mut Transaction,
    execution: ExecutionKey,
) -> Result<(), StoreError> {
    let mut query = transaction.query(
        "SELECT delivery FROM notification_events WHERE execution = ? AND delivery IS NOT NULL",
    );
    // Several events of a run may be told by one message.
    let mut deliveries: BTreeSet<Uuid> = BTreeSet::new();
    for row in query.bind(execution).fetch_all_in(transaction).await? {
        deliveries.insert(row.get("delivery")?);
    }
    for delivery in deliveries {
        let mut update = transaction
            .query("UPDATE notification_deliveries SET notice = NULL, body = NULL, stamp = stamp + 1 WHERE uuid = ?");
        update.bind(delivery).execute_in(transaction).await?;
        let mut update = transaction.query(
            "UPDATE notification_attempts SET answer = NULL, error = NULL WHERE delivery = ?",
        );
        update.bind(delivery).execute_in(transaction).await?;
    }
    Ok(())
}

/// The same for a run that is deleted, before its rows are. Events that a message about it stood for go with that message.
pub(super) async fn forget_deleted(
    transaction: &mut Transaction,
    execution: ExecutionKey,
) -> Result<(), StoreError> {
    forget_beside_others(transaction, execution).await?;
    let mut query =
        transaction.query("SELECT uuid FROM notification_deliveries WHERE execution = ?");
    for row in query.bind(execution).fetch_all_in(transaction).await? {
        let delivery: uuid::Uuid = row.get("uuid")?;
        let mut delete = transaction.query("DELETE FROM notification_events WHERE delivery = ?");
        delete.bind(delivery).execute_in(transaction).await?;
    }
    Ok(())
}
