//! Trends, and the estimated remaining time of a running execution.

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

/// Default and maximum number of runs that are examined.
const RUNS: usize = 200;
const MOST_RUNS: usize = 2_000;

/// Which runs to examine. The filters are those of the list; runs must match all that are given.
pub(super) type TrendsQuery = Filtered<place::List, TrendsOptions>;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct TrendsOptions {
    /// A query, as for the list of executions.
    #[param(example = "playbook:site.yml since:90d")]
    q: Option<String>,
    /// How many of the newest finished runs to examine: 1 to 2000, 200 by default.
    runs: Option<usize>,
    /// Only the task with this name, with or without its role, whether or not there are findings: by default, only tasks
    /// with findings are listed.
    #[param(example = "web : Install nginx")]
    task: Option<String>,
}

/// Get trends of the newest finished runs that match: success rates, durations and when they changed, tasks that always
/// change something, what is flaky, and running executions that may be stuck.
///
/// With `host`, the answer includes this host even if it never failed, and how long its tasks took; with `task`, it
/// includes this task.
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

/// Get an estimate of the remaining time of a running execution, and the hosts that have been at work for the longest
/// time.
///
/// The estimate is based on the last successful runs of the same playbook, inventory, limit and tags.
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
