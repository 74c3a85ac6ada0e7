//! Common to all streams: the limit on their number, what viewers may send, and when they are disconnected.
//!
//! A viewer only has to show that it is alive, which it does by reading. A slow viewer receives everything; one that
//! reads nothing for too long is disconnected by its socket (`server::io`), or here, because it does not answer a ping.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use bytes::Bytes;
use futures_util::SinkExt as _;
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::ApiError;
use super::auth::ReadAccess;
use crate::app::App;
use crate::auth::Credential;
use crate::live::OpenStream;

/// Largest message that a viewer may send, in bytes.
const MESSAGE_BYTES: usize = 4096;

/// Maximum bytes buffered for a viewer: more than the largest message.
const BUFFER_BYTES: usize = 32 << 20;

/// How often a viewer is checked.
const LOOK: Duration = Duration::from_secs(2);

/// How often a quiet stream is pinged.
const PING: Duration = Duration::from_secs(20);

/// Messages that a viewer may send in a burst, and per second on average: browsers answer pings, and some send their
/// own.
const BURST: f64 = 60.0;
const RATE: f64 = 2.0;

/// Minimum reading rate of a slow viewer, in bytes per second. Data on its way is read before a ping is answered.
const SLOWEST: u64 = 16 << 10;

/// How long sending the reason for a disconnect may take.
const LAST_WORD: Duration = Duration::from_secs(1);

pub(super) type Sink = futures_util::stream::SplitSink<WebSocket, Message>;

/// The text of a heartbeat, in every stream.
const HEARTBEAT: &str = r#"{"type":"heartbeat"}"#;

/// Longest time between heartbeats, in seconds.
const RAREST: u32 = 60;

/// Sends heartbeats to a viewer that requested them. Browsers answer pings without showing them to the page, which
/// therefore cannot distinguish a dead connection from a quiet one.
pub(super) struct Heartbeat(Option<Interval>);

impl Heartbeat {
    /// Heartbeats at this interval in seconds; none if there is no interval.
    pub(super) fn every(seconds: Option<u32>) -> Result<Self, ApiError> {
        let Some(seconds) = seconds else {
            return Ok(Self(None));
        };
        if !(1..=RAREST).contains(&seconds) {
            return Err(ApiError::bad_request(format!(
                "heartbeat = {seconds}: it must be from 1 to {RAREST} seconds"
            )));
        }
        let period = Duration::from_secs(seconds.into());
        let mut beats = tokio::time::interval_at(Instant::now() + period, period);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self(Some(beats)))
    }

    /// Waits until a heartbeat is due, and returns it. Dropping this future loses none.
    pub(super) async fn due(&mut self) -> Message {
        match &mut self.0 {
            Some(beats) => {
                beats.tick().await;
                Message::Text(Utf8Bytes::from_static(HEARTBEAT))
            }
            None => std::future::pending().await,
        }
    }
}

/// Counts one more stream for as long as it lives, if the limits allow it.
pub(super) fn count(app: &App, access: &ReadAccess) -> Result<OpenStream, ApiError> {
    app.viewers.open(access.token()).ok_or_else(|| {
        ApiError::busy(
            "too many streams are open: close some, or raise http.max_viewers or http.max_viewers_per_token",
        )
    })
}

/// A handshake with limits for the socket.
pub(super) fn bounded(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(MESSAGE_BYTES)
        .max_message_size(MESSAGE_BYTES)
        .max_frame_size(MESSAGE_BYTES)
        .max_write_buffer_size(BUFFER_BYTES)
}

/// Why a viewer is disconnected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Goodbye {
    code: u16,
    reason: &'static str,
    /// The label for metrics; none if it is not counted.
    figure: Option<&'static str>,
}

impl Goodbye {
    const TALKS: Self = Self {
        code: close_code::POLICY,
        reason: "too many messages: a viewer has nothing to say",
        figure: Some("talks"),
    };
    const TOO_LARGE: Self = Self {
        code: close_code::SIZE,
        reason: "too large a message: a viewer has nothing to say",
        figure: Some("talks"),
    };
    const SILENT: Self = Self {
        code: close_code::POLICY,
        reason: "no ping was answered in time: connect again",
        figure: Some("silent"),
    };
    const LOGGED_OUT: Self = Self {
        code: close_code::POLICY,
        reason: "the token or login is no longer valid",
        figure: Some("logged_out"),
    };

