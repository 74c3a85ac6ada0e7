//! The launcher's queue, and the parameters of launches.

use uuid::Uuid;

use super::tables::launches as table;
use super::{Store, StoreError};
use crate::model::{LaunchRow, LaunchState};

impl Store {
    /// The launch of an execution, if Playback launched it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn launch(&self, id: Uuid) -> Result<Option<LaunchRow>, StoreError> {
        let mut query = self.query(table::SELECT);
        query.push(" WHERE uuid = ?").bind(id);
        let row = query.fetch_optional(&self.read).await?;
        row.as_ref().map(table::read).transpose()
    }

    /// Launches in this state, in the order in which they were requested; those of one `collector` if it is named, and
    /// those without a collector.
    ///
    /// # Errors
    /// The database failed.
    pub async fn launches(
        &self,
        state: LaunchState,
        collector: Option<&str>,
        limit: u32,
    ) -> Result<Vec<LaunchRow>, StoreError> {
        let mut query = self.query(table::SELECT);
        // The index holds open launches only, and is only used if the statement says so.
        query
            .push(" WHERE state <> 'ended' AND state = ?")
            .bind(state.as_str());
        if let Some(collector) = collector {
            query
                .push(" AND (collector = ? OR collector IS NULL)")
                .bind(collector);
        }
        query.push(" ORDER BY queued_us, uuid LIMIT ?").bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(table::read).collect()
    }

    /// The number of queued launches.
    ///
    /// # Errors
    /// The database failed.
    pub async fn queued_launches(&self) -> Result<u64, StoreError> {
        self.query("SELECT COUNT(*) AS n FROM launches WHERE state <> 'ended' AND state = 'queued'")
            .fetch_one(&self.read)
            .await?
            .unsigned("n")
    }

    /// Moves a launch to another state; false if it was not in the state `from`, because another process was faster.
    ///
    /// # Errors
    /// The database failed.
    pub async fn move_launch(
        &self,
        id: Uuid,
        from: LaunchState,
        to: LaunchState,
    ) -> Result<bool, StoreError> {
        let done = self
            .query("UPDATE launches SET state = ? WHERE uuid = ? AND state = ?")
            .bind(to.as_str())
            .bind(id)
            .bind(from.as_str())
            .execute(&self.write)
            .await?;
        Ok(done > 0)
    }
}
