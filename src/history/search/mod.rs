//! Searches the lines of all runs: what was printed, what tasks returned, what they are called. The newest run comes
//! first. Every line of an answer was read from the log, so an answer is never wrong; a search that takes too long ends
//! early, and says how far back it came.
//!
//! Layout:
//! - `query`: what a query says of a line; `needs`: what the index must have of such a line, or of its run; `hint`: a
//!   text that every such line has
//! - `walk`: from one run to the next, as far as time allows; `run`: the lines of one run
//! - `candidates`: the runs that the index does not rule out; `lookup`: those of one segment
//! - `scan`: one run's events → the lines that are meant; `texts`: what modules returned, text by text; `marks`: a
//!   line with its matches; `ahead`: logs are read ahead while nothing is found
//! - [`words`]: all lines of a run, for the index
//! - `facets`: counts; `cursor`: where a page ended

mod ahead;
mod candidates;
mod cursor;
mod facets;
mod hint;
mod lookup;
mod marks;
mod needs;
mod query;
mod run;
mod scan;
mod texts;
mod walk;
pub mod words;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use self::walk::Walk;
use super::HistoryError;
use crate::filter::LineTerm;
use crate::filter::query::Expression;
use crate::model::{ExecutionKey, ExecutionRow, Facet, SearchPage};
use crate::store::Store;

pub use cursor::SearchCursor;

/// Searches that run at a time: each takes as much of a processor as it gets.
const AT_A_TIME: usize = 2;

/// What a search looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sought {
    /// Lines.
    Lines,
    /// Runs that have such a line, each once.
    Runs,
}

/// A request to search.
#[derive(Debug, Clone)]
pub struct SearchRequest {
    /// The query.
    pub query: Expression<LineTerm>,
    /// Lines, or runs, at most.
    pub limit: usize,
    /// Lines before and after each one.
    pub context: usize,
    /// Facets to count by. Counting continues when there are enough lines.
    pub facets: BTreeSet<Facet>,
    /// How long it may take.
    pub timeout: Duration,
    /// Where an earlier search ended.
    pub after: Option<SearchCursor>,
}

impl SearchRequest {
    /// For runs with such a line.
    #[must_use]
    pub fn for_runs(query: Expression<LineTerm>, limit: usize, timeout: Duration) -> Self {
        Self {
            query,
            limit,
            context: 0,
            facets: BTreeSet::new(),
            timeout,
            after: None,
        }
    }
}

/// Runs with such a line, newest first.
#[derive(Debug)]
pub struct FoundRuns {
    /// The runs.
    pub rows: Vec<(ExecutionKey, ExecutionRow)>,
    /// Where to continue; none when everything was searched.
    pub next: Option<SearchCursor>,
    /// Start of the oldest run that was searched, if the time was up.
    pub searched_back_to: Option<DateTime<Utc>>,
}

/// Runs searches, a few at a time.
#[derive(Debug, Clone)]
pub struct Searches {
    store: Store,
    permits: Arc<Semaphore>,
}

impl Searches {
    /// For a store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            permits: Arc::new(Semaphore::new(AT_A_TIME)),
        }
    }

    /// Searches, until there are enough lines, or the time is over, or everything was searched.
    ///
    /// # Errors
    /// The store failed, or other searches did not leave this one any time.
    pub async fn search(&self, request: SearchRequest) -> Result<SearchPage, HistoryError> {
        Ok(self.walk(request, Sought::Lines).await?.into_page())
    }

    /// Searches for runs that have such a line, until there are enough, or the time is over, or everything was searched.
    ///
    /// # Errors
    /// The store failed, or other searches did not leave this one any time.
    pub async fn runs(&self, request: SearchRequest) -> Result<FoundRuns, HistoryError> {
        Ok(self.walk(request, Sought::Runs).await?.into_runs())
    }

    async fn walk(&self, request: SearchRequest, sought: Sought) -> Result<Walk<'_>, HistoryError> {
        let until = Instant::now() + request.timeout;
        let turn = tokio::time::timeout_at(until, self.permits.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(HistoryError::Busy);
        };
        let mut walk = Walk::new(&self.store, request, sought, until);
        walk.go().await?;
        Ok(walk)
    }
}
