//! Failed results, in which runs their errors occurred, and when their tasks last worked.

use std::collections::HashMap;

use playback_wire::ResultStatus;
use uuid::Uuid;

use super::guide::Choice;
use super::pool::Row;
use super::statement::Statement;
use super::tables::executions;
use super::tables::results::{FAILURES, read_failure};
use super::tables::table::push_list;
use super::{Store, StoreError};
use crate::filter::{indexed, playbook_names};
use crate::model::{ExecutionKey, ExecutionRow, FailureRow, HostOutcomes};

/// Tasks at the same line of one run whose results are read, at most: an included file may be there often.
const TASKS: usize = 50;

/// So many runs are searched for the last success, one step after the other: mostly it is one of the latest.
const SEARCHED: [usize; 3] = [2, 12, 62];

/// So many of the latest runs of a host, and of those like a run, are looked at for those that are both; one step after
/// the other, until enough are found.
const EXAMINED: [u32; 4] = [64, 512, 4_096, 32_768];

/// Among which runs those are looked for that are both: of a host, and like another run.
#[derive(Debug, Clone, Copy)]
enum Among {
    RunsOfHost,
    RunsLike,
}

/// The earlier runs of a host like another run, as far as they were looked for.
#[derive(Debug, Default)]
struct EarlierRuns {
    /// The latest first, without gaps.
    found: Vec<ExecutionKey>,
    /// Whether there are no more.
    are_all: bool,
    steps: usize,
}

impl EarlierRuns {
    /// Where to look next, and at how many runs at most; none if that was everywhere.
    fn next_step(&mut self) -> Option<(Among, u32)> {
        let most = EXAMINED.get(self.steps / 2).filter(|_| !self.are_all)?;
        let among = [Among::RunsOfHost, Among::RunsLike][self.steps % 2];
        self.steps += 1;
        Some((among, *most))
    }

    /// The latest so many.
    fn latest(&self, most: usize) -> &[ExecutionKey] {
        &self.found[..most.min(self.found.len())]
    }
}

/// Adds the query for the start and the key of the runs before `than` that are both, among the latest `most` of one kind; in
/// any order.
fn push_runs_in_both(
    query: &mut Statement,
    than: &ExecutionRow,
    host: &str,
    among: Among,
    most: u32,
) {
    query.push("SELECT of_one.started_us AS started_us, of_one.id AS id FROM (");
    match among {
        Among::RunsOfHost => {
            push_latest_of_host(query, than, host, most);
            query.push(") AS of_one JOIN executions e ON e.id = of_one.id WHERE ");
            push_like(query, than);
        }
        Among::RunsLike => {
            push_latest_like(query, than, most);
            // The start is stored with the host, too: so its index finds the one run.
            query
                .push(
                    ") AS of_one WHERE EXISTS (SELECT 1 FROM execution_hosts h WHERE h.name = ? \
                     AND h.started_us = of_one.started_us AND h.execution = of_one.id)",
                )
                .bind(indexed(host));
        }
    }
}

fn push_latest_of_host(query: &mut Statement, than: &ExecutionRow, host: &str, most: u32) {
    query
        .push(
            "SELECT h.started_us AS started_us, h.execution AS id FROM execution_hosts h \
             WHERE h.name = ? AND h.started_us < ? ORDER BY h.started_us DESC, h.execution DESC LIMIT ?",
        )
        .bind(indexed(host))
        .bind(than.started_us)
        .bind(most);
}

fn push_latest_like(query: &mut Statement, than: &ExecutionRow, most: u32) {
    query
        .push("SELECT e.started_us AS started_us, e.id AS id FROM executions e")
        .guided(Choice::Index)
        .push(" WHERE e.started_us < ? AND ")
        .bind(than.started_us);
    push_like(query, than);
    query
        .push(" ORDER BY e.started_us DESC, e.id DESC LIMIT ?")
        .bind(most);
}

/// Adds the condition that an execution is like `than`: of the same type, and of a playbook with the same file name.
fn push_like(query: &mut Statement, than: &ExecutionRow) {
    query
        .push("e.type = ?")
        .bind(than.description.r#type.as_str());
    match than.description.playbook.as_deref() {
        Some(playbook) => {
            let names = playbook_names(playbook);
            query.push(" AND e.playbook_name = ?").bind(indexed(&names));
        }
        None => {
            query.push(" AND e.playbook_name IS NULL");
        }
    }
}

/// The runs in which an error occurred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrences {
    /// How many.
    pub runs: u64,
    /// The first: its identity, and when it started.
    pub first: (Uuid, i64),
    /// The last.
    pub last: (Uuid, i64),
    /// The last before a certain time.
    pub previous: Option<(Uuid, i64)>,
}

