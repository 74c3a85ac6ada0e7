//! What the launcher has to do: the queue, and what was asked for.

use uuid::Uuid;

use super::pool::{Row, Transaction};
use super::{Store, StoreError};
use crate::filter::indexed;
use crate::model::{LaunchRow, LaunchState};

const COLUMNS: &str = "SELECT uuid, state, parameters, queued_us, collector FROM launches";

/// Writes a new launch, within the transaction that makes its execution known.
pub(super) async fn insert(
    transaction: &mut Transaction,
    row: &LaunchRow,
) -> Result<(), sqlx::Error> {
    let parameters = serde_json::to_string(&row.parameters).unwrap_or_else(|_| "{}".to_owned());
    let playbook = Some(row.parameters.playbook.as_str()).filter(|playbook| !playbook.is_empty());
    transaction
        .query(
            "INSERT INTO launches (uuid, state, playbook, parameters, queued_us, collector) \
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id)
        .bind(row.state.as_str())
        .bind(playbook.map(indexed))
        .bind(&parameters)
        .bind(row.queued_us)
        .bind(row.collector.as_deref())
        .execute_in(transaction)
        .await?;
    Ok(())
}

impl Store {
    /// What was asked for, where this execution was launched by Playback.
    ///
    /// # Errors
    /// The database failed.
    pub async fn launch(&self, id: Uuid) -> Result<Option<LaunchRow>, StoreError> {
        let mut query = self.query(COLUMNS);
        query.push(" WHERE uuid = ?").bind(id);
        let row = query.fetch_optional(&self.read).await?;
        row.as_ref().map(read_launch).transpose()
    }

    /// Launches in this state, in the order in which they were asked for; those of one `collector` where it
    /// is named, and those that nobody's name stands at.
    ///
    /// # Errors
    /// The database failed.
    pub async fn launches(
        &self,
        state: LaunchState,
        collector: Option<&str>,
        limit: u32,
    ) -> Result<Vec<LaunchRow>, StoreError> {
        let mut query = self.query(COLUMNS);
        // The index holds open launches only, and is used where the statement says so.
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
        rows.iter().map(read_launch).collect()
    }

    /// How many launches wait.
    ///
    /// # Errors
    /// The database failed.
    pub async fn queued_launches(&self) -> Result<u64, StoreError> {
        self.query("SELECT COUNT(*) AS n FROM launches WHERE state <> 'ended' AND state = 'queued'")
            .fetch_one(&self.read)
            .await?
            .unsigned("n")
    }

    /// Moves a launch on; false when it was not in the state `from`, because somebody else was faster.
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

fn read_launch(row: &Row) -> Result<LaunchRow, StoreError> {
    let damaged = |what| StoreError::Damaged { what };
    Ok(LaunchRow {
        id: row.get("uuid")?,
        state: LaunchState::from_name(row.get("state")?).ok_or(damaged("a launch's state"))?,
        parameters: serde_json::from_str(row.get("parameters")?)
            .map_err(|_| damaged("a launch's parameters"))?,
        queued_us: row.get("queued_us")?,
        collector: row.get("collector")?,
    })
}
