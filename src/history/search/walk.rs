//! A search in progress: from one run to the next, in the order of the list, until there is enough, or the time is over.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use tokio::time::Instant;

use super::ahead::ReadAhead;
use super::candidates::{Candidate, Next, Round, SearchScope};
use super::cursor::Position;
use super::facets::Counts;
use super::needs::need_of_run;
use super::query::LineQuery;
use super::{FoundRuns, SearchCursor, SearchRequest, Sought};
use crate::history::HistoryError;
use crate::model::{Cursor, ExecutionKey, ExecutionRow, Page, SearchPage, time_from_us};
use crate::search::index::need::Need;
use crate::store::{Store, StoreError};

/// Runs that are looked up at once.
const RUNS: u32 = 100;

/// Candidates that are looked up first, as the newest ones may have enough lines; then four times as many, up to the second
/// number.
const FIRST_RUNS: usize = 20;
const MOST_RUNS: usize = 800;

/// Runs of the hosts that a query names, beyond which they are not listed beforehand.
const RUNS_OF_HOSTS: u32 = 10_000;

/// A search in progress.
pub(super) struct Walk<'s> {
    pub(super) store: &'s Store,
    pub(super) query: Arc<LineQuery>,
    wanted: Arc<SearchScope>,
    pub(super) request: SearchRequest,
    pub(super) sought: Sought,
    until: Instant,
    pub(super) page: SearchPage,
    /// The runs found, if runs are sought.
    pub(super) found: Vec<(ExecutionKey, ExecutionRow)>,
    pub(super) counts: Option<Counts>,
    /// Where the next page begins, once this one is full.
    pub(super) next: Option<SearchCursor>,
    /// Where the search has come to.
    pub(super) at: Option<SearchCursor>,
    pub(super) ahead: ReadAhead,
}

impl<'s> Walk<'s> {
    pub(super) fn new(
        store: &'s Store,
        request: SearchRequest,
        sought: Sought,
        until: Instant,
    ) -> Self {
        let facets = &request.facets;
        let query = LineQuery::new(&request.query);
        let wanted = SearchScope {
            need: need_of_run(&request.query),
            from_us: query.runs.from_us.unwrap_or(i64::MIN),
            to_us: query.runs.to_us.unwrap_or(i64::MAX),
        };
        Self {
            store,
            query: Arc::new(query),
            wanted: Arc::new(wanted),
            counts: (!facets.is_empty()).then(|| Counts::of(facets)),
            at: request.after,
            request,
            sought,
            until,
            page: SearchPage::default(),
            found: Vec::new(),
            next: None,
            ahead: ReadAhead::default(),
        }
    }

