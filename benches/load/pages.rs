//! T12: how long a person waits for the web UI. The history is filled here; a browser measures (`ui/tests/bench`).

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use playback::store::dialect::Engine;
use serde::Deserialize;

use crate::fill::fill;
use crate::place::Place;
use crate::table::{Row, thousands};
use crate::{Scratch, Selection, note};

/// A row, as the browser's benchmark writes it.
#[derive(Debug, Deserialize)]
struct Measured {
    name: String,
    figures: Vec<Figure>,
}

#[derive(Debug, Deserialize)]
struct Figure {
    value: f64,
    /// What it may be at most, if there is a target.
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
    let Measured { name, figures } = serde_json::from_str(line)?;
    let mut wanted = Vec::new();
    let mut measured = Vec::new();
    let mut reached = None;
    for Figure { value, most, unit } in figures {
        measured.push(format!("{value:.0} {unit}").trim_end().to_owned());
        if let Some(most) = most {
            wanted.push(format!("≤ {most} {unit}").trim_end().to_owned());
            reached = Some(reached.unwrap_or(true) && value <= most);
        }
    }
    Ok(Row {
        target: "T12",
        what: name,
        wanted: wanted.join(" / "),
        measured: measured.join(" / "),
        reached,
        growth: String::new(),
    })
}
