//! Hosts over all executions: the list, in which runs they took part, and what changed them.
//!
//! A history may have millions of runs of a host, so no statement reads them all.

use std::collections::HashMap;

use playback_wire::HostStats;
use uuid::Uuid;

use super::dialect::Engine;
use super::pool::Row;
use super::statement::Statement;
use super::tables::executions::{SELECT, read};
use super::tables::hosts;
use super::tables::results;
use super::tables::table::push_list;
use super::tables::tasks;
use super::{Store, StoreError};
use crate::filter::stored;
use crate::model::{Cursor, ExecutionKey, ExecutionRow, ReportedGroups, ResultFlags, TaskRow};

/// Runs of a host that are counted, at most.
pub const COUNTED_RUNS: u64 = 10_000;

/// Entries of an index that are read for names of hosts at once, at most: the runs of one host, or several hosts with few
/// runs.
const ENTRIES: u32 = 64;

/// Where a list of host names begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamesFrom<'n> {
    /// With this name, or the next one.
    Name(&'n str),
    /// After this name.
    After(&'n str),
}

/// A run, and how one host fared in it.
#[derive(Debug, Clone, PartialEq)]
pub struct HostInRun {
    /// The execution's key.
    pub key: ExecutionKey,
    /// The execution.
    pub run: ExecutionRow,
    /// Inventory name of the host.
    pub name: String,
    /// Number of the host within the execution.
    pub number: u32,
    /// Its counts.
    pub stats: HostStats,
}

impl HostInRun {
    /// Where it stands among the host's runs.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor {
            started_us: self.run.started_us,
            key: self.key,
        }
    }
}

/// The groups of a host, as a run reported them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupsInRun {
    /// The execution's key.
    pub key: ExecutionKey,
    /// The execution.
    pub id: Uuid,
    /// When it started, in microseconds since the epoch.
    pub started_us: i64,
    /// The event that told them.
    pub told: ReportedGroups,
    /// Whether retention removed the execution's log, and the event with it.
    pub is_removed: bool,
}

/// Which of a host's runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostRuns {
    /// All.
    All,
    /// Those that changed it; never one in check mode.
    Changed,
}

/// A range of start times, in microseconds since the epoch. Both ends belong to it; `None` leaves that end open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StartedIn {
    /// The first time.
    pub since_us: Option<i64>,
    /// The last time.
    pub until_us: Option<i64>,
}

/// A result that changed something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    /// Sequence number of its event.
    pub seq: u64,
    /// Number of the task.
    pub task: u32,
    /// See [`ResultFlags`].
    pub flags: ResultFlags,
    /// End, in microseconds after the execution's `base_us`.
    pub ended_us: i64,
    /// The other hosts that ran it.
    pub delegated_to: Option<String>,
    /// The module that ran, where the task's own is a template.
    pub action: Option<String>,
}

impl Store {
    /// Names of hosts, in the order of their bytes; at most `limit`. A host with many runs takes one look into an index, however
    /// many they are. A name of which all runs were deleted may be among them.
    ///
    /// # Errors
    /// The database failed.
    pub async fn known_hosts(
        &self,
        from: NamesFrom<'_>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let mut names: Vec<String> = Vec::new();
        let mut entries = ENTRIES;
        loop {
            let before = names.len();
            let mut query = self.query("SELECT name FROM execution_hosts WHERE name ");
            match (names.last(), from) {
                (None, NamesFrom::Name(name)) => query.push(">= ?").bind(stored(name)),
                (None, NamesFrom::After(name)) => query.push("> ?").bind(stored(name)),
                (Some(last), _) => query.push("> ?").bind(last.as_str()),
            };
            // MariaDB would read all runs of a host to find the next name within one statement, by recursion or `DISTINCT`.
            query.push(" ORDER BY name LIMIT ?").bind(entries);
            let rows = query.fetch_all(&self.read).await?;
            for row in &rows {
                let name: String = row.get("name")?;
                if names.last() != Some(&name) {
                    names.push(name);
                }
            }
            if names.len() >= limit as usize || rows.len() < entries as usize {
                names.truncate(limit as usize);
                return Ok(names);
            }
            entries = next_entries(entries, names.len() - before);
        }
    }

