//! The structure of an execution: plays, tasks and hosts.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use playback_wire::HostStats;
use serde::Serialize;
use utoipa::ToSchema;

use super::lines::{self, LineSpan};
use crate::model::{ExecutionKey, ExecutionRow, HostRow, PlayRow, TaskRow, time_from_us};
use crate::store::{Store, StoreError};

/// One play.
#[derive(Debug, Serialize, ToSchema)]
pub struct Play {
    /// Its number, from 1; each batch of `serial` is a separate play.
    pub play: u32,
    /// Its name.
    pub name: String,
    /// Its host pattern.
    pub hosts: String,
    /// Its strategy.
    pub strategy: String,
    /// When it began.
    pub start_time: DateTime<Utc>,
    /// When its latest event came.
    pub end_time: DateTime<Utc>,
}

impl From<PlayRow> for Play {
    fn from(row: PlayRow) -> Self {
        Self {
            play: row.number,
            name: row.name,
            hosts: row.hosts,
            strategy: row.strategy,
            start_time: time_from_us(row.started_us),
            end_time: time_from_us(row.ended_us),
        }
    }
}

/// All plays of an execution.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlayList {
    /// The plays, in order.
    pub plays: Vec<Play>,
}

/// All plays of an execution.
///
/// # Errors
/// The store failed.
pub async fn plays(store: &Store, key: ExecutionKey) -> Result<PlayList, StoreError> {
    let plays = store.plays(key).await?;
    Ok(PlayList {
        plays: plays.into_iter().map(Play::from).collect(),
    })
}

/// One task, and how its results ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct Task {
    /// Its number, from 1, over the whole execution.
    pub task: u32,
    /// Number of its play.
    pub play: u32,
    /// Its name, without the role.
    pub name: String,
    /// Module or action, as written in the playbook; for a template, the actions that ran, joined by a comma.
    pub action: String,
    /// File that holds it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Line in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Role that holds it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Whether it ran as a handler.
    pub handler: bool,
    /// Whether its results are censored, or may be censored.
    pub no_log: bool,
    /// When it began.
    pub start_time: DateTime<Utc>,
    /// When its latest result came.
    pub end_time: DateTime<Utc>,
    /// Time from its start to its latest result, in seconds.
    pub duration: f64,
    /// Results that succeeded, including those that changed something.
    pub ok: u32,
    /// Results that changed something.
    pub changed: u32,
    /// Results that failed, including ignored, rescued and retracted ones.
    pub failed: u32,
    /// Results that were skipped.
    pub skipped: u32,
    /// Results of hosts that could not be reached.
    pub unreachable: u32,
    /// Failures that were ignored.
    pub ignored: u32,
    /// With `lines=true`: the printed lines of its heading and its results; missing where they are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<LineSpan>,
}

impl From<TaskRow> for Task {
    fn from(row: TaskRow) -> Self {
        Self {
            task: row.number,
            play: row.play,
            name: row.name,
            action: row.action,
            path: row.path,
            line: (row.line > 0).then_some(row.line),
            role: row.role,
            tags: row.tags,
            handler: row.handler,
            no_log: row.no_log,
            start_time: time_from_us(row.started_us),
            end_time: time_from_us(row.ended_us),
            duration: row.ended_us.saturating_sub(row.started_us).max(0) as f64 / 1e6,
            ok: row.counts.ok,
            changed: row.counts.changed,
            failed: row.counts.failed,
            skipped: row.counts.skipped,
            unreachable: row.counts.unreachable,
            ignored: row.counts.ignored,
            lines: None,
        }
    }
}

/// A page of tasks.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskList {
    /// The tasks, in order.
    pub tasks: Vec<Task>,
    /// Ask with this as `after` for the next page; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u32>,
}

/// Which tasks, and what of them.
#[derive(Debug, Clone, Copy)]
pub struct TasksQuestion {
    /// Only tasks with a greater number.
    pub after: u32,
    /// Tasks at most.
    pub limit: u32,
    /// Whether their printed lines are read from the log.
    pub lines: bool,
}

/// A page of the tasks of an execution.
///
/// # Errors
/// The store failed.
pub async fn tasks(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
    question: TasksQuestion,
) -> Result<TaskList, StoreError> {
    let rows = store.tasks(key, question.after, question.limit).await?;
    let next = rows.last().map(|row| row.number);
    let next = next.filter(|_| rows.len() == question.limit as usize);
    let mut spans = match question.lines {
        true => lines::of_tasks(store, key, row, &rows, next.is_none()).await?,
        false => HashMap::new(),
    };
    let tasks = rows.into_iter().map(|row| Task {
        lines: spans.remove(&row.number),
        ..Task::from(row)
    });
    Ok(TaskList {
        tasks: tasks.collect(),
        next,
    })
}

/// One host, and how its tasks ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct Host {
    /// Its number within the execution, from 1.
    pub host: u32,
    /// Its inventory name.
    pub name: String,
    /// The recap's counts; until the recap is printed, our own.
    #[serde(flatten)]
    pub stats: HostStats,
    /// Number of the task that it is running now; if the run was lost, of its last known task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running_task: Option<u32>,
    /// When it started that task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running_since: Option<DateTime<Utc>>,
}

impl From<HostRow> for Host {
    fn from(row: HostRow) -> Self {
        Self {
            host: row.number,
            name: row.name,
            stats: row.stats,
            running_task: row.running_task,
            running_since: row.running_since_us.map(time_from_us),
        }
    }
}

/// A page of hosts.
#[derive(Debug, Serialize, ToSchema)]
pub struct HostList {
    /// The hosts, in the order in which they appeared.
    pub hosts: Vec<Host>,
    /// Ask with this as `after` for the next page; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u32>,
}

/// Hosts of an execution with a number greater than `after`, `limit` at most.
///
/// # Errors
/// The store failed.
pub async fn hosts(
    store: &Store,
    key: ExecutionKey,
    after: u32,
    limit: u32,
) -> Result<HostList, StoreError> {
    let rows = store.hosts(key, after, limit).await?;
    let next = rows.last().map(|row| row.number);
    Ok(HostList {
        next: next.filter(|_| rows.len() == limit as usize),
        hosts: rows.into_iter().map(Host::from).collect(),
    })
}
