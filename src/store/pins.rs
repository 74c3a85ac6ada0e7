//! Pins of executions, and other data that a copy needs and no event contains.

use std::collections::HashMap;

use uuid::Uuid;

use super::dialect::Engine;
use super::pool::{Row, Transaction};
use super::search_index::mark_pending;
use super::statement::Statement;
use super::tables::table::{Present, Table, push_list};
use super::{Store, StoreError, audit, transaction};
use crate::model::{AuditEntry, ExecutionKey, LogState, Pin};

/// What a copied execution has beside its rows and blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Identity of the execution.
    pub id: Uuid,
    /// The state of its log.
    pub log: LogState,
    /// Its pin.
    pub pin: Option<Pin>,
}

const PINS: Table = Table {
    name: "execution_pins",
    columns: &["uuid", "pinned_us", "pinned_by", "note"],
    present: Present::Updated {
        key: "uuid",
        columns: &["pinned_us", "pinned_by", "note"],
    },
};

impl Store {
    /// Pins an execution, or replaces its pin; `entry` makes the audit entry from the earlier pin. False: there is no
    /// such execution.
    ///
    /// # Errors
    /// The database failed.
    pub async fn pin(
        &self,
        id: Uuid,
        pin: &Pin,
        entry: impl Fn(Option<&Pin>) -> AuditEntry,
    ) -> Result<bool, StoreError> {
        transaction!(self, transaction => {
            let is_there = match key_of(transaction, id).await? {
                // Locks the row where others may write: from here on it cannot be deleted. A deletion may have happened
                // while we waited for the lock.
                Some(key) => {
                    self.tell_changed(transaction, key).await?;
                    key_of(transaction, id).await? == Some(key)
                }
                None => false,
            };
            if is_there {
                let before = pin_of(transaction, id).await?;
                PINS.insert(transaction, &[(id, pin)], bind_pin).await?;
                audit::append(transaction, &entry(before.as_ref())).await?;
            }
            is_there
        })
    }

    /// Removes a pin; `entry` makes its audit entry. False: there was none.
    ///
    /// # Errors
    /// The database failed.
    pub async fn unpin(
        &self,
        id: Uuid,
        entry: impl Fn(&Pin) -> AuditEntry,
    ) -> Result<bool, StoreError> {
        transaction!(self, transaction => {
            let pin = pin_of(transaction, id).await?;
            let mut delete = transaction.query("DELETE FROM execution_pins WHERE uuid = ?");
            let is_gone = delete.bind(id).execute_in(transaction).await? > 0;
            if let Some(pin) = pin.as_ref().filter(|_| is_gone) {
                audit::append(transaction, &entry(pin)).await?;
            }
            is_gone
        })
    }

    /// The pins of these executions.
    ///
    /// # Errors
    /// The database failed.
    pub async fn pins(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Pin>, StoreError> {
        let mut pins = HashMap::new();
        if ids.is_empty() {
            return Ok(pins);
        }
        let mut query = self
            .query("SELECT uuid, pinned_us, pinned_by, note FROM execution_pins WHERE uuid IN (");
        push_list(&mut query, ids);
        for row in query.fetch_all(&self.read).await? {
            pins.insert(row.get("uuid")?, read_pin(&row)?);
        }
        Ok(pins)
    }

    /// Writes what copied executions have beside rows and blocks.
    ///
    /// # Errors
    /// The database failed: nothing was written.
    pub async fn restore(&self, restored: &[Restored]) -> Result<(), StoreError> {
        transaction!(self, transaction => {
            for one in restored {
                if one.log != LogState::default() {
                    transaction
                        .query(
                            "UPDATE executions SET payload_bytes = ?, payload_removed_us = ? \
                             WHERE uuid = ?",
                        )
                        .bind(one.log.payload_bytes)
                        .bind(one.log.payload_removed_us)
                        .bind(one.id)
                        .execute_in(transaction)
                        .await?;
                }
                if let Some(pin) = &one.pin {
                    PINS.insert(transaction, &[(one.id, pin)], bind_pin).await?;
                }
                // A large one was written in parts, and its log is complete only now.
                let run = over(transaction, one.id).await?;
                mark_pending(transaction, run.into_iter()).await?;
            }
        })
    }
}

async fn pin_of(transaction: &mut Transaction, id: Uuid) -> Result<Option<Pin>, StoreError> {
    let mut query = transaction
        .query("SELECT uuid, pinned_us, pinned_by, note FROM execution_pins WHERE uuid = ?");
    let rows = query.bind(id).fetch_all_in(transaction).await?;
    rows.first().map(read_pin).transpose()
}

fn read_pin(row: &Row) -> Result<Pin, StoreError> {
    Ok(Pin {
        pinned_us: row.get("pinned_us")?,
        by: row.get("pinned_by")?,
        note: row.get("note")?,
    })
}

/// An execution's key and start, if it is over.
async fn over(
    transaction: &mut Transaction,
    id: Uuid,
) -> Result<Option<(ExecutionKey, i64)>, StoreError> {
    let mut query = transaction
        .query("SELECT id, started_us FROM executions WHERE uuid = ? AND status <> 'running'");
    let rows = query.bind(id).fetch_all_in(transaction).await?;
    let row = rows.first();
    row.map(|row| Ok((row.get("id")?, row.get("started_us")?)))
        .transpose()
}

async fn key_of(
    transaction: &mut Transaction,
    id: Uuid,
) -> Result<Option<ExecutionKey>, StoreError> {
    let mut query = transaction.query("SELECT id FROM executions WHERE uuid = ?");
    let rows = query.bind(id).fetch_all_in(transaction).await?;
    rows.first().map(|row| row.get("id")).transpose()
}

fn bind_pin(values: &mut Statement, (id, pin): &(Uuid, &Pin)) {
    values
        .bind(*id)
        .bind(pin.pinned_us)
        .bind(&pin.by)
        .bind(pin.note.as_deref());
}
