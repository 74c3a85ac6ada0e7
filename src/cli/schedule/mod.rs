//! `playback schedule`: runs that the collector starts by the clock.
//!
//! Layout:
//! - `create`: new schedules, and new settings of one
//! - `print`: how schedules and times are shown

mod create;
mod print;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::{Client, ClientArgs, noted};
use super::launch::{self, LaunchArgs};
use super::out::{self, Out};
use crate::model::Schedule;
use create::{Change, Create};

/// List, create, change, pause, run and delete schedules of runs
///
/// The collector starts the runs of a schedule on behalf of the token that created it. Changes need the scope "run", or
/// "admin" for schedules that are not yours.
#[derive(Debug, Args)]
pub(super) struct ScheduleArgs {
    #[command(subcommand)]
    command: ScheduleCommand,
}

#[derive(Debug, Subcommand)]
enum ScheduleCommand {
    /// List the schedules: the next run of each, and the outcome of its last run
    List {
        #[command(flatten)]
        read_args: ReadArgs,
    },
    /// Show a schedule: its next ten times, the outcome of its last ones, and what prevents its runs
    Show {
        /// Its name
        schedule: String,
        #[command(flatten)]
        read_args: ReadArgs,
    },
    Create(Box<Create>),
    Change(Box<Change>),
    /// Pause a schedule: it starts no runs until it is resumed
    Pause(Named),
    /// Resume a schedule; times that it missed while it was paused are skipped
    Resume(Named),
    /// Run a schedule now, even if it is paused, and follow the run
    ///
    /// The run is on behalf of your token, and its record says so; the next times of the schedule do not change. If the
    /// last run is not finished, the schedule's --overlap applies. Exits with the run's own exit code, as "playback
    /// run" does.
    Run {
        /// Its name
        schedule: String,
        /// Why, for the audit trail and the run's record
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        #[command(flatten)]
        launch: LaunchArgs,
    },
    /// Delete a schedule; its runs stay in the history
    Delete(Named),
    /// List the names of the secrets that a schedule can use; the collector never shows their values
    Secrets {
        #[command(flatten)]
        read_args: ReadArgs,
    },
    /// Show the next ten times of a cron line
    Preview {
        /// Five fields (minute, hour, day of month, month, day of week), six with seconds first, or "@daily" and the like
        cron: String,
        /// Name of the time zone, such as Europe/Berlin
        #[arg(long, value_name = "ZONE", default_value = "UTC")]
        zone: String,
        #[command(flatten)]
        read_args: ReadArgs,
    },
}

/// The collector, and the format of the answer.
#[derive(Debug, Args)]
struct ReadArgs {
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Named {
    /// Its name
    schedule: String,
    /// Why, for the audit trail
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    client: ClientArgs,
}

pub(super) fn run(command: &ScheduleArgs) -> anyhow::Result<ExitCode> {
    match &command.command {
        ScheduleCommand::List { read_args } => list(read_args)?,
        ScheduleCommand::Show {
            schedule,
            read_args,
        } => show(schedule, read_args)?,
        ScheduleCommand::Create(command) => create::create(command)?,
        ScheduleCommand::Change(command) => create::change(command)?,
        ScheduleCommand::Pause(named) => switch(named, "pause")?,
        ScheduleCommand::Resume(named) => switch(named, "resume")?,
        ScheduleCommand::Run {
            schedule,
            note,
            launch,
        } => {
            let path = format!("{}/run", path(schedule));
            return launch::scheduled(launch, path, note.as_deref());
        }
        ScheduleCommand::Delete(named) => {
            let client = Client::new(&named.client)?;
            client.delete(&path(&named.schedule), named.note.as_deref())?;
            out::line(format_args!("{} is deleted", named.schedule))?;
        }
        ScheduleCommand::Secrets { read_args } => secrets(read_args)?,
        ScheduleCommand::Preview {
            cron,
            zone,
            read_args,
        } => preview(cron, zone, read_args)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The API's path of a schedule. Names that need encoding do not exist.
fn path(name: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    // In a path, "+" is a literal character.
    format!("/schedules/{}", encoded.replace('+', "%20"))
}

fn list(read_args: &ReadArgs) -> anyhow::Result<()> {
    #[derive(Deserialize)]
    struct List {
        schedules: Vec<Schedule>,
    }
    let client = Client::new(&read_args.client)?;
    let raw: Box<RawValue> = client.get("/schedules", &[])?;
    if read_args.json {
        return out::line(raw.get());
    }
    let list: List = serde_json::from_str(raw.get())?;
    let mut out = Out::new();
    print::list(&list.schedules, &mut out)?;
    out.flush()
}

fn show(name: &str, read_args: &ReadArgs) -> anyhow::Result<()> {
    let client = Client::new(&read_args.client)?;
    let raw: Box<RawValue> = client.get(&path(name), &[])?;
    shown(&raw, read_args.json)
}

/// Prints a schedule from the collector's answer.
fn shown(raw: &RawValue, json: bool) -> anyhow::Result<()> {
    if json {
        return out::line(raw.get());
    }
    let mut out = Out::new();
    print::one(&serde_json::from_str(raw.get())?, &mut out)?;
    out.flush()
}

fn switch(named: &Named, what: &str) -> anyhow::Result<()> {
    let client = Client::new(&named.client)?;
    let path = format!("{}/{what}", path(&named.schedule));
    let schedule: Schedule = client.post(&path, &noted(named.note.as_deref()))?;
    match (&schedule.paused, schedule.next.first()) {
        (Some(_), _) => out::line(format_args!(
            "{0} is paused: it starts nothing until \"playback schedule resume {0}\"",
            schedule.name
        )),
        (None, next) => out::line(format_args!(
            "{} goes on: {}",
            schedule.name,
            print::next(next)
        )),
    }
}

fn secrets(read_args: &ReadArgs) -> anyhow::Result<()> {
    #[derive(Deserialize)]
    struct List {
        secrets: Vec<String>,
    }
    let client = Client::new(&read_args.client)?;
    let raw: Box<RawValue> = client.get("/launch-secrets", &[])?;
    if read_args.json {
        return out::line(raw.get());
    }
    let List { secrets } = serde_json::from_str(raw.get())?;
    if secrets.is_empty() {
        out::note(
            "There are no secrets: [launcher.secrets] in the collector's configuration names them.",
        );
    }
    let mut out = Out::new();
    for name in &secrets {
        out.line(out::plain(name))?;
    }
    out.flush()
}

fn preview(cron: &str, zone: &str, read_args: &ReadArgs) -> anyhow::Result<()> {
    #[derive(Deserialize)]
    struct Times {
        next: Vec<chrono::DateTime<chrono::FixedOffset>>,
    }
    let client = Client::new(&read_args.client)?;
    let query = [("cron", cron.to_owned()), ("zone", zone.to_owned())];
    let raw: Box<RawValue> = client.get("/schedule-times", &query)?;
    if read_args.json {
        return out::line(raw.get());
    }
    let times: Times = serde_json::from_str(raw.get())?;
    let mut out = Out::new();
    for time in &times.next {
        out.line(print::in_zone(time))?;
    }
    out.flush()
}
