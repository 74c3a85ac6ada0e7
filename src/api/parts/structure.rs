//! The structure of an execution: plays, tasks and hosts.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::ApiError;
use crate::api::auth::ReadAccess;
use crate::api::error::ErrorBody;
use crate::api::extract::{Execution, Query};
use crate::api::query::limit;
use crate::app::App;
use crate::history::parts::{self, HostList, PlayList, TaskList, TasksQuestion};

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(in crate::api) struct PartsQuery {
    /// Only entries with a greater number.
    after: u32,
    /// Maximum number of entries: 1 to 1000, 50 by default.
    limit: Option<u32>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(in crate::api) struct TasksQuery {
    /// Only entries with a greater number.
    after: u32,
    /// Maximum number of entries: 1 to 1000, 50 by default.
    limit: Option<u32>,
    /// Whether to find the printed `lines` of each task, which requires reading the log.
    lines: bool,
}

/// List the plays of an execution.
#[utoipa::path(
    get, path = "/executions/{id}/plays", tag = "history", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = PlayList), (status = 404, body = ErrorBody))
)]
pub(in crate::api) async fn list_plays(
    State(app): State<App>,
    _: ReadAccess,
    execution: Execution,
) -> Result<Json<PlayList>, ApiError> {
    Ok(Json(parts::plays(&app.store, execution.key).await?))
}

/// List the tasks of an execution.
#[utoipa::path(
    get, path = "/executions/{id}/tasks", tag = "history",
    params(("id" = uuid::Uuid, Path), TasksQuery),
    responses((status = 200, body = TaskList), (status = 404, body = ErrorBody))
)]
pub(in crate::api) async fn list_tasks(
    State(app): State<App>,
    _: ReadAccess,
    Query(query): Query<TasksQuery>,
    Execution { key, row }: Execution,
) -> Result<Json<TaskList>, ApiError> {
    let question = TasksQuestion {
        after: query.after,
        limit: limit(query.limit)?,
        lines: query.lines,
    };
    let tasks = parts::tasks(&app.store, key, &row, question).await?;
    Ok(Json(tasks))
}

/// List the hosts of an execution.
#[utoipa::path(
    get, path = "/executions/{id}/hosts", tag = "history",
    params(("id" = uuid::Uuid, Path), PartsQuery),
    responses((status = 200, body = HostList), (status = 404, body = ErrorBody))
)]
pub(in crate::api) async fn list_hosts(
    State(app): State<App>,
    _: ReadAccess,
    Query(query): Query<PartsQuery>,
    execution: Execution,
) -> Result<Json<HostList>, ApiError> {
    let limit = limit(query.limit)?;
    let hosts = parts::hosts(&app.store, execution.key, query.after, limit).await?;
    Ok(Json(hosts))
}