    /// The latest run of each of these hosts, in any order; hosts without such a run are left out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn latest_runs(
        &self,
        names: &[&str],
        which: HostRuns,
    ) -> Result<Vec<HostInRun>, StoreError> {
        let mut found = Vec::with_capacity(names.len());
        for names in names.chunks(self.engine().hosts_at_once()) {
            let mut query = self.query("");
            push_for_each(&mut query, names, |query, host| {
                push_runs(query, host, which);
                push_order(query, 1);
            });
            for row in &query.fetch_all(&self.read).await? {
                found.push(read_run(row)?);
            }
        }
        Ok(found)
    }

    /// The number of runs of each of these hosts, in the order of `names`; beyond [`COUNTED_RUNS`] one more than that.
    /// Runs that were just deleted count until their rows are swept.
    ///
    /// # Errors
    /// The database failed.
    pub async fn count_runs(&self, names: &[&str]) -> Result<Vec<u64>, StoreError> {
        let mut counts = HashMap::with_capacity(names.len());
        for names in names.chunks(self.engine().hosts_at_once()) {
            let mut query = self.query("");
            push_for_each(&mut query, names, |query, host| {
                host.push(query.push("SELECT "));
                query.push(" AS name, COUNT(*) AS n FROM (SELECT 1 FROM execution_hosts x");
                host.push_where(query, "x.name");
                query.push(" LIMIT ?").bind(COUNTED_RUNS + 1);
                query.push(") AS of_one");
            });
            for row in &query.fetch_all(&self.read).await? {
                counts.insert(row.get::<String>("name")?, row.unsigned("n")?);
            }
        }
        let count = |name: &&str| counts.get(&*stored(name));
        let counts = names.iter().map(|name| count(name).copied().unwrap_or(0));
        Ok(counts.collect())
    }

    /// The runs of a host, newest first, after a cursor; at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn host_runs(
        &self,
        host: &str,
        which: HostRuns,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Vec<HostInRun>, StoreError> {
        let any_time = StartedIn::default();
        self.page_of_runs(host, which, any_time, after, limit).await
    }

    /// The runs that changed a host and started in a range of time, newest first, after a cursor; at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn changed_runs(
        &self,
        host: &str,
        started: StartedIn,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Vec<HostInRun>, StoreError> {
        self.page_of_runs(host, HostRuns::Changed, started, after, limit)
            .await
    }

    async fn page_of_runs(
        &self,
        host: &str,
        which: HostRuns,
        started: StartedIn,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Vec<HostInRun>, StoreError> {
        let mut query = self.query("");
        push_runs(&mut query, HostName::Value(host), which);
        if let Some(since_us) = started.since_us {
            query.push(" AND x.started_us >= ?").bind(since_us);
        }
        // One upper end only: of two, a database may begin at the later one, and read again all that earlier pages had.
        let ends = [started.until_us, after.map(|after| after.started_us)];
        if let Some(last_us) = ends.into_iter().flatten().min() {
            query.push(" AND x.started_us <= ?").bind(last_us);
        }
        if let Some(after) = after {
            query
                .push(" AND (x.started_us < ? OR x.execution < ?)")
                .bind(after.started_us)
                .bind(after.key);
        }
        push_order(&mut query, limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(read_run).collect()
    }

    /// The groups of a host as runs reported them, the newest run first; at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn host_groups(
        &self,
        host: &str,
        limit: u32,
    ) -> Result<Vec<GroupsInRun>, StoreError> {
        let mut query = self.query(
            "SELECT x.execution, e.uuid, e.started_us, e.payload_removed_us, x.groups_seq, x.groups_hash \
             FROM execution_hosts x JOIN executions e ON e.id = x.execution \
             WHERE x.name = ? AND x.groups_seq IS NOT NULL",
        );
        query.bind(stored(host));
        push_order(&mut query, limit);
        let rows = query.fetch_all(&self.read).await?;
        let runs = rows.iter().map(|row| {
            let removed_us: Option<i64> = row.get("payload_removed_us")?;
            let (key, id) = (row.get("execution")?, row.get("uuid")?);
            let started_us = row.get("started_us")?;
            let told = hosts::read_groups(row)?.map(|told| GroupsInRun {
                key,
                id,
                started_us,
                told,
                is_removed: removed_us.is_some(),
            });
            Ok(told)
        });
        runs.filter_map(Result::transpose).collect()
    }

    /// What the last ten runs of each of these hosts told of its groups, the newest run first. Hosts of which none of
    /// these runs told anything are left out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn latest_groups(
        &self,
        names: &[&str],
    ) -> Result<HashMap<String, Vec<GroupsInRun>>, StoreError> {
        let mut found: HashMap<String, Vec<GroupsInRun>> = HashMap::new();
        for names in names.chunks(self.engine().hosts_at_once()) {
            let mut query = self.query("");
            push_for_each(&mut query, names, |query, host| {
                query.push(
                    "SELECT * FROM (SELECT x.name AS host_name, x.execution, e.uuid, e.started_us, \
                     e.payload_removed_us, x.groups_seq, x.groups_hash \
                     FROM execution_hosts x JOIN executions e ON e.id = x.execution",
                );
                host.push_where(query, "x.name");
                push_order(query, 10);
                query.push(") AS of_one WHERE groups_seq IS NOT NULL");
            });
            for row in &query.fetch_all(&self.read).await? {
                let removed_us: Option<i64> = row.get("payload_removed_us")?;
                let Some(told) = hosts::read_groups(row)? else {
                    continue;
                };
                let runs = found.entry(row.get("host_name")?).or_default();
                runs.push(GroupsInRun {
                    key: row.get("execution")?,
                    id: row.get("uuid")?,
                    started_us: row.get("started_us")?,
                    told,
                    is_removed: removed_us.is_some(),
                });
            }
        }
        for runs in found.values_mut() {
            runs.sort_unstable_by_key(|run| std::cmp::Reverse((run.started_us, run.key)));
        }
        Ok(found)
    }

    /// The first run of a host.
    ///
    /// # Errors
    /// The database failed.
    pub async fn first_run(&self, host: &str) -> Result<Option<HostInRun>, StoreError> {
        let mut query = self.query("");
        push_runs(&mut query, HostName::Value(host), HostRuns::All);
        query.push(" ORDER BY x.started_us, x.execution LIMIT 1");
        let row = query.fetch_optional(&self.read).await?;
        row.as_ref().map(read_run).transpose()
    }

    /// What changed a host in an execution, the latest first: results that the recap counts as changed, with a sequence
    /// number from `from` on and before `before`; at most `limit`. All results in this range are read.
    ///
    /// # Errors
    /// The database failed.
    pub async fn changes(
        &self,
        key: ExecutionKey,
        host: u32,
        (from, before): (u64, u64),
        limit: u32,
    ) -> Result<Vec<ChangeRow>, StoreError> {
        let mut query = self.query(results::CHANGES);
        query
            // 1 is `ResultFlags::CHANGED`, 2 is `IGNORED`; flags are negative once a result is retracted.
            .push(
                " WHERE execution = ? AND seq >= ? AND seq < ? AND host = ? AND flags >= 0 \
                 AND flags & 1 = 1 AND (status = 0 OR (status = 1 AND flags & 2 = 2)) \
                 ORDER BY seq DESC LIMIT ?",
            )
            .bind(key)
            .bind(from)
            .bind(before)
            .bind(host)
            .bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(results::read_change).collect()
    }

    /// These tasks of an execution.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tasks_numbered(
        &self,
        key: ExecutionKey,
        numbers: &[u32],
    ) -> Result<Vec<TaskRow>, StoreError> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = self.query(tasks::SELECT);
        query.push(" WHERE execution = ? AND number IN (").bind(key);
        push_list(&mut query, numbers);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(tasks::read).collect()
    }
}

