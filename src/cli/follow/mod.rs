//! `playback follow`, and following of launched runs: each line as it arrives, from the documented stream, and the
//! run's own exit code.
//!
//! Layout:
//! - `viewer`: prints the messages of the stream, and reconnects if necessary
//! - `screen`, `progress`: lines, and for people the state of the run below them

mod progress;
mod screen;
mod viewer;

use std::process::ExitCode;

use clap::Args;
use uuid::Uuid;

use self::screen::Screen;
use self::viewer::{Ending, Viewer};
use super::client::{Client, ClientArgs};
use super::pick::Pick;
use super::{out, when};
use crate::model::{Reason, Status};

/// The exit code of a program that Ctrl-C ended, as in shells.
const INTERRUPTED: u8 = 130;

#[derive(Debug, Args)]
pub(super) struct Follow {
    /// Its id, the last 6 or more digits of it (as lists show them), the first 4 or more, or "latest"
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

/// What to follow, and how.
pub(super) struct Watch {
    /// The execution.
    pub(super) id: Uuid,
    /// Number of the first line to print.
    pub(super) since: u64,
    /// Whether to print the stream's messages instead of lines.
    pub(super) json: bool,
    /// Whether this command launched the run: then users may expect Ctrl-C to end it.
    pub(super) launched: bool,
}

pub(super) fn run(command: &Follow) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let watch = Watch {
        id: command.id.find(&client)?,
        since: command.since,
        json: command.json,
        launched: false,
    };
    self::watch(&client, &watch)
}

/// Follows an execution to its end.
pub(super) fn watch(client: &Client, watch: &Watch) -> anyhow::Result<ExitCode> {
    let id = watch.id;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let screen = Screen::new(client, id, watch.json);
    let has_progress = screen.has_progress();
    // Otherwise Ctrl-C ends this program like any other.
    let catches = watch.launched || has_progress;
    let mut viewer = Viewer::new(client, watch, screen);
    let ending = runtime.block_on(async {
        tokio::select! {
            ending = viewer.follow() => ending.map(Some),
            Ok(()) = tokio::signal::ctrl_c(), if catches => Ok(None),
        }
    });
    // Remove the progress line before anything else is printed.
    viewer.finish()?;
    let Some(ending) = ending? else {
        if watch.launched {
            out::note(format_args!(
                "playback: the run goes on: \"playback cancel {id}\" ends it, \"playback follow {id}\" shows it"
            ));
        }
        return Ok(ExitCode::from(INTERRUPTED));
    };
    if has_progress {
        out::note(format_args!("playback: {}", in_short(&ending, id)));
        if !watch.launched {
            out::note(format_args!("playback: {}", client.page_of(id)));
        }
    }
    Ok(exit_code(&ending))
}

/// The outcome of the run, in short, for people.
fn in_short(ending: &Ending, id: Uuid) -> String {
    let mut text = ending.status.as_str().to_owned();
    if let Some(reason) = ending.reason {
        text.push_str(&format!(" ({})", reason.as_str()));
    }
    if let Some(seconds) = ending.duration {
        text.push_str(&format!(" after {}", when::show_seconds(seconds)));
    }
    text.push_str(&format!(": \"playback show {id}\" tells more"));
    text
}

/// The run's own exit code; 1 if it failed without one.
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
