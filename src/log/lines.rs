//! Printed lines, read from blocks.

use playback_wire::{Body, Stream, printed};

use super::block::{Entry, Gap, StoredLog};

/// One printed line, joined from the texts of its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Number of the line, from 0.
    pub number: u64,
    /// When its first text was printed, in microseconds since the epoch.
    pub at: i64,
    /// Where its first text was printed.
    pub stream: Stream,
    /// The event whose display the line belongs to.
    pub of: Option<u64>,
    /// Its text, without the newline; only its beginning, if the reader keeps no more.
    pub text: String,
    /// Its length in bytes; greater than `text`'s if that is only the beginning.
    pub bytes: u64,
}

/// Part of one printed line: as much of it as one event holds.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'t> {
    /// Number of the line, from 0.
    pub line: u64,
    /// When the line's first text was printed, in microseconds since the epoch.
    pub at: i64,
    /// Where the line's first text was printed.
    pub stream: Stream,
    /// The event whose display the line belongs to.
    pub of: Option<u64>,
    /// Whether the line begins with this piece.
    pub begins: bool,
    /// Whether the line ends with this piece.
    pub ends: bool,
    /// The text, without the newline.
    pub text: &'t str,
}

/// Splits consecutive blocks of one producer into printed lines, without holding any.
#[derive(Debug)]
pub struct PieceReader {
    next: u64,
    /// Time of the last event, used for lines that cannot be read.
    at: i64,
    open: Option<(i64, Stream, Option<u64>)>,
}

impl PieceReader {
    /// A reader that begins at a block before which `first_line` lines were finished; `at` is when the run started.
    #[must_use]
    pub fn new(first_line: u64, at: i64) -> Self {
        Self {
            next: first_line,
            at,
            open: None,
        }
    }

    /// Reads the next block from event `from_seq` on, and passes on each piece. Unreadable lines are represented by
    /// lines that say so. Returns the gaps.
    pub fn read(
        &mut self,
        log: &StoredLog,
        from_seq: u64,
        mut each: impl FnMut(Piece<'_>),
    ) -> Vec<Gap> {
        let mut gaps = Vec::new();
        let read: Result<(), std::convert::Infallible> = log.for_each(|entry| {
            match entry {
                Entry::Event(_, event) if event.seq < from_seq => {}
                entry => {
                    self.read_entry(&entry, &mut each);
                    if let Entry::Gap(gap) = entry {
                        gaps.push(gap);
                    }
                }
            }
            Ok(())
        });
        match read {
            Ok(()) => gaps,
        }
    }

    /// Reads the next entry of a block, and passes on each piece.
    pub fn read_entry(&mut self, entry: &Entry<'_>, mut each: impl FnMut(Piece<'_>)) {
        match entry {
            Entry::Event(_, event) => {
                self.at = event.at;
                if let Body::Output(output) = &event.body {
                    let stream = (event.at, output.stream, output.of);
                    self.print(&output.text, stream, &mut each);
                }
            }
            Entry::Gap(gap) => self.pass_over(gap, &mut each),
        }
    }

    /// Lines finished so far.
    #[must_use]
    pub fn finished(&self) -> u64 {
        self.next
    }

