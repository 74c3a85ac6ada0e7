//! The WebSocket of a stream, for one execution or for all: its messages, and its end.

use std::time::Duration;

use anyhow::Context as _;
use futures_util::{FutureExt as _, StreamExt as _};
use playback_spool::net::Way;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{Uri, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

use super::client::Client;
use crate::api::PREFIX;

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// The collector pings every 20 seconds: after this long without any message the connection counts as lost.
const SILENCE: Duration = Duration::from_secs(60);

/// The largest message, in bytes: the final record contains every host.
const MESSAGE_BYTES: usize = 256 << 20;

/// First and longest wait before a lost stream is resumed; the wait doubles in between.
const WAIT: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Why a stream broke; it can be resumed.
#[derive(Debug)]
pub(super) struct Broken(pub(super) String);

/// An open stream.
pub(super) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Opens the stream at a path of the API.
    ///
    /// # Errors
    /// The collector refuses, and would refuse again; a temporary error is [`Broken`].
    pub(super) async fn open(client: &Client, path: &str) -> anyhow::Result<Result<Self, Broken>> {
        // http → ws, https → wss.
        let base = client.url().replacen("http", "ws", 1);
        let url = format!("{base}{PREFIX}{path}");
        let mut request = url
            .into_client_request()
            .context("the collector's URL cannot be used for a stream")?;
        if let Some(authorization) = client.authorization() {
            let headers = request.headers_mut();
            headers.insert(header::AUTHORIZATION, authorization);
        }
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_BYTES))
            .max_frame_size(Some(MESSAGE_BYTES));
        let connecting = async {
            let stream = dial(client.way().clone(), request.uri().clone()).await?;
            let tls = Some(Connector::Rustls(client.way().tls()));
            client_async_tls_with_config(request, stream, Some(config), tls).await
        };
        match tokio::time::timeout(CONNECT, connecting).await {
            Ok(Ok((stream, answer))) => {
                client.note_address(answer.headers());
                Ok(Ok(Self { stream }))
            }
            Ok(Err(Error::Http(answer))) if answer.status().is_client_error() => {
                let body = answer.body().as_deref().unwrap_or_default();
                Err(client.refused(answer.status(), body))
            }
            Ok(Err(error)) => Ok(Err(Broken(describe(&error)))),
            Err(_) => Ok(Err(Broken("no answer in time".to_owned()))),
        }
    }

    /// Opens a lost stream again, however long it takes.
    ///
    /// # Errors
    /// The collector refuses.
    pub(super) async fn reopen(client: &Client, path: &str) -> anyhow::Result<Self> {
        let (mut wait, longest) = WAIT;
        loop {
            tokio::time::sleep(wait).await;
            if let Ok(socket) = Self::open(client, path).await? {
                return Ok(socket);
            }
            wait = (wait * 2).min(longest);
        }
    }

    /// The next message, if it has already arrived.
    pub(super) fn ready(&mut self) -> Option<Result<Utf8Bytes, Broken>> {
        self.message().now_or_never()
    }

    /// The next message; waits for it.
    pub(super) async fn next(&mut self) -> Result<Utf8Bytes, Broken> {
        self.message().await
    }

    async fn message(&mut self) -> Result<Utf8Bytes, Broken> {
        loop {
            let next = tokio::time::timeout(SILENCE, self.stream.next()).await;
            match next {
                Ok(Some(Ok(Message::Text(text)))) => return Ok(text),
                Ok(Some(Ok(Message::Close(Some(frame))))) if !frame.reason.is_empty() => {
                    return Err(Broken(frame.reason.to_string()));
                }
                Ok(Some(Ok(Message::Close(_))) | None) => {
                    return Err(Broken("the collector closed it".to_owned()));
                }
                // The library answers pings when the next message is read.
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(error))) => return Err(Broken(describe(&error))),
                Err(_) => return Err(Broken("no sign of life".to_owned())),
            }
        }
    }
}

/// Connects, through the proxy if there is one; the blocking part runs on a thread.
async fn dial(way: Way, uri: Uri) -> Result<TcpStream, Error> {
    let dialled = tokio::task::spawn_blocking(move || way.dial(&uri, CONNECT));
    let stream = dialled.await.map_err(std::io::Error::other)??;
    stream.set_nonblocking(true)?;
    Ok(TcpStream::from_std(stream)?)
}

fn describe(error: &Error) -> String {
    match error {
        Error::Io(error) => playback_spool::net::tls::in_words_of(error, "the collector")
            .unwrap_or_else(|| error.to_string()),
        Error::Http(answer) => format!("it answers {}", answer.status()),
        other => other.to_string(),
    }
}
