//! Shows what failed, on which host, and the module's message.

use serde::Deserialize;
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;
use uuid::Uuid;

use super::super::client::Client;
use super::super::out::{Colour, Out, plain};
use super::results::{Entry, Narrowed, detail, failed};
use crate::failure::{REPORTED, item_label, telling, text_of};

/// Lines of a long text in the short form: the last ones, which say how it ended.
const LINES: usize = 10;

/// Failed loop items in the short form.
const ITEMS: usize = 3;

/// How much detail to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Enough to know what went wrong.
    Short,
    /// Everything.
    All,
}

/// Prints what made the run fail in the short form: at most `most` results.
pub(super) fn in_short(
    client: &Client,
    id: Uuid,
    most: usize,
    out: &mut Out,
) -> anyhow::Result<()> {
    let mut entries = failed(client, id, &Narrowed::default())?;
    entries.retain(|entry| !entry.ignored && !entry.rescued);
    for entry in entries.iter().take(most) {
        out.line("")?;
        print(client, id, entry, Detail::Short, out)?;
    }
    match entries.len().saturating_sub(most) {
        0 => Ok(()),
        more => out.line(format_args!(
            "\nand {more} more: \"playback show {id} --failed\" shows them"
        )),
    }
}

/// Prints one failure: the module's message, and where the task is defined.
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
    said(&detail["event"]["data"]["content"], how, out)?;
    if entry.r#loop {
        items(client, id, entry, how, out)?;
    }
    if let Some(place) = place(client, id, entry.task)? {
        out.hanging("  at: ", &plain(&place))?;
    }
    Ok(())
}

/// Prints a module's message.
fn said(content: &Value, how: Detail, out: &mut Out) -> anyhow::Result<()> {
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
        said(content, how, out)?;
    }
    match failed.len().saturating_sub(most) {
        0 => Ok(()),
        more => out.line(format_args!("  and {more} more items")),
    }
}

/// Where a task is defined: its file and line, and its role.
pub(super) fn place(client: &Client, id: Uuid, task: u32) -> anyhow::Result<Option<String>> {
    #[derive(Deserialize)]
    struct Tasks {
        tasks: Vec<Task>,
    }
    #[derive(Deserialize)]
    struct Task {
        task: u32,
        #[serde(default)]
        path: String,
        line: Option<u32>,
        #[serde(default)]
        role: String,
    }
    let query = [
        ("after", task.saturating_sub(1).to_string()),
        ("limit", "1".to_owned()),
    ];
    let found: Tasks = client.get(&format!("/executions/{id}/tasks"), &query)?;
    let Some(task) = found.tasks.into_iter().find(|one| one.task == task) else {
        return Ok(None);
    };
    let line = task.line.map(|line| format!(":{line}")).unwrap_or_default();
    let path = (!task.path.is_empty()).then(|| format!("{}{line}", task.path));
    let role = (!task.role.is_empty()).then(|| format!("role {}", task.role));
    let place: Vec<String> = path.into_iter().chain(role).collect();
    Ok((!place.is_empty()).then(|| place.join(", ")))
}
