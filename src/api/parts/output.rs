//! What an execution printed.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use futures_util::stream;
use playback_wire::{Stream, printed};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::open;
use crate::api::ApiError;
use crate::api::auth::ReadAccess;
use crate::api::error::ErrorBody;
use crate::api::query::{Path, limit, named};
use crate::api::view;
use crate::app::App;
use crate::log::lines::Line;
use crate::log::output::OutputReader;
use crate::model::time_from_us;
use crate::store::StoreError;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(in crate::api) struct OutputQuery {
    /// First line, from 0.
    from: u64,
    /// Line to stop before.
    to: Option<u64>,
    /// Lines of a JSON page at most: 1 to 1000, 50 by default. Text has no limit.
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
    /// Ask with this as `from` for the next page; missing when there is no more for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
    /// Lines in all, so far.
    total: u64,
}

/// One printed line.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct OutputLine {
    /// Its number, from 0.
    line: u64,
    /// When it was printed.
    time: DateTime<Utc>,
    /// Where it was printed.
    stream: Stream,
    /// Sequence number of the event that Ansible was showing.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<u64>,
    /// What it says.
    text: String,
}

/// What an execution printed, by range of lines.
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
    Path(id): Path<String>,
    query: Result<Query<OutputQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(query) = query?;
    let streams = [Stream::Stdout, Stream::Stderr];
    let only = named("stream", query.stream.as_deref(), &streams, Stream::as_str)?;
    let limit = limit(query.limit)? as usize;
    let (key, row) = open(&app, &id).await?;
    view::require_log(&row, "the output")?;
    let over = view::is_final(&row);
    let total = row.output_lines;
    let reader = OutputReader::new(app.store.clone(), key, &row, query.from);
    let to = query.to.unwrap_or(u64::MAX);
    let fits = move |line: &Line| line.number < to && only.is_none_or(|only| only == line.stream);
    match query.format.as_deref() {
        Some("text") => {
            let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            Ok((kind, stream_text(reader, to, only)).into_response())
        }
        None | Some("" | "json") => {
            let page = read_page(reader, fits, to, limit, over).await?;
            let lines = page.lines.into_iter().map(|line| OutputLine {
                line: line.number,
                time: time_from_us(line.at),
                stream: line.stream,
                of: line.of,
                text: line.text,
            });
            Ok(Json(OutputPage {
                lines: lines.collect(),
                next: page.next,
                total,
            })
            .into_response())
        }
        Some(other) => Err(ApiError::bad_request(format!(
            "format = {other:?}: it must be json or text"
        ))),
    }
}

struct Lines {
    lines: Vec<Line>,
    next: Option<u64>,
}

async fn read_page(
    mut reader: OutputReader,
    fits: impl Fn(&Line) -> bool,
    to: u64,
    limit: usize,
    over: bool,
) -> Result<Lines, StoreError> {
    let mut lines: Vec<Line> = Vec::new();
    loop {
        let batch = reader.next_lines().await?;
        let ended = batch.is_empty();
        let past = batch.last().is_some_and(|line| line.number >= to);
        for line in batch {
            if fits(&line) {
                if lines.len() == limit {
                    return Ok(Lines {
                        lines,
                        next: Some(line.number),
                    });
                }
                lines.push(line);
            }
        }
        if ended || past {
            // A line that is still open may yet grow while the run goes on.
            let open = reader.finish().filter(|line| ended && over && fits(line));
            let next = open.as_ref().map(|line| line.number);
            if lines.len() < limit {
                lines.extend(open);
                return Ok(Lines { lines, next: None });
            }
            return Ok(Lines { lines, next });
        }
    }
}

/// Lines as they were printed, made as they are sent: one may be larger than memory should be.
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
                // The answer has begun: cutting it off is the only way left to say so.
                tracing::error!(%error, "output could not be read");
                Some((Err(error), None))
            }
        }
    });
    Body::from_stream(steps)
}
