//! T13: how long answers about large runs take: the comparison of two of them, and the explanation of a failed one.

use anyhow::{Context as _, Result};
use uuid::Uuid;

use crate::asking::{Asker, Took};
use crate::collector::Collector;
use crate::large::settle;
use crate::place::{ENGINES, Place};
use crate::producers::send_all;
use crate::script::{Mix, Script, Size};
use crate::table::{Row, megabytes};
use crate::{Scratch, Selection, note};

/// Hosts and tasks of each of the two runs.
const HOSTS: u32 = 5_000;
const TASKS: u32 = 200;

/// How long an answer may take, in milliseconds.
const COMPARED: f64 = 1_000.0;
const EXPLAINED: f64 = 300.0;

pub(crate) fn rows(scratch: &Scratch, asked: &Selection) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (engine, name) in ENGINES {
        if !asked.includes(&format!("T13/{name}")) {
            continue;
        }
        let place = Place::new(engine, scratch);
        let small = one(&place, TASKS / 10)?;
        let large = one(&place, TASKS)?;
        rows.extend(told(name, &small, &large));
    }
    Ok(rows)
}

/// What was measured, in the order of the rows.
struct Measured {
    compared: Took,
    explained: Took,
    matrix: Took,
    peak_bytes: u64,
}

fn one(place: &Place<'_>, tasks: u32) -> Result<Measured> {
    note(&format!("T13: two runs of {HOSTS} hosts and {tasks} tasks"));
    let database = place.database(&format!("answers-{tasks}"));
    let collector = Collector::start_on(&database.address)?;
    let send = |mix| -> Result<Uuid> {
        let script = Script::write(Size {
            mix,
            hosts: HOSTS,
            tasks,
            batch: 1_000,
            ends: true,
        })?;
        let (_, ids) = send_all(&collector, &script, 1, 1)?;
        settle(&database)?;
        ids.first().copied().context("a run was sent")
    };
    let (good, failed) = (send(Mix::Commands)?, send(Mix::Failing)?);
    let asker = Asker::of(&collector);
    let time = |path: String| -> Result<Took> {
        let path = format!("/api/v1/ansible/executions/{path}");
        let took = asker.time(|| vec![path.clone()])?;
        let took = took.with_context(|| path.clone())?;
        note(&format!(
            "  {path}: median {:.0}, p95 {:.0} ms, of {}",
            took.median, took.p95, took.times
        ));
        Ok(took)
    };
    let measured = Measured {
        compared: time(format!("{good}/compare/{failed}"))?,
        explained: time(format!("{failed}/explain"))?,
        matrix: time(format!("{failed}/matrix"))?,
        peak_bytes: collector.peak_bytes()?,
    };
    collector.stop()?;
    database.remove(place)?;
    Ok(measured)
}

fn told(name: &str, small: &Measured, large: &Measured) -> Vec<Row> {
    let row = |what: &str, wanted: Option<f64>, of: fn(&Measured) -> Took| {
        let (small, large) = (of(small), of(large));
        Row {
            target: "T13",
            what: format!("{name}: {what}, {HOSTS} hosts × {TASKS} tasks, median / p95"),
            wanted: wanted.map_or(String::new(), |wanted| format!("p95 ≤ {wanted:.0} ms")),
            measured: format!("{:.0} / {:.0} ms", large.median, large.p95),
            reached: wanted.map(|wanted| large.p95 <= wanted),
            growth: format!("from {:.0} / {:.0} ms at a tenth", small.median, small.p95),
        }
    };
    vec![
        row("comparison of two runs", Some(COMPARED), |of| of.compared),
        row("explanation of a failed run", Some(EXPLAINED), |of| {
            of.explained
        }),
        row("matrix of outcomes", None, |of| of.matrix),
        Row {
            target: "T13",
            what: format!("{name}: collector's memory after these, at most"),
            wanted: String::new(),
            measured: megabytes(large.peak_bytes),
            reached: None,
            growth: format!("from {} at a tenth", megabytes(small.peak_bytes)),
        },
    ]
}
