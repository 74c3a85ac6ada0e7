//! Series of runs: the runs before one, the series of a playbook, and the keys of rows that have none yet.
//!
//! No index covers the comparisons of `reason`, `ended_us`, `duration_us` and `status`: all these statements go through
//! the index of the series, newest first, and stop when they have enough.

use playback_wire::ExecutionStarted;
use uuid::Uuid;

use super::dialect::Engine;
use super::pool::Row;
use super::statement::Statement;
use super::tables::executions::read_status;
use super::{Store, StoreError, transaction};
use crate::filter::indexed;
use crate::model::{
    DAY_US, ExecutionKey, FailuresInRow, NO_SERIES, Status, series_key, series_of_playbook,
};

/// Rows that get their keys in one transaction.
const KEYED: u32 = 500;

/// Which runs: those of a series, in one folder or in any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesScope {
    /// The series, as [`series_key`] makes it.
    pub series: i64,
    /// The folder of the playbook, as [`crate::model::folder_of`] tells it; none: any.
    pub folder: Option<String>,
}

/// A run of a series that is over, in brief.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesRun {
    /// Its key.
    pub key: ExecutionKey,
    /// Its identity.
    pub id: Uuid,
    /// Its start, in microseconds since the epoch.
    pub started_us: i64,
    /// Its end; of a run whose end is not known, its start.
    pub ended_us: i64,
    /// How it ended.
    pub status: Status,
    /// How long it took, in microseconds.
    pub duration_us: Option<i64>,
}

/// The last run of a series, and when its runs started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesStarts {
    /// Key of the last run.
    pub key: ExecutionKey,
    /// Its identity.
    pub id: Uuid,
    /// When the runs started, the last one first; in microseconds since the epoch.
    pub started_us: Vec<i64>,
}

const RUNS: &str =
    "SELECT e.id, e.uuid, e.started_us, e.ended_us, e.status, e.duration_us FROM executions e";

/// Selects runs that are over and say whether the playbook works: they were not canceled.
const COUNTS: &str = " AND e.status <> 'running' AND (e.reason IS NULL OR e.reason <> 'canceled')";

/// Adds the condition that a run is of the scope.
fn push_scope(query: &mut Statement, scope: &SeriesScope) {
    query.push(" WHERE e.series = ?").bind(scope.series);
    if let Some(folder) = &scope.folder {
        query.push(" AND e.folder = ?").bind(indexed(folder));
    }
}

/// Adds the condition that a run was over before a time, or at it with a lower key.
fn push_before(query: &mut Statement, (ended_us, key): (i64, ExecutionKey)) {
    // Whatever was over by then had started by then.
    query.push(" AND e.started_us <= ?").bind(ended_us);
    query
        .push(
            " AND COALESCE(e.ended_us, e.started_us) <= ? \
             AND (COALESCE(e.ended_us, e.started_us) < ? OR e.id < ?)",
        )
        .bind(ended_us)
        .bind(ended_us)
        .bind(key);
}

