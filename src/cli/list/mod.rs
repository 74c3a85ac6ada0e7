//! `playback list`.

mod print;

use std::process::ExitCode;

use clap::Args;

use super::client::{Client, ClientArgs};
use super::filters::Filters;
use super::out::Layout;
use super::pages::Pages;
use super::query::QueryArgs;
use crate::clock::Clock;
use crate::filter::place;

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    query: QueryArgs,
    #[command(flatten)]
    filters: Filters<place::List>,
    /// Show so many at most, newest first
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
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

pub(super) fn run(command: &List) -> anyhow::Result<ExitCode> {
    let clock = Clock::system();
    let query = command.query.query(&clock)?;
    let client = Client::new(&command.client)?;
    let wanted = if command.all { u64::MAX } else { command.limit };
    let query = command.filters.query(&clock).chain(query).collect();
    let pages = Pages::new(&client, query, wanted);
    if command.json {
        print::json(pages)?;
    } else {
        print::table(pages, command.layout, &clock)?;
    }
    Ok(ExitCode::SUCCESS)
}
