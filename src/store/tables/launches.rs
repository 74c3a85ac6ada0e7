//! Launches.

use super::super::StoreError;
use super::super::pool::{Row, Transaction};
use crate::filter::indexed;
use crate::model::{LaunchRow, LaunchState};

pub(in crate::store) const SELECT: &str =
    "SELECT uuid, state, parameters, queued_us, collector FROM launches";

/// Writes a new launch, within the transaction that makes its execution known.
pub(in crate::store) async fn insert(
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

pub(in crate::store) fn read(row: &Row) -> Result<LaunchRow, StoreError> {
    let damaged = |part| StoreError::Damaged { part };
    Ok(LaunchRow {
        id: row.get("uuid")?,
        state: LaunchState::from_name(row.get("state")?).ok_or(damaged("a launch's state"))?,
        parameters: serde_json::from_str(row.get("parameters")?)
            .map_err(|_| damaged("a launch's parameters"))?,
        queued_us: row.get("queued_us")?,
        collector: row.get("collector")?,
    })
}
