//! Plays, tasks, hosts and results of an execution.

use playback_wire::ResultStatus;

use super::executions::read_stats;
use super::pool::Row;
use super::{Store, StoreError, results};
use crate::filter::indexed;
use crate::model::{
    ExecutionKey, HostRow, PlayRow, ResultFilter, ResultRow, Status, TaskCounts, TaskRow,
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
        self.query(
            "SELECT number, name, hosts, strategy, started_us, ended_us FROM plays \
             WHERE execution = ? ORDER BY number",
        )
        .bind(key)
        .fetch_all(&self.read)
        .await?
        .iter()
        .map(|row| {
            Ok(PlayRow {
                number: row.number("number")?,
                name: row.get("name")?,
                hosts: row.get("hosts")?,
                strategy: row.get("strategy")?,
                started_us: row.get("started_us")?,
                ended_us: row.get("ended_us")?,
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
        self.query(
            "SELECT number, play, name, action, path, line, role, tags, handler, no_log, started_us, \
             ended_us, first_seq, last_seq, ok, changed, failed, skipped, unreachable, ignored FROM tasks \
             WHERE execution = ? AND number > ? ORDER BY number LIMIT ?",
        )
        .bind(key)
        .bind(after)
        .bind(limit)
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
        self.query(
            "SELECT number, name, ok, changed, unreachable, failed, skipped, rescued, ignored, \
             running_task, running_since_us FROM execution_hosts \
             WHERE execution = ? AND number > ? ORDER BY number LIMIT ?",
        )
        .bind(key)
        .bind(after)
        .bind(limit)
        .fetch_all(&self.read)
        .await?
        .iter()
        .map(|row| {
            let running: Option<i64> = row.get("running_task")?;
            Ok(HostRow {
                number: row.number("number")?,
                name: row.get("name")?,
                stats: read_stats(row)?,
                running_task: running.and_then(|task| u32::try_from(task).ok()),
                running_since_us: row.get("running_since_us")?,
            })
        })
        .collect()
    }

    /// Between which sequence numbers, both included, the results of a task lie, as far as that is known.
    async fn span_of_task(&self, key: ExecutionKey, task: u32) -> Result<(u64, u64), StoreError> {
        let row = self
            .query(
                "SELECT t.first_seq, t.last_seq, e.status FROM tasks t \
                 JOIN executions e ON e.id = t.execution WHERE t.execution = ? AND t.number = ?",
            )
            .bind(key)
            .bind(task)
            .fetch_optional(&self.read)
            .await?;
        let Some(row) = row else {
            return Ok((0, u64::MAX));
        };
        let last = row.unsigned("last_seq")?;
        // While a run goes on, its tasks trail behind its results.
        let is_known = last > 0 && row.get::<&str>("status")? != Status::Running.as_str();
        Ok((
            row.unsigned("first_seq")?,
            if is_known { last } else { u64::MAX },
        ))
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
        let mut query = self.query(
            "SELECT r.seq, r.task, r.host, r.status, r.flags, r.ended_us, r.duration_us, \
             r.delegated_to, r.action AS ran, \
             COALESCE(h.name, '') AS host_name, COALESCE(t.name, '') AS task_name, \
             COALESCE(r.action, t.action, '') AS action FROM results r",
        );
        query
            .push(self.engine().index_of_failures(filter.status))
            .push(
                " LEFT JOIN execution_hosts h ON h.execution = r.execution AND h.number = r.host \
             LEFT JOIN tasks t ON t.execution = r.execution AND t.number = r.task \
             WHERE r.execution = ? AND r.seq > ?",
            );
        // Each is named, so that the compiler complains of one that is forgotten.
        let ResultFilter {
            task,
            host,
            status,
            changed,
            after_seq,
            limit,
        } = filter;
        match *task {
            Some(task) => {
                let (first, last) = self.span_of_task(key, task).await?;
                query
                    .bind(key)
                    .bind((*after_seq).max(first.saturating_sub(1)))
                    .push(" AND r.seq <= ? AND r.task = ?")
                    .bind(last)
                    .bind(task);
            }
            None => {
                query.bind(key).bind(*after_seq);
            }
        }
        if let Some(host) = host {
            query
                .push(" AND r.host = (SELECT number FROM execution_hosts WHERE name = ? AND execution = ?)")
                .bind(indexed(host))
                .bind(key);
        }
        if let Some(status) = *status {
            // Written out, so that the partial index of failures is seen to fit.
            query.push(match status {
                ResultStatus::Ok => " AND r.status = 0",
                ResultStatus::Failed => " AND r.status = 1",
                ResultStatus::Skipped => " AND r.status = 2",
                ResultStatus::Unreachable => " AND r.status = 3",
            });
        }
        if let Some(changed) = *changed {
            query.push(if changed {
                " AND r.flags & 1 = 1"
            } else {
                " AND r.flags & 1 = 0"
            });
        }
        query.push(" ORDER BY r.seq LIMIT ?").bind(*limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(read_result).collect()
    }
}

fn read_task(row: &Row) -> Result<TaskRow, StoreError> {
    Ok(TaskRow {
        number: row.number("number")?,
        play: row.number("play")?,
        name: row.get("name")?,
        action: row.get("action")?,
        path: row.get("path")?,
        line: row.number("line")?,
        role: row.get("role")?,
        tags: serde_json::from_str(row.get("tags")?)
            .map_err(|_| StoreError::Damaged { what: "tags" })?,
        handler: row.get("handler")?,
        no_log: row.get("no_log")?,
        started_us: row.get("started_us")?,
        ended_us: row.get("ended_us")?,
        first_seq: row.unsigned("first_seq")?,
        last_seq: row.unsigned("last_seq")?,
        counts: TaskCounts {
            ok: row.number("ok")?,
            changed: row.number("changed")?,
            failed: row.number("failed")?,
            skipped: row.number("skipped")?,
            unreachable: row.number("unreachable")?,
            ignored: row.number("ignored")?,
        },
    })
}

fn read_result(row: &Row) -> Result<ResultEntry, StoreError> {
    let status = row.number("status")? as usize;
    let flags: i32 = row.get("flags")?;
    Ok(ResultEntry {
        row: ResultRow {
            seq: row.unsigned("seq")?,
            task: row.number("task")?,
            host: row.number("host")?,
            status: *ResultStatus::ALL.get(status).ok_or(StoreError::Damaged {
                what: "a result's status",
            })?,
            flags: results::read(flags),
            ended_us: row.get("ended_us")?,
            duration_us: row.get("duration_us")?,
            delegated_to: row.get("delegated_to")?,
            action: row.get("ran")?,
        },
        host: row.get("host_name")?,
        task: row.get("task_name")?,
        action: row.get("action")?,
    })
}
