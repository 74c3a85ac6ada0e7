//! Trends of the newest runs, their tasks and their hosts: success, durations and since when they differ, tasks that are
//! not idempotent, and tasks that pass and fail in turn.
//!
//! Layout:
//! - `series`: medians, and where a level changes; pure
//! - `turns`: passing and failing in turn; pure
//! - `tasks`, `hosts`: those of the runs, gathered row by row

mod hosts;
mod series;
mod tasks;
mod turns;

use std::collections::HashMap;
use std::sync::Arc;

use playback_wire::ExecutionType;

pub(in crate::history) use self::series::median;
use self::turns::{Circumstances, Outcomes};
use super::HistoryError;
use crate::model::{
    Amount, CostSum, CostTrend, Costing, Cursor, DurationChange, DurationTrend, ExecutionFilter,
    ExecutionKey, ExecutionRow, Page, PlaybookTrend, Reason, RunAt, RunUsage, SlotUsage, Status,
    Trends, time_from_us,
};
use crate::store::Store;

/// Runs that are looked up at once.
const PAGE: u32 = 200;

/// Playbooks, tasks and hosts in an answer.
const PLAYBOOKS: usize = 20;
const TASKS: usize = 50;
const HOSTS: usize = 50;

/// How much trends look at.
#[derive(Debug, Clone, Copy)]
pub struct TrendLimits {
    /// Maximum number of runs: the newest finished ones.
    pub runs: usize,
    /// Their tasks and hosts: no further runs are read once there are this many.
    pub tasks: usize,
    /// See `tasks`.
    pub hosts: usize,
}

impl TrendLimits {
    /// This many runs, with the tasks and hosts that there is time for.
    #[must_use]
    pub fn of(runs: usize) -> Self {
        Self {
            runs,
            tasks: tasks::ROWS,
            hosts: hosts::ROWS,
        }
    }
}

/// The trends of the newest finished runs that match a filter; with what they cost, if there are prices. Of a host that
/// the filter names, and of a task that is named, they say more.
///
/// # Errors
/// The store failed.
pub async fn trends(
    store: &Store,
    filter: &ExecutionFilter,
    task: Option<&str>,
    limits: TrendLimits,
    costing: Option<&Costing>,
) -> Result<Trends, HistoryError> {
    let (history, has_older) = History::read(store, filter, limits.runs).await?;
    let tasks = tasks::read(store, &history, limits.tasks, task).await?;
    let host = filter.host.as_deref();
    let hosts = hosts::read(store, &history, limits.hosts, costing, host).await?;
    let mut playbooks = history.playbooks(costing, &hosts);
    let playbooks_left_out = playbooks.split_off(PLAYBOOKS.min(playbooks.len())).len();
    let at = |run: Option<&Run>| run.map(|run| time_from_us(run.started_us));
    Ok(Trends {
        runs: history.runs.len() as u64,
        has_older,
        from: at(history.runs.first()),
        to: at(history.runs.last()),
        playbooks,
        playbooks_left_out: playbooks_left_out as u64,
        tasks_left_out: tasks.trends.len().saturating_sub(TASKS) as u64,
        tasks: tasks.trends.into_iter().take(TASKS).collect(),
        runs_with_tasks: tasks.runs as u64,
        hosts_left_out: hosts.trends.len().saturating_sub(HOSTS) as u64,
        hosts: hosts.trends.into_iter().take(HOSTS).collect(),
        runs_with_hosts: hosts.runs as u64,
        overdue: Vec::new(),
    })
}

/// A finished run, as far as trends need it.
#[derive(Debug)]
struct Run {
    key: ExecutionKey,
    at: RunAt,
    started_us: i64,
    /// Which playbook: its index.
    playbook: usize,
    circumstances: Circumstances,
    status: Status,
    /// Whether something else than the run ended it.
    is_unfinished: bool,
    /// How many results it has.
    results: u64,
    /// In seconds, if it is known.
    duration: Option<f64>,
    usage: RunUsage,
}

/// The subject of runs: a playbook in its folder, or a module.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Playbook {
    r#type: ExecutionType,
    name: String,
    folder: Option<String>,
}

/// On what a playbook is run: its inventory, its limit, its tags, and those that are skipped.
type Variant = (Option<String>, Option<String>, Vec<String>, Vec<String>);

