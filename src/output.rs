//! Printed lines, read from the event log by range: for the API, and for everyone who watches. One
//! way of reading serves early, late and slow viewers alike.

use playback_wire::Producer;

use crate::blocks::{self, BlockError, Line, LineBuilder, Piece, PieceReader};
use crate::model::{ExecutionKey, ExecutionRow};
use crate::store::{Store, StoreError, StoredBlock};

/// How many blocks are fetched at first: a page of lines lies in one or two, and each is half a megabyte to expand.
const FIRST: u32 = 2;

/// How many are fetched at once by somebody who reads on.
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

/// Reads the printed lines of an execution in order, as far as they are stored: line by line, or, where
/// a line may be larger than memory should be, piece by piece.
#[derive(Debug)]
pub struct OutputReader {
    store: Store,
    key: ExecutionKey,
    producer: Producer,
    from_line: u64,
    position: Option<Position>,
    /// How many blocks are fetched next.
    fetches: u32,
    lines: LineBuilder,
    /// Retention removed them: whatever blocks are still there are being swept away.
    is_removed: bool,
}

#[derive(Debug)]
struct Position {
    next_seq: u64,
    pieces: PieceReader,
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
            position: None,
            fetches: FIRST,
            lines: LineBuilder::keeping(usize::MAX),
            is_removed: row.kept.is_without_log(),
        }
    }

    /// Keeps only the beginning of longer lines, that many bytes.
    #[must_use]
    pub fn keeping(mut self, bytes: usize) -> Self {
        self.lines = LineBuilder::keeping(bytes);
        self
    }

    /// Whether these are the lines that the execution is said to have printed. Until its supervisor reports
    /// the first, they are looked for at the recorder.
    #[must_use]
    pub fn is_of(&self, row: &ExecutionRow) -> bool {
        self.producer == row.output_from
    }

    /// The next lines that are finished and stored; none when there are no more for now.
    ///
    /// # Errors
    /// The store failed or is damaged.
    pub async fn next_lines(&mut self) -> Result<Vec<Line>, OutputError> {
        let mut finished = Vec::new();
        // Taken out while reading, and put back without a wait in between: dropping this future
        // loses nothing.
        while finished.is_empty() {
            let stored = self.fetch().await?;
            if stored.is_empty() {
                break;
            }
            let mut lines = std::mem::replace(&mut self.lines, LineBuilder::keeping(0));
            let read = self.read(stored, |piece| finished.extend(lines.push(piece)));
            self.lines = lines;
            read?;
        }
        Ok(finished)
    }

    /// Hands over the next pieces that are stored; false when there are no more for now.
    ///
    /// # Errors
    /// The store failed or is damaged.
    pub async fn next_pieces(&mut self, each: impl FnMut(Piece<'_>)) -> Result<bool, OutputError> {
        let stored = self.fetch().await?;
        let some = !stored.is_empty();
        self.read(stored, each)?;
        Ok(some)
    }

    /// The last line, when it was printed without a newline: to be asked for when the run is over.
    #[must_use]
    pub fn finish(self) -> Option<Line> {
        self.lines.finish()
    }

    async fn fetch(&mut self) -> Result<Vec<StoredBlock>, StoreError> {
        if self.is_removed {
            return Ok(Vec::new());
        }
        let limit = self.fetches;
        self.fetches = (limit * 2).min(BLOCKS);
        match &self.position {
            None => {
                self.store
                    .blocks_from_line(self.key, self.producer, self.from_line, limit)
                    .await
            }
            Some(position) => {
                self.store
                    .blocks_from_seq(self.key, self.producer, position.next_seq, limit)
                    .await
            }
        }
    }

    fn read(
        &mut self,
        stored: Vec<StoredBlock>,
        mut each: impl FnMut(Piece<'_>),
    ) -> Result<(), OutputError> {
        for stored in stored {
            let block = stored.block;
            let position = self.position.get_or_insert_with(|| Position {
                next_seq: block.first_seq,
                pieces: PieceReader::new(block.first_line),
            });
            let raw = blocks::expand_stored(&block.data)?;
            position.pieces.read(&raw, position.next_seq, |piece| {
                if piece.line >= self.from_line {
                    each(piece);
                }
            })?;
            position.next_seq = block.last_seq + 1;
        }
        Ok(())
    }
}
