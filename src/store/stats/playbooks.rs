//! Results of each playbook's last runs, for the metrics.

use super::super::{Store, StoreError};

/// Maximum number of playbooks.
const KNOWN: u32 = 2000;

/// Results of a playbook's last runs.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaybookFigures {
    /// The playbook, as recorded.
    pub playbook: String,
    /// When its last successful run ended, in microseconds since the epoch.
    pub last_success_us: Option<i64>,
    /// Duration of its last finished run.
    pub last_duration_us: Option<i64>,
}

impl Store {
    /// The playbooks that ran last, at most `limit`, by name. Each name is found by one step through an index, so the
    /// cost grows with the number of playbooks, not of runs.
    ///
    /// # Errors
    /// The database failed.
    pub async fn playbook_figures(&self, limit: u32) -> Result<Vec<PlaybookFigures>, StoreError> {
        let rows = self
            .query(
                "WITH RECURSIVE names (playbook, known) AS ( \
                   SELECT MIN(playbook), 1 FROM executions \
                   UNION ALL \
                   SELECT (SELECT MIN(e.playbook) FROM executions e WHERE e.playbook > names.playbook), \
                          names.known + 1 \
                   FROM names WHERE names.playbook IS NOT NULL AND names.known < ? \
                 ), \
                 latest (playbook, started_us) AS ( \
                   SELECT names.playbook, \
                          (SELECT MAX(e.started_us) FROM executions e WHERE e.playbook = names.playbook) AS started \
                   FROM names WHERE names.playbook IS NOT NULL ORDER BY started DESC LIMIT ? \
                 ) \
                 SELECT latest.playbook AS playbook, \
                   (SELECT e.ended_us FROM executions e \
                    WHERE e.playbook = latest.playbook AND e.status = 'success' \
                    ORDER BY e.started_us DESC LIMIT 1) AS last_success_us, \
                   (SELECT e.duration_us FROM executions e \
                    WHERE e.playbook = latest.playbook AND e.duration_us IS NOT NULL \
                    ORDER BY e.started_us DESC LIMIT 1) AS last_duration_us \
                 FROM latest ORDER BY latest.playbook",
            )
            .bind(KNOWN)
            .bind(limit)
            .fetch_all(&self.read)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(PlaybookFigures {
                    playbook: row.get("playbook")?,
                    last_success_us: row.get("last_success_us")?,
                    last_duration_us: row.get("last_duration_us")?,
                })
            })
            .collect()
    }
}
