//! Hosts of the runs.

use std::collections::{BTreeMap, HashMap};

use super::History;
use super::turns::Outcomes;
use crate::history::HistoryError;
use crate::model::{Amount, Costing, ExecutionKey, HostTrend};
use crate::store::Store;

/// Runs whose hosts are read at once.
const RUNS: usize = 20;

/// Hosts that are read at most, unless fewer are wanted: further runs are left out.
pub(super) const ROWS: usize = 500_000;

/// What was found.
pub(super) struct Found {
    pub(super) trends: Vec<HostTrend>,
    /// How many runs were read, from the newest on.
    pub(super) runs: usize,
    /// What the hosts of each run cost, by its index.
    pub(super) costs: Vec<Amount>,
}

/// How a host ended in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Well,
    Failed,
    Unreachable,
}

/// Reads the hosts of the runs, the newest runs first.
pub(super) async fn read(
    store: &Store,
    history: &History,
    most: usize,
    costing: Option<&Costing>,
) -> Result<Found, HistoryError> {
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
    let mut trends: Vec<HostTrend> = hosts
        .into_iter()
        .filter_map(|(name, ended)| trend(history, name, &ended))
        .collect();
    trends.sort_by(|one, other| {
        let failures = |trend: &HostTrend| trend.failed_runs + trend.unreachable_runs;
        let by_name = || one.name.cmp(&other.name);
        failures(other).cmp(&failures(one)).then_with(by_name)
    });
    Ok(Found {
        trends,
        runs: read,
        costs,
    })
}

/// The trend of a host that failed.
fn trend(history: &History, name: String, ended: &BTreeMap<usize, Ended>) -> Option<HostTrend> {
    let count = |wanted| ended.values().filter(|one| **one == wanted).count() as u64;
    let (failed_runs, unreachable_runs) = (count(Ended::Failed), count(Ended::Unreachable));
    let (last, last_ended) = ended.last_key_value()?;
    if failed_runs + unreachable_runs == 0 {
        return None;
    }
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
        runs: ended.len() as u64,
        failed_runs,
        unreachable_runs,
        flaky: flaky.max_by_key(|turns| (turns.turns, turns.of)),
        last: history.runs[*last].at,
        last_failed: *last_ended != Ended::Well,
    })
}
