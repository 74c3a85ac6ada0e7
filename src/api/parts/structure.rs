//! What an execution is made of: plays, tasks and hosts.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use chrono::{DateTime, Utc};
use playback_wire::HostStats;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::open;
use crate::api::ApiError;
use crate::api::auth::ReadAccess;
use crate::api::error::ErrorBody;
use crate::api::query::{Path, limit};
use crate::app::App;
use crate::model::{TaskRow, time_from_us};

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(in crate::api) struct PartsQuery {
    /// Only entries with a greater number.
    after: u32,
    /// Entries at most: 1 to 1000, 50 by default.
    limit: Option<u32>,
}

/// One play.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Play {
    /// Its number, from 1; each batch of `serial` is a play of its own.
    play: u32,
    /// Its name.
    name: String,
    /// Its host pattern.
    hosts: String,
    /// Its strategy.
    strategy: String,
    /// When it began.
    start_time: DateTime<Utc>,
    /// When its latest event came.
    end_time: DateTime<Utc>,
}

/// All plays of an execution.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct PlayList {
    /// The plays, in order.
    plays: Vec<Play>,
}

/// The plays of an execution.
#[utoipa::path(
    get, path = "/executions/{id}/plays", tag = "history", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = PlayList), (status = 404, body = ErrorBody))
)]
pub(in crate::api) async fn list_plays(
    State(app): State<App>,
    _: ReadAccess,
    Path(id): Path<String>,
) -> Result<Json<PlayList>, ApiError> {
    let (key, _) = open(&app, &id).await?;
    let plays = app.store.plays(key).await?.into_iter().map(|row| Play {
        play: row.number,
        name: row.name,
        hosts: row.hosts,
        strategy: row.strategy,
        start_time: time_from_us(row.started_us),
        end_time: time_from_us(row.ended_us),
    });
    Ok(Json(PlayList {
        plays: plays.collect(),
    }))
}

/// One task, and how its results ended.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Task {
    /// Its number, from 1, over the whole execution.
    task: u32,
    /// Number of its play.
    play: u32,
    /// Its name, without the role.
    name: String,
    /// Module or action, as written in the playbook; where that is a template, what it came to, joined by a comma.
    action: String,
    /// File that holds it.
    #[serde(skip_serializing_if = "String::is_empty")]
    path: String,
    /// Line in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    /// Role that holds it.
    #[serde(skip_serializing_if = "String::is_empty")]
    role: String,
    /// Its tags.
    tags: Vec<String>,
    /// Whether it ran as a handler.
    handler: bool,
    /// Whether its results are censored, or may be.
    no_log: bool,
    /// When it began.
    start_time: DateTime<Utc>,
    /// When its latest result came.
    end_time: DateTime<Utc>,
    /// From its begin to its latest result, in seconds.
    duration: f64,
    /// Results that ended well, changed ones included.
    ok: u32,
    /// Results that changed something.
    changed: u32,
    /// Results that failed, ignored, rescued and retracted ones included.
    failed: u32,
    /// Results that were skipped.
    skipped: u32,
    /// Results of hosts that could not be reached.
    unreachable: u32,
    /// Failures that were ignored.
    ignored: u32,
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
        }
    }
}

/// A page of tasks.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct TaskList {
    /// The tasks, in order.
    tasks: Vec<Task>,
    /// Ask with this as `after` for the next page; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u32>,
}

/// The tasks of an execution.
#[utoipa::path(
    get, path = "/executions/{id}/tasks", tag = "history",
    params(("id" = uuid::Uuid, Path), PartsQuery),
    responses((status = 200, body = TaskList), (status = 404, body = ErrorBody))
)]
pub(in crate::api) async fn list_tasks(
    State(app): State<App>,
    _: ReadAccess,
    Path(id): Path<String>,
    query: Result<Query<PartsQuery>, QueryRejection>,
) -> Result<Json<TaskList>, ApiError> {
    let Query(query) = query?;
    let limit = limit(query.limit)?;
    let (key, _) = open(&app, &id).await?;
    let rows = app.store.tasks(key, query.after, limit).await?;
    let next = rows.last().map(|row| row.number);
    Ok(Json(TaskList {
        next: next.filter(|_| rows.len() == limit as usize),
        tasks: rows.into_iter().map(Task::from).collect(),
    }))
}

/// One host, and how it fared.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Host {
    /// Its number within the execution, from 1.
    host: u32,
    /// Its inventory name.
    name: String,
    /// The recap's counts; until the recap is printed, our own.
    #[serde(flatten)]
    stats: HostStats,
    /// Number of the task that it is running now; of a run that was lost, the last that it was known to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    running_task: Option<u32>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    running_since: Option<DateTime<Utc>>,
}

/// A page of hosts.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct HostList {
    /// The hosts, in the order in which they appeared.
    hosts: Vec<Host>,
    /// Ask with this as `after` for the next page; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u32>,
}

/// The hosts of an execution.
#[utoipa::path(
    get, path = "/executions/{id}/hosts", tag = "history",
    params(("id" = uuid::Uuid, Path), PartsQuery),
    responses((status = 200, body = HostList), (status = 404, body = ErrorBody))
)]
pub(in crate::api) async fn list_hosts(
    State(app): State<App>,
    _: ReadAccess,
    Path(id): Path<String>,
    query: Result<Query<PartsQuery>, QueryRejection>,
) -> Result<Json<HostList>, ApiError> {
    let Query(query) = query?;
    let limit = limit(query.limit)?;
    let (key, _) = open(&app, &id).await?;
    let rows = app.store.hosts(key, query.after, limit).await?;
    let next = rows.last().map(|row| row.number);
    let next = next.filter(|_| rows.len() == limit as usize);
    let hosts = rows.into_iter().map(|row| Host {
        host: row.number,
        name: row.name,
        stats: row.stats,
        running_task: row.running_task,
        running_since: row.running_since_us.map(time_from_us),
    });
    Ok(Json(HostList {
        hosts: hosts.collect(),
        next,
    }))
}
