//! Printed lines, read from the event log by range: for the API, and for everyone who watches. One
//! way of reading serves early, late and slow viewers alike.

use playback_wire::Producer;

use crate::blocks::{self, BlockError, Line, LineReader};
use crate::model::{ExecutionKey, ExecutionRow};
use crate::store::{Store, StoreError};

/// How many blocks are fetched at once.
const BLOCKS: u32 = 16;

/// Output cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log is damaged.
    #[error("a block of the event log is damaged: {0}")]
    Block(#[from] BlockError),
}

/// Reads the printed lines of an execution in order, as far as they are stored.
#[derive(Debug)]
pub struct OutputReader {
    store: Store,
    key: ExecutionKey,
    producer: Producer,
    from_line: u64,
    position: Position,
}

#[derive(Debug)]
enum Position {
    Unread,
    At { next_seq: u64, lines: LineReader },
}

impl OutputReader {
    /// A reader whose first line is `from_line` (from 0).
    #[must_use]
    pub fn new(store: Store, key: ExecutionKey, row: &ExecutionRow, from_line: u64) -> Self {
        Self {
            store,
            key,
            producer: row.output_from,
            from_line,
            position: Position::Unread,
        }
    }

    /// The producer whose lines these are.
    #[must_use]
    pub fn producer(&self) -> Producer {
        self.producer
    }

    /// The next lines that are finished and stored; none when there are no more for now.
    ///
    /// # Errors
    /// The store failed or is damaged.
    pub async fn next_lines(&mut self) -> Result<Vec<Line>, OutputError> {
        let mut finished = Vec::new();
        while finished.is_empty() {
            let stored = match &self.position {
                Position::Unread => {
                    self.store
                        .blocks_from_line(self.key, self.producer, self.from_line, BLOCKS)
                        .await?
                }
                Position::At { next_seq, .. } => {
                    self.store
                        .blocks_from_seq(self.key, self.producer, *next_seq, BLOCKS)
                        .await?
                }
            };
            let Some(first) = stored.first() else {
                break;
            };
            if matches!(self.position, Position::Unread) {
                self.position = Position::At {
                    next_seq: first.block.first_seq,
                    lines: LineReader::new(first.block.first_line),
                };
            }
            let Position::At { next_seq, lines } = &mut self.position else {
                break;
            };
            let from_line = self.from_line;
            for stored in stored {
                let block = stored.block;
                let raw = blocks::expand_stored(&block.data)?;
                lines.read(&raw, *next_seq, |line| {
                    if line.number >= from_line {
                        finished.push(line);
                    }
                })?;
                *next_seq = block.last_seq + 1;
            }
        }
        Ok(finished)
    }

    /// The last line, when it was printed without a newline: to be asked for when the run is over.
    #[must_use]
    pub fn finish(self) -> Option<Line> {
        match self.position {
            Position::Unread => None,
            Position::At { lines, .. } => {
                lines.finish().filter(|line| line.number >= self.from_line)
            }
        }
    }
}
