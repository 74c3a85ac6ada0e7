//! The reports that were made for schedules: what they are about, and their deliveries. What they say of runs is not stored.

use std::collections::HashMap;

use uuid::Uuid;

use super::dialect::Engine;
use super::notifications::{NewDelivery, insert_deliveries};
use super::pool::{Row, Transaction};
use super::report_schedules::{decide, from_json, json};
use super::tables::table::push_list;
use super::{Store, StoreError, audit, transaction};
use crate::model::{
    AuditEntry, DeliveryKind, DeliveryState, NewReport, ReportDelivery, ReportDestination,
    ReportRow, ReportSchedule, time_from_us,
};

/// Reports that are deleted in one transaction, and copied at once.
const AT_ONCE: u32 = 200;

const REPORTS: &str = "SELECT id, schedule, due_us, made_us, from_us, runs, failed, error, content, deliveries FROM reports";

/// Where a page of reports begins: after the report of this time and identity.
pub type ReportCursor = (i64, Uuid);

impl Store {
    /// Stores a report, its deliveries, the audit entry, and that its time is done. False, and nothing is stored: the
    /// schedule was changed meanwhile, or another collector was faster. A report that is there for the same time stays:
    /// then only the time is noted.
    ///
    /// # Errors
    /// The database failed.
    pub async fn store_report(
        &self,
        new: &NewReport,
        schedule: &ReportSchedule,
        before_us: i64,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let row = &new.row;
        transaction!(self, transaction => {
            let is_ours = decide(transaction, schedule, (before_us, row.due_us)).await?;
            if is_ours && !has_report(transaction, row).await? {
                let mut row = row.clone();
                row.deliveries.extend(send(transaction, new).await?);
                insert(transaction, &row).await?;
                audit::append(transaction, entry).await?;
            }
            is_ours
        })
    }

    /// The reports that were made, the latest first; at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn reports(
        &self,
        schedule: Option<&str>,
        after: Option<ReportCursor>,
        limit: u32,
    ) -> Result<Vec<ReportRow>, StoreError> {
        let mut query = self.query(REPORTS);
        query.push(" WHERE 1 = 1");
        if let Some(schedule) = schedule {
            query.push(" AND schedule = ?").bind(schedule);
        }
        if let Some((due_us, id)) = after {
            query.push(" AND due_us <= ? AND (due_us < ? OR id < ?)");
            query.bind(due_us).bind(due_us).bind(id);
        }
        query
            .push(" ORDER BY due_us DESC, id DESC LIMIT ?")
            .bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        let rows: Result<Vec<ReportRow>, StoreError> = rows.iter().map(read_report).collect();
        self.with_sent(rows?).await
    }

    /// Adds what the log of notifications says of these reports.
    async fn with_sent(&self, mut reports: Vec<ReportRow>) -> Result<Vec<ReportRow>, StoreError> {
        let ids: Vec<Uuid> = reports.iter().map(|report| report.id).collect();
        let mut sent: HashMap<Uuid, Vec<ReportDelivery>> = HashMap::new();
        for ids in ids.chunks(AT_ONCE as usize) {
            let mut query = self.query(
                "SELECT d.report, d.uuid, d.state, d.attempts, d.done_us, d.error, t.name FROM notification_deliveries d \
                 JOIN notification_targets t ON t.id = d.target WHERE d.report IN (",
            );
            push_list(&mut query, ids);
            query.push(" ORDER BY d.id");
            for row in query.fetch_all(&self.read).await? {
                let (report, delivery) = read_sent(&row)?;
                sent.entry(report).or_default().push(delivery);
            }
        }
        for report in &mut reports {
            report.sent = sent.remove(&report.id).unwrap_or_default();
        }
        Ok(reports)
    }

    /// The report with that identity.
    ///
    /// # Errors
    /// The database failed.
    pub async fn report(&self, id: Uuid) -> Result<Option<ReportRow>, StoreError> {
        let mut query = self.query(REPORTS);
        query.push(" WHERE id = ?").bind(id);
        let row = query.fetch_optional(&self.read).await?;
        let found: Option<ReportRow> = row.as_ref().map(read_report).transpose()?;
        Ok(self.with_sent(found.into_iter().collect()).await?.pop())
    }

    /// The reports with files that are still to be written, the earliest first; at most `limit`. What was sent to targets is
    /// not read.
    ///
    /// # Errors
    /// The database failed.
    pub async fn pending_reports(&self, limit: u32) -> Result<Vec<ReportRow>, StoreError> {
        let mut query = self.query(REPORTS);
        query.push(" WHERE is_pending = ?").bind(true);
        query.push(" ORDER BY due_us, id LIMIT ?").bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(read_report).collect()
    }

    /// Notes how the files of a report were written.
    ///
    /// # Errors
    /// The database failed.
    pub async fn set_report_deliveries(
        &self,
        id: Uuid,
        deliveries: &[ReportDelivery],
    ) -> Result<(), StoreError> {
        self.query("UPDATE reports SET deliveries = ?, is_pending = ? WHERE id = ?")
            .bind(&json(&deliveries))
            .bind(is_pending(deliveries))
            .bind(id)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Deletes reports that were due before a time, and of each schedule all but the latest `keep`; returns how many.
    ///
    /// # Errors
    /// The database failed.
    pub async fn prune_reports(&self, before_us: i64, keep: u32) -> Result<u64, StoreError> {
        let mut deleted = 0;
        loop {
            let mut query = self.query("SELECT id FROM reports WHERE due_us < ? LIMIT ?");
            let rows = query
                .bind(before_us)
                .bind(AT_ONCE)
                .fetch_all(&self.read)
                .await?;
            if rows.is_empty() {
                break;
            }
            deleted += self.delete_reports(&ids(&rows)?).await?;
        }
        let names = self
            .query("SELECT DISTINCT schedule FROM reports")
            .fetch_all(&self.read)
            .await?;
        for row in &names {
            let name: String = row.get("schedule")?;
            loop {
                let mut query = self.query(
                    "SELECT id FROM reports WHERE schedule = ? ORDER BY due_us DESC, id DESC LIMIT ? OFFSET ?",
                );
                query.bind(&name).bind(AT_ONCE).bind(keep);
                let rows = query.fetch_all(&self.read).await?;
                if rows.is_empty() {
                    break;
                }
                deleted += self.delete_reports(&ids(&rows)?).await?;
            }
        }
        Ok(deleted)
    }

    async fn delete_reports(&self, ids: &[Uuid]) -> Result<u64, StoreError> {
        transaction!(self, transaction => {
            let mut deleted = 0;
            for id in ids {
                let mut query = transaction.query("DELETE FROM reports WHERE id = ?");
                deleted += query.bind(*id).execute_in(transaction).await?;
            }
            deleted
        })
    }
}

