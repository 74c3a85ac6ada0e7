//! `playback list --running`: running executions, their remaining time, and what they wait for.

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use super::super::client::Client;
use super::super::estimate;
use super::super::ids::ShortIds;
use super::super::out::{self, Colour, Column, Layout, Out};
use super::super::pages::Pages;
use super::super::{summary, when};
use crate::clock::Clock;
use crate::model::{Estimate, ExecutionResult};

/// Shows each execution with its estimate.
pub(super) fn show(
    client: &Client,
    mut pages: Pages<'_>,
    as_json: bool,
    layout: Layout,
    clock: &Clock,
) -> anyhow::Result<()> {
    let mut running = Vec::new();
    while let Some(page) = pages.next()? {
        for entry in page.executions {
            let record: ExecutionResult = serde_json::from_str(entry.get())
                .context("this version does not understand the collector's")?;
            let path = format!("/executions/{}/estimate", record.id);
            let estimate: Estimate = client.get(&path, &[])?;
            running.push((record, entry, estimate));
        }
    }
    if as_json {
        let mut all = Vec::with_capacity(running.len());
        for (_, entry, estimate) in running {
            let mut execution: Map<String, Value> = serde_json::from_str(entry.get())?;
            execution.insert("estimate".to_owned(), serde_json::to_value(estimate)?);
            all.push(execution);
        }
        return out::json(&json!({ "executions": all }));
    }
    if running.is_empty() {
        out::note("nothing is running");
        return Ok(());
    }
    let records: Vec<ExecutionResult> = running.iter().map(|(record, ..)| record.clone()).collect();
    let ids = ShortIds::of(records.iter().map(|record| record.id));
    let names = summary::short_names(&records);
    let rows = running
        .iter()
        .zip(names)
        .map(|((record, _, estimate), name)| {
            [
                ids.show(record.id),
                name + &summary::options(record),
                when::show_seconds(estimate.elapsed),
                estimate::left(estimate),
                estimate::waits_for(estimate, clock),
            ]
        });
    let mut out = Out::laid_out(layout);
    let columns = [
        Column::whole("ID"),
        Column::by("WHAT", 12, summary::shorten),
        Column::whole("FOR"),
        Column::whole("LEFT"),
        Column::end("WAITS FOR", 16),
    ];
    out.table(columns, rows.collect(), |out, row, line| {
        match running[row].2.is_overdue {
            true => out.paint(Colour::Red, &line),
            false => line,
        }
    })?;
    out.flush()
}
