//! The last runs of a playbook, in brief.

use uuid::Uuid;

use super::tables::executions::read_status;
use super::{Store, StoreError};
use crate::filter::indexed;
use crate::model::Status;

/// A run, in brief.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentRow {
    /// Identity of the execution.
    pub id: Uuid,
    /// How it ended.
    pub status: Status,
    /// Whether it changed anything.
    pub changed: bool,
    /// Start, in microseconds since the epoch.
    pub started_us: i64,
    /// How long it took; none if it is not over.
    pub duration_us: Option<i64>,
}

impl Store {
    /// The last runs of the playbook recorded under this name, newest first, `limit` at most.
    ///
    /// # Errors
    /// The database failed.
    pub async fn recent_runs(
        &self,
        playbook: &str,
        limit: u32,
    ) -> Result<Vec<RecentRow>, StoreError> {
        let rows = self
            .query(
                "SELECT uuid, status, changed, started_us, duration_us FROM executions \
                 WHERE playbook = ? ORDER BY started_us DESC LIMIT ?",
            )
            .bind(indexed(playbook))
            .bind(limit)
            .fetch_all(&self.read)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(RecentRow {
                    id: row.get("uuid")?,
                    status: read_status(row)?,
                    changed: row.get("changed")?,
                    started_us: row.get("started_us")?,
                    duration_us: row.get("duration_us")?,
                })
            })
            .collect()
    }
}
