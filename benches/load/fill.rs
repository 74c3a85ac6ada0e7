//! Fills a store with a year of a site's history through `Store::commit`, which ingestion uses, too.

use std::sync::mpsc::sync_channel;

use anyhow::{Result, anyhow};
use playback::model::{Changes, day_of};
use playback::store::Store;

use crate::clock::{Stopwatch, since_epoch};
use crate::history::History;
use crate::note;
use crate::place::{Database, blocking};
use crate::table::{megabytes, thousands};

/// Executions in a commit: about 50,000 results.
const COMMIT: usize = 2_500;

/// What was filled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filled {
    pub(crate) executions: u64,
    pub(crate) results: u64,
    /// When the last of them started.
    pub(crate) newest_us: i64,
    pub(crate) bytes: u64,
    pub(crate) seconds: f64,
}

impl Filled {
    /// How much it is, in words.
    pub(crate) fn told(&self) -> String {
        format!(
            "{} executions, {} results, {}",
            thousands(self.executions as f64),
            thousands(self.results as f64),
            megabytes(self.bytes)
        )
    }
}

/// Fills an empty database with so many executions.
pub(crate) fn fill(database: &Database, executions: u64) -> Result<Filled> {
    let newest_us = i64::try_from(since_epoch().as_micros())?;
    let watch = Stopwatch::start();
    let (sender, receiver) = sync_channel::<Vec<Changes>>(2);
    // Made beside the store's work: that shall be what it waits for.
    let making = std::thread::spawn(move || {
        let mut history = History::new(executions, newest_us);
        loop {
            let group: Vec<Changes> = history.by_ref().take(COMMIT).collect();
            if group.is_empty() || sender.send(group).is_err() {
                return;
            }
        }
    });
    let mut results = 0;
    blocking(async {
        let store = Store::open(&database.address).await?;
        let mut stored = 0;
        while let Ok(group) = receiver.recv() {
            store.commit(&group).await?;
            let before = stored / 100_000;
            stored += group.len();
            results += group.iter().map(|of| of.results.len() as u64).sum::<u64>();
            if stored / 100_000 > before {
                let rate = results as f64 / watch.elapsed().as_secs_f64();
                let (stored, rate) = (thousands(stored as f64), thousands(rate));
                note(&format!("  {stored} executions, {rate} results/s"));
            }
        }
        store.close().await;
        Ok(())
    })?;
    making
        .join()
        .map_err(|_| anyhow!("the history's thread panicked"))?;
    let seconds = watch.elapsed().as_secs_f64();
    // A history that grew day by day is indexed: what searches cost is T11's, and a collector that indexes a million runs
    // at once has one of two processors left for answers.
    database.execute("DELETE FROM search_pending")?;
    database.analyze()?;
    roll_up(database, newest_us)?;
    let filled = Filled {
        executions,
        results,
        newest_us,
        bytes: database.bytes()?,
        seconds,
    };
    note(&format!(
        "  {} in {seconds:.0} s: {} results/s, {} executions/s",
        filled.told(),
        thousands(results as f64 / seconds),
        thousands(executions as f64 / seconds),
    ));
    Ok(filled)
}

/// Rolls up the days that are over, as the collector of a history that grew day by day has done long ago.
fn roll_up(database: &Database, newest_us: i64) -> Result<()> {
    let watch = Stopwatch::start();
    let days = blocking(async {
        let store = Store::open(&database.address).await?;
        let days = store.days_to_roll(day_of(newest_us)).await?;
        for day in &days {
            store.roll_day(*day).await?;
        }
        store.close().await;
        Ok(days.len())
    })?;
    let seconds = watch.elapsed().as_secs_f64();
    note(&format!("  {days} days rolled up in {seconds:.0} s"));
    Ok(())
}
