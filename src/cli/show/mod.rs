//! `playback show`: one execution as a page, its results, or its output.

mod content;
mod failures;
mod page;
mod places;
mod results;
mod tasks;

use std::io::Read as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use uuid::Uuid;

use self::results::{Narrowed, View};
use super::client::{Client, ClientArgs};
use super::out::{Layout, Out};
use super::pick::Pick;
use crate::clock::Clock;

#[derive(Debug, Args)]
pub(super) struct Show {
    /// Its id, the last 6 or more digits of it (as lists show them), the first 4 or more, or "latest"; by default
    /// your last run
    id: Option<Pick>,
    /// Print exactly what the run printed, and nothing else
    #[arg(long, conflicts_with_all = ["json", "results", "failed", "task", "host"])]
    output: bool,
    /// Print all results: each task on each host
    #[arg(long)]
    results: bool,
    /// Print the failed results, with everything that the module returned
    #[arg(long, conflicts_with = "results")]
    failed: bool,
    /// Print the results of this task with everything that the module returned: its number, its name, or part of its
    /// name. With --results or --failed, only list its results
    #[arg(long, value_name = "TASK")]
    task: Option<String>,
    /// Print the results on this host with everything that the modules returned. With --results or --failed, only list
    /// its results
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's record, output included, or the results if these are requested
    #[arg(long)]
    json: bool,
}

impl Show {
    /// How to show results, if they are requested.
    fn view(&self) -> Option<View> {
        if self.results {
            return Some(View::Table);
        }
        if self.failed {
            return Some(View::Failures);
        }
        (self.task.is_some() || self.host.is_some()).then_some(View::Content)
    }
}

pub(super) fn run(command: &Show) -> anyhow::Result<ExitCode> {
    let clock = Clock::system();
    let client = Client::new(&command.client)?;
    let id = match &command.id {
        Some(pick) => pick.find(&client)?,
        None => Pick::find_last_own(&client)?,
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
    } else if let Some(view) = command.view() {
        let task = command.task.as_ref();
        let tasks = task.map(|text| tasks::named(&client, id, text));
        let narrowed = Narrowed {
            tasks: tasks.transpose()?,
            host: command.host.clone(),
        };
        results::print(&client, id, (view, &narrowed), command.json, &mut out)?;
    } else if command.json {
        copy(&client, &path(id), &[], &mut out)?;
        out.bytes(b"\n")?;
    } else {
        page::print(&client, id, &clock, &mut out)?;
        out.line(client.page_of(id))?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn path(id: Uuid) -> String {
    format!("/executions/{id}")
}

/// Passes an answer on while it arrives: it may not fit in memory.
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