/// The runs, the oldest first.
#[derive(Debug, Default)]
struct History {
    runs: Vec<Run>,
    playbooks: Vec<Playbook>,
    /// For each playbook, how many of its runs are of each variant.
    variants: Vec<Vec<u64>>,
}

impl History {
    /// Reads the newest runs. Also returns whether there are older ones.
    async fn read(
        store: &Store,
        filter: &ExecutionFilter,
        most: usize,
    ) -> Result<(Self, bool), HistoryError> {
        let mut rows: Vec<(ExecutionKey, ExecutionRow)> = Vec::new();
        let mut after = None;
        let has_older = loop {
            let page = Page {
                limit: PAGE,
                offset: 0,
                after,
                ascending: false,
            };
            let found = store.executions(filter, &page).await?;
            let is_last = found.len() < PAGE as usize;
            after = found.last().map(Cursor::of);
            let counts = |row: &ExecutionRow| {
                row.status != Status::Running && !row.description.check && row.ended_us.is_some()
            };
            rows.extend(found.into_iter().filter(|(_, row)| counts(row)));
            if rows.len() > most {
                rows.truncate(most);
                break true;
            }
            if is_last {
                break false;
            }
        };
        let mut history = Self::default();
        let mut playbooks: HashMap<Playbook, usize> = HashMap::new();
        let mut variants: HashMap<(usize, Variant), usize> = HashMap::new();
        for (key, row) in rows.into_iter().rev() {
            let next = playbooks.len();
            let playbook = playbook_of(&row);
            let playbook = *playbooks.entry(playbook).or_insert_with_key(|playbook| {
                history.playbooks.push(playbook.clone());
                history.variants.push(Vec::new());
                next
            });
            let counts = &mut history.variants[playbook];
            let variant = *variants
                .entry((playbook, variant_of(&row)))
                .or_insert_with(|| {
                    counts.push(0);
                    counts.len() - 1
                });
            counts[variant] += 1;
            history.runs.push(Run::new(key, &row, playbook, variant));
        }
        Ok((history, has_older))
    }

    /// Whether a run is of its playbook's most frequent variant: durations of others are not comparable.
    fn is_usual(&self, run: &Run) -> bool {
        let counts = &self.variants[run.playbook];
        let most = counts.iter().max();
        // Of equally frequent ones, the first.
        let usual = counts.iter().position(|count| Some(count) == most);
        usual == Some(run.circumstances.variant)
    }

    /// The playbooks, those with the most runs first.
    fn playbooks(
        &self,
        costing: Option<&Costing>,
        hosts: &hosts::HostTrends,
    ) -> Vec<PlaybookTrend> {
        let mut trends: Vec<PlaybookTrend> = Vec::with_capacity(self.playbooks.len());
        let costs = costing.map(|costing| self.costs(costing, hosts));
        for (index, playbook) in self.playbooks.iter().enumerate() {
            let runs: Vec<&Run> = self
                .runs
                .iter()
                .filter(|run| run.playbook == index)
                .collect();
            let Some(last) = runs.last() else { continue };
            let mut outcomes = Outcomes::default();
            for run in &runs {
                outcomes.add(&run.circumstances, run.succeeded());
            }
            let succeeded = runs.iter().filter(|run| run.succeeded()).count();
            let took = runs
                .iter()
                .filter(|run| run.succeeded() && self.is_usual(run));
            let took: Vec<(&Run, f64)> =
                took.filter_map(|run| Some((*run, run.duration?))).collect();
            trends.push(PlaybookTrend {
                r#type: playbook.r#type,
                name: playbook.name.clone(),
                folder: playbook.folder.clone(),
                runs: runs.len() as u64,
                succeeded: succeeded as u64,
                success_rate: succeeded as f64 / runs.len() as f64,
                unfinished: runs.iter().filter(|run| run.is_unfinished).count() as u64,
                last: last.at,
                last_status: last.status,
                flaky: outcomes.flaky(),
                durations: durations(&took),
                cost: costing.zip(costs.as_ref()).map(|(costing, costs)| {
                    let sum = &costs[index];
                    let figures = sum.figures(costing.prices());
                    let is_known = figures.unknown_runs == 0 && figures.runs > 0;
                    let mean = is_known.then(|| sum.total().divided(figures.runs).to_string());
                    CostTrend { figures, mean }
                }),
            });
        }
        trends.sort_by(|one, other| {
            let by_name = one.name.cmp(&other.name);
            other.runs.cmp(&one.runs).then(by_name)
        });
        trends
    }
}

