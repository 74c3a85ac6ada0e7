//! The rows of the exported executions, read some at a time.
//!
//! The rows of an execution are in the export all or not at all. Those of a usual one are read before the first of them
//! is sent, so one that is deleted meanwhile is left out. Those of a large one are sent as they are read: if it is
//! deleted before its last row, the export fails.

mod audit;
mod output;
mod results;

use std::collections::HashMap;
use std::sync::Arc;

use super::ExportError;
use super::runs::{Run, Runs};
use super::tables::{HostOfRun, Row, RunRow};
use crate::model::{Costing, ExecutionKey, ExecutionRow, RunCost, RunUsage, Status};
use crate::store::{HostCounts, RowFilter, Store};

pub(super) use audit::AuditRows;
pub(super) use output::OutputRows;
pub(super) use results::{ResultRows, messages};

/// Rows in memory at once, if they are of several executions.
const ROWS: u32 = 5_000;

/// A source of rows.
pub(super) trait Rows: Send + 'static {
    /// The rows.
    type Row: Row;

    /// The next rows; none if there are no more. There may be no row although more follow.
    fn next(&mut self) -> impl Future<Output = Result<Option<Vec<Self::Row>>, ExportError>> + Send;
}

/// Executions.
pub(super) struct RunRows {
    pub(super) store: Store,
    pub(super) runs: Runs,
    /// The prices, if costs are wanted.
    pub(super) costing: Option<Arc<Costing>>,
}

impl RunRows {
    /// The names of the hosts of these executions, if some hosts have prices of their own.
    async fn host_names(
        &self,
        keys: &[ExecutionKey],
    ) -> Result<HashMap<ExecutionKey, Vec<String>>, ExportError> {
        let mut names: HashMap<ExecutionKey, Vec<String>> = HashMap::new();
        let costing = self.costing.as_ref();
        if costing.is_none_or(|costing| costing.prices().groups().is_empty()) {
            return Ok(names);
        }
        for keys in keys.chunks(AT_ONCE) {
            self.store
                .each_host(keys, |key, name, _| {
                    names.entry(key).or_default().push(name);
                })
                .await?;
        }
        Ok(names)
    }
}

/// Executions whose hosts are read at once.
const AT_ONCE: usize = 200;

/// The cost of an execution, if it is over and there are prices. Without the names of its hosts, all have the same price.
fn cost_of(
    costing: Option<&Costing>,
    run: &ExecutionRow,
    hosts: &HostCounts,
    names: &[String],
) -> Option<RunCost> {
    let costing = costing.filter(|_| run.status != Status::Running)?;
    let usage = RunUsage {
        started_us: run.started_us,
        duration_us: run.duration_us(),
        cpu_us: run.usage.as_ref().map(RunUsage::cpu_us),
    };
    if costing.prices().groups().is_empty() {
        let all = (0..hosts.total).map(|_| "");
        return Some(RunCost::of(costing, &usage, all));
    }
    let names = names.iter().map(String::as_str);
    Some(RunCost::of(costing, &usage, names))
}

impl Rows for RunRows {
    type Row = RunRow;

    async fn next(&mut self) -> Result<Option<Vec<RunRow>>, ExportError> {
        let count = self.runs.pending().await?.len();
        if count == 0 {
            return Ok(None);
        }
        let runs = self.runs.take(count);
        let keys: Vec<_> = runs.iter().map(|(key, _)| *key).collect();
        // The executions after these are read meanwhile.
        let counts = async { Ok(self.store.host_counts(&keys).await?) };
        let (mut counts, _) = tokio::try_join!(counts, self.runs.pending())?;
        let names = self.host_names(&keys).await?;
        let costing = self.costing.as_deref();
        let rows = runs.into_iter().filter_map(|(key, run)| {
            // Without counts: deleted meanwhile.
            let hosts = counts.remove(&key)?;
            let names = names.get(&key).map_or(&[][..], Vec::as_slice);
            let cost = cost_of(costing, &run, &hosts, names);
            Some(RunRow { run, hosts, cost })
        });
        Ok(Some(rows.collect()))
    }
}

/// Hosts of executions. Those of one execution always fit into memory.
pub(super) struct HostRows {
    store: Store,
    runs: Runs,
    filter: RowFilter,
    /// How many executions to ask for at once.
    at_once: usize,
}

impl HostRows {
    pub(super) fn new(store: Store, runs: Runs, filter: RowFilter) -> Self {
        Self {
            store,
            runs,
            filter,
            at_once: 200,
        }
    }
}

impl Rows for HostRows {
    type Row = HostOfRun;

    async fn next(&mut self) -> Result<Option<Vec<HostOfRun>>, ExportError> {
        loop {
            let pending = self.runs.pending().await?;
            if pending.is_empty() {
                return Ok(None);
            }
            let count = self.at_once.min(pending.len()).max(1);
            let keys: Vec<_> = pending.iter().take(count).map(|(key, _)| *key).collect();
            let limit = if count == 1 { u32::MAX } else { ROWS + 1 };
            let found = self.store.hosts_of(&keys, &self.filter, limit).await?;
            if count > 1 && found.len() > ROWS as usize {
                self.at_once = count / 2;
                continue;
            }
            if found.len() < ROWS as usize / 4 {
                self.at_once = self.at_once.max(count * 2).min(200);
            }
            let rows = of_runs(self.runs.take(count), found, |host| host.number.into());
            let rows = rows.flat_map(|(run, hosts)| {
                let of_run = move |host| HostOfRun {
                    run: run.1.clone(),
                    host,
                };
                hosts.into_iter().map(of_run)
            });
            return Ok(Some(rows.collect()));
        }
    }
}

/// Rows by execution, in the order of the executions, and of each in the order of their numbers.
fn of_runs<T>(
    runs: Vec<Run>,
    found: Vec<(ExecutionKey, T)>,
    number: fn(&T) -> u64,
) -> impl Iterator<Item = (Run, Vec<T>)> {
    let mut by_key: HashMap<ExecutionKey, Vec<T>> = HashMap::new();
    for (key, row) in found {
        by_key.entry(key).or_default().push(row);
    }
    runs.into_iter().filter_map(move |(key, run)| {
        let mut rows = by_key.remove(&key)?;
        rows.sort_by_key(number);
        Some(((key, run), rows))
    })
}
