//! T3 and T8: what the collector takes in, and in how much memory.

use std::time::Duration;

use anyhow::Result;

use crate::collector::Collector;
use crate::producers::{Plan, send_for};
use crate::script::{Mix, Script, Size};
use crate::table::{Row, megabytes, thousands};
use crate::{Asked, Scratch, note};

const PRODUCERS: usize = 100;

/// Events in a batch, and events a second that are wanted.
const SIZES: [(u64, f64); 3] = [(100, 200_000.0), (300, 350_000.0), (1_000, 500_000.0)];

const MEMORY_IDLE: u64 = 30_000_000;
const MEMORY_LOADED: u64 = 150_000_000;

pub(crate) fn rows(scratch: &Scratch, asked: &Asked) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut idle = 0;
    let mut peak = 0;
    let mut more = 0;
    for (batch, wanted) in SIZES {
        let script = Script::write(Size {
            mix: Mix::Commands,
            hosts: 30,
            tasks: 2_000,
            batch,
            ends: false,
        })?;
        if !asked.includes(&format!("T3/{batch}")) {
            continue;
        }
        note(&format!("T3: batches of {batch}"));
        let collector = Collector::start(&scratch.file(&format!("ingest-{batch}.db")))?;
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
    }
    rows.push(memory("idle", MEMORY_IDLE, idle, String::new()));
    let more = format!("{} ({} producers)", megabytes(more), PRODUCERS * 10);
    rows.push(memory("under T3", MEMORY_LOADED, peak, more));
    Ok(rows)
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
