//! `playback stats`.

mod print;

use std::process::ExitCode;

use clap::Args;
use serde_json::value::RawValue;

use super::client::{Client, ClientArgs};
use super::filters::{Filters, names};
use super::out::{self, Layout};
use super::when::{Edge, Moment};
use crate::clock::Clock;
use crate::model::{By, Period};

/// Count executions: how they ended, how long they took, which hosts failed
#[derive(Debug, Args)]
pub(super) struct Stats {
    /// Runs of the last hour, 24 hours, 7 days or 30 days [default: day]
    #[arg(long, value_parser = names(Period::ALL, Period::as_str))]
    period: Option<String>,
    /// Started at or after: 2026-01-20, "2026-01-20 10:00", 2h (ago), 7d
    #[arg(long, value_name = "TIME", value_parser = Moment::parse, conflicts_with = "period")]
    from: Option<Moment>,
    /// Started at or before; a day counts to its end [default: now]
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    to: Option<Moment>,
    /// Count for each playbook, host, task, label or user
    #[arg(long, value_parser = names(By::ALL, By::as_str))]
    by: Option<String>,
    /// Show so many of them at most
    #[arg(long, value_name = "N", default_value_t = 20, requires = "by", value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's answer
    #[arg(long)]
    json: bool,
}

impl Stats {
    /// What is asked, in the API's words.
    fn query(&self, clock: &Clock) -> Vec<(&'static str, String)> {
        let date = |moment: Option<Moment>, edge| {
            moment.map(|moment| moment.resolve(edge, clock).to_rfc3339())
        };
        let mine = [
            ("period", self.period.clone()),
            ("from", date(self.from, Edge::Start)),
            ("to", date(self.to, Edge::End)),
            ("by", self.by.clone()),
            ("limit", Some(self.limit.to_string())),
        ];
        let mine = mine
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        mine.chain(self.filters.query()).collect()
    }
}

pub(super) fn run(command: &Stats) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let query = command.query(&Clock::system());
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