/// A task on a host, as other runs have it too.
#[derive(Debug, Clone, Copy)]
pub struct TaskOnHost<'t> {
    /// Inventory name of the host.
    pub host: &'t str,
    /// Name of the task.
    pub name: &'t str,
    /// Its role; empty if none.
    pub role: &'t str,
    /// Its action.
    pub action: &'t str,
    /// The file that it is in; empty if not known.
    pub path: &'t str,
    /// Its line there.
    pub line: u32,
}

/// A task of an earlier run with the same name, role and action.
struct Namesake {
    number: u32,
    path: String,
    line: u32,
    first_seq: u64,
    last_seq: u64,
}

/// Which of these is the task: the only one, or those at the same line of a file with the same name. An included file
/// may have the task several times. Where lines were moved and several tasks are alike, it cannot be told.
fn same_place(namesakes: Vec<Namesake>, task: &TaskOnHost<'_>) -> Vec<Namesake> {
    if namesakes.len() == 1 {
        return namesakes;
    }
    let file = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let name = file(task.path);
    let is_same = |other: &Namesake| other.line == task.line && file(&other.path) == name;
    namesakes.into_iter().filter(is_same).take(TASKS).collect()
}

/// The last success of a task on a host.
#[derive(Debug, Clone)]
pub struct FoundSuccess {
    /// How many earlier runs were searched, at most.
    pub searched: u32,
    /// The run; none if none of these.
    pub found: Option<ExecutionRow>,
}

impl Store {
    /// The failed results and those of unreachable hosts, in order; at most `limit` of each kind. `handled`: only those
    /// that a `rescue` or `ignore_errors` handled, otherwise only the others. Retracted ones do not count.
    ///
    /// # Errors
    /// The database failed.
    pub async fn failures(
        &self,
        key: ExecutionKey,
        handled: bool,
        limit: u32,
    ) -> Result<Vec<FailureRow>, StoreError> {
        let mut failures = Vec::new();
        for status in [ResultStatus::Failed, ResultStatus::Unreachable] {
            let mut query = self.query(FAILURES);
            query
                .push(self.engine().index_of_failures(Some(status)))
                .push(
                    " LEFT JOIN execution_hosts h ON h.execution = r.execution AND h.number = r.host \
                     WHERE r.execution = ?",
                )
                .push(match status {
                    ResultStatus::Unreachable => " AND r.status = 3",
                    _ => " AND r.status = 1",
                })
                // Flags are negative once a result is retracted; 66 is `ResultFlags::HANDLED`.
                .push(" AND r.flags >= 0 AND r.flags & 66 ")
                .push(if handled { "> 0" } else { "= 0" })
                .push(" ORDER BY r.seq LIMIT ?")
                .bind(key)
                .bind(limit);
            for row in &query.fetch_all(&self.read).await? {
                failures.push(read_failure(row)?);
            }
        }
        failures.sort_unstable_by_key(|failure| failure.seq);
        Ok(failures)
    }

    /// By task: how many results ended well after more than one try. Reads every result of the execution.
    ///
    /// # Errors
    /// The database failed.
    pub async fn retried(&self, key: ExecutionKey) -> Result<Vec<(u32, u64)>, StoreError> {
        let mut query = self.query(
            "SELECT task, COUNT(*) AS n FROM results WHERE execution = ? AND status = 0 \
             AND flags >= 0 AND flags & 32 = 32 GROUP BY task ORDER BY task",
        );
        let rows = query.bind(key).fetch_all(&self.read).await?;
        rows.iter()
            .map(|row| Ok((row.number("task")?, row.unsigned("n")?)))
            .collect()
    }

    /// Counts the hosts of an execution.
    ///
    /// # Errors
    /// The database failed.
    pub async fn count_hosts(&self, key: ExecutionKey) -> Result<HostOutcomes, StoreError> {
        let mut query = self.query(
            "SELECT COUNT(*) AS total, COUNT(CASE WHEN failed > 0 THEN 1 END) AS failed, \
             COUNT(CASE WHEN unreachable > 0 THEN 1 END) AS unreachable, \
             COUNT(CASE WHEN rescued > 0 THEN 1 END) AS rescued, \
             COUNT(CASE WHEN ignored > 0 THEN 1 END) AS ignored \
             FROM execution_hosts WHERE execution = ?",
        );
        let row = query.bind(key).fetch_one(&self.read).await?;
        Ok(HostOutcomes {
            total: row.unsigned("total")?,
            failed: row.unsigned("failed")?,
            unreachable: row.unsigned("unreachable")?,
            rescued: row.unsigned("rescued")?,
            ignored: row.unsigned("ignored")?,
        })
    }

