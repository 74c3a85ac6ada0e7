//! `playback audit`: who changed what in the history, and whether the audit trail is intact.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::client::{Client, ClientArgs};
use super::export::write::Target;
use super::filters::{Filters, names};
use super::ids::ShortIds;
use super::out::{self, Column, Out};
use super::when;
use crate::clock::Clock;
use crate::export::Format;
use crate::filter::place;

/// Maximum number of entries on a page: the API's own limit.
const PAGE: u64 = 1000;

/// Show who changed what: deletions, pins, redactions, cleanups, launches, tokens
///
/// Newest first, including refused requests. The token needs the scope "admin".
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Audit {
    #[command(subcommand)]
    command: Option<AuditCommand>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Check that no entry was changed, removed or inserted
    Verify(Verify),
    /// Export the entries, all of them or those that match, newest first
    Export(Export),
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    filters: Filters<place::Audit>,
    /// Show at most this many, newest first
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: one entry a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Export {
    #[command(flatten)]
    filters: Filters<place::Audit>,
    /// The format [default: by the ending of FILE, else ndjson]
    #[arg(long, value_name = "FORMAT", value_parser = names(&Format::ALL, Format::as_str))]
    format: Option<String>,
    /// Write to this file, which is only replaced by a complete export; standard output by default
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Export these columns, in this order, joined by commas: docs/export.md lists them
    #[arg(long, value_name = "NAMES")]
    columns: Option<String>,
    #[command(flatten)]
    client: ClientArgs,
}

#[derive(Debug, Args)]
struct Verify {
    /// The end of the trail, as printed by an earlier check: it must still be part of the trail
    #[arg(long, value_name = "NUMBER:HASH", value_parser = parse_head)]
    head: Option<(i64, String)>,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn parse_head(text: &str) -> Result<(i64, String), String> {
    let wrong = || "it must be NUMBER:HASH, as \"playback audit verify\" prints it".to_owned();
    let (number, hash) = text.split_once(':').ok_or_else(wrong)?;
    let number = number.parse().map_err(|_| wrong())?;
    let is_hash = hash.len() == 64 && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hash
        .then(|| (number, hash.to_ascii_lowercase()))
        .ok_or_else(wrong)
}

#[derive(Debug, Deserialize)]
struct Page {
    entries: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    number: i64,
    time: DateTime<Utc>,
    actor: Actor,
    action: String,
    object: String,
    note: Option<String>,
    #[serde(default)]
    after: Value,
    hash: String,
}

#[derive(Debug, Deserialize)]
struct Actor {
    name: String,
    peer: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Verdict {
    is_whole: bool,
    entries: u64,
    faults: Vec<Fault>,
    head: Option<Head>,
    removed: Option<Head>,
    keep_days: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct Fault {
    fault: String,
    first: i64,
    last: i64,
}

#[derive(Debug, Deserialize)]
struct Head {
    number: i64,
    hash: String,
}

pub(super) fn run(command: &Audit) -> anyhow::Result<ExitCode> {
    match &command.command {
        Some(AuditCommand::Verify(command)) => verify(command),
        Some(AuditCommand::Export(command)) => export(command),
        None => list(&command.list),
    }
}

fn list(command: &List) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let query: Vec<_> = command.filters.query(&Clock::system()).collect();
    let mut entries = Vec::new();
    let (mut wanted, mut cursor) = (command.limit, None);
    while wanted > 0 {
        let mut query = query.clone();
        query.push(("limit", wanted.min(PAGE).to_string()));
        query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
        let page: Page = client.get("/audit", &query)?;
        wanted = wanted.saturating_sub(page.entries.len() as u64);
        entries.extend(page.entries);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let mut out = Out::new();
    if command.json {
        for entry in entries {
            out.line(entry.get())?;
        }
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    let entries: Vec<Entry> = entries
        .iter()
        .map(|entry| serde_json::from_str(entry.get()))
        .collect::<Result<_, _>>()?;
    let ids = ShortIds::of(entries.iter().filter_map(|entry| execution(&entry.object)));
    let rows = entries.iter().map(|entry| {
        [
            entry.number.to_string(),
            when::show(entry.time),
            entry.actor.name.clone(),
            entry.actor.peer.clone().unwrap_or_else(|| "-".to_owned()),
            entry.action.clone(),
            match execution(&entry.object) {
                // The action already says so.
                Some(id) => ids.show(id),
                None => entry.object.clone(),
            },
            entry
                .note
                .clone()
                .unwrap_or_else(|| change_in_words(&entry.after)),
        ]
    });
    let columns = [
        Column::whole("#"),
        Column::whole("TIME"),
        Column::end("WHO", 8),
        Column::spare("FROM"),
        Column::whole("WHAT"),
        Column::end("TO", 8),
        Column::end("NOTE", 4),
    ];
    out.table(columns, rows.collect(), |_, _, line| line)?;
    out.flush()?;
    if cursor.is_some() {
        out::hint(format_args!(
            "there are more: --limit {} shows them",
            command.limit.saturating_mul(10)
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// The id of the execution that an entry concerns, if any.
fn execution(object: &str) -> Option<Uuid> {
    object.strip_prefix("execution:")?.parse().ok()
}

/// The state after an entry's action, in one line.
fn change_in_words(after: &Value) -> String {
    let Value::Object(after) = after else {
        return match after {
            Value::Null => String::new(),
            other => other.to_string(),
        };
    };
    let pairs: Vec<String> = after
        .iter()
        .map(|(name, value)| match value {
            Value::String(text) => format!("{name}={text}"),
            value => format!("{name}={value}"),
        })
        .collect();
    pairs.join(" ")
}

fn export(command: &Export) -> anyhow::Result<ExitCode> {
    let named = |name: &str| {
        Format::ALL
            .into_iter()
            .find(|format| format.as_str() == name)
    };
    let ending = || {
        let ending = command.output.as_deref()?.extension()?.to_str()?;
        named(&ending.to_ascii_lowercase())
    };
    let format = command.format.as_deref().and_then(named);
    let format = format.or_else(ending).unwrap_or(Format::Ndjson);
    let target = Target::new(command.output.as_deref(), format == Format::Parquet)?;
    let client = Client::new(&command.client)?;
    let mut query: Vec<_> = command.filters.query(&Clock::system()).collect();
    query.push(("format", format.as_str().to_owned()));
    query.extend(command.columns.clone().map(|columns| ("columns", columns)));
    let mut body = client.read("/audit/export", &query)?;
    target.write(&mut body, client.url())?;
    Ok(ExitCode::SUCCESS)
}

fn verify(command: &Verify) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let raw: Box<RawValue> = client.get("/audit/verify", &[])?;
    let verdict: Verdict = serde_json::from_str(raw.get())?;
    let mut is_whole = verdict.is_whole;
    if command.json {
        out::line(raw.get())?;
    } else {
        for fault in &verdict.faults {
            out::line(explained(fault))?;
        }
    }
    let removed = verdict.removed.as_ref();
    if let Some((number, hash)) = &command.head
        && let Some(removed) = removed.filter(|removed| *number <= removed.number)
    {
        if *number < removed.number {
            bail!(
                "entry {number} is no longer kept (audit_keep_days): note the end of the trail again, as \"playback \
                 audit verify\" prints it"
            );
        }
        if *hash != removed.hash {
            is_whole = false;
            out::note(format_args!(
                "entry {number}, the last that was removed, did not have the hash that you noted: the trail up to it was \
                 rewritten"
            ));
        }
    } else if let Some((number, hash)) = &command.head {
        let query = [
            ("cursor", number.saturating_add(1).to_string()),
            ("limit", "1".to_owned()),
        ];
        let page: Page = client.get("/audit", &query)?;
        let found: Option<Entry> = match page.entries.first() {
            Some(entry) => Some(serde_json::from_str(entry.get())?),
            None => None,
        };
        if !found.is_some_and(|entry| entry.number == *number && entry.hash == *hash) {
            is_whole = false;
            out::note(format_args!(
                "entry {number} does not have the hash that you noted: the trail up to it was rewritten"
            ));
        }
    }
    if !is_whole {
        bail!("the audit trail was altered: see above");
    }
    if !command.json {
        match &verdict.head {
            None => out::line("the audit trail is empty")?,
            Some(head) => out::line(format_args!(
                "{} entries{}, none changed, missing or added\nhead {}:{}",
                verdict.entries,
                removed.map_or_else(String::new, |removed| format!(
                    " after {}, which was removed",
                    removed.number
                )),
                head.number,
                head.hash
            ))?,
        }
        if let Some(days) = verdict.keep_days {
            out::line(format_args!("kept for {days} days (audit_keep_days)"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn explained(fault: &Fault) -> String {
    let (first, last) = (fault.first, fault.last);
    match fault.fault.as_str() {
        "missing" if first == last => format!("entry {first} is missing"),
        "missing" => format!("entries {first} to {last} are missing"),
        "added" => format!("entry {first} was added: the trail ends before it"),
        _ => format!("entry {first} was changed"),
    }
}
