//! `playback follow`: every line of a run as it comes, from the documented stream.
//!
//! A lost connection (the collector restarts, the network fails) is taken up again after the last line
//! that was printed, for as long as it takes.

mod socket;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use serde::Deserialize;
use uuid::Uuid;

use self::socket::{Broken, Socket};
use super::client::{Client, ClientArgs};
use super::out::{self, Out};
use super::pick::Pick;
use crate::clock::Clock;
use crate::model::{Reason, Status};

/// First and longest wait before a lost stream is taken up again; the waits between them double.
const WAIT: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

#[derive(Debug, Args)]
pub(super) struct Follow {
    /// Its id, the first 4 or more digits of it, or "latest"
    id: Pick,
    /// Number of the first line to print, from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    since: u64,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the stream's messages as they come, one a line
    #[arg(long)]
    json: bool,
}

/// What a message says. Others than these two kinds may come one day, and are passed over.
#[derive(Debug, Deserialize)]
struct Message {
    r#type: String,
    content: Option<String>,
    result: Option<Ending>,
}

/// What matters here of the record that closes a stream.
#[derive(Debug, Deserialize)]
struct Ending {
    status: Status,
    reason: Option<Reason>,
    exit_code: Option<i32>,
}

pub(super) fn run(command: &Follow) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let id = command.id.find(&client, &Clock::system())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut viewer = Viewer {
        client: &client,
        id,
        next_line: command.since,
        json: command.json,
        out: Out::new(),
    };
    let ending = runtime.block_on(viewer.follow())?;
    viewer.out.flush()?;
    Ok(exit_code(&ending))
}

struct Viewer<'c> {
    client: &'c Client,
    id: Uuid,
    next_line: u64,
    json: bool,
    out: Out,
}

impl Viewer<'_> {
    /// Prints until the run is over.
    async fn follow(&mut self) -> anyhow::Result<Ending> {
        let mut socket = match Socket::open(self.client, self.id, self.next_line).await? {
            Ok(socket) => socket,
            Err(Broken(why)) => return Err(self.client.unreachable(&why)),
        };
        loop {
            let why = match self.watch(&mut socket).await? {
                Ok(ending) => return Ok(ending),
                Err(Broken(why)) => why,
            };
            self.out.flush()?;
            out::note(format_args!(
                "playback: the stream was lost ({why}); trying to take it up again"
            ));
            socket = self.reopen().await?;
            out::note("playback: taken up again");
        }
    }

    async fn reopen(&self) -> anyhow::Result<Socket> {
        let (mut wait, longest) = WAIT;
        loop {
            tokio::time::sleep(wait).await;
            if let Ok(socket) = Socket::open(self.client, self.id, self.next_line).await? {
                return Ok(socket);
            }
            wait = (wait * 2).min(longest);
        }
    }

    /// Prints what comes, until the run is over or the stream breaks.
    async fn watch(&mut self, socket: &mut Socket) -> anyhow::Result<Result<Ending, Broken>> {
        loop {
            // What is buffered goes out when nothing more is there at once.
            let text = match socket.ready() {
                Some(text) => text,
                None => {
                    self.out.flush()?;
                    socket.next().await
                }
            };
            let text = match text {
                Ok(text) => text,
                Err(broken) => return Ok(Err(broken)),
            };
            let Ok(message) = serde_json::from_str::<Message>(&text) else {
                bail!(
                    "{} sends what this version does not understand",
                    self.client.url()
                );
            };
            if self.json {
                self.out.line(&text)?;
            }
            match message.r#type.as_str() {
                "output" => {
                    self.next_line += 1;
                    if !self.json {
                        self.out.line(message.content.unwrap_or_default())?;
                    }
                }
                "complete" => match message.result {
                    Some(ending) => return Ok(Ok(ending)),
                    None => {
                        self.out.flush()?;
                        bail!("execution {} was deleted", self.id);
                    }
                },
                _ => {}
            }
        }
    }
}

/// The run's own exit code; 1 where it failed and has none.
fn exit_code(ending: &Ending) -> ExitCode {
    match (ending.exit_code, ending.status) {
        (Some(code), _) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        (None, Status::Success) => ExitCode::SUCCESS,
        (None, _) => {
            let reason = ending.reason.map_or("unknown", Reason::as_str);
            out::note(format_args!(
                "playback: the run failed without an exit code (reason: {reason})"
            ));
            ExitCode::FAILURE
        }
    }
}
