//! Tasks and hosts of many executions at once, row by row.

use playback_wire::HostStats;

use super::tables::hosts::read_stats;
use super::tables::table::push_list;
use super::tables::tasks;
use super::{Store, StoreError};
use crate::filter::stored;
use crate::model::{ExecutionKey, RunningRow, TaskRow};

/// Columns of a task, with the execution that it belongs to.
const TASKS: &str = "SELECT execution, number, play, name, action, path, line, role, tags, handler, no_log, started_us, \
    ended_us, first_seq, last_seq, ok, changed, failed, skipped, unreachable, ignored FROM tasks WHERE execution IN (";

const HOSTS: &str = "SELECT execution, name, ok, changed, unreachable, failed, skipped, rescued, ignored \
    FROM execution_hosts WHERE execution IN (";

const HOST_TIMES: &str = "SELECT h.execution AS execution, r.duration_us AS duration_us FROM execution_hosts h \
    JOIN results r ON r.execution = h.execution AND r.host = h.number \
    WHERE h.name = ? AND r.flags >= 0 AND r.duration_us IS NOT NULL AND h.execution IN (";

const RUNNING: &str = "SELECT h.name AS host, h.running_since_us, t.name AS task, t.action AS action \
    FROM execution_hosts h \
    LEFT JOIN tasks t ON t.execution = h.execution AND t.number = h.running_task \
    WHERE h.execution = ? AND h.running_task IS NOT NULL";

impl Store {
    /// Passes on the tasks of these executions, in no particular order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn each_task(
        &self,
        keys: &[ExecutionKey],
        mut each: impl FnMut(ExecutionKey, TaskRow) + Send,
    ) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut query = self.query(TASKS);
        push_list(&mut query, keys);
        query
            .for_each(&self.read, |row| {
                each(row.get("execution")?, tasks::read(row)?);
                Ok(())
            })
            .await
    }

    /// Passes on the recaps of these executions' hosts, in no particular order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn each_host(
        &self,
        keys: &[ExecutionKey],
        mut each: impl FnMut(ExecutionKey, String, HostStats) + Send,
    ) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut query = self.query(HOSTS);
        push_list(&mut query, keys);
        query
            .for_each(&self.read, |row| {
                each(row.get("execution")?, row.get("name")?, read_stats(row)?);
                Ok(())
            })
            .await
    }

    /// Passes on how long each result of a host took in these executions, in microseconds, in no particular order. Reads all
    /// of their results.
    ///
    /// # Errors
    /// The database failed.
    pub async fn each_host_time(
        &self,
        keys: &[ExecutionKey],
        host: &str,
        mut each: impl FnMut(ExecutionKey, i64) + Send,
    ) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut query = self.query(HOST_TIMES);
        query.bind(stored(host));
        push_list(&mut query, keys);
        query
            .for_each(&self.read, |row| {
                each(row.get("execution")?, row.get("duration_us")?);
                Ok(())
            })
            .await
    }

    /// The hosts of an execution that are at work on a task: the ones that have been the longest, `limit` at most.
    ///
    /// # Errors
    /// The database failed.
    pub async fn running_hosts(
        &self,
        key: ExecutionKey,
        limit: u32,
    ) -> Result<Vec<RunningRow>, StoreError> {
        let mut query = self.query(RUNNING);
        query
            .bind(key)
            .push(" ORDER BY h.running_since_us, h.number LIMIT ?")
            .bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        let read = |row: &super::pool::Row| {
            Ok(RunningRow {
                host: row.get("host")?,
                since_us: row.get("running_since_us")?,
                task: row.get("task")?,
                action: row.get("action")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// How many hosts of an execution are at work on a task.
    ///
    /// # Errors
    /// The database failed.
    pub async fn count_running_hosts(&self, key: ExecutionKey) -> Result<u64, StoreError> {
        let mut query = self.query(
            "SELECT COUNT(*) AS n FROM execution_hosts WHERE execution = ? AND running_task IS NOT NULL",
        );
        query.bind(key).fetch_one(&self.read).await?.unsigned("n")
    }
}
