//! `playback cancel`: cancels a run.

use std::process::ExitCode;

use clap::Args;
use serde_json::value::RawValue;

use super::client::{Client, ClientArgs, noted};
use super::out;
use super::pick::Pick;
use crate::model::{ExecutionResult, Status};

/// Cancel a run that the collector launched
///
/// A run in the queue ends at once. A run that has started is asked to end (SIGTERM), and is killed if it does not.
#[derive(Debug, Args)]
pub(super) struct Cancel {
    /// Its id, the last 6 or more digits of it (as lists show them), the first 4 or more, or "latest" among those that
    /// your token launched
    id: Pick,
    /// Why, for the audit trail and the record
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the record in its current state
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Cancel) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let id = command.id.find_launched(&client)?;
    let body = noted(command.note.as_deref());
    let record: Box<RawValue> = client.post(&format!("/executions/{id}/cancel"), &body)?;
    if command.json {
        out::line(record.get())?;
        return Ok(ExitCode::SUCCESS);
    }
    let record: ExecutionResult = serde_json::from_str(record.get())?;
    match record.status {
        Status::Running => out::line(format_args!(
            "{id} was asked to end: \"playback follow {id}\" shows how it ends"
        ))?,
        _ => out::line(format_args!("{id} is over"))?,
    }
    Ok(ExitCode::SUCCESS)
}
