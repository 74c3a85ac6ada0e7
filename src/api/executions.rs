//! Lists, returns and deletes executions.

use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::ApiError;
use super::auth::{AdminAccess, ReadAccess};
use super::document::ExecutionRecord;
use super::error::ErrorBody;
use super::extract::{ExecutionId, Query};
use super::query::{ListQuery, Listed, Sorted};
use super::streamed;
use crate::app::App;
use crate::history::{self, Fields};
use crate::log::output::OutputReader;

// For the document alone: `streamed::page` writes it.
/// A page of executions.
#[derive(ToSchema)]
#[allow(dead_code, reason = "a schema has no values")]
pub(super) struct ExecutionList {
    /// The executions, newest first by default.
    executions: Vec<ExecutionRecord>,
    /// Send this as `cursor` to get the next page; missing on the last page.
    next_cursor: Option<String>,
    /// Only if a query about lines had no more time: all runs that started later were searched, and `next_cursor`
    /// continues from there.
    searched_back_to: Option<DateTime<Utc>>,
}

/// List executions. Finished ones have no `output`; running ones have its last lines.
#[utoipa::path(
    get, path = "/executions", tag = "history", params(ListQuery),
    responses((status = 200, body = ExecutionList), (status = 400, body = ErrorBody))
)]
pub(super) async fn list_executions(
    State(app): State<App>,
    _: ReadAccess,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    let fields = Fields::named(query.rest.fields.as_deref());
    let page = match query.rest.listed(query.filter()?, app.clock.now_us())? {
        Listed::Filtered(filter, Sorted::Started(page)) => {
            history::page(&app.store, &filter, &page, fields).await?
        }
        Listed::Filtered(filter, Sorted::Duration(page)) => {
            history::page_by_duration(&app.store, &filter, &page, fields).await?
        }
        Listed::Found(request) => {
            let found = app.searches.runs(request).await?;
            history::page_of_found(&app.store, found, fields).await?
        }
    };
    let kind = [(header::CONTENT_TYPE, "application/json")];
    let page = page.with_costs(app.costs.costing().await?);
    Ok((kind, streamed::page(page).await?).into_response())
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct DetailQuery {
    /// `final`: wait until the execution is finished.
    wait: Option<String>,
    /// Maximum time to wait in seconds: 0 to 600, 60 by default. Then the record is returned in its current state.
    timeout: Option<f64>,
    /// Names of the fields to return, separated by commas; all by default. Unknown names are ignored.
    fields: Option<String>,
}

/// Get one execution with all of its output.
#[utoipa::path(
    get, path = "/executions/{id}", tag = "history",
    params(("id" = Uuid, Path), DetailQuery),
    responses((status = 200, body = ExecutionRecord), (status = 404, body = ErrorBody))
)]
pub(super) async fn get_execution(
    State(app): State<App>,
    _: ReadAccess,
    ExecutionId(id): ExecutionId,
    Query(query): Query<DetailQuery>,
) -> Result<Response, ApiError> {
    let seconds = query.timeout.unwrap_or(60.0);
    if !(0.0..=600.0).contains(&seconds) {
        return Err(ApiError::bad_request(format!(
            "timeout = {seconds}: it must be from 0 to 600 seconds"
        )));
    }
    match query.wait.as_deref() {
        None | Some("") => {}
        Some("final") => wait_until_final(&app, id, seconds).await?,
        Some(other) => {
            return Err(ApiError::bad_request(format!(
                "wait = {other:?}: it must be final"
            )));
        }
    }
    let (key, row) = history::find(&app.store, id).await?;
    let reader = OutputReader::new(app.store.clone(), key, &row, 0);
    let fields = Fields::named(query.fields.as_deref());
    let mut record = history::record(&app.store, key, row, &fields).await?;
    history::add_cost(&mut record, app.costs.costing().await?.as_deref());
    let kind = [(header::CONTENT_TYPE, "application/json")];
    if fields.is_all() {
        return Ok((kind, streamed::record(&record, reader)).into_response());
    }
    if fields.has("output") {
        record.output = Some(history::all_lines(reader).await?);
    }
    Ok((kind, fields.write(&record)?).into_response())
}

async fn wait_until_final(app: &App, id: Uuid, seconds: f64) -> Result<(), ApiError> {
    let mut commits = app.hub.commits(id);
    let over = async {
        loop {
            let (_, row) = history::find(&app.store, id).await?;
            if history::is_final(&row) {
                return Ok(());
            }
            commits.changed().await;
        }
    };
    tokio::select! {
        over = over => over,
        () = tokio::time::sleep(Duration::from_secs_f64(seconds)) => Ok(()),
        () = app.closing.cancelled() => Err(ApiError::busy("the collector is stopping: ask again")),
    }
}

/// The reason for an action.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NoteQuery {
    /// Why, for the audit trail.
    pub(super) note: Option<String>,
}

/// Delete a finished execution with its record and its output.
#[utoipa::path(
    delete, path = "/executions/{id}", tag = "history", params(("id" = Uuid, Path), NoteQuery),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "It is still running, or pinned"),
    )
)]
pub(super) async fn delete_execution(
    State(app): State<App>,
    access: AdminAccess,
    ExecutionId(id): ExecutionId,
    Query(query): Query<NoteQuery>,
) -> Result<StatusCode, ApiError> {
    let note = query.note.as_deref();
    app.commands.delete(access.actor(), id, note).await?;
    Ok(StatusCode::NO_CONTENT)
}
