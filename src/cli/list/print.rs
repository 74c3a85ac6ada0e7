//! A list of executions as JSON, as CSV, or as a table for people.

use anyhow::Context as _;
use serde_json::value::RawValue;

use super::super::ids::ShortIds;
use super::super::out::{self, Colour, Column, Layout, Out};
use super::super::pages::Pages;
use super::super::{summary, when};
use super::columns::Named;
use crate::clock::Clock;
use crate::export::csv;
use crate::model::{ExecutionResult, Status};

/// Prints the API's list as JSON, with its pages joined, as they arrive.
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

/// Says that no execution matches. `has_text`: the query has words, which might be looked for in output.
fn none(has_text: bool) {
    out::note("no executions");
    if has_text {
        out::hint(
            "A list looks for words in what is known when a run starts: its playbook, user, labels … What was printed or \
             returned is looked through by `playback search`, with the same query.",
        );
    }
}

/// Prints a table. If it would be wider than the terminal, shorter words are used. `first`: describes the first entries
/// of the list.
pub(super) fn table(
    mut pages: Pages<'_>,
    (layout, first): (Layout, &str),
    has_text: bool,
    clock: &Clock,
) -> anyhow::Result<()> {
    let records = all(&mut pages)?;
    if records.is_empty() {
        none(has_text);
        return Ok(());
    }
    let mut out = Out::laid_out(layout);
    let rows = whole_rows(&records, clock);
    let is_wide = out
        .width()
        .is_none_or(|width| out::table_width(&WHOLE, &rows) <= width);
    let paint = |out: &Out, row: usize, line: String| {
        let record: &ExecutionResult = &records[row];
        let status = match is_wide {
            true => summary::status(record),
            false => summary::short_status(record),
        };
        // The id before it never contains this word.
        let painted = out.paint(summary::colour(record.status), &status);
        line.replacen(&status, &painted, 1)
    };
    match is_wide {
        true => out.table(WHOLE, rows, paint)?,
        false => out.table(SHORT, short_rows(&records, clock), paint)?,
    }
    out.flush()?;
    hint_at_more(&pages, first, records.len());
    Ok(())
}

/// Prints a table of the columns that were requested.
pub(super) fn columns(
    mut pages: Pages<'_>,
    columns: &[Named],
    (layout, first): (Layout, &str),
    has_text: bool,
    clock: &Clock,
) -> anyhow::Result<()> {
    let records = all(&mut pages)?;
    if records.is_empty() {
        none(has_text);
        return Ok(());
    }
    let ids = ShortIds::of(records.iter().map(|record| record.id));
    let cell = |column: &Named, record: &ExecutionResult| match column.name {
        "id" => ids.show(record.id),
        _ => column.text(record, clock),
    };
    let row = |record| columns.iter().map(|column| cell(column, record)).collect();
    let rows: Vec<Vec<String>> = records.iter().map(row).collect();
    let shown: Vec<Column> = columns.iter().map(|column| column.column).collect();
    let mut out = Out::laid_out(layout);
    out.table_of(&shown, rows, |out, row, line| match records[row].status {
        Status::Failed => out.paint(Colour::Red, &line),
        _ => line,
    })?;
    out.flush()?;
    hint_at_more(&pages, first, records.len());
    Ok(())
}

/// Prints CSV, with a heading, page by page as they arrive. No columns means all.
pub(super) fn csv(mut pages: Pages<'_>, columns: &[Named]) -> anyhow::Result<()> {
    let columns = if columns.is_empty() {
        Named::all()
    } else {
        columns
    };
    let mut out = Out::new();
    // A file gets the exact text; at a terminal, control characters would be executed.
    let is_terminal = out.width().is_some();
    let cell = |column: &Named, record: &ExecutionResult| {
        let value = column.value(record);
        if is_terminal {
            out::plain(&value)
        } else {
            value
        }
    };
    let heading = csv::row(columns.iter().map(|column| column.name));
    out.bytes(heading.as_bytes())?;
    while let Some(page) = pages.next()? {
        for entry in page.executions {
            let record = record(&entry)?;
            let cells: Vec<String> = columns.iter().map(|one| cell(one, &record)).collect();
            let row = csv::row(cells.iter().map(String::as_str));
            out.bytes(row.as_bytes())?;
        }
    }
    out.flush()
}

/// All records of the pages.
fn all(pages: &mut Pages<'_>) -> anyhow::Result<Vec<ExecutionResult>> {
    let mut records = Vec::new();
    while let Some(page) = pages.next()? {
        for entry in page.executions {
            records.push(record(&entry)?);
        }
    }
    Ok(records)
}

fn record(entry: &RawValue) -> anyhow::Result<ExecutionResult> {
    serde_json::from_str(entry.get()).context("this version does not understand the collector's")
}

/// Tells a user how to see more.
fn hint_at_more(pages: &Pages<'_>, first: &str, shown: usize) {
    if pages.cursor().is_some() {
        out::hint(format_args!(
            "these are the {first} {shown}: --limit N or --all shows more"
        ));
    }
}

const WHOLE: [Column; 7] = [
    Column::whole("ID"),
    Column::whole("STATUS"),
    Column::whole("STARTED"),
    Column::whole("DURATION"),
    Column::whole("WHAT"),
    Column::whole("HOSTS"),
    Column::whole("USER"),
];

fn whole_rows(records: &[ExecutionResult], clock: &Clock) -> Vec<[String; 7]> {
    let ids = ShortIds::of(records.iter().map(|record| record.id));
    let names = summary::names(records);
    let rows = records.iter().zip(names).map(|(record, name)| {
        [
            ids.show(record.id),
            summary::status(record),
            when::show(record.start_time),
            summary::duration(record, clock),
            name + &summary::options(record),
            summary::hosts(record),
            record.description.user.clone().unwrap_or_default(),
        ]
    });
    rows.collect()
}

const SHORT: [Column; 6] = [
    Column::whole("ID"),
    Column::whole("STATUS"),
    Column::whole("STARTED"),
    Column::whole("TOOK"),
    Column::by("WHAT", 12, summary::shorten),
    Column::end("HOSTS", 9),
];

fn short_rows(records: &[ExecutionResult], clock: &Clock) -> Vec<[String; 6]> {
    let ids = ShortIds::of(records.iter().map(|record| record.id));
    let names = summary::short_names(records);
    let rows = records.iter().zip(names).map(|(record, name)| {
        [
            ids.show(record.id),
            summary::short_status(record),
            when::ago(record.start_time, clock),
            summary::short_duration(record, clock),
            name + &summary::options(record),
            summary::hosts(record),
        ]
    });
    rows.collect()
}
