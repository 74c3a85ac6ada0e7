//! Notification targets.

use std::sync::atomic::Ordering;

use super::super::dialect::Engine;
use super::super::pool::{Row, Transaction};
use super::super::{Store, StoreError, audit, transaction};
use super::note_moments;
use crate::model::{AuditEntry, Precondition, TargetRow, TargetSettings};

const SELECT: &str = "SELECT id, name, is_from_file, settings, sealed, address, changed_us, off_reason, off_us, \
    failing_since_us, failures, retry_us, delivered_us FROM notification_targets";

/// A target to store.
#[derive(Debug, Clone)]
pub struct NewTarget {
    /// Its name.
    pub name: String,
    /// Its settings; their secrets are not stored.
    pub settings: TargetSettings,
    /// Its secrets, encrypted.
    pub sealed: Vec<u8>,
    /// Where messages go, as far as it is no secret.
    pub address: String,
    /// Whether the configuration file defines it.
    pub is_from_file: bool,
    /// When.
    pub changed_us: i64,
}

impl Store {
    /// Whether some target is to be notified, as far as is known: see [`Store::look_for_targets`].
    #[must_use]
    pub fn notifies(&self) -> bool {
        self.notifies.load(Ordering::Relaxed)
    }

    /// Finds out whether some target is to be told; another collector may have stored one.
    ///
    /// # Errors
    /// The database failed.
    pub async fn look_for_targets(&self) -> Result<bool, StoreError> {
        // One after the other: an answer from before the first target was stored must not replace a later one.
        let _looking = self.looking.lock().await;
        let mut query = self.query(
            "SELECT changed_us FROM notification_targets WHERE is_on = 1 ORDER BY changed_us LIMIT 1",
        );
        let first = query.fetch_optional(&self.read).await?;
        let since_us = first.map(|row| row.get::<i64>("changed_us")).transpose()?;
        self.notifies.store(since_us.is_some(), Ordering::Relaxed);
        if let Some(since_us) = since_us
            && !self.unnoted.is_empty()
        {
            // If the database fails, this is lost: it may be a few seconds of the first target's life.
            let missed = self.unnoted.take(since_us);
            let noted: Result<(), StoreError> = transaction!(self, transaction => {
                let moments = missed.iter().map(|(key, moment)| (*key, moment));
                note_moments(transaction, moments.collect()).await?;
            });
            noted?;
        }
        Ok(since_us.is_some())
    }

    /// All targets, by name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn targets(&self) -> Result<Vec<TargetRow>, StoreError> {
        let mut query = self.query(SELECT);
        query.push(" ORDER BY name");
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(read).collect()
    }

    /// The target of that name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn target(&self, name: &str) -> Result<Option<TargetRow>, StoreError> {
        let mut query = self.query(SELECT);
        query.push(" WHERE name = ?").bind(name);
        let row = query.fetch_optional(&self.read).await?;
        row.as_ref().map(read).transpose()
    }

    /// The target with that key.
    ///
    /// # Errors
    /// The database failed.
    pub async fn target_by_id(&self, id: i64) -> Result<Option<TargetRow>, StoreError> {
        let mut query = self.query(SELECT);
        query.push(" WHERE id = ?").bind(id);
        let row = query.fetch_optional(&self.read).await?;
        row.as_ref().map(read).transpose()
    }

    /// Stores a target, or replaces the one of that name, which is then no longer switched off; `entry` makes the audit
    /// entry from the earlier one; none: nothing is entered. True: it is new.
    ///
    /// # Errors
    /// The target of that name is from the configuration file and this one is not, or the database failed.
    pub async fn put_target(
        &self,
        target: &NewTarget,
        entry: impl Fn(Option<&TargetRow>) -> Option<AuditEntry>,
    ) -> Result<bool, StoreError> {
        self.put_target_if(target, Precondition::Any, entry).await
    }

    /// Like [`Self::put_target`], if the precondition holds.
    ///
    /// # Errors
    /// The precondition does not hold, or as in [`Self::put_target`].
    pub async fn put_target_if(
        &self,
        target: &NewTarget,
        precondition: Precondition,
        entry: impl Fn(Option<&TargetRow>) -> Option<AuditEntry>,
    ) -> Result<bool, StoreError> {
        match self.store_target(target, precondition, entry).await {
            // Another collector stored one at the same time.
            Err(StoreError::Database(sqlx::Error::Database(error)))
                if precondition == Precondition::IsNew && error.is_unique_violation() =>
            {
                Err(StoreError::TargetExists {
                    name: target.name.clone(),
                })
            }
            done => done,
        }
    }

    async fn store_target(
        &self,
        target: &NewTarget,
        precondition: Precondition,
        entry: impl Fn(Option<&TargetRow>) -> Option<AuditEntry>,
    ) -> Result<bool, StoreError> {
        let stored: Result<bool, StoreError> = transaction!(self, transaction => {
            let before = named(transaction, &target.name).await?;
            let name = || target.name.clone();
            match (precondition, &before) {
                (Precondition::IsNew, Some(_)) => return Err(StoreError::TargetExists { name: name() }),
                (Precondition::Exists, None) => return Err(StoreError::TargetMissing { name: name() }),
                _ => {}
            }
            if !target.is_from_file && before.as_ref().is_some_and(|before| before.is_from_file) {
                return Err(StoreError::TargetFromFile { name: name() });
            }
            let is_written = write(transaction, target, before.as_ref()).await?;
            // It may have been removed since it was read.
            if precondition == Precondition::Exists && !is_written {
                return Err(StoreError::TargetMissing { name: name() });
            }
            if let Some(entry) = entry(before.as_ref()) {
                audit::append(transaction, &entry).await?;
            }
            before.is_none()
        });
        let is_new = stored?;
        self.look_for_targets().await?;
        Ok(is_new)
    }

    /// Removes a target with everything that it was sent; `entry` makes the audit entry. False: there is none of that
    /// name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn remove_target(
        &self,
        name: &str,
        entry: impl Fn(&TargetRow) -> Option<AuditEntry>,
    ) -> Result<bool, StoreError> {
        let removed: Result<bool, StoreError> = transaction!(self, transaction => {
            let before = named(transaction, name).await?;
            if let Some(before) = &before {
                for statement in [
                    "DELETE FROM notification_attempts WHERE delivery IN \
                     (SELECT uuid FROM notification_deliveries WHERE target = ?)",
                    "DELETE FROM notification_deliveries WHERE target = ?",
                    "DELETE FROM notification_events WHERE target = ?",
                    "DELETE FROM notification_targets WHERE id = ?",
                ] {
                    let mut delete = transaction.query(statement);
                    delete.bind(before.id).execute_in(transaction).await?;
                }
                if let Some(entry) = entry(before) {
                    audit::append(transaction, &entry).await?;
                }
            }
            before.is_some()
        });
        let is_gone = removed?;
        self.look_for_targets().await?;
        Ok(is_gone)
    }

    /// Switches a target off, with the audit entry.
    ///
    /// # Errors
    /// The database failed.
    pub async fn switch_off_target(
        &self,
        id: i64,
        reason: &str,
        now_us: i64,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        let done: Result<(), StoreError> = transaction!(self, transaction => {
            let mut update = transaction.query(
                "UPDATE notification_targets SET is_on = 0, off_reason = ?, off_us = ? WHERE id = ? AND off_us IS NULL",
            );
            let is_off = update.bind(reason).bind(now_us).bind(id).execute_in(transaction).await? > 0;
            if is_off {
                audit::append(transaction, entry).await?;
            }
        });
        done?;
        self.look_for_targets().await?;
        Ok(())
    }
}

