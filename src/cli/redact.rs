//! `playback redact`: redacts values in a finished run.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use secrecy::zeroize::Zeroizing;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::client::{Client, ClientArgs};
use super::out;
use super::pick::Pick;
use crate::model::wipe_value;

/// Hide values in a finished execution permanently
///
/// The collector replaces them by *** in the record, its output and its events, and erases them from the database's files.
/// The token needs the scope "admin".
#[derive(Debug, Args)]
pub(super) struct Redact {
    /// Its id, the last 6 or more digits of it (as lists show them), the first 4 or more, or "latest" among yours
    id: Pick,
    /// Name of a key whose values are hidden, such as "*password*"; may be given several times
    #[arg(long = "key", value_name = "NAME", required_unless_present_any = ["patterns", "texts"])]
    keys: Vec<String>,
    /// Regular expression whose matches are hidden; may be given several times
    #[arg(long = "pattern", value_name = "REGEX")]
    patterns: Vec<String>,
    /// File of texts that are hidden exactly, one on each line; "-" reads standard input
    ///
    /// There is no option for the text itself: the list of processes would show it to everyone.
    #[arg(long = "texts", value_name = "FILE")]
    texts: Option<PathBuf>,
    /// Why, for the audit trail and the record
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: how much was changed
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Redacted {
    values: u64,
    #[serde(default)]
    removed: u64,
    lines: u64,
    erased: bool,
}

pub(super) fn run(command: &Redact) -> anyhow::Result<ExitCode> {
    let texts = match &command.texts {
        Some(file) => read(file)?,
        None => Vec::new(),
    };
    let client = Client::new(&command.client)?;
    let id = command.id.find_own(&client)?;
    let mut body = json!({ "keys": command.keys, "patterns": command.patterns, "texts": texts });
    if let Some(note) = &command.note {
        body["note"] = note.as_str().into();
    }
    let answer = client.post(&format!("/executions/{id}/redact"), &body);
    wipe_value(&mut body);
    let answer: Box<RawValue> = answer?;
    let redacted: Redacted = serde_json::from_str(answer.get())?;
    if command.json {
        out::line(answer.get())?;
    } else {
        out::line(format_args!(
            "{id}: {} values and {} printed lines were changed",
            redacted.values, redacted.lines
        ))?;
    }
    if redacted.removed > 0 {
        out::note(format_args!(
            "playback: {} events could not be read, because the log is damaged, and were removed",
            redacted.removed
        ));
    }
    if !redacted.erased {
        out::note(format_args!(
            "playback: the database's files still hold it, until their readers are done or the database server cleans up"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> anyhow::Result<Vec<String>> {
    let mut text = Zeroizing::new(String::new());
    let read = if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.with_context(|| format!("the texts in {} cannot be read", file.display()))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    Ok(lines.map(str::to_owned).collect())
}
