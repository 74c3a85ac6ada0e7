//! `playback reports schedules` and the commands that change one.

use anyhow::anyhow;
use chrono::{DateTime, Utc};
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::super::client::{Client, ClientArgs};
use super::super::filters::names;
use super::super::out::{self, Column, Layout, Out, plain};
use super::super::when;
use crate::model::{Precondition, ReportDestination, ReportFormat, ReportPeriod, ReportSettings};

#[derive(Debug, Args)]
pub(super) struct Schedules {
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's list
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Schedule {
    /// Its name
    name: String,
    /// When: minute, hour, day of month, month, day of week, such as "0 7 * * mon"; or @daily, @weekly, @monthly
    #[arg(long, value_name = "LINE")]
    cron: String,
    /// The time zone of the cron line, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: String,
    /// Report the day, the seven days or the month before the scheduled time
    #[arg(long, value_parser = names(&ReportPeriod::ALL, ReportPeriod::as_str), default_value = "week")]
    period: String,
    /// Only runs that match, as in 'label:prod NOT user:ann'
    #[arg(long, value_name = "QUERY")]
    query: Option<String>,
    /// Deliver these formats, joined by commas: as files, attachments of mails, or documents of webhooks
    #[arg(long = "format", value_name = "FORMATS", value_delimiter = ',', default_value = "html",
          value_parser = names(&ReportFormat::ALL, ReportFormat::as_str))]
    formats: Vec<String>,
    /// Write each report to this folder, within the folder that the collector's configuration names
    #[arg(long = "folder", value_name = "NAME")]
    folders: Vec<String>,
    /// Send each report to this notification target: a webhook, mail or chat from "playback notify"
    #[arg(long = "target", value_name = "NAME")]
    targets: Vec<String>,
    /// Only create it, and fail if the name exists
    #[arg(long)]
    new: bool,
    /// Why, for the audit trail
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the schedule
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Named {
    /// Its name
    name: String,
    /// Why, for the audit trail
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    client: ClientArgs,
}

#[derive(Debug, Deserialize)]
struct ScheduleList {
    schedules: Vec<ScheduleItem>,
}

/// A schedule in the API's list, where its settings are not nested.
#[derive(Debug, Deserialize)]
struct ScheduleItem {
    name: String,
    cron: String,
    zone: String,
    period: String,
    #[serde(default)]
    query: Option<String>,
    formats: Vec<ReportFormat>,
    #[serde(default)]
    destinations: Vec<ReportDestination>,
    #[serde(default)]
    paused: bool,
    next: Vec<DateTime<Utc>>,
}

pub(super) fn list(command: &Schedules) -> anyhow::Result<()> {
    let client = Client::new(&command.client)?;
    if command.json {
        let answer: Box<RawValue> = client.get("/report-schedules", &[])?;
        return out::line(answer.get());
    }
    let list: ScheduleList = client.get("/report-schedules", &[])?;
    if list.schedules.is_empty() {
        out::note(
            "there is no schedule of reports: \"playback reports schedule NAME --cron LINE\" creates one",
        );
        return Ok(());
    }
    let rows = list.schedules.iter().map(|one| {
        let next = match (one.paused, one.next.first()) {
            (true, _) => "paused".to_owned(),
            (false, Some(next)) => when::show(*next),
            (false, None) => "never".to_owned(),
        };
        let formats: Vec<&str> = one.formats.iter().map(|format| format.as_str()).collect();
        let destinations: Vec<String> = one
            .destinations
            .iter()
            .map(ReportDestination::shown)
            .collect();
        [
            one.name.clone(),
            format!("{} {}", one.cron, one.zone),
            one.period.clone(),
            next,
            formats.join(","),
            destinations.join(", "),
            one.query.clone().unwrap_or_default(),
        ]
    });
    let columns = [
        Column::end("NAME", 8),
        Column::end("WHEN", 10),
        Column::whole("PERIOD"),
        Column::whole("NEXT"),
        Column::end("FORMATS", 7),
        Column::spare("TO"),
        Column::end("RUNS", 8),
    ];
    let mut out = Out::laid_out(command.layout);
    out.table(columns, rows.collect(), |_, _, line| line)?;
    out.flush()
}

pub(super) fn save(command: &Schedule) -> anyhow::Result<()> {
    let formats = command.formats.iter();
    let folders = command.folders.iter().cloned();
    let folders = folders.map(|name| ReportDestination::Folder { name });
    let targets = command.targets.iter().cloned();
    let targets = targets.map(|name| ReportDestination::Target { name });
    let settings = ReportSettings {
        cron: command.cron.clone(),
        zone: command.zone.clone(),
        period: command.period.clone(),
        query: command.query.clone(),
        formats: formats
            .filter_map(|name| ReportFormat::from_name(name))
            .collect(),
        destinations: folders.chain(targets).collect(),
        paused: false,
    };
    let client = Client::new(&command.client)?;
    let (settings, note) = (json!(settings), command.note.as_deref());
    let path = path(&command.name);
    let precondition = Precondition::of_new(command.new);
    let saved: Box<RawValue> = client.put_named(&path, &settings, note, precondition)?;
    if command.json {
        return out::line(saved.get());
    }
    print_saved(&saved)
}

/// The API's path of a schedule.
fn path(name: &str) -> String {
    format!("/report-schedules/{name}")
}

/// Reports when the next report will be made.
fn print_saved(saved: &RawValue) -> anyhow::Result<()> {
    let item: ScheduleItem = serde_json::from_str(saved.get())?;
    let name = plain(&item.name);
    match item.next.first() {
        Some(next) => out::line(format_args!(
            "{name}: the next report is made at {}",
            when::show_zoned(*next)
        )),
        None => out::line(format_args!("{name}: no report is made for now")),
    }
}

pub(super) fn pause(command: &Named, paused: bool) -> anyhow::Result<()> {
    let client = Client::new(&command.client)?;
    let list: ScheduleList = client.get("/report-schedules", &[])?;
    let found = list
        .schedules
        .into_iter()
        .find(|one| one.name == command.name);
    let one = found.ok_or_else(|| {
        anyhow!(
            "there is no schedule of reports named {:?}: \"playback reports schedules\" shows the existing ones",
            command.name
        )
    })?;
    let settings = ReportSettings {
        cron: one.cron,
        zone: one.zone,
        period: one.period,
        query: one.query,
        formats: one.formats,
        destinations: one.destinations,
        paused,
    };
    let (settings, note) = (json!(settings), command.note.as_deref());
    let (path, precondition) = (path(&command.name), Precondition::Exists);
    let saved: Box<RawValue> = client.put_named(&path, &settings, note, precondition)?;
    print_saved(&saved)
}

pub(super) fn delete(command: &Named) -> anyhow::Result<()> {
    let client = Client::new(&command.client)?;
    client.delete(&path(&command.name), command.note.as_deref())?;
    out::line(format_args!(
        "{} is deleted; the reports that were made for it stay",
        command.name
    ))
}
