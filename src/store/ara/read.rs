//! The statements.

use chrono::NaiveDateTime;
use playback_wire::ResultStatus;

use super::rows::{AraHost, AraPlay, AraPlaybook, AraResult, AraRun, AraStatus, AraTask};
use super::{AraDatabase, AraError};
use crate::store::dialect::Engine;
use crate::store::pool::{Row, Transaction};
use crate::store::statement::Statement;
use crate::store::tables::table::push_list;

impl AraDatabase {
    /// All playbooks, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn playbooks(&self) -> Result<Vec<AraPlaybook>, AraError> {
        let mut query = self.playbook_columns();
        query.push(" ORDER BY started, id");
        let rows = query.fetch_all(&self.pool).await?;
        rows.iter().map(playbook).collect()
    }

    /// A playbook with everything but what its results contain; none if it is gone.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn run(&self, id: i64) -> Result<Option<AraRun>, AraError> {
        let mut transaction = self.pool.begin_snapshot().await?;
        let now = &mut transaction;
        let Some(playbook) = self.one(id, now).await? else {
            return Ok(None);
        };
        let run = AraRun {
            playbook,
            labels: self.labels(id, now).await?,
            plays: self.plays(id, now).await?,
            tasks: self.tasks(id, now).await?,
            hosts: self.hosts(id, now).await?,
            results: self.results(id, now).await?,
            delegates: self.delegates(id, now).await?,
        };
        transaction.commit().await?;
        Ok(Some(run))
    }

    /// What results contain, by their numbers: compressed JSON. Those that are gone are missing.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn contents(&self, ids: &[i64]) -> Result<Vec<(i64, Vec<u8>)>, AraError> {
        let mut query = self.query("SELECT id, content FROM results WHERE id IN (");
        push_list(&mut query, ids);
        let rows = query.fetch_all(&self.pool).await?;
        rows.iter()
            .map(|row| Ok((row.get("id")?, row.get("content")?)))
            .collect()
    }

    /// Whether a playbook is unchanged since it was read.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn is_unchanged(&self, known: &AraPlaybook) -> Result<bool, AraError> {
        let mut transaction = self.pool.begin_snapshot().await?;
        let found = self.one(known.id, &mut transaction).await?;
        transaction.commit().await?;
        Ok(found.as_ref() == Some(known))
    }

    async fn one(
        &self,
        id: i64,
        transaction: &mut Transaction,
    ) -> Result<Option<AraPlaybook>, AraError> {
        let mut query = self.playbook_columns();
        query.push(" WHERE id = ?").bind(id);
        let rows = query.fetch_all_in(transaction).await?;
        rows.first().map(playbook).transpose()
    }

    fn playbook_columns(&self) -> Statement {
        let has = self.has;
        let mut query =
            self.query("SELECT id, status, name, path, ansible_version, arguments, controller");
        for (is_there, column, none) in [
            (has.user, ", \"user\" AS username", ", NULL AS username"),
            (
                has.python_version,
                ", python_version",
                ", NULL AS python_version",
            ),
            (
                has.client_version,
                ", client_version",
                ", NULL AS client_version",
            ),
            (
                has.server_version,
                ", server_version",
                ", NULL AS server_version",
            ),
        ] {
            query.push(if is_there { column } else { none });
        }
        for (column, name) in [
            ("started", "started_text"),
            ("ended", "ended_text"),
            ("updated", "updated_text"),
        ] {
            push_time(&mut query, column, name);
        }
        query.push(" FROM playbooks");
        query
    }

    async fn labels(&self, id: i64, now: &mut Transaction) -> Result<Vec<String>, AraError> {
        let mut query = self.query(
            "SELECT labels.name FROM playbooks_labels JOIN labels ON labels.id = playbooks_labels.label_id \
             WHERE playbooks_labels.playbook_id = ? ORDER BY labels.name",
        );
        let rows = query.bind(id).fetch_all_in(now).await?;
        rows.iter().map(|row| Ok(row.get("name")?)).collect()
    }

    async fn plays(&self, id: i64, now: &mut Transaction) -> Result<Vec<AraPlay>, AraError> {
        let mut query = self.query("SELECT id, name");
        push_time(&mut query, "started", "started_text");
        query.push(" FROM plays WHERE playbook_id = ? ORDER BY started, id");
        let rows = query.bind(id).fetch_all_in(now).await?;
        rows.iter()
            .map(|row| {
                let name: Option<String> = row.get("name")?;
                Ok(AraPlay {
                    id: row.get("id")?,
                    name: name.unwrap_or_default(),
                    started_us: time(row, "started_text")?,
                })
            })
            .collect()
    }

    async fn tasks(&self, id: i64, now: &mut Transaction) -> Result<Vec<AraTask>, AraError> {
        let mut query = self.query(
            "SELECT tasks.id, tasks.name, tasks.action, tasks.lineno, tasks.tags, tasks.handler, tasks.play_id, \
             files.path",
        );
        push_time(&mut query, "tasks.started", "started_text");
        query.push(
            " FROM tasks LEFT JOIN files ON files.id = tasks.file_id WHERE tasks.playbook_id = ? \
             ORDER BY tasks.started, tasks.id",
        );
        let rows = query.bind(id).fetch_all_in(now).await?;
        rows.iter()
            .map(|row| {
                let name: Option<String> = row.get("name")?;
                let path: Option<String> = row.get("path")?;
                Ok(AraTask {
                    id: row.get("id")?,
                    play: row.get("play_id")?,
                    name: name.unwrap_or_default(),
                    action: row.get("action")?,
                    path: path.unwrap_or_default(),
                    line: row.get("lineno")?,
                    tags: row.get("tags")?,
                    handler: row.get("handler")?,
                    started_us: time(row, "started_text")?,
                })
            })
            .collect()
    }

    async fn hosts(&self, id: i64, now: &mut Transaction) -> Result<Vec<AraHost>, AraError> {
        let mut query = self.query(
            "SELECT id, playbook_id, name, ok, changed, failed, skipped, unreachable FROM hosts \
             WHERE playbook_id = ? OR id IN (SELECT host_id FROM results WHERE playbook_id = ?) ORDER BY id",
        );
        let rows = query.bind(id).bind(id).fetch_all_in(now).await?;
        rows.iter()
            .map(|row| {
                Ok(AraHost {
                    id: row.get("id")?,
                    playbook: row.get("playbook_id")?,
                    name: row.get("name")?,
                    ok: row.unsigned("ok")?,
                    changed: row.unsigned("changed")?,
                    failed: row.unsigned("failed")?,
                    skipped: row.unsigned("skipped")?,
                    unreachable: row.unsigned("unreachable")?,
                })
            })
            .collect()
    }

    async fn results(&self, id: i64, now: &mut Transaction) -> Result<Vec<AraResult>, AraError> {
        let mut query = self.query("SELECT id, host_id, task_id, status, changed, ignore_errors");
        push_time(&mut query, "started", "started_text");
        push_time(&mut query, "ended", "ended_text");
        query.push(" FROM results WHERE playbook_id = ? ORDER BY id");
        let rows = query.bind(id).fetch_all_in(now).await?;
        rows.iter()
            .map(|row| {
                let status: String = row.get("status")?;
                let mut known = ResultStatus::ALL.into_iter();
                Ok(AraResult {
                    id: row.get("id")?,
                    host: row.get("host_id")?,
                    task: row.get("task_id")?,
                    status: known.find(|known| known.as_str() == status),
                    started_us: time(row, "started_text")?,
                    ended_us: optional_time(row, "ended_text")?,
                    changed: row.get("changed")?,
                    ignored: row.get("ignore_errors")?,
                })
            })
            .collect()
    }

    async fn delegates(
        &self,
        id: i64,
        now: &mut Transaction,
    ) -> Result<Vec<(i64, String)>, AraError> {
        if !self.has.delegates {
            return Ok(Vec::new());
        }
        let mut query = self.query(
            "SELECT results.id, hosts.name FROM results_delegated_to AS delegates \
             JOIN results ON results.id = delegates.result_id JOIN hosts ON hosts.id = delegates.host_id \
             WHERE results.playbook_id = ? ORDER BY results.id, hosts.name",
        );
        let rows = query.bind(id).fetch_all_in(now).await?;
        rows.iter()
            .map(|row| Ok((row.get("id")?, row.get("name")?)))
            .collect()
    }
}