    pub(super) fn is_late(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Whether nothing is left to do.
    pub(super) fn is_full(&self) -> bool {
        self.next.is_some() && self.counts.is_none()
    }

    /// Searches one run after the other.
    pub(super) async fn go(&mut self) -> Result<(), HistoryError> {
        // An earlier search may have ended within a run.
        if let Some(SearchCursor {
            within: Some((id, position)),
            ..
        }) = self.request.after
            && let Some((key, row)) = self.store.execution(id).await?
        {
            self.run(key, &row, position).await?;
        }
        let mut is_first = self
            .request
            .after
            .is_none_or(|after| after.within.is_none());
        if self.wanted.need != Need::Nothing {
            match self.candidates(&mut is_first).await {
                Err(HistoryError::Store(error @ StoreError::Damaged { .. })) => {
                    tracing::error!(%error, "a search reads all logs instead");
                }
                done => return done,
            }
        }
        loop {
            let page = Page {
                limit: RUNS,
                offset: 0,
                after: self.at.map(|at| at.run),
                ascending: false,
            };
            if !self.goes_on(is_first) {
                return Ok(());
            }
            let runs = self.store.executions(&self.query.runs, &page).await?;
            let is_last = runs.len() < RUNS as usize;
            let mut runs = VecDeque::from(runs);
            while !runs.is_empty() {
                if !self.goes_on(is_first) {
                    return Ok(());
                }
                is_first = false;
                let next = runs.iter().map(|(key, row)| (*key, row));
                let logs = self.ahead.logs(&self.query, next);
                self.ahead.read(self.store, logs).await?;
                let Some((key, row)) = runs.pop_front() else {
                    break;
                };
                self.run(key, &row, Position::default()).await?;
            }
            if is_last {
                if !self.page.timed_out {
                    self.at = None;
                }
                return Ok(());
            }
        }
    }

    /// Searches the runs that the index does not rule out.
    async fn candidates(&mut self, is_first: &mut bool) -> Result<(), HistoryError> {
        let wanted = self.wanted.clone();
        while self.goes_on(*is_first) {
            let after = self.at.map(|at| at.run);
            let mut round = Round::begin(self.store, wanted.clone(), after).await?;
            // Read after the view of the index, so that it has the hosts of all runs in it.
            let runs_of_hosts = self.runs_of_hosts().await?;
            let end = self
                .round(&mut round, runs_of_hosts.as_ref(), is_first)
                .await?;
            if end != RoundEnd::Changed {
                self.page.runs_ruled_out += round.ruled_out;
                self.page.runs_without_log += round.without_log;
            }
            match end {
                RoundEnd::Stopped => return Ok(()),
                RoundEnd::Changed => {}
                RoundEnd::At(Some(floor)) => self.passed(floor),
                RoundEnd::At(None) => {
                    if let Some(lowest_us) = round.lowest_us() {
                        self.searched_back_to(lowest_us);
                    }
                    self.at = None;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The runs of the hosts that the query names, if they are few: most candidates are none of these, and reading their records
    /// to find that out takes longer than the search.
    async fn runs_of_hosts(&self) -> Result<Option<HashSet<ExecutionKey>>, HistoryError> {
        match &self.query.only_hosts {
            None => Ok(None),
            Some(names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                Ok(self
                    .store
                    .executions_of_hosts(&names, RUNS_OF_HOSTS)
                    .await?)
            }
        }
    }

    /// Searches the runs of one view of the index; `runs_of_hosts` are all that can be meant, if this is known.
    async fn round(
        &mut self,
        round: &mut Round,
        runs_of_hosts: Option<&HashSet<ExecutionKey>>,
        is_first: &mut bool,
    ) -> Result<RoundEnd, HistoryError> {
        let mut at_once = FIRST_RUNS;
        while self.goes_on(*is_first) {
            let until = self.until;
            let is_late = || Instant::now() >= until;
            let runs = match round.next(self.store, at_once, is_late).await? {
                Next::Runs(runs) => runs,
                Next::Changed => return Ok(RoundEnd::Changed),
                Next::End(floor) => return Ok(RoundEnd::At(floor)),
                Next::Late(at) => {
                    self.passed(at);
                    self.searched_back_to(at.started_us);
                    self.page.timed_out = true;
                    return Ok(RoundEnd::Stopped);
                }
            };
            at_once = (at_once * 4).min(MOST_RUNS);
            let is_of_hosts =
                |key: &ExecutionKey| runs_of_hosts.is_none_or(|runs| runs.contains(key));
            let keys = runs.iter().map(|run| run.key).filter(is_of_hosts);
            let keys: Vec<ExecutionKey> = keys.collect();
            let rows = self.store.executions_among(&self.query.runs, &keys).await?;
            let mut rows: HashMap<ExecutionKey, ExecutionRow> = rows.into_iter().collect();
            let runs = runs.into_iter().map(|run| {
                let row = rows.remove(&run.key);
                (run, row.filter(|row| round.is_still(run, row.started_us)))
            });
            let mut runs: VecDeque<(Candidate, Option<ExecutionRow>)> = runs.collect();
            while !runs.is_empty() {
                if !self.goes_on(*is_first) {
                    return Ok(RoundEnd::Stopped);
                }
                *is_first = false;
                let next = runs.iter();
                let next = next.filter_map(|(run, row)| row.as_ref().map(|row| (run.key, row)));
                let logs = self.ahead.logs(&self.query, next);
                self.ahead.read(self.store, logs).await?;
                let Some((run, row)) = runs.pop_front() else {
                    break;
                };
                let Some(row) = row else {
                    self.passed(run.cursor());
                    continue;
                };
                self.run(run.key, &row, Position::default()).await?;
                if self.at.is_none_or(|at| at.within.is_none()) {
                    self.passed(run.cursor());
                }
            }
            if !self.page.timed_out && !self.is_full() && round.is_exhausted() {
                return Ok(RoundEnd::At(None));
            }
        }
        Ok(RoundEnd::Stopped)
    }

    /// Nothing is left to do up to this position.
    fn passed(&mut self, run: Cursor) {
        self.at = Some(SearchCursor { run, within: None });
    }

    fn searched_back_to(&mut self, started_us: i64) {
        let time = time_from_us(started_us);
        let oldest = self.page.searched_back_to;
        self.page.searched_back_to = Some(oldest.map_or(time, |oldest| oldest.min(time)));
    }

    /// Whether the next run is to be searched; at least one is, so that every search gets on.
    fn goes_on(&mut self, is_first: bool) -> bool {
        if self.is_full() || self.page.timed_out {
            return false;
        }
        if !is_first && self.is_late() {
            self.page.timed_out = true;
            return false;
        }
        true
    }

    /// The runs that were found.
    pub(super) fn into_runs(mut self) -> FoundRuns {
        let (rows, next) = (std::mem::take(&mut self.found), self.goes_on_at());
        let page = self.into_page();
        FoundRuns {
            rows,
            next,
            searched_back_to: page.searched_back_to.filter(|_| page.timed_out),
        }
    }

    /// Where the next search continues; none when everything was searched.
    fn goes_on_at(&self) -> Option<SearchCursor> {
        self.next.or(self.at.filter(|_| self.page.timed_out))
    }

    /// The lines that were found.
    pub(super) fn into_page(self) -> SearchPage {
        let next = self.goes_on_at();
        let Self {
            mut page, counts, ..
        } = self;
        metrics::counter!("playback_search_runs_read_total").increment(page.runs_searched);
        page.next_cursor = next.map(SearchCursor::encode);
        page.facets = counts.map(Counts::answer);
        page
    }
}

/// How a round ended.
#[derive(Debug, PartialEq, Eq)]
enum RoundEnd {
    /// The search is over, or has no more time.
    Stopped,
    /// The index has changed.
    Changed,
    /// Everything up to this position was searched; none: everything.
    At(Option<Cursor>),
}
