//! Takes pending runs into a segment.

use std::collections::{HashMap, VecDeque};

use playback_wire::Producer;

use super::IndexingError;
use crate::history::words::{LineReader, searched_producers};
use crate::model::{ExecutionFilter, ExecutionKey, ExecutionRow, Status};
use crate::search::index::build::SegmentBuilder;
use crate::search::index::runs::RunState;
use crate::store::{BlockStart, BlocksFrom, PendingRun, Store, StoredBlock};

/// Runs that are looked up at once.
const ROWS: usize = 200;

/// Logs of up to this many bytes are read together, up to this many at a time.
const SMALL_BYTES: u64 = 128 << 10;
const TOGETHER: usize = 48;

/// Blocks that are read at once, of a log that is read alone. One may have 16 MiB.
const BLOCKS: u32 = 2;

/// Blocks that a small log has at most; if it has as many, it is read alone.
const FEW_BLOCKS: u32 = 6;

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
    while let Some(run) = runs.pop_front() {
        if !run.is_small() {
            indexer.alone(run).await?;
            continue;
        }
        let mut group = vec![run];
        while group.len() < TOGETHER && runs.front().is_some_and(Run::is_small) {
            group.extend(runs.pop_front());
        }
        indexer.together(group).await?;
    }
    indexer.store().await?;
    Ok(indexer.count)
}

/// Their rows, in the order in which a segment has its runs. Runs that are gone or go on are left out.
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
    /// Reads the logs of small runs.
    async fn together(&mut self, group: Vec<Run>) -> Result<(), IndexingError> {
        let mut from = Vec::with_capacity(group.len());
        for run in &group {
            for producer in searched_producers(&run.row) {
                from.push(BlocksFrom {
                    key: run.pending.key,
                    producer,
                    start: BlockStart::Seq(1),
                });
            }
        }
        let found = self.store.blocks_from(&from, FEW_BLOCKS).await?;
        let mut found = found.into_iter();
        let mut logs: Vec<(PendingRun, Vec<ReadLog>)> = Vec::with_capacity(group.len());
        for run in group {
            let producers = searched_producers(&run.row);
            let blocks: Vec<Vec<StoredBlock>> = found.by_ref().take(producers.len()).collect();
            if blocks
                .iter()
                .any(|blocks| blocks.len() >= FEW_BLOCKS as usize)
            {
                self.read(std::mem::take(&mut logs)).await?;
                self.alone(run).await?;
                continue;
            }
            let of_run = producers.into_iter().zip(blocks);
            let of_run = of_run.map(|(producer, blocks)| ReadLog {
                row: run.row.clone(),
                producer,
                blocks,
            });
            logs.push((run.pending, of_run.collect()));
        }
        self.read(logs).await
    }

    /// Takes whole logs into the segment.
    async fn read(&mut self, logs: Vec<(PendingRun, Vec<ReadLog>)>) -> Result<(), IndexingError> {
        if logs.is_empty() {
            return Ok(());
        }
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
