//! Hosts of the runs.

use std::collections::{BTreeMap, HashMap};

use super::turns::Outcomes;
use super::{History, Run, durations};
use crate::filter::stored;
use crate::history::HistoryError;
use crate::model::{Amount, Costing, DurationTrend, ExecutionKey, HostTrend};
use crate::store::Store;

/// Runs whose hosts are read at once.
const RUNS: usize = 20;

/// Hosts that are read at most, unless fewer are wanted: further runs are left out.
pub(super) const ROWS: usize = 500_000;

/// Results that are read at most for the times of a host: further runs are left out.
const RESULTS: u64 = 2_000_000;

/// The trends of hosts.
pub(super) struct HostTrends {
    pub(super) trends: Vec<HostTrend>,
    /// How many runs were read, from the newest on.
    pub(super) runs: usize,
    /// The cost of each run's hosts, by its index.
    pub(super) costs: Vec<Amount>,
}

/// How a host ended in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Well,
    Failed,
    Unreachable,
}

/// Reads the hosts of the runs, the newest runs first. `named`: the requested host.
pub(super) async fn read(
    store: &Store,
    history: &History,
    most: usize,
    costing: Option<&Costing>,
    named: Option<&str>,
) -> Result<HostTrends, HistoryError> {
    let named = named.map(stored);
    let mut costs = vec![Amount::ZERO; history.runs.len()];
    // For each host, how it ended, by the index of the run.
    let mut hosts: HashMap<String, BTreeMap<usize, Ended>> = HashMap::new();
    let (mut rows, mut read) = (0, 0);
    for chunk in history.runs.rchunks(RUNS) {
        if rows >= most {
            break;
        }
        let first = history.runs.len() - read - chunk.len();
        let indexes: HashMap<ExecutionKey, usize> = chunk
            .iter()
            .enumerate()
            .map(|(at, run)| (run.key, first + at))
            .collect();
        let keys: Vec<ExecutionKey> = chunk.iter().map(|run| run.key).collect();
        store
            .each_host(&keys, |key, name, stats| {
                rows += 1;
                let ended = match (stats.unreachable, stats.failed) {
                    (0, 0) => Ended::Well,
                    (0, _) => Ended::Failed,
                    _ => Ended::Unreachable,
                };
                if let Some(index) = indexes.get(&key) {
                    let run = &history.runs[*index];
                    if let Some((costing, us)) = costing.zip(run.usage.duration_us) {
                        let groups = costing.groups_of(&name);
                        let us = us.max(0).unsigned_abs();
                        costs[*index] += costing.host_cost(run.started_us, groups, us);
                    }
                    hosts.entry(name).or_default().insert(*index, ended);
                }
            })
            .await?;
        read += chunk.len();
    }
    let is_named = |name: &str| named.as_deref() == Some(name);
    let of_named = named.as_deref().and_then(|name| hosts.get(name)).cloned();
    let mut trends: Vec<HostTrend> = hosts
        .into_iter()
        .filter_map(|(name, ended)| {
            let is_asked = is_named(&name);
            trend(history, name, &ended, is_asked)
        })
        .collect();
    trends.sort_by(|one, other| {
        let failures = |trend: &HostTrend| trend.failed_runs + trend.unreachable_runs;
        let by_name = || one.name.cmp(&other.name);
        is_named(&other.name)
            .cmp(&is_named(&one.name))
            .then_with(|| failures(other).cmp(&failures(one)))
            .then_with(by_name)
    });
    if let (Some(trend), Some(ended)) = (trends.first_mut(), of_named) {
        trend.durations = times(store, history, &trend.name, &ended).await?;
    }
    Ok(HostTrends {
        trends,
        runs: read,
        costs,
    })
}

/// How long a host's tasks took together in the runs of one playbook, the one that ran on it most often.
async fn times(
    store: &Store,
    history: &History,
    host: &str,
    ended: &BTreeMap<usize, Ended>,
) -> Result<Option<DurationTrend>, HistoryError> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for index in ended.keys() {
        *counts.entry(history.runs[*index].playbook).or_default() += 1;
    }
    // Of equally frequent ones, the first.
    let most = counts.values().copied().max();
    let playbook = counts.iter().find(|(_, count)| Some(**count) == most);
    let playbook = playbook.map(|(playbook, _)| *playbook);
    let mut meant = Vec::new();
    let mut results = 0;
    for (index, ended) in ended.iter().rev() {
        let run = &history.runs[*index];
        let counts = *ended == Ended::Well && Some(run.playbook) == playbook;
        if !counts || !history.is_usual(run) {
            continue;
        }
        results += run.results;
        if results > RESULTS && !meant.is_empty() {
            break;
        }
        meant.push(*index);
    }
    meant.reverse();
    let mut took: HashMap<ExecutionKey, i64> = HashMap::new();
    for chunk in meant.chunks(RUNS) {
        let keys: Vec<ExecutionKey> = chunk.iter().map(|index| history.runs[*index].key).collect();
        store
            .each_host_time(&keys, host, |key, us| {
                let sum = took.entry(key).or_default();
                *sum = sum.saturating_add(us.max(0));
            })
            .await?;
    }
    let runs = meant.iter().map(|index| &history.runs[*index]);
    let took: Vec<(&Run, f64)> = runs
        .filter_map(|run| Some((run, *took.get(&run.key)? as f64 / 1e6)))
        .collect();
    Ok(durations(&took))
}

/// The trend of a host that failed or is requested.
fn trend(
    history: &History,
    name: String,
    ended: &BTreeMap<usize, Ended>,
    is_asked: bool,
) -> Option<HostTrend> {
    let count = |wanted| ended.values().filter(|one| **one == wanted).count() as u64;
    let (failed_runs, unreachable_runs) = (count(Ended::Failed), count(Ended::Unreachable));
    let (last, last_ended) = ended.last_key_value()?;
    if failed_runs + unreachable_runs == 0 && !is_asked {
        return None;
    }
    let runs = ended.len() as u64;
    // Each playbook by itself: a host may always fail in one and never in another.
    let mut outcomes: HashMap<usize, Outcomes> = HashMap::new();
    for (index, ended) in ended {
        let run = &history.runs[*index];
        let of_playbook = outcomes.entry(run.playbook).or_default();
        of_playbook.add(&run.circumstances, *ended == Ended::Well);
    }
    let flaky = outcomes.values().filter_map(Outcomes::flaky);
    Some(HostTrend {
        name,
        runs,
        failed_runs,
        unreachable_runs,
        success_rate: (runs - failed_runs - unreachable_runs) as f64 / runs as f64,
        durations: None,
        flaky: flaky.max_by_key(|turns| (turns.turns, turns.of)),
        last: history.runs[*last].at,
        last_failed: *last_ended != Ended::Well,
    })
}
