//! Prints the stream of an execution.
//!
//! A lost connection (the collector restarts, the network fails) is resumed after the last printed line, for as long
//! as it takes.

use anyhow::bail;
use serde::Deserialize;
use uuid::Uuid;

use super::super::client::Client;
use super::super::socket::{Broken, Socket};
use super::Watch;
use super::screen::Screen;
use crate::model::{Reason, Status, StreamMessage};

/// A message's kind, which may be one of a later version.
#[derive(Debug, Deserialize)]
struct Kind {
    r#type: String,
}

/// The fields needed from the record that closes a stream.
#[derive(Debug, Deserialize)]
pub(super) struct Ending {
    pub(super) status: Status,
    pub(super) reason: Option<Reason>,
    pub(super) exit_code: Option<i32>,
    pub(super) duration: Option<f64>,
}

/// Follows one execution.
pub(super) struct Viewer<'c> {
    client: &'c Client,
    id: Uuid,
    next_line: u64,
    json: bool,
    screen: Screen,
}

impl<'c> Viewer<'c> {
    pub(super) fn new(client: &'c Client, watch: &Watch, screen: Screen) -> Self {
        Self {
            client,
            id: watch.id,
            next_line: watch.since,
            json: watch.json,
            screen,
        }
    }

    /// Prints until the run is over. The future can be dropped at any time.
    pub(super) async fn follow(&mut self) -> anyhow::Result<Ending> {
        let mut socket = match Socket::open(self.client, &self.path()).await? {
            Ok(socket) => socket,
            Err(Broken(why)) => return Err(self.client.unreachable(&why)),
        };
        loop {
            let why = match self.watch(&mut socket).await? {
                Ok(ending) => return Ok(ending),
                Err(Broken(why)) => why,
            };
            self.screen.flush()?;
            self.screen.note(&format!(
                "playback: the stream was lost ({why}); trying to take it up again"
            ));
            socket = Socket::reopen(self.client, &self.path()).await?;
            self.screen.note("playback: taken up again");
        }
    }

    /// Flushes what was printed, and removes the progress line.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        self.screen.finish()
    }

    /// The address of the stream, from the next line on.
    fn path(&self) -> String {
        format!("/executions/{}/stream?since={}", self.id, self.next_line)
    }

    /// Prints messages until the run is over or the stream breaks.
    async fn watch(&mut self, socket: &mut Socket) -> anyhow::Result<Result<Ending, Broken>> {
        loop {
            // Flush when no further message is ready.
            let text = match socket.ready() {
                Some(text) => text,
                None => {
                    self.screen.flush()?;
                    socket.next().await
                }
            };
            let text = match text {
                Ok(text) => text,
                Err(broken) => return Ok(Err(broken)),
            };
            let message = self.read(&text)?;
            if self.json {
                self.screen.line(&text)?;
            }
            match message {
                Some(StreamMessage::Output { content, .. }) => {
                    self.next_line += 1;
                    if !self.json {
                        self.screen.line(&content)?;
                    }
                }
                Some(StreamMessage::Complete {
                    result: Some(ending),
                }) => return Ok(Ok(ending)),
                Some(StreamMessage::Complete { result: None }) => {
                    self.screen.flush()?;
                    bail!("execution {} was deleted", self.id);
                }
                Some(StreamMessage::Heartbeat) | None => {}
            }
        }
    }

    /// The meaning of a message; none for a kind that this version does not know, which is skipped.
    fn read<'t>(&self, text: &'t str) -> anyhow::Result<Option<StreamMessage<'t, Ending>>> {
        if let Ok(message) = serde_json::from_str(text) {
            return Ok(Some(message));
        }
        match serde_json::from_str::<Kind>(text) {
            Ok(kind) if !StreamMessage::KINDS.contains(&kind.r#type.as_str()) => Ok(None),
            _ => bail!(
                "{} sends what this version does not understand",
                self.client.url()
            ),
        }
    }
}
