//! T12: how long a person waits for the web UI. The history is filled here; a browser measures (`ui/tests/bench`).

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use playback::store::dialect::Engine;
use serde::Deserialize;

use crate::fill::fill;
use crate::place::Place;
use crate::table::{Row, thousands};
use crate::{Scratch, Selection, note};

/// A figure, as the browser's benchmark writes it.
#[derive(Debug, Deserialize)]
struct Figure {
    name: String,
    value: f64,
    most: Option<f64>,
    unit: String,
}

pub(crate) fn rows(scratch: &Scratch, asked: &Selection, executions: u64) -> Result<Vec<Row>> {
    if !asked.includes("T12") {
        return Ok(Vec::new());
    }
    note(&format!(
        "T12: filling {} executions",
        thousands(executions as f64)
    ));
    let place = Place::new(Engine::Sqlite, scratch);
    let database = place.database("pages");
    fill(&database, executions)?;
    let figures = scratch.file("pages.ndjson");
    let status = Command::new("scripts/with-node")
        .args(["npm", "--prefix", "ui", "run", "--silent", "bench"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PLAYBACK_BIN", env!("CARGO_BIN_EXE_playback"))
        .env("BENCH_HISTORY", &database.address)
        .env("BENCH_RUNS", executions.to_string())
        .env("BENCH_ROWS", &figures)
        .status()
        .context("scripts/with-node cannot be run")?;
    ensure!(status.success(), "the benchmark in the browser failed");
    database.remove(&place)?;
    let figures = std::fs::read_to_string(&figures)?;
    figures.lines().map(row).collect()
}

fn row(line: &str) -> Result<Row> {
    let figure: Figure = serde_json::from_str(line)?;
    let Figure {
        name, value, unit, ..
    } = figure;
    Ok(Row {
        target: "T12",
        what: name,
        wanted: figure
            .most
            .map_or_else(String::new, |most| format!("≤ {most} {unit}")),
        measured: format!("{value:.0} {unit}").trim_end().to_owned(),
        reached: figure.most.map(|most| value <= most),
        growth: String::new(),
    })
}
