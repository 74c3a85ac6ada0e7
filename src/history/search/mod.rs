//! Searches the lines of all runs: what was printed, what tasks returned, what they are called. The newest run comes
//! first. Every line of an answer was read from the log, so an answer is never wrong; a search that takes too long ends
//! early, and says how far back it came.
//!
//! Layout:
//! - `query`: what a query says of a line; `needs`: what the index must have of such a line; `hint`: a text that every such
//!   line has
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
mod scan;
mod texts;
pub mod words;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use self::ahead::ReadAhead;
use self::candidates::{Candidate, Next, Round, SearchScope};
use self::cursor::Position;
use self::facets::Counts;
use self::needs::need_of_run;
use self::query::{LineQuery, RunQuery};
use self::scan::{Hit, Scan, ScanOptions, ScanStart};
use self::words::searched_producers;
use super::{HistoryError, is_final};
use crate::filter::LineTerm;
use crate::filter::query::Expression;
use crate::model::{
    Cursor, ExecutionKey, ExecutionRow, Facet, FoundRun, FoundTask, Page, SearchHit, SearchPage,
    TaskRow, time_from_us,
};
use crate::search::index::need::Need;
use crate::store::{Store, StoreError};

pub use cursor::SearchCursor;

/// Searches that run at a time: each takes as much of a processor as it gets.
const AT_A_TIME: usize = 2;

/// Runs that are looked up at once.
const RUNS: u32 = 100;

/// Candidates that are looked up first, as the newest ones may have enough lines; then four times as many, up to the second
/// number.
const FIRST_RUNS: usize = 20;
const MOST_RUNS: usize = 800;

/// Runs of the hosts that a query names, beyond which they are not listed beforehand.
const RUNS_OF_HOSTS: u32 = 10_000;

/// Blocks that are fetched at once; each is half a megabyte to expand.
const BLOCKS: u32 = 8;

/// Blocks that are read for the lines around a found one when the time is over already.
const LATE_BLOCKS: u32 = 8 * BLOCKS;

/// Tasks that are looked up at once.
const TASKS: u32 = 10_000;

/// Lines that are read from a run at once when they are only counted.
const COUNTED: usize = 1_000;

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
        Ok(self.walk(request, Sought::Lines).await?.answer())
    }

    /// Searches for runs that have such a line, until there are enough, or the time is over, or everything was searched.
    ///
    /// # Errors
    /// The store failed, or other searches did not leave this one any time.
    pub async fn runs(&self, request: SearchRequest) -> Result<FoundRuns, HistoryError> {
        let mut walk = self.walk(request, Sought::Runs).await?;
        let rows = std::mem::take(&mut walk.found);
        let next = walk.goes_on_at();
        let page = walk.answer();
        Ok(FoundRuns {
            rows,
            next,
            searched_back_to: page.searched_back_to.filter(|_| page.timed_out),
        })
    }

    async fn walk(&self, request: SearchRequest, sought: Sought) -> Result<Walk<'_>, HistoryError> {
        let until = Instant::now() + request.timeout;
        let turn = tokio::time::timeout_at(until, self.permits.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(HistoryError::Busy);
        };
        let mut walk = Walk::new(&self.store, request, sought, until);
        walk.runs().await?;
        Ok(walk)
    }
}

/// A search in progress.
struct Walk<'s> {
    store: &'s Store,
    query: Arc<LineQuery>,
    wanted: Arc<SearchScope>,
    request: SearchRequest,
    sought: Sought,
    until: Instant,
    page: SearchPage,
    /// The runs found, if runs are sought.
    found: Vec<(ExecutionKey, ExecutionRow)>,
    counts: Option<Counts>,
    /// Where the next page begins, once this one is full.
    next: Option<SearchCursor>,
    /// Where the search has come to.
    at: Option<SearchCursor>,
    ahead: ReadAhead,
}

