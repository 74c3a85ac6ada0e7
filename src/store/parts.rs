//! Plays, tasks, hosts and results of an execution.

use playback_wire::ResultStatus;

use super::tables::{hosts, plays, results, tasks};
use super::{Store, StoreError};
use crate::filter::indexed;
use crate::model::{ExecutionKey, HostRow, PlayRow, ResultFilter, ResultRow, Status, TaskRow};

/// A result with the names behind its numbers.
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
        let mut query = self.query(plays::SELECT);
        query.push(" WHERE execution = ? ORDER BY number").bind(key);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(plays::read).collect()
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
        let mut query = self.query(tasks::SELECT);
        query
            .push(" WHERE execution = ? AND number > ? ORDER BY number LIMIT ?")
            .bind(key)
            .bind(after)
            .bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(tasks::read).collect()
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
        let mut query = self.query(hosts::SELECT);
        query
            .push(" WHERE execution = ? AND number > ? ORDER BY number LIMIT ?")
            .bind(key)
            .bind(after)
            .bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(hosts::read).collect()
    }

    /// The range of a task's results, as sequence numbers (inclusive), if known.
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
        // During a run, its task rows lag behind its results.
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
        let mut query = self.query(results::SELECT);
        query
            .push(self.engine().index_of_failures(filter.status))
            .push(
                " LEFT JOIN execution_hosts h ON h.execution = r.execution AND h.number = r.host \
             LEFT JOIN tasks t ON t.execution = r.execution AND t.number = r.task \
             WHERE r.execution = ? AND r.seq > ?",
            );
        // Every field is named, so that the compiler reports one that is forgotten.
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
            // Written out, so that the database sees that the partial index of failures fits.
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
        rows.iter().map(results::read).collect()
    }
}
