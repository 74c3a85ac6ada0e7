//! The events of an execution.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use playback_wire::{Body as EventBody, Producer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::shown::without_instance;
use super::{damaged_event, each_entry, open, raw_value};
use crate::api::ApiError;
use crate::api::auth::ReadAccess;
use crate::api::error::ErrorBody;
use crate::api::query::{Path, limit, named};
use crate::api::view;
use crate::app::App;
use crate::log::block::{Entry, Gap};

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

/// A page of events, as they were sent, but for the `instance` of a first one. One of the kind `damaged` stands for events that cannot be read.
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
///
/// The name of a producer's sequence (`instance`) is left out: who knows it can ask in the producer's place.
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
            let block = stored.block;
            if events.len() >= limit {
                break;
            }
            if block.first_seq > last.saturating_add(1) {
                // A whole block is missing.
                let gap = Gap {
                    first_seq: last + 1,
                    last_seq: block.first_seq - 1,
                    lines: 0,
                };
                last = gap.last_seq;
                events.extend(damaged_event(&gap).filter(|_| query.shows_damage()));
            }
            each_entry(&block, |entry| match entry {
                _ if events.len() >= limit => {}
                Entry::Event(line, event) if event.seq > last => {
                    last = event.seq;
                    if query.shows(&event.body) {
                        events.extend(match &event.body {
                            EventBody::ExecutionStarted(_) => without_instance(line),
                            _ => raw_value(line),
                        });
                    }
                }
                Entry::Gap(gap) if gap.last_seq > last => {
                    let gap = Gap {
                        first_seq: gap.first_seq.max(last + 1),
                        ..gap
                    };
                    last = gap.last_seq;
                    events.extend(damaged_event(&gap).filter(|_| query.shows_damage()));
                }
                Entry::Event(..) | Entry::Gap(_) => {}
            });
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

impl EventsQuery {
    fn shows(&self, body: &EventBody<'_>) -> bool {
        let kind = self.kind.as_deref();
        kind.is_none_or(|kind| kind == body.kind())
            && concerns(body, self.task, self.host.as_deref())
    }

    /// Whether what cannot be read is among what is asked for: it may be anything.
    fn shows_damage(&self) -> bool {
        self.kind.as_deref().is_none_or(|kind| kind == "damaged")
            && self.task.is_none()
            && self.host.is_none()
    }
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
