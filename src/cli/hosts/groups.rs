//! The groups of a host, and how they changed.

use serde_json::value::RawValue;

use super::super::client::Client;
use super::super::ids::ShortIds;
use super::super::out::{self, Column, Out};
use super::super::when;
use crate::model::{HostGroupList, HostGroupsChange};

/// Maximum number of changes in one answer.
const MOST: u64 = 1_000;

pub(super) fn print(
    client: &Client,
    path: &str,
    limit: u64,
    json: bool,
    out: &mut Out,
) -> anyhow::Result<()> {
    let query = [("limit", limit.min(MOST).to_string())];
    let raw: Box<RawValue> = client.get(&format!("{path}/groups"), &query)?;
    if json {
        return out.line(raw.get());
    }
    let list: HostGroupList = serde_json::from_str(raw.get())?;
    if list.changes.is_empty() {
        out::note("no run reported its groups: earlier recorders did not");
        return Ok(());
    }
    let ids = ShortIds::of(list.changes.iter().map(|change| change.execution));
    let rows = list.changes.iter().map(|change| {
        [
            when::show(change.time),
            ids.show(change.execution),
            difference(change),
            change
                .groups
                .as_deref()
                .map_or("(deleted)".to_owned(), shown),
        ]
    });
    let columns = [
        Column::whole("SINCE"),
        Column::whole("RUN"),
        Column::end("CHANGE", 12),
        Column::end("GROUPS", 20),
    ];
    out.table(columns, rows.collect(), |_, _, line| line)?;
    if !list.complete {
        out::hint(format_args!(
            "these are the last {}: --limit N shows more",
            list.changes.len()
        ));
    }
    Ok(())
}

/// Groups on one line.
pub(super) fn shown(groups: &[String]) -> String {
    match groups {
        [] => "none".to_owned(),
        groups => groups.join(", "),
    }
}

/// The difference from before: `+web -old`.
fn difference(change: &HostGroupsChange) -> String {
    let added = change
        .added
        .iter()
        .flatten()
        .map(|group| format!("+{group}"));
    let removed = change.removed.iter().flatten();
    let removed = removed.map(|group| format!("-{group}"));
    added.chain(removed).collect::<Vec<_>>().join(" ")
}