async fn named(transaction: &mut Transaction, name: &str) -> Result<Option<TargetRow>, StoreError> {
    let mut query = transaction.query(SELECT);
    query.push(" WHERE name = ?").bind(name);
    let rows = query.fetch_all_in(transaction).await?;
    rows.first().map(read).transpose()
}

/// False: it no longer exists.
async fn write(
    transaction: &mut Transaction,
    target: &NewTarget,
    before: Option<&TargetRow>,
) -> Result<bool, StoreError> {
    let settings = serde_json::to_string(&target.settings).unwrap_or_else(|_| "{}".to_owned());
    let is_on = i64::from(target.settings.enabled);
    let is_from_file = i64::from(target.is_from_file);
    match before {
        Some(before) => {
            let mut update = transaction.query(
                "UPDATE notification_targets SET is_on = ?, is_from_file = ?, settings = ?, sealed = ?, address = ?, \
                 changed_us = ?, off_reason = NULL, off_us = NULL, failing_since_us = NULL, failures = 0, \
                 retry_us = NULL WHERE id = ?",
            );
            update.bind(is_on).bind(is_from_file).bind(&settings);
            update.bind(&target.sealed).bind(&target.address);
            update.bind(target.changed_us).bind(before.id);
            Ok(update.execute_in(transaction).await? > 0)
        }
        None => {
            let mut insert = transaction.query(
                "INSERT INTO notification_targets (name, is_on, is_from_file, settings, sealed, address, changed_us) \
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            );
            insert.bind(&target.name).bind(is_on).bind(is_from_file);
            insert.bind(&settings).bind(&target.sealed);
            insert.bind(&target.address).bind(target.changed_us);
            Ok(insert.execute_in(transaction).await? > 0)
        }
    }
}

fn read(row: &Row) -> Result<TargetRow, StoreError> {
    let damaged = |part| StoreError::Damaged { part };
    let settings: &str = row.get("settings")?;
    let is_from_file: i64 = row.get("is_from_file")?;
    let reason: Option<String> = row.get("off_reason")?;
    let off_us: Option<i64> = row.get("off_us")?;
    Ok(TargetRow {
        id: row.get("id")?,
        name: row.get("name")?,
        settings: serde_json::from_str(settings)
            .map_err(|_| damaged("the settings of a notification target"))?,
        sealed: row.get("sealed")?,
        address: row.get("address")?,
        is_from_file: is_from_file != 0,
        changed_us: row.get("changed_us")?,
        off: reason.zip(off_us),
        failing_since_us: row.get("failing_since_us")?,
        failures: row.number("failures")?,
        retry_us: row.get("retry_us")?,
        delivered_us: row.get("delivered_us")?,
    })
}