/// Copies the reports that the target lacks into another database.
pub(super) async fn copy(from: &Store, to: &Store) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let rows = from.reports(None, after, AT_ONCE).await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = Some((last.due_us, last.id));
        for row in rows {
            transaction!(to, transaction => {
                if !has_report(transaction, &row).await? {
                    insert(transaction, &row).await?;
                }
            })?;
        }
    }
}

/// Adds a report to the log of notifications. Returns deliveries that failed, because their target is gone.
async fn send(
    transaction: &mut Transaction,
    new: &NewReport,
) -> Result<Vec<ReportDelivery>, StoreError> {
    let row = &new.row;
    let mut failed = Vec::new();
    for name in &new.targets {
        let mut query = transaction.query("SELECT id FROM notification_targets WHERE name = ?");
        let found = query.bind(name).fetch_all_in(transaction).await?;
        let Some(target) = found.first() else {
            let destination = ReportDestination::Target { name: name.clone() };
            failed.push(ReportDelivery {
                state: DeliveryState::Failed,
                time: Some(time_from_us(row.made_us)),
                error: Some("the target no longer exists".to_owned()),
                ..ReportDelivery::pending(destination)
            });
            continue;
        };
        let delivery = NewDelivery {
            uuid: Uuid::new_v4(),
            target: target.get("id")?,
            execution: None,
            report: Some(row.id),
            kind: DeliveryKind::Report,
            due_us: row.made_us,
        };
        insert_deliveries(transaction, row.made_us, &[&delivery]).await?;
    }
    Ok(failed)
}

async fn insert(transaction: &mut Transaction, row: &ReportRow) -> Result<(), StoreError> {
    transaction
        .query(
            "INSERT INTO reports (id, schedule, due_us, made_us, from_us, runs, failed, error, content, \
             deliveries, is_pending) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id)
        .bind(&row.schedule)
        .bind(row.due_us)
        .bind(row.made_us)
        .bind(row.from_us)
        .bind(row.runs)
        .bind(row.failed)
        .bind(row.error.as_deref())
        .bind(&json(&row.content))
        .bind(&json(&row.deliveries))
        .bind(is_pending(&row.deliveries))
        .execute_in(transaction)
        .await?;
    Ok(())
}

async fn has_report(transaction: &mut Transaction, row: &ReportRow) -> Result<bool, StoreError> {
    let mut query = transaction.query("SELECT id FROM reports WHERE schedule = ? AND due_us = ?");
    query.bind(&row.schedule).bind(row.due_us);
    Ok(!query.fetch_all_in(transaction).await?.is_empty())
}

fn ids(rows: &[Row]) -> Result<Vec<Uuid>, StoreError> {
    rows.iter().map(|row| row.get("id")).collect()
}

fn is_pending(deliveries: &[ReportDelivery]) -> bool {
    let mut deliveries = deliveries.iter();
    deliveries.any(|delivery| delivery.state == DeliveryState::Pending)
}

fn read_report(row: &Row) -> Result<ReportRow, StoreError> {
    let count = |column| {
        let count: Option<i64> = row.get(column)?;
        Ok::<_, StoreError>(count.and_then(|count| u64::try_from(count).ok()))
    };
    Ok(ReportRow {
        id: row.get("id")?,
        schedule: row.get("schedule")?,
        due_us: row.get("due_us")?,
        made_us: row.get("made_us")?,
        from_us: row.get("from_us")?,
        runs: count("runs")?,
        failed: count("failed")?,
        error: row.get("error")?,
        content: from_json(row, "content")?,
        deliveries: from_json(row, "deliveries")?,
        sent: Vec::new(),
    })
}

fn read_sent(row: &Row) -> Result<(Uuid, ReportDelivery), StoreError> {
    let damaged = || StoreError::Damaged {
        part: "a delivery's state",
    };
    let done_us: Option<i64> = row.get("done_us")?;
    let name = row.get("name")?;
    let delivery = ReportDelivery {
        state: DeliveryState::from_name(row.get("state")?).ok_or_else(damaged)?,
        time: done_us.map(time_from_us),
        attempts: row.number("attempts")?,
        error: row.get("error")?,
        id: Some(row.get("uuid")?),
        ..ReportDelivery::pending(ReportDestination::Target { name })
    };
    Ok((row.get("report")?, delivery))
}
