//! T5, T6, T8 and T10 on a history of a million executions and twenty million results, on each engine, and on a tenth
//! and a hundredth of it: the growth of the cost matters as much as the cost.

use anyhow::{Context as _, Result};

use crate::asking::{Asker, Took};
use crate::clock::Stopwatch;
use crate::collector::Collector;
use crate::fill::{Filled, fill};
use crate::large::{self, Run, VIEWS};
use crate::lists::{Facts, QUESTIONS, Question};
use crate::place::{ENGINES, Place, free_bytes};
use crate::script::Script;
use crate::start::{LIMIT, starts};
use crate::table::{Row, megabytes, thousands};
use crate::{Scratch, Selection, note};

/// Executions where nothing else is said; results are twenty times as many, in the middle.
pub(crate) const EXECUTIONS: u64 = 1_000_000;

/// Room that an execution takes at most, on any engine, while it is filled; of this, and a large run.
const BYTES_EACH: u64 = 14_000;
const BYTES_LARGE: u64 = 3_000_000_000;

/// How much slower the same may be than with a hundredth.
const SLOWER: f64 = 2.0;

/// The collector's memory after all that.
const MEMORY: u64 = 150_000_000;

/// Runs that an export gives in a second.
const EXPORTED: f64 = 50_000.0;

/// A report over the whole history, in milliseconds.
const REPORTED: f64 = 2_000.0;

/// The rows of this file. T13 has more in [`crate::answers`].
const TARGETS: [&str; 6] = ["T5", "T6", "T8/grown", "T10", "T13/grown", "R4"];

pub(crate) fn rows(scratch: &Scratch, asked: &Selection, executions: u64) -> Result<Vec<Row>> {
    let asks = |name: &str| {
        TARGETS
            .iter()
            .any(|of| asked.includes(&format!("{of}/{name}")))
    };
    let mut rows = Vec::new();
    for (engine, name) in ENGINES {
        if !asks(name) {
            continue;
        }
        // A server's files lie elsewhere.
        let folder = match engine {
            playback::store::dialect::Engine::Sqlite => scratch.file(""),
            _ => "/var/tmp".into(),
        };
        let (free, needed) = (free_bytes(&folder)?, executions * BYTES_EACH + BYTES_LARGE);
        if free < needed {
            rows.push(no_room(name, &folder.display().to_string(), free, needed));
            continue;
        }
        let place = Place::new(engine, scratch);
        let mut measured = Vec::new();
        for part in [100, 10, 1] {
            let size = (executions / part).max(100);
            measured.push(one_size(&place, name, size, asked)?);
        }
        rows.extend(told(name, &measured)?);
    }
    Ok(rows)
}

fn no_room(name: &str, folder: &str, free: u64, needed: u64) -> Row {
    let fitting = free.saturating_sub(BYTES_LARGE) / BYTES_EACH;
    note(&format!(
        "{name} is left out: filling it needs {} in {folder}, and {} are free. \
         PLAYBACK_BENCH_EXECUTIONS={fitting} would fit.",
        megabytes(needed),
        megabytes(free)
    ));
    Row {
        target: "T5",
        what: format!("{name}, everything on a large history"),
        wanted: String::new(),
        measured: format!(
            "not measured: {} free of {}",
            megabytes(free),
            megabytes(needed)
        ),
        reached: None,
        growth: String::new(),
    }
}

