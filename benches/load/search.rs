//! T11: the search index: how fast it is built, how large it is, and how long searches take with it.

use std::sync::mpsc::sync_channel;

use anyhow::{Result, anyhow};
use playback::indexing::{index_all, merge_all};
use playback::model::Changes;
use playback::store::Store;

use crate::asking::{Asker, Took, encoded};
use crate::clock::{Stopwatch, since_epoch};
use crate::collector::Collector;
use crate::history::Random;
use crate::place::{Database, ENGINES, Place, blocking};
use crate::table::{Row, megabytes, thousands};
use crate::text::{RARE, Texts};
use crate::{Scratch, Selection, note};

/// Runs where nothing else is said: each has about 15 KB of events.
const RUNS: u64 = 100_000;

/// Runs in a commit.
const COMMIT: usize = 1_000;

/// What is searched for, by kind, and how long it may take (95th percentile), in milliseconds.
const KINDS: [(&str, f64); 13] = [
    ("frequent word", 50.0),
    ("rare word", 50.0),
    ("absent word", 50.0),
    ("address", 50.0),
    ("path", 50.0),
    ("host and word", 50.0),
    ("frequent phrase", 150.0),
    ("rare part of a word", 500.0),
    ("regex with a literal", 600.0),
    ("NOT", 1_000.0),
    (RUNS_OF_TASK, 150.0),
    (RUNS_OF_NO_TASK, 50.0),
    (RUNS_OF_REGEX, 600.0),
];

/// Lists of runs by their lines.
const RUNS_OF_TASK: &str = "runs by task and phrase";
const RUNS_OF_NO_TASK: &str = "runs by absent task";
const RUNS_OF_REGEX: &str = "runs by regex with a literal";

pub(crate) fn rows(scratch: &Scratch, asked: &Selection) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (engine, name) in ENGINES {
        if !asked.includes(&format!("T11/{name}")) {
            continue;
        }
        let place = Place::new(engine, scratch);
        let runs = asked_runs()?;
        let small = one(&place, runs / 10)?;
        let large = one(&place, runs)?;
        rows.extend(told(name, runs, &small, &large));
    }
    Ok(rows)
}

fn asked_runs() -> Result<u64> {
    #[expect(clippy::disallowed_methods, reason = "whoever measures says so")]
    let asked = std::env::var("PLAYBACK_BENCH_SEARCHED");
    match asked {
        Ok(asked) => Ok(asked.parse()?),
        Err(_) => Ok(RUNS),
    }
}

/// What was measured.
struct Measured {
    raw_bytes: u64,
    log_bytes: u64,
    index_bytes: u64,
    segments: u64,
    build_seconds: f64,
    merge_seconds: f64,
    took: Vec<Option<Took>>,
}

fn one(place: &Place<'_>, runs: u64) -> Result<Measured> {
    let database = place.database(&format!("searched-{runs}"));
    note(&format!("T11: filling {} runs", thousands(runs as f64)));
    let raw_bytes = fill(&database, runs)?;
    let log_bytes = database.number("SELECT CAST(SUM(LENGTH(data)) AS BIGINT) FROM event_blocks");
    // MySQL has another name for the type.
    let log_bytes = log_bytes.or_else(|_| {
        database.number("SELECT CAST(SUM(LENGTH(data)) AS SIGNED) FROM event_blocks")
    })?;
    let (build_seconds, merge_seconds, figures) = blocking(async {
        let store = Store::open(&database.address).await?;
        let watch = Stopwatch::start();
        let indexed = index_all(&store).await?;
        anyhow::ensure!(indexed == runs, "{indexed} of {runs} runs were indexed");
        let build_seconds = watch.elapsed().as_secs_f64();
        let watch = Stopwatch::start();
        merge_all(&store).await?;
        let merge_seconds = watch.elapsed().as_secs_f64();
        let figures = store.search_figures().await?;
        store.close().await;
        Ok((build_seconds, merge_seconds, figures))
    })?;
    database.analyze()?;
    note(&format!(
        "  {} of events, log {}, index {} in {} segments; built in {build_seconds:.1} s, merged in {merge_seconds:.1} s",
        megabytes(raw_bytes),
        megabytes(log_bytes.unsigned_abs()),
        megabytes(figures.bytes),
        figures.segments,
    ));
    let collector = Collector::start_on(&database.address)?;
    let asker = Asker::of(&collector);
    let mut random = Random::seeded(5);
    let mut took = Vec::new();
    for (kind, _) in KINDS {
        let of_kind = asker.time(|| {
            let q = query(kind, runs, &mut random);
            let path = match kind {
                RUNS_OF_TASK | RUNS_OF_NO_TASK | RUNS_OF_REGEX => "executions",
                _ => "search",
            };
            vec![format!(
                "/api/v1/ansible/{path}?limit=20&timeout=60&q={}",
                encoded(&q)
            )]
        })?;
        if let Some(took) = of_kind {
            note(&format!(
                "  {kind}: median {:.1} ms, p95 {:.1} ms ({} times)",
                took.median, took.p95, took.times
            ));
        }
        took.push(of_kind);
    }
    collector.stop()?;
    database.remove(place)?;
    Ok(Measured {
        raw_bytes,
        log_bytes: log_bytes.unsigned_abs(),
        index_bytes: figures.bytes,
        segments: figures.segments,
        build_seconds,
        merge_seconds,
        took,
    })
}

