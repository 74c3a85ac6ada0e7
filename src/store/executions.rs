//! Lists, details and deletion of executions.

use std::collections::{BTreeMap, HashMap};

use playback_wire::{HostStats, Producer, Usage};
use sqlx::Row as _;
use sqlx::query_builder::QueryBuilder;
use uuid::Uuid;

use super::commit::type_name;
use super::dialect::{Db, Row};
use super::{Store, StoreError};
use crate::model::{
    EventCount, ExecutionFilter, ExecutionKey, ExecutionRow, Page, Phase, Reason, Status,
};

/// How many executions stand how, for the metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatusCounts {
    /// Not over yet.
    pub running: u64,
    /// Exited with 0.
    pub success: u64,
    /// Anything else.
    pub failed: u64,
}

const COLUMNS: &str = "SELECT id, uuid, status, phase, reason, started_us, base_us, ended_us, \
    exit_code, signal, changed, what, user_us, system_us, peak_bytes, output_lines, output_from, \
    results, events_received, events_expected, events_complete, events_missing, queued_us, canceled_by \
    FROM executions";

impl Store {
    /// One page of executions, each with its key.
    ///
    /// # Errors
    /// The database failed.
    pub async fn executions(
        &self,
        filter: &ExecutionFilter,
        page: &Page,
    ) -> Result<Vec<(ExecutionKey, ExecutionRow)>, StoreError> {
        let mut query = QueryBuilder::<Db>::new(COLUMNS);
        query.push(" WHERE 1 = 1");
        push_filter(&mut query, filter);
        if let Some(after) = page.after {
            let comparison = if page.ascending { ">" } else { "<" };
            query
                .push(" AND (started_us, uuid) ")
                .push(comparison)
                .push(" (")
                .push_bind(after.started_us)
                .push(", ")
                .push_bind(after.id)
                .push(")");
        }
        query.push(if page.ascending {
            " ORDER BY started_us, uuid"
        } else {
            " ORDER BY started_us DESC, uuid DESC"
        });
        query.push(" LIMIT ").push_bind(i64::from(page.limit));
        if page.offset > 0 {
            let offset = i64::try_from(page.offset).unwrap_or(i64::MAX);
            query.push(" OFFSET ").push_bind(offset);
        }
        let rows = query.build().fetch_all(&self.read).await?;
        rows.iter().map(read_execution).collect()
    }

    /// One execution and its key.
    ///
    /// # Errors
    /// The database failed.
    pub async fn execution(
        &self,
        id: Uuid,
    ) -> Result<Option<(ExecutionKey, ExecutionRow)>, StoreError> {
        let mut query = QueryBuilder::<Db>::new(COLUMNS);
        query.push(" WHERE uuid = ").push_bind(id);
        let row = query.build().fetch_optional(&self.read).await?;
        row.as_ref().map(read_execution).transpose()
    }

    /// Identities of all executions that are not over.
    ///
    /// # Errors
    /// The database failed.
    pub async fn running_executions(&self) -> Result<Vec<Uuid>, StoreError> {
        Ok(
            sqlx::query_scalar("SELECT uuid FROM executions WHERE status = 'running'")
                .fetch_all(&self.read)
                .await?,
        )
    }

    /// Identities of executions that wait for the launcher.
    ///
    /// # Errors
    /// The database failed.
    pub async fn queued_executions(&self) -> Result<Vec<Uuid>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT uuid FROM executions WHERE status = 'running' AND phase = 'queued'",
        )
        .fetch_all(&self.read)
        .await?)
    }

    /// The recaps of several executions.
    ///
    /// # Errors
    /// The database failed.
    pub async fn stats(
        &self,
        keys: &[ExecutionKey],
    ) -> Result<HashMap<ExecutionKey, BTreeMap<String, HostStats>>, StoreError> {
        let mut stats: HashMap<ExecutionKey, BTreeMap<String, HostStats>> = HashMap::new();
        if keys.is_empty() {
            return Ok(stats);
        }
        let mut query = QueryBuilder::<Db>::new(
            "SELECT execution, name, ok, changed, unreachable, failed, skipped, rescued, ignored \
             FROM execution_hosts WHERE execution IN (",
        );
        let mut list = query.separated(", ");
        for key in keys {
            list.push_bind(*key);
        }
        query.push(")");
        for row in query.build().fetch_all(&self.read).await? {
            let counts = read_stats(&row)?;
            stats
                .entry(row.try_get("execution")?)
                .or_default()
                .insert(row.try_get("name")?, counts);
        }
        Ok(stats)
    }

    /// Forgets an execution: its rows, its blocks, everything.
    ///
    /// # Errors
    /// The database failed: nothing was deleted.
    pub async fn delete_execution(&self, key: ExecutionKey) -> Result<(), StoreError> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        for statement in [
            "DELETE FROM event_blocks WHERE execution = ?",
            "DELETE FROM results WHERE execution = ?",
            "DELETE FROM tasks WHERE execution = ?",
            "DELETE FROM plays WHERE execution = ?",
            "DELETE FROM execution_hosts WHERE execution = ?",
            "DELETE FROM execution_labels WHERE execution = ?",
            "DELETE FROM launches WHERE uuid = (SELECT uuid FROM executions WHERE id = ?)",
            "DELETE FROM executions WHERE id = ?",
        ] {
            sqlx::query(statement)
                .bind(key)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// How many executions stand how.
    ///
    /// # Errors
    /// The database failed.
    pub async fn status_counts(&self) -> Result<StatusCounts, StoreError> {
        let mut counts = StatusCounts::default();
        let rows = sqlx::query("SELECT status, COUNT(*) AS n FROM executions GROUP BY status")
            .fetch_all(&self.read)
            .await?;
        for row in rows {
            let n = unsigned(&row, "n")?;
            match Status::from_name(row.try_get("status")?) {
                Some(Status::Running) => counts.running = n,
                Some(Status::Success) => counts.success = n,
                Some(Status::Failed) => counts.failed = n,
                None => {}
            }
        }
        Ok(counts)
    }
}

