//! Tasks of the runs.

use std::collections::{BTreeMap, HashMap};

use super::turns::Outcomes;
use super::{History, Run, durations};
use crate::history::HistoryError;
use crate::model::{ExecutionKey, TaskRow, TaskTrend, printed_task};
use crate::store::Store;

/// Runs whose tasks are read at once.
const RUNS: usize = 20;

/// Tasks that are read at most, unless fewer are wanted: further runs are left out.
pub(super) const ROWS: usize = 300_000;

/// Maximum number of different tasks that are distinguished.
const DIFFERENT: usize = 20_000;

/// Runs from which on a task that changed something in each of them is not idempotent.
const ALWAYS: u64 = 3;

/// The trends of tasks.
pub(super) struct TaskTrends {
    pub(super) trends: Vec<TaskTrend>,
    /// How many runs were read.
    pub(super) runs: usize,
}

/// The identity of a task across runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Identity {
    playbook: usize,
    role: String,
    name: String,
    action: String,
}

/// A task in one run; one that ran several times there, as with `serial`, counts once.
#[derive(Debug, Default, Clone, Copy)]
struct InRun {
    changed: bool,
    failed: bool,
    ran: bool,
    duration_us: i64,
}

/// A task in the runs.
#[derive(Debug, Default)]
struct InRuns {
    /// By the index of the run.
    runs: BTreeMap<usize, InRun>,
    /// Where it stood in the last of them.
    path: String,
    line: u32,
}

/// Reads the tasks of the runs, the newest runs first. `named`: only those of this name, with or without its role.
pub(super) async fn read(
    store: &Store,
    history: &History,
    most: usize,
    named: Option<&str>,
) -> Result<TaskTrends, HistoryError> {
    let is_meant = |row: &TaskRow| {
        named.is_none_or(|name| row.name == name || printed_task(&row.name, &row.role) == name)
    };
    let mut tasks: HashMap<Identity, InRuns> = HashMap::new();
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
            .each_task(&keys, |key, row| {
                rows += 1;
                if let Some(index) = indexes.get(&key).filter(|_| is_meant(&row)) {
                    add(&mut tasks, *index, history.runs[*index].playbook, row);
                }
            })
            .await?;
        read += chunk.len();
    }
    let mut trends: Vec<TaskTrend> = tasks
        .into_iter()
        .filter_map(|(identity, task)| trend(history, identity, &task, named.is_some()))
        .collect();
    trends.sort_by(|one, other| {
        let name = |trend: &TaskTrend| {
            (
                trend.playbook.clone(),
                trend.role.clone(),
                trend.name.clone(),
            )
        };
        let by_name = || name(one).cmp(&name(other));
        other.runs.cmp(&one.runs).then_with(by_name)
    });
    Ok(TaskTrends { trends, runs: read })
}

fn add(tasks: &mut HashMap<Identity, InRuns>, run: usize, playbook: usize, row: TaskRow) {
    let identity = Identity {
        playbook,
        role: row.role,
        name: row.name,
        action: row.action,
    };
    if tasks.len() >= DIFFERENT && !tasks.contains_key(&identity) {
        return;
    }
    let task = tasks.entry(identity).or_default();
    let is_latest = task
        .runs
        .last_key_value()
        .is_none_or(|(last, _)| run >= *last);
    let in_run = task.runs.entry(run).or_default();
    let counts = row.counts;
    in_run.changed |= counts.changed > 0;
    in_run.failed |= counts.failed + counts.unreachable > counts.ignored;
    in_run.ran |= counts.ok + counts.failed + counts.unreachable > 0;
    in_run.duration_us += row.ended_us.saturating_sub(row.started_us).max(0);
    if is_latest {
        task.path = row.path;
        task.line = row.line;
    }
}

/// The trend of a task, if the task is conspicuous or requested.
fn trend(
    history: &History,
    identity: Identity,
    task: &InRuns,
    is_asked: bool,
) -> Option<TaskTrend> {
    let ran = || task.runs.iter().filter(|(_, in_run)| in_run.ran);
    let count = |is_one: fn(&InRun) -> bool| ran().filter(|(_, one)| is_one(one)).count() as u64;
    let (runs, changed_runs, failed_runs) = (
        count(|_| true),
        count(|one| one.changed),
        count(|one| one.failed),
    );
    let mut outcomes = Outcomes::default();
    let mut took: Vec<(&Run, f64)> = Vec::new();
    for (index, in_run) in ran() {
        let run = &history.runs[*index];
        outcomes.add(&run.circumstances, !in_run.failed);
        if !in_run.failed && history.is_usual(run) {
            took.push((run, in_run.duration_us as f64 / 1e6));
        }
    }
    let always_changes = runs >= ALWAYS && changed_runs == runs;
    let flaky = outcomes.flaky();
    let durations = durations(&took);
    let has_changed = durations
        .as_ref()
        .is_some_and(|took| !took.changes.is_empty());
    let is_told = always_changes || flaky.is_some() || has_changed || is_asked;
    if runs == 0 || !is_told {
        return None;
    }
    Some(TaskTrend {
        playbook: history.playbooks[identity.playbook].name.clone(),
        role: identity.role,
        name: identity.name,
        action: identity.action,
        path: task.path.clone(),
        line: task.line,
        runs,
        changed_runs,
        failed_runs,
        success_rate: (runs - failed_runs) as f64 / runs as f64,
        always_changes,
        flaky,
        durations,
    })
}
