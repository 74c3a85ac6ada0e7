//! Shows targets.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::client::Client;
use super::super::out::{self, Column, Out};
use super::{Named, Plain, path};
use crate::model::TargetSettings;
use crate::notify::seal::SealError;

#[derive(Deserialize)]
pub(super) struct Target {
    pub(super) name: String,
    address: String,
    settings: TargetSettings,
    secrets: Option<Vec<String>>,
    state: String,
    from_file: bool,
    last_delivered: Option<DateTime<Utc>>,
    #[serde(default)]
    pending: u64,
    #[serde(default)]
    failed: u64,
    failing_since: Option<DateTime<Utc>>,
    off_reason: Option<String>,
    pub(super) signing_secret: Option<String>,
}

#[derive(Deserialize)]
struct List {
    targets: Vec<Target>,
    /// Missing in answers of older collectors.
    #[serde(default = "yes")]
    has_key: bool,
}

fn yes() -> bool {
    true
}

fn time(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(
        || "never".to_owned(),
        |at| {
            let local = at.with_timezone(&chrono::Local);
            local.format("%Y-%m-%d %H:%M").to_string()
        },
    )
}

/// The triggers of a target.
fn triggers(settings: &TargetSettings) -> String {
    let mut names: Vec<&str> = Vec::new();
    for on in settings.rules.iter().flat_map(|rule| &rule.on) {
        if !names.contains(&on.as_str()) {
            names.push(on.as_str());
        }
    }
    names.join(",")
}

pub(super) fn list(command: &Plain) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let answer: Box<RawValue> = client.get("/notifications/targets", &[])?;
    if command.json {
        out::line(answer.get())?;
        return Ok(ExitCode::SUCCESS);
    }
    let List { targets, has_key } = serde_json::from_str(answer.get())?;
    let rows = targets.iter().map(|target| {
        [
            target.name.clone(),
            target.settings.kind.as_str().to_owned(),
            target.state.clone(),
            triggers(&target.settings),
            time(target.last_delivered),
            target.pending.to_string(),
            target.failed.to_string(),
            out::plain(&target.address),
        ]
    });
    let mut out = Out::new();
    let columns = [
        Column::end("NAME", 8),
        Column::whole("KIND"),
        Column::whole("STATE"),
        Column::end("TOLD", 8),
        Column::whole("LAST DELIVERED"),
        Column::whole("PENDING"),
        Column::whole("FAILED"),
        Column::end("ADDRESS", 8),
    ];
    out.table(columns, rows.collect(), |_, _, line| line)?;
    out.flush()?;
    if targets.is_empty() {
        out::note("There are no targets: \"playback notify set --help\" says how to add one.");
    }
    if !has_key {
        out::note(format_args!("Note: {}.", SealError::NoKey));
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn show(command: &Named) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let answer: Box<RawValue> = client.get(&path(&command.name), &[])?;
    if command.json {
        out::line(answer.get())?;
        return Ok(ExitCode::SUCCESS);
    }
    print(&serde_json::from_str(answer.get())?)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints a target.
pub(super) fn print(target: &Target) -> anyhow::Result<()> {
    let mut out = Out::new();
    let settings = &target.settings;
    let mut fact = |name: &str, value: &str| out.hanging(&format!("{name}: "), &out::plain(value));
    fact("name", &target.name)?;
    fact("kind", settings.kind.as_str())?;
    fact("address", &target.address)?;
    fact("state", &target.state)?;
    if let Some(reason) = &target.off_reason {
        fact("switched off", reason)?;
    }
    if target.failing_since.is_some() {
        fact("failing since", &time(target.failing_since))?;
    }
    fact("last delivered", &time(target.last_delivered))?;
    if target.pending > 0 {
        fact("pending", &format!("{} messages", target.pending))?;
    }
    if target.failed > 0 {
        let text = format!(
            "{} messages; \"playback notify log --state failed --target {}\" lists them",
            target.failed, target.name
        );
        fact("failed", &text)?;
    }
    for rule in &settings.rules {
        let on: Vec<&str> = rule.on.iter().map(|one| one.as_str()).collect();
        let query = match rule.query.is_empty() {
            true => "all runs",
            false => &rule.query,
        };
        fact("told", &format!("{} of {query}", on.join(", ")))?;
    }
    for hours in &settings.quiet {
        let days: Vec<&str> = hours.days.iter().map(|day| day.as_str()).collect();
        let days = match days.is_empty() {
            true => String::new(),
            false => format!(" on {}", days.join(", ")),
        };
        fact("quiet", &format!("{} to {}{days}", hours.from, hours.to))?;
    }
    if settings.digest_minutes > 0 {
        let text = format!("one message in {} minutes", settings.digest_minutes);
        fact("digest", &text)?;
    }
    fact(
        "limit",
        &format!("{} messages an hour", settings.max_per_hour),
    )?;
    match &target.secrets {
        Some(names) if names.is_empty() => {}
        Some(names) => fact("secrets", &names.join(", "))?,
        None => fact(
            "secrets",
            "cannot be read: they were encrypted with another key",
        )?,
    }
    if target.from_file {
        fact("defined", "by the collector's configuration file")?;
    }
    out.flush()?;
    Ok(())
}

/// A target in an answer.
pub(super) fn read(answer: &Value) -> anyhow::Result<Target> {
    Ok(serde_json::from_value(answer.clone())?)
}