fn query(kind: &str, runs: u64, random: &mut Random) -> String {
    let any = random.below(runs.div_ceil(RARE)) * RARE;
    match kind {
        "frequent word" => "listening".to_owned(),
        "rare word" => Texts::rare(any),
        "absent word" => format!("absent{:x}", random.next()),
        "address" => format!(
            "10.{}.{}.{}",
            random.below(8),
            random.below(256),
            random.below(256)
        ),
        "path" => "/usr/lib/systemd/system".to_owned(),
        "host and word" => format!("host:web-{:03}.example.org refused", random.below(400)),
        "frequent phrase" => "\"No space left on device\"".to_owned(),
        "rare part of a word" => {
            let word = Texts::rare(any);
            format!("*{}*", &word[3..word.len() - 3])
        }
        "regex with a literal" | RUNS_OF_REGEX => "/corrupt[0-9a-f]+sector/".to_owned(),
        RUNS_OF_TASK => "task:Install* \"No space left on device\"".to_owned(),
        RUNS_OF_NO_TASK => format!("task:\"Absent {:x}\"", random.next()),
        _ => "refused NOT connect".to_owned(),
    }
}

/// Fills a database; returns the size of all events, in bytes.
fn fill(database: &Database, runs: u64) -> Result<u64> {
    let newest_us = i64::try_from(since_epoch().as_micros())?;
    let (sender, receiver) = sync_channel::<Result<Vec<Changes>>>(2);
    let making = std::thread::spawn(move || {
        let mut texts = Texts::new(runs, newest_us);
        loop {
            let group: Result<Vec<Changes>> = texts.by_ref().take(COMMIT).collect();
            let is_last = group.as_ref().map_or(true, Vec::is_empty);
            if sender.send(group).is_err() || is_last {
                return;
            }
        }
    });
    let mut raw_bytes = 0;
    blocking(async {
        let store = Store::open(&database.address).await?;
        while let Ok(group) = receiver.recv() {
            let group = group?;
            if group.is_empty() {
                break;
            }
            let blocks = group.iter().flat_map(|changes| &changes.blocks);
            raw_bytes += blocks.map(|block| block.raw_bytes).sum::<u64>();
            let keys = store.commit(&group).await?;
            // As packing does.
            for keys in keys.chunks(200) {
                store.measure(keys).await?;
            }
        }
        store.close().await;
        Ok(())
    })?;
    making
        .join()
        .map_err(|_| anyhow!("the thread that makes runs panicked"))?;
    Ok(raw_bytes)
}

fn told(name: &str, runs: u64, small: &Measured, large: &Measured) -> Vec<Row> {
    let share = |of: &Measured, bytes: u64| of.index_bytes as f64 * 100.0 / bytes as f64;
    let (of_raw, of_log) = (share(large, large.raw_bytes), share(large, large.log_bytes));
    let rate = |of: &Measured| of.raw_bytes as f64 / 1e6 / of.build_seconds;
    let mut rows = vec![
        Row {
            target: "T11",
            what: format!(
                "{name}, {} runs: index ÷ events / ÷ log",
                thousands(runs as f64)
            ),
            wanted: "≤ 4.5 % / ≤ 25 %".to_owned(),
            measured: format!("{of_raw:.1} % / {of_log:.1} %, {} segments", large.segments),
            reached: Some(of_raw <= 4.5 && of_log <= 25.0),
            growth: format!(
                "from {:.1} % / {:.1} %",
                share(small, small.raw_bytes),
                share(small, small.log_bytes)
            ),
        },
        Row {
            target: "T11",
            what: format!("{name}: events indexed"),
            wanted: "≥ 80 MB/s".to_owned(),
            measured: format!(
                "{:.0} MB/s, and {:.1} s of merging",
                rate(large),
                large.merge_seconds
            ),
            reached: Some(rate(large) >= 80.0),
            growth: format!("from {:.0} MB/s", rate(small)),
        },
    ];
    for (at, (kind, limit)) in KINDS.iter().enumerate() {
        let (Some(Some(few)), Some(Some(many))) = (small.took.get(at), large.took.get(at)) else {
            continue;
        };
        rows.push(Row {
            target: "T11",
            what: format!("{name}, {kind}, first 20, median / p95"),
            wanted: format!("p95 ≤ {limit:.0} ms"),
            measured: format!("{:.1} / {:.1} ms", many.median, many.p95),
            reached: Some(many.p95 <= *limit),
            growth: format!("from {:.1} / {:.1} ms", few.median, few.p95),
        });
    }
    rows
}
