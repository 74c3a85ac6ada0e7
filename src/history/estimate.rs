//! Estimates the remaining time of a running execution from the last similar successful runs, and tells what it waits for.

use super::HistoryError;
use super::trends::{median, name_of, variant_of};
use crate::model::{
    Cursor, DAY_US, Estimate, ExecutionFilter, ExecutionKey, ExecutionRow, NO_SERIES, OverdueRun,
    Page, RunAt, RunningHost, Status, TaskRow, printed_task, series_key, task_title, time_from_us,
};
use crate::store::{SeriesRun, Store, StoreError};

/// Runs that an estimate is based on.
const RUNS: u32 = 5;

/// How many ad-hoc commands are searched for them; and runs of the playbook, as long as some have no series.
const SEARCHED: u32 = 100;

/// Maximum number of tasks of a run that are read; a longer run is estimated by its duration alone.
const TASKS: u32 = 5_000;

/// Hosts that are named.
const HOSTS: u32 = 10;

/// Running executions that are judged at once: the oldest.
const RUNNING: u32 = 50;

/// How much longer than the longest of the others a run takes that is overdue.
const OVERDUE: f64 = 1.5;

/// Estimates how long an execution still takes.
///
/// # Errors
/// The store failed.
pub async fn estimate(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
    now_us: i64,
) -> Result<Estimate, HistoryError> {
    let seconds = |us: i64| us.max(0) as f64 / 1e6;
    let until_us = row.ended_us.unwrap_or(now_us);
    let elapsed = seconds(until_us.saturating_sub(row.started_us));
    let mut estimate = Estimate {
        id: row.id,
        status: row.status,
        elapsed,
        based_on: 0,
        usual: None,
        remaining: None,
        is_overdue: false,
        task: None,
        hosts_running: 0,
        waits_for: Vec::new(),
    };
    if row.status != Status::Running {
        return Ok(estimate);
    }
    let tasks = store.tasks(key, 0, TASKS).await?;
    let latest = tasks.last();
    estimate.task = latest.map(named);
    estimate.hosts_running = store.count_running_hosts(key).await?;
    let waits_for = store.running_hosts(key, HOSTS).await?.into_iter();
    estimate.waits_for = waits_for
        .map(|running| RunningHost {
            host: running.host,
            task: running.task.or(running.action).unwrap_or_default(),
            since: running.since_us.map(time_from_us),
        })
        .collect();

    let like_it = like_it(store, row).await?;
    let took: Vec<f64> = like_it
        .iter()
        .map(|other| seconds(duration_us(other)))
        .collect();
    let Some(longest) = took.iter().copied().reduce(f64::max) else {
        return Ok(estimate);
    };
    let mut remaining = Vec::with_capacity(like_it.len());
    for other in &like_it {
        let by_task = match latest {
            Some(latest) if tasks.len() < TASKS as usize => {
                let theirs = store.tasks(other.key, 0, TASKS).await?;
                same_task(&tasks, latest, &theirs).map(|theirs| {
                    // What came after the task there, and what is left of the task.
                    let after_us = other.ended_us.saturating_sub(theirs.ended_us);
                    let task_us = theirs.ended_us.saturating_sub(theirs.started_us);
                    let spent_us = now_us.saturating_sub(latest.started_us);
                    after_us.max(0) + task_us.saturating_sub(spent_us).max(0)
                })
            }
            _ => None,
        };
        let by_duration =
            || duration_us(other).saturating_sub(now_us.saturating_sub(row.started_us));
        remaining.push(seconds(by_task.unwrap_or_else(by_duration)));
    }
    estimate.based_on = like_it.len() as u64;
    estimate.usual = Some(median(&took));
    estimate.remaining = Some(median(&remaining));
    estimate.is_overdue = elapsed > longest * OVERDUE;
    Ok(estimate)
}

