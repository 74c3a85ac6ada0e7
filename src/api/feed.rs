//! The feed: executions as they start, change and end.

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, close_code};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ApiError;
use super::auth::{OurPage, ReadAccess};
use super::error::ErrorBody;
use super::extract::{Query, Upgrade};
use super::viewers::{self, Heartbeat, Keeper, Look, Sink, ViewerMessage, say, text};
use crate::app::App;
use crate::history::FeedViewer;

/// Maximum number of messages sent together.
const TOGETHER: usize = 64;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FeedQuery {
    /// Whether records name their hosts; `true` by default. With `false`, they have no `stats`, `unreachable`, `failed` and
    /// `cost`, and stay small however many hosts a run has: `hosts_by_outcome` counts them.
    hosts: Option<bool>,
    /// Interval in seconds, 1 to 60, at which to send `{"type":"heartbeat"}`; off by default. A web page does not see pings,
    /// and needs heartbeats to notice that its connection is dead.
    heartbeat: Option<u32>,
}

/// Watch all executions (WebSocket). Each message is a `FeedMessage`:
/// `{"type":"execution","event":EVENT,"execution":ExecutionResult}` where EVENT is `started`, `changed` or `ended`,
/// without output; `{"type":"deleted","id":ID}`; and `{"type":"behind"}` if changes were skipped, so that a client must
/// read the list again.
#[utoipa::path(
    get, path = "/stream", tag = "stream",
    params(FeedQuery),
    responses((status = 101, description = "The feed begins"), (status = 403, body = ErrorBody))
)]
pub(super) async fn stream_executions(
    State(app): State<App>,
    access: ReadAccess,
    _: OurPage,
    Query(query): Query<FeedQuery>,
    Upgrade(upgrade): Upgrade,
) -> Result<Response, ApiError> {
    let heartbeat = Heartbeat::every(query.heartbeat)?;
    let counted = viewers::count(&app, &access)?;
    let keeper = Keeper::new(&app, access.credential());
    // Counted before the handshake completes: a stopping collector waits for its streams.
    let open = app.streams.token();
    Ok(upgrade.on_upgrade(move |socket| async move {
        let with_hosts = query.hosts.unwrap_or(true);
        serve(app, with_hosts, socket, keeper, heartbeat).await;
        drop((counted, open));
    }))
}

async fn serve(
    app: App,
    with_hosts: bool,
    socket: WebSocket,
    mut keeper: Keeper,
    mut heartbeat: Heartbeat,
) {
    let mut viewer = app.feed.watch(with_hosts).await;
    let (mut sink, mut incoming) = socket.split();
    loop {
        tokio::select! {
            next = viewer.next() => {
                if send(next, &mut viewer, &mut sink, &mut keeper).await.is_err() {
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
                let why = "the collector is stopping: connect again";
                say(&mut sink, close_code::RESTART, why).await;
                return;
            }
        }
    }
}

/// Sends a message, and those that are ready by then.
async fn send(
    first: Bytes,
    viewer: &mut FeedViewer,
    sink: &mut Sink,
    keeper: &mut Keeper,
) -> Result<(), axum::Error> {
    let mut next = Some(first);
    for _ in 0..TOGETHER {
        let Some(message) = next else {
            break;
        };
        keeper.sends(message.len());
        sink.feed(text(message)?).await?;
        next = viewer.ready();
    }
    if let Some(last) = next {
        keeper.sends(last.len());
        sink.feed(text(last)?).await?;
    }
    sink.flush().await
}
