//! Compares two executions.

use axum::extract::State;
use axum::{Extension, Json};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::ApiError;
use crate::api::auth::ReadAccess;
use crate::api::error::ErrorBody;
use crate::api::extract::{Execution, Path, Query, execution_id};
use crate::api::query::{DEFAULT_LIMIT, MAX_LIMIT, named};
use crate::api::views::AlsoShown;
use crate::app::App;
use crate::history;
use crate::history::compare::{self, Baseline};
use crate::model::Comparison;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(in crate::api) struct CompareQuery {
    /// Maximum number of entries in each list: 1 to 1000, 50 by default. `summary` counts all.
    limit: Option<u32>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(in crate::api) struct CompareWithQuery {
    /// `last_good` (the default): the last earlier execution that succeeded. `previous`: the last earlier execution,
    /// whatever its outcome.
    with: Option<String>,
    /// Maximum number of entries in each list: 1 to 1000, 50 by default. `summary` counts all.
    limit: Option<u32>,
}

/// The second execution of a comparison, in the path.
#[derive(Debug, Deserialize)]
pub(in crate::api) struct Other {
    other: String,
}

/// Compare an execution with the last earlier one of its kind.
///
/// That is one of the same playbook and inventory (by their file names), with the same limit and check mode; for an ad-hoc
/// command, one with the same module and hosts. In the answer it is `before`.
#[utoipa::path(
    get, path = "/executions/{id}/compare", tag = "history",
    params(("id" = uuid::Uuid, Path), CompareWithQuery),
    responses((status = 200, body = Comparison), (status = 404, body = ErrorBody))
)]
pub(in crate::api) async fn compare_with_earlier(
    State(app): State<App>,
    _: ReadAccess,
    Query(query): Query<CompareWithQuery>,
    Execution { key, row }: Execution,
) -> Result<(Extension<AlsoShown>, Json<Comparison>), ApiError> {
    let with = named(
        "with",
        query.with.as_deref(),
        &Baseline::ALL,
        Baseline::as_str,
    )?;
    let with = with.unwrap_or(Baseline::LastGood);
    let limit = limit(query.limit)?;
    let answer = compare::compare_with(&app.store, (key, row), with, limit).await?;
    // The path names only the later one.
    Ok((Extension(AlsoShown(answer.before.id)), Json(answer)))
}

/// Compare two executions: `{id}` is `before` in the answer, `{other}` is `now`.
///
/// Tasks are aligned by role, name, file, play and action, so that an inserted task shifts nothing. A running execution is
/// compared up to now. `remarks` name what could not be compared.
#[utoipa::path(
    get, path = "/executions/{id}/compare/{other}", tag = "history",
    params(("id" = uuid::Uuid, Path), ("other" = uuid::Uuid, Path), CompareQuery),
    responses((status = 200, body = Comparison), (status = 404, body = ErrorBody))
)]
pub(in crate::api) async fn compare_executions(
    State(app): State<App>,
    _: ReadAccess,
    Query(query): Query<CompareQuery>,
    Execution { key, row }: Execution,
    Path(Other { other }): Path<Other>,
) -> Result<Json<Comparison>, ApiError> {
    let limit = limit(query.limit)?;
    let now = history::find(&app.store, execution_id(&other)?).await?;
    let answer = compare::compare(&app.store, (key, row), now, limit).await?;
    Ok(Json(answer))
}

fn limit(asked: Option<u32>) -> Result<usize, ApiError> {
    match asked.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(limit as usize),
        limit => Err(ApiError::bad_request(format!(
            "limit = {limit}: it must be from 1 to {MAX_LIMIT}"
        ))),
    }
}
