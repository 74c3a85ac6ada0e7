//! `playback reports`: the reports that the collector makes regularly, and their schedules.

mod schedules;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::client::{Client, ClientArgs};
use super::export::Target;
use super::filters::names;
use super::out::{self, Colour, Column, Layout, Out};
use super::when;
use crate::model::{DeliveryState, ReportDelivery, ReportFormat};

/// List, show and schedule the reports that the collector makes regularly
///
/// Listing and showing needs the scope "read", changing a schedule "admin".
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Reports {
    #[command(subcommand)]
    command: Option<ReportsCommand>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum ReportsCommand {
    /// Print a report, made again from the current history, or write it to a file
    Show(Show),
    /// List the report schedules: what they make, and when
    Schedules(schedules::Schedules),
    /// Create a report schedule, or replace the one with that name
    Schedule(Box<schedules::Schedule>),
    /// Pause a schedule: it makes no reports
    Pause(schedules::Named),
    /// Resume a schedule
    Resume(schedules::Named),
    /// Delete a schedule; the reports that were made for it stay
    Delete(schedules::Named),
}

#[derive(Debug, Args)]
struct List {
    /// Only reports of this schedule
    #[arg(long, value_name = "NAME")]
    schedule: Option<String>,
    /// Show at most this many, newest first
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's list
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Show {
    /// Its id, as "playback reports" lists it, or "latest"
    id: String,
    /// The format [default: the first that its schedule delivers]
    #[arg(long, value_parser = names(&ReportFormat::ALL, ReportFormat::as_str))]
    format: Option<String>,
    /// Write to this file, which is only replaced by a complete report; standard output by default
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    client: ClientArgs,
}

#[derive(Debug, Deserialize)]
struct Page {
    reports: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    id: Uuid,
    schedule: String,
    due: DateTime<Utc>,
    runs: Option<u64>,
    failed: Option<u64>,
    error: Option<String>,
    #[serde(default)]
    deliveries: Vec<ReportDelivery>,
}

pub(super) fn run(command: &Reports) -> anyhow::Result<ExitCode> {
    match &command.command {
        None => list(&command.list)?,
        Some(ReportsCommand::Show(command)) => show(command)?,
        Some(ReportsCommand::Schedules(command)) => schedules::list(command)?,
        Some(ReportsCommand::Schedule(command)) => schedules::save(command)?,
        Some(ReportsCommand::Pause(command)) => schedules::pause(command, true)?,
        Some(ReportsCommand::Resume(command)) => schedules::pause(command, false)?,
        Some(ReportsCommand::Delete(command)) => schedules::delete(command)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(command: &List) -> anyhow::Result<()> {
    let client = Client::new(&command.client)?;
    let mut query = vec![("limit", command.limit.to_string())];
    query.extend(command.schedule.clone().map(|name| ("schedule", name)));
    if command.json {
        let answer: Box<RawValue> = client.get("/reports", &query)?;
        return out::line(answer.get());
    }
    let page: Page = client.get("/reports", &query)?;
    if page.reports.is_empty() {
        out::note(
            "no report was made yet: \"playback reports schedule NAME --cron LINE\" lets the collector make some, and \
             \"playback report\" makes one at once",
        );
        return Ok(());
    }
    let rows = page.reports.iter().map(|item| {
        let count =
            |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        [
            item.id.to_string(),
            item.schedule.clone(),
            when::show(item.due),
            count(item.runs),
            count(item.failed),
            item.error
                .clone()
                .unwrap_or_else(|| deliveries(&item.deliveries)),
        ]
    });
    let columns = [
        Column::whole("ID"),
        Column::end("SCHEDULE", 8),
        Column::whole("UP TO"),
        Column::whole("RUNS"),
        Column::whole("FAILED"),
        Column::end("DELIVERED", 9),
    ];
    let mut out = Out::laid_out(command.layout);
    out.table(columns, rows.collect(), |out, row, line| {
        match page.reports[row].error.is_some() {
            true => out.paint(Colour::Red, &line),
            false => line,
        }
    })?;
    out.flush()
}

/// The outcome of deliveries.
fn deliveries(deliveries: &[ReportDelivery]) -> String {
    if deliveries.is_empty() {
        return "nowhere".to_owned();
    }
    let one = |delivery: &ReportDelivery| {
        let destination = delivery.destination.shown();
        match (delivery.state, &delivery.error) {
            (DeliveryState::Delivered, _) => destination,
            (DeliveryState::Pending, None) => format!("{destination}: not yet"),
            (DeliveryState::Pending, Some(error)) => format!("{destination}: not yet, {error}"),
            (DeliveryState::Failed, error) => {
                let error = error.as_deref().unwrap_or("given up");
                format!("{destination}: failed, {error}")
            }
        }
    };
    deliveries.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// The selected report.
fn find(client: &Client, id: &str) -> anyhow::Result<Uuid> {
    if id == "latest" {
        let page: Page = client.get("/reports", &[("limit", "1".to_owned())])?;
        let latest = page.reports.first().map(|item| item.id);
        return latest.ok_or_else(|| anyhow!("no report was made yet"));
    }
    Uuid::try_parse(id)
        .map_err(|_| anyhow!("{id:?} is not the id of a report: \"playback reports\" lists them"))
}

fn show(command: &Show) -> anyhow::Result<()> {
    let client = Client::new(&command.client)?;
    let id = find(&client, &command.id)?;
    let target = Target::new(command.output.as_deref(), false)?;
    let query: Vec<_> = command
        .format
        .clone()
        .map(|format| ("format", format))
        .into_iter()
        .collect();
    let mut body = client.read(&format!("/reports/{id}/document"), &query)?;
    target.write(&mut body, client.url())
}
