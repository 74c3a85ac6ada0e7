//! Redacts values in a finished execution.

use axum::Json;
use axum::extract::State;
use playback_redact::Rules;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ApiError;
use super::auth::AdminAccess;
use super::error::ErrorBody;
use super::extract::{ExecutionId, JsonBody};
use crate::app::App;

/// What to hide: at least one of `keys`, `patterns` and `texts`.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RedactRequest {
    /// Names of keys whose values are hidden, with `*` and `?`.
    keys: Vec<String>,
    /// Regular expressions whose matches are hidden.
    patterns: Vec<String>,
    /// Texts whose exact occurrences are hidden. Never stored.
    #[schema(default, value_type = Vec<String>)]
    texts: Vec<SecretString>,
    /// Why, for the record.
    note: Option<String>,
}

/// What was redacted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RedactAnswer {
    /// How many values were changed.
    values: u64,
    /// How many printed lines were changed.
    lines: u64,
    /// Number of events that were removed because the log is damaged, so they could not be searched.
    #[serde(skip_serializing_if = "is_none")]
    removed: u64,
    /// Whether the data is also erased from the database's files. If not, there are open readers, and it is erased as
    /// soon as they finish. A database server must clean up its own files.
    erased: bool,
}

// serde passes a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Redact a finished execution permanently.
#[utoipa::path(
    post, path = "/executions/{id}/redact", tag = "history", params(("id" = Uuid, Path)),
    request_body = RedactRequest,
    responses(
        (status = 200, body = RedactAnswer),
        (status = 400, body = ErrorBody, description = "A rule is invalid; nothing was changed"),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "It is still running"),
        (status = 410, body = ErrorBody, description = "Retention removed its log"),
    )
)]
pub(super) async fn redact_execution(
    State(app): State<App>,
    access: AdminAccess,
    ExecutionId(id): ExecutionId,
    JsonBody(request): JsonBody<RedactRequest>,
) -> Result<Json<RedactAnswer>, ApiError> {
    let texts: Vec<&str> = request
        .texts
        .iter()
        .map(|text| text.expose_secret())
        .collect();
    let rules = Rules::new(&request.keys, &request.patterns, &texts)
        .map_err(|error| ApiError::bad_request(error.to_string()))?;
    let note = request.note.as_deref();
    let redacted = app.commands.redact(access.actor(), id, rules, note).await?;
    let counts = redacted.counts;
    Ok(Json(RedactAnswer {
        values: counts.values,
        lines: counts.lines,
        removed: redacted.removed,
        erased: redacted.erased,
    }))
}
