//! Hosts and results of several executions at once, for exports.
//!
//! Rows of a deleted execution stay until they are swept. So each statement joins the executions: it finds all rows of
//! an execution that is there, and none of one that was deleted.

use std::collections::HashMap;

use playback_wire::ResultStatus;

use super::pool::Row;
use super::statement::Statement;
use super::tables::results::EXPORTED;
use super::tables::table::push_list;
use super::tables::{hosts, results};
use super::{ResultEntry, Store, StoreError};
use crate::filter::indexed;
use crate::model::{ExecutionKey, HostRow, ResultFlags};

/// The hosts of an execution, by outcome. A host may count several times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostCounts {
    /// All.
    pub total: u64,
    /// With a task that changed something; in check mode, that would have.
    pub changed: u64,
    /// With a failure.
    pub failed: u64,
    /// Not reached.
    pub unreachable: u64,
}

/// Which hosts and results of the executions.
#[derive(Debug, Clone, Default)]
pub struct RowFilter {
    /// Inventory name of the host.
    pub host: Option<String>,
    /// How a result ended.
    pub status: Option<ResultStatus>,
    /// Whether a result changed something.
    pub changed: Option<bool>,
}

/// A result, and where its task is.
#[derive(Debug, Clone)]
pub struct PlacedResult {
    /// The result.
    pub entry: ResultEntry,
    /// Number of the task's play; 0 when unknown.
    pub play: u32,
    /// Role that holds the task; empty if none.
    pub role: String,
    /// File that holds the task; empty when unknown.
    pub path: String,
    /// Line in the file; 0 when unknown.
    pub line: u32,
}

/// The number of a task's results that ended in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutcomeCount {
    /// Number of the task.
    pub task: u32,
    /// How they ended.
    pub status: ResultStatus,
    /// Their flags.
    pub flags: ResultFlags,
    /// How many.
    pub results: u64,
    /// Sequence number of the first of them.
    pub first_seq: u64,
    /// Sequence number of the last of them.
    pub last_seq: u64,
}

impl Store {
    /// Counts the hosts of each of these executions; one that does not exist is left out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn host_counts(
        &self,
        keys: &[ExecutionKey],
    ) -> Result<HashMap<ExecutionKey, HostCounts>, StoreError> {
        let mut query = self.query(
            "SELECT e.id AS execution, COUNT(h.number) AS total, \
             COUNT(CASE WHEN h.changed > 0 THEN 1 END) AS changed, \
             COUNT(CASE WHEN h.failed > 0 THEN 1 END) AS failed, \
             COUNT(CASE WHEN h.unreachable > 0 THEN 1 END) AS unreachable \
             FROM executions e LEFT JOIN execution_hosts h ON h.execution = e.id WHERE e.id IN (",
        );
        push_list(&mut query, keys);
        query.push(" GROUP BY e.id");
        let mut counts = HashMap::with_capacity(keys.len());
        query
            .for_each(&self.read, |row| {
                let count = HostCounts {
                    total: row.unsigned("total")?,
                    changed: row.unsigned("changed")?,
                    failed: row.unsigned("failed")?,
                    unreachable: row.unsigned("unreachable")?,
                };
                counts.insert(row.get("execution")?, count);
                Ok(())
            })
            .await?;
        Ok(counts)
    }

    /// The hosts of these executions, `limit` at most: those of one execution ordered by number, those of several in any
    /// order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn hosts_of(
        &self,
        keys: &[ExecutionKey],
        filter: &RowFilter,
        limit: u32,
    ) -> Result<Vec<(ExecutionKey, HostRow)>, StoreError> {
        let mut query = self.query(hosts::EXPORTED);
        push_keys(query.push(" WHERE h.execution "), keys);
        if let Some(host) = &filter.host {
            query.push(" AND h.name = ?").bind(indexed(host));
        }
        query
            .push(match keys.len() {
                1 => " ORDER BY h.number LIMIT ?",
                _ => " LIMIT ?",
            })
            .bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter()
            .map(|row| Ok((row.get("execution")?, hosts::read(row)?)))
            .collect()
    }

    /// Results of these executions with a sequence number greater than `after`, `limit` at most: those of one execution
    /// ordered by sequence, those of several in any order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn results_of(
        &self,
        keys: &[ExecutionKey],
        filter: &RowFilter,
        after: u64,
        limit: u32,
    ) -> Result<Vec<(ExecutionKey, PlacedResult)>, StoreError> {
        let mut query = self.query(EXPORTED);
        push_keys(query.push(" WHERE r.execution "), keys);
        query.push(" AND r.seq > ?").bind(after);
        // Every field is named, so that the compiler reports one that is forgotten.
        let RowFilter {
            host,
            status,
            changed,
        } = filter;
        if let Some(host) = host {
            query.push(" AND h.name = ?").bind(indexed(host));
        }
        if let Some(status) = *status {
            query.push(" AND r.status = ?").bind(status as i32);
        }
        if let Some(changed) = *changed {
            query.push(match changed {
                true => " AND r.flags & 1 = 1",
                false => " AND r.flags & 1 = 0",
            });
        }
        query
            .push(match keys.len() {
                1 => " ORDER BY r.seq LIMIT ?",
                _ => " LIMIT ?",
            })
            .bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(read_placed).collect()
    }

    /// Sequence number of the last result of an execution; 0 if there is none.
    ///
    /// # Errors
    /// The database failed.
    pub async fn last_result(&self, key: ExecutionKey) -> Result<u64, StoreError> {
        let mut query =
            self.query("SELECT COALESCE(MAX(seq), 0) AS last FROM results WHERE execution = ?");
        query
            .bind(key)
            .fetch_one(&self.read)
            .await?
            .unsigned("last")
    }

    /// Counts the results of an execution up to sequence number `last`, by task and outcome. Retracted ones do not
    /// count.
    ///
    /// # Errors
    /// The database failed.
    pub async fn count_results(
        &self,
        key: ExecutionKey,
        last: u64,
    ) -> Result<Vec<OutcomeCount>, StoreError> {
        let mut query = self.query(
            "SELECT task, status, flags, COUNT(*) AS n, MIN(seq) AS first_seq, MAX(seq) AS last_seq FROM results \
             WHERE execution = ? AND seq <= ? AND flags >= 0 \
             GROUP BY task, status, flags",
        );
        let rows = query.bind(key).bind(last).fetch_all(&self.read).await?;
        rows.iter()
            .map(|row| {
                Ok(OutcomeCount {
                    task: row.number("task")?,
                    status: results::read_status(row)?,
                    flags: results::read_flags(row)?,
                    results: row.unsigned("n")?,
                    first_seq: row.unsigned("first_seq")?,
                    last_seq: row.unsigned("last_seq")?,
                })
            })
            .collect()
    }
}

/// Adds a condition on keys after a column: one is compared with, so that rows come in the order of its index.
fn push_keys(query: &mut Statement, keys: &[ExecutionKey]) {
    match keys {
        [key] => {
            query.push("= ?").bind(*key);
        }
        keys => push_list(query.push("IN ("), keys),
    }
}

fn read_placed(row: &Row) -> Result<(ExecutionKey, PlacedResult), StoreError> {
    let placed = PlacedResult {
        entry: results::read(row)?,
        play: row.number("play")?,
        role: row.get("role")?,
        path: row.get("path")?,
        line: row.number("line")?,
    };
    Ok((row.get("execution")?, placed))
}
