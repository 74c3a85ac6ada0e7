//! The documented stream: every line from the first, then live, then the record.
//!
//! Known quirk: a line longer than [`LINE_LIMIT`](crate::live::LINE_LIMIT) is cut here, visibly, because clients refuse larger
//! messages (1 MiB is a usual limit); `/output` has it whole. For the same reason the closing record
//! leaves its `output` out when it would not fit: the lines were all sent before.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::auth::{ReadAccess, check_origin};
use super::error::ErrorBody;
use super::query::{Path, execution_id};
use super::{ApiError, view};
use crate::app::App;
use crate::blocks::Line;
use crate::live::{Seen, Viewer};

/// Bytes of lines that the closing record carries at most.
const RECORD_LIMIT: usize = 768 << 10;

/// How often a quiet stream is tested.
const PING: Duration = Duration::from_secs(20);

/// How long a viewer may take to hear that the collector stops.
const LAST_WORD: Duration = Duration::from_secs(1);

/// Lines that reach a viewer within this time go out together: nobody reads faster.
const PACE: Duration = Duration::from_millis(10);

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StreamQuery {
    /// Number of the first line to send, from 0: how many lines a reconnecting client has.
    since: u64,
}

/// Counts an open stream for as long as it lives.
pub(super) struct Counted(Arc<AtomicUsize>);

impl Counted {
    pub(super) fn new(app: &App) -> Self {
        let open = app.viewers.fetch_add(1, Ordering::AcqRel) + 1;
        metrics::gauge!("playback_viewers").set(open as f64);
        Self(app.viewers.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let open = self.0.fetch_sub(1, Ordering::AcqRel) - 1;
        metrics::gauge!("playback_viewers").set(open as f64);
    }
}

/// Watch an execution (WebSocket). Every printed line, from the first or from `since`, as
/// `{"type":"output","content":LINE,"time":UNIX_SECONDS}`; at the end
/// `{"type":"complete","result":ExecutionResult}`. Viewers of a run that is over get the same.
#[utoipa::path(
    get, path = "/executions/{id}/stream", tag = "stream",
    params(("id" = Uuid, Path), StreamQuery),
    responses(
        (status = 101, description = "The stream begins"),
        (status = 404, body = ErrorBody),
    )
)]
pub(super) async fn stream_execution(
    State(app): State<App>,
    _: ReadAccess,
    Path(id): Path<String>,
    query: Result<Query<StreamQuery>, QueryRejection>,
    headers: HeaderMap,
    uri: Uri,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    check_origin(&app, &headers, &uri)?;
    let id = execution_id(&id)?;
    let Query(query) = query?;
    view::find(&app.store, id).await?;
    let upgrade = upgrade.map_err(|_| not_a_websocket())?;
    // Counted from before the handshake is over: a collector that stops waits for its streams.
    let counted = app.streams.token();
    Ok(upgrade.on_upgrade(move |socket| async move {
        serve(app, id, query.since, socket).await;
        drop(counted);
    }))
}

/// What somebody is told who asks for a stream by plain HTTP.
pub(super) fn not_a_websocket() -> ApiError {
    ApiError::bad_request("this is a WebSocket: connect with ws://, or use \"playback follow\"")
}

async fn serve(app: App, id: Uuid, since: u64, socket: WebSocket) {
    let _counted = Counted::new(&app);
    let mut viewer = Viewer::open(&app.hub, &app.store, id, since);
    let (mut sink, mut incoming) = socket.split();
    let mut ping = tokio::time::interval(PING);
    ping.tick().await;
    loop {
        tokio::select! {
            seen = viewer.next() => {
                let sent = match seen {
                    Ok(Seen::Lines(lines)) => send(&app, &mut sink, &lines).await,
                    Ok(Seen::Shared(chunk, from)) => {
                        let sent = send(&app, &mut sink, &chunk.lines[from..]).await;
                        tokio::time::sleep(PACE).await;
                        sent
                    }
                    Ok(Seen::End) => {
                        let last = complete(&app, id).await;
                        let _ = sink.send(last).await;
                        let _ = sink.send(close(close_code::NORMAL, "the execution is over")).await;
                        return;
                    }
                    Err(error) => {
                        tracing::error!(execution = %id, %error, "a stream failed");
                        let why = "the history could not be read: connect again with since";
                        let _ = sink.send(close(close_code::ERROR, why)).await;
                        return;
                    }
                };
                if sent.is_err() {
                    return;
                }
            }
            message = incoming.next() => match message {
                // Nothing that a viewer says matters, but that it goes.
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            _ = ping.tick() => {
                if sink.send(Message::Ping(Default::default())).await.is_err() {
                    return;
                }
            }
            () = app.closing.cancelled() => {
                say_stopping(&mut sink, "the collector is stopping: connect again with since").await;
                return;
            }
        }
    }
}

fn close(code: u16, reason: &'static str) -> Message {
    Message::Close(Some(CloseFrame {
        code,
        reason: Utf8Bytes::from_static(reason),
    }))
}

type Sink = futures_util::stream::SplitSink<WebSocket, Message>;

/// Says that the collector stops, to whoever still reads.
pub(super) async fn say_stopping(sink: &mut Sink, why: &'static str) {
    let said = sink.send(close(close_code::RESTART, why));
    // Either way the connection ends now.
    let _ = tokio::time::timeout(LAST_WORD, said).await;
}

/// Sends lines; when the collector stops meanwhile, those that fit on the way.
async fn send(app: &App, sink: &mut Sink, lines: &[Line]) -> Result<(), axum::Error> {
    let sending = async {
        for line in lines {
            sink.feed(Message::Text(message(line).into())).await?;
        }
        sink.flush().await
    };
    tokio::select! {
        sent = sending => sent,
        () = app.closing.cancelled() => Ok(()),
    }
}

fn message(line: &Line) -> String {
    let content = view::json_string(&view::shown(line));
    let seconds = line.at.div_euclid(1_000_000);
    format!("{{\"type\":\"output\",\"content\":{content},\"time\":{seconds}}}")
}

/// The closing message.
async fn complete(app: &App, id: Uuid) -> Message {
    let text = match record(app, id).await {
        Ok(record) => format!("{{\"type\":\"complete\",\"result\":{record}}}"),
        // Deleted in the meantime.
        Err(_) => "{\"type\":\"complete\",\"result\":null}".to_owned(),
    };
    Message::Text(text.into())
}

async fn record(app: &App, id: Uuid) -> Result<String, ApiError> {
    let (key, row) = view::find(&app.store, id).await?;
    let output = view::lines_within(&app.store, key, &row, RECORD_LIMIT).await?;
    let mut record = view::result(&app.store, key, row).await?;
    record.output = output;
    Ok(view::select(&record, None)?.get().to_owned())
}
