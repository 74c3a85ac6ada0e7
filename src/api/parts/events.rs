//! The events of an execution.

use axum::Json;
use axum::extract::State;
use playback_wire::Producer;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::ApiError;
use crate::api::auth::ReadAccess;
use crate::api::error::ErrorBody;
use crate::api::extract::{Execution, Query};
use crate::api::query::{limit, named};
use crate::app::App;
use crate::history::parts::{self, EventFilter, EventPage};

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(in crate::api) struct EventsQuery {
    /// `recorder` (the default), `supervisor` or `launcher`.
    producer: Option<String>,
    /// Only events after this sequence number.
    after: u64,
    /// Maximum number of events: 1 to 1000, 50 by default.
    limit: Option<u32>,
    /// Only events of this kind.
    kind: Option<String>,
    /// Only events of the task with this number.
    task: Option<u32>,
    /// Only events of this host.
    host: Option<String>,
}

/// List the events of an execution, as they were sent.
///
/// The name of a producer's sequence (`instance`) is left out, because a client could act as the producer with it.
#[utoipa::path(
    get, path = "/executions/{id}/events", tag = "history",
    params(("id" = uuid::Uuid, Path), EventsQuery),
    responses(
        (status = 200, body = EventPage),
        (status = 404, body = ErrorBody),
        (status = 410, body = ErrorBody, description = "Retention removed them"),
    )
)]
pub(in crate::api) async fn list_events(
    State(app): State<App>,
    _: ReadAccess,
    Query(query): Query<EventsQuery>,
    Execution { key, row }: Execution,
) -> Result<Json<EventPage>, ApiError> {
    let producer = named(
        "producer",
        query.producer.as_deref(),
        &Producer::ALL,
        Producer::as_str,
    )?;
    let filter = EventFilter {
        producer: producer.unwrap_or(Producer::Recorder),
        after: query.after,
        limit: limit(query.limit)? as usize,
        kind: query.kind,
        task: query.task,
        host: query.host,
    };
    Ok(Json(parts::events(&app.store, key, &row, &filter).await?))
}
