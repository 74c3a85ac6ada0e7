//! `playback schedule create` and `change`.

use anyhow::anyhow;
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::client::Client;
use super::super::launch::options::{
    self, Fields, ModuleOptions, PlainOptions, SecretOptions, TagOptions,
};
use super::{ReadArgs, path, shown};
use crate::model::{MissedTimes, Overlap, Schedule};

/// Create a schedule for a playbook, or with --hosts for a module
///
/// The options of the run are those of "playback run". Extra variables are stored: instead of secrets, give their names
/// in the section [launcher.secrets] of the collector's configuration.
#[derive(Debug, Args)]
pub(super) struct Create {
    /// Name of the schedule: letters, digits, ".", "_" and "-"
    schedule: String,
    /// Name of the playbook, below the collector's folders
    #[arg(required_unless_present = "hosts", conflicts_with = "hosts")]
    playbook: Option<String>,
    /// When it runs: "MINUTE HOUR DAY MONTH WEEKDAY", "@daily" and the like
    #[arg(long, value_name = "LINE")]
    cron: String,
    /// Time zone of the line, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: String,
    #[command(flatten)]
    rules: Rules,
    /// Replace the settings of an existing schedule
    #[arg(long)]
    replace: bool,
    /// Run a module on these hosts, instead of a playbook
    #[arg(long, value_name = "PATTERN")]
    hosts: Option<String>,
    #[command(flatten)]
    module: ModuleOptions,
    #[command(flatten)]
    tags: TagOptions,
    #[command(flatten)]
    options: PlainOptions,
    /// Name of a private key below the collector's folders
    #[arg(long, value_name = "NAME")]
    private_key: Option<String>,
    #[command(flatten)]
    secrets: SecretOptions,
    #[command(flatten)]
    read_args: ReadArgs,
}

/// Change when a schedule runs; what it runs stays
#[derive(Debug, Args)]
pub(super) struct Change {
    /// Its name
    schedule: String,
    /// When it runs: "MINUTE HOUR DAY MONTH WEEKDAY", "@daily" and the like
    #[arg(long, value_name = "LINE")]
    cron: Option<String>,
    /// Time zone of the line, such as Europe/Berlin
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    #[command(flatten)]
    rules: Rules,
    #[command(flatten)]
    read_args: ReadArgs,
}

/// Options for missed times, overlapping runs and delays.
#[derive(Debug, Args)]
struct Rules {
    /// What to do if the last run is not finished: skip this time (skip, the default), start the next run afterwards
    /// (queue), or cancel the last run and start the next (cancel)
    #[arg(long, value_name = "WHAT", value_parser = overlap)]
    overlap: Option<Overlap>,
    /// How to treat times at which no collector could start a run: skip them (skip, the default), or start one run for all
    /// of them (run_once)
    #[arg(long, value_name = "WHAT", value_parser = missed)]
    missed: Option<MissedTimes>,
    /// Start each run with a random delay of up to this many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(..=3600))]
    jitter: Option<u32>,
    /// Its purpose
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

fn overlap(text: &str) -> Result<Overlap, String> {
    Overlap::from_name(text).ok_or_else(|| "it must be skip, queue or cancel".to_owned())
}

fn missed(text: &str) -> Result<MissedTimes, String> {
    MissedTimes::from_name(text).ok_or_else(|| "it must be skip or run_once".to_owned())
}

/// The request, in the form of the API.
#[derive(Serialize)]
struct Body<'a, R: Serialize> {
    name: &'a str,
    cron: &'a str,
    zone: &'a str,
    overlap: Overlap,
    missed: MissedTimes,
    jitter_seconds: u32,
    run: &'a R,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

pub(super) fn create(command: &Create) -> anyhow::Result<()> {
    let run = fields(command)?;
    let Rules {
        overlap,
        missed,
        jitter,
        description,
    } = &command.rules;
    let body = Body {
        name: &command.schedule,
        cron: &command.cron,
        zone: &command.zone,
        overlap: overlap.unwrap_or_default(),
        missed: missed.unwrap_or_default(),
        jitter_seconds: jitter.unwrap_or_default(),
        run: &run,
        description: description.as_deref(),
    };
    let client = Client::new(&command.read_args.client)?;
    let answer: anyhow::Result<Box<RawValue>> = match command.replace {
        true => client.put(&path(&command.schedule), &body),
        false => client.post("/schedules", &body),
    };
    let raw = answer.map_err(|error| options::named(&error))?;
    shown(&raw, command.read_args.json)
}

/// What runs.
fn fields(command: &Create) -> anyhow::Result<Fields> {
    let mut fields = command.options.fields()?;
    fields.set("playbook", command.playbook.as_deref());
    fields.set("hosts", command.hosts.as_deref());
    fields.set("private_key", command.private_key.as_deref());
    command.tags.add_to(&mut fields);
    command.module.add_to(&mut fields);
    command.secrets.add_to(&mut fields)?;
    Ok(fields)
}

pub(super) fn change(command: &Change) -> anyhow::Result<()> {
    let Change {
        schedule: name,
        cron,
        zone,
        rules,
        read_args,
    } = command;
    let client = Client::new(&read_args.client)?;
    let raw: Box<RawValue> = client.get(&path(name), &[])?;
    // What it runs is sent back unchanged.
    let answered: Value = serde_json::from_str(raw.get())?;
    let run = answered
        .get("run")
        .ok_or_else(|| anyhow!("the answer does not say what it runs"))?;
    let before: Schedule = serde_json::from_str(raw.get())?;
    let body = Body {
        name,
        cron: cron.as_ref().unwrap_or(&before.cron),
        zone: zone.as_ref().unwrap_or(&before.zone),
        overlap: rules.overlap.unwrap_or(before.overlap),
        missed: rules.missed.unwrap_or(before.missed),
        jitter_seconds: rules.jitter.unwrap_or(before.jitter_seconds),
        run,
        description: rules
            .description
            .as_ref()
            .or(before.description.as_ref())
            .map(String::as_str),
    };
    let raw: Box<RawValue> = client.put(&path(name), &body)?;
    shown(&raw, read_args.json)
}
