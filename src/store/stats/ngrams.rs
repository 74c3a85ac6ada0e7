//! Finds the days that may contain a searched text: a Bloom filter of the n-grams of a day's runs is stored beside its
//! roll-up, and made with it. It contains the version of the day, so that one left by an older program does no harm;
//! nor does one that cannot be read.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::StoreError;
use super::super::pool::Transaction;
use super::query::{DAYS, Span, push_span};
use super::read::{PAGE, RunSelection, push_runs};
use super::rolls::damaged;
use crate::model::{ExecutionKey, Part, day_of, span_of};
use crate::search::NgramFilter;

/// Its kind, in addition to the parts of a roll-up.
pub(super) const KIND: i32 = 4;
const _: () = assert!(KIND as usize == Part::ALL.len());

pub(super) const LOAD: &str = "SELECT day, data FROM stat_rolls \
    WHERE kind = ? AND day >= ? AND day <= ? AND archived = ?";

const TEXTS: &str = "SELECT e.id, e.started_us, e.search FROM executions e WHERE ";

/// Length of the version in bytes.
const VERSION: usize = size_of::<i64>();

/// The n-gram filter of a day's executions for this version of the day, as stored.
pub(super) async fn gather(
    transaction: &mut Transaction,
    which: &RunSelection<'_>,
    version: i64,
) -> Result<Vec<u8>, StoreError> {
    let mut set = NgramFilter::default();
    let mut after: Option<(i64, ExecutionKey)> = None;
    loop {
        let mut query = transaction.query(TEXTS);
        push_runs(&mut query, which, after);
        let rows = query.fetch_all_in(transaction).await?;
        for row in &rows {
            set.add(row.get("search")?);
        }
        let Some(last) = rows.last().filter(|_| rows.len() == PAGE as usize) else {
            break;
        };
        after = Some((last.get("started_us")?, last.get("id")?));
    }
    let mut data = version.to_le_bytes().to_vec();
    data.extend(zstd::bulk::compress(set.as_bytes(), 3).map_err(damaged)?);
    Ok(data)
}

/// Reads the output of [`gather`]: the version, and the filter.
fn read(data: &[u8]) -> Option<(i64, NgramFilter)> {
    let (version, data) = data.split_first_chunk::<VERSION>()?;
    let size = NgramFilter::default().as_bytes().len();
    let set = zstd::bulk::decompress(data, size).ok()?;
    Some((i64::from_le_bytes(*version), NgramFilter::from_bytes(set)?))
}

/// Number of filters cached in memory, at 16 KB each.
const KEPT: usize = 1000;

/// Cached filters, by day, each with its version.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct NgramCache(Arc<Mutex<BTreeMap<i64, (i64, NgramFilter)>>>);

impl NgramCache {
    fn sets(&self) -> MutexGuard<'_, BTreeMap<i64, (i64, NgramFilter)>> {
        // The lock may be poisoned, but a panic never leaves this map half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The days whose current version is not cached.
    fn missing(&self, days: &[(i64, i64)]) -> Vec<i64> {
        let sets = self.sets();
        let known =
            |(day, version): &&(i64, i64)| sets.get(day).is_some_and(|(shown, _)| shown == version);
        let missing = days.iter().filter(|day| !known(day));
        missing.map(|(day, _)| *day).collect()
    }

    /// Reads the filters of those days that have one.
    async fn load(
        &self,
        transaction: &mut Transaction,
        (first, last): (i64, i64),
    ) -> Result<(), StoreError> {
        let rows = transaction
            .query(LOAD)
            .bind(KIND)
            .bind(first)
            .bind(last)
            .bind(false)
            .fetch_all_in(transaction)
            .await?;
        let mut sets = self.sets();
        for row in rows {
            let day = row.get("day")?;
            match read(row.get("data")?) {
                Some(set) => sets.insert(day, set),
                // Unreadable: ignored, without harm.
                None => sets.remove(&day),
            };
        }
        // The oldest are needed least.
        while sets.len() > KEPT {
            sets.pop_first();
        }
        Ok(())
    }

    /// Whether a day, in its current version, may contain a text.
    fn may_hold(&self, (day, version): (i64, i64), text: &str) -> bool {
        match self.sets().get(&day) {
            Some((shown, set)) if *shown == version => set.may_hold(text),
            _ => true,
        }
    }
}

/// Number of days examined first; each further round doubles it, up to the maximum. A match in the last week need not
/// wait for ten years.
const FIRST: usize = 8;
const MOST: usize = 128;

/// The periods that may contain finished executions with one of some texts, one after the other in a list's order. Days without a
/// current filter are included.
pub(in super::super) struct Candidates<'q> {
    known: &'q NgramCache,
    texts: &'q [String],
    within: Span,
    ascending: bool,
    /// Days still to be examined, in order, with their versions.
    days: VecDeque<(i64, i64)>,
    at_once: usize,
    found: VecDeque<Span>,
}

impl<'q> Candidates<'q> {
    /// Candidates within a period. The texts must be normalized like the searched texts.
    pub(in super::super) async fn new(
        transaction: &mut Transaction,
        known: &'q NgramCache,
        texts: &'q [String],
        within: Span,
        ascending: bool,
    ) -> Result<Self, StoreError> {
        let rows = transaction
            .query(DAYS)
            .bind(day_of(within.0))
            .bind(day_of(within.1))
            .fetch_all_in(transaction)
            .await?;
        let mut days = VecDeque::with_capacity(rows.len());
        for row in rows {
            let day = (row.get("day")?, row.get("version")?);
            if ascending {
                days.push_back(day);
            } else {
                days.push_front(day);
            }
        }
        Ok(Self {
            known,
            texts,
            within,
            ascending,
            days,
            at_once: FIRST,
            found: VecDeque::new(),
        })
    }

    /// The next period.
    pub(in super::super) async fn next(
        &mut self,
        transaction: &mut Transaction,
    ) -> Result<Option<Span>, StoreError> {
        while self.found.is_empty() && !self.days.is_empty() {
            let count = self.at_once.min(self.days.len());
            self.at_once = MOST.min(2 * self.at_once);
            let mut days: Vec<(i64, i64)> = self.days.drain(..count).collect();
            days.sort_unstable();
            self.look_at(transaction, &days).await?;
        }
        Ok(self.found.pop_front())
    }

    async fn look_at(
        &mut self,
        transaction: &mut Transaction,
        days: &[(i64, i64)],
    ) -> Result<(), StoreError> {
        let missing = self.known.missing(days);
        if let (Some(first), Some(last)) = (missing.first(), missing.last()) {
            self.known.load(transaction, (*first, *last)).await?;
        }
        let mut spans = Vec::new();
        for day in days {
            let may_hold = |text: &String| self.known.may_hold(*day, text);
            if self.texts.iter().any(may_hold) {
                let (starts_us, ends_us) = span_of(day.0);
                let within = (self.within.0.max(starts_us), self.within.1.min(ends_us));
                push_span(&mut spans, within);
            }
        }
        if !self.ascending {
            spans.reverse();
        }
        self.found.extend(spans);
        Ok(())
    }
}
