//! The spans of a run, in their order: the run, its plays, its tasks, and then the results, those that failed first.
//! The order is always the same, so that sending continues where it stopped.
//!
//! A run may have a million results. Of more spans than the limit, results are left out: of those that failed, and then of
//! the others, the first ones are sent. The span of the run says how many are missing.

use std::collections::{HashSet, VecDeque};

use opentelemetry_proto::tonic::trace::v1::Span;
use playback_wire::ResultStatus;

use super::spans::{LeftOut, Run};
use crate::model::{ExecutionKey, ResultFilter, ResultFlags};
use crate::store::{ResultEntry, Store, StoreError};

/// Rows that are read at once.
const ROWS: u32 = 1000;

/// The spans of a run that were not taken yet.
pub(super) struct Outline<'r> {
    store: &'r Store,
    key: ExecutionKey,
    run: Run<'r>,
    /// Tasks that have a span.
    tasks: HashSet<u32>,
    /// Spans of the run, its plays and its tasks.
    rest: VecDeque<Span>,
    /// How many more results have a span.
    budget: u64,
    stage: Stage,
    after_seq: u64,
}

/// Which results come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Failed,
    Unreachable,
    Others,
    Over,
}

impl<'r> Outline<'r> {
    /// Reads plays and tasks; `most`: maximum number of spans.
    pub(super) async fn read(
        store: &'r Store,
        key: ExecutionKey,
        run: Run<'r>,
        most: u64,
    ) -> Result<Self, StoreError> {
        // One is the run's own.
        let mut room = most.saturating_sub(1);
        let mut left_out = LeftOut::default();
        let mut rest = VecDeque::new();
        let mut plays = HashSet::new();
        for play in store.plays(key).await? {
            if room == 0 {
                break;
            }
            room -= 1;
            plays.insert(play.number);
            rest.push_back(run.play(&play));
        }
        let mut tasks = HashSet::new();
        let mut after = 0;
        loop {
            let page = store.tasks(key, after, ROWS).await?;
            let is_last = page.len() < ROWS as usize;
            for task in page {
                after = task.number;
                if room == 0 {
                    left_out.tasks += 1;
                    continue;
                }
                room -= 1;
                tasks.insert(task.number);
                rest.push_back(run.task(&task, plays.contains(&task.play)));
            }
            if is_last {
                break;
            }
        }
        left_out.results = run.row.results.saturating_sub(room);
        rest.push_front(run.root(left_out));
        Ok(Self {
            store,
            key,
            run,
            tasks,
            rest,
            budget: room,
            stage: Stage::Failed,
            after_seq: 0,
        })
    }

    /// The next spans, at most this many; none when there are no more.
    pub(super) async fn next(&mut self, most: usize) -> Result<Vec<Span>, StoreError> {
        let mut spans: Vec<Span> = self.rest.drain(..most.min(self.rest.len())).collect();
        while spans.len() < most && self.budget > 0 && self.stage != Stage::Over {
            let page = self.page().await?;
            let is_last = page.len() < ROWS as usize;
            let mut is_used = true;
            for entry in page {
                if spans.len() == most || self.budget == 0 {
                    is_used = false;
                    break;
                }
                self.after_seq = entry.row.seq;
                if self.counts(&entry) {
                    let has_task = self.tasks.contains(&entry.row.task);
                    spans.push(self.run.result(&entry.row, &entry.host, has_task));
                    self.budget -= 1;
                }
            }
            if is_last && is_used {
                self.after_seq = 0;
                self.stage = match self.stage {
                    Stage::Failed => Stage::Unreachable,
                    Stage::Unreachable => Stage::Others,
                    Stage::Others | Stage::Over => Stage::Over,
                };
            }
        }
        Ok(spans)
    }

    async fn page(&self) -> Result<Vec<ResultEntry>, StoreError> {
        let status = match self.stage {
            Stage::Failed => Some(ResultStatus::Failed),
            Stage::Unreachable => Some(ResultStatus::Unreachable),
            Stage::Others | Stage::Over => None,
        };
        let filter = ResultFilter {
            status,
            after_seq: self.after_seq,
            limit: ROWS,
            ..ResultFilter::default()
        };
        self.store.results(self.key, &filter).await
    }

    /// Whether a result has a span now: those that failed came first, and a repeated one does not count.
    fn counts(&self, entry: &ResultEntry) -> bool {
        let is_later = self.stage == Stage::Others && entry.row.status.is_failure();
        !is_later && !entry.row.flags.has(ResultFlags::RETRACTED)
    }
}
