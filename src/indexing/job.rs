//! The background job that keeps the search index up to date.

use std::time::Duration;

use tokio::time::Instant;

use super::{IndexingError, RUNS, merging, runs};
use crate::clock::Clock;
use crate::store::{Store, StoreError};
use crate::work::{Every, Job, JobError, Outcome, Scope, StopPhase, Turn};

/// How often to look for work, at most.
const LOOK: Duration = Duration::from_secs(5);

/// With this many pending runs, indexing starts at once, however short they have waited.
const MANY: u32 = 500;

/// A run whose log was not packed this long after its end is indexed as it is.
const UNPACKED_US: i64 = 60_000_000;

/// Longest pause between two segments; otherwise it is as long as the work took, so that others get on.
const PAUSE: Duration = Duration::from_secs(1);

/// Takes pending runs into the index, and merges its segments.
#[derive(Debug)]
pub struct Indexing {
    store: Store,
    clock: Clock,
    /// How long runs may wait to be indexed if they are few. None: nothing is indexed.
    wait: Option<Duration>,
    every: Every,
    /// Since when runs are waiting.
    since: Option<Instant>,
}

impl Indexing {
    /// As a background job; `wait`: how long runs may wait to be indexed if they are few; none: nothing is indexed.
    /// Needs a runtime.
    #[must_use]
    pub fn new(store: Store, clock: Clock, wait: Option<Duration>) -> Self {
        let look = wait.map_or(LOOK, |wait| (wait / 2).min(LOOK));
        Self {
            store,
            clock,
            wait,
            every: Every::at_once(look),
            since: None,
        }
    }

    fn ended_by_us(&self) -> i64 {
        self.clock.now_us().saturating_sub(UNPACKED_US)
    }

    /// Whether there is something to do. Only reads: a claim of the work is a change.
    async fn has_work(&mut self) -> Result<bool, StoreError> {
        if self.store.has_words_to_forget().await? {
            return Ok(true);
        }
        let Some(wait) = self.wait else {
            return Ok(false);
        };
        let pending = self.store.pending_runs(self.ended_by_us(), MANY).await?;
        if pending.is_empty() {
            self.since = None;
        } else {
            let since = *self.since.get_or_insert_with(Instant::now);
            if pending.len() >= MANY as usize || since.elapsed() >= wait {
                return Ok(true);
            }
        }
        Ok(merging::choose(self.store.search_segments().await?).is_some())
    }

    async fn work(&mut self) -> Result<Outcome, IndexingError> {
        let mut outcome = Outcome::Idle;
        if self.store.has_words_to_forget().await? {
            self.store.forget_words().await?;
            outcome = Outcome::Done;
        }
        if self.wait.is_none() {
            return Ok(outcome);
        }
        // Left by a collector that was killed: no other one merges while this one has the lease.
        self.store.drop_unfinished_segments().await?;
        loop {
            let begun = Instant::now();
            let pending = self.store.pending_runs(self.ended_by_us(), RUNS).await?;
            let mut indexed = 0;
            if !pending.is_empty() {
                indexed = runs::index(&self.store, &pending).await?;
                metrics::counter!("playback_search_indexed_total").increment(indexed);
            }
            let chosen = merging::choose(self.store.search_segments().await?);
            if let Some(segments) = &chosen
                && !merging::merge_segments(&self.store, segments).await?
            {
                self.store.drop_unfinished_segments().await?;
            }
            if indexed > 0 || chosen.is_some() {
                outcome = Outcome::Done;
            }
            if chosen.is_none() && (indexed == 0 || pending.len() < RUNS as usize) {
                self.since = None;
                return Ok(outcome);
            }
            tokio::time::sleep(begun.elapsed().min(PAUSE)).await;
        }
    }
}

impl Job for Indexing {
    const NAME: &'static str = "search_index";
    const SCOPE: Scope = Scope::Cluster;
    const PHASE: StopPhase = StopPhase::Initiating;

    async fn due(&mut self) {
        loop {
            self.every.due().await;
            match self.has_work().await {
                Ok(true) => return,
                Ok(false) => {}
                // The next turn reads it again, and requests that need the database report its problem.
                Err(error) => tracing::debug!(%error, "work on the search index is not known"),
            }
        }
    }

    async fn run(&mut self, turn: &Turn) -> Result<Outcome, JobError> {
        // Interrupted work leaves runs pending, and segments as they were.
        let stop = turn.stop().clone();
        match stop.run_until_cancelled(self.work()).await {
            None => Ok(Outcome::Stopped),
            Some(done) => Ok(done?),
        }
    }
}
