//! Results of an execution: as a table, the failed ones with their messages, or those of a task or host with everything
//! that they returned.

use anyhow::bail;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::super::client::Client;
use super::super::out::{Colour, Column, Out, plain};
use super::super::when;
use super::{content, failures, places::Places};

/// Page size.
const PAGE: &str = "1000";

/// How results are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// As a table.
    Table,
    /// The failed ones and those of unreachable hosts, with their messages.
    Failures,
    /// With everything that they returned.
    Content,
}

/// Which results: those of certain tasks, those of a host.
#[derive(Debug, Clone, Default)]
pub(super) struct Narrowed {
    /// Numbers of the tasks; none: of all tasks.
    pub(super) tasks: Option<Vec<u32>>,
    /// Name of the host.
    pub(super) host: Option<String>,
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
    retracted: bool,
    pub(super) r#loop: bool,
    duration: Option<f64>,
}

impl Entry {
    /// Whether it failed or its host was unreachable.
    pub(super) fn is_bad(&self) -> bool {
        self.status == "failed" || self.status == "unreachable"
    }

    /// Whether it is an unhandled failure: neither ignored nor rescued nor repeated in the debugger.
    pub(super) fn is_failure(&self) -> bool {
        self.is_bad() && !self.ignored && !self.rescued && !self.retracted
    }

    pub(super) fn status(&self) -> String {
        let more = match self {
            Entry {
                retracted: true, ..
            } => " (retracted)",
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
    (view, narrowed): (View, &Narrowed),
    json: bool,
    out: &mut Out,
) -> anyhow::Result<()> {
    match (view, json) {
        (View::Table, false) => print_table(client, id, narrowed, out),
        (View::Table, true) => {
            let mut list = JsonList::new(out);
            for_each(client, id, narrowed, None, |raw| list.add(raw))?;
            list.end()
        }
        (View::Failures | View::Content, _) => {
            let entries = match view {
                View::Failures => failed(client, id, narrowed)?,
                _ => fetch_entries(client, id, narrowed)?,
            };
            if json {
                let mut list = JsonList::new(out);
                for entry in entries {
                    list.add(&detail(client, id, entry.seq)?)?;
                }
                return list.end();
            }
            let mut places = Places::default();
            for (index, entry) in entries.iter().enumerate() {
                if index > 0 {
                    out.line("")?;
                }
                match view {
                    View::Failures => {
                        failures::print(client, id, entry, failures::Detail::All, out)?;
                    }
                    _ => content::print(client, id, entry, out)?,
                }
                if let Some(place) = places.of(client, id, entry.task)? {
                    out.hanging("  at: ", &plain(place))?;
                }
            }
            Ok(())
        }
    }
}

/// `{"results": […]}`, written as the entries arrive.
struct JsonList<'o> {
    out: &'o mut Out,
    between: &'static [u8],
}

impl<'o> JsonList<'o> {
    fn new(out: &'o mut Out) -> Self {
        Self {
            out,
            between: b"{\"results\":[",
        }
    }

    fn add(&mut self, raw: &RawValue) -> anyhow::Result<()> {
        self.out.bytes(self.between)?;
        self.between = b",";
        self.out.bytes(raw.get().as_bytes())
    }

    fn end(self) -> anyhow::Result<()> {
        if self.between != b"," {
            self.out.bytes(self.between)?;
        }
        self.out.line("]}")
    }
}

fn print_table(
    client: &Client,
    id: Uuid,
    narrowed: &Narrowed,
    out: &mut Out,
) -> anyhow::Result<()> {
    let entries = collect(client, id, narrowed, &[None])?;
    let bad: Vec<bool> = entries.iter().map(Entry::is_failure).collect();
    let rows = entries.into_iter().map(|entry| {
        [
            entry.seq.to_string(),
            entry.host.clone(),
            entry.status(),
            entry.duration.map(when::show_seconds).unwrap_or_default(),
            entry.action,
            entry.task_name,
        ]
    });
    let columns = [
        Column::whole("SEQ"),
        Column::end("HOST", 12),
        Column::whole("STATUS"),
        Column::whole("DURATION"),
        Column::front("ACTION", 8),
        Column::end("TASK", 12),
    ];
    out.table(columns, rows.collect(), |out, row, line| {
        if bad[row] {
            out.paint(Colour::Red, &line)
        } else {
            line
        }
    })
}

/// The failed results and those of unreachable hosts, in order.
pub(super) fn failed(client: &Client, id: Uuid, narrowed: &Narrowed) -> anyhow::Result<Vec<Entry>> {
    collect(client, id, narrowed, &[Some("failed"), Some("unreachable")])
}

/// The results of the tasks or the host, in order; there must be at least one.
fn fetch_entries(client: &Client, id: Uuid, narrowed: &Narrowed) -> anyhow::Result<Vec<Entry>> {
    let entries = collect(client, id, narrowed, &[None])?;
    if entries.is_empty() {
        let host = narrowed.host.as_ref();
        let host = host.map(|host| format!(" on the host {host:?}"));
        let task = narrowed.tasks.as_ref().map(|_| " of this task");
        bail!(
            "there is no result{}{}: \"playback show {id} --results\" lists all",
            task.unwrap_or_default(),
            host.unwrap_or_default()
        );
    }
    Ok(entries)
}

/// The results with one of these statuses (none: with any), in order.
fn collect(
    client: &Client,
    id: Uuid,
    narrowed: &Narrowed,
    statuses: &[Option<&str>],
) -> anyhow::Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    for status in statuses {
        for_each(client, id, narrowed, *status, |raw| {
            entries.push(serde_json::from_str(raw.get())?);
            Ok(())
        })?;
    }
    entries.sort_unstable_by_key(|entry| entry.seq);
    Ok(entries)
}

/// A result with the module's return value.
pub(super) fn detail(client: &Client, id: Uuid, seq: u64) -> anyhow::Result<Box<RawValue>> {
    client.get(&format!("/executions/{id}/results/{seq}"), &[])
}

fn for_each(
    client: &Client,
    id: Uuid,
    narrowed: &Narrowed,
    status: Option<&str>,
    mut each: impl FnMut(&RawValue) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    // The API accepts one task at a time.
    let tasks = match &narrowed.tasks {
        Some(tasks) => tasks.iter().copied().map(Some).collect(),
        None => vec![None],
    };
    for task in tasks {
        let filters = [
            ("task", task.map(|task| task.to_string())),
            ("host", narrowed.host.clone()),
            ("status", status.map(str::to_owned)),
        ];
        let filters = filters.map(|(name, value)| value.map(|value| (name, value)));
        let mut after = 0;
        loop {
            let mut query = vec![("limit", PAGE.to_owned()), ("after", after.to_string())];
            query.extend(filters.iter().flatten().cloned());
            let page: List = client.get(&format!("/executions/{id}/results"), &query)?;
            for raw in &page.results {
                each(raw)?;
            }
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
    }
    Ok(())
}
