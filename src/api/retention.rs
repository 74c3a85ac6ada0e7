//! Retention: cleanups and pins.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::ApiError;
use super::auth::{AdminAccess, RunAccess};
use super::error::ErrorBody;
use super::executions::NoteQuery;
use super::extract::{ExecutionId, JsonBody, Query};
use crate::app::App;
use crate::commands::cleanup::Cleanup;
use crate::filter::{Filtered, RawFilters, place};
use crate::model::{Limits, Pinned, RetentionRule, parse_bytes};
use crate::retention::Report;

/// A rule's filters and limits.
pub(super) type CleanupRequest = Filtered<place::Retention, CleanupLimits>;

/// The limits: at least one, for all executions or for those that match the filters. Without limits and filters, the
/// configured rules are applied. An execution is deleted as soon as any limit applies.
#[derive(Debug, Default, PartialEq, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = CleanupRequest)]
pub(super) struct CleanupLimits {
    /// Days after its end that an execution is kept.
    #[schema(minimum = 1)]
    retention_days: Option<u32>,
    /// Number of executions that are kept, newest first.
    #[schema(minimum = 1)]
    keep_runs: Option<u64>,
    /// Bytes of logs that are kept, newest first: `10GB`, `500MiB`.
    keep_bytes: Option<String>,
    /// Days after its end that the log of an execution is kept; its rows stay.
    #[schema(minimum = 1)]
    keep_payload_days: Option<u32>,
    /// Number of each playbook's newest executions that are kept completely, whatever the limits.
    keep_at_least: Option<u64>,
    /// Only report what would be deleted.
    dry_run: bool,
}

/// What was deleted, or in a dry run would be.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CleanupAnswer {
    /// Whether this was a dry run.
    dry_run: bool,
    /// Executions that were examined.
    examined: u64,
    /// Executions that were deleted.
    deleted: u64,
    /// Further executions whose log was deleted; their rows were kept.
    payloads_removed: u64,
    /// Bytes of logs that were deleted with them.
    bytes_freed: u64,
    /// Executions that would have been deleted if they were not pinned.
    kept_pinned: u64,
    /// Executions that are running or queued; they are never deleted.
    kept_running: u64,
    /// Executions that changed before they could be deleted: the next cleanup examines them again.
    passed_over: u64,
    /// Whether the data is also erased from the database's files. If not, there are open readers, and it is erased as
    /// soon as they finish. A database server must clean up its own files.
    erased: bool,
    /// Dry run only: the first 100 that would be deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    executions: Option<Vec<Uuid>>,
    /// Dry run only: the first 100 whose log would be deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    payloads: Option<Vec<Uuid>>,
}

/// The requested rule; none for the configured ones.
fn rule(request: CleanupRequest) -> Result<Option<RetentionRule>, ApiError> {
    let scope = request.filter()?;
    let nothing = CleanupLimits {
        dry_run: request.rest.dry_run,
        ..CleanupLimits::default()
    };
    if request.given == RawFilters::default() && request.rest == nothing {
        return Ok(None);
    }
    let CleanupLimits {
        retention_days,
        keep_runs,
        keep_bytes,
        keep_payload_days,
        keep_at_least,
        dry_run: _,
    } = request.rest;
    let keep_bytes = keep_bytes.as_deref().map(parse_bytes).transpose();
    let rule = RetentionRule {
        scope,
        limits: Limits {
            keep_days: retention_days,
            keep_runs,
            keep_bytes: keep_bytes
                .map_err(|error| ApiError::bad_request(format!("keep_bytes: {error}")))?,
            keep_payload_days,
            keep_at_least: keep_at_least.unwrap_or(0),
        },
    };
    rule.check("retention_days")
        .map_err(ApiError::bad_request)?;
    if !rule.limits.remove_something() {
        return Err(ApiError::bad_request(
            "no limit says what goes: give retention_days, keep_runs, keep_bytes or keep_payload_days",
        ));
    }
    Ok(Some(rule))
}

/// Delete runs by these limits, or by the configured rules if there is no limit. Running and pinned runs are never
/// deleted. The response is sent after everything is deleted; closing the connection earlier does not stop the cleanup.
#[utoipa::path(
    post, path = "/executions/cleanup", tag = "history", request_body = Option<CleanupRequest>,
    responses(
        (status = 200, body = CleanupAnswer),
        (status = 400, body = ErrorBody, description = "A limit is invalid, or there is none"),
        (status = 409, body = ErrorBody, description = "Another cleanup is running"),
    )
)]
pub(super) async fn cleanup_executions(
    State(app): State<App>,
    access: AdminAccess,
    JsonBody(request): JsonBody<CleanupRequest>,
) -> Result<Json<CleanupAnswer>, ApiError> {
    let is_dry_run = request.rest.dry_run;
    let asked = Cleanup {
        rule: rule(request)?,
        is_dry_run,
    };
    let report = app.commands.cleanup(access.actor(), asked).await?;
    Ok(Json(answer(report, is_dry_run)))
}

fn answer(report: Report, dry_run: bool) -> CleanupAnswer {
    CleanupAnswer {
        dry_run,
        examined: report.examined,
        deleted: report.deleted,
        payloads_removed: report.payloads_removed,
        bytes_freed: report.bytes_freed,
        kept_pinned: report.kept_pinned,
        kept_running: report.kept_running,
        passed_over: report.passed_over,
        erased: report.is_erased,
        executions: dry_run.then_some(report.executions),
        payloads: dry_run.then_some(report.payloads),
    }
}

/// Why an execution is pinned.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PinRequest {
    /// The reason, in words.
    #[schema(max_length = 2000)]
    note: Option<String>,
}

/// Pin an execution: neither retention rules nor requests can delete it until it is unpinned.
#[utoipa::path(
    put, path = "/executions/{id}/pin", tag = "history", params(("id" = Uuid, Path)),
    request_body = Option<PinRequest>,
    responses((status = 200, body = Pinned), (status = 404, body = ErrorBody))
)]
pub(super) async fn pin_execution(
    State(app): State<App>,
    access: RunAccess,
    ExecutionId(id): ExecutionId,
    JsonBody(request): JsonBody<PinRequest>,
) -> Result<Json<Pinned>, ApiError> {
    let note = request.note.as_deref();
    let pin = app.commands.pin(access.actor(), id, note).await?;
    Ok(Json(pin.into()))
}

/// Unpin an execution: retention rules apply to it again.
#[utoipa::path(
    delete, path = "/executions/{id}/pin", tag = "history", params(("id" = Uuid, Path), NoteQuery),
    responses(
        (status = 204, description = "It is no longer pinned, or was not pinned"),
        (status = 404, body = ErrorBody),
    )
)]
pub(super) async fn unpin_execution(
    State(app): State<App>,
    access: RunAccess,
    ExecutionId(id): ExecutionId,
    Query(query): Query<NoteQuery>,
) -> Result<StatusCode, ApiError> {
    let note = query.note.as_deref();
    app.commands.unpin(access.actor(), id, note).await?;
    Ok(StatusCode::NO_CONTENT)
}