/// The running executions that match a filter and seem not to end, the oldest first. Runs in check mode are left out.
///
/// # Errors
/// The store failed.
pub async fn overdue(
    store: &Store,
    filter: &ExecutionFilter,
    now_us: i64,
) -> Result<Vec<OverdueRun>, HistoryError> {
    if filter
        .status
        .is_some_and(|status| status != Status::Running)
    {
        return Ok(Vec::new());
    }
    let running = ExecutionFilter {
        status: Some(Status::Running),
        ..filter.clone()
    };
    let page = Page {
        limit: RUNNING,
        offset: 0,
        after: None,
        ascending: true,
    };
    let mut overdue = Vec::new();
    for (_, row) in store.executions(&running, &page).await? {
        let elapsed_us = now_us.saturating_sub(row.started_us);
        if row.description.check {
            continue;
        }
        let like_it = like_it(store, &row).await?;
        let took: Vec<f64> = like_it
            .iter()
            .map(|other| duration_us(other).max(0) as f64 / 1e6)
            .collect();
        let elapsed = elapsed_us.max(0) as f64 / 1e6;
        let is_overdue = match took.iter().copied().reduce(f64::max) {
            Some(longest) => elapsed > longest * OVERDUE,
            None => elapsed_us > DAY_US,
        };
        if is_overdue {
            overdue.push(OverdueRun {
                r#type: row.description.r#type,
                name: name_of(&row),
                run: RunAt {
                    id: row.id,
                    start_time: time_from_us(row.started_us),
                },
                elapsed,
                usual: (!took.is_empty()).then(|| median(&took)),
            });
        }
    }
    Ok(overdue)
}

/// The last successful runs of the same playbook or module, inventory, limit and tags.
async fn like_it(store: &Store, row: &ExecutionRow) -> Result<Vec<SeriesRun>, StoreError> {
    let series = series_key(&row.description);
    if series == NO_SERIES {
        return recent_like_it(store, row).await;
    }
    let found = store.successes_of(series, row.started_us, RUNS).await?;
    if found.len() == RUNS as usize || !store.has_runs_without_series().await? {
        return Ok(found);
    }
    // An earlier version wrote runs whose series is not known yet.
    let recent = recent_like_it(store, row).await?;
    Ok(match recent.len() > found.len() {
        true => recent,
        false => found,
    })
}

/// The same among the last runs of the playbook, or the last ad-hoc commands, which are part of no series.
async fn recent_like_it(store: &Store, row: &ExecutionRow) -> Result<Vec<SeriesRun>, StoreError> {
    let run = &row.description;
    let filter = ExecutionFilter {
        status: Some(Status::Success),
        r#type: Some(run.r#type),
        playbook: run.playbook.clone(),
        ..ExecutionFilter::default()
    };
    let page = Page {
        limit: SEARCHED,
        offset: 0,
        after: Some(Cursor {
            started_us: row.started_us,
            key: i64::MAX,
        }),
        ascending: false,
    };
    let is_like_it = |other: &ExecutionRow| {
        let other_run = &other.description;
        variant_of(other) == variant_of(row)
            && other_run.check == run.check
            && other_run.module == run.module
            && other.duration_us().is_some()
    };
    let found = store.executions(&filter, &page).await?.into_iter();
    let like_it = found.filter(|(_, other)| is_like_it(other));
    let like_it = like_it.map(|(key, other)| SeriesRun {
        key,
        id: other.id,
        started_us: other.started_us,
        ended_us: other.ended_us.unwrap_or(other.started_us),
        status: other.status,
        duration_us: other.duration_us(),
    });
    Ok(like_it.take(RUNS as usize).collect())
}

/// The task of another run that is this one: of the same role, name and action, and as many of them before it.
fn same_task<'t>(
    tasks: &[TaskRow],
    latest: &TaskRow,
    theirs: &'t [TaskRow],
) -> Option<&'t TaskRow> {
    let is_same = |task: &&TaskRow| {
        (&task.role, &task.name, &task.action) == (&latest.role, &latest.name, &latest.action)
    };
    let before = tasks.iter().filter(is_same).count().checked_sub(1)?;
    theirs.iter().filter(is_same).nth(before)
}

fn named(task: &TaskRow) -> String {
    printed_task(task_title(&task.name, &task.action), &task.role)
}

fn duration_us(run: &SeriesRun) -> i64 {
    run.ended_us.saturating_sub(run.started_us)
}
