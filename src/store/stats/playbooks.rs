//! Results of each playbook's last runs, for the metrics.
//!
//! Names, and the folders of one, are found by steps through an index: each step asks for the newest run of the next one,
//! by a statement with values to compare with, which each database looks up. So the cost grows with the number of
//! playbooks, not of runs.

use super::super::pool::Row;
use super::super::{Store, StoreError};

/// Maximum number of names that are read.
const NAMES: usize = 2000;

/// A playbook that was run in more folders than this, such as one checkout for each run of a CI job, is listed as one.
const FOLDERS: usize = 20;

/// Results of a playbook's last runs.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaybookFigures {
    /// The playbook, as recorded.
    pub playbook: String,
    /// The folder that a relative name starts from. None for a name that is a whole path, and for a playbook that was run
    /// in very many folders; its figures are those of all folders together.
    pub folder: Option<String>,
    /// When its last successful run ended, in microseconds since the epoch.
    pub last_success_us: Option<i64>,
    /// Duration of its last finished run.
    pub last_duration_us: Option<i64>,
}

/// The newest run of a playbook, or of one in a folder.
struct Newest {
    name: String,
    started_us: i64,
    is_success: bool,
    ended_us: Option<i64>,
    duration_us: Option<i64>,
}

const COLUMNS: &str = "started_us, status, ended_us, duration_us FROM executions";

impl Store {
    /// The playbooks that ran last, those of two folders apart: at most `limit`, by name and folder.
    ///
    /// # Errors
    /// The database failed.
    pub async fn playbook_figures(&self, limit: usize) -> Result<Vec<PlaybookFigures>, StoreError> {
        let mut names = self.newest_by_name().await?;
        names.sort_by_key(|newest| std::cmp::Reverse(newest.started_us));
        names.truncate(limit);
        let mut found: Vec<(i64, PlaybookFigures)> = Vec::new();
        for newest in &names {
            let folders = self.newest_by_folder(&newest.name).await?;
            // Without one, the rows were written by an earlier version beside this one.
            if folders.is_empty() || folders.len() > FOLDERS {
                let figures = self.figures(newest, &newest.name, None).await?;
                found.push((newest.started_us, figures));
                continue;
            }
            for newest_there in &folders {
                let folder = newest_there.name.as_str();
                let figures = self
                    .figures(newest_there, &newest.name, Some(folder))
                    .await?;
                found.push((newest_there.started_us, figures));
            }
        }
        // Those of the names that ran last include the playbooks in folders that ran last.
        found.sort_by_key(|(started_us, _)| std::cmp::Reverse(*started_us));
        found.truncate(limit);
        let mut figures: Vec<PlaybookFigures> =
            found.into_iter().map(|(_, figures)| figures).collect();
        figures.sort_by(|one, other| {
            (&one.playbook, &one.folder).cmp(&(&other.playbook, &other.folder))
        });
        Ok(figures)
    }

    /// The newest run of each playbook, by name.
    async fn newest_by_name(&self) -> Result<Vec<Newest>, StoreError> {
        let mut names: Vec<Newest> = Vec::new();
        while names.len() < NAMES {
            let mut query = self.query("SELECT playbook AS name, ");
            query.push(COLUMNS);
            match names.last() {
                None => query.push(" WHERE playbook IS NOT NULL"),
                Some(last) => query.push(" WHERE playbook < ?").bind(&last.name),
            };
            query.push(" ORDER BY playbook DESC, started_us DESC LIMIT 1");
            match query.fetch_optional(&self.read).await? {
                Some(row) => names.push(read(&row)?),
                None => break,
            }
        }
        Ok(names)
    }

    /// The newest run of a playbook in each folder; of very many folders, one more than are listed.
    async fn newest_by_folder(&self, playbook: &str) -> Result<Vec<Newest>, StoreError> {
        let mut folders: Vec<Newest> = Vec::new();
        while folders.len() <= FOLDERS {
            let mut query = self.query("SELECT folder AS name, ");
            query
                .push(COLUMNS)
                .push(" WHERE playbook = ?")
                .bind(playbook);
            match folders.last() {
                None => query.push(" AND folder IS NOT NULL"),
                Some(last) => query.push(" AND folder < ?").bind(&last.name),
            };
            query.push(" ORDER BY folder DESC, started_us DESC LIMIT 1");
            match query.fetch_optional(&self.read).await? {
                Some(row) => folders.push(read(&row)?),
                None => break,
            }
        }
        Ok(folders)
    }

    /// The figures of a playbook. Mostly, its newest run tells them.
    async fn figures(
        &self,
        newest: &Newest,
        playbook: &str,
        folder: Option<&str>,
    ) -> Result<PlaybookFigures, StoreError> {
        let last_success_us = match newest.is_success {
            true => newest.ended_us,
            false => {
                self.newest_value("ended_us", " AND status = 'success'", playbook, folder)
                    .await?
            }
        };
        let last_duration_us = match newest.duration_us {
            Some(duration_us) => Some(duration_us),
            None => {
                self.newest_value(
                    "duration_us",
                    " AND duration_us IS NOT NULL",
                    playbook,
                    folder,
                )
                .await?
            }
        };
        Ok(PlaybookFigures {
            playbook: playbook.to_owned(),
            folder: folder
                .filter(|folder| !folder.is_empty())
                .map(str::to_owned),
            last_success_us,
            last_duration_us,
        })
    }

    /// A column of the newest of a playbook's runs for which a condition holds.
    async fn newest_value(
        &self,
        column: &'static str,
        condition: &'static str,
        playbook: &str,
        folder: Option<&str>,
    ) -> Result<Option<i64>, StoreError> {
        let mut query = self.query("SELECT ");
        query
            .push(column)
            .push(" AS value FROM executions WHERE playbook = ?")
            .bind(playbook);
        if let Some(folder) = folder {
            query.push(" AND folder = ?").bind(folder);
        }
        query
            .push(condition)
            .push(" ORDER BY started_us DESC LIMIT 1");
        match query.fetch_optional(&self.read).await? {
            Some(row) => row.get("value"),
            None => Ok(None),
        }
    }
}

fn read(row: &Row) -> Result<Newest, StoreError> {
    Ok(Newest {
        name: row.get("name")?,
        started_us: row.get("started_us")?,
        is_success: row.get::<&str>("status")? == "success",
        ended_us: row.get("ended_us")?,
        duration_us: row.get("duration_us")?,
    })
}
