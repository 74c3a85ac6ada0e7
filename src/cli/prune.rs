//! `playback prune`: removes what the retention rules no longer keep, or shows what would be removed.

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::client::{Client, ClientArgs};
use super::filters::Filters;
use super::ids::ShortIds;
use super::out::{self, Column, Out};
use super::{summary, when};
use crate::clock::Clock;
use crate::filter::place;
use crate::model::ExecutionResult;

/// Delete old executions, or their output
///
/// An execution is deleted as soon as one limit applies to it; running and pinned ones are never deleted. Without a
/// limit, the collector's configured rules apply. At a terminal you are asked first; elsewhere --yes is needed. The
/// token needs the scope "admin".
#[derive(Debug, Args)]
pub(super) struct Prune {
    /// Keep executions this many days after their end
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    days: Option<u32>,
    /// Keep this many executions, newest first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    keep_runs: Option<u64>,
    /// Keep this much of their logs, newest first: 10GB, 500MiB
    #[arg(long, value_name = "SIZE")]
    keep_bytes: Option<String>,
    /// Keep printed output and returned data this many days after their end; the rest of the record stays
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep_payload_days: Option<u32>,
    /// Keep at least this many of each playbook's newest executions, whatever the other limits say
    #[arg(long, value_name = "N")]
    keep_at_least: Option<u64>,
    #[command(flatten)]
    filters: Filters<place::Retention>,
    /// Show what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// Remove without asking
    #[arg(long, short, conflicts_with = "dry_run")]
    yes: bool,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's answer
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Pruned {
    deleted: u64,
    payloads_removed: u64,
    bytes_freed: u64,
    kept_pinned: u64,
    erased: bool,
    #[serde(default)]
    executions: Vec<Uuid>,
    #[serde(default)]
    payloads: Vec<Uuid>,
}

impl Prune {
    /// The request body.
    fn body(&self, is_dry_run: bool) -> Value {
        let limits = [
            ("retention_days", self.days.map(Value::from)),
            ("keep_runs", self.keep_runs.map(Value::from)),
            ("keep_bytes", self.keep_bytes.clone().map(Value::from)),
            ("keep_payload_days", self.keep_payload_days.map(Value::from)),
            ("keep_at_least", self.keep_at_least.map(Value::from)),
        ];
        let filters = self.filters.query(&Clock::system());
        let filters = filters.map(|(name, text)| (name, Some(text.into())));
        let set = |(name, value): (&str, Option<Value>)| Some((name.to_owned(), value?));
        let mut body: Map<_, _> = limits.into_iter().chain(filters).filter_map(set).collect();
        if is_dry_run {
            body.insert("dry_run".to_owned(), true.into());
        }
        Value::Object(body)
    }
}

/// API fields that errors may name, and the options that set them.
const OPTIONS: [(&str, &str); 5] = [
    ("retention_days", "--days"),
    ("keep_runs", "--keep-runs"),
    ("keep_bytes", "--keep-bytes"),
    ("keep_payload_days", "--keep-payload-days"),
    ("keep_at_least", "--keep-at-least"),
];

/// Replaces field names in an API error by options.
fn in_options(error: &anyhow::Error) -> anyhow::Error {
    let mut text = format!("{error:#}");
    for (field, option) in OPTIONS {
        text = text.replace(field, option);
    }
    // "status" and "label" are ordinary words, too.
    let filter = place::spelled::<place::Retention>().find_map(|(_, at)| {
        let rest = text.strip_prefix(at.name)?;
        let option = at.option.filter(|_| rest.starts_with([':', ' ']))?;
        Some(format!("--{option}{rest}"))
    });
    anyhow!(filter.unwrap_or(text))
}

pub(super) fn run(command: &Prune) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let ask = |is_dry_run| -> anyhow::Result<Box<RawValue>> {
        client
            .post_and_wait("/executions/cleanup", &command.body(is_dry_run))
            .map_err(|error| in_options(&error))
    };
    if !command.dry_run && !command.yes && !confirmed(command, &client, ask(true)?.get())? {
        out::note("playback: nothing was removed");
        return Ok(ExitCode::FAILURE);
    }
    let answer = ask(command.dry_run)?;
    let pruned: Pruned = serde_json::from_str(answer.get())?;
    if command.json {
        out::line(answer.get())?;
    } else if command.dry_run {
        would_go(&client, &pruned)?;
    } else {
        is_gone(&pruned)?;
    }
    if !command.dry_run && !pruned.erased && pruned.deleted + pruned.payloads_removed > 0 {
        out::note(
            "playback: the database's files still hold it, until their readers are done or the database server \
             cleans up",
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows what would be removed, and asks for confirmation.
fn confirmed(command: &Prune, client: &Client, would: &str) -> anyhow::Result<bool> {
    let would: Pruned = serde_json::from_str(would)?;
    if would.deleted + would.payloads_removed == 0 {
        // There is nothing to confirm.
        return Ok(true);
    }
    let sum = sum(&would, "would be removed");
    if !out::can_ask() {
        bail!("{sum}. Add --yes to remove it without being asked, or --dry-run to see it");
    }
    if !command.json {
        would_go(client, &would)?;
    }
    out::ask("Remove it? [y/N] ")
}

/// The displayed fields of an execution that would be removed.
fn record(client: &Client, id: Uuid) -> anyhow::Result<ExecutionResult> {
    let fields = "id,type,status,phase,start_time,stats,changed,unreachable,failed,events,output_lines,results,\
                  playbook,hosts,module,check,limit,tags,skip_tags,cwd";
    let query = [("fields", fields.to_owned())];
    client.get(&format!("/executions/{id}"), &query)
}

/// Shows what would be removed.
fn would_go(client: &Client, pruned: &Pruned) -> anyhow::Result<()> {
    let ids = pruned.executions.iter().chain(&pruned.payloads);
    let records = ids.map(|id| record(client, *id));
    let records = records.collect::<anyhow::Result<Vec<_>>>()?;
    let names = summary::names(&records);
    let short = ShortIds::of(records.iter().map(|record| record.id));
    let rows = records.iter().zip(names).enumerate();
    let rows = rows.map(|(at, (record, name))| {
        let is_whole = at < pruned.executions.len();
        [
            short.show(record.id),
            when::show(record.start_time),
            if is_whole { "all of it" } else { "its output" }.to_owned(),
            name + &summary::options(record),
        ]
    });
    let rows: Vec<_> = rows.collect();
    let mut out = Out::new();
    let shown = rows.len() as u64;
    if !rows.is_empty() {
        let columns = [
            Column::whole("ID"),
            Column::whole("STARTED"),
            Column::whole("REMOVED"),
            Column::by("WHAT", 12, summary::shorten),
        ];
        out.table(columns, rows, |_, _, line| line)?;
    }
    let all = pruned.deleted + pruned.payloads_removed;
    if all > shown {
        out.line(format_args!("and {} more", all - shown))?;
    }
    out.line(sum(pruned, "would be removed"))?;
    kept(&mut out, pruned)?;
    out.flush()
}

fn is_gone(pruned: &Pruned) -> anyhow::Result<()> {
    let mut out = Out::new();
    out.line(sum(pruned, "removed"))?;
    kept(&mut out, pruned)?;
    out.flush()
}

fn sum(pruned: &Pruned, noun: &str) -> String {
    let count = |count: u64| match count {
        1 => "1 execution".to_owned(),
        count => format!("{count} executions"),
    };
    let mut text = format!("{} {noun}", count(pruned.deleted));
    if pruned.payloads_removed > 0 {
        text.push_str(&format!(
            ", and the output of {}",
            count(pruned.payloads_removed)
        ));
    }
    text + &format!(" ({})", size(pruned.bytes_freed))
}

fn kept(out: &mut Out, pruned: &Pruned) -> anyhow::Result<()> {
    match pruned.kept_pinned {
        0 => Ok(()),
        kept => {
            let are = if kept == 1 { "is" } else { "are" };
            let text = format!(
                "{kept} {are} kept because of a pin: \"playback list --pinned\" shows which"
            );
            out.hanging("", &text)
        }
    }
}

/// A size in bytes, for people.
fn size(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    let (mut value, mut name) = (bytes as f64, "bytes");
    for unit in units {
        if value < 1000.0 {
            break;
        }
        (value, name) = (value / 1000.0, unit);
    }
    match name {
        "bytes" => format!("{bytes} bytes"),
        name => format!("{value:.1} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        assert_eq!(size(999), "999 bytes");
        assert_eq!(size(1500), "1.5 kB");
        assert_eq!(size(12_345_678_901), "12.3 GB");
    }
}
