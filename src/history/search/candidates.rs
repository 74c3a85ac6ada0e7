//! The runs that may contain matching lines, the newest first: those that the index does not rule out, and those that
//! it does not cover.
//!
//! The index changes during a search: runs are indexed, segments are merged. So it is read in *rounds*. A round begins
//! at a position of the list with one view of the whole; when a segment is no longer what it was then, the next round
//! begins where this one stopped.

use std::collections::{BinaryHeap, HashSet};
use std::sync::Arc;

use tokio::task::JoinSet;

use super::lookup::lookup;
use crate::model::{Cursor, ExecutionKey};
use crate::search::index::need::Need;
use crate::search::index::postings::Docs;
use crate::search::index::runs::RunState;
use crate::store::{SearchSegment, SearchView, Store, StoreError};

/// Pending runs of a round.
const UNINDEXED: u32 = 1_000;

/// Needs of this cost and above go through all terms of a segment.
const DEAR: u32 = 1_000;

/// The terms and times of a search.
#[derive(Debug)]
pub(super) struct SearchScope {
    pub(super) need: Need,
    /// Only runs that started at these times, in microseconds since the epoch.
    pub(super) from_us: i64,
    pub(super) to_us: i64,
}

/// One round.
#[derive(Debug)]
pub(super) struct Round {
    wanted: Arc<SearchScope>,
    /// Segments that were not read yet; the next one is the last.
    segments: Vec<SearchSegment>,
    /// The lookup in the next segment, if it was begun. Dropping it ends it.
    ahead: Option<LookupAhead>,
    /// Runs that may be meant, the newest on top.
    found: BinaryHeap<Candidate>,
    /// Runs that the index does not cover as they are.
    unindexed: HashSet<ExecutionKey>,
    /// Where the round begins.
    after: Option<Cursor>,
    /// Where it ends; none: with the oldest run.
    floor: Option<Cursor>,
    /// When the oldest run in the index started.
    lowest_us: Option<i64>,
    /// Runs that the index ruled out.
    pub(super) ruled_out: u64,
    /// Runs without a log, as far as the index contains them.
    pub(super) without_log: u64,
}

/// A run that may be meant; ordered by its place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    pub(super) started_us: i64,
    pub(super) key: ExecutionKey,
}

impl Candidate {
    fn of(at: Cursor) -> Self {
        Self {
            started_us: at.started_us,
            key: at.key,
        }
    }

    pub(super) fn cursor(self) -> Cursor {
        Cursor {
            started_us: self.started_us,
            key: self.key,
        }
    }
}

/// The next step of a round.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// These runs, the newest first.
    Runs(Vec<Candidate>),
    /// The index has changed: another round must begin.
    Changed,
    /// There are no more in this round; the next one begins here. None: there are no more at all.
    End(Option<Cursor>),
    /// The time is over; nothing is left before this position.
    Late(Cursor),
}

impl Round {
    /// Begins after a position.
    pub(super) async fn begin(
        store: &Store,
        wanted: Arc<SearchScope>,
        after: Option<Cursor>,
    ) -> Result<Self, StoreError> {
        let view = store.search_view(after, UNINDEXED).await?;
        Ok(Self::of(view, wanted, after))
    }

    fn of(view: SearchView, wanted: Arc<SearchScope>, after: Option<Cursor>) -> Self {
        let SearchView {
            mut segments,
            unindexed,
            floor,
        } = view;
        segments.sort_unstable_by_key(|segment| (segment.started_us.1, segment.id));
        let lowest_us = segments.iter().map(|segment| segment.started_us.0).min();
        let mut round = Self {
            wanted,
            segments: Vec::new(),
            ahead: None,
            found: BinaryHeap::new(),
            unindexed: unindexed.iter().map(|at| at.key).collect(),
            after,
            floor,
            lowest_us,
            ruled_out: 0,
            without_log: 0,
        };
        segments.retain(|segment| round.concerns(segment));
        round.segments = segments;
        let unindexed = unindexed.into_iter().map(Candidate::of);
        round.found = unindexed.filter(|run| round.includes(*run)).collect();
        round
    }

    /// When the oldest run in the index started.
    pub(super) fn lowest_us(&self) -> Option<i64> {
        self.lowest_us.map(|lowest| lowest.max(self.wanted.from_us))
    }

    /// Whether a run that was found is still where it was: otherwise it is found there, because it is pending.
    pub(super) fn is_still(&self, run: Candidate, started_us: i64) -> bool {
        run.started_us == started_us || self.unindexed.contains(&run.key)
    }

    /// Whether no run is left, in this round or another.
    pub(super) fn is_exhausted(&self) -> bool {
        self.found.is_empty() && self.segments.is_empty() && self.floor.is_none()
    }

    /// Whether a run belongs to this round.
    fn includes(&self, run: Candidate) -> bool {
        (self.wanted.from_us..=self.wanted.to_us).contains(&run.started_us)
            && self.after.is_none_or(|after| run < Candidate::of(after))
            && self.floor.is_none_or(|floor| run >= Candidate::of(floor))
    }

