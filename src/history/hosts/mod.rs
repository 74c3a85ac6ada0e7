//! Hosts over all executions: the list, how they fared, what changed them, and their facts.
//!
//! Layout:
//! - this module: the list of hosts, one host, and its runs
//! - `changes`: what tasks changed on a host
//! - `facts`: its facts at some time; `fact_changes`: how they changed
//! - `groups`: the groups that it belonged to
//! - `events`: single events, read from logs

mod changes;
mod events;
mod fact_changes;
mod facts;
mod groups;

use std::collections::HashMap;

pub use changes::{ChangeCursor, ChangesQuestion, changes};
pub use fact_changes::{FactChangesQuestion, fact_changes};
pub use facts::{facts_at, shows};
pub(in crate::history) use groups::group_numbers;
pub use groups::groups;

use super::HistoryError;
use crate::filter::{Glob, Pattern, stored};
use crate::model::{
    Cursor, HostDetail, HostRun, HostRunList, HostStatus, HostSummary, HostSummaryList,
    time_from_us,
};
use crate::store::{COUNTED_RUNS, HostInRun, HostRuns, NamesFrom, Store, StoreError};

/// Names that are read at once.
const NAMES: u32 = 200;

/// Hosts that are examined for one page: a rare status may need a search through all of them.
const EXAMINED: usize = 2_000;

/// Which hosts.
#[derive(Debug, Clone, Default)]
pub struct HostsQuestion {
    /// The name, in which `*` stands for any text.
    pub name: Option<String>,
    /// Only hosts whose last run started before this time, in microseconds since the epoch.
    pub unseen_since_us: Option<i64>,
    /// Only hosts with this status in their last run.
    pub status: Option<HostStatus>,
    /// How many at most.
    pub limit: usize,
    /// Only hosts with a greater name.
    pub after: Option<String>,
}

impl HostsQuestion {
    /// How many names to read next, with this many hosts found. Without a filter each name is a host of the page, and one
    /// more tells whether there is another page.
    fn names_for(&self, found: usize) -> u32 {
        let is_filtered =
            self.name.is_some() || self.status.is_some() || self.unseen_since_us.is_some();
        let wanted = self.limit.saturating_sub(found).saturating_add(1);
        match u32::try_from(wanted) {
            Ok(wanted) if !is_filtered => wanted.min(NAMES),
            _ => NAMES,
        }
    }

    fn is_about(&self, last: &HostInRun) -> bool {
        let status = HostStatus::of(&last.stats, last.run.status);
        self.status.is_none_or(|asked| asked == status)
            && self
                .unseen_since_us
                .is_none_or(|since_us| last.run.started_us < since_us)
    }
}

/// A page of hosts, in the order of their names.
///
/// # Errors
/// The store failed.
pub async fn hosts(store: &Store, question: &HostsQuestion) -> Result<HostSummaryList, StoreError> {
    let names = NameFilter::of(question.name.as_deref());
    let mut found = Vec::new();
    let mut last = question.after.clone();
    let mut examined = 0;
    let next_cursor = 'pages: loop {
        let most = question.names_for(found.len());
        let page = names.page(store, last.as_deref(), most).await?;
        let is_last = names.is_exact() || page.len() < most as usize;
        let wanted = page.iter().map(String::as_str);
        let wanted: Vec<&str> = wanted.filter(|name| names.is_about(name)).collect();
        let runs = store.latest_runs(&wanted, HostRuns::All).await?;
        let mut runs: HashMap<String, HostInRun> = runs
            .into_iter()
            .map(|run| (run.name.clone(), run))
            .collect();
        for name in &page {
            if names.is_past(name) {
                break 'pages None;
            }
            if found.len() >= question.limit || examined >= EXAMINED {
                break 'pages last;
            }
            examined += 1;
            last = Some(name.clone());
            let run = runs.remove(name);
            found.extend(run.filter(|run| question.is_about(run)));
        }
        if is_last {
            break None;
        }
    };
    Ok(HostSummaryList {
        hosts: summaries(store, found).await?,
        next_cursor,
    })
}

/// Which names are requested.
struct NameFilter {
    /// Every requested name begins with this.
    start: String,
    /// The pattern; none: every name that begins with `start`.
    pattern: Option<Pattern>,
}

impl NameFilter {
    fn of(name: Option<&str>) -> Self {
        let Some(name) = name else {
            return Self {
                start: String::new(),
                pattern: None,
            };
        };
        let pattern = match Glob::new(name) {
            Some(glob) => Pattern::Glob(glob),
            None => Pattern::Exact(stored(name).into_owned()),
        };
        let start = match &pattern {
            Pattern::Glob(glob) => glob.pieces().first().cloned().unwrap_or_default(),
            Pattern::Exact(name) => name.clone(),
        };
        Self {
            start,
            pattern: Some(pattern),
        }
    }

