//! `playback hosts`.

use std::process::ExitCode;

use clap::Args;

use super::super::client::{Client, ClientArgs};
use super::super::filters::names;
use super::super::out::{self, Colour, Column, Layout, Out};
use super::super::{summary, when};
use super::entries::{Continued, Entries};
use super::{is_bad, status, title};
use crate::clock::Clock;
use crate::model::{HostStatus, HostSummary};

/// List hosts: the status of each in its last run, and when a run last changed it
#[derive(Debug, Args)]
pub(in crate::cli) struct Hosts {
    /// Only hosts with this name; * stands for any text, as in 'web-*'
    name: Option<String>,
    /// Only hosts whose last run started longer ago than this, such as 30d or 12h
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    unseen: Option<String>,
    /// Only hosts with this status in their last run
    #[arg(long, value_parser = names(HostStatus::ALL, HostStatus::as_str))]
    status: Option<String>,
    /// Show at most this many, by name
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// Show all of them, however many there are
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's list
    #[arg(long)]
    json: bool,
}

/// Checks a duration; the collector evaluates it.
fn duration(text: &str) -> Result<String, String> {
    when::seconds(text).map(|_| text.trim().to_owned())
}

pub(in crate::cli) fn run(command: &Hosts) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let query = [
        ("name", command.name.clone()),
        ("unseen", command.unseen.clone()),
        ("status", command.status.clone()),
    ];
    let query = query
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let wanted = if command.all { u64::MAX } else { command.limit };
    let entries = Entries::read(
        &client,
        "/hosts",
        query.collect(),
        (wanted, Continued::Cursor),
    )?;
    let mut out = Out::laid_out(command.layout);
    if command.json {
        entries.print_json("hosts", &mut out)?;
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    let hosts: Vec<HostSummary> = entries.parsed()?;
    if hosts.is_empty() {
        out::note("no hosts");
        return Ok(ExitCode::SUCCESS);
    }
    table(&hosts, &mut out)?;
    out.flush()?;
    if entries.next.is_some() {
        out::hint(format_args!(
            "these are the first {}: --limit N or --all shows more",
            hosts.len()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn table(hosts: &[HostSummary], out: &mut Out) -> anyhow::Result<()> {
    let clock = Clock::system();
    let rows = hosts.iter().map(|host| {
        let more = if host.has_more_runs { "+" } else { "" };
        let change = host.last_change.as_ref();
        [
            host.name.clone(),
            status(&host.last_run),
            when::ago(host.last_run.start_time, &clock),
            change.map_or("-".to_owned(), |run| when::ago(run.start_time, &clock)),
            format!("{}{more}", host.runs),
            title(&host.last_run),
        ]
    });
    let columns = [
        Column::end("HOST", 12),
        Column::end("STATUS", 11),
        Column::whole("LAST RUN"),
        Column::whole("CHANGED"),
        Column::whole("RUNS"),
        Column::by("WHAT", 10, summary::shorten),
    ];
    out.table(columns, rows.collect(), |out, row, line| {
        match is_bad(hosts[row].status) {
            true => out.paint(Colour::Red, &line),
            false => line,
        }
    })
}