    /// Whether some runs of a segment may belong to this round.
    fn concerns(&self, segment: &SearchSegment) -> bool {
        let (lowest_us, highest_us) = segment.started_us;
        lowest_us <= self.wanted.to_us
            && highest_us >= self.wanted.from_us
            && self.after.is_none_or(|after| lowest_us <= after.started_us)
            && self
                .floor
                .is_none_or(|floor| highest_us >= floor.started_us)
    }

    /// Whether all runs of a segment belong to this round.
    fn holds(&self, segment: &SearchSegment) -> bool {
        let (lowest_us, highest_us) = segment.started_us;
        lowest_us >= self.wanted.from_us
            && highest_us <= self.wanted.to_us
            && self.after.is_none_or(|after| highest_us < after.started_us)
            && self.floor.is_none_or(|floor| lowest_us > floor.started_us)
    }

    /// The next runs; at most `limit`. `is_late` is asked before each look into the index.
    pub(super) async fn next(
        &mut self,
        store: &Store,
        limit: usize,
        is_late: impl Fn() -> bool,
    ) -> Result<Next, StoreError> {
        let mut runs: Vec<Candidate> = Vec::new();
        while runs.len() < limit {
            // A segment comes first if it may have a newer run.
            let newest = self.found.peek().copied();
            let is_first = |segment: &&SearchSegment| {
                newest.is_none_or(|newest| segment.started_us.1 >= newest.started_us)
            };
            if let Some(segment) = self.segments.last().filter(is_first).copied() {
                if !runs.is_empty() {
                    // They may be enough.
                    break;
                }
                let at = Cursor {
                    started_us: segment.started_us.1,
                    key: ExecutionKey::MAX,
                };
                // Each search gets on.
                let gets_on = self
                    .after
                    .is_none_or(|after| Candidate::of(at) < Candidate::of(after));
                if newest.is_none() && gets_on && is_late() {
                    return Ok(Next::Late(at));
                }
                self.segments.pop();
                if !self.open(store, &segment).await? {
                    return Ok(Next::Changed);
                }
                continue;
            }
            let Some(run) = self.found.pop() else { break };
            // A run may have been indexed twice.
            if runs.last() != Some(&run) {
                runs.push(run);
            }
        }
        match runs.is_empty() {
            true => Ok(Next::End(self.floor)),
            false => Ok(Next::Runs(runs)),
        }
    }

    /// The runs of a segment that may have such lines. Where all its terms are gone through, the next segment is looked up at
    /// the same time: one segment rarely has enough lines with such a text.
    async fn look_up(
        &mut self,
        store: &Store,
        segment: &SearchSegment,
    ) -> Result<Option<Docs>, StoreError> {
        let begun = self.ahead.take();
        if self.wanted.need.cost() >= DEAR {
            let next = self.segments.last();
            self.ahead = next.map(|next| LookupAhead::begin(store, next, &self.wanted));
        }
        if let Some(mut begun) = begun.filter(|begun| begun.segment == segment.id)
            && let Some(Ok(docs)) = begun.task.join_next().await
        {
            return docs;
        }
        lookup(store, segment, &self.wanted.need).await
    }

    /// Looks into a segment. False: it has changed.
    async fn open(&mut self, store: &Store, segment: &SearchSegment) -> Result<bool, StoreError> {
        let docs = match self.look_up(store, segment).await {
            // What is read while a segment changes may make no sense.
            Err(error @ StoreError::Damaged { .. }) => {
                return match store.is_unchanged(segment).await? {
                    true => Err(error),
                    false => Ok(false),
                };
            }
            docs => docs?,
        };
        let is_empty = docs.as_ref().is_some_and(Vec::is_empty);
        if is_empty && self.holds(segment) && segment.without_log == 0 {
            self.ruled_out += segment.runs;
            return store.is_unchanged(segment).await;
        }
        let Some(runs) = store.covered_runs(segment).await? else {
            return Ok(false);
        };
        let mut docs: Option<std::iter::Peekable<std::vec::IntoIter<u32>>> =
            docs.map(|docs: Docs| docs.into_iter().peekable());
        for (number, run) in (0_u32..).zip(runs) {
            let is_found = match &mut docs {
                Some(docs) => docs.next_if_eq(&number).is_some(),
                None => true,
            };
            let candidate = Candidate {
                started_us: run.started_us,
                key: run.key,
            };
            if !self.includes(candidate) || self.unindexed.contains(&run.key) {
                continue;
            }
            match run.state {
                RunState::Indexed if is_found => self.found.push(candidate),
                RunState::Indexed => self.ruled_out += 1,
                RunState::WithoutLog => self.without_log += 1,
                RunState::Removed => {}
            }
        }
        Ok(true)
    }
}

/// A lookup that goes on beside the search.
#[derive(Debug)]
struct LookupAhead {
    segment: i64,
    task: JoinSet<Result<Option<Docs>, StoreError>>,
}

impl LookupAhead {
    fn begin(store: &Store, segment: &SearchSegment, wanted: &Arc<SearchScope>) -> Self {
        let (store, of, wanted) = (store.clone(), *segment, wanted.clone());
        let mut task = JoinSet::new();
        task.spawn(async move { lookup(&store, &of, &wanted.need).await });
        Self {
            segment: segment.id,
            task,
        }
    }
}