impl History {
    /// The cost of each playbook's runs.
    fn costs(&self, costing: &Costing, hosts: &hosts::HostTrends) -> Vec<CostSum> {
        let mut sums = vec![CostSum::default(); self.playbooks.len()];
        let read_from = self.runs.len() - hosts.runs;
        for (index, run) in self.runs.iter().enumerate() {
            let period = costing.prices().at(run.started_us);
            let prices_hosts = period.is_some_and(|period| period.prices_hosts());
            // Of older runs the hosts were not read.
            let is_timed = run.usage.duration_us.is_some() && (index >= read_from || !prices_hosts);
            let us = run.usage.duration_us.filter(|_| is_timed).unwrap_or(0);
            let is_measured = run.usage.cpu_us.is_some();
            let usage = SlotUsage {
                runs: 1,
                timed: is_timed.into(),
                duration_us: us.max(0).unsigned_abs(),
                measured: is_measured.into(),
                cpu_us: run.usage.cpu_us.unwrap_or(0),
                whole: (is_timed && is_measured).into(),
            };
            let hosts = hosts.costs.get(index).copied().unwrap_or(Amount::ZERO);
            sums[run.playbook].add(period, &usage, hosts);
        }
        sums
    }
}

impl Run {
    fn new(key: ExecutionKey, row: &ExecutionRow, playbook: usize, variant: usize) -> Self {
        let git = row.description.git.as_ref();
        Self {
            key,
            at: RunAt {
                id: row.id,
                start_time: time_from_us(row.started_us),
            },
            started_us: row.started_us,
            playbook,
            circumstances: Circumstances {
                variant,
                commit: git.map(|git| Arc::from(git.commit.as_str())),
            },
            status: row.status,
            is_unfinished: matches!(
                row.reason,
                Some(Reason::Canceled | Reason::TimedOut | Reason::Lost)
            ),
            results: row.results,
            duration: row.duration_us().map(|us| us as f64 / 1e6),
            usage: RunUsage {
                started_us: row.started_us,
                duration_us: row.duration_us(),
                cpu_us: row.usage.as_ref().map(RunUsage::cpu_us),
            },
        }
    }

    fn succeeded(&self) -> bool {
        self.status == Status::Success
    }

    fn commit(&self) -> Option<String> {
        self.circumstances.commit.as_deref().map(str::to_owned)
    }
}

fn playbook_of(row: &ExecutionRow) -> Playbook {
    let run = &row.description;
    let name = match run.r#type {
        ExecutionType::Playbook => run.playbook.clone(),
        ExecutionType::Adhoc => run.module.clone(),
    };
    let name = name.unwrap_or_default();
    let is_relative = run.r#type == ExecutionType::Playbook && !name.starts_with('/');
    Playbook {
        r#type: run.r#type,
        folder: run.cwd.clone().filter(|_| is_relative),
        name,
    }
}

/// The subject of a run: a playbook, or a module.
pub(in crate::history) fn name_of(row: &ExecutionRow) -> String {
    playbook_of(row).name
}

/// On what the run's playbook was run.
pub(super) fn variant_of(row: &ExecutionRow) -> Variant {
    let run = &row.description;
    let limit = match run.r#type {
        ExecutionType::Playbook => run.limit.clone(),
        ExecutionType::Adhoc => run.hosts.clone(),
    };
    (
        run.inventory.clone(),
        limit,
        run.tags.clone(),
        run.skip_tags.clone(),
    )
}

/// How durations developed, given in the order of time.
fn durations(took: &[(&Run, f64)]) -> Option<DurationTrend> {
    if took.is_empty() {
        return None;
    }
    let values: Vec<f64> = took.iter().map(|(_, seconds)| *seconds).collect();
    let starts = series::changes(&values);
    let ends = starts.iter().skip(1).copied().chain([values.len()]);
    let mut begun = 0;
    let changes = starts.iter().zip(ends).map(|(at, end)| {
        let before = median(&values[std::mem::replace(&mut begun, *at)..*at]);
        let (run, previous) = (took[*at].0, took[*at - 1].0);
        DurationChange {
            run: run.at,
            before,
            after: median(&values[*at..end]),
            commit_before: previous.commit(),
            commit: run.commit(),
        }
    });
    Some(DurationTrend {
        runs: values.len() as u64,
        changes: changes.collect(),
        median: median(&values),
        p95: series::quantile(&values, 0.95),
    })
}
