//! Receives batches from producers.

use axum::Json;
use axum::body::{Body, HttpBody as _};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use futures_util::StreamExt as _;
use playback_spool::RunKey;
use playback_wire::{Producer, RUN_KEY_HEADER, TIME_HEADER};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::ApiError;
use super::auth::IngestAccess;
use super::error::ErrorBody;
use super::extract::{Path, Query, execution_id};
use crate::app::App;
use crate::auth::token;
use crate::ingest::{Claim, Received};

/// What is durably stored.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Acknowledged {
    /// The producer's last event that is committed to the store; 0 if there is none.
    acked: u64,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Sender {
    /// Random name of the producer's sequence, as in its `execution_started`.
    #[serde(default)]
    instance: Option<String>,
    /// The producer has ended, and another process delivers what it left behind.
    #[serde(default)]
    adopted: bool,
}

/// The hash of the run key, if one was sent.
fn run_key(headers: &HeaderMap) -> Result<Option<[u8; 32]>, ApiError> {
    let mut sent = headers.get_all(RUN_KEY_HEADER).iter();
    let Some(value) = sent.next() else {
        return Ok(None);
    };
    let key = value.to_str().ok().and_then(RunKey::parse);
    match (key, sent.next()) {
        (Some(key), None) => Ok(Some(token::hash(key.expose()))),
        _ => Err(ApiError::bad_request(
            "the header Playback-Run-Key must be there once, with 32 hexadecimal digits",
        )),
    }
}

/// Send a batch: NDJSON, one event a line, as one zstd frame (or plain). The answer names the last
/// event that is durably stored. An empty body is a sign of life, and asks where to resume.
#[utoipa::path(
    post, path = "/ingest/{execution_id}/{producer}", tag = "ingest",
    params(
        ("execution_id" = uuid::Uuid, Path, description = "Made by the producer, UUID version 7"),
        ("producer" = Producer, Path),
        ("playback-time" = Option<i64>, Header, description = "With an empty body: the producer's time, in microseconds since the epoch"),
        Sender,
        ("Playback-Run-Key" = Option<String>, Header, description = "The run's key: 32 hexadecimal digits that the first producer generated. If it was sent with the first batch of a run, every other batch and sign of life needs it; a run that began without a key accepts them from the token that began it, or from an admin's"),
    ),
    request_body(content = Vec<u8>, content_type = "application/x-ndjson"),
    responses(
        (status = 200, body = Acknowledged),
        (status = 404, body = ErrorBody, description = "There is no such producer"),
        (status = 409, body = ErrorBody, description = "Events before the batch are missing: resume after `acked`. Or, without `acked`: another process reports as this producer"),
        (status = 403, body = ErrorBody, description = "The run belongs to another producer: the run key is missing or wrong, or another token began the run without a key"),
        (status = 410, body = ErrorBody, description = "The execution was deleted, or retention removed its log: no events can be added"),
        (status = 413, body = ErrorBody, description = "The batch is too large"),
        (status = 422, body = ErrorBody, description = "The body is not zstd, or a line is not an event, or an event has a field that is reserved for the collector"),
        (status = 503, body = ErrorBody, description = "Busy: retry after Retry-After seconds"),
    )
)]
pub(super) async fn ingest_batch(
    State(app): State<App>,
    access: IngestAccess,
    Path((id, producer)): Path<(String, String)>,
    Query(sender): Query<Sender>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Acknowledged>, ApiError> {
    let id = execution_id(&id)?;
    access.check(id)?;
    let producer: Producer = producer
        .parse()
        .map_err(|error| ApiError::not_found(format!("{producer:?}: {error}")))?;
    if producer == Producer::Launcher {
        return Err(ApiError::forbidden(
            "the launcher is this collector: its events cannot be sent by others",
        ));
    }
    let claim = Claim {
        instance: sender.instance,
        adopted: sender.adopted,
        at: headers
            .get(TIME_HEADER)
            .and_then(|at| at.to_str().ok()?.parse().ok()),
        credentials: access.credentials(run_key(&headers)?),
    };
    let done = match receive(&app, &headers, body).await {
        Ok(body) => app
            .ingest
            .batch(id, producer, body, &claim)
            .await
            .map_err(ApiError::from),
        Err(error) => Err(error),
    };
    match done {
        Ok(acked) => Ok(Json(Acknowledged { acked })),
        Err(error) => {
            metrics::counter!("playback_ingest_refusals_total", "code" => error.code())
                .increment(1);
            Err(error.to(access.actor()))
        }
    }
}

/// Reads a body within the memory budget for all bodies.
async fn receive(app: &App, headers: &HeaderMap, body: Body) -> Result<Received, ApiError> {
    if body.is_end_stream() {
        return Ok(Received::empty());
    }
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    let mut receiving = app.ingest.receive(announced)?;
    let mut parts = body.into_data_stream();
    while let Some(part) = parts.next().await {
        receiving.push(&part.map_err(|error| ApiError::unread(&error))?)?;
    }
    Ok(receiving.done())
}
