//! Trends, and the estimate of how long a running execution still takes.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::ApiError;
use super::auth::ReadAccess;
use super::error::ErrorBody;
use super::extract::{Execution, Query};
use super::query::with_query;
use crate::app::App;
use crate::filter::{Filtered, place};
use crate::history::{self, TrendLimits};
use crate::model::{Estimate, Trends};

/// Runs that are looked at, unless asked otherwise, and at most.
const RUNS: usize = 200;
const MOST_RUNS: usize = 2_000;

/// Which runs. Filters are those of the list; all that are given must match.
pub(super) type TrendsQuery = Filtered<place::List, TrendsOptions>;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct TrendsOptions {
    /// A query, as for the list of executions.
    #[param(example = "playbook:site.yml since:90d")]
    q: Option<String>,
    /// How many of the newest finished runs to look at: 1 to 2000, 200 by default.
    runs: Option<usize>,
    /// Only the task of this name, with or without its role, and all of it: by default, tasks are told of which there is
    /// something to say.
    #[param(example = "web : Install nginx")]
    task: Option<String>,
}

/// Get trends of the newest finished runs that match: success rates, durations and when they changed, tasks that always
/// change something, what passes and fails in turn, and running executions that seem not to end.
///
/// With `host`, the answer tells of this host whether or not it ever failed, and how long its tasks took; with `task`, of
/// this task.
#[utoipa::path(
    get, path = "/trends", tag = "history", params(TrendsQuery),
    responses((status = 200, body = Trends), (status = 400, body = ErrorBody))
)]
pub(super) async fn get_trends(
    State(app): State<App>,
    _: ReadAccess,
    Query(query): Query<TrendsQuery>,
) -> Result<Json<Trends>, ApiError> {
    let filter = with_query(query.filter()?, query.rest.q.as_deref(), app.clock.now_us())?;
    let runs = query.rest.runs.unwrap_or(RUNS);
    if !(1..=MOST_RUNS).contains(&runs) {
        return Err(ApiError::bad_request(format!(
            "runs = {runs}: it must be from 1 to {MOST_RUNS}"
        )));
    }
    let task = query.rest.task.as_deref().filter(|task| !task.is_empty());
    let costing = app.costs.costing().await?;
    let mut trends = history::trends(
        &app.store,
        &filter,
        task,
        TrendLimits::of(runs),
        costing.as_deref(),
    )
    .await?;
    trends.overdue = history::overdue(&app.store, &filter, app.clock.now_us()).await?;
    Ok(Json(trends))
}

/// Get an estimate of how long a running execution still takes, and the hosts that it has been waiting for the longest.
///
/// It is judged by the last successful runs of the same playbook, inventory, limit and tags.
#[utoipa::path(
    get, path = "/executions/{id}/estimate", tag = "history", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Estimate), (status = 404, body = ErrorBody))
)]
pub(super) async fn get_estimate(
    State(app): State<App>,
    _: ReadAccess,
    Execution { key, row }: Execution,
) -> Result<Json<Estimate>, ApiError> {
    let now_us = app.clock.now_us();
    Ok(Json(
        history::estimate(&app.store, key, &row, now_us).await?,
    ))
}