/// Selects a time as text in UTC, the same in each database: `2026-01-20 10:00:00.000001`.
fn push_time(query: &mut Statement, column: &'static str, name: &'static str) {
    let (before, after) = match query.engine() {
        Engine::Sqlite => (", CAST(", " AS TEXT) AS "),
        _ => (
            ", to_char(",
            " AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS ",
        ),
    };
    query.push(before).push(column).push(after).push(name);
}

fn time(row: &Row, column: &'static str) -> Result<i64, AraError> {
    optional_time(row, column)?.ok_or(AraError::Value {
        part: "a time",
        value: String::new(),
    })
}

fn optional_time(row: &Row, column: &'static str) -> Result<Option<i64>, AraError> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| {
        let time = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f");
        match time {
            Ok(time) => Ok(time.and_utc().timestamp_micros()),
            Err(_) => Err(AraError::Value {
                part: "a time",
                value: text,
            }),
        }
    })
    .transpose()
}

fn playbook(row: &Row) -> Result<AraPlaybook, AraError> {
    let status: String = row.get("status")?;
    Ok(AraPlaybook {
        id: row.get("id")?,
        status: match status.as_str() {
            "running" => AraStatus::Running,
            "completed" => AraStatus::Completed,
            "failed" => AraStatus::Failed,
            "expired" => AraStatus::Expired,
            _ => AraStatus::Other(status),
        },
        started_us: time(row, "started_text")?,
        ended_us: optional_time(row, "ended_text")?,
        updated: row.get("updated_text")?,
        name: row.get("name")?,
        path: row.get("path")?,
        ansible_version: row.get("ansible_version")?,
        arguments: row.get("arguments")?,
        controller: row.get("controller")?,
        user: row.get("username")?,
        python_version: row.get("python_version")?,
        client_version: row.get("client_version")?,
        server_version: row.get("server_version")?,
    })
}