    /// In which runs an error occurred; `before_us` limits the previous one. None: in no run.
    ///
    /// # Errors
    /// The database failed.
    pub async fn occurrences(
        &self,
        fingerprint: i64,
        before_us: i64,
    ) -> Result<Option<Occurrences>, StoreError> {
        let mut count = self.query("SELECT COUNT(*) AS n FROM fingerprints WHERE fingerprint = ?");
        let count = count.bind(fingerprint).fetch_one(&self.read).await?;
        let first = self.occurrence(fingerprint, None, " ORDER BY f.started_us, f.execution");
        let last = " ORDER BY f.started_us DESC, f.execution DESC";
        let previous = self.occurrence(fingerprint, Some(before_us), last);
        let last = self.occurrence(fingerprint, None, last);
        let (Some(first), Some(last)) = (first.await?, last.await?) else {
            return Ok(None);
        };
        Ok(Some(Occurrences {
            runs: count.unsigned("n")?,
            first,
            last,
            previous: previous.await?,
        }))
    }

    async fn occurrence(
        &self,
        fingerprint: i64,
        before_us: Option<i64>,
        order: &'static str,
    ) -> Result<Option<(Uuid, i64)>, StoreError> {
        let mut query = self.query(
            "SELECT e.uuid, f.started_us FROM fingerprints f \
             JOIN executions e ON e.id = f.execution WHERE f.fingerprint = ?",
        );
        query.bind(fingerprint);
        if let Some(before_us) = before_us {
            query.push(" AND f.started_us < ?").bind(before_us);
        }
        let found = query.push(order).push(" LIMIT 1");
        let found = found.fetch_optional(&self.read).await?;
        found
            .map(|row| Ok((row.get("uuid")?, row.get("started_us")?)))
            .transpose()
    }

