//! `playback list`.

mod columns;
mod print;
mod running;

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use self::columns::Named;
use super::client::{Client, ClientArgs};
use super::filters::{Filters, SEVERAL_OR_LINES};
use super::out::Layout;
use super::pages::Pages;
use super::query::QueryArgs;
use crate::clock::Clock;
use crate::filter::place;

/// The order of a list. The collector sorts: only it knows the longest of all runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sort {
    /// Start time, newest first
    Started,
    /// Duration, longest first
    Duration,
}

impl Sort {
    /// The parameters of the API.
    fn parameters(self, reverse: bool) -> impl Iterator<Item = (&'static str, String)> {
        let sort = (self == Self::Duration).then(|| ("sort", "duration".to_owned()));
        let order = reverse.then(|| ("order", "asc".to_owned()));
        sort.into_iter().chain(order)
    }

    /// Describes the first entries.
    fn first(self, reverse: bool) -> &'static str {
        match (self, reverse) {
            (Self::Started, false) => "newest",
            (Self::Started, true) => "oldest",
            (Self::Duration, false) => "longest",
            (Self::Duration, true) => "shortest",
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = SEVERAL_OR_LINES)]
pub(super) struct List {
    #[command(flatten)]
    query: QueryArgs,
    #[command(flatten)]
    filters: Filters<place::List>,
    /// Sort by start time, newest first, or by duration, longest first, which lists finished runs only
    #[arg(long, value_name = "BY", default_value = "started")]
    sort: Sort,
    /// Reverse the order: oldest or shortest first
    #[arg(long)]
    reverse: bool,
    /// Show running executions: their remaining time, and the host that they wait for
    #[arg(long, conflicts_with_all = ["columns", "csv", "status", "sort"])]
    running: bool,
    /// Show at most this many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// Show all of them, however many there are
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// Show these columns, in this order, joined by commas: id, type, status, reason, started, ended, duration, exit_code,
    /// what, playbook, inventory, check, changed, hosts, failed, unreachable, user, controller, launched_by, labels, note,
    /// commit, schedule, cost
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
    let selection = command.query.select_listed(&clock, &command.filters)?;
    let client = Client::new(&command.client)?;
    let wanted = if command.all { u64::MAX } else { command.limit };
    let terms = if command.running {
        vec!["status:running".to_owned()]
    } else {
        Vec::new()
    };
    let mut query = selection.with(terms);
    query.extend(command.sort.parameters(command.reverse));
    let first = command.sort.first(command.reverse);
    let pages = Pages::new(&client, query, wanted);
    if command.running {
        running::show(&client, pages, command.json, command.layout, &clock)?;
        return Ok(ExitCode::SUCCESS);
    }
    if command.json {
        print::json(pages)?;
    } else if command.csv {
        print::csv(pages, &command.columns)?;
    } else if !command.columns.is_empty() {
        print::columns(
            pages,
            &command.columns,
            (command.layout, first),
            selection.has_text,
            &clock,
        )?;
    } else {
        print::table(pages, (command.layout, first), selection.has_text, &clock)?;
    }
    Ok(ExitCode::SUCCESS)
}