fn push_filter(query: &mut QueryBuilder<Db>, filter: &ExecutionFilter) {
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(status.as_str());
    }
    if let Some(kind) = filter.r#type {
        query.push(" AND type = ").push_bind(type_name(kind));
    }
    // A bare file name finds the playbook or inventory in whatever folder it lies.
    let paths = [
        (
            " AND playbook = ",
            " AND playbook_name = ",
            &filter.playbook,
        ),
        (
            " AND inventory = ",
            " AND inventory_name = ",
            &filter.inventory,
        ),
    ];
    for (whole, name, value) in paths {
        if let Some(value) = value {
            let condition = if value.contains('/') { whole } else { name };
            query.push(condition).push_bind(value.clone());
        }
    }
    let columns = [
        (" AND username = ", &filter.user),
        (" AND controller = ", &filter.controller),
    ];
    for (condition, value) in columns {
        if let Some(value) = value {
            query.push(condition).push_bind(value.clone());
        }
    }
    if let Some(host) = &filter.host {
        query
            .push(" AND id IN (SELECT execution FROM execution_hosts WHERE name = ")
            .push_bind(host.clone())
            .push(")");
    }
    if let Some(label) = &filter.label {
        query
            .push(" AND id IN (SELECT execution FROM execution_labels WHERE label = ")
            .push_bind(label.clone())
            .push(")");
    }
    if let Some(changed) = filter.changed {
        query.push(" AND changed = ").push_bind(changed);
    }
    if let Some(reason) = filter.reason {
        query.push(" AND reason = ").push_bind(reason.as_str());
    }
    if let Some(from_us) = filter.from_us {
        query.push(" AND started_us >= ").push_bind(from_us);
    }
    if let Some(to_us) = filter.to_us {
        query.push(" AND started_us <= ").push_bind(to_us);
    }
    if let Some(min_us) = filter.min_duration_us {
        query.push(" AND duration_us >= ").push_bind(min_us);
    }
    if let Some(q) = &filter.q {
        let escaped = q
            .to_lowercase()
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_");
        let pattern = format!("%{escaped}%");
        query
            .push(" AND search LIKE ")
            .push_bind(pattern)
            .push(" ESCAPE '\\'");
    }
}

fn read_execution(row: &Row) -> Result<(ExecutionKey, ExecutionRow), StoreError> {
    let damaged = |what| StoreError::Damaged { what };
    let user_us: Option<i64> = row.try_get("user_us")?;
    let usage = match user_us {
        Some(user_us) => Some(Usage {
            user_s: user_us as f64 / 1e6,
            system_s: row.try_get::<i64, _>("system_us")? as f64 / 1e6,
            peak_bytes: unsigned(row, "peak_bytes")?,
        }),
        None => None,
    };
    let reason: Option<&str> = row.try_get("reason")?;
    let execution = ExecutionRow {
        id: row.try_get("uuid")?,
        what: serde_json::from_str(row.try_get("what")?)
            .map_err(|_| damaged("an execution's description"))?,
        status: Status::from_name(row.try_get("status")?).ok_or(damaged("a status"))?,
        phase: Phase::from_name(row.try_get("phase")?).ok_or(damaged("a phase"))?,
        reason: reason.and_then(Reason::from_name),
        started_us: row.try_get("started_us")?,
        base_us: row.try_get("base_us")?,
        ended_us: row.try_get("ended_us")?,
        exit_code: row.try_get("exit_code")?,
        signal: row.try_get("signal")?,
        changed: row.try_get("changed")?,
        usage,
        output_lines: unsigned(row, "output_lines")?,
        output_from: row
            .try_get::<&str, _>("output_from")?
            .parse::<Producer>()
            .map_err(|_| damaged("a producer"))?,
        results: unsigned(row, "results")?,
        events: EventCount {
            received: unsigned(row, "events_received")?,
            expected: row
                .try_get::<Option<i64>, _>("events_expected")?
                .and_then(|expected| u64::try_from(expected).ok()),
            complete: row.try_get("events_complete")?,
            missing: row.try_get("events_missing")?,
        },
        queued_us: row.try_get("queued_us")?,
        canceled_by: row.try_get("canceled_by")?,
    };
    Ok((row.try_get("id")?, execution))
}

pub(super) fn read_stats(row: &Row) -> Result<HostStats, StoreError> {
    Ok(HostStats {
        ok: unsigned(row, "ok")?,
        changed: unsigned(row, "changed")?,
        unreachable: unsigned(row, "unreachable")?,
        failed: unsigned(row, "failed")?,
        skipped: unsigned(row, "skipped")?,
        rescued: unsigned(row, "rescued")?,
        ignored: unsigned(row, "ignored")?,
    })
}

/// A count, which databases keep as a signed number.
pub(super) fn unsigned(row: &Row, column: &'static str) -> Result<u64, StoreError> {
    let value: i64 = row.try_get(column)?;
    u64::try_from(value).map_err(|_| StoreError::Damaged { what: column })
}

/// A number within an execution.
pub(super) fn number(row: &Row, column: &'static str) -> Result<u32, StoreError> {
    let value: i64 = row.try_get(column)?;
    u32::try_from(value).map_err(|_| StoreError::Damaged { what: column })
}
