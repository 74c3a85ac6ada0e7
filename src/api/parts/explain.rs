//! Why an execution failed.

use axum::Json;
use axum::extract::State;

use crate::api::ApiError;
use crate::api::auth::ReadAccess;
use crate::api::error::ErrorBody;
use crate::api::extract::Execution;
use crate::app::App;
use crate::history::explain;
use crate::model::Explanation;

/// Explain why an execution failed: its errors, each with its hosts, its place in the playbook, and its history.
///
/// Equal errors are one entry: their messages are the same except for numbers, addresses, paths and the host's own
/// name. An execution that did not fail has no `failures`. If retention removed what the tasks returned, the messages
/// are missing.
#[utoipa::path(
    get, path = "/executions/{id}/explain", tag = "history", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Explanation), (status = 404, body = ErrorBody))
)]
pub(in crate::api) async fn explain_execution(
    State(app): State<App>,
    _: ReadAccess,
    Execution { key, row }: Execution,
) -> Result<Json<Explanation>, ApiError> {
    Ok(Json(explain::explain(&app.store, key, &row).await?))
}
