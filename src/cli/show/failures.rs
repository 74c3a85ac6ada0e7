//! Shows what failed, on which host, and the module's message.

use serde::Deserialize;
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;
use uuid::Uuid;

use super::super::client::Client;
use super::super::out::{Colour, Out, plain};
use super::places::Places;
use super::results::{Entry, Narrowed, detail, failed};
use crate::failure::{REPORTED, item_label, telling, text_of};

/// Number of lines of a long text in the short form: the last ones, which show the outcome.
const LINES: usize = 10;

/// Number of failed loop items in the short form.
const ITEMS: usize = 3;

/// How much detail to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Enough to know what went wrong.
    Short,
    /// Everything.
    All,
}

/// Prints in the short form what made the run fail: at most `most` results.
pub(super) fn in_short(
    client: &Client,
    id: Uuid,
    most: usize,
    out: &mut Out,
) -> anyhow::Result<()> {
    let mut entries = failed(client, id, &Narrowed::default())?;
    entries.retain(Entry::is_failure);
    let mut places = Places::default();
    for entry in entries.iter().take(most) {
        out.line("")?;
        print(client, id, entry, Detail::Short, out)?;
        if let Some(place) = places.of(client, id, entry.task)? {
            out.hanging("  at: ", &plain(place))?;
        }
    }
    match entries.len().saturating_sub(most) {
        0 => Ok(()),
        more => out.line(format_args!(
            "\nand {more} more: \"playback show {id} --failed\" shows them"
        )),
    }
}

/// Prints one failure: the module's message.
pub(super) fn print(
    client: &Client,
    id: Uuid,
    entry: &Entry,
    how: Detail,
    out: &mut Out,
) -> anyhow::Result<()> {
    let head = format!("{}: {} on {}", entry.status(), entry.task_name, entry.host);
    out.headline(Colour::Red, &plain(&head))?;
    let detail: Value = serde_json::from_str(detail(client, id, entry.seq)?.get())?;
    print_message(&detail["event"]["data"]["content"], how, out)?;
    if entry.r#loop {
        items(client, id, entry, how, out)?;
    }
    Ok(())
}

/// Prints a module's message.
fn print_message(content: &Value, how: Detail, out: &mut Out) -> anyhow::Result<()> {
    let names = match how {
        Detail::All => REPORTED.to_vec(),
        Detail::Short => telling(content),
    };
    for name in names {
        let Some(text) = text_of(&content[name]) else {
            continue;
        };
        let mut lines: Vec<&str> = text.trim_end().split('\n').collect();
        if how == Detail::Short && lines.len() > LINES {
            let left_out = lines.len() - LINES;
            lines.drain(..left_out);
            out.line(format_args!("  {name}, the last {LINES} lines of it:"))?;
            for line in lines {
                out.hanging("    ", &plain(line))?;
            }
            continue;
        }
        field(name, &text, out)?;
    }
    Ok(())
}

/// Prints a text after its name; further lines are indented below the first.
pub(super) fn field(name: &str, text: &str, out: &mut Out) -> anyhow::Result<()> {
    let mut before = format!("  {}: ", plain(name));
    for line in text.trim_end().split('\n') {
        out.hanging(&before, &plain(line))?;
        before = " ".repeat(before.width());
    }
    Ok(())
}

/// The items of a loop's result, in their order.
pub(super) fn items_of(client: &Client, id: Uuid, entry: &Entry) -> anyhow::Result<Vec<Value>> {
    #[derive(Deserialize)]
    struct Events {
        events: Vec<Value>,
    }
    let query = [
        ("kind", "item".to_owned()),
        ("task", entry.task.to_string()),
        ("host", entry.host.clone()),
        ("limit", "1000".to_owned()),
    ];
    let mut found: Events = client.get(&format!("/executions/{id}/events"), &query)?;
    let data = found.events.iter_mut().map(|event| event["data"].take());
    Ok(data.collect())
}

/// Prints a loop's failed items: the loop's own result only says that some failed.
fn items(
    client: &Client,
    id: Uuid,
    entry: &Entry,
    how: Detail,
    out: &mut Out,
) -> anyhow::Result<()> {
    let mut failed = items_of(client, id, entry)?;
    failed.retain(|item| item["status"] == "failed" || item["status"] == "unreachable");
    let most = match how {
        Detail::Short => ITEMS,
        Detail::All => usize::MAX,
    };
    for item in failed.iter().take(most) {
        let content = &item["content"];
        let label = item_label(content).unwrap_or_default();
        out.hanging("  item: ", &plain(&label))?;
        print_message(content, how, out)?;
    }
    match failed.len().saturating_sub(most) {
        0 => Ok(()),
        more => out.line(format_args!("  and {more} more items")),
    }
}
