//! Takes pending runs into a segment.

use std::collections::{HashMap, VecDeque};

use playback_wire::Producer;

use super::IndexingError;
use crate::history::words::{LineReader, searched_producers};
use crate::model::{ExecutionFilter, ExecutionKey, ExecutionRow, Status};
use crate::search::index::build::SegmentBuilder;
use crate::search::index::runs::RunState;
use crate::store::{PendingRun, Store, StoredBlock};

/// Runs that are looked up at once.
const ROWS: usize = 200;

/// Logs of up to this many bytes are read together, up to this many at a time.
const SMALL_BYTES: u64 = 128 << 10;
const TOGETHER: usize = 48;

/// Blocks that are read at once, of a log that is read alone. One may have 16 MiB.
const BLOCKS: u32 = 2;

/// Blocks of small logs that are read together, less than this; with more, each log is read alone.
const BLOCKS_TOGETHER: u32 = 6 * TOGETHER as u32;

/// A segment ends when its builder takes this many bytes: even a single run may be larger.
const BUILDER_BYTES: usize = 16 << 20;

/// A run to be read.
struct Run {
    pending: PendingRun,
    row: ExecutionRow,
}

impl Run {
    fn is_small(&self) -> bool {
        let bytes = self.row.log.payload_bytes;
        bytes.is_some_and(|bytes| bytes <= SMALL_BYTES) && !self.row.log.is_removed()
    }
}

/// A log, as far as it was read.
struct ReadLog {
    row: ExecutionRow,
    producer: Producer,
    blocks: Vec<StoredBlock>,
}

/// The runs that are indexed next, as far as they were read.
enum Group {
    /// Small logs.
    Together(Vec<(PendingRun, Vec<ReadLog>)>),
    /// Runs whose logs are read when their turn comes.
    Alone(Vec<Run>),
}

/// Covers pending runs by segments; returns how many. Those that change meanwhile stay pending.
///
/// # Errors
/// The store failed; what is not covered stays pending.
pub(super) async fn index(store: &Store, pending: &[PendingRun]) -> Result<u64, IndexingError> {
    let mut runs = rows(store, pending).await?;
    let mut indexer = Indexer {
        store,
        builder: SegmentBuilder::default(),
        covered: Vec::new(),
        count: 0,
    };
    let mut next = fetch(store, next_runs(&mut runs)).await?;
    while let Some(group) = next {
        // Those after them are fetched meanwhile.
        let after = next_runs(&mut runs);
        (_, next) = tokio::try_join!(indexer.take_in(group), fetch(store, after))?;
    }
    indexer.store().await?;
    Ok(indexer.count)
}

/// Takes the next runs: some with small logs, or one with a large one.
fn next_runs(runs: &mut VecDeque<Run>) -> Vec<Run> {
    let Some(run) = runs.pop_front() else {
        return Vec::new();
    };
    let is_small = run.is_small();
    let mut next = vec![run];
    while is_small && next.len() < TOGETHER && runs.front().is_some_and(Run::is_small) {
        next.extend(runs.pop_front());
    }
    next
}

/// Fetches the logs of runs, if they are small.
async fn fetch(store: &Store, runs: Vec<Run>) -> Result<Option<Group>, IndexingError> {
    if runs.is_empty() {
        return Ok(None);
    }
    if !runs.iter().all(Run::is_small) {
        return Ok(Some(Group::Alone(runs)));
    }
    let keys: Vec<ExecutionKey> = runs.iter().map(|run| run.pending.key).collect();
    let Some(mut logs) = store.whole_logs(&keys, BLOCKS_TOGETHER).await? else {
        return Ok(Some(Group::Alone(runs)));
    };
    let of_runs = runs.into_iter().map(|run| {
        let mut blocks = logs.remove(&run.pending.key).unwrap_or_default();
        let of_run = searched_producers(&run.row).into_iter().map(|producer| {
            let is_of = |stored: &mut StoredBlock| stored.block.producer == producer;
            ReadLog {
                row: run.row.clone(),
                producer,
                blocks: blocks.extract_if(.., is_of).collect(),
            }
        });
        (run.pending, of_run.collect())
    });
    Ok(Some(Group::Together(of_runs.collect())))
}

