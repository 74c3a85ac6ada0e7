//! The results of an execution: a task on a host.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::ApiError;
use crate::api::auth::ReadAccess;
use crate::api::error::ErrorBody;
use crate::api::extract::{Execution, Path, Query};
use crate::api::query::limit;
use crate::app::App;
use crate::filter::{Filtered, place};
use crate::history::parts::{self, ResultDetail, ResultList};
use crate::model::ResultFilter;

/// Filters and page of the list of results; results must match all filters that are given.
pub(in crate::api) type ResultsQuery = Filtered<place::Results, ResultsPage>;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(in crate::api) struct ResultsPage {
    /// Only results after this sequence number.
    after: u64,
    /// Maximum number of results: 1 to 1000, 50 by default.
    limit: Option<u32>,
    /// Whether to find the printed `lines` of each result, which requires reading the log.
    lines: bool,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(in crate::api) struct ResultQuery {
    /// Whether to find its printed `lines`, which requires reading more of the log.
    lines: bool,
}

/// List the results of an execution, without their content.
#[utoipa::path(
    get, path = "/executions/{id}/results", tag = "history",
    params(("id" = uuid::Uuid, Path), ResultsQuery),
    responses((status = 200, body = ResultList), (status = 404, body = ErrorBody))
)]
pub(in crate::api) async fn list_results(
    State(app): State<App>,
    _: ReadAccess,
    Query(query): Query<ResultsQuery>,
    Execution { key, row }: Execution,
) -> Result<Json<ResultList>, ApiError> {
    let filter = ResultFilter {
        limit: limit(query.rest.limit)?,
        after_seq: query.rest.after,
        ..query.filter()?
    };
    let with_lines = query.rest.lines;
    let results = parts::results(&app.store, key, &row, &filter, with_lines).await?;
    Ok(Json(results))
}

/// The number of a result, `{seq}` in a path.
pub(in crate::api) struct Seq(u64);

#[derive(Deserialize)]
struct SeqInPath {
    seq: String,
}

impl FromRequestParts<App> for Seq {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Path(SeqInPath { seq }) = Path::from_request_parts(parts, app).await?;
        let number = seq.parse().map_err(|_| {
            ApiError::bad_request(format!(
                "{seq:?} is not a sequence number: a whole number is"
            ))
        })?;
        Ok(Self(number))
    }
}

/// Get one result with the data that the module returned.
#[utoipa::path(
    get, path = "/executions/{id}/results/{seq}", tag = "history",
    params(("id" = uuid::Uuid, Path), ("seq" = u64, Path), ResultQuery),
    responses(
        (status = 200, body = ResultDetail),
        (status = 404, body = ErrorBody),
        (status = 410, body = ErrorBody, description = "Retention removed its content"),
    )
)]
pub(in crate::api) async fn get_result(
    State(app): State<App>,
    _: ReadAccess,
    Seq(seq): Seq,
    Query(query): Query<ResultQuery>,
    Execution { key, row }: Execution,
) -> Result<Json<ResultDetail>, ApiError> {
    let result = parts::result(&app.store, key, &row, seq, query.lines).await?;
    Ok(Json(result))
}
