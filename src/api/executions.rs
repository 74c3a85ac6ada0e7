//! The list of executions, one of them, and forgetting one.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::ApiError;
use super::auth::{AdminAccess, ReadAccess};
use super::document::ExecutionRecord;
use super::error::ErrorBody;
use super::query::{ListQuery, Path, execution_id};
use super::view::{self, Fields};
use crate::app::App;
use crate::model::{Cursor, Status};
use crate::output::OutputReader;

/// A page of executions.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExecutionList {
    /// The executions, newest first unless asked otherwise.
    #[schema(value_type = Vec<ExecutionRecord>)]
    executions: Vec<Box<RawValue>>,
    /// Ask with this as `cursor` for the next page; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// List executions. Those that are over leave `output` out; those that run carry its last lines.
#[utoipa::path(
    get, path = "/executions", tag = "history", params(ListQuery),
    responses((status = 200, body = ExecutionList), (status = 400, body = ErrorBody))
)]
pub(super) async fn list_executions(
    State(app): State<App>,
    _: ReadAccess,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<ExecutionList>, ApiError> {
    let Query(query) = query?;
    let filter = query.filter()?;
    let mut page = query.rest.page()?;
    let limit = page.limit as usize;
    // One more than is shown tells whether there is a next page.
    page.limit += 1;
    let mut rows = app.store.executions(&filter, &page).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| more);
    let next_cursor = next_cursor.map(|last| Cursor::of(last).encode());
    let fields = Fields::named(query.rest.fields.as_deref());
    let mut tails = Vec::with_capacity(rows.len());
    for (key, row) in &rows {
        tails.push(match row.status {
            Status::Running if fields.has("output") => {
                Some(view::tail(&app.store, *key, row).await?)
            }
            _ => None,
        });
    }
    let mut executions = Vec::with_capacity(rows.len());
    for (mut record, tail) in view::results(&app.store, rows, &fields)
        .await?
        .into_iter()
        .zip(tails)
    {
        record.output = tail;
        executions.push(view::select(&record, &fields)?);
    }
    Ok(Json(ExecutionList {
        executions,
        next_cursor,
    }))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct DetailQuery {
    /// `final`: hold the answer until the execution is over.
    wait: Option<String>,
    /// Seconds to hold it at most: 0 to 600, 60 by default. Then the record comes as it stands.
    timeout: Option<f64>,
    /// Names of the fields to return, separated by commas; all by default. Names that no field has are passed over.
    fields: Option<String>,
}

/// One execution, whole, with everything that it printed.
#[utoipa::path(
    get, path = "/executions/{id}", tag = "history",
    params(("id" = Uuid, Path), DetailQuery),
    responses((status = 200, body = ExecutionRecord), (status = 404, body = ErrorBody))
)]
pub(super) async fn get_execution(
    State(app): State<App>,
    _: ReadAccess,
    Path(id): Path<String>,
    query: Result<Query<DetailQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let id = execution_id(&id)?;
    let Query(query) = query?;
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
    let (key, row) = view::find(&app.store, id).await?;
    let reader = OutputReader::new(app.store.clone(), key, &row, 0);
    let fields = Fields::named(query.fields.as_deref());
    let mut records = view::results(&app.store, vec![(key, row)], &fields).await?;
    let Some(mut record) = records.pop() else {
        return Err(ApiError::not_found("there is no such execution"));
    };
    if fields.is_some() {
        if fields.has("output") {
            record.output = Some(read_all(reader).await?);
        }
        return Ok(Json(view::select(&record, &fields)?).into_response());
    }
    let kind = [(header::CONTENT_TYPE, "application/json")];
    Ok((kind, view::stream_record(&record, reader)).into_response())
}

async fn read_all(mut reader: OutputReader) -> Result<Vec<String>, ApiError> {
    let mut lines = Vec::new();
    loop {
        let next = reader.next_lines().await?;
        if next.is_empty() {
            lines.extend(reader.finish().map(|line| line.text));
            return Ok(lines);
        }
        lines.extend(next.into_iter().map(|line| line.text));
    }
}

async fn wait_until_final(app: &App, id: Uuid, seconds: f64) -> Result<(), ApiError> {
    let mut commits = app.hub.commits(id);
    let over = async {
        loop {
            let (_, row) = view::find(&app.store, id).await?;
            if view::is_final(&row) {
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

/// Why something is done.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NoteQuery {
    /// Why, for the audit trail.
    pub(super) note: Option<String>,
}

/// Forget an execution that is over: its record, its output, everything.
#[utoipa::path(
    delete, path = "/executions/{id}", tag = "history", params(("id" = Uuid, Path), NoteQuery),
    responses(
        (status = 204, description = "Forgotten"),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "It is still running, or pinned"),
    )
)]
pub(super) async fn delete_execution(
    State(app): State<App>,
    access: AdminAccess,
    Path(id): Path<String>,
    query: Result<Query<NoteQuery>, QueryRejection>,
) -> Result<StatusCode, ApiError> {
    let id = execution_id(&id)?;
    let Query(query) = query?;
    let note = query.note.as_deref();
    app.commands.delete(access.actor(), id, note).await?;
    Ok(StatusCode::NO_CONTENT)
}