/// Their rows, in the order in which a segment has its runs. Runs that were deleted or continue are left out.
async fn rows(store: &Store, pending: &[PendingRun]) -> Result<VecDeque<Run>, IndexingError> {
    let mut runs = Vec::with_capacity(pending.len());
    for pending in pending.chunks(ROWS) {
        let keys: Vec<ExecutionKey> = pending.iter().map(|run| run.key).collect();
        let rows = store
            .executions_among(&ExecutionFilter::default(), &keys)
            .await?;
        let mut rows: HashMap<ExecutionKey, ExecutionRow> = rows.into_iter().collect();
        for pending in pending {
            if let Some(row) = rows.remove(&pending.key)
                && row.status != Status::Running
                && row.started_us == pending.started_us
            {
                runs.push(Run {
                    pending: *pending,
                    row,
                });
            }
        }
    }
    runs.sort_unstable_by_key(|run| (run.pending.started_us, run.pending.key));
    Ok(runs.into())
}

/// Builds segments, one after the other.
struct Indexer<'s> {
    store: &'s Store,
    builder: SegmentBuilder,
    /// The runs that the builder has as a whole.
    covered: Vec<PendingRun>,
    /// Runs covered so far.
    count: u64,
}

impl Indexer<'_> {
    async fn take_in(&mut self, group: Group) -> Result<(), IndexingError> {
        match group {
            Group::Together(logs) => self.read(logs).await,
            Group::Alone(runs) => {
                for run in runs {
                    self.alone(run).await?;
                }
                Ok(())
            }
        }
    }

    /// Takes whole logs into the segment.
    async fn read(&mut self, logs: Vec<(PendingRun, Vec<ReadLog>)>) -> Result<(), IndexingError> {
        let covered: Vec<PendingRun> = logs.iter().map(|(run, _)| *run).collect();
        let mut builder = std::mem::take(&mut self.builder);
        // It takes a while, and requests need this thread.
        let read = tokio::task::spawn_blocking(move || {
            for (run, logs) in logs {
                builder.begin_run(run.key, run.started_us, RunState::Indexed);
                for log in logs {
                    let mut reader = LineReader::new(&log.row, log.producer);
                    for block in &log.blocks {
                        reader.read(block, |line| builder.line(line));
                    }
                    reader.finish(|line| builder.line(line));
                }
            }
            builder
        });
        self.builder = read.await.map_err(|_| IndexingError::BrokenOff)?;
        self.covered.extend(covered);
        self.store_if_large().await
    }

    /// Reads the log of one run, a few blocks at a time. A large one may be covered by several segments, each of which
    /// has some of its lines.
    async fn alone(&mut self, run: Run) -> Result<(), IndexingError> {
        let Run { pending, row } = run;
        let (key, started_us) = (pending.key, pending.started_us);
        let state = match row.log.is_removed() {
            true => RunState::WithoutLog,
            false => RunState::Indexed,
        };
        self.builder.begin_run(key, started_us, state);
        if state == RunState::Indexed {
            for producer in searched_producers(&row) {
                let mut reader = LineReader::new(&row, producer);
                loop {
                    let next = reader.next_seq();
                    let blocks = self
                        .store
                        .blocks_from_seq(key, producer, next, BLOCKS)
                        .await?;
                    if blocks.is_empty() {
                        break;
                    }
                    let mut builder = std::mem::take(&mut self.builder);
                    let read = tokio::task::spawn_blocking(move || {
                        for block in &blocks {
                            reader.read(block, |line| builder.line(line));
                        }
                        (reader, builder)
                    });
                    (reader, self.builder) = read.await.map_err(|_| IndexingError::BrokenOff)?;
                    if self.builder.bytes() >= BUILDER_BYTES {
                        self.store().await?;
                        self.builder.begin_run(key, started_us, state);
                    }
                }
                reader.finish(|line| self.builder.line(line));
            }
        }
        self.covered.push(pending);
        self.store_if_large().await
    }

    async fn store_if_large(&mut self) -> Result<(), IndexingError> {
        if self.builder.bytes() >= BUILDER_BYTES {
            self.store().await?;
        }
        Ok(())
    }

    /// Stores the segment that was built.
    async fn store(&mut self) -> Result<(), IndexingError> {
        let covered = std::mem::take(&mut self.covered);
        let mut builder = std::mem::take(&mut self.builder);
        if builder.runs() == 0 {
            return Ok(());
        }
        let built = tokio::task::spawn_blocking(move || builder.finish());
        let built = built.await.map_err(|_| IndexingError::BrokenOff)?;
        if self.store.add_segment(&built, &covered).await? {
            self.count += covered.len() as u64;
        }
        Ok(())
    }
}
