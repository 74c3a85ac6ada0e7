//! The feed: executions as they start, change and end.

use std::collections::HashSet;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Serialize;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use uuid::Uuid;

use super::ApiError;
use super::auth::{OurPage, ReadAccess};
use super::error::ErrorBody;
use super::stream::not_a_websocket;
use super::viewers::{Counted, Heard, Keeper, Look, bounded, say};
use crate::app::App;
use crate::history::{self, Fields};
use crate::model::{FeedEvent, FeedMessage};

/// Changes of one execution within this time are told once.
const PACE: Duration = Duration::from_millis(200);

/// Watch all executions (WebSocket). Each message is a `FeedMessage`:
/// `{"type":"execution","event":EVENT,"execution":ExecutionResult}`
/// where EVENT is `started`, `changed` or `ended`, without output; `{"type":"deleted","id":ID}`; and
/// `{"type":"behind"}` when so much happened that a client should read the list again.
#[utoipa::path(
    get, path = "/stream", tag = "stream",
    responses((status = 101, description = "The feed begins"), (status = 403, body = ErrorBody))
)]
pub(super) async fn stream_executions(
    State(app): State<App>,
    access: ReadAccess,
    _: OurPage,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = upgrade.map_err(|_| not_a_websocket())?;
    let counted = Counted::new(&app, &access)?;
    let keeper = Keeper::new(&app, access.standing());
    // Counted from before the handshake is over: a collector that stops waits for its streams.
    let open = app.streams.token();
    Ok(bounded(upgrade).on_upgrade(move |socket| async move {
        serve(app, socket, keeper).await;
        drop((counted, open));
    }))
}

async fn serve(app: App, socket: WebSocket, mut keeper: Keeper) {
    // What runs already does not start again. Read before listening: what starts in between is told as
    // started when it is first heard of.
    let running = app.store.running_executions().await.unwrap_or_default();
    let mut running: HashSet<Uuid> = running.into_iter().collect();
    let mut feed = app.hub.feed();
    let (mut sink, mut incoming) = socket.split();
    loop {
        tokio::select! {
            changed = feed.recv() => {
                let mut messages = Vec::new();
                let mut ids: Vec<Uuid> = Vec::new();
                match changed {
                    Ok(Some(id)) => ids.push(id),
                    Ok(None) | Err(RecvError::Lagged(_)) => messages.extend(written(&FeedMessage::<()>::Behind)),
                    Err(RecvError::Closed) => return,
                }
                loop {
                    match feed.try_recv() {
                        Ok(Some(id)) if ids.contains(&id) => {}
                        Ok(Some(id)) => ids.push(id),
                        Ok(None) | Err(TryRecvError::Lagged(_)) => {
                            messages.extend(written(&FeedMessage::<()>::Behind));
                        }
                        Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                    }
                }
                for id in ids {
                    messages.extend(describe(&app, id, &mut running).await);
                }
                for message in messages {
                    keeper.sends(message.len());
                    if sink.feed(Message::Text(message.into())).await.is_err() {
                        return;
                    }
                }
                if sink.flush().await.is_err() {
                    return;
                }
                tokio::time::sleep(PACE).await;
            }
            message = incoming.next() => if let Heard::End(why) = keeper.hear(message) {
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
            () = app.closing.cancelled() => {
                let why = "the collector is stopping: connect again";
                say(&mut sink, close_code::RESTART, why).await;
                return;
            }
        }
    }
}

/// What to tell of an execution whose row changed.
async fn describe(app: &App, id: Uuid, running: &mut HashSet<Uuid>) -> Option<String> {
    let found = app.store.execution(id).await;
    let Some((key, row)) = found.ok()? else {
        running.remove(&id);
        return written(&FeedMessage::<()>::Deleted { id });
    };
    let event = if history::is_final(&row) {
        running.remove(&id);
        FeedEvent::Ended
    } else if running.insert(id) {
        FeedEvent::Started
    } else {
        FeedEvent::Changed
    };
    let execution = history::record(&app.store, key, row, &Fields::ALL)
        .await
        .ok()?;
    written(&FeedMessage::Execution { event, execution })
}

fn written<R: Serialize>(message: &FeedMessage<R>) -> Option<String> {
    serde_json::to_string(message).ok()
}
