//! What failed, and what its modules said.

use serde_json::Value;
use uuid::Uuid;

use super::super::client::Client;
use super::super::out::{Colour, Out, plain};
use super::results::{Entry, detail, failed};

/// What modules say of a failure: enough to know it again.
const IN_SHORT: &[&str] = &["msg", "reason"];

/// All that they say of it.
pub(super) const EVERYTHING: &[&str] = &[
    "msg",
    "reason",
    "rc",
    "cmd",
    "stdout",
    "stderr",
    "module_stdout",
    "module_stderr",
    "exception",
];

/// Prints what made the run fail, in short: `most` results at most.
pub(super) fn in_short(
    client: &Client,
    id: Uuid,
    most: usize,
    out: &mut Out,
) -> anyhow::Result<()> {
    let mut entries = failed(client, id)?;
    entries.retain(|entry| !entry.ignored && !entry.rescued);
    for entry in entries.iter().take(most) {
        out.line("")?;
        print(client, id, entry, IN_SHORT, out)?;
    }
    match entries.len().saturating_sub(most) {
        0 => Ok(()),
        more => out.line(format_args!(
            "\nand {more} more: \"playback show {id} --failed\" shows them"
        )),
    }
}

/// Prints one failure, with what its module said under these names.
pub(super) fn print(
    client: &Client,
    id: Uuid,
    entry: &Entry,
    names: &[&str],
    out: &mut Out,
) -> anyhow::Result<()> {
    let head = format!("{}: {} on {}", entry.status(), entry.task_name, entry.host);
    out.line(out.paint(Colour::Red, &plain(&head)))?;
    let detail: Value = serde_json::from_str(detail(client, id, entry.seq)?.get())?;
    let content = &detail["event"]["data"]["content"];
    for name in names {
        let text = match &content[*name] {
            Value::Null => continue,
            Value::String(text) if text.is_empty() => continue,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        // The name before the first line, and all lines below each other.
        let mut lines = text.trim_end().split('\n').map(plain);
        let first = lines.next().unwrap_or_default();
        out.line(format_args!("  {name}: {first}"))?;
        for line in lines {
            out.line(format_args!("  {:1$}  {line}", "", name.len()))?;
        }
    }
    Ok(())
}
