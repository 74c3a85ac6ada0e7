//! `playback prune`: remove what is kept no longer, or show what that would be.

use std::process::ExitCode;

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::client::{Client, ClientArgs};
use super::out::{self, Out};

/// Remove executions that are kept no longer, or what they printed
///
/// An execution goes when any limit says so; what runs or is pinned never goes. Without a limit, the collector's
/// configured rules are applied. The token needs the scope "admin".
#[derive(Debug, Args)]
pub(super) struct Prune {
    /// Keep executions this many days after their end
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    days: Option<u32>,
    /// Keep this many, newest first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    keep_runs: Option<u64>,
    /// Keep this much of their logs, newest first: 10GB, 500MiB
    #[arg(long, value_name = "SIZE")]
    keep_bytes: Option<String>,
    /// Keep what they printed and their results returned this many days after their end; the rest stays
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep_payload_days: Option<u32>,
    /// Remove nothing of so many of the newest of each playbook
    #[arg(long, value_name = "N")]
    keep_at_least: Option<u64>,
    /// Only executions of this playbook: its file name, or its path as recorded
    #[arg(long, value_name = "NAME")]
    playbook: Option<String>,
    /// Only executions that carry this label
    #[arg(long)]
    label: Option<String>,
    /// Only executions that ended so
    #[arg(long, value_parser = PossibleValuesParser::new(["success", "failed"]))]
    status: Option<String>,
    /// Only playbooks, or only ad-hoc commands
    #[arg(long, value_parser = ["playbook", "adhoc"])]
    r#type: Option<String>,
    /// Show what would go, and leave everything as it is
    #[arg(long)]
    dry_run: bool,
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
    /// What is asked for, in the API's words.
    fn body(&self) -> Value {
        let text = |value: &Option<String>| value.clone().map(Value::from);
        let fields = [
            ("retention_days", self.days.map(Value::from)),
            ("keep_runs", self.keep_runs.map(Value::from)),
            ("keep_bytes", text(&self.keep_bytes)),
            ("keep_payload_days", self.keep_payload_days.map(Value::from)),
            ("keep_at_least", self.keep_at_least.map(Value::from)),
            ("playbook", text(&self.playbook)),
            ("label", text(&self.label)),
            ("status", text(&self.status)),
            ("type", text(&self.r#type)),
            ("dry_run", self.dry_run.then_some(true.into())),
        ];
        let set = |(name, value): (&str, Option<Value>)| Some((name.to_owned(), value?));
        Value::Object(fields.into_iter().filter_map(set).collect::<Map<_, _>>())
    }
}

pub(super) fn run(command: &Prune) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let answer: Box<RawValue> = client.post_and_wait("/executions/cleanup", &command.body())?;
    let pruned: Pruned = serde_json::from_str(answer.get())?;
    if command.json {
        out::line(answer.get())?;
    } else {
        tell(&pruned, command.dry_run)?;
    }
    if !command.dry_run && !pruned.erased && pruned.deleted + pruned.payloads_removed > 0 {
        out::note(
            "playback: the database's files hold it until whoever reads them is done, or until its server cleans up",
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(pruned: &Pruned, is_dry_run: bool) -> anyhow::Result<()> {
    let mut out = Out::new();
    for (ids, count, what) in [
        (&pruned.executions, pruned.deleted, "goes"),
        (&pruned.payloads, pruned.payloads_removed, "output goes"),
    ] {
        for id in ids {
            out.line(format_args!("{id}  {what}"))?;
        }
        if is_dry_run && count > ids.len() as u64 {
            out.line(format_args!("and {} more", count - ids.len() as u64))?;
        }
    }
    let (went, free) = match is_dry_run {
        true => ("would go", "would come free"),
        false => ("are gone", "came free"),
    };
    out.line(format_args!(
        "{} executions {went}, and the output of {} more; {} {free}",
        pruned.deleted,
        pruned.payloads_removed,
        size(pruned.bytes_freed)
    ))?;
    if pruned.kept_pinned > 0 {
        out.line(format_args!(
            "{} are kept because they are pinned: \"playback list --pinned\" shows them",
            pruned.kept_pinned
        ))?;
    }
    out.flush()
}

/// So many bytes, as people say it.
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
