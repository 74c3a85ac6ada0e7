//! `playback notify set`: creates a target, or changes its settings.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use secrecy::ExposeSecret as _;
use secrecy::zeroize::Zeroizing;
use serde_json::{Value, json};

use super::super::client::{Client, ClientArgs};
use super::super::{out, secret};
use super::path;
use super::targets;
use crate::model::{MailSecurity, Precondition, TargetKind, Trigger, wipe_value};
use crate::notify::seal::SealError;

/// Create a target, or replace its settings
///
/// Secrets that are not given stay unchanged; --without removes them. Give them in files, or type them when you are
/// asked: the list of processes shows options to everyone.
///
/// playback notify set ops --kind slack --on broke,recovered,silent --query label:nightly
#[derive(Debug, Args)]
pub(super) struct Set {
    /// Its name
    name: String,
    /// Its kind: webhook, slack, teams, mattermost, matrix, pagerduty, mail, template
    #[arg(long, value_parser = kind, required_unless_present = "file")]
    kind: Option<TargetKind>,
    /// What it is notified of: broke, recovered, still_broken, flapping, lost, silent, waiting, budget, unreachable,
    /// canceled, slow, drift, failed, finished, started; separated by commas
    #[arg(long, value_name = "TRIGGERS", value_delimiter = ',', value_parser = trigger, required_unless_present = "file")]
    on: Vec<Trigger>,
    /// The runs to report, in the query language of "playback list"
    #[arg(long, default_value = "")]
    query: String,
    /// Silent: after this many hours without a run, instead of a limit derived from earlier runs
    #[arg(long, value_name = "HOURS")]
    silent_hours: Option<u32>,
    /// Budget: names of budgets in the configuration, separated by commas; all by default
    #[arg(long = "budget", value_name = "NAMES", value_delimiter = ',')]
    budgets: Vec<String>,
    /// Budget: when this percentage is spent, instead of 100
    #[arg(long, value_name = "PERCENT")]
    budget_percent: Option<u32>,
    /// Address of a webhook, if it is not secret
    #[arg(long, value_name = "URL", conflicts_with = "address_file")]
    address: Option<String>,
    /// File with its address; "-" reads standard input
    #[arg(long, value_name = "FILE")]
    address_file: Option<PathBuf>,
    /// File with the access token (matrix), the routing key (pagerduty) or the token of templates
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Matrix: the room's id
    #[arg(long)]
    room: Option<String>,
    /// Mail: recipients, separated by commas
    #[arg(long, value_delimiter = ',')]
    to: Vec<String>,
    /// Mail: sender
    #[arg(long)]
    from: Option<String>,
    /// Mail: the mail server
    #[arg(long)]
    server: Option<String>,
    /// Mail: its port
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Mail: tls, starttls or none
    #[arg(long, value_parser = security)]
    security: Option<MailSecurity>,
    /// Mail: user name for the mail server
    #[arg(long)]
    username: Option<String>,
    /// Mail: file with that user's password
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Remove stored secrets, which stay otherwise: url (for pagerduty), token, password, headers, signing_secrets (a
    /// new one is generated); separated by commas
    #[arg(long, value_name = "SECRETS", value_delimiter = ',', value_parser = SECRETS, hide_possible_values = true)]
    without: Vec<String>,
    /// Template: file with the request's body, a Jinja template
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Send nothing in these hours, such as 22:00-06:00, in the collector's time zone; may be given several times
    #[arg(long, value_name = "FROM-TO", value_parser = hours)]
    quiet: Vec<(String, String)>,
    /// Collect events for this many minutes, and send them in one message
    #[arg(long, value_name = "N")]
    digest_minutes: Option<u32>,
    /// Maximum number of messages in an hour; further events are sent in one message
    #[arg(long, value_name = "N")]
    max_per_hour: Option<u32>,
    /// Only create it, and fail if the name exists
    #[arg(long)]
    new: bool,
    /// File with all settings, in the form of the collector's configuration file (TOML)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kind", "on", "query"])]
    file: Option<PathBuf>,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the target
    #[arg(long)]
    json: bool,
}

/// The secrets of targets, by their names in the API.
const SECRETS: [&str; 5] = ["url", "token", "password", "headers", "signing_secrets"];

fn named<T>(found: Option<T>, names: &[&str]) -> Result<T, String> {
    found.ok_or_else(|| format!("it must be one of {}", names.join(", ")))
}

fn kind(text: &str) -> Result<TargetKind, String> {
    let names: Vec<&str> = TargetKind::ALL.iter().map(|one| one.as_str()).collect();
    named(TargetKind::from_name(text), &names)
}

fn trigger(text: &str) -> Result<Trigger, String> {
    let names: Vec<&str> = Trigger::ALL.iter().map(|one| one.as_str()).collect();
    named(Trigger::from_name(&text.replace('-', "_")), &names)
}

fn security(text: &str) -> Result<MailSecurity, String> {
    let names: Vec<&str> = MailSecurity::ALL.iter().map(|one| one.as_str()).collect();
    named(MailSecurity::from_name(text), &names)
}

fn hours(text: &str) -> Result<(String, String), String> {
    let (from, to) = text
        .split_once('-')
        .ok_or("it must be FROM-TO, such as 22:00-06:00")?;
    Ok((from.trim().to_owned(), to.trim().to_owned()))
}

pub(super) fn run(command: &Set) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let path = path(&command.name);
    let mut settings = match &command.file {
        Some(file) => from_file(file)?,
        None => from_options(command)?,
    };
    secrets(command, &client, &mut settings)?;
    let precondition = Precondition::of_new(command.new);
    let answer: anyhow::Result<Value> = client.put_named(&path, &settings, None, precondition);
    wipe_value(&mut settings);
    let answer = answer?;
    if command.json {
        out::json(&answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let target = targets::read(&answer)?;
    targets::print(&target)?;
    if let Some(secret) = &target.signing_secret {
        out::line(format_args!("signing secret: {secret}"))?;
        out::note(
            "This is the only time that the secret is shown: the receiver verifies messages with it.",
        );
    }
    out::hint(format_args!(
        "playback: \"playback notify test {}\" sends an example",
        target.name
    ));
    Ok(ExitCode::SUCCESS)
}

fn from_file(file: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(file).map(Zeroizing::new);
    let text = text.with_context(|| format!("{} cannot be read", file.display()))?;
    let settings: Result<Value, _> = toml::from_str(&text);
    // The parser's message repeats the line, which may contain a secret.
    settings.map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = text[..at.min(text.len())].lines().count().max(1);
        anyhow::anyhow!("{} is not TOML, at line {line}", file.display())
    })
}

