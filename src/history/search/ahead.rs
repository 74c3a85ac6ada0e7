//! Reads logs ahead of a search that finds nothing: those of several runs by one statement, and two groups of them at the
//! same time. Runs that have no such line are then passed over; any other is read again, in its turn.
//!
//! Only small logs of runs that are over are read like this. A search whose lines are in every run never comes here.

use std::collections::HashMap;
use std::sync::Arc;

use playback_wire::Producer;

use super::cursor::Position;
use super::query::LineQuery;
use super::scan::{Scan, ScanOptions, ScanStart};
use super::words::searched_producers;
use crate::history::{HistoryError, is_final};
use crate::model::{ExecutionKey, ExecutionRow};
use crate::store::{Store, StoredBlock};

/// After this many runs without a matching line, logs are read ahead; at first of no more runs than this.
const BARREN: usize = 8;

/// Runs whose logs are read ahead at once.
const RUNS: usize = 64;

/// Size of a log that is read ahead, and of all that are at once, in bytes as they are stored.
const LOG_BYTES: u64 = 128 << 10;
const BYTES: u64 = 2 << 20;

/// Blocks that are read by one statement. If there are as many, it is not known whose are missing.
const BLOCKS: u32 = 500;

/// Results of reading ahead, for the next runs of a search.
#[derive(Debug, Default)]
pub(super) struct ReadAhead {
    /// Runs that were searched since the last line was found.
    barren: usize,
    /// The next runs, and whether it is known that they have no line.
    known: HashMap<ExecutionKey, bool>,
}

/// The log of a run to be read ahead.
#[derive(Debug)]
pub(super) struct LogAhead {
    key: ExecutionKey,
    /// A scan of each producer's events, which ends with the first line.
    scans: Vec<(Producer, Scan)>,
}

impl ReadAhead {
    /// A run was searched.
    pub(super) fn searched(&mut self, has_lines: bool) {
        self.barren = if has_lines { 0 } else { self.barren + 1 };
    }

    /// Whether it is known that a run has no line, whose turn has come.
    pub(super) fn has_no_line(&mut self, key: ExecutionKey) -> bool {
        self.known.remove(&key) == Some(true)
    }

    /// The logs to be read now, of the runs that come next; none if it is not worth it, or done already.
    pub(super) fn logs<'r>(
        &mut self,
        query: &Arc<LineQuery>,
        next: impl Iterator<Item = (ExecutionKey, &'r ExecutionRow)>,
    ) -> Vec<LogAhead> {
        let mut next = next.take(self.barren.min(RUNS)).peekable();
        let is_done = next
            .peek()
            .is_none_or(|(key, _)| self.known.contains_key(key));
        // What else these need to be known is looked up run by run.
        let looks_up = query.needs_tasks || query.asks_for_pins() || !query.of_hosts.is_empty();
        if self.barren < BARREN || is_done || looks_up {
            return Vec::new();
        }
        self.known.clear();
        let mut logs = Vec::new();
        let mut bytes = 0;
        for (key, row) in next {
            let size = row.log.payload_bytes.filter(|_| is_final(row));
            let size = size.filter(|size| *size <= LOG_BYTES && !row.log.is_removed());
            bytes += size.unwrap_or(0);
            if bytes > BYTES {
                break;
            }
            self.known.insert(key, false);
            if size.is_some() {
                logs.extend(LogAhead::of(query, key, row));
            }
        }
        logs
    }

    /// Reads these logs.
    pub(super) async fn read(
        &mut self,
        store: &Store,
        mut logs: Vec<LogAhead>,
    ) -> Result<(), HistoryError> {
        if logs.is_empty() {
            return Ok(());
        }
        let others = logs.split_off(logs.len() / 2);
        let (some, others) =
            tokio::try_join!(without_line(store, logs), without_line(store, others))?;
        let found = some.into_iter().chain(others);
        self.known.extend(found.map(|key| (key, true)));
        Ok(())
    }
}

impl LogAhead {
    /// None if no line of this run is meant.
    fn of(query: &Arc<LineQuery>, key: ExecutionKey, row: &ExecutionRow) -> Option<Self> {
        let lines = Arc::new(query.of_run(row, false, &[])?);
        let producers = (0_u8..).zip(searched_producers(row));
        let scans = producers.map(|(part, producer)| {
            let scan = Scan::new(ScanStart {
                options: ScanOptions {
                    query: query.clone(),
                    limit: 1,
                    context: 0,
                },
                run: lines.clone(),
                part,
                has_output: producer == row.output_from,
                started_us: row.started_us,
                corrected_us: row.description.clock_corrected_us,
                after: Position::default(),
                tasks: HashMap::new(),
            });
            (producer, scan)
        });
        Some(Self {
            key,
            scans: scans.collect(),
        })
    }

    /// Whether the run has no such line; `blocks` are all of its log, in order.
    fn has_no_line(self, blocks: &[StoredBlock]) -> bool {
        self.scans.into_iter().all(|(producer, mut scan)| {
            for block in blocks {
                if block.block.producer == producer && !scan.is_full() {
                    scan.read(block);
                }
            }
            scan.finish(true).0.is_empty()
        })
    }
}

/// Those of some runs that have no such line.
async fn without_line(
    store: &Store,
    logs: Vec<LogAhead>,
) -> Result<Vec<ExecutionKey>, HistoryError> {
    if logs.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<ExecutionKey> = logs.iter().map(|log| log.key).collect();
    let Some(mut blocks) = store.whole_logs(&keys, BLOCKS).await? else {
        return Ok(Vec::new());
    };
    // Reading takes a while, and other requests need this thread.
    let read = tokio::task::spawn_blocking(move || {
        let logs = logs.into_iter().filter_map(|log| {
            let (key, blocks) = (log.key, blocks.remove(&log.key).unwrap_or_default());
            log.has_no_line(&blocks).then_some(key)
        });
        logs.collect()
    });
    read.await.map_err(|_| HistoryError::BrokenOff)
}
