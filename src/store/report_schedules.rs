//! Schedules of reports.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::dialect::Engine;
use super::pool::{Row, Transaction};
use super::{Store, StoreError, audit, transaction};
use crate::model::{AuditEntry, Precondition, ReportSchedule};

const SCHEDULES: &str =
    "SELECT name, settings, changed_by, created_us, changed_us, decided_us FROM report_schedules";

impl Store {
    /// All schedules of reports, by name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn report_schedules(&self) -> Result<Vec<ReportSchedule>, StoreError> {
        let mut query = self.query(SCHEDULES);
        let rows = query.push(" ORDER BY name").fetch_all(&self.read).await?;
        rows.iter().map(read_schedule).collect()
    }

    /// The schedule of that name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn report_schedule(&self, name: &str) -> Result<Option<ReportSchedule>, StoreError> {
        let mut query = self.query(SCHEDULES);
        query.push(" WHERE name = ?").bind(name);
        let row = query.fetch_optional(&self.read).await?;
        row.as_ref().map(read_schedule).transpose()
    }

    /// Stores a schedule, in the place of the one of that name; `entry` makes the audit entry from that one.
    ///
    /// # Errors
    /// The database failed.
    pub async fn save_report_schedule(
        &self,
        schedule: &ReportSchedule,
        entry: impl Fn(Option<&ReportSchedule>) -> AuditEntry,
    ) -> Result<(), StoreError> {
        self.save_report_schedule_if(schedule, Precondition::Any, entry)
            .await
    }

    /// Like [`Self::save_report_schedule`], if the precondition holds.
    ///
    /// # Errors
    /// The precondition does not hold, or the database failed.
    pub async fn save_report_schedule_if(
        &self,
        schedule: &ReportSchedule,
        precondition: Precondition,
        entry: impl Fn(Option<&ReportSchedule>) -> AuditEntry,
    ) -> Result<(), StoreError> {
        let stored = self.store_report_schedule(schedule, precondition, entry);
        match stored.await {
            // Another collector stored one at the same time.
            Err(StoreError::Database(sqlx::Error::Database(error)))
                if precondition == Precondition::IsNew && error.is_unique_violation() =>
            {
                Err(StoreError::ReportScheduleExists {
                    name: schedule.name.clone(),
                })
            }
            done => done,
        }
    }

    async fn store_report_schedule(
        &self,
        schedule: &ReportSchedule,
        precondition: Precondition,
        entry: impl Fn(Option<&ReportSchedule>) -> AuditEntry,
    ) -> Result<(), StoreError> {
        let settings = json(&schedule.settings);
        transaction!(self, transaction => {
            let before = locked(transaction, &schedule.name).await?;
            let name = || schedule.name.clone();
            match (precondition, &before) {
                (Precondition::IsNew, Some(_)) => {
                    return Err(StoreError::ReportScheduleExists { name: name() });
                }
                (Precondition::Exists, None) => {
                    return Err(StoreError::ReportScheduleMissing { name: name() });
                }
                _ => {}
            }
            let mut query = match &before {
                Some(_) => transaction.query(
                    "UPDATE report_schedules SET settings = ?, changed_by = ?, changed_us = ?, decided_us = ? \
                     WHERE name = ?",
                ),
                None => transaction.query(
                    "INSERT INTO report_schedules (settings, changed_by, changed_us, decided_us, name, created_us) \
                     VALUES (?, ?, ?, ?, ?, ?)",
                ),
            };
            query
                .bind(&settings)
                .bind(&schedule.changed_by)
                .bind(schedule.changed_us)
                .bind(schedule.decided_us)
                .bind(&schedule.name);
            if before.is_none() {
                query.bind(schedule.created_us);
            }
            query.execute_in(transaction).await?;
            audit::append(transaction, &entry(before.as_ref())).await?;
        })
    }

    /// Deletes a schedule; `entry` makes the audit entry from it. The reports that were made for it stay. False: there is
    /// none of that name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn delete_report_schedule(
        &self,
        name: &str,
        entry: impl Fn(&ReportSchedule) -> AuditEntry,
    ) -> Result<bool, StoreError> {
        transaction!(self, transaction => {
            let before = locked(transaction, name).await?;
            let mut delete = transaction.query("DELETE FROM report_schedules WHERE name = ?");
            let is_gone = delete.bind(name).execute_in(transaction).await? > 0;
            if let Some(schedule) = before.as_ref().filter(|_| is_gone) {
                audit::append(transaction, &entry(schedule)).await?;
            }
            is_gone
        })
    }

    /// Notes that the times of a schedule up to this one are done; false if it was changed meanwhile.
    ///
    /// # Errors
    /// The database failed.
    pub async fn decide_reports(
        &self,
        schedule: &ReportSchedule,
        before_us: i64,
        decided_us: i64,
    ) -> Result<bool, StoreError> {
        transaction!(self, transaction => {
            decide(transaction, schedule, (before_us, decided_us)).await?
        })
    }
}

/// Copies the schedules that the target lacks into another database.
pub(super) async fn copy(from: &Store, to: &Store) -> Result<(), StoreError> {
    let known = to.report_schedules().await?;
    for schedule in from.report_schedules().await? {
        if known.iter().any(|there| there.name == schedule.name) {
            continue;
        }
        let settings = json(&schedule.settings);
        transaction!(to, transaction => {
            transaction
                .query(
                    "INSERT INTO report_schedules (name, settings, changed_by, created_us, changed_us, decided_us) \
                     VALUES (?, ?, ?, ?, ?, ?)",
                )
                .bind(&schedule.name)
                .bind(&settings)
                .bind(&schedule.changed_by)
                .bind(schedule.created_us)
                .bind(schedule.changed_us)
                .bind(schedule.decided_us)
                .execute_in(transaction)
                .await?;
        })?;
    }
    Ok(())
}

/// The schedule of that name, locked until the transaction is over.
async fn locked(
    transaction: &mut Transaction,
    name: &str,
) -> Result<Option<ReportSchedule>, StoreError> {
    let mut query = transaction.query(SCHEDULES);
    query.push(" WHERE name = ?").bind(name);
    let lock = transaction.engine().for_update();
    let rows = query.push(lock).fetch_all_in(transaction).await?;
    rows.first().map(read_schedule).transpose()
}

/// Raises the time up to which a schedule is done; false if another collector did, or the schedule was changed.
pub(super) async fn decide(
    transaction: &mut Transaction,
    schedule: &ReportSchedule,
    (before_us, decided_us): (i64, i64),
) -> Result<bool, StoreError> {
    let mut update = transaction.query(
        "UPDATE report_schedules SET decided_us = ? WHERE name = ? AND decided_us = ? AND changed_us = ?",
    );
    update
        .bind(decided_us)
        .bind(&schedule.name)
        .bind(before_us)
        .bind(schedule.changed_us);
    Ok(update.execute_in(transaction).await? > 0)
}

/// A value of ours as JSON, which cannot fail.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

pub(super) fn damaged<E>(_: E) -> StoreError {
    StoreError::Damaged { part: "a report" }
}

pub(super) fn from_json<T: DeserializeOwned>(
    row: &Row,
    column: &'static str,
) -> Result<T, StoreError> {
    serde_json::from_str(row.get(column)?).map_err(damaged)
}

fn read_schedule(row: &Row) -> Result<ReportSchedule, StoreError> {
    Ok(ReportSchedule {
        name: row.get("name")?,
        settings: from_json(row, "settings")?,
        changed_by: row.get("changed_by")?,
        created_us: row.get("created_us")?,
        changed_us: row.get("changed_us")?,
        decided_us: row.get("decided_us")?,
    })
}