/// What was measured at one size.
struct Size {
    filled: Filled,
    start_ms: Option<f64>,
    lists: Vec<(&'static Question, Option<Took>)>,
    views: Vec<(&'static str, Took)>,
    exported: Option<Exported>,
    reported: Option<[Reported; 2]>,
    /// The collector's memory: now, and at most.
    memory: (u64, u64),
}

fn one_size(place: &Place<'_>, name: &str, executions: u64, asked: &Selection) -> Result<Size> {
    note(&format!(
        "{name}: filling {} executions",
        thousands(executions as f64)
    ));
    let database = place.database(&format!("grown-{executions}"));
    let filled = fill(&database, executions)?;
    let includes = |target: &str| asked.includes(&format!("{target}/{name}"));
    // What memory is left in use is asked after everything else was.
    let memory = includes("T8/grown");
    let start_ms = includes("T10").then(|| starts(&database)).transpose()?;
    let collector = Collector::start_on(&database.address)?;
    let asker = Asker::of(&collector);
    let mut lists = Vec::new();
    if includes("T5") || memory {
        let facts = Facts::learn(&asker, filled)?;
        let mut random = crate::history::Random::seeded(4);
        for question in QUESTIONS {
            let took = asker.time(|| vec![question.next(&facts, &mut random)])?;
            note(&format!("  {}: {}", question.name, all(took)));
            lists.push((question, took));
        }
    }
    let exported = includes("T13/grown").then(|| export(&collector, &asker, executions));
    let exported = exported.transpose()?;
    let reported = includes("R4").then(|| reports(&collector, &asker, &filled));
    let reported = reported.transpose()?;
    let mut views = Vec::new();
    if includes("T6") || memory {
        let script: Script = large::script(executions)?;
        let run = Run::send(&collector, &database, &script)?;
        drop(script);
        for view in VIEWS {
            let took = run.time(&asker, view)?;
            note(&format!("  {}: {}", view.name, all(Some(took))));
            views.push((view.name, took));
        }
    }
    let memory = (collector.resident_bytes()?, collector.peak_bytes()?);
    note(&format!(
        "  memory: {} now, {} at most",
        megabytes(memory.0),
        megabytes(memory.1)
    ));
    collector.stop()?;
    database.remove(place)?;
    Ok(Size {
        filled,
        start_ms,
        lists,
        views,
        exported,
        reported,
        memory,
    })
}

/// A report over all executions.
#[derive(Debug, Clone, Copy)]
struct Reported {
    took: Took,
    /// By how much the collector's memory grew for it.
    grown_bytes: u64,
}

/// Of all runs, from roll-ups; and with a query that reads each run.
fn reports(collector: &Collector, asker: &Asker, filled: &Filled) -> Result<[Reported; 2]> {
    Ok([
        report(collector, asker, filled, "")?,
        report(
            collector,
            asker,
            filled,
            "&q=status:success+OR+status:failed",
        )?,
    ])
}

fn report(collector: &Collector, asker: &Asker, filled: &Filled, query: &str) -> Result<Reported> {
    let before = collector.peak_bytes()?;
    let day = |us: i64| {
        let time = chrono::DateTime::from_timestamp_micros(us).unwrap_or_default();
        time.format("%Y-%m-%d").to_string()
    };
    let from = day(filled.newest_us - crate::history::SPAN_US);
    let to = day(filled.newest_us + playback::model::DAY_US);
    let path = format!("/api/v1/ansible/reports/preview?start_date={from}&end_date={to}{query}");
    let took = asker.time(|| vec![path.clone()])?.context("a report")?;
    let reported = Reported {
        took,
        grown_bytes: collector.peak_bytes()?.saturating_sub(before),
    };
    note(&format!(
        "  report: {}, memory grew by {}",
        all(Some(took)),
        megabytes(reported.grown_bytes)
    ));
    Ok(reported)
}

/// An export of all executions as NDJSON.
#[derive(Debug, Clone, Copy)]
struct Exported {
    runs_per_second: f64,
    /// By how much the collector's memory grew for it.
    grown_bytes: u64,
}

fn export(collector: &Collector, asker: &Asker, executions: u64) -> Result<Exported> {
    let before = collector.peak_bytes()?;
    let watch = Stopwatch::start();
    let lines = asker.lines("/api/v1/ansible/export?format=ndjson")?;
    let seconds = watch.elapsed().as_secs_f64();
    anyhow::ensure!(
        lines >= executions,
        "{lines} of {executions} runs were exported"
    );
    let exported = Exported {
        runs_per_second: lines as f64 / seconds,
        grown_bytes: collector.peak_bytes()?.saturating_sub(before),
    };
    note(&format!(
        "  export: {} runs/s, memory grew by {}",
        thousands(exported.runs_per_second),
        megabytes(exported.grown_bytes)
    ));
    Ok(exported)
}

fn all(took: Option<Took>) -> String {
    match took {
        Some(took) => format!(
            "median {}, p99 {} ms, of {}",
            millis(took.median),
            millis(took.p99),
            took.times
        ),
        None => "not there".to_owned(),
    }
}

/// The rows of one engine, from what was measured at each size, the smallest first.
fn told(name: &str, sizes: &[Size]) -> Result<Vec<Row>> {
    let [least, tenth, whole] = sizes else {
        anyhow::bail!("three sizes are measured");
    };
    let filled = &whole.filled;
    let mut rows = vec![Row {
        target: "T5",
        what: format!("{name}: filling it, {}", filled.told()),
        wanted: String::new(),
        measured: format!(
            "{} results/s, {:.0} s",
            thousands(filled.results as f64 / filled.seconds),
            filled.seconds
        ),
        reached: None,
        growth: format!(
            "from {} at a tenth",
            thousands(tenth.filled.results as f64 / tenth.filled.seconds)
        ),
    }];
    for (at, (question, took)) in whole.lists.iter().enumerate() {
        let of = |size: &Size| size.lists.get(at).and_then(|(_, took)| *took);
        let what = format!("{name}: {}", question.name);
        rows.push(match (took, of(tenth), of(least)) {
            (Some(took), Some(tenth), Some(least)) => {
                row("T5", what, question.wanted, *took, tenth, least)
            }
            _ => Row {
                target: "T5",
                what,
                wanted: String::new(),
                measured: "not there".to_owned(),
                reached: None,
                growth: String::new(),
            },
        });
    }
    for (at, (view, took)) in whole.views.iter().enumerate() {
        let of = |size: &Size| size.views.get(at).map(|(_, took)| *took).context("a view");
        let results = thousands(whole.filled.executions as f64);
        let what = format!("{name}: a run of {results} results, {view}");
        rows.push(row(
            "T6",
            what,
            Some(large::WANTED),
            *took,
            of(tenth)?,
            of(least)?,
        ));
    }
    if !whole.lists.is_empty() || !whole.views.is_empty() {
        let (now, most) = whole.memory;
        rows.push(Row {
            target: "T8",
            what: format!("{name}: collector's memory after these, at most"),
            wanted: format!("≤ {}", megabytes(MEMORY)),
            measured: format!("{} ({} now)", megabytes(most), megabytes(now)),
            reached: Some(most <= MEMORY),
            growth: format!("from {} at a tenth", megabytes(tenth.memory.1)),
        });
    }
    if let (Some(exported), Some(tenth)) = (whole.exported, tenth.exported) {
        rows.push(Row {
            target: "T13",
            what: format!("{name}: export of all runs as NDJSON; growth of memory"),
            wanted: format!("≥ {} runs/s; constant", thousands(EXPORTED)),
            measured: format!(
                "{} runs/s; {}",
                thousands(exported.runs_per_second),
                megabytes(exported.grown_bytes)
            ),
            reached: Some(exported.runs_per_second >= EXPORTED),
            growth: format!(
                "from {} runs/s; {} at a tenth",
                thousands(tenth.runs_per_second),
                megabytes(tenth.grown_bytes)
            ),
        });
    }
    if let (Some(reported), Some(tenth)) = (whole.reported, tenth.reported) {
        let whats = [
            "report over all runs",
            "the same with a query that has an OR",
        ];
        for (what, (reported, tenth)) in whats.iter().zip(reported.iter().zip(tenth)) {
            rows.push(Row {
                target: "R4",
                what: format!("{name}: {what}; growth of memory"),
                wanted: format!("p95 ≤ {REPORTED:.0} ms; constant"),
                measured: format!(
                    "{}, p95 {} ms; {}",
                    millis(reported.took.median),
                    millis(reported.took.p95),
                    megabytes(reported.grown_bytes)
                ),
                reached: Some(reported.took.p95 <= REPORTED),
                growth: format!(
                    "from {}, p95 {} ms; {} at a tenth",
                    millis(tenth.took.median),
                    millis(tenth.took.p95),
                    megabytes(tenth.grown_bytes)
                ),
            });
        }
    }
    if let (Some(start_ms), Some(tenth_ms)) = (whole.start_ms, tenth.start_ms) {
        rows.push(Row {
            target: "T10",
            what: format!("{name}: start → first answer, {}", filled.told()),
            wanted: format!("≤ {} ms", LIMIT.as_millis()),
            measured: format!("{start_ms:.0} ms"),
            reached: Some(start_ms <= LIMIT.as_secs_f64() * 1e3),
            growth: format!("from {tenth_ms:.0} ms at a tenth"),
        });
    }
    Ok(rows)
}

fn row(
    target: &'static str,
    what: String,
    wanted: Option<f64>,
    took: Took,
    tenth: Took,
    least: Took,
) -> Row {
    let times = took.median / least.median;
    // A run of ten times the size is another run: only a history must not slow down what is asked of it.
    let grows = target == "T6";
    let slower = if grows {
        String::new()
    } else {
        format!(", ≤ {SLOWER:.0} × a hundredth")
    };
    Row {
        target,
        what,
        wanted: wanted.map_or(String::new(), |wanted| {
            format!("p99 ≤ {wanted:.0} ms{slower}")
        }),
        measured: format!("{}, p99 {} ms", millis(took.median), millis(took.p99)),
        reached: wanted.map(|wanted| took.p99 <= wanted && (grows || times <= SLOWER)),
        growth: format!(
            "{times:.1} × a hundredth; from {}, p99 {} ms at a tenth",
            millis(tenth.median),
            millis(tenth.p99)
        ),
    }
}

fn millis(value: f64) -> String {
    if value < 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}
