//! The matrix of outcomes: each task of an execution on each host.

use axum::Json;
use axum::extract::State;

use crate::api::ApiError;
use crate::api::auth::ReadAccess;
use crate::api::error::ErrorBody;
use crate::api::extract::Execution;
use crate::app::App;
use crate::history::parts::{self, OutcomeMatrix};

/// Get the outcome of each task of an execution on each host, in one byte each: a million results in one answer, which is
/// compressed for clients that accept gzip.
#[utoipa::path(
    get, path = "/executions/{id}/matrix", tag = "history", params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 200, body = OutcomeMatrix),
        (status = 400, body = ErrorBody, description = "More than 16 million hosts times tasks"),
        (status = 404, body = ErrorBody),
    )
)]
pub(in crate::api) async fn get_matrix(
    State(app): State<App>,
    _: ReadAccess,
    Execution { key, row }: Execution,
) -> Result<Json<OutcomeMatrix>, ApiError> {
    Ok(Json(parts::matrix(&app.store, key, &row).await?))
}
