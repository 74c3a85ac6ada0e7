//! The events of an execution.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use playback_wire::{Body as EventBody, Producer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::{each_event, expand, open, raw_value};
use crate::api::ApiError;
use crate::api::auth::ReadAccess;
use crate::api::error::ErrorBody;
use crate::api::query::{Path, limit, named};
use crate::api::view;
use crate::app::App;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(in crate::api) struct EventsQuery {
    /// `recorder` (the default), `supervisor` or `launcher`.
    producer: Option<String>,
    /// Only events after this sequence number.
    after: u64,
    /// Events at most: 1 to 1000, 50 by default.
    limit: Option<u32>,
    /// Only events of this kind.
    kind: Option<String>,
    /// Only events of the task with this number.
    task: Option<u32>,
    /// Only events of this host.
    host: Option<String>,
}

/// A page of events, as they were sent.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct EventPage {
    /// The events, in the order of their sequence.
    #[schema(value_type = Vec<Object>)]
    events: Vec<Box<RawValue>>,
    /// Ask with this as `after` for the next page; missing when there is no more for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// The events of an execution, as they were sent.
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
    Path(id): Path<String>,
    query: Result<Query<EventsQuery>, QueryRejection>,
) -> Result<Json<EventPage>, ApiError> {
    let Query(query) = query?;
    let producer = named(
        "producer",
        query.producer.as_deref(),
        &Producer::ALL,
        Producer::as_str,
    )?
    .unwrap_or(Producer::Recorder);
    let limit = limit(query.limit)? as usize;
    let (key, row) = open(&app, &id).await?;
    view::require_log(&row, "the events")?;
    let mut events = Vec::new();
    let mut last = query.after;
    let mut more = false;
    // A rare kind may need a search through the whole log: a page ends after so much of it.
    for _ in 0..64 {
        let stored = app
            .store
            .blocks_from_seq(key, producer, last.saturating_add(1), 8)
            .await?;
        more = !stored.is_empty();
        for stored in stored {
            let raw = expand(&stored.block.data)?;
            each_event(&raw, |line, event| {
                if event.seq <= last || events.len() >= limit {
                    return;
                }
                last = event.seq;
                let kind = query
                    .kind
                    .as_deref()
                    .is_none_or(|kind| kind == event.body.kind());
                if kind && concerns(&event.body, query.task, query.host.as_deref()) {
                    events.extend(raw_value(line));
                }
            })?;
        }
        if !more || events.len() >= limit {
            break;
        }
    }
    Ok(Json(EventPage {
        events,
        next: more.then_some(last),
    }))
}

/// Whether an event is of that task and host, where one is asked for.
fn concerns(body: &EventBody<'_>, task: Option<u32>, host: Option<&str>) -> bool {
    let (of_task, of_host): (Option<u32>, Option<&str>) = match body {
        EventBody::TaskStarted(event) => (Some(event.task), None),
        EventBody::HostStarted(event) => (Some(event.task), Some(&event.host)),
        EventBody::Item(event) => (Some(event.task), Some(&event.host)),
        EventBody::Retry(event) => (Some(event.task), Some(&event.host)),
        EventBody::AsyncPoll(event) => (Some(event.task), Some(&event.host)),
        EventBody::Result(event) => (Some(event.task), Some(&event.host)),
        EventBody::Facts(event) => (Some(event.task), Some(&event.host)),
        EventBody::Notified(event) => (None, Some(&event.host)),
        _ => (None, None),
    };
    task.is_none_or(|task| of_task == Some(task)) && host.is_none_or(|host| of_host == Some(host))
}