    /// The fingerprints of an execution's errors, each with the start time that is stored beside it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn fingerprints(&self, key: ExecutionKey) -> Result<Vec<(i64, i64)>, StoreError> {
        let mut query = self.query(
            "SELECT fingerprint, started_us FROM fingerprints WHERE execution = ? \
             ORDER BY fingerprint",
        );
        let rows = query.bind(key).fetch_all(&self.read).await?;
        rows.iter()
            .map(|row| Ok((row.get("fingerprint")?, row.get("started_us")?)))
            .collect()
    }

    /// The last earlier run like `than` (of the same type, with a playbook of the same file name) in which the task
    /// ended well on the host. In check mode a task did not do its work, so such runs do not count, unless `than` is one
    /// itself. A bounded number of runs is searched.
    ///
    /// # Errors
    /// The database failed.
    pub async fn last_success(
        &self,
        than: &ExecutionRow,
        task: TaskOnHost<'_>,
    ) -> Result<FoundSuccess, StoreError> {
        let mut runs = EarlierRuns::default();
        let mut searched = 0;
        for until in SEARCHED {
            self.find_earlier(than, task.host, until, &mut runs).await?;
            let keys = runs.latest(until);
            let found = self
                .newest_success(than, keys.get(searched..).unwrap_or_default(), task)
                .await?;
            searched = keys.len();
            if found.is_some() || searched < until {
                return Ok(FoundSuccess {
                    searched: searched as u32,
                    found,
                });
            }
        }
        Ok(FoundSuccess {
            searched: searched as u32,
            found: None,
        })
    }

    /// Finds earlier runs like `than` in which the host took part, until there are so many. They are looked for among
    /// the latest runs of the host, and among those like `than`, in turns and in growing steps: either may be few or a
    /// million, so one of the two alone could take seconds.
    async fn find_earlier(
        &self,
        than: &ExecutionRow,
        host: &str,
        wanted: usize,
        runs: &mut EarlierRuns,
    ) -> Result<(), StoreError> {
        while runs.found.len() < wanted
            && let Some((among, most)) = runs.next_step()
        {
            let mut query = self.query("");
            push_runs_in_both(&mut query, than, host, among, most);
            let rows = query.fetch_all(&self.read).await?;
            let found = rows
                .iter()
                .map(|row| Ok((row.get("started_us")?, row.get("id")?)));
            let mut found: Vec<(i64, ExecutionKey)> = found.collect::<Result<_, StoreError>>()?;
            found.sort_unstable_by_key(|run| std::cmp::Reverse(*run));
            if found.len() > runs.found.len() {
                runs.found = found.into_iter().map(|(_, key)| key).collect();
            }
            if runs.found.len() < wanted {
                let examined = self.count_runs_among(than, host, among, most).await?;
                runs.are_all |= examined < u64::from(most);
            }
        }
        Ok(())
    }

    /// Counts the runs among which [`Store::find_earlier`] looks, up to `most`.
    async fn count_runs_among(
        &self,
        than: &ExecutionRow,
        host: &str,
        among: Among,
        most: u32,
    ) -> Result<u64, StoreError> {
        let mut query = self.query("SELECT COUNT(*) AS n FROM (");
        match among {
            Among::RunsOfHost => push_latest_of_host(&mut query, than, host, most),
            Among::RunsLike => push_latest_like(&mut query, than, most),
        }
        let row = query.push(") AS of_one").fetch_one(&self.read).await?;
        row.unsigned("n")
    }

    /// The first of these executions in which the task ended well on the host, without those in check mode unless `than`
    /// is in check mode.
    async fn newest_success(
        &self,
        than: &ExecutionRow,
        keys: &[ExecutionKey],
        task: TaskOnHost<'_>,
    ) -> Result<Option<ExecutionRow>, StoreError> {
        if keys.is_empty() {
            return Ok(None);
        }
        let mut query =
            self.query("SELECT execution, number, path, line, first_seq, last_seq FROM tasks");
        push_list(query.push(" WHERE execution IN ("), keys);
        query
            .push(" AND name = ? AND role = ? AND action = ? ORDER BY number")
            .bind(task.name)
            .bind(task.role)
            .bind(task.action);
        let mut namesakes: HashMap<ExecutionKey, Vec<Namesake>> = HashMap::new();
        for row in &query.fetch_all(&self.read).await? {
            let of_run = namesakes.entry(row.get("execution")?).or_default();
            of_run.push(read_namesake(row)?);
        }
        for key in keys {
            let same = same_place(namesakes.remove(key).unwrap_or_default(), &task);
            if !self.is_ok_on(*key, &same, task.host).await? {
                continue;
            }
            let mut query = self.query(executions::SELECT);
            query.push(" FROM executions e WHERE e.id = ?").bind(*key);
            let row = query.fetch_optional(&self.read).await?;
            let row = row.as_ref().map(executions::read).transpose()?;
            let counts = |row: &ExecutionRow| than.description.check || !row.description.check;
            if let Some((_, row)) = row.filter(|(_, row)| counts(row)) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// Whether a task of an execution, which may be there several times, ended well on the host, and never failed.
    async fn is_ok_on(
        &self,
        key: ExecutionKey,
        tasks: &[Namesake],
        host: &str,
    ) -> Result<bool, StoreError> {
        let (Some(first), Some(last)) = (
            tasks.iter().map(|task| task.first_seq).min(),
            tasks.iter().map(|task| task.last_seq).max(),
        ) else {
            return Ok(false);
        };
        let mut query = self.query(
            "SELECT COUNT(CASE WHEN status = 0 THEN 1 END) AS ok, \
             COUNT(CASE WHEN status <> 0 THEN 1 END) AS failed FROM results \
             WHERE execution = ? AND seq >= ? AND seq <= ? AND status IN (0, 1, 3) AND flags >= 0 \
             AND host IN (SELECT number FROM execution_hosts WHERE name = ? AND execution = ?) AND task IN (",
        );
        query
            .bind(key)
            .bind(first)
            .bind(last)
            .bind(indexed(host))
            .bind(key);
        let numbers: Vec<u32> = tasks.iter().map(|task| task.number).collect();
        push_list(&mut query, &numbers);
        let row = query.fetch_one(&self.read).await?;
        Ok(row.unsigned("ok")? > 0 && row.unsigned("failed")? == 0)
    }
}

fn read_namesake(row: &Row) -> Result<Namesake, StoreError> {
    Ok(Namesake {
        number: row.number("number")?,
        path: row.get("path")?,
        line: row.number("line")?,
        first_seq: row.unsigned("first_seq")?,
        last_seq: match row.unsigned("last_seq")? {
            // Not known, as of runs that earlier versions recorded.
            0 => i64::MAX.cast_unsigned(),
            last => last,
        },
    })
}
