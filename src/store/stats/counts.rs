//! Counts executions without reading them one by one.

use super::super::pool::Transaction;
use super::super::{Store, StoreError};
use super::query::{Span, push_span};
use crate::model::{Status, span_of};

/// Number of executions by status, for the metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatusCounts {
    /// Not over yet.
    pub running: u64,
    /// Exited with 0.
    pub success: u64,
    /// Anything else.
    pub failed: u64,
}

impl Store {
    /// Number of executions by status. Days with a current roll-up have it stored; the others are counted.
    ///
    /// # Errors
    /// The database failed.
    pub async fn status_counts(&self) -> Result<StatusCounts, StoreError> {
        let mut counts = StatusCounts::default();
        let mut snapshot = self.read.begin_snapshot().await?;
        let days = snapshot
            .query("SELECT day, version, rolled, success, failed FROM stat_days ORDER BY day")
            .fetch_all_in(&mut snapshot)
            .await?;
        let mut spans = Vec::new();
        for row in days {
            if row.get::<i64>("version")? == row.get::<i64>("rolled")? {
                counts.success += row.unsigned("success")?;
                counts.failed += row.unsigned("failed")?;
            } else {
                push_span(&mut spans, span_of(row.get("day")?));
            }
        }
        for span in spans {
            counts.success += count(&mut snapshot, Status::Success, span).await?;
            counts.failed += count(&mut snapshot, Status::Failed, span).await?;
        }
        counts.running = count(&mut snapshot, Status::Running, (i64::MIN, i64::MAX)).await?;
        snapshot.commit().await?;
        Ok(counts)
    }
}

/// Number of executions with a status that started in a period.
async fn count(
    snapshot: &mut Transaction,
    status: Status,
    (from_us, to_us): Span,
) -> Result<u64, StoreError> {
    let rows = snapshot
        .query(
            "SELECT COUNT(*) AS n FROM executions WHERE status = ? AND started_us >= ? \
             AND started_us <= ?",
        )
        .bind(status.as_str())
        .bind(from_us)
        .bind(to_us)
        .fetch_all_in(snapshot)
        .await?;
    rows.first().map_or(Ok(0), |row| row.unsigned("n"))
}
