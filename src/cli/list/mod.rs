//! `playback list`.

mod print;

use std::process::ExitCode;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::client::{Client, ClientArgs};
use super::pages::Pages;
use super::when::{self, Edge, Moment};
use crate::clock::Clock;
use crate::model::{Reason, Status};

#[derive(Debug, Args)]
pub(super) struct List {
    /// Only executions that stand like this
    #[arg(long, value_parser = names(Status::ALL, Status::as_str))]
    status: Option<String>,
    /// Only playbooks, or only ad-hoc commands
    #[arg(long, value_parser = ["playbook", "adhoc"])]
    r#type: Option<String>,
    /// Only of this playbook: its file name, or its path as recorded
    #[arg(long, value_name = "NAME")]
    playbook: Option<String>,
    /// Only with this inventory, as recorded
    #[arg(long, value_name = "NAME")]
    inventory: Option<String>,
    /// Only those in which this host took part
    #[arg(long)]
    host: Option<String>,
    /// Only those that this user ran
    #[arg(long)]
    user: Option<String>,
    /// Only those that this machine ran
    #[arg(long, value_name = "MACHINE")]
    controller: Option<String>,
    /// Only those that carry this label
    #[arg(long)]
    label: Option<String>,
    /// Only those that changed something; --changed=false for those that did not
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    changed: Option<bool>,
    /// Only those that failed for this reason
    #[arg(long, value_parser = names(Reason::ALL, Reason::as_str))]
    reason: Option<String>,
    /// Only those that are pinned; --pinned=false for the others
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pinned: Option<bool>,
    /// Started at or after: 2026-01-20, "2026-01-20 10:00", 2h (ago), 7d
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    since: Option<Moment>,
    /// Started at or before; a day is meant to its end
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    until: Option<Moment>,
    /// Took at least this long: 90, 5m, 2h
    #[arg(long, value_name = "DURATION", value_parser = when::seconds)]
    min_duration: Option<f64>,
    /// Only those whose playbook, inventory, user, note or command line holds this text
    #[arg(short, value_name = "TEXT")]
    q: Option<String>,
    /// How many at most, newest first
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// All of them, however many
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's list
    #[arg(long)]
    json: bool,
}

fn names<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> PossibleValuesParser {
    PossibleValuesParser::new(all.iter().map(|value| name(*value)))
}

impl List {
    /// The filters, in the API's words.
    fn query(&self, clock: &Clock) -> Vec<(&'static str, String)> {
        let date = |moment: Option<Moment>, edge| {
            moment.map(|moment| moment.resolve(edge, clock).to_rfc3339())
        };
        [
            ("status", self.status.clone()),
            ("type", self.r#type.clone()),
            ("playbook", self.playbook.clone()),
            ("inventory", self.inventory.clone()),
            ("host", self.host.clone()),
            ("user", self.user.clone()),
            ("controller", self.controller.clone()),
            ("label", self.label.clone()),
            ("changed", self.changed.map(|changed| changed.to_string())),
            ("reason", self.reason.clone()),
            ("pinned", self.pinned.map(|pinned| pinned.to_string())),
            ("start_date", date(self.since, Edge::Start)),
            ("end_date", date(self.until, Edge::End)),
            (
                "min_duration",
                self.min_duration.map(|least| least.to_string()),
            ),
            ("q", self.q.clone()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
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
        print::table(pages, &clock)?;
    }
    Ok(ExitCode::SUCCESS)
}