    /// Sends it, if the viewer still reads.
    pub(super) async fn say(self, sink: &mut Sink) {
        if let Some(figure) = self.figure {
            metrics::counter!("playback_viewers_dropped_total", "reason" => figure).increment(1);
            tracing::info!(reason = self.reason, "a viewer is let go");
        }
        say(sink, self.code, self.reason).await;
    }
}

/// Closes a stream with a reason, if the viewer still reads.
pub(super) async fn say(sink: &mut Sink, code: u16, reason: &'static str) {
    let said = sink.send(close(code, reason));
    // Either way the connection ends now.
    let _ = tokio::time::timeout(LAST_WORD, said).await;
}

/// A message, serialized once for all viewers, or for one.
pub(super) fn text(written: impl Into<Bytes>) -> Result<Message, axum::Error> {
    let text = Utf8Bytes::try_from(written.into()).map_err(axum::Error::new)?;
    Ok(Message::Text(text))
}

pub(super) fn close(code: u16, reason: &'static str) -> Message {
    Message::Close(Some(CloseFrame {
        code,
        reason: Utf8Bytes::from_static(reason),
    }))
}

/// Keeps track of one viewer.
pub(super) struct Keeper {
    credential: Option<Credential>,
    look: Interval,
    /// How long a ping may remain unanswered, and how often one is sent.
    patience: Duration,
    every: Duration,
    pinged: Instant,
    /// Bytes sent to it: in total, before the last ping, and known to be read.
    sent: u64,
    sent_before_ping: u64,
    read: u64,
    is_unanswered: bool,
    allowance: f64,
    heard: Instant,
}

/// What to do next for a viewer.
pub(super) enum Look {
    Nothing,
    Ping,
    LetGo(Goodbye),
}

impl Keeper {
    pub(super) fn new(app: &App, credential: Option<Credential>) -> Self {
        let patience = Duration::from_secs(app.config.http.write_seconds);
        let now = Instant::now();
        let every = PING.min(patience / 2);
        Self {
            credential,
            look: tokio::time::interval_at(now + LOOK.min(every), LOOK.min(every)),
            patience,
            every,
            pinged: now,
            sent: 0,
            sent_before_ping: 0,
            read: 0,
            is_unanswered: false,
            allowance: BURST,
            heard: now,
        }
    }

    /// Waits until the viewer's next check.
    pub(super) async fn due(&mut self) {
        self.look.tick().await;
    }

    /// Checks the viewer.
    pub(super) async fn look(&mut self, app: &App) -> Look {
        if let Some(credential) = self.credential
            && !app.auth.may_watch(credential).await
        {
            return Look::LetGo(Goodbye::LOGGED_OUT);
        }
        let waited = self.pinged.elapsed();
        if self.is_unanswered {
            let on_the_way = Duration::from_secs((self.sent - self.read) / SLOWEST);
            if waited > self.patience + on_the_way {
                return Look::LetGo(Goodbye::SILENT);
            }
        } else if waited >= self.every {
            self.pinged = Instant::now();
            self.is_unanswered = true;
            self.sent_before_ping = self.sent;
            return Look::Ping;
        }
        Look::Nothing
    }

    /// Counts bytes that are sent to it.
    pub(super) fn sends(&mut self, bytes: usize) {
        self.sent += bytes as u64;
    }

    /// Handles a message from it; returns a reason if that was the last one.
    pub(super) fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> ViewerMessage {
        let message = match message {
            Some(Ok(Message::Close(_))) | None => return ViewerMessage::End(None),
            Some(Err(error)) => {
                let is_large = error.to_string().contains("too long");
                return ViewerMessage::End(is_large.then_some(Goodbye::TOO_LARGE));
            }
            Some(Ok(message)) => message,
        };
        if matches!(message, Message::Pong(_)) && self.is_unanswered {
            self.is_unanswered = false;
            self.read = self.sent_before_ping;
        }
        let now = Instant::now();
        let passed = now.duration_since(self.heard).as_secs_f64();
        self.heard = now;
        self.allowance = (self.allowance + passed * RATE).min(BURST) - 1.0;
        if self.allowance < 0.0 {
            return ViewerMessage::End(Some(Goodbye::TALKS));
        }
        ViewerMessage::Nothing
    }
}

/// What a viewer's message means.
pub(super) enum ViewerMessage {
    Nothing,
    /// It leaves, or must leave.
    End(Option<Goodbye>),
}
