//! Plays, tasks, hosts and results of an execution.

use playback_wire::ResultStatus;
use sqlx::Row as _;
use sqlx::query_builder::QueryBuilder;

use super::dialect::{self, Db, Row};
use super::executions::{number, read_stats, unsigned};
use super::{Store, StoreError};
use crate::model::{
    ExecutionKey, HostRow, PlayRow, ResultFilter, ResultFlags, ResultRow, TaskCounts, TaskRow,
};

/// A result with the names that its numbers stand for.
#[derive(Debug, Clone)]
pub struct ResultEntry {
    /// The result.
    pub row: ResultRow,
    /// Inventory name of the host.
    pub host: String,
    /// Name of the task.
    pub task: String,
    /// Module or action of the task.
    pub action: String,
}

impl Store {
    /// All plays of an execution, in order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn plays(&self, key: ExecutionKey) -> Result<Vec<PlayRow>, StoreError> {
        sqlx::query(
            "SELECT number, name, hosts, strategy, started_us, ended_us FROM plays \
             WHERE execution = ? ORDER BY number",
        )
        .bind(key)
        .fetch_all(&self.read)
        .await?
        .iter()
        .map(|row| {
            Ok(PlayRow {
                number: number(row, "number")?,
                name: row.try_get("name")?,
                hosts: row.try_get("hosts")?,
                strategy: row.try_get("strategy")?,
                started_us: row.try_get("started_us")?,
                ended_us: row.try_get("ended_us")?,
            })
        })
        .collect()
    }

    /// Tasks of an execution with a number greater than `after`, in order, `limit` at most.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tasks(
        &self,
        key: ExecutionKey,
        after: u32,
        limit: u32,
    ) -> Result<Vec<TaskRow>, StoreError> {
        sqlx::query(
            "SELECT number, play, name, action, path, line, role, tags, handler, no_log, started_us, \
             ended_us, ok, changed, failed, skipped, unreachable, ignored FROM tasks \
             WHERE execution = ? AND number > ? ORDER BY number LIMIT ?",
        )
        .bind(key)
        .bind(i64::from(after))
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?
        .iter()
        .map(read_task)
        .collect()
    }

    /// Hosts of an execution with a number greater than `after`, in order, `limit` at most.
    ///
    /// # Errors
    /// The database failed.
    pub async fn hosts(
        &self,
        key: ExecutionKey,
        after: u32,
        limit: u32,
    ) -> Result<Vec<HostRow>, StoreError> {
        sqlx::query(
            "SELECT number, name, ok, changed, unreachable, failed, skipped, rescued, ignored, \
             running_task, running_since_us FROM execution_hosts \
             WHERE execution = ? AND number > ? ORDER BY number LIMIT ?",
        )
        .bind(key)
        .bind(i64::from(after))
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?
        .iter()
        .map(|row| {
            let running: Option<i64> = row.try_get("running_task")?;
            Ok(HostRow {
                number: number(row, "number")?,
                name: row.try_get("name")?,
                stats: read_stats(row)?,
                running_task: running.and_then(|task| u32::try_from(task).ok()),
                running_since_us: row.try_get("running_since_us")?,
            })
        })
        .collect()
    }

    /// Results of an execution, in the order of their sequence.
    ///
    /// # Errors
    /// The database failed.
    pub async fn results(
        &self,
        key: ExecutionKey,
        filter: &ResultFilter,
    ) -> Result<Vec<ResultEntry>, StoreError> {
        let mut query = QueryBuilder::<Db>::new(
            "SELECT r.seq, r.task, r.host, r.status, r.flags, r.ended_us, r.duration_us, \
             COALESCE(h.name, '') AS host_name, COALESCE(t.name, '') AS task_name, \
             COALESCE(t.action, '') AS action FROM results r \
             LEFT JOIN execution_hosts h ON h.execution = r.execution AND h.number = r.host \
             LEFT JOIN tasks t ON t.execution = r.execution AND t.number = r.task \
             WHERE r.execution = ",
        );
        query
            .push_bind(key)
            .push(" AND r.seq > ")
            .push_bind(dialect::signed(filter.after_seq));
        if let Some(task) = filter.task {
            query.push(" AND r.task = ").push_bind(i64::from(task));
        }
        if let Some(host) = &filter.host {
            query
                .push(" AND r.host = (SELECT number FROM execution_hosts WHERE name = ")
                .push_bind(host.clone())
                .push(" AND execution = ")
                .push_bind(key)
                .push(")");
        }
        if let Some(status) = filter.status {
            // Written out, so that the partial index of failures is seen to fit.
            query.push(match status {
                ResultStatus::Ok => " AND r.status = 0",
                ResultStatus::Failed => " AND r.status = 1",
                ResultStatus::Skipped => " AND r.status = 2",
                ResultStatus::Unreachable => " AND r.status = 3",
            });
        }
        if let Some(changed) = filter.changed {
            query.push(if changed {
                " AND r.flags & 1 = 1"
            } else {
                " AND r.flags & 1 = 0"
            });
        }
        query
            .push(" ORDER BY r.seq LIMIT ")
            .push_bind(i64::from(filter.limit));
        let rows = query.build().fetch_all(&self.read).await?;
        rows.iter().map(read_result).collect()
    }
}

fn read_task(row: &Row) -> Result<TaskRow, StoreError> {
    Ok(TaskRow {
        number: number(row, "number")?,
        play: number(row, "play")?,
        name: row.try_get("name")?,
        action: row.try_get("action")?,
        path: row.try_get("path")?,
        line: number(row, "line")?,
        role: row.try_get("role")?,
        tags: serde_json::from_str(row.try_get("tags")?)
            .map_err(|_| StoreError::Damaged { what: "tags" })?,
        handler: row.try_get("handler")?,
        no_log: row.try_get("no_log")?,
        started_us: row.try_get("started_us")?,
        ended_us: row.try_get("ended_us")?,
        counts: TaskCounts {
            ok: number(row, "ok")?,
            changed: number(row, "changed")?,
            failed: number(row, "failed")?,
            skipped: number(row, "skipped")?,
            unreachable: number(row, "unreachable")?,
            ignored: number(row, "ignored")?,
        },
    })
}

fn read_result(row: &Row) -> Result<ResultEntry, StoreError> {
    let status = number(row, "status")? as usize;
    let flags = number(row, "flags")?;
    Ok(ResultEntry {
        row: ResultRow {
            seq: unsigned(row, "seq")?,
            task: number(row, "task")?,
            host: number(row, "host")?,
            status: *ResultStatus::ALL.get(status).ok_or(StoreError::Damaged {
                what: "a result's status",
            })?,
            flags: ResultFlags(flags as u8),
            ended_us: row.try_get("ended_us")?,
            duration_us: row.try_get("duration_us")?,
        },
        host: row.try_get("host_name")?,
        task: row.try_get("task_name")?,
        action: row.try_get("action")?,
    })
}
