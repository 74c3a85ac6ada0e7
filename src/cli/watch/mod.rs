//! `playback watch`: prints a line for each run that starts or ends, from the feed of all executions.
//!
//! Layout:
//! - `remembered`: distinguishes starts and ends of runs from other changes
//! - `print`: lines and JSON
//!
//! The feed has no filters: if filters are given, the list is asked whether the run matches. After a lost connection,
//! and if the feed has skipped changes, the list says what happened meanwhile.

mod print;
mod remembered;

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use ureq::http::StatusCode;

use self::remembered::{Head, RememberedRuns};
use super::client::{Client, ClientArgs, Refused};
use super::filters::{Filters, SEVERAL};
use super::out::{self, Layout, Out};
use super::pages::Pages;
use super::query::{Parameters, QueryArgs, Selection};
use super::socket::{Broken, Socket};
use crate::clock::Clock;
use crate::filter::place;
use crate::model::FeedEvent;

/// The feed.
const FEED: &str = "/stream";

/// How many of the newest executions are searched for missed changes. An older one that was not seen running counts as
/// one that ended long ago.
const NEWEST: u64 = 1000;

/// Print a line for each run that starts or ends, until Ctrl-C
///
/// A run is compared with the filters when it starts and when it ends: with --status failed, only ends are printed, and
/// with --host, starts are not, because hosts are not known yet.
#[derive(Debug, Args)]
#[command(after_help = SEVERAL)]
pub(super) struct Watch {
    #[command(flatten)]
    query: QueryArgs,
    #[command(flatten)]
    filters: Filters<place::List>,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: for each start and end, the message of the API's stream, one a line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Watch) -> anyhow::Result<ExitCode> {
    let clock = Clock::system();
    let selection = command.query.select(&clock, &command.filters)?;
    let client = Client::new(&command.client)?;
    let mut watcher = Watcher {
        selection,
        client,
        clock,
        json: command.json,
        remembered: RememberedRuns::default(),
        out: Out::laid_out(command.layout),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match runtime.block_on(watcher.watch())? {}
}

/// Prints what happens to executions.
struct Watcher {
    client: Client,
    clock: Clock,
    selection: Selection,
    json: bool,
    remembered: RememberedRuns,
    out: Out,
}

/// A message of the feed. Kinds that this version does not know are skipped.
#[derive(Debug, Deserialize)]
struct Message<'t> {
    r#type: String,
    #[serde(borrow, default)]
    execution: Option<&'t RawValue>,
}

impl Watcher {
    /// Prints until it is ended from outside, or the collector refuses.
    async fn watch(&mut self) -> anyhow::Result<std::convert::Infallible> {
        self.begin()?;
        let mut socket = match Socket::open(&self.client, FEED).await? {
            Ok(socket) => socket,
            Err(Broken(why)) => return Err(self.client.unreachable(&why)),
        };
        out::hint(format_args!(
            "playback: watching {} until Ctrl-C",
            self.client.url()
        ));
        loop {
            let Broken(why) = self.read(&mut socket).await?;
            out::note(format_args!(
                "playback: the stream was lost ({why}); trying to take it up again"
            ));
            socket = Socket::reopen(&self.client, FEED).await?;
            out::note("playback: taken up again");
        }
    }

    /// Stores which executions are running and which are finished, before anything is printed.
    fn begin(&mut self) -> anyhow::Result<()> {
        let (newest, is_all) = self.list(Vec::new(), NEWEST)?;
        let oldest = newest.iter().map(|head| head.start_time).min();
        let running = ("status", "running".to_owned());
        let (running, _) = self.list(vec![running], u64::MAX)?;
        for head in newest.into_iter().chain(running) {
            self.remembered.remember(head);
        }
        if let Some(oldest) = oldest.filter(|_| !is_all) {
            self.remembered.forget_until(oldest);
        }
        Ok(())
    }

    /// Executions of the list, newest first, and whether these are all.
    fn list(&self, mut query: Parameters, wanted: u64) -> anyhow::Result<(Vec<Head>, bool)> {
        query.push(("fields", Head::FIELDS.to_owned()));
        let mut heads = Vec::new();
        let mut pages = Pages::new(&self.client, query, wanted);
        while let Some(page) = pages.next()? {
            for entry in page.executions {
                heads.push(serde_json::from_str(entry.get())?);
            }
        }
        Ok((heads, pages.cursor().is_none()))
    }