impl<'s> Walk<'s> {
    fn new(store: &'s Store, request: SearchRequest, sought: Sought, until: Instant) -> Self {
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

    fn is_late(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Whether nothing is left to do.
    fn is_full(&self) -> bool {
        self.next.is_some() && self.counts.is_none()
    }

    /// Searches one run after the other.
    async fn runs(&mut self) -> Result<(), HistoryError> {
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

    /// Searches a run, from a position on.
    async fn run(
        &mut self,
        key: ExecutionKey,
        row: &ExecutionRow,
        from: Position,
    ) -> Result<(), HistoryError> {
        let run = Cursor {
            started_us: row.started_us,
            key,
        };
        let begun = time_from_us(row.started_us);
        self.page.searched_back_to = Some(begun);
        let is_pinned = match self.query.asks_for_pins() {
            true => !self.store.pins(&[row.id]).await?.is_empty(),
            false => false,
        };
        let mut of_hosts = Vec::with_capacity(self.query.of_hosts.len());
        for filter in &self.query.of_hosts {
            let found = self.store.executions_among(filter, &[key]).await?;
            of_hosts.push(!found.is_empty());
        }
        let lines = self.query.of_run(row, is_pinned, &of_hosts);
        let done = SearchCursor { run, within: None };
        let Some(lines) = lines else {
            self.page.runs_searched += 1;
            self.at = Some(done);
            return Ok(());
        };
        if row.log.is_removed() {
            self.page.runs_without_log += 1;
            self.at = Some(done);
            return Ok(());
        }
        self.page.runs_searched += 1;
        if from == Position::default() && self.ahead.has_no_line(key) {
            self.ahead.searched(false);
            self.at = Some(done);
            return Ok(());
        }
        let lines = Arc::new(lines);
        let mut tasks = match self.query.needs_tasks || self.counts.is_some() {
            true => self.tasks(key).await?,
            false => HashMap::new(),
        };
        let mut has_lines = false;
        let mut from = from;
        loop {
            let (hits, reached) = self.part(key, row, &lines, from, &mut tasks).await?;
            if self.sought == Sought::Runs && !hits.is_empty() {
                self.ahead.searched(true);
                self.found.push((key, row.clone()));
                self.at = Some(done);
                if self.found.len() == self.request.limit {
                    self.next = Some(done);
                }
                return Ok(());
            }
            if !hits.is_empty()
                && !std::mem::replace(&mut has_lines, true)
                && let Some(counts) = &mut self.counts
            {
                counts.add_run();
            }
            for hit in hits {
                let position = hit.position;
                self.take(key, row, hit, &mut tasks).await?;
                let at = SearchCursor {
                    run,
                    within: Some((row.id, position)),
                };
                if self.next.is_none() && self.page.hits.len() == self.request.limit {
                    self.next = Some(at);
                }
            }
            match reached {
                None => {
                    self.ahead.searched(has_lines);
                    self.at = Some(done);
                    return Ok(());
                }
                Some(position) => {
                    let within = Some((row.id, position));
                    self.at = Some(SearchCursor { run, within });
                    from = position;
                }
            }
            if self.is_full() {
                return Ok(());
            }
            if self.is_late() {
                self.page.timed_out = true;
                return Ok(());
            }
        }
    }

    /// Reads on in a run: until there are as many lines as are wanted, or the time is over. Returns the lines, and how
    /// far it came; none for the end of the run.
    async fn part(
        &self,
        key: ExecutionKey,
        row: &ExecutionRow,
        lines: &Arc<RunQuery>,
        from: Position,
        tasks: &mut HashMap<u32, FoundTask>,
    ) -> Result<(Vec<Hit>, Option<Position>), HistoryError> {
        let parts = searched_producers(row);
        let left = match self.sought {
            Sought::Lines => self.request.limit.saturating_sub(self.page.hits.len()),
            Sought::Runs => 1,
        };
        let options = ScanOptions {
            query: self.query.clone(),
            limit: if left > 0 { left } else { COUNTED },
            context: if left > 0 { self.request.context } else { 0 },
        };
        let Some(producer) = parts.get(usize::from(from.part)).copied() else {
            return Ok((Vec::new(), None));
        };
        let mut scan = Scan::new(ScanStart {
            options,
            run: lines.clone(),
            part: from.part,
            has_output: producer == row.output_from,
            started_us: row.started_us,
            corrected_us: row.description.clock_corrected_us,
            after: from,
            tasks: std::mem::take(tasks),
        });
        let mut late_blocks = 0;
        loop {
            let next = scan.next_seq();
            let blocks = self
                .store
                .blocks_from_seq(key, producer, next, BLOCKS)
                .await?;
            // Fewer than were requested: nothing comes after them.
            let is_last = blocks.len() < BLOCKS as usize;
            if !blocks.is_empty() {
                // Reading may take a while, and other requests need this thread.
                let read = tokio::task::spawn_blocking(move || {
                    for block in &blocks {
                        scan.read(block);
                        if scan.is_full() {
                            break;
                        }
                    }
                    scan
                });
                scan = read.await.map_err(|_| HistoryError::BrokenOff)?;
            }
            let is_late = !is_last && self.is_late() && scan.has_caught_up();
            if is_late && scan.is_waiting() && late_blocks < LATE_BLOCKS {
                // No later page returns to a line, so what comes after it is read even if that takes a little longer.
                scan.cut();
                late_blocks += BLOCKS;
                continue;
            }
            if scan.is_full() || is_late {
                let (is_cut, reached) = (scan.is_cut(), scan.position());
                let hits;
                (hits, *tasks) = scan.finish(false);
                let last = hits.last().filter(|_| is_cut);
                let reached = last.map_or(reached, |hit| hit.position);
                return Ok((hits, Some(reached)));
            }
            if is_last {
                let is_cut = scan.is_cut();
                let hits;
                (hits, *tasks) = scan.finish(is_final(row));
                // After the requested number of lines, the search stopped.
                if let Some(last) = hits.last().filter(|_| is_cut) {
                    let reached = last.position;
                    return Ok((hits, Some(reached)));
                }
                let part = from.part + 1;
                let next = Position {
                    part,
                    ..Position::default()
                };
                return Ok((hits, (usize::from(part) < parts.len()).then_some(next)));
            }
        }
    }

    /// Takes a line into the answer, and counts it.
    async fn take(
        &mut self,
        key: ExecutionKey,
        row: &ExecutionRow,
        hit: Hit,
        tasks: &mut HashMap<u32, FoundTask>,
    ) -> Result<(), HistoryError> {
        let task = match hit.task {
            Some(number) => self.task(key, number, tasks).await?,
            None => None,
        };
        if let Some(counts) = &mut self.counts {
            let (host, action) = (hit.host.as_deref(), hit.action.as_deref());
            counts.add(row, hit.at, host, task.as_ref(), action);
        }
        if self.page.hits.len() >= self.request.limit {
            return Ok(());
        }
        let task = task.map(|task| FoundTask {
            action: hit.action.unwrap_or(task.action),
            ..task
        });
        self.page.hits.push(SearchHit {
            execution: found_run(row),
            r#in: hit.place,
            line: hit.line,
            seq: hit.seq,
            time: time_from_us(hit.at),
            stream: hit.stream,
            host: hit.host,
            task,
            text: hit.parts.concat(),
            parts: hit.parts,
            before: hit.before,
            after: hit.after,
        });
        Ok(())
    }

    /// A task of the run, looked up if it is not known.
    async fn task(
        &self,
        key: ExecutionKey,
        number: u32,
        tasks: &mut HashMap<u32, FoundTask>,
    ) -> Result<Option<FoundTask>, StoreError> {
        if let Some(known) = tasks.get(&number) {
            return Ok(Some(known.clone()));
        }
        let found = self.store.tasks(key, number.saturating_sub(1), 1).await?;
        let found = found.into_iter().find(|task| task.number == number);
        let found = found.map(found_task);
        tasks.extend(found.clone().map(|task| (number, task)));
        Ok(found)
    }

    /// All tasks of a run.
    async fn tasks(&self, key: ExecutionKey) -> Result<HashMap<u32, FoundTask>, StoreError> {
        let mut tasks = HashMap::new();
        let mut after = 0;
        loop {
            let page = self.store.tasks(key, after, TASKS).await?;
            let Some(last) = page.last() else {
                return Ok(tasks);
            };
            after = last.number;
            tasks.extend(page.into_iter().map(|task| (task.number, found_task(task))));
        }
    }

    /// Where the next search continues; none when everything was searched.
    fn goes_on_at(&self) -> Option<SearchCursor> {
        self.next.or(self.at.filter(|_| self.page.timed_out))
    }

    fn answer(self) -> SearchPage {
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

fn found_task(task: TaskRow) -> FoundTask {
    FoundTask {
        number: task.number,
        name: task.name,
        role: task.role,
        action: task.action,
    }
}

fn found_run(row: &ExecutionRow) -> FoundRun {
    let description = &row.description;
    FoundRun {
        id: row.id,
        r#type: description.r#type,
        playbook: description.playbook.clone(),
        hosts: description.hosts.clone(),
        module: description.module.clone(),
        check: description.check,
        status: row.status,
        start_time: time_from_us(row.started_us),
    }
}
