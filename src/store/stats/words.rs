//! Which days may hold a text that somebody searches for: a set of what a day's runs hold stands beside its
//! roll-up, and is made with it.

use std::collections::{HashMap, VecDeque};

use super::super::StoreError;
use super::super::pool::Transaction;
use super::query::{DAYS, Span, push_span};
use super::read::{Which, push_runs};
use super::rolls::damaged;
use crate::model::{DAY_US, ExecutionKey, Trigrams, day_of};

/// Its kind among the parts of a roll-up.
pub(super) const KIND: i32 = 4;

pub(super) const LOAD: &str = "SELECT day, data FROM stat_rolls \
    WHERE kind = ? AND day >= ? AND day <= ? AND archived = ?";

const TEXTS: &str = "SELECT e.id, e.started_us, e.search FROM executions e WHERE ";

/// What the executions hold, compressed.
pub(super) async fn gather(
    transaction: &mut Transaction,
    which: &Which<'_>,
) -> Result<Vec<u8>, StoreError> {
    let mut set = Trigrams::default();
    let mut after: Option<(i64, ExecutionKey)> = None;
    loop {
        let mut query = transaction.query(TEXTS);
        push_runs(&mut query, which, after);
        let rows = query.fetch_all_in(transaction).await?;
        let Some(last) = rows.last() else {
            break;
        };
        after = Some((last.get("started_us")?, last.get("id")?));
        for row in &rows {
            set.add(row.get("search")?);
        }
    }
    zstd::bulk::compress(set.as_bytes(), 3).map_err(damaged)
}

/// The sets of those days that have one.
pub(super) async fn load(
    transaction: &mut Transaction,
    from_day: i64,
    to_day: i64,
) -> Result<HashMap<i64, Trigrams>, StoreError> {
    let rows = transaction
        .query(LOAD)
        .bind(KIND)
        .bind(from_day)
        .bind(to_day)
        .bind(false)
        .fetch_all_in(transaction)
        .await?;
    let mut sets = HashMap::with_capacity(rows.len());
    let size = Trigrams::default().as_bytes().len();
    let mut reader = zstd::bulk::Decompressor::new().map_err(damaged)?;
    for row in rows {
        let data: &[u8] = row.get("data")?;
        let set = Trigrams::from_bytes(reader.decompress(data, size).map_err(damaged)?);
        sets.insert(row.get("day")?, set.ok_or_else(|| damaged(()))?);
    }
    Ok(sets)
}

/// How many days are looked at first; then twice as many each time, up to the most. Whoever finds what they look
/// for in the last week need not wait for ten years.
const FIRST: usize = 8;
const MOST: usize = 128;

/// The times in which executions started that are over and may hold a text, one after the other in a list's
/// order. What may not be known is among them.
pub(in super::super) struct Candidates<'q> {
    text: &'q str,
    within: Span,
    ascending: bool,
    /// Days that are still to be looked at, in order, and whether their sets are current.
    days: VecDeque<(i64, bool)>,
    at_once: usize,
    found: VecDeque<Span>,
}

impl<'q> Candidates<'q> {
    /// Those that lie in a time. The text is one as it stands in what is searched.
    pub(in super::super) async fn new(
        transaction: &mut Transaction,
        text: &'q str,
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
            let day = row.get("day")?;
            let is_current = row.get::<i64>("version")? == row.get::<i64>("rolled")?;
            if ascending {
                days.push_back((day, is_current));
            } else {
                days.push_front((day, is_current));
            }
        }
        Ok(Self {
            text,
            within,
            ascending,
            days,
            at_once: FIRST,
            found: VecDeque::new(),
        })
    }

    /// The next one.
    pub(in super::super) async fn next(
        &mut self,
        transaction: &mut Transaction,
    ) -> Result<Option<Span>, StoreError> {
        while self.found.is_empty() && !self.days.is_empty() {
            let count = self.at_once.min(self.days.len());
            self.at_once = MOST.min(2 * self.at_once);
            let mut days: Vec<(i64, bool)> = self.days.drain(..count).collect();
            days.sort_unstable();
            self.look_at(transaction, &days).await?;
        }
        Ok(self.found.pop_front())
    }

    async fn look_at(
        &mut self,
        transaction: &mut Transaction,
        days: &[(i64, bool)],
    ) -> Result<(), StoreError> {
        let (Some((first, _)), Some((last, _))) = (days.first(), days.last()) else {
            return Ok(());
        };
        let sets = load(transaction, *first, *last).await?;
        let mut spans = Vec::new();
        for (day, is_current) in days {
            let set = sets.get(day).filter(|_| *is_current);
            if set.is_none_or(|set| set.may_hold(self.text)) {
                let starts_us = day.saturating_mul(DAY_US);
                let ends_us = starts_us.saturating_add(DAY_US - 1);
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
