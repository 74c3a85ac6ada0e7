//! A WebSocket viewer that works like the documented JavaScript.

use std::io::ErrorKind;
use std::net::TcpStream;

use serde_json::Value;
use tokio_tungstenite::tungstenite::client::{IntoClientRequest as _, client};
use tokio_tungstenite::tungstenite::{Error, HandshakeError, Message, WebSocket};
use uuid::Uuid;

use crate::harness::{API, Collector, DEADLINE};

/// What was received.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum StreamEvent {
    /// A message.
    Message(Value),
    /// It was closed, with this code and reason.
    Closed(u16, String),
    /// The connection broke.
    Broken,
}

/// An open stream.
pub(crate) struct Socket(WebSocket<TcpStream>);

impl Socket {
    /// Opens a stream at a path below `/api/v1/ansible`; the status code when it is refused.
    pub(crate) fn open(
        collector: &Collector,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        Self::open_at(&collector.url(), path, headers)
    }

    /// The same below an address, as `http://HOST:PORT` with a path.
    pub(crate) fn open_at(
        base: &str,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        let place = base.strip_prefix("http://").unwrap();
        let address = place.split('/').next().unwrap();
        let url = format!("ws://{place}{API}{path}");
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        match client(request, stream) {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(HandshakeError::Failure(Error::Http(answer))) => Err(answer.status().as_u16()),
            Err(error) => panic!("no WebSocket: {error}"),
        }
    }

    /// Watches an execution, with the admin token.
    #[track_caller]
    pub(crate) fn watch(collector: &Collector, id: Uuid, query: &str) -> Self {
        let token = format!("Bearer {}", collector.token);
        let path = format!("/executions/{id}/stream{query}");
        Self::open(collector, &path, &[("authorization", &token)]).unwrap()
    }

    /// Watches all executions, with the admin token.
    #[track_caller]
    pub(crate) fn feed(collector: &Collector) -> Self {
        Self::feed_with(collector, "")
    }

    /// Watches all executions, with the admin token, and a query that begins with `?`.
    #[track_caller]
    pub(crate) fn feed_with(collector: &Collector, query: &str) -> Self {
        let token = format!("Bearer {}", collector.token);
        let path = format!("/stream{query}");
        Self::open(collector, &path, &[("authorization", &token)]).unwrap()
    }

    /// Waits until the stream is served, so that later events are received. Earlier messages are skipped.
    #[track_caller]
    pub(crate) fn served(mut self) -> Self {
        self.ping(b"there?").unwrap();
        loop {
            match self.0.read() {
                Ok(Message::Pong(_)) => return self,
                Ok(Message::Close(frame)) => panic!("closed: {frame:?}"),
                Ok(_) => {}
                Err(error) => panic!("no answer to a ping: {error}"),
            }
        }
    }

    /// Sends a message, which viewers normally do not.
    pub(crate) fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).unwrap();
    }

    /// Sends a ping, and reads nothing.
    pub(crate) fn ping(&mut self, data: &[u8]) -> Result<(), Error> {
        self.0.send(Message::Ping(data.to_vec().into()))
    }

    /// What is received next.
    #[track_caller]
    pub(crate) fn next(&mut self) -> StreamEvent {
        loop {
            match self.0.read() {
                Ok(Message::Text(text)) => {
                    return StreamEvent::Message(serde_json::from_str(&text).unwrap());
                }
                Ok(Message::Close(frame)) => {
                    let frame = frame.expect("a close says why");
                    return StreamEvent::Closed(frame.code.into(), frame.reason.to_string());
                }
                Ok(_) => {}
                Err(Error::Io(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    panic!("waited too long for the stream");
                }
                Err(_) => return StreamEvent::Broken,
            }
        }
    }

    /// The next message; there must be one.
    #[track_caller]
    pub(crate) fn message(&mut self) -> Value {
        match self.next() {
            StreamEvent::Message(message) => message,
            other => panic!("a message was to come, and not {other:?}"),
        }
    }

    /// The next printed line; there must be one.
    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        let message = self.message();
        assert_eq!(message["type"], "output", "{message}");
        assert!(message["time"].is_i64(), "{message}");
        assert_eq!(message.as_object().unwrap().len(), 3, "{message}");
        message["content"].as_str().unwrap().to_owned()
    }

    /// All lines up to the record, the record, and a proper close after it.
    #[track_caller]
    pub(crate) fn rest(&mut self) -> (Vec<String>, Value) {
        let mut lines = Vec::new();
        loop {
            let mut message = self.message();
            if message["type"] == "complete" {
                assert_eq!(
                    self.next(),
                    StreamEvent::Closed(1000, "the execution is over".into())
                );
                return (lines, message["result"].take());
            }
            assert_eq!(message["type"], "output", "{message}");
            lines.push(message["content"].as_str().unwrap().to_owned());
        }
    }
}
