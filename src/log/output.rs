//! Printed lines, read from the event log by range: for the API and for all viewers. Early, late and slow viewers are
//! served the same way.

use std::borrow::Cow;

use playback_wire::Producer;

use super::block::{GAP_LINES, Gap, StoredLog};
use super::lines::{Line, LineBuilder, Piece, PieceReader};
use crate::model::{ExecutionKey, ExecutionRow};
use crate::store::{BlockStart, BlocksFrom, Store, StoreError, StoredBlock};

/// How many blocks are fetched at first: a page of lines is in one or two, and each is half a megabyte to expand.
const FIRST: u32 = 2;

/// How many blocks are fetched at once when reading on.
const BLOCKS: u32 = 16;

/// A line's text, visibly cut if its reader kept no more.
#[must_use]
pub fn shown(line: &Line) -> Cow<'_, str> {
    if line.bytes == line.text.len() as u64 {
        return Cow::Borrowed(&line.text);
    }
    Cow::Owned(format!(
        "{} … [cut: this line has {} bytes; /output?format=text&from={} has it whole]",
        line.text, line.bytes, line.number
    ))
}

/// Reads the stored output lines of an execution in order: line by line, or piece by piece where a line may be larger
/// than memory should be.
#[derive(Debug)]
pub struct OutputReader {
    store: Store,
    cursor: OutputCursor,
    /// How many blocks to fetch next.
    fetches: u32,
}

impl OutputReader {
    /// A reader whose first line is `from_line` (from 0).
    #[must_use]
    pub fn new(store: Store, key: ExecutionKey, row: &ExecutionRow, from_line: u64) -> Self {
        Self {
            store,
            cursor: OutputCursor::new(key, row, from_line),
            fetches: FIRST,
        }
    }

    /// Keeps only the beginning of longer lines, that many bytes.
    #[must_use]
    pub fn keeping(mut self, bytes: usize) -> Self {
        self.cursor = self.cursor.keeping(bytes);
        self
    }

    /// Whether these are the execution's own output lines. Until its supervisor reports the first, the recorder's are
    /// used.
    #[must_use]
    pub fn is_of(&self, row: &ExecutionRow) -> bool {
        self.cursor.producer == row.output_from
    }

    /// The next finished and stored lines; none when there are no more for now.
    ///
    /// # Errors
    /// The store failed.
    pub async fn next_lines(&mut self) -> Result<Vec<Line>, StoreError> {
        let mut finished = Vec::new();
        // The position only moves once the store has answered: dropping this future loses nothing.
        while finished.is_empty() {
            let stored = self.fetch().await?;
            if stored.is_empty() {
                break;
            }
            self.cursor.read_lines(stored, |line| finished.push(line));
        }
        Ok(finished)
    }

