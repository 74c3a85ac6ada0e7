//! `playback notify`: targets of notifications, and their messages.

mod log;
mod set;
mod targets;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::client::{Client, ClientArgs};
use super::out;
use crate::model::Precondition;
use crate::notify::seal;

/// Notify people and programs when a playbook breaks, recovers or does not run
///
/// A target is a chat, a mail address or a webhook, with rules for its notifications. The token needs the scope "admin".
#[derive(Debug, Args)]
pub(super) struct Notify {
    #[command(subcommand)]
    command: NotifyCommand,
}

#[derive(Debug, Subcommand)]
enum NotifyCommand {
    /// List the targets, and whether messages arrive
    List(Plain),
    /// Show a target: its rules and its settings
    Show(Named),
    Set(Box<set::Set>),
    /// Remove a target, and the log of its messages
    Remove(Named),
    /// Switch a target on, even one that was switched off because it failed
    Enable(Named),
    /// Switch a target off
    Disable(Named),
    /// Send a target an example, and show the outcome
    Test(Named),
    /// Give a webhook a new signing secret; the previous one stays valid until the next rotation
    Rotate(Named),
    Log(log::Log),
    /// Show one message: its request, and each attempt with the answer
    Delivery(log::Delivery),
    /// Send a message again
    Redeliver(log::Delivery),
    /// Print a new key for the collector's configuration (notifications.key_file), which encrypts the targets' secrets
    Key,
}

#[derive(Debug, Args)]
struct Plain {
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Named {
    /// The target's name
    name: String,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Notify) -> anyhow::Result<ExitCode> {
    match &command.command {
        NotifyCommand::List(command) => targets::list(command),
        NotifyCommand::Show(command) => targets::show(command),
        NotifyCommand::Set(command) => set::run(command),
        NotifyCommand::Remove(command) => remove(command),
        NotifyCommand::Enable(command) => switch(command, true),
        NotifyCommand::Disable(command) => switch(command, false),
        NotifyCommand::Test(command) => log::test(command),
        NotifyCommand::Rotate(command) => rotate(command),
        NotifyCommand::Log(command) => log::list(command),
        NotifyCommand::Delivery(command) => log::show(command),
        NotifyCommand::Redeliver(command) => log::redeliver(command),
        NotifyCommand::Key => key(),
    }
}

/// The path of a target.
fn path(name: &str) -> String {
    let encoded = url::form_urlencoded::byte_serialize(name.as_bytes());
    let encoded: String = encoded.collect();
    format!("/notifications/targets/{}", encoded.replace('+', "%20"))
}

fn remove(command: &Named) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    client.delete(&path(&command.name), None)?;
    if command.json {
        out::json(&json!({ "removed": command.name }))?;
    } else {
        out::line(format_args!("{} is removed", command.name))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn switch(command: &Named, enabled: bool) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let path = path(&command.name);
    let mut target: Value = client.get(&path, &[])?;
    target["settings"]["enabled"] = enabled.into();
    let settings = &target["settings"];
    let target: Value = client.put_named(&path, settings, None, Precondition::Exists)?;
    if command.json {
        out::json(&target)?;
    } else {
        let state = if enabled { "on" } else { "off" };
        out::line(format_args!("{} is switched {state}", command.name))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn rotate(command: &Named) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let path = format!("{}/rotate", path(&command.name));
    let answer: Value = client.post(&path, &json!({}))?;
    if command.json {
        out::json(&answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    out::line(answer["signing_secret"].as_str().unwrap_or_default())?;
    out::note(
        "This is the only time that it is shown. Messages are signed with it and with the one before it.",
    );
    Ok(ExitCode::SUCCESS)
}

fn key() -> anyhow::Result<ExitCode> {
    let mut random = [0; 32];
    getrandom::fill(&mut random)?;
    out::line(seal::key(&random).expose_secret())?;
    Ok(ExitCode::SUCCESS)
}
