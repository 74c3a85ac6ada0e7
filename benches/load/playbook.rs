//! T1, and T2 with [`hooks`]: the recorder's cost for a playbook.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::collector::Collector;
use crate::site::{HOSTS, Site};
use crate::table::{Row, median};
use crate::{Scratch, Selection, hooks, note, size};

const PAIRS: usize = 4;
const TASKS: usize = 50;
const DEBUG: &str = "debug: {msg: all is well}";
const COMMAND: &str = "command: echo all is well";

const CPU_RATIO: f64 = 1.03;
const WALL_RATIO: f64 = 1.02;
const DEBUG_BYTES: f64 = 120.0;

pub(crate) fn rows(scratch: &Scratch, asked: &Selection, bin: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    if !asked.includes("T1/") && !asked.includes("T2/") {
        return Ok(rows);
    }
    let site = Site::write(scratch, "site", bin)?;
    site.playbook("debug.yml", DEBUG, TASKS)?;
    site.playbook("short.yml", DEBUG, TASKS / 10)?;
    site.playbook("long.yml", DEBUG, TASKS * 10)?;
    site.playbook("command.yml", COMMAND, 10)?;
    site.playbook("facts.yml", "setup:", 2)?;
    hooks::write(&site)?;
    let database = scratch.file("playbook.db");
    let collector = Collector::start(&database)?;
    let empty = size::used_bytes(&database)?;
    // The first run of all reads everything from disk.
    site.run(
        "debug.yml",
        &recorded(&site, &collector.url(), &collector.token),
    )?;
    if asked.includes("T1/") {
        rows.extend(ratios(&site, &collector)?);
    }
    if asked.includes("T2/") {
        rows.extend(hooks::rows(&site, &collector)?);
    }
    complete(&collector)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let used = runtime.block_on(size::settle(&database))?;
    let results: i64 = runtime.block_on(size::results(&database))?;
    collector.stop()?;
    let each = (used - empty) as f64 / results as f64;
    rows.push(Row {
        target: "T9",
        what: format!("bytes stored for a result, {results} results of real playbooks"),
        wanted: format!("≤ {DEBUG_BYTES:.0} B"),
        measured: format!("{each:.0} B"),
        reached: Some(each <= DEBUG_BYTES),
        growth: String::new(),
    });
    Ok(rows)
}

/// The environment in which a run is recorded; hooks are timed into `hooks.json`.
pub(crate) fn recorded(site: &Site, url: &str, token: &str) -> Vec<(&'static str, OsString)> {
    vec![
        (
            "ANSIBLE_CALLBACKS_ENABLED",
            "playback.history.recorder".into(),
        ),
        ("PLAYBACK_URL", url.into()),
        ("PLAYBACK_TOKEN", token.into()),
        ("PLAYBACK_SPOOL_DIR", site.path("spool").into()),
    ]
}

/// Runs with and without the recorder, side by side. Processors differ, so the two change places, and two
/// rounds make a pair.
fn pairs(site: &Site, playbook: &str, with: &[(&str, OsString)], count: usize) -> Result<[f64; 2]> {
    let mut cpu = Vec::new();
    let mut wall = Vec::new();
    for _ in 0..count {
        let (mut cpu_of_pair, mut wall_of_pair) = (1.0, 1.0);
        for [first, second] in [["0", "1"], ["1", "0"]] {
            let sides = [(with, first), (&[][..], second)];
            let [with, without] = site.run_side_by_side(playbook, sides)?;
            note(&format!(
                "  {playbook}: with {:.2} s wall {:.2} s CPU, without {:.2} s wall {:.2} s CPU",
                with.wall_s, with.cpu_s, without.wall_s, without.cpu_s
            ));
            cpu_of_pair *= with.cpu_s / without.cpu_s;
            wall_of_pair *= with.wall_s / without.wall_s;
        }
        cpu.push(f64::sqrt(cpu_of_pair));
        wall.push(f64::sqrt(wall_of_pair));
    }
    Ok([median(&cpu), median(&wall)])
}

fn ratios(site: &Site, collector: &Collector) -> Result<Vec<Row>> {
    note("T1: playbooks with and without the recorder");
    let with = recorded(site, &collector.url(), &collector.token);
    let usual = pairs(site, "debug.yml", &with, PAIRS)?;
    let short = pairs(site, "short.yml", &with, PAIRS)?;
    let row = |index: usize, what: &str, wanted: f64| Row {
        target: "T1",
        what: format!("playbook with recorder ÷ without, {HOSTS} × {TASKS} debug, {what}"),
        wanted: format!("≤ {wanted:.2}"),
        measured: format!("{:.3}", usual[index]),
        reached: Some(usual[index] <= wanted),
        growth: format!("from {:.3} with {} tasks", short[index], TASKS / 10),
    };
    Ok(vec![row(0, "CPU", CPU_RATIO), row(1, "wall", WALL_RATIO)])
}

/// Makes sure that what was measured was recorded as well.
fn complete(collector: &Collector) -> Result<()> {
    let list = collector.get("/api/v1/ansible/executions?limit=1000&status=success")?;
    let list: Value = serde_json::from_str(&list)?;
    let runs = list["executions"].as_array().context("no list")?;
    ensure!(!runs.is_empty(), "nothing was recorded");
    for run in runs {
        ensure!(run["events"]["complete"] == true, "not complete: {run}");
    }
    Ok(())
}
