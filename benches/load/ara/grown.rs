//! T5 of ARA at the size that it reaches in a minute, and of Playback at the same size. Runs have 20 results, which are
//! posted one by one, as ARA's recorder does.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use playback::store::dialect::Engine;
use serde_json::{Value, json};

use super::{CLIENTS, post, row, serve};
use crate::asking::{Asker, Took};
use crate::clock::Stopwatch;
use crate::collector::Collector;
use crate::fill::fill;
use crate::place::Place;
use crate::table::{Row, thousands};
use crate::{Scratch, note};

const FILLING: Duration = Duration::from_secs(60);
const HOSTS: usize = 4;
const TASKS: usize = 5;

pub(super) fn rows(scratch: &Scratch, bin: &Path) -> Result<Vec<Row>> {
    note("ARA: filling it for a minute");
    let (server, address) = serve(scratch, "ara-grown", bin)?;
    let api = format!("{address}/api/v1");
    let stored = AtomicU64::new(0);
    let watch = Stopwatch::start();
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while watch.elapsed() < FILLING {
                    // A database that is locked is how ARA answers several clients at times.
                    if run(&api).is_ok() {
                        stored.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let runs = stored.load(Ordering::Relaxed);
    let theirs = Asker::at(address, String::new());
    let mut answers = Vec::new();
    for (what, path) in [
        (
            "list through its API, 50 runs",
            "/api/v1/playbooks?limit=50",
        ),
        ("its index, 50 runs with their counts", "/?limit=50"),
    ] {
        answers.push((what, theirs.time(|| vec![path.to_owned()])?));
    }
    drop(server);
    let ours = ours(scratch, runs)?;
    let told = |took: Option<Took>| {
        took.map_or("not there".to_owned(), |took| {
            format!("{:.1}, p99 {:.1} ms", took.median, took.p99)
        })
    };
    let rows = answers.into_iter().map(|(what, took)| {
        let size = thousands(runs as f64);
        let what = format!("{what}, of {size} (filled in {} s)", FILLING.as_secs());
        let mut row = row("T5", what, told(took));
        row.growth = format!("ours at that size: {}", told(ours));
        row
    });
    Ok(rows.collect())
}

/// The first page of our list, of so many executions.
fn ours(scratch: &Scratch, executions: u64) -> Result<Option<Took>> {
    let place = Place::new(Engine::Sqlite, scratch);
    let database = place.database("as-ara");
    fill(&database, executions.max(1))?;
    let collector = Collector::start_on(&database.address)?;
    let path = "/api/v1/ansible/executions?limit=50";
    let took = Asker::of(&collector).time(|| vec![path.to_owned()])?;
    collector.stop()?;
    database.remove(&place)?;
    Ok(took)
}

/// Posts one run.
fn run(api: &str) -> Result<()> {
    let at = "2026-01-20T10:20:00Z";
    let uuid = "5c5f67b9-e63c-6297-80da-000000000005";
    let make = |kind: &str, body: Value| post(api, kind, &body);
    let playbook = make(
        "playbooks",
        json!({
            "ansible_version": "2.19", "status": "completed", "path": "site.yml", "started": at,
            "ended": at, "controller": "ctl", "user": "ci",
        }),
    )?;
    let play = make(
        "plays",
        json!({
            "playbook": playbook, "name": "all", "status": "completed", "uuid": uuid, "started": at,
        }),
    )?;
    let file = make(
        "files",
        json!({"playbook": playbook, "path": "site.yml", "content": "- hosts: all"}),
    )?;
    let mut hosts = Vec::new();
    for host in 0..HOSTS {
        let name = format!("web{host}");
        hosts.push(make("hosts", json!({"playbook": playbook, "name": name}))?);
    }
    for task in 0..TASKS {
        let task = make(
            "tasks",
            json!({
                "playbook": playbook, "play": play, "file": file, "name": format!("Step {task}"),
                "action": "command", "lineno": 1, "handler": false, "status": "completed",
                "uuid": uuid, "started": at,
            }),
        )?;
        for host in &hosts {
            make(
                "results",
                json!({
                    "playbook": playbook, "play": play, "task": task, "host": host,
                    "status": "ok", "started": at, "ended": at, "changed": true,
                    "content": {"changed": true, "rc": 0, "stdout": "service active ".repeat(12)},
                }),
            )?;
        }
    }
    Ok(())
}
