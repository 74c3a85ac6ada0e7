//! T3, T4 and T8: the collector's ingestion rate and memory.

use std::time::Duration;

use anyhow::Result;
use playback::store::dialect::Engine;

use crate::collector::Collector;
use crate::limit;
use crate::place::{Database, Place};
use crate::producers::{Plan, send_all, send_for};
use crate::script::{Mix, Script, Size};
use crate::table::{Row, megabytes, thousands};
use crate::{Scratch, Selection, note};

const PRODUCERS: usize = 100;

/// Events in a batch, and events a second that are wanted.
const SIZES: [(u64, f64); 3] = [(100, 200_000.0), (300, 350_000.0), (1_000, 500_000.0)];

/// For how long the store is away. Ten minutes would be like it: producers wait, and send nothing more.
const AWAY: Duration = Duration::from_secs(20);

const MEMORY_IDLE: u64 = 30_000_000;
const MEMORY_LOADED: u64 = 150_000_000;

pub(crate) fn rows(scratch: &Scratch, asked: &Selection) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut idle = 0;
    let mut peak = 0;
    let mut more = 0;
    for (batch, wanted) in SIZES {
        let script = flood(batch)?;
        if !asked.includes(&format!("T3/{batch}")) {
            continue;
        }
        note(&format!("T3: batches of {batch}"));
        let place = Place::new(Engine::Sqlite, scratch);
        let database = place.database(&format!("ingest-{batch}"));
        let collector = Collector::start_on(&database.address)?;
        idle = idle.max(collector.resident_bytes()?);
        let few = send_for(&collector, &script, plan(PRODUCERS))?;
        peak = peak.max(collector.peak_bytes()?);
        note(&format!(
            "  {} events/s, the collector's CPU time {:.2} µs for an event, memory {}",
            thousands(few.median()),
            few.cpu_us,
            megabytes(collector.peak_bytes()?)
        ));
        let many = send_for(&collector, &script, plan(PRODUCERS * 10))?;
        more = more.max(collector.peak_bytes()?);
        collector.stop()?;
        database.remove(&place)?;
        let rate = few.median();
        rows.push(Row {
            target: "T3",
            what: format!("events/s stored, {PRODUCERS} producers, batches of {batch}"),
            wanted: format!("≥ {}", thousands(wanted)),
            measured: thousands(rate),
            reached: Some(rate >= wanted),
            growth: format!(
                "{} ({} producers)",
                thousands(many.median()),
                PRODUCERS * 10
            ),
        });
        let database = place.database(&format!("limit-{batch}"));
        rows.push(raw("T3", "SQLite", batch, &database, &script, rate)?);
        database.remove(&place)?;
    }
    if idle == 0 {
        return Ok(rows);
    }
    rows.push(memory("idle", MEMORY_IDLE, idle, String::new()));
    let more = format!("{} ({} producers)", megabytes(more), PRODUCERS * 10);
    rows.push(memory("under T3", MEMORY_LOADED, peak, more));
    Ok(rows)
}

/// T4: the same into servers, which share the machine with everything else.
pub(crate) fn into_servers(scratch: &Scratch, asked: &Selection) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (engine, name, wanted) in [
        (Engine::Postgres, "PostgreSQL", 200_000.0),
        (Engine::MySql, "MariaDB", 120_000.0),
    ] {
        for (batch, _) in SIZES {
            if !asked.includes(&format!("T4/{name}/{batch}")) {
                continue;
            }
            note(&format!("T4: {name}, batches of {batch}"));
            let place = Place::new(engine, scratch);
            let database = place.database("ingest");
            let script = flood(batch)?;
            let collector = Collector::start_on(&database.address)?;
            let few = send_for(&collector, &script, plan(PRODUCERS))?;
            note(&format!(
                "  {} events/s, the collector's CPU time {:.2} µs for an event, memory {}",
                thousands(few.median()),
                few.cpu_us,
                megabytes(collector.peak_bytes()?)
            ));
            collector.stop()?;
            database.remove(&place)?;
            let rate = few.median();
            rows.push(Row {
                target: "T4",
                what: format!("events/s stored in {name}, batches of {batch}"),
                wanted: format!("≥ {}", thousands(wanted)),
                measured: thousands(rate),
                reached: Some(rate >= wanted),
                growth: String::new(),
            });
            let database = place.database("limit");
            rows.push(raw("T4", name, batch, &database, &script, rate)?);
        }
    }
    Ok(rows)
}

/// The limit: raw insertion of the same rows, and how much of it the collector reaches.
fn raw(
    target: &'static str,
    name: &str,
    batch: u64,
    database: &Database,
    script: &Script,
    rate: f64,
) -> Result<Row> {
    let limit = limit::rate(database, script, PRODUCERS)?;
    note(&format!("  raw insertion: {} events/s", thousands(limit)));
    Ok(Row {
        target,
        what: format!("raw insertion of the same rows into {name}, batches of {batch}"),
        wanted: String::new(),
        measured: thousands(limit),
        reached: None,
        growth: format!("the collector reaches {:.0} % of it", rate / limit * 100.0),
    })
}

/// What each producer sends: a playbook that does not end.
fn flood(batch: u64) -> Result<Script> {
    Script::write(Size {
        mix: Mix::Commands,
        hosts: 30,
        tasks: 2_000,
        batch,
        ends: false,
    })
}

/// T8 with the store away: another process holds it locked for writing while everybody sends.
pub(crate) fn away(scratch: &Scratch, asked: &Selection) -> Result<Vec<Row>> {
    if !asked.includes("T8/away") {
        return Ok(Vec::new());
    }
    note("T8: the store away");
    let database = scratch.file("away.db");
    let collector = Collector::start(&database)?;
    let script = Script::write(Size {
        mix: Mix::Commands,
        hosts: 30,
        tasks: 200,
        batch: 300,
        ends: true,
    })?;
    let (before, during, sent) = std::thread::scope(|scope| -> Result<_> {
        let sending = scope.spawn(|| send_all(&collector, &script, 3 * PRODUCERS, PRODUCERS));
        std::thread::sleep(Duration::from_secs(2));
        let before = collector.peak_bytes()?;
        crate::size::lock(&database, AWAY)?;
        let during = collector.peak_bytes()?;
        let sent = sending
            .join()
            .map_err(|_| anyhow::anyhow!("the producers panicked"))?;
        Ok((before, during, sent?.1.len()))
    })?;
    collector.stop()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let stored = runtime.block_on(crate::size::results(&database))?;
    let lost = sent as i64 * script.results as i64 - stored;
    Ok(vec![Row {
        target: "T8",
        what: format!(
            "collector's memory, store away for {} s under load; results lost",
            AWAY.as_secs()
        ),
        wanted: format!("≤ {}; 0", megabytes(MEMORY_LOADED)),
        measured: format!("{}; {lost}", megabytes(during)),
        reached: Some(during <= MEMORY_LOADED && lost == 0),
        growth: format!("from {} before", megabytes(before)),
    }])
}

fn plan(producers: usize) -> Plan {
    Plan {
        producers,
        warm_up: Duration::from_secs(1),
        window: Duration::from_secs(2),
        windows: 5,
    }
}

fn memory(when: &str, wanted: u64, measured: u64, growth: String) -> Row {
    Row {
        target: "T8",
        what: format!("collector's memory, {when}"),
        wanted: format!("≤ {}", megabytes(wanted)),
        measured: megabytes(measured),
        reached: Some(measured <= wanted),
        growth,
    }
}