fn from_options(command: &Set) -> anyhow::Result<Value> {
    let Some(kind) = command.kind else {
        bail!("--kind is missing");
    };
    let mut rule = json!({ "on": command.on, "query": command.query });
    if let Some(hours) = command.silent_hours {
        rule["silent_hours"] = hours.into();
    }
    if !command.budgets.is_empty() {
        rule["budgets"] = command.budgets.clone().into();
    }
    if let Some(percent) = command.budget_percent {
        rule["budget_percent"] = percent.into();
    }
    let mut settings = json!({ "kind": kind, "rules": [rule] });
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            settings[name] = value;
        }
    };
    let text = |text: &Option<String>| text.clone().map(Value::from);
    set("room", text(&command.room));
    set("from", text(&command.from));
    set("server", text(&command.server));
    set("username", text(&command.username));
    set("port", command.port.map(Value::from));
    set("security", command.security.map(|one| json!(one)));
    set("digest_minutes", command.digest_minutes.map(Value::from));
    set("max_per_hour", command.max_per_hour.map(Value::from));
    if !command.to.is_empty() {
        set("to", Some(json!(command.to)));
    }
    if !command.quiet.is_empty() {
        let quiet = command.quiet.iter();
        let quiet = quiet.map(|(from, to)| json!({ "from": from, "to": to }));
        set("quiet", Some(quiet.collect()));
    }
    if let Some(file) = &command.template {
        let body = std::fs::read_to_string(file);
        let body = body.with_context(|| format!("{} cannot be read", file.display()))?;
        set("body", Some(body.into()));
    }
    Ok(settings)
}

/// Adds the secrets that were given, or asks for the one that is missing.
fn secrets(command: &Set, client: &Client, settings: &mut Value) -> anyhow::Result<()> {
    if let Some(url) = &command.address {
        settings["url"] = url.as_str().into();
    }
    for (name, file) in [
        ("url", &command.address_file),
        ("token", &command.key_file),
        ("password", &command.password_file),
    ] {
        if let Some(file) = file {
            settings[name] = read(file)?.as_str().into();
        }
    }
    for name in &command.without {
        if !settings[name.as_str()].is_null() {
            bail!("{name} is given, and --without removes it: leave out one of them");
        }
        settings[name.as_str()] = Value::Null;
    }
    let kind = settings["kind"].as_str().unwrap_or_default();
    let (name, prompt, option) = match kind {
        "pagerduty" => ("token", "Routing key: ", "its routing key: --key-file"),
        "mail" => return Ok(()),
        _ => (
            "url",
            "Address of the webhook: ",
            "its address: --address-file",
        ),
    };
    if !settings[name].is_null() {
        return Ok(());
    }
    let list: Value = client.get("/notifications/targets", &[])?;
    let mut targets = list["targets"].as_array().into_iter().flatten();
    // An existing target keeps its secrets.
    if targets.any(|one| one["name"] == command.name.as_str()) {
        return Ok(());
    }
    // Users are not asked for a secret that could not be stored.
    if list["has_key"] == false {
        bail!(SealError::NoKey);
    }
    if !out::can_ask() {
        bail!("a new target of kind {kind} needs {option}");
    }
    settings[name] = secret::ask(prompt)?.expose_secret().into();
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    let read = match file == Path::new("-") {
        true => std::io::stdin().read_to_string(&mut text).map(|_| ()),
        false => std::fs::read_to_string(file).map(|read| {
            text = Zeroizing::new(read);
        }),
    };
    read.with_context(|| format!("{} cannot be read", file.display()))?;
    let trimmed = text.trim();
    if trimmed.is_empty() {
        bail!("{} is empty", file.display());
    }
    Ok(Zeroizing::new(trimmed.to_owned()))
}