    fn is_about(&self, name: &str) -> bool {
        let pattern = self.pattern.as_ref();
        pattern.is_none_or(|pattern| pattern.matches(name))
    }

    /// Whether neither this name nor any greater one is requested. The first name may be the one before `start`.
    fn is_past(&self, name: &str) -> bool {
        !name.starts_with(&self.start) && name > self.start.as_str()
    }

    /// Whether one name is requested.
    fn is_exact(&self) -> bool {
        matches!(self.pattern, Some(Pattern::Exact(_)))
    }

    /// The next names; some of them may not be requested.
    async fn page(
        &self,
        store: &Store,
        last: Option<&str>,
        most: u32,
    ) -> Result<Vec<String>, StoreError> {
        let from = match last {
            Some(last) if last >= self.start.as_str() => NamesFrom::After(last),
            _ => NamesFrom::Name(&self.start),
        };
        let most = if self.is_exact() { 1 } else { most };
        store.known_hosts(from, most).await
    }
}

/// Adds to the last run of each host what else a list tells.
async fn summaries(
    store: &Store,
    last_runs: Vec<HostInRun>,
) -> Result<Vec<HostSummary>, StoreError> {
    let names: Vec<&str> = last_runs.iter().map(|run| run.name.as_str()).collect();
    let (counts, changed) = tokio::try_join!(
        store.count_runs(&names),
        store.latest_runs(&names, HostRuns::Changed),
    )?;
    let mut changed: HashMap<String, HostInRun> = changed
        .into_iter()
        .map(|run| (run.name.clone(), run))
        .collect();
    let hosts = last_runs.into_iter().zip(counts).map(|(last, runs)| {
        let last_change = changed.remove(&last.name).map(host_run);
        HostSummary {
            name: last.name.clone(),
            status: HostStatus::of(&last.stats, last.run.status),
            last_change,
            runs: runs.min(COUNTED_RUNS),
            has_more_runs: runs > COUNTED_RUNS,
            last_run: host_run(last),
        }
    });
    Ok(hosts.collect())
}

/// One host.
///
/// # Errors
/// No run has it, or the store failed.
pub async fn host(store: &Store, name: &str) -> Result<HostDetail, HistoryError> {
    let missing = || HistoryError::NoSuchHost(name.to_owned());
    let last = store.host_runs(name, HostRuns::All, None, 1).await?;
    let summary = summaries(store, last).await?.into_iter().next();
    let summary = summary.ok_or_else(missing)?;
    let first = store.first_run(name).await?.ok_or_else(missing)?;
    let facts = store.facts_until(name, i64::MAX, 1).await?;
    Ok(HostDetail {
        groups: groups::groups_now(store, name).await?,
        summary,
        first_run: host_run(first),
        facts_time: facts.first().map(|report| time_from_us(report.at_us)),
    })
}

/// The runs of a host, newest first.
///
/// # Errors
/// No run has it, or the store failed.
pub async fn host_runs(
    store: &Store,
    name: &str,
    after: Option<Cursor>,
    limit: u32,
) -> Result<HostRunList, HistoryError> {
    let mut runs = store
        .host_runs(name, HostRuns::All, after, limit.saturating_add(1))
        .await?;
    if runs.is_empty() {
        require_host(store, name).await?;
    }
    let has_more = runs.len() > limit as usize;
    runs.truncate(limit as usize);
    let last = runs.last().filter(|_| has_more);
    Ok(HostRunList {
        next_cursor: last.map(|last| last.cursor().encode()),
        runs: runs.into_iter().map(host_run).collect(),
    })
}

/// Fails if neither a run nor a report of facts has the host.
async fn require_host(store: &Store, name: &str) -> Result<(), HistoryError> {
    let runs = store.host_runs(name, HostRuns::All, None, 1).await?;
    if runs.is_empty() && store.facts_until(name, i64::MAX, 1).await?.is_empty() {
        return Err(HistoryError::NoSuchHost(name.to_owned()));
    }
    Ok(())
}

fn host_run(found: HostInRun) -> HostRun {
    let HostInRun { run, stats, .. } = found;
    let description = run.description;
    HostRun {
        execution: run.id,
        r#type: description.r#type,
        playbook: description.playbook,
        module: description.module,
        hosts: description.hosts,
        user: description.user,
        check: description.check,
        start_time: time_from_us(run.started_us),
        end_time: run.ended_us.map(time_from_us),
        run_status: run.status,
        status: HostStatus::of(&stats, run.status),
        stats,
    }
}