    /// Passes on the next stored pieces; false when there are no more for now.
    ///
    /// # Errors
    /// The store failed.
    pub async fn next_pieces(&mut self, each: impl FnMut(Piece<'_>)) -> Result<bool, StoreError> {
        let stored = self.fetch().await?;
        let some = !stored.is_empty();
        self.cursor.read(stored, each);
        Ok(some)
    }

    /// The producer of the lines, and its unreadable events so far: placeholder lines stand for what they printed.
    #[must_use]
    pub fn gaps(&self) -> (Producer, &[Gap]) {
        (self.cursor.producer, &self.cursor.gaps)
    }

    /// The last line, if it has no newline; to be called when the run is over.
    #[must_use]
    pub fn finish(self) -> Option<Line> {
        self.cursor.finish()
    }

    async fn fetch(&mut self) -> Result<Vec<StoredBlock>, StoreError> {
        let Some(from) = self.cursor.wants() else {
            return Ok(Vec::new());
        };
        let limit = self.fetches;
        self.fetches = (limit * 2).min(BLOCKS);
        let found = self.store.blocks_from(&[from], limit).await?;
        Ok(found.into_iter().flatten().collect())
    }
}

/// A position in an execution's output: which blocks come next, and what they hold. It fetches none itself, so that the
/// blocks of several executions can be fetched at once.
#[derive(Debug)]
pub struct OutputCursor {
    key: ExecutionKey,
    producer: Producer,
    from_line: u64,
    /// When the run started.
    started_us: i64,
    /// Clock correction, added to the times of events.
    corrected_us: i64,
    position: Option<Position>,
    /// Unreadable events found so far.
    gaps: Vec<Gap>,
    lines: LineBuilder,
    /// Retention removed them: blocks that still exist are being swept.
    is_removed: bool,
}

#[derive(Debug)]
struct Position {
    next_seq: u64,
    pieces: PieceReader,
}

impl OutputCursor {
    /// A cursor whose first line is `from_line` (from 0).
    #[must_use]
    pub fn new(key: ExecutionKey, row: &ExecutionRow, from_line: u64) -> Self {
        Self {
            key,
            producer: row.output_from,
            from_line,
            started_us: row.started_us,
            corrected_us: row.description.clock_corrected_us,
            position: None,
            gaps: Vec::new(),
            lines: LineBuilder::keeping(usize::MAX),
            is_removed: row.log.is_removed(),
        }
    }

    /// Keeps only the beginning of longer lines, that many bytes.
    #[must_use]
    pub fn keeping(mut self, bytes: usize) -> Self {
        self.lines = LineBuilder::keeping(bytes);
        self
    }

    /// The blocks to read next; none if there are no more.
    #[must_use]
    pub fn wants(&self) -> Option<BlocksFrom> {
        let start = match &self.position {
            None => BlockStart::Line(self.from_line),
            Some(position) => BlockStart::Seq(position.next_seq),
        };
        let from = BlocksFrom {
            key: self.key,
            producer: self.producer,
            start,
        };
        (!self.is_removed).then_some(from)
    }

    /// Reads the requested blocks, and passes on each line that they finish.
    pub fn read_lines(&mut self, stored: Vec<StoredBlock>, mut each: impl FnMut(Line)) {
        let mut lines = std::mem::replace(&mut self.lines, LineBuilder::keeping(0));
        self.read(stored, |piece| {
            if let Some(line) = lines.push(piece) {
                each(line);
            }
        });
        self.lines = lines;
    }

    /// The last line, if it has no newline; to be called when the run is over.
    #[must_use]
    pub fn finish(self) -> Option<Line> {
        self.lines.finish()
    }

    fn read(&mut self, stored: Vec<StoredBlock>, mut each: impl FnMut(Piece<'_>)) {
        for stored in stored {
            let block = stored.block;
            let position = self.position.get_or_insert_with(|| Position {
                next_seq: match block.first_line > self.from_line {
                    // Anything before it is gone.
                    true => 1,
                    false => block.first_seq,
                },
                pieces: PieceReader::new(
                    block.first_line.min(self.from_line),
                    self.started_us.saturating_sub(self.corrected_us),
                ),
            });
            let from_line = self.from_line;
            let corrected_us = self.corrected_us;
            let mut each = |piece: Piece<'_>| {
                if piece.line >= from_line {
                    let at = piece.at.saturating_add(corrected_us);
                    each(Piece { at, ..piece });
                }
            };
            if block.first_seq > position.next_seq {
                let lines = block.first_line.saturating_sub(position.pieces.finished());
                let gap = Gap {
                    first_seq: position.next_seq,
                    last_seq: block.first_seq - 1,
                    lines: lines.min(GAP_LINES),
                };
                position.pieces.pass_over(&gap, &mut each);
                self.gaps.push(gap);
            }
            let log = StoredLog::of(&block);
            let gaps = position.pieces.read(&log, position.next_seq, each);
            self.gaps.extend(gaps);
            position.next_seq = block.last_seq + 1;
        }
    }
}
