//! `playback pin`, `playback unpin`: keep an execution, whatever the rules of retention say, or do not.

use std::process::ExitCode;

use clap::Args;
use serde_json::value::RawValue;

use super::client::{Client, ClientArgs, noted};
use super::out;
use super::pick::Pick;
use crate::clock::Clock;

/// Keep an execution, whatever the rules of retention say
///
/// It cannot be deleted either, until it is unpinned. The token needs the scope "run".
#[derive(Debug, Args)]
pub(super) struct Pin {
    /// Its id, the first 4 or more digits of it, or "latest"
    id: Pick,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: when it was pinned, by whom and why
    #[arg(long)]
    json: bool,
}

/// Leave an execution to the rules of retention again
#[derive(Debug, Args)]
pub(super) struct Unpin {
    /// Its id, the first 4 or more digits of it, or "latest"
    id: Pick,
    #[command(flatten)]
    client: ClientArgs,
}

pub(super) fn pin(command: &Pin) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let id = command.id.find(&client, &Clock::system())?;
    let body = noted(command.note.as_deref());
    let answer: Box<RawValue> = client.put(&format!("/executions/{id}/pin"), &body)?;
    if command.json {
        out::line(answer.get())?;
    } else {
        out::line(format_args!(
            "{id} is kept until \"playback unpin {id}\" says otherwise"
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn unpin(command: &Unpin) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let id = command.id.find(&client, &Clock::system())?;
    client.delete(&format!("/executions/{id}/pin"))?;
    out::line(format_args!("{id} is left to the rules of retention"))?;
    Ok(ExitCode::SUCCESS)
}