/// How many entries to read next, after this many brought this many new names: fewer where each host has many runs,
/// since one entry of a host is as good as all, and more where each has few.
fn next_entries(entries: u32, names: usize) -> u32 {
    let names = names as u32;
    if names * 8 < entries {
        entries / 4
    } else if names * 2 > entries {
        (entries * 4).min(ENTRIES)
    } else {
        entries
    }
}

/// The name of a host in a statement.
#[derive(Clone, Copy)]
enum HostName<'n> {
    /// As a value.
    Value(&'n str),
    /// As a column of the names that [`push_for_each`] lists.
    Listed,
}

impl HostName<'_> {
    /// Adds the condition that a column is this name.
    fn push_where(self, query: &mut Statement, column: &'static str) {
        self.push(query.push(" WHERE ").push(column).push(" = "));
    }

    /// Adds the name itself.
    fn push(self, query: &mut Statement) {
        match self {
            Self::Value(name) => query.push("?").bind(stored(name)),
            // The collation of the column, or its index could not be used.
            Self::Listed => query.push("names.name COLLATE \"C\""),
        };
    }
}

/// Adds one select for each of these hosts. PostgreSQL plans a compound of 50 for longer than it runs, and 50 times over;
/// one for a list of names stays prepared. The others have no `LATERAL`, or can do without.
fn push_for_each(
    query: &mut Statement,
    names: &[&str],
    select: impl Fn(&mut Statement, HostName<'_>),
) {
    let is_common = names.len() == 1 || names.len() == query.engine().hosts_at_once();
    if !is_common {
        query.rarely();
    }
    if names.len() > 1 && query.engine() == Engine::Postgres {
        query.push("SELECT of_each.* FROM (VALUES ");
        for (at, name) in names.iter().enumerate() {
            query
                .push(if at == 0 { "(?)" } else { ", (?)" })
                .bind(stored(name));
        }
        query.push(") AS names (name) CROSS JOIN LATERAL (");
        select(query, HostName::Listed);
        query.push(") AS of_each");
        return;
    }
    for (at, name) in names.iter().enumerate() {
        query.push(match (names.len(), at) {
            (1, _) => "",
            (_, 0) => "SELECT * FROM (",
            (_, _) => " UNION ALL SELECT * FROM (",
        });
        select(query, HostName::Value(name));
        query.push(if names.len() == 1 { "" } else { ") AS of_each" });
    }
}

/// The counts of the host have names of their own: some are also columns of executions.
const OF_HOST: &str = ", x.name AS host_name, x.number AS host_number, x.ok AS host_ok, \
    x.changed AS host_changed, x.unreachable AS host_unreachable, x.failed AS host_failed, \
    x.skipped AS host_skipped, x.rescued AS host_rescued, x.ignored AS host_ignored \
    FROM execution_hosts x";

/// Adds the query for a host's runs, up to its order.
fn push_runs(query: &mut Statement, host: HostName<'_>, which: HostRuns) {
    let (index, name) = match which {
        HostRuns::All => ("", "x.name"),
        HostRuns::Changed => query.engine().changed_hosts(),
    };
    query
        .push(SELECT)
        .push(OF_HOST)
        .push(index)
        .push(" JOIN executions e ON e.id = x.execution");
    host.push_where(query, name);
    if which == HostRuns::Changed {
        // In check mode the host has counts, and nothing was changed.
        query
            .push(" AND x.changed > 0 AND e.changed = ?")
            .bind(true);
    }
}

fn push_order(query: &mut Statement, limit: u32) {
    query
        .push(" ORDER BY x.started_us DESC, x.execution DESC LIMIT ?")
        .bind(limit);
}

fn read_run(row: &Row) -> Result<HostInRun, StoreError> {
    let (key, run) = read(row)?;
    Ok(HostInRun {
        key,
        run,
        name: row.get("host_name")?,
        number: row.number("host_number")?,
        stats: HostStats {
            ok: row.unsigned("host_ok")?,
            changed: row.unsigned("host_changed")?,
            unreachable: row.unsigned("host_unreachable")?,
            failed: row.unsigned("host_failed")?,
            skipped: row.unsigned("host_skipped")?,
            rescued: row.unsigned("host_rescued")?,
            ignored: row.unsigned("host_ignored")?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_entries_are_read_as_bring_new_names() {
        let mut entries = ENTRIES;
        for expected in [16, 4, 4, 4] {
            entries = next_entries(entries, 1);
            assert_eq!(entries, expected);
        }
        for expected in [16, 64, 64] {
            entries = next_entries(entries, entries as usize);
            assert_eq!(entries, expected);
        }
    }
}