    /// Prints what was missed, and then what happens until the stream breaks.
    async fn read(&mut self, socket: &mut Socket) -> anyhow::Result<Broken> {
        if let Err(broken) = self.catch_up()? {
            return Ok(broken);
        }
        loop {
            // Flush when no further message is ready.
            let text = match socket.ready() {
                Some(text) => text,
                None => {
                    self.out.flush()?;
                    socket.next().await
                }
            };
            let text = match text {
                Ok(text) => text,
                Err(broken) => return Ok(broken),
            };
            let Ok(message) = serde_json::from_str::<Message<'_>>(&text) else {
                bail!(
                    "{} sends what this version does not understand",
                    self.client.url()
                );
            };
            let done = match (message.r#type.as_str(), message.execution) {
                ("execution", Some(record)) => {
                    let head = serde_json::from_str(record.get())?;
                    self.take(head, Some(record))?
                }
                ("behind", _) => self.catch_up()?,
                _ => Ok(()),
            };
            if let Err(broken) = done {
                return Ok(broken);
            }
        }
    }

    /// Asks the list what happened since.
    fn catch_up(&mut self) -> anyhow::Result<Result<(), Broken>> {
        let mut heads = match passing(self.list(Vec::new(), NEWEST))? {
            Ok(Some((heads, _))) => heads,
            Ok(None) => Vec::new(),
            Err(broken) => return Ok(Err(broken)),
        };
        for id in self.remembered.running() {
            if heads.iter().any(|head| head.id == id) {
                continue;
            }
            let query = [("fields", Head::FIELDS.to_owned())];
            let path = format!("/executions/{id}");
            match passing(self.client.get::<Head>(&path, &query))? {
                Ok(head) => heads.extend(head),
                Err(broken) => return Ok(Err(broken)),
            }
        }
        heads.sort_unstable_by_key(|head| head.start_time);
        for head in heads {
            if let Err(broken) = self.take(head, None)? {
                return Ok(Err(broken));
            }
        }
        Ok(Ok(()))
    }

    /// Prints an execution's start or end, if it is new; requests the record if the feed did not send it.
    fn take(
        &mut self,
        head: Head,
        record: Option<&RawValue>,
    ) -> anyhow::Result<Result<(), Broken>> {
        if let Some(event) = self.remembered.news(&head) {
            let is_wanted = match passing(self.is_wanted(&head, event))? {
                Ok(wanted) => wanted.unwrap_or(false),
                Err(broken) => return Ok(Err(broken)),
            };
            if !is_wanted {
                self.remembered.remember(head);
                return Ok(Ok(()));
            }
            let asked;
            let record = match record {
                Some(record) => Some(record),
                None => match self.ask::<Box<RawValue>>(&head)? {
                    Ok(answer) => {
                        asked = answer;
                        asked.as_deref()
                    }
                    Err(broken) => return Ok(Err(broken)),
                },
            };
            if let Some(record) = record {
                match self.json {
                    true => print::json(event, record, &mut self.out)?,
                    false => print::line(event, record, &self.clock, &mut self.out)?,
                }
            }
        }
        self.remembered.remember(head);
        Ok(Ok(()))
    }

    /// The record of an execution; none if it was deleted.
    fn ask<T: DeserializeOwned>(&self, head: &Head) -> anyhow::Result<Result<Option<T>, Broken>> {
        passing(self.client.get(&format!("/executions/{}", head.id), &[]))
    }

    /// Whether an execution matches the filters. Only one that is still running can match as started.
    fn is_wanted(&self, head: &Head, event: FeedEvent) -> anyhow::Result<bool> {
        if self.selection.is_everything() {
            return Ok(true);
        }
        // The start of a queued run changes: request the current one.
        let query = [("fields", Head::FIELDS.to_owned())];
        let now: Head = self
            .client
            .get(&format!("/executions/{}", head.id), &query)?;
        let start = now.start_time.to_rfc3339();
        let mut terms = vec![format!("since:\"{start}\" until:\"{start}\"")];
        if event == FeedEvent::Started {
            terms.push("status:running".to_owned());
        }
        let (found, _) = self.list(self.selection.with(terms), u64::MAX)?;
        Ok(found.iter().any(|one| one.id == head.id))
    }
}

/// Distinguishes the outcomes of a request: an answer, none because the execution was deleted, or a temporary fault.
///
/// # Errors
/// The collector refuses, and would refuse again.
fn passing<T>(answer: anyhow::Result<T>) -> anyhow::Result<Result<Option<T>, Broken>> {
    match answer {
        Ok(answer) => Ok(Ok(Some(answer))),
        Err(error) => match error.downcast_ref::<Refused>() {
            Some(refused) if refused.status == StatusCode::NOT_FOUND => Ok(Ok(None)),
            Some(refused) if refused.status.is_client_error() => Err(error),
            _ => Ok(Err(Broken(format!("{error:#}")))),
        },
    }
}
