//! Reports of facts: of an execution, and of a host over all executions.

use uuid::Uuid;

use super::pool::Row;
use super::statement::Statement;
use super::tables::facts;
use super::{Store, StoreError};
use crate::filter::stored;
use crate::model::{ExecutionKey, FactsRow};

/// A report of a host's facts, in whichever run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactsReport {
    /// The execution's key.
    pub key: ExecutionKey,
    /// The execution.
    pub id: Uuid,
    /// Sequence number of the event that holds the facts.
    pub seq: u64,
    /// Its kind (see `facts::Kind`).
    pub kind: i64,
    /// Hash of the facts that last.
    pub digest: i64,
    /// When it came, in microseconds since the epoch.
    pub at_us: i64,
    /// Whether retention removed the execution's log, and the facts with it.
    pub is_removed: bool,
}

impl Store {
    /// Reports of facts of an execution after sequence number `after_seq`, in order, `limit` at most.
    ///
    /// # Errors
    /// The database failed.
    pub async fn facts(
        &self,
        key: ExecutionKey,
        after_seq: u64,
        limit: u32,
    ) -> Result<Vec<FactsRow>, StoreError> {
        let mut query = self.query(facts::SELECT);
        query
            .push(" WHERE execution = ? AND seq > ? ORDER BY seq LIMIT ?")
            .bind(key)
            .bind(after_seq)
            .bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(facts::read).collect()
    }

    /// The last reports of a host's facts at or before a time, the latest first, `limit` at most.
    ///
    /// # Errors
    /// The database failed.
    pub async fn facts_until(
        &self,
        host: &str,
        until_us: i64,
        limit: u32,
    ) -> Result<Vec<FactsReport>, StoreError> {
        let mut query = self.query(REPORTS);
        query
            .push(" WHERE f.name = ? AND f.at_us <= ? ORDER BY f.at_us DESC LIMIT ?")
            .bind(stored(host))
            .bind(until_us)
            .bind(limit);
        let mut reports = self.read_reports(query).await?;
        // Among those at the same time, the order must not depend on which arrived first.
        reports.sort_unstable_by_key(|report| std::cmp::Reverse(place(report)));
        Ok(reports)
    }

    /// The reports of a host's facts after one time, and at or before another, in order, `limit` at most.
    ///
    /// # Errors
    /// The database failed.
    pub async fn facts_between(
        &self,
        host: &str,
        (after_us, until_us): (i64, i64),
        limit: u32,
    ) -> Result<Vec<FactsReport>, StoreError> {
        let mut query = self.query(REPORTS);
        query
            .push(" WHERE f.name = ? AND f.at_us > ? AND f.at_us <= ? ORDER BY f.at_us LIMIT ?")
            .bind(stored(host))
            .bind(after_us)
            .bind(until_us)
            .bind(limit);
        let mut reports = self.read_reports(query).await?;
        reports.sort_unstable_by_key(place);
        Ok(reports)
    }

    async fn read_reports(&self, mut query: Statement) -> Result<Vec<FactsReport>, StoreError> {
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(read_report).collect()
    }
}

/// The rows of a deleted execution may not have been swept yet; without the execution they are not found.
const REPORTS: &str = "SELECT f.execution, e.uuid, f.seq, f.kind, f.digest, f.at_us, e.payload_removed_us \
    FROM host_facts f JOIN executions e ON e.id = f.execution";

/// What orders reports.
fn place(report: &FactsReport) -> (i64, Uuid, u64) {
    (report.at_us, report.id, report.seq)
}

fn read_report(row: &Row) -> Result<FactsReport, StoreError> {
    let removed_us: Option<i64> = row.get("payload_removed_us")?;
    Ok(FactsReport {
        key: row.get("execution")?,
        id: row.get("uuid")?,
        seq: row.unsigned("seq")?,
        kind: row.get("kind")?,
        digest: row.get("digest")?,
        at_us: row.get("at_us")?,
        is_removed: removed_us.is_some(),
    })
}
