//! `playback show`: one execution as a page, its results, or its output.

mod failures;
mod page;
mod results;

use std::io::Read as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use uuid::Uuid;

use super::client::{Client, ClientArgs};
use super::out::{Layout, Out};
use super::pick::Pick;
use crate::clock::Clock;

#[derive(Debug, Args)]
pub(super) struct Show {
    /// Its id, the first 4 or more digits of it, or "latest"; by default your last run
    id: Option<Pick>,
    /// Print exactly what the run printed, and nothing else
    #[arg(long, conflicts_with_all = ["json", "results", "failed"])]
    output: bool,
    /// Print all results: each task on each host
    #[arg(long)]
    results: bool,
    /// Print the results that failed, with all that the module said
    #[arg(long, conflicts_with = "results")]
    failed: bool,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's record, output included, or with --results or --failed the results
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Show) -> anyhow::Result<ExitCode> {
    let clock = Clock::system();
    let client = Client::new(&command.client)?;
    let id = match &command.id {
        Some(pick) => pick.find(&client, &clock)?,
        None => Pick::find_last_own(&client, &clock)?,
    };
    let mut out = Out::laid_out(command.layout);
    if command.output {
        let query = [("format", "text".to_owned())];
        copy(
            &client,
            &format!("/executions/{id}/output"),
            &query,
            &mut out,
        )?;
    } else if command.results || command.failed {
        let which = if command.failed {
            results::ResultChoice::Failed
        } else {
            results::ResultChoice::All
        };
        results::print(&client, id, which, command.json, &mut out)?;
    } else if command.json {
        copy(&client, &path(id), &[], &mut out)?;
        out.bytes(b"\n")?;
    } else {
        page::print(&client, id, &clock, &mut out)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn path(id: Uuid) -> String {
    format!("/executions/{id}")
}

/// Streams an answer through: it may not fit in memory.
fn copy(
    client: &Client,
    path: &str,
    query: &[(&'static str, String)],
    out: &mut Out,
) -> anyhow::Result<()> {
    let mut body = client.read(path, query)?;
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = body.read(&mut buffer);
        match read.with_context(|| client.broke_off())? {
            0 => return Ok(()),
            count => out.bytes(&buffer[..count])?,
        }
    }
}
