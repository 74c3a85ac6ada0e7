//! Queries for reports beside statistics and trends: errors of a period, and errors that were there before. Each statement
//! reads a bounded number of rows, however long the history is.

use playback_wire::ResultStatus;

use super::filter::{Source, push_filter};
use super::tables::executions;
use super::tables::results::{FAILURES, read_failure};
use super::tables::table::push_list;
use super::{Store, StoreError};
use crate::filter::indexed;
use crate::model::{ExecutionFilter, ExecutionKey, ExecutionRow, FailureRow};

/// Occurrences of errors that are counted in a period: the newest ones.
pub const COUNTED_ERRORS: u32 = 100_000;

/// How often an error occurred in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCount {
    /// Fingerprint of the error.
    pub fingerprint: i64,
    /// Runs in which it occurred.
    pub runs: u64,
    /// When the first run started in which it ever occurred, in microseconds since the epoch.
    pub first_us: i64,
}

impl Store {
    /// The errors of the runs that match and started in a period, both ends included: those of the most runs first, at
    /// most `limit`. Of more than [`COUNTED_ERRORS`] occurrences, the newest count.
    ///
    /// # Errors
    /// The database failed.
    pub async fn error_counts(
        &self,
        filter: &ExecutionFilter,
        (from_us, to_us): (i64, i64),
        limit: u32,
    ) -> Result<Vec<ErrorCount>, StoreError> {
        // The rows of a deleted execution may not have been swept yet; without the execution they do not count.
        let mut query = self.query(
            "SELECT g.fingerprint AS fingerprint, g.runs AS runs, \
             (SELECT MIN(f.started_us) FROM fingerprints f WHERE f.fingerprint = g.fingerprint) AS first_us \
             FROM (SELECT r.fingerprint AS fingerprint, COUNT(*) AS runs FROM \
             (SELECT f.execution, f.started_us, f.fingerprint FROM fingerprints f \
             WHERE f.started_us >= ? AND f.started_us <= ? ORDER BY f.started_us DESC LIMIT ?) AS r",
        );
        query.bind(from_us).bind(to_us).bind(COUNTED_ERRORS);
        query.push(" JOIN executions e");
        if filter.conditions().is_empty() {
            query.push(self.engine().index_of_starts());
        }
        query.push(" ON e.id = r.execution AND e.started_us = r.started_us WHERE 1 = 1");
        push_filter(&mut query, filter, Source::Executions);
        query
            .push(" GROUP BY r.fingerprint) AS g ORDER BY g.runs DESC, g.fingerprint LIMIT ?")
            .bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter()
            .map(|row| {
                Ok(ErrorCount {
                    fingerprint: row.get("fingerprint")?,
                    runs: row.unsigned("runs")?,
                    first_us: row.get("first_us")?,
                })
            })
            .collect()
    }

    /// Whether a period has more occurrences of errors than are counted.
    ///
    /// # Errors
    /// The database failed.
    pub async fn has_more_errors(&self, (from_us, to_us): (i64, i64)) -> Result<bool, StoreError> {
        let mut query = self.query(
            "SELECT f.started_us FROM fingerprints f WHERE f.started_us >= ? AND f.started_us <= ? \
             ORDER BY f.started_us DESC LIMIT 1 OFFSET ?",
        );
        query.bind(from_us).bind(to_us).bind(COUNTED_ERRORS);
        Ok(query.fetch_optional(&self.read).await?.is_some())
    }

    /// The number of runs that match and started in a period in which each of these errors occurred; errors without
    /// such runs are left out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn runs_with_errors(
        &self,
        fingerprints: &[i64],
        filter: &ExecutionFilter,
        (from_us, to_us): (i64, i64),
    ) -> Result<Vec<(i64, u64)>, StoreError> {
        if fingerprints.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = self.query(
            "SELECT f.fingerprint AS fingerprint, COUNT(*) AS runs FROM fingerprints f JOIN executions e",
        );
        if filter.conditions().is_empty() {
            query.push(self.engine().index_of_starts());
        }
        query.push(
            " ON e.id = f.execution AND e.started_us = f.started_us WHERE f.fingerprint IN (",
        );
        push_list(&mut query, fingerprints);
        query.push(" AND f.started_us >= ? AND f.started_us <= ?");
        query.bind(from_us).bind(to_us);
        push_filter(&mut query, filter, Source::Executions);
        query.push(" GROUP BY f.fingerprint");
        let rows = query.fetch_all(&self.read).await?;
        rows.iter()
            .map(|row| Ok((row.get("fingerprint")?, row.unsigned("runs")?)))
            .collect()
    }

    /// The last run that matches, started in a period and has an error.
    ///
    /// # Errors
    /// The database failed.
    pub async fn last_run_with_error(
        &self,
        fingerprint: i64,
        filter: &ExecutionFilter,
        (from_us, to_us): (i64, i64),
    ) -> Result<Option<(ExecutionKey, ExecutionRow)>, StoreError> {
        let mut query = self.query(executions::SELECT);
        query
            .push(
                " FROM fingerprints f JOIN executions e ON e.id = f.execution \
                 WHERE f.fingerprint = ? AND f.started_us >= ? AND f.started_us <= ?",
            )
            .bind(fingerprint)
            .bind(from_us)
            .bind(to_us);
        push_filter(&mut query, filter, Source::Executions);
        query.push(" ORDER BY f.started_us DESC, f.execution DESC LIMIT 1");
        let row = query.fetch_optional(&self.read).await?;
        row.as_ref().map(executions::read).transpose()
    }

    /// The first result of an execution with an error that nothing handled.
    ///
    /// # Errors
    /// The database failed.
    pub async fn failure_with(
        &self,
        key: ExecutionKey,
        fingerprint: i64,
    ) -> Result<Option<FailureRow>, StoreError> {
        for status in [ResultStatus::Failed, ResultStatus::Unreachable] {
            let mut query = self.query(FAILURES);
            query
                .push(self.engine().index_of_failures(Some(status)))
                .push(
                    " LEFT JOIN execution_hosts h ON h.execution = r.execution AND h.number = r.host \
                     WHERE r.execution = ?",
                )
                .push(match status {
                    ResultStatus::Unreachable => " AND r.status = 3",
                    _ => " AND r.status = 1",
                })
                // Flags are negative once a result is retracted; 66 is `ResultFlags::HANDLED`.
                .push(" AND r.flags >= 0 AND r.flags & 66 = 0 AND r.fingerprint = ? ORDER BY r.seq LIMIT 1")
                .bind(key)
                .bind(fingerprint);
            if let Some(row) = query.fetch_optional(&self.read).await? {
                return read_failure(&row).map(Some);
            }
        }
        Ok(None)
    }

    /// Whether a playbook, as recorded, ran before a time.
    ///
    /// # Errors
    /// The database failed.
    pub async fn ran_before(&self, playbook: &str, before_us: i64) -> Result<bool, StoreError> {
        let mut query = self.query(
            "SELECT e.id FROM executions e WHERE e.playbook = ? AND e.started_us < ? LIMIT 1",
        );
        query.bind(indexed(playbook)).bind(before_us);
        Ok(query.fetch_optional(&self.read).await?.is_some())
    }
}