impl Store {
    /// The runs of a series that were over before that end and key, the one that started last first; at most `limit`.
    /// Canceled ones are left out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn runs_before(
        &self,
        scope: &SeriesScope,
        before: (i64, ExecutionKey),
        limit: u32,
    ) -> Result<Vec<SeriesRun>, StoreError> {
        let mut query = self.query(RUNS);
        push_scope(&mut query, scope);
        push_before(&mut query, before);
        query.push(COUNTS);
        query
            .push(" ORDER BY e.started_us DESC LIMIT ?")
            .bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(read_run).collect()
    }

    /// The failures since the last success among the runs that [`Store::runs_before`] finds, however many they are; none if
    /// the last run was a success, or there is none.
    ///
    /// # Errors
    /// The database failed.
    pub async fn failures_before(
        &self,
        scope: &SeriesScope,
        before: (i64, ExecutionKey),
    ) -> Result<Option<FailuresInRow>, StoreError> {
        let mut query = self.query(RUNS);
        push_scope(&mut query, scope);
        push_before(&mut query, before);
        query.push(
            " AND e.status <> 'running' AND e.status <> 'failed' ORDER BY e.started_us DESC LIMIT 1",
        );
        let success = query.fetch_optional(&self.read).await?;
        let since_us = match success.as_ref().map(read_run).transpose()? {
            Some(run) => run.started_us,
            None => i64::MIN,
        };
        let mut query = self.query(RUNS);
        push_scope(&mut query, scope);
        push_before(&mut query, before);
        query.push(" AND e.started_us > ?").bind(since_us);
        query.push(COUNTS);
        query.push(" AND e.status <> 'success' ORDER BY e.started_us DESC");
        let mut failures: Option<FailuresInRow> = None;
        query
            .for_each(&self.read, |row| {
                let run = read_run(row)?;
                failures = Some(FailuresInRow {
                    runs: failures.map_or(0, |before| before.runs) + 1,
                    first: (run.id, run.started_us),
                });
                Ok(())
            })
            .await?;
        Ok(failures)
    }

    /// The last successful runs of a series, in any folder, that had started by then and whose duration is known, the
    /// last one first; at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn successes_of(
        &self,
        series: i64,
        started_us: i64,
        limit: u32,
    ) -> Result<Vec<SeriesRun>, StoreError> {
        let mut query = self.query(RUNS);
        query
            .push(" WHERE e.series = ? AND e.started_us <= ?")
            .bind(series)
            .bind(started_us);
        query
            .push(
                " AND e.status <> 'running' AND e.status <> 'failed' \
                 AND COALESCE(e.duration_us, -1) >= 0 ORDER BY e.started_us DESC LIMIT ?",
            )
            .bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(read_run).collect()
    }

    /// Whether a run of a series is over that ended after that end and key.
    ///
    /// # Errors
    /// The database failed.
    pub async fn has_run_after(
        &self,
        scope: &SeriesScope,
        (ended_us, key): (i64, ExecutionKey),
    ) -> Result<bool, StoreError> {
        let mut query = self.query(RUNS);
        push_scope(&mut query, scope);
        query.push(COUNTS);
        query
            .push(
                " AND COALESCE(e.ended_us, e.started_us) >= ? \
                 AND (COALESCE(e.ended_us, e.started_us) > ? OR e.id > ?)",
            )
            .bind(ended_us)
            .bind(ended_us)
            .bind(key);
        // Of those that started last: what ended after it and started long before is not worth a longer look.
        query
            .push(" AND e.started_us >= ?")
            .bind(ended_us.saturating_sub(DAY_US));
        query.push(" ORDER BY e.started_us DESC LIMIT 1");
        Ok(query.fetch_optional(&self.read).await?.is_some())
    }

    /// Whether there is another run of a playbook in a folder: a job that checks its playbook out into a new folder each
    /// time has none.
    ///
    /// # Errors
    /// The database failed.
    pub async fn ran_in_folder(
        &self,
        playbook: &str,
        folder: &str,
        but: ExecutionKey,
    ) -> Result<bool, StoreError> {
        let mut query = self.query(
            "SELECT id FROM executions WHERE playbook = ? AND folder = ? AND id <> ? LIMIT 1",
        );
        query
            .bind(indexed(playbook))
            .bind(indexed(folder))
            .bind(but);
        Ok(query.fetch_optional(&self.read).await?.is_some())
    }

    /// The series of a playbook, at most `limit`; `playbook` as the database has it. Found by steps through the index, so the
    /// cost grows with the number of series, not of runs.
    ///
    /// # Errors
    /// The database failed.
    pub async fn series_of(&self, playbook: &str, limit: usize) -> Result<Vec<i64>, StoreError> {
        let (first, mut end) = series_of_playbook(playbook);
        let mut found = Vec::new();
        while found.len() < limit {
            let mut query = self.query(
                "SELECT series, playbook FROM executions WHERE series < ? AND series >= ? \
                 ORDER BY series DESC, started_us DESC LIMIT 1",
            );
            query.bind(end).bind(first);
            let Some(row) = query.fetch_optional(&self.read).await? else {
                break;
            };
            end = row.get("series")?;
            // Another playbook may share the range.
            if row.get::<Option<&str>>("playbook")? == Some(playbook) {
                found.push(end);
            }
        }
        Ok(found)
    }

    /// When the last runs of a series started, whatever became of them: at most `limit`. None: there is no run.
    ///
    /// # Errors
    /// The database failed.
    pub async fn starts_of(
        &self,
        scope: &SeriesScope,
        limit: u32,
    ) -> Result<Option<SeriesStarts>, StoreError> {
        let mut query = self.query("SELECT e.id, e.uuid, e.started_us FROM executions e");
        push_scope(&mut query, scope);
        query
            .push(" ORDER BY e.started_us DESC LIMIT ?")
            .bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        let Some(last) = rows.first() else {
            return Ok(None);
        };
        let starts = rows.iter().map(|row| row.get("started_us"));
        Ok(Some(SeriesStarts {
            key: last.get("id")?,
            id: last.get("uuid")?,
            started_us: starts.collect::<Result<_, _>>()?,
        }))
    }

    /// The keys of the last runs of a series, in any folder, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn keys_of_series(
        &self,
        series: i64,
        limit: u32,
    ) -> Result<Vec<ExecutionKey>, StoreError> {
        let mut query = self
            .query("SELECT id FROM executions WHERE series = ? ORDER BY started_us DESC LIMIT ?");
        let rows = query.bind(series).bind(limit).fetch_all(&self.read).await?;
        rows.iter().map(|row| row.get("id")).collect()
    }

    /// Whether an earlier version wrote runs whose series is not known yet.
    ///
    /// # Errors
    /// The database failed.
    pub async fn has_runs_without_series(&self) -> Result<bool, StoreError> {
        let mut query = self.query("SELECT id FROM executions WHERE series IS NULL LIMIT 1");
        Ok(query.fetch_optional(&self.read).await?.is_some())
    }

    /// Fills in the series of some runs that an earlier version wrote; returns how many there were.
    ///
    /// # Errors
    /// The database failed: nothing was changed.
    pub async fn fill_in_series(&self) -> Result<u64, StoreError> {
        let rows = self
            .query("SELECT id, what FROM executions WHERE series IS NULL LIMIT ?")
            .bind(KEYED)
            .fetch_all(&self.read)
            .await?;
        let mut found: Vec<(ExecutionKey, i64)> = Vec::with_capacity(rows.len());
        for row in &rows {
            let run = serde_json::from_str::<ExecutionStarted>(row.get("what")?);
            // A damaged row belongs to no series; reading the run reports the damage.
            let series = run.map_or(NO_SERIES, |run| series_key(&run));
            found.push((row.get("id")?, series));
        }
        let done: Result<(), StoreError> = transaction!(self, transaction => {
            for (key, series) in &found {
                // If the run was written meanwhile, that value is correct.
                let mut update = transaction
                    .query("UPDATE executions SET series = ? WHERE id = ? AND series IS NULL");
                update.bind(*series).bind(*key).execute_in(transaction).await?;
            }
        });
        done?;
        Ok(found.len() as u64)
    }
}

fn read_run(row: &Row) -> Result<SeriesRun, StoreError> {
    let started_us = row.get("started_us")?;
    let ended_us: Option<i64> = row.get("ended_us")?;
    Ok(SeriesRun {
        key: row.get("id")?,
        id: row.get("uuid")?,
        started_us,
        ended_us: ended_us.unwrap_or(started_us),
        status: read_status(row)?,
        duration_us: row.get("duration_us")?,
    })
}