    /// Passes on placeholder lines for unreadable ones, so that later lines keep their numbers.
    pub fn pass_over(&mut self, gap: &Gap, mut each: impl FnMut(Piece<'_>)) {
        let stream = (self.at, Stream::Stdout, None);
        if gap.lines > 0 {
            self.print(&damaged_text(gap), stream, &mut each);
        } else if self.open.is_some() {
            // It is unknown whether the line went on within the gap.
            self.print(" [damaged] ", stream, &mut each);
        }
    }

    fn print(
        &mut self,
        text: &str,
        stream: (i64, Stream, Option<u64>),
        each: &mut impl FnMut(Piece<'_>),
    ) {
        for text in text.split_inclusive('\n') {
            let begins = self.open.is_none();
            let (at, stream, of) = *self.open.get_or_insert(stream);
            let ended = text.strip_suffix('\n');
            each(Piece {
                line: self.next,
                at,
                stream,
                of,
                begins,
                ends: ended.is_some(),
                text: ended.unwrap_or(text),
            });
            if ended.is_some() {
                self.next += 1;
                self.open = None;
            }
        }
    }
}

/// The placeholder lines for a gap: as many as it held.
#[must_use]
pub fn damaged_text(gap: &Gap) -> String {
    let mut text = String::new();
    for line in 0..gap.lines {
        match line {
            0 => text.push_str(&format!(
                "[damaged: {} of what was printed cannot be read, because the log of events {} to {} is damaged]\n",
                if gap.lines == 1 {
                    "1 line".to_owned()
                } else {
                    format!("{} lines", gap.lines)
                },
                gap.first_seq,
                gap.last_seq
            )),
            _ => text.push_str("[damaged]\n"),
        }
    }
    text
}

/// Joins lines from their pieces.
#[derive(Debug)]
pub struct LineBuilder {
    keep: usize,
    open: Option<Line>,
}

impl LineBuilder {
    /// A builder that keeps at most that many bytes of a line: lines may be larger than memory should be.
    #[must_use]
    pub fn keeping(keep: usize) -> Self {
        Self { keep, open: None }
    }

    /// Adds the next piece; returns the line if this finishes it.
    pub fn push(&mut self, piece: Piece<'_>) -> Option<Line> {
        let text = printed::readable(piece.text);
        let line = self.open.get_or_insert_with(|| Line {
            number: piece.line,
            at: piece.at,
            stream: piece.stream,
            of: piece.of,
            text: String::new(),
            bytes: 0,
        });
        // Once something was left out, nothing later may be appended.
        if line.bytes == line.text.len() as u64 {
            let room = self.keep.saturating_sub(line.text.len());
            line.text.push_str(beginning(&text, room));
        }
        line.bytes += text.len() as u64;
        if piece.ends { self.open.take() } else { None }
    }

    /// The last line, if it was never ended by a newline.
    #[must_use]
    pub fn finish(self) -> Option<Line> {
        self.open
    }
}

/// The longest prefix of whole characters that fits into `room` bytes.
fn beginning(text: &str, room: usize) -> &str {
    &text[..text.floor_char_boundary(room)]
}

#[cfg(test)]
mod tests {
    use super::super::block::testing::{block, stored, with_raw};
    use super::*;

    #[test]
    fn lines_that_cannot_be_read_keep_their_numbers() {
        let blocks = [block(&["a\nb", "c\nd\n"]), block(&["e\n"])];
        let mut reader = PieceReader::new(0, 7);
        let mut builder = LineBuilder::keeping(usize::MAX);
        let mut found = Vec::new();
        let log = with_raw(stored(&blocks[0], 3), b"rubbish");
        let gaps = reader.read(&log, 0, |piece| found.extend(builder.push(piece)));
        let gap = Gap {
            first_seq: 1,
            last_seq: 2,
            lines: 3,
        };
        assert_eq!(gaps, [gap]);
        reader.read(&stored(&blocks[1], 1), 0, |piece| {
            found.extend(builder.push(piece));
        });
        let texts: Vec<_> = found
            .iter()
            .map(|line| (line.number, line.at, &line.text[..8.min(line.text.len())]))
            .collect();
        assert_eq!(
            texts,
            [
                (0, 7, "[damaged"),
                (1, 7, "[damaged"),
                (2, 7, "[damaged"),
                (3, 5, "e")
            ]
        );
    }

    fn lines(keep: usize, blocks: &[Vec<u8>]) -> Vec<Line> {
        let mut reader = PieceReader::new(3, 0);
        let mut builder = LineBuilder::keeping(keep);
        let mut lines = Vec::new();
        for block in blocks {
            let each = |piece: Piece<'_>| lines.extend(builder.push(piece));
            assert_eq!(reader.read(&stored(block, 0), 0, each), []);
        }
        lines.extend(builder.finish());
        lines
    }

    #[test]
    fn lines_are_joined_over_texts_and_blocks() {
        let blocks = [block(&["a\nb", "c\r\n\nd"]), block(&["e"])];
        let lines = lines(usize::MAX, &blocks);
        let texts: Vec<_> = lines
            .iter()
            .map(|line| (line.number, line.text.as_str()))
            .collect();
        assert_eq!(texts, [(3, "a"), (4, "bc\r"), (5, ""), (6, "de")]);
    }

    #[test]
    fn a_long_line_keeps_its_beginning_in_whole_characters() {
        let lines = lines(4, &[block(&["abcü", "d", "\nabcd\nü"]), block(&["üü"])]);
        let texts: Vec<_> = lines
            .iter()
            .map(|line| (line.text.as_str(), line.bytes))
            .collect();
        assert_eq!(texts, [("abc", 6), ("abcd", 4), ("üü", 6)]);
    }
}
