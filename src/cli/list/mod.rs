//! `playback list`.

mod columns;
mod print;
mod running;

use std::process::ExitCode;

use clap::Args;

use self::columns::Named;
use super::client::{Client, ClientArgs};
use super::filters::{Filters, SEVERAL};
use super::out::Layout;
use super::pages::Pages;
use super::query::QueryArgs;
use crate::clock::Clock;
use crate::filter::place;

#[derive(Debug, Args)]
#[command(after_help = SEVERAL)]
pub(super) struct List {
    #[command(flatten)]
    query: QueryArgs,
    #[command(flatten)]
    filters: Filters<place::List>,
    /// Show the executions that are going on: how long they still take, and which host they wait for
    #[arg(long, conflicts_with_all = ["columns", "csv", "status"])]
    running: bool,
    /// Show so many at most, newest first
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// Show all of them, however many there are
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// Show these columns, in this order, joined by commas: id, type, status, reason, started, ended, duration, exit_code,
    /// what, playbook, inventory, check, changed, hosts, failed, unreachable, user, controller, launched_by, labels, note,
    /// commit
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        conflicts_with = "json"
    )]
    columns: Vec<Named>,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's list
    #[arg(long)]
    json: bool,
    /// Print CSV (RFC 4180) with all columns, or those of --columns: times in UTC, durations in seconds.
    /// A cell that begins with = + - @ a tab or a carriage return gets a ' before it, so that no spreadsheet evaluates it
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

pub(super) fn run(command: &List) -> anyhow::Result<ExitCode> {
    let clock = Clock::system();
    let selection = command.query.select(&clock, &command.filters)?;
    let client = Client::new(&command.client)?;
    let wanted = if command.all { u64::MAX } else { command.limit };
    let terms = if command.running {
        vec!["status:running".to_owned()]
    } else {
        Vec::new()
    };
    let pages = Pages::new(&client, selection.with(terms), wanted);
    if command.running {
        running::show(&client, pages, command.json, command.layout, &clock)?;
        return Ok(ExitCode::SUCCESS);
    }
    if command.json {
        print::json(pages)?;
    } else if command.csv {
        print::csv(pages, &command.columns)?;
    } else if !command.columns.is_empty() {
        print::columns(pages, &command.columns, command.layout, &clock)?;
    } else {
        print::table(pages, command.layout, &clock)?;
    }
    Ok(ExitCode::SUCCESS)
}
