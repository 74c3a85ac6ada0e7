//! `playback pin`, `playback unpin`: pins an execution, so that it is not removed, or unpins it.

use std::process::ExitCode;

use clap::Args;
use serde_json::value::RawValue;

use super::client::{Client, ClientArgs, noted};
use super::out;
use super::pick::Pick;

/// Pin an execution: neither "prune" nor a configured rule deletes it
///
/// Requests cannot delete it either, until it is unpinned. The token needs the scope "run".
#[derive(Debug, Args)]
pub(super) struct Pin {
    /// Its id, the last 6 or more digits of it (as lists show them), the first 4 or more, or "latest" among yours
    id: Pick,
    /// Why, for the audit trail and the record
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: when it was pinned, by whom and why
    #[arg(long)]
    json: bool,
}

/// Unpin an execution: "prune" and configured rules can delete it again
#[derive(Debug, Args)]
pub(super) struct Unpin {
    /// Its id, the last 6 or more digits of it (as lists show them), the first 4 or more, or "latest" among yours
    id: Pick,
    /// Why, for the audit trail
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    client: ClientArgs,
}

pub(super) fn pin(command: &Pin) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let id = command.id.find_own(&client)?;
    let body = noted(command.note.as_deref());
    let answer: Box<RawValue> = client.put(&format!("/executions/{id}/pin"), &body)?;
    if command.json {
        out::line(answer.get())?;
    } else {
        out::line(format_args!(
            "{id} is kept until you unpin it with \"playback unpin {id}\""
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn unpin(command: &Unpin) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let id = command.id.find_own(&client)?;
    client.delete(&format!("/executions/{id}/pin"), command.note.as_deref())?;
    out::line(format_args!(
        "{id} is not pinned any more: \"playback prune\" and configured rules may remove it"
    ))?;
    Ok(ExitCode::SUCCESS)
}
