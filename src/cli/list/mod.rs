//! `playback list`.

mod print;

use std::process::ExitCode;

use clap::Args;

use super::client::{Client, ClientArgs};
use super::filters::Filters;
use super::out::Layout;
use super::pages::Pages;
use super::when::{Edge, Moment};
use crate::clock::Clock;

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    filters: Filters,
    /// Started at or after: 2026-01-20, "2026-01-20 10:00", 2h (ago), 7d
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    since: Option<Moment>,
    /// Started at or before; a day counts to its end
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    until: Option<Moment>,
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

impl List {
    /// The filters, in the API's words.
    fn query(&self, clock: &Clock) -> Vec<(&'static str, String)> {
        let date = |moment: Option<Moment>, edge| {
            moment.map(|moment| moment.resolve(edge, clock).to_rfc3339())
        };
        let times = [
            ("start_date", date(self.since, Edge::Start)),
            ("end_date", date(self.until, Edge::End)),
        ];
        let times = times
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        self.filters.query().chain(times).collect()
    }
}

pub(super) fn run(command: &List) -> anyhow::Result<ExitCode> {
    let clock = Clock::system();
    let client = Client::new(&command.client)?;
    let wanted = if command.all { u64::MAX } else { command.limit };
    let pages = Pages::new(&client, command.query(&clock), wanted);
    if command.json {
        print::json(pages)?;
    } else {
        print::table(pages, command.layout, &clock)?;
    }
    Ok(ExitCode::SUCCESS)
}
