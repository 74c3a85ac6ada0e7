//! Results of an execution: all of them as a table, or the failed ones with their messages.

use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::super::client::Client;
use super::super::out::{Colour, Column, Out};
use super::super::when;
use super::failures;

/// Page size.
const PAGE: &str = "1000";

/// Which results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResultChoice {
    /// All.
    All,
    /// Failed results, and those of unreachable hosts.
    Failed,
}

#[derive(Debug, Deserialize)]
struct List {
    results: Vec<Box<RawValue>>,
    next: Option<u64>,
}

/// The fields shown of a result.
#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    pub(super) seq: u64,
    pub(super) task: u32,
    pub(super) task_name: String,
    action: String,
    pub(super) host: String,
    status: String,
    changed: bool,
    pub(super) ignored: bool,
    pub(super) rescued: bool,
    pub(super) r#loop: bool,
    duration: Option<f64>,
}

impl Entry {
    pub(super) fn status(&self) -> String {
        let more = match self {
            Entry { ignored: true, .. } => " (ignored)",
            Entry { rescued: true, .. } => " (rescued)",
            Entry { changed: true, .. } => " (changed)",
            _ => "",
        };
        format!("{}{more}", self.status)
    }
}

/// Prints results: as `{"results": […]}`, or for people.
pub(super) fn print(
    client: &Client,
    id: Uuid,
    which: ResultChoice,
    json: bool,
    out: &mut Out,
) -> anyhow::Result<()> {
    match (which, json) {
        (ResultChoice::All, false) => print_table(client, id, out),
        (ResultChoice::Failed, false) => {
            for (index, entry) in failed(client, id)?.iter().enumerate() {
                if index > 0 {
                    out.line("")?;
                }
                failures::print(client, id, entry, failures::Detail::All, out)?;
            }
            Ok(())
        }
        (which, true) => {
            let mut between: &[u8] = b"{\"results\":[";
            let mut print = |raw: &RawValue| {
                out.bytes(between)?;
                between = b",";
                out.bytes(raw.get().as_bytes())
            };
            match which {
                ResultChoice::All => for_each(client, id, None, print)?,
                ResultChoice::Failed => {
                    for entry in failed(client, id)? {
                        print(&detail(client, id, entry.seq)?)?;
                    }
                }
            }
            if between != b"," {
                out.bytes(between)?;
            }
            out.line("]}")
        }
    }
}

fn print_table(client: &Client, id: Uuid, out: &mut Out) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for_each(client, id, None, |raw| {
        let entry = entry(raw)?;
        rows.push([
            entry.seq.to_string(),
            entry.host.clone(),
            entry.status(),
            entry.duration.map(when::show_seconds).unwrap_or_default(),
            entry.action,
            entry.task_name,
        ]);
        Ok(())
    })?;
    let bad: Vec<bool> = rows
        .iter()
        .map(|row| row[2] == "failed" || row[2] == "unreachable")
        .collect();
    let columns = [
        Column::whole("SEQ"),
        Column::end("HOST", 12),
        Column::whole("STATUS"),
        Column::whole("DURATION"),
        Column::front("ACTION", 8),
        Column::end("TASK", 12),
    ];
    out.table(columns, rows, |out, row, line| {
        if bad[row] {
            out.paint(Colour::Red, &line)
        } else {
            line
        }
    })
}

/// The failed results and those of unreachable hosts, in order.
pub(super) fn failed(client: &Client, id: Uuid) -> anyhow::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for status in ["failed", "unreachable"] {
        for_each(client, id, Some(status), |raw| {
            entries.push(entry(raw)?);
            Ok(())
        })?;
    }
    entries.sort_unstable_by_key(|entry| entry.seq);
    Ok(entries)
}

fn entry(raw: &RawValue) -> anyhow::Result<Entry> {
    Ok(serde_json::from_str(raw.get())?)
}

/// A result with the module's return value.
pub(super) fn detail(client: &Client, id: Uuid, seq: u64) -> anyhow::Result<Box<RawValue>> {
    client.get(&format!("/executions/{id}/results/{seq}"), &[])
}

fn for_each(
    client: &Client,
    id: Uuid,
    status: Option<&str>,
    mut each: impl FnMut(&RawValue) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let mut query = vec![("limit", PAGE.to_owned()), ("after", after.to_string())];
        query.extend(status.map(|status| ("status", status.to_owned())));
        let page: List = client.get(&format!("/executions/{id}/results"), &query)?;
        for raw in &page.results {
            each(raw)?;
        }
        match page.next {
            Some(next) => after = next,
            None => return Ok(()),
        }
    }
}
