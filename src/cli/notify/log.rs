//! The log of the messages that targets were sent.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::super::client::{Client, ClientArgs};
use super::super::out::{self, Column, Out};
use super::super::pick::Pick;
use super::{Named, path};
use crate::model::DeliveryState;

/// Show the messages that targets were sent, newest first
#[derive(Debug, Args)]
pub(super) struct Log {
    /// Only messages to this target
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Only messages in this state: pending, delivered or failed
    #[arg(long)]
    state: Option<String>,
    /// Only messages about this run: its id, as lists show it, or "latest"
    #[arg(long, value_name = "ID")]
    run: Option<Pick>,
    /// Show at most this many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Delivery {
    /// The message's id, as "playback notify log" shows it, or its webhook-id
    id: String,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct List {
    deliveries: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    id: Uuid,
    target: String,
    kind: String,
    state: DeliveryState,
    title: Option<String>,
    created: DateTime<Utc>,
    next_attempt: Option<DateTime<Utc>>,
    attempts: u32,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Detail {
    delivery: Message,
    request: Option<String>,
    body: Option<String>,
    #[serde(default)]
    recipients: Vec<String>,
    log: Vec<Attempt>,
}

#[derive(Deserialize)]
struct Attempt {
    number: u32,
    time: DateTime<Utc>,
    duration: f64,
    status: Option<u16>,
    answer: Option<String>,
    error: Option<String>,
}

fn time(at: DateTime<Utc>) -> String {
    let local = at.with_timezone(&chrono::Local);
    local.format("%Y-%m-%d %H:%M:%S").to_string()
}

pub(super) fn list(command: &Log) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let mut query = vec![("limit", command.limit.to_string())];
    query.extend(command.target.clone().map(|name| ("target", name)));
    query.extend(command.state.clone().map(|state| ("state", state)));
    if let Some(run) = &command.run {
        query.push(("execution", run.find(&client)?.to_string()));
    }
    let answer: Box<RawValue> = client.get("/notifications/deliveries", &query)?;
    if command.json {
        out::line(answer.get())?;
        return Ok(ExitCode::SUCCESS);
    }
    let List { deliveries } = serde_json::from_str(answer.get())?;
    let rows = deliveries.iter().map(|message| {
        let says = message.title.as_deref().or(message.error.as_deref());
        [
            message.id.to_string(),
            time(message.created),
            message.target.clone(),
            message.state.as_str().to_owned(),
            message.attempts.to_string(),
            out::plain(says.unwrap_or(&message.kind)),
        ]
    });
    let mut out = Out::new();
    let columns = [
        Column::whole("ID"),
        Column::whole("CREATED"),
        Column::end("TARGET", 8),
        Column::whole("STATE"),
        Column::whole("ATTEMPTS"),
        Column::end("MESSAGE", 10),
    ];
    out.table(columns, rows.collect(), |_, _, line| line)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn show(command: &Delivery) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let path = format!("/notifications/deliveries/{}", command.id);
    let answer: Box<RawValue> = client.get(&path, &[])?;
    print(&answer, command.json)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn redeliver(command: &Delivery) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let path = format!("/notifications/deliveries/{}/redeliver", command.id);
    let answer: Box<RawValue> = client.post(&path, &json!({}))?;
    if command.json {
        out::line(answer.get())?;
    } else {
        let detail: Detail = serde_json::from_str(answer.get())?;
        let (id, target) = (detail.delivery.id, detail.delivery.target);
        out::line(format_args!(
            "it is sent to {target} again: \"playback notify delivery {id}\" shows the outcome"
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Sends an example; fails if it did not arrive.
pub(super) fn test(command: &Named) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let path = format!("{}/test", path(&command.name));
    let answer: Box<RawValue> = client.post_and_wait(&path, &json!({}))?;
    let state = print(&answer, command.json)?;
    Ok(match state {
        DeliveryState::Delivered => ExitCode::SUCCESS,
        DeliveryState::Pending | DeliveryState::Failed => ExitCode::FAILURE,
    })
}

/// Prints a message, and returns its state.
fn print(answer: &RawValue, json: bool) -> anyhow::Result<DeliveryState> {
    let detail: Detail = serde_json::from_str(answer.get())?;
    let message = &detail.delivery;
    if json {
        out::line(answer.get())?;
        return Ok(message.state);
    }
    let mut out = Out::new();
    let mut fact = |name: &str, value: &str| out.hanging(&format!("{name}: "), &out::plain(value));
    fact("id", &message.id.to_string())?;
    fact("target", &message.target)?;
    fact("state", message.state.as_str())?;
    if let Some(title) = &message.title {
        fact("message", title)?;
    }
    if let Some(next) = message.next_attempt {
        fact("next attempt", &time(next))?;
    }
    if let Some(error) = &message.error {
        fact("error", error)?;
    }
    if let Some(request) = &detail.request {
        fact("request", request)?;
    }
    if !detail.recipients.is_empty() {
        fact("accepted for", &detail.recipients.join(", "))?;
    }
    for attempt in &detail.log {
        let mut text = format!("{}, {:.2} s", time(attempt.time), attempt.duration);
        let status = attempt.status.map(|status| format!("status {status}"));
        for more in [
            status.as_ref(),
            attempt.error.as_ref(),
            attempt.answer.as_ref(),
        ]
        .into_iter()
        .flatten()
        {
            text.push_str(", ");
            text.push_str(more);
        }
        fact(&format!("attempt {}", attempt.number), &text)?;
    }
    if let Some(body) = &detail.body {
        fact("body", body)?;
    }
    out.flush()?;
    Ok(message.state)
}
