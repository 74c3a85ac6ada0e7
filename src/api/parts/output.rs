//! The output of an execution.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use playback_wire::{Stream, printed};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::ApiError;
use crate::api::auth::ReadAccess;
use crate::api::error::ErrorBody;
use crate::api::extract::{Execution, Query};
use crate::api::query::{limit, named};
use crate::app::App;
use crate::history::{self, LineRange, OutputLine};
use crate::log::output::OutputReader;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(in crate::api) struct OutputQuery {
    /// The first line, from 0.
    from: u64,
    /// The line after the last one.
    to: Option<u64>,
    /// Maximum number of lines on a JSON page: 1 to 1000, 50 by default. Text has no limit.
    limit: Option<u32>,
    /// `json` (the default) or `text`: exactly what was printed.
    format: Option<String>,
    /// Only what went to `stdout` or `stderr`.
    stream: Option<String>,
}

/// A page of printed lines.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct OutputPage {
    /// The lines, in the order in which they were printed.
    lines: Vec<OutputLine>,
    /// Send this as `from` to get the next page; missing if there are no more lines yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
    /// Total number of lines so far.
    total: u64,
}

/// Get the output of an execution, by range of lines.
#[utoipa::path(
    get, path = "/executions/{id}/output", tag = "history",
    params(("id" = uuid::Uuid, Path), OutputQuery),
    responses(
        (status = 200, content((OutputPage = "application/json"), (String = "text/plain"))),
        (status = 404, body = ErrorBody),
        (status = 410, body = ErrorBody, description = "Retention removed it"),
    )
)]
pub(in crate::api) async fn get_output(
    State(app): State<App>,
    _: ReadAccess,
    Query(query): Query<OutputQuery>,
    Execution { key, row }: Execution,
) -> Result<Response, ApiError> {
    let streams = [Stream::Stdout, Stream::Stderr];
    let only = named("stream", query.stream.as_deref(), &streams, Stream::as_str)?;
    let range = LineRange {
        from: query.from,
        to: query.to.unwrap_or(u64::MAX),
        stream: only,
        limit: limit(query.limit)? as usize,
    };
    history::require_log(&row, "the output")?;
    match query.format.as_deref() {
        Some("text") => {
            let reader = OutputReader::new(app.store.clone(), key, &row, range.from);
            let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            Ok((kind, stream_text(reader, range.to, only)).into_response())
        }
        None | Some("" | "json") => {
            let page = history::page_of_lines(&app.store, key, &row, &range).await?;
            Ok(Json(OutputPage {
                lines: page.lines,
                next: page.next,
                total: row.output_lines,
            })
            .into_response())
        }
        Some(other) => Err(ApiError::bad_request(format!(
            "format = {other:?}: it must be json or text"
        ))),
    }
}

/// Printed lines, generated while they are sent: one may be larger than memory should be.
fn stream_text(reader: OutputReader, to: u64, only: Option<Stream>) -> Body {
    let steps = stream::unfold(Some(reader), move |reader| async move {
        let mut reader = reader?;
        let mut text = Vec::new();
        let mut past = false;
        let read = reader.next_pieces(|piece| {
            past |= piece.line >= to;
            if piece.line < to && only.is_none_or(|only| only == piece.stream) {
                text.extend_from_slice(&printed::exact(piece.text));
                if piece.ends {
                    text.push(b'\n');
                }
            }
        });
        match read.await {
            Ok(more) => Some((Ok(Bytes::from(text)), (more && !past).then_some(reader))),
            Err(error) => {
                // The response has begun: aborting it is the only way left to report the error.
                tracing::error!(%error, "output could not be read");
                Some((Err(error), None))
            }
        }
    });
    Body::from_stream(steps)
}
