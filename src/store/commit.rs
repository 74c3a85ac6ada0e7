//! What ingestion writes, in one transaction.

use playback_wire::ExecutionStarted;

use super::dialect::{self, Connection};
use super::{Store, StoreError, launches};
use crate::model::{
    BlockRow, Changes, ExecutionKey, ExecutionRow, HostRow, PlayRow, ResultRow, TaskRow,
};

impl Store {
    /// Writes the changes of several executions in one transaction, and returns each one's key.
    /// Afterwards either everything is durably stored, or nothing is.
    ///
    /// # Errors
    /// The database failed: nothing was written.
    pub async fn commit(&self, changes: &[Changes]) -> Result<Vec<ExecutionKey>, StoreError> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let connection = &mut *transaction;
        let mut keys: Vec<ExecutionKey> = Vec::with_capacity(changes.len());
        for change in changes {
            let key = match (&change.execution, change.key) {
                (Some(row), _) => upsert_execution(connection, row).await?,
                (None, Some(key)) => key,
                (None, None) => {
                    return Err(StoreError::Damaged {
                        what: "changes of an execution that has no row",
                    });
                }
            };
            keys.push(key);
        }
        let keyed = || keys.iter().copied().zip(changes);
        insert_blocks(connection, &flatten(keyed(), |change| &change.blocks)).await?;
        insert_results(connection, &flatten(keyed(), |change| &change.results)).await?;
        upsert_plays(connection, &flatten(keyed(), |change| &change.plays)).await?;
        upsert_tasks(connection, &flatten(keyed(), |change| &change.tasks)).await?;
        let mut hosts: Vec<(ExecutionKey, &HostRow)> = Vec::new();
        for (key, change) in keyed() {
            if change.replace_hosts {
                hosts.retain(|(of, _)| *of != key);
                delete_hosts(connection, key).await?;
            }
            hosts.extend(change.hosts.iter().map(|row| (key, row)));
        }
        upsert_hosts(connection, &hosts).await?;
        for launch in changes.iter().filter_map(|change| change.launch.as_ref()) {
            launches::insert(connection, launch).await?;
        }
        transaction.commit().await?;
        Ok(keys)
    }

    /// Replaces all rows that are projected from an execution's events; its blocks stay.
    ///
    /// # Errors
    /// The database failed: nothing was changed.
    pub async fn replace_projection(
        &self,
        key: ExecutionKey,
        changes: &Changes,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        project(&mut transaction, key, changes).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Replaces all rows that are projected from an execution's events, within a transaction.
pub(super) async fn project(
    connection: &mut Connection,
    key: ExecutionKey,
    changes: &Changes,
) -> Result<(), sqlx::Error> {
    for statement in [
        "DELETE FROM results WHERE execution = ?",
        "DELETE FROM tasks WHERE execution = ?",
        "DELETE FROM plays WHERE execution = ?",
        "DELETE FROM execution_hosts WHERE execution = ?",
        "DELETE FROM execution_labels WHERE execution = ?",
    ] {
        sqlx::query(statement)
            .bind(key)
            .execute(&mut *connection)
            .await?;
    }
    if let Some(row) = &changes.execution {
        upsert_execution(connection, row).await?;
    }
    let keyed = || std::iter::once((key, changes));
    insert_results(connection, &flatten(keyed(), |change| &change.results)).await?;
    upsert_plays(connection, &flatten(keyed(), |change| &change.plays)).await?;
    upsert_tasks(connection, &flatten(keyed(), |change| &change.tasks)).await?;
    upsert_hosts(connection, &flatten(keyed(), |change| &change.hosts)).await
}

/// All rows of one kind, each beside its execution's key.
fn flatten<'c, T>(
    changes: impl Iterator<Item = (ExecutionKey, &'c Changes)>,
    rows: impl Fn(&'c Changes) -> &'c Vec<T>,
) -> Vec<(ExecutionKey, &'c T)> {
    changes
        .flat_map(|(key, change)| rows(change).iter().map(move |row| (key, row)))
        .collect()
}

async fn upsert_execution(
    connection: &mut Connection,
    row: &ExecutionRow,
) -> Result<ExecutionKey, sqlx::Error> {
    let what = serde_json::to_string(&row.what).unwrap_or_else(|_| "{}".to_owned());
    let usage = row.usage.unwrap_or_default();
    let us = |seconds: f64| row.usage.map(|_| (seconds * 1e6) as i64);
    let key: ExecutionKey = sqlx::query_scalar(
        "INSERT INTO executions (uuid, type, status, phase, reason, started_us, base_us, ended_us, \
         duration_us, exit_code, signal, changed, playbook, playbook_name, inventory, inventory_name, username, \
         controller, what, search, user_us, system_us, peak_bytes, output_lines, output_from, results, \
         events_received, events_expected, events_complete, events_missing, queued_us, canceled_by) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (uuid) DO UPDATE SET type = excluded.type, status = excluded.status, \
         phase = excluded.phase, reason = excluded.reason, started_us = excluded.started_us, \
         base_us = excluded.base_us, ended_us = excluded.ended_us, \
         duration_us = excluded.duration_us, exit_code = excluded.exit_code, \
         signal = excluded.signal, changed = excluded.changed, playbook = excluded.playbook, \
         playbook_name = excluded.playbook_name, inventory = excluded.inventory, \
         inventory_name = excluded.inventory_name, \
         username = excluded.username, controller = excluded.controller, what = excluded.what, \
         search = excluded.search, \
         user_us = excluded.user_us, system_us = excluded.system_us, \
         peak_bytes = excluded.peak_bytes, output_lines = excluded.output_lines, \
         output_from = excluded.output_from, results = excluded.results, \
         events_received = excluded.events_received, events_expected = excluded.events_expected, \
         events_complete = excluded.events_complete, events_missing = excluded.events_missing, \
         queued_us = excluded.queued_us, canceled_by = excluded.canceled_by \
         RETURNING id",
    )
    .bind(row.id)
    .bind(type_name(row.what.r#type))
    .bind(row.status.as_str())
    .bind(row.phase.as_str())
    .bind(row.reason.map(|reason| reason.as_str()))
    .bind(row.started_us)
    .bind(row.base_us)
    .bind(row.ended_us)
    .bind(row.ended_us.map(|ended| ended.saturating_sub(row.started_us).max(0)))
    .bind(row.exit_code)
    .bind(row.signal)
    .bind(row.changed)
    .bind(row.what.playbook.as_deref())
    .bind(row.what.playbook.as_deref().map(|paths| file_names(paths, ' ')))
    .bind(row.what.inventory.as_deref())
    .bind(row.what.inventory.as_deref().map(|paths| file_names(paths, ',')))
    .bind(row.what.user.as_deref())
    .bind(row.what.controller.as_deref())
    .bind(what)
    .bind(searchable(&row.what))
    .bind(us(usage.user_s))
    .bind(us(usage.system_s))
    .bind(row.usage.map(|usage| dialect::signed(usage.peak_bytes)))
    .bind(dialect::signed(row.output_lines))
    .bind(row.output_from.as_str())
    .bind(dialect::signed(row.results))
    .bind(dialect::signed(row.events.received))
    .bind(row.events.expected.map(dialect::signed))
    .bind(row.events.complete)
    .bind(row.events.missing.as_deref())
    .bind(row.queued_us)
    .bind(row.canceled_by.as_deref())
    .fetch_one(&mut *connection)
    .await?;
    let labels: Vec<(ExecutionKey, &String)> =
        row.what.labels.iter().map(|label| (key, label)).collect();
    dialect::insert(
        connection,
        "INSERT INTO execution_labels (execution, label) ",
        &labels,
        |columns, (key, label)| {
            columns.push_bind(*key).push_bind((*label).clone());
        },
        " ON CONFLICT DO NOTHING",
    )
    .await?;
    Ok(key)
}

pub(super) fn type_name(kind: playback_wire::ExecutionType) -> &'static str {
    match kind {
        playback_wire::ExecutionType::Playbook => "playbook",
        playback_wire::ExecutionType::Adhoc => "adhoc",
    }
}

/// What a search looks through: what a person may remember of a run, in lower case, a line each.
fn searchable(what: &ExecutionStarted) -> String {
    let single = [
        &what.playbook,
        &what.inventory,
        &what.limit,
        &what.hosts,
        &what.module,
        &what.user,
        &what.sudo_user,
        &what.controller,
        &what.launched_by,
        &what.note,
        &what.cwd,
    ];
    let lists = [&what.labels, &what.tags, &what.argv];
    let texts: Vec<&str> = single
        .into_iter()
        .flatten()
        .chain(lists.into_iter().flatten())
        .map(String::as_str)
        .collect();
    texts.join("\n").to_lowercase()
}

/// The file names of one or more paths that a separator joins.
fn file_names(paths: &str, separator: char) -> String {
    let names: Vec<&str> = paths
        .split(separator)
        .map(|path| path.trim_end_matches('/'))
        .map(|path| path.rsplit('/').next().unwrap_or(path))
        .collect();
    names.join(&separator.to_string())
}

async fn insert_blocks(
    connection: &mut Connection,
    rows: &[(ExecutionKey, &BlockRow)],
) -> Result<(), sqlx::Error> {
    dialect::insert(
        connection,
        dialect::insert_into!(
            "event_blocks (execution, producer, first_seq, last_seq, first_line, lines, \
             raw_bytes, data) "
        ),
        rows,
        |columns, (key, block)| {
            columns
                .push_bind(*key)
                .push_bind(block.producer as i32)
                .push_bind(block.first_seq as i64)
                .push_bind(block.last_seq as i64)
                .push_bind(block.first_line as i64)
                .push_bind(block.lines as i64)
                .push_bind(block.raw_bytes as i64)
                .push_bind(block.data.clone());
        },
        "",
    )
    .await
}

async fn insert_results(
    connection: &mut Connection,
    rows: &[(ExecutionKey, &ResultRow)],
) -> Result<(), sqlx::Error> {
    dialect::insert(
        connection,
        dialect::insert_into!(
            "results (execution, seq, task, host, status, flags, ended_us, duration_us) "
        ),
        rows,
        |columns, (key, row)| {
            columns
                .push_bind(*key)
                .push_bind(dialect::signed(row.seq))
                .push_bind(i64::from(row.task))
                .push_bind(i64::from(row.host))
                .push_bind(row.status as i64)
                .push_bind(i64::from(row.flags.0))
                .push_bind(row.ended_us)
                .push_bind(row.duration_us);
        },
        "",
    )
    .await
}

async fn upsert_plays(
    connection: &mut Connection,
    rows: &[(ExecutionKey, &PlayRow)],
) -> Result<(), sqlx::Error> {
    dialect::insert(
        connection,
        "INSERT INTO plays (execution, number, name, hosts, strategy, started_us, ended_us) ",
        rows,
        |columns, (key, row)| {
            columns
                .push_bind(*key)
                .push_bind(i64::from(row.number))
                .push_bind(row.name.clone())
                .push_bind(row.hosts.clone())
                .push_bind(row.strategy.clone())
                .push_bind(row.started_us)
                .push_bind(row.ended_us);
        },
        " ON CONFLICT (execution, number) DO UPDATE SET name = excluded.name, \
         hosts = excluded.hosts, strategy = excluded.strategy, started_us = excluded.started_us, \
         ended_us = excluded.ended_us",
    )
    .await
}

async fn upsert_tasks(
    connection: &mut Connection,
    rows: &[(ExecutionKey, &TaskRow)],
) -> Result<(), sqlx::Error> {
    dialect::insert(
        connection,
        "INSERT INTO tasks (execution, number, play, name, action, path, line, role, tags, handler, \
         no_log, started_us, ended_us, ok, changed, failed, skipped, unreachable, ignored) ",
        rows,
        |columns, (key, row)| {
            let counts = &row.counts;
            let tags = serde_json::to_string(&row.tags).unwrap_or_else(|_| "[]".to_owned());
            columns
                .push_bind(*key)
                .push_bind(i64::from(row.number))
                .push_bind(i64::from(row.play))
                .push_bind(row.name.clone())
                .push_bind(row.action.clone())
                .push_bind(row.path.clone())
                .push_bind(i64::from(row.line))
                .push_bind(row.role.clone())
                .push_bind(tags)
                .push_bind(row.handler)
                .push_bind(row.no_log)
                .push_bind(row.started_us)
                .push_bind(row.ended_us)
                .push_bind(i64::from(counts.ok))
                .push_bind(i64::from(counts.changed))
                .push_bind(i64::from(counts.failed))
                .push_bind(i64::from(counts.skipped))
                .push_bind(i64::from(counts.unreachable))
                .push_bind(i64::from(counts.ignored));
        },
        // What a task is does not change; how it goes does.
        " ON CONFLICT (execution, number) DO UPDATE SET ended_us = excluded.ended_us, \
         ok = excluded.ok, changed = excluded.changed, failed = excluded.failed, \
         skipped = excluded.skipped, unreachable = excluded.unreachable, \
         ignored = excluded.ignored",
    )
    .await
}

async fn delete_hosts(connection: &mut Connection, key: ExecutionKey) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM execution_hosts WHERE execution = ?")
        .bind(key)
        .execute(connection)
        .await?;
    Ok(())
}

async fn upsert_hosts(
    connection: &mut Connection,
    rows: &[(ExecutionKey, &HostRow)],
) -> Result<(), sqlx::Error> {
    dialect::insert(
        connection,
        "INSERT INTO execution_hosts (execution, number, name, ok, changed, unreachable, failed, \
         skipped, rescued, ignored, running_task, running_since_us) ",
        rows,
        |columns, (key, row)| {
            let stats = &row.stats;
            columns
                .push_bind(*key)
                .push_bind(i64::from(row.number))
                .push_bind(row.name.clone())
                .push_bind(dialect::signed(stats.ok))
                .push_bind(dialect::signed(stats.changed))
                .push_bind(dialect::signed(stats.unreachable))
                .push_bind(dialect::signed(stats.failed))
                .push_bind(dialect::signed(stats.skipped))
                .push_bind(dialect::signed(stats.rescued))
                .push_bind(dialect::signed(stats.ignored))
                .push_bind(row.running_task.map(i64::from))
                .push_bind(row.running_since_us);
        },
        " ON CONFLICT (execution, number) DO UPDATE SET ok = excluded.ok, \
         changed = excluded.changed, unreachable = excluded.unreachable, \
         failed = excluded.failed, skipped = excluded.skipped, rescued = excluded.rescued, \
         ignored = excluded.ignored, running_task = excluded.running_task, \
         running_since_us = excluded.running_since_us",
    )
    .await
}
