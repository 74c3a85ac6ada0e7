//! A list of executions as JSON, or as a table for people.

use anyhow::Context as _;
use uuid::Uuid;

use super::super::out::{self, Out};
use super::super::pages::Pages;
use super::super::{summary, when};
use crate::clock::Clock;
use crate::model::ExecutionResult;

/// The longest name of a playbook that a table shows whole, in characters.
const NAME_LENGTH: usize = 48;

/// The API's list, its pages joined; printed as they come.
pub(super) fn json(mut pages: Pages<'_>) -> anyhow::Result<()> {
    let mut out = Out::new();
    let mut first = true;
    while let Some(page) = pages.next()? {
        for entry in page.executions {
            out.bytes(if first { b"{\"executions\":[" } else { b"," })?;
            out.bytes(entry.get().as_bytes())?;
            first = false;
        }
    }
    if first {
        out.bytes(b"{\"executions\":[")?;
    }
    match pages.cursor() {
        Some(cursor) => out.line(format_args!(
            "],\"next_cursor\":{}}}",
            serde_json::json!(cursor)
        ))?,
        None => out.line("]}")?,
    }
    out.flush()
}

/// A table, as wide as it needs to be.
pub(super) fn table(mut pages: Pages<'_>, clock: &Clock) -> anyhow::Result<()> {
    let mut records: Vec<ExecutionResult> = Vec::new();
    while let Some(page) = pages.next()? {
        for entry in page.executions {
            let record = serde_json::from_str(entry.get());
            records.push(record.context("this version does not understand the collector's")?);
        }
    }
    if records.is_empty() {
        out::note("no executions");
        return Ok(());
    }
    let length = id_length(records.iter().map(|record| record.id));
    let rows = records.iter().map(|record| {
        [
            record.id.to_string()[..length].to_owned(),
            summary::status(record),
            when::show(record.start_time),
            summary::duration(record, clock),
            summary::end_of(&summary::what(record), NAME_LENGTH),
            summary::hosts(record),
            record.what.user.clone().unwrap_or_default(),
        ]
    });
    let mut out = Out::new();
    let head = [
        "ID", "STATUS", "STARTED", "DURATION", "WHAT", "HOSTS", "USER",
    ];
    out.table(head, rows.collect(), |out, row, line| {
        let record = &records[row];
        // The id before it holds no such word.
        let status = summary::status(record);
        line.replacen(
            &status,
            &out.paint(summary::colour(record.status), &status),
            1,
        )
    })?;
    out.flush()?;
    if pages.cursor().is_some() {
        out::hint(format_args!(
            "these are the newest {}: --limit N or --all shows more",
            records.len()
        ));
    }
    Ok(())
}

/// How many characters of the ids tell them apart; never fewer than their time, which comes first.
fn id_length(ids: impl Iterator<Item = Uuid>) -> usize {
    let mut ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    ids.sort_unstable();
    let tells = |length: &usize| {
        ids.windows(2)
            .all(|pair| pair[0][..*length] != pair[1][..*length])
    };
    (13..36).find(tells).unwrap_or(36)
}
