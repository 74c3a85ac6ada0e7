//! `playback stats`.

mod print;

pub(super) use print::rate;

use std::process::ExitCode;

use clap::Args;
use serde_json::value::RawValue;

use super::client::{Client, ClientArgs};
use super::filters::{Filters, SEVERAL, names};
use super::out::{self, Layout};
use super::query::QueryArgs;
use crate::clock::Clock;
use crate::filter::place;
use crate::model::{By, Period};

/// Count executions: their outcomes, their durations, which hosts failed
#[derive(Debug, Args)]
#[command(after_help = SEVERAL)]
pub(super) struct Stats {
    #[command(flatten)]
    query: QueryArgs,
    /// Runs of the last hour, 24 hours, 7 days or 30 days [default: day]
    #[arg(long, value_parser = names(Period::ALL, Period::as_str), conflicts_with = "from")]
    period: Option<String>,
    /// Count for each playbook, inventory, host, task, label or user
    #[arg(long, value_parser = names(By::ALL, By::as_str))]
    by: Option<String>,
    /// Show at most this many of them
    #[arg(long, value_name = "N", default_value_t = 20, requires = "by", value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    #[command(flatten)]
    filters: Filters<place::Stats>,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's answer
    #[arg(long)]
    json: bool,
}

impl Stats {
    /// The query parameters.
    fn query(&self, clock: &Clock) -> anyhow::Result<Vec<(&'static str, String)>> {
        let mine = [
            ("period", self.period.clone()),
            ("by", self.by.clone()),
            ("limit", Some(self.limit.to_string())),
        ];
        let mine = mine
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        let selection = self.query.select(clock, &self.filters)?;
        Ok(mine.chain(selection.with(Vec::new())).collect())
    }
}

pub(super) fn run(command: &Stats) -> anyhow::Result<ExitCode> {
    let query = command.query(&Clock::system())?;
    let client = Client::new(&command.client)?;
    let path = "/executions/stats";
    if command.json {
        let answer: Box<RawValue> = client.get(path, &query)?;
        out::line(answer.get())?;
    } else {
        let asked = command.by.as_deref();
        let by = By::ALL.iter().find(|by| Some(by.as_str()) == asked);
        print::tables(&client.get(path, &query)?, by.copied(), command.layout)?;
    }
    Ok(ExitCode::SUCCESS)
}
