//! The last runs of each of several playbooks, in brief: what a list shows beside a run.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::model::{Status, time_from_us};
use crate::store::{RecentRow, Store, StoreError};

/// A run, in brief.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecentRun {
    /// Its identity.
    pub id: Uuid,
    /// How it ended.
    pub status: Status,
    /// Whether it changed anything.
    pub changed: bool,
    /// When it started.
    pub start_time: DateTime<Utc>,
    /// How long it took, in seconds; missing while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
}

impl From<RecentRow> for RecentRun {
    fn from(row: RecentRow) -> Self {
        Self {
            id: row.id,
            status: row.status,
            changed: row.changed,
            start_time: time_from_us(row.started_us),
            duration: row.duration_us.map(|took| took as f64 / 1e6),
        }
    }
}

/// The last runs of a playbook.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecentRuns {
    /// Its name, as asked.
    pub playbook: String,
    /// Its runs, newest first.
    pub runs: Vec<RecentRun>,
}

/// The last runs of several playbooks.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecentList {
    /// The playbooks, in the requested order.
    pub playbooks: Vec<RecentRuns>,
}

/// The last runs of each of these playbooks, `limit` at most of each.
///
/// # Errors
/// The store failed.
pub async fn recent(
    store: &Store,
    names: Vec<String>,
    limit: u32,
) -> Result<RecentList, StoreError> {
    let mut playbooks = Vec::with_capacity(names.len());
    for playbook in names {
        let runs = store.recent_runs(&playbook, limit).await?;
        playbooks.push(RecentRuns {
            playbook,
            runs: runs.into_iter().map(RecentRun::from).collect(),
        });
    }
    Ok(RecentList { playbooks })
}
