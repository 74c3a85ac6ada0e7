//! The documented stream: first all lines so far, then new ones live, then the record.
//!
//! Known quirk: a line longer than [`LINE_LIMIT`](crate::live::LINE_LIMIT) is visibly cut here, because clients refuse
//! larger messages (1 MiB is a usual limit); `/output` returns it completely. For the same reason, the closing record
//! omits its `output` if that would not fit: all lines were sent before.

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, close_code};
use axum::response::Response;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::ApiError;
use super::auth::{OurPage, ReadAccess};
use super::error::ErrorBody;
use super::extract::{Execution, Query, Upgrade};
use super::viewers::{self, Heartbeat, Keeper, Look, Sink, ViewerMessage, close, say, text};
use crate::app::App;
use crate::history::{self, Fields, HistoryError};
use crate::live::{self, Viewer, ViewerUpdate};
use crate::model::{ExecutionResult, StreamMessage};

/// Maximum bytes of lines in the closing record.
const RECORD_LIMIT: usize = 768 << 10;

/// Lines that arrive within this time are sent to a viewer together, because no person reads faster.
const PACE: Duration = Duration::from_millis(10);

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StreamQuery {
    /// Number of the first line to send, from 0; a reconnecting client sends the number of lines that it has.
    since: u64,
    /// Interval in seconds, 1 to 60, at which to send `{"type":"heartbeat"}`; off by default. A web page does not see pings,
    /// and needs heartbeats to notice that its connection is dead.
    heartbeat: Option<u32>,
}

/// Watch an execution (WebSocket). Each message is a `StreamMessage`: every printed line, from the first or from
/// `since`, as `{"type":"output","content":LINE,"time":UNIX_SECONDS}`; at the end
/// `{"type":"complete","result":ExecutionResult}`. Viewers of a finished run get the same.
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
    access: ReadAccess,
    _: OurPage,
    Query(query): Query<StreamQuery>,
    execution: Execution,
    Upgrade(upgrade): Upgrade,
) -> Result<Response, ApiError> {
    let id = execution.row.id;
    let heartbeat = Heartbeat::every(query.heartbeat)?;
    let counted = viewers::count(&app, &access)?;
    let keeper = Keeper::new(&app, access.credential());
    // Counted before the handshake completes: a stopping collector waits for its streams.
    let open = app.streams.token();
    Ok(upgrade.on_upgrade(move |socket| async move {
        serve(app, id, query.since, socket, keeper, heartbeat).await;
        drop((counted, open));
    }))
}

async fn serve(
    app: App,
    id: Uuid,
    since: u64,
    socket: WebSocket,
    mut keeper: Keeper,
    mut heartbeat: Heartbeat,
) {
    let mut viewer = Viewer::open(&app.hub, &app.store, id, since);
    let (mut sink, mut incoming) = socket.split();
    loop {
        tokio::select! {
            seen = viewer.next() => {
                let sent = match seen {
                    Ok(ViewerUpdate::Lines(lines)) => {
                        let messages = lines.iter().map(|line| written(&live::message(line)));
                        send(&app, &mut sink, &mut keeper, messages).await
                    }
                    Ok(ViewerUpdate::Shared(chunk, from)) => {
                        let messages = chunk.messages()[from..].iter().cloned().map(text);
                        let sent = send(&app, &mut sink, &mut keeper, messages).await;
                        tokio::time::sleep(PACE).await;
                        sent
                    }
                    Ok(ViewerUpdate::End) => {
                        if let Ok(last) = complete(&app, id).await {
                            let _ = sink.send(last).await;
                        }
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
            message = incoming.next() => if let ViewerMessage::End(why) = keeper.hear(message) {
                if let Some(why) = why {
                    why.say(&mut sink).await;
                }
                return;
            },
            () = keeper.due() => match keeper.look(&app).await {
                Look::Nothing => {}
                Look::Ping => if sink.send(Message::Ping(Default::default())).await.is_err() {
                    return;
                },
                Look::LetGo(why) => return why.say(&mut sink).await,
            },
            beat = heartbeat.due() => if sink.send(beat).await.is_err() {
                return;
            },
            () = app.closing.cancelled() => {
                let why = "the collector is stopping: connect again with since";
                say(&mut sink, close_code::RESTART, why).await;
                return;
            }
        }
    }
}

/// Sends lines; if the collector stops meanwhile, only those that can be sent at once.
async fn send(
    app: &App,
    sink: &mut Sink,
    keeper: &mut Keeper,
    messages: impl Iterator<Item = Result<Message, axum::Error>>,
) -> Result<(), axum::Error> {
    let sending = async {
        for message in messages {
            let message = message?;
            if let Message::Text(text) = &message {
                keeper.sends(text.len());
            }
            sink.feed(message).await?;
        }
        sink.flush().await
    };
    tokio::select! {
        sent = sending => sent,
        () = app.closing.cancelled() => Ok(()),
    }
}

fn written(message: &StreamMessage<'_>) -> Result<Message, axum::Error> {
    text(serde_json::to_vec(message).map_err(axum::Error::new)?)
}

/// The closing message.
async fn complete(app: &App, id: Uuid) -> Result<Message, axum::Error> {
    // None: deleted in the meantime.
    let result = record(app, id).await.ok();
    written(&StreamMessage::Complete { result })
}

async fn record(app: &App, id: Uuid) -> Result<ExecutionResult, HistoryError> {
    let (key, row) = history::find(&app.store, id).await?;
    let output = history::lines_within(&app.store, key, &row, RECORD_LIMIT).await?;
    let mut record = history::record(&app.store, key, row, &Fields::ALL).await?;
    history::add_cost(&mut record, app.costs.costing().await?.as_deref());
    record.output = output;
    Ok(record)
}
