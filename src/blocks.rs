//! The unit of the event log: a *block*, which is a run of one producer's events as NDJSON in one
//! zstd frame. What can be packed into one, and read out of one. No I/O.

use std::cell::RefCell;
use std::io::Read as _;

use playback_wire::{Body, Event, Stream, decode_line, printed};

/// Level for blocks that are compressed here; producers choose their own.
const LEVEL: i32 = 3;

/// Why bytes are not a block.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    /// Not a zstd frame, or a damaged one.
    #[error("the data is not a whole zstd frame")]
    NotZstd,
    /// It expands to more than is allowed.
    #[error("the data expands to more than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// A line of a stored block is not an event: the store is damaged.
    #[error("a stored line is not an event")]
    NotEvents,
}

/// Compresses NDJSON into one frame.
#[must_use]
pub fn compress(raw: &[u8]) -> Vec<u8> {
    // Compressing memory to memory fails only for want of memory.
    zstd::bulk::compress(raw, LEVEL).unwrap_or_default()
}

thread_local! {
    // A decompression context is some 100 KiB: kept, rather than made for each batch.
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

/// What a body says that it expands to, in bytes: its own size when it is no frame, and nothing when
/// it is one that does not tell.
#[must_use]
pub fn declared_size(data: &[u8]) -> Option<usize> {
    match zstd::zstd_safe::get_frame_content_size(data) {
        Ok(size) => size.and_then(|size| usize::try_from(size).ok()),
        Err(_) => Some(data.len()),
    }
}

/// Expands a frame, to `limit` bytes at most.
///
/// # Errors
/// It is no whole zstd frame, or it is larger than `limit`.
pub fn expand(data: &[u8], limit: usize) -> Result<Vec<u8>, BlockError> {
    let declared =
        zstd::zstd_safe::get_frame_content_size(data).map_err(|_| BlockError::NotZstd)?;
    match declared.map(usize::try_from) {
        Some(Ok(size)) if size <= limit => DECOMPRESSOR.with_borrow_mut(|kept| {
            let decompressor = match kept {
                Some(decompressor) => decompressor,
                None => {
                    kept.insert(zstd::bulk::Decompressor::new().map_err(|_| BlockError::NotZstd)?)
                }
            };
            decompressor
                .decompress(data, size)
                .map_err(|_| BlockError::NotZstd)
        }),
        Some(_) => Err(BlockError::TooLarge { limit }),
        // A frame that does not tell its size is expanded step by step, and never beyond the limit.
        None => {
            let decoder =
                zstd::stream::read::Decoder::new(data).map_err(|_| BlockError::NotZstd)?;
            let mut raw = Vec::new();
            decoder
                .take(limit as u64 + 1)
                .read_to_end(&mut raw)
                .map_err(|_| BlockError::NotZstd)?;
            if raw.len() > limit {
                return Err(BlockError::TooLarge { limit });
            }
            Ok(raw)
        }
    }
}

/// Expands a block that the store holds; those were within the limits when they came.
///
/// # Errors
/// The store is damaged.
pub fn expand_stored(data: &[u8]) -> Result<Vec<u8>, BlockError> {
    expand(data, playback_wire::MAX_BATCH_EXPANDED_BYTES * 2)
}

/// Goes through a block's lines, each with the event that it holds.
///
/// # Errors
/// A line is not an event, or `each` said so.
pub fn for_each_event<'r>(
    raw: &'r [u8],
    mut each: impl FnMut(&'r [u8], Event<'r>) -> Result<(), BlockError>,
) -> Result<(), BlockError> {
    for line in raw.split(|byte| *byte == b'\n') {
        if line.is_empty() {
            continue;
        }
        each(line, decode_line(line).map_err(|_| BlockError::NotEvents)?)?;
    }
    Ok(())
}

/// One printed line, put together from the texts that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Number of the line, from 0.
    pub number: u64,
    /// When its first text was printed, in microseconds since the epoch.
    pub at: i64,
    /// Where its first text was printed.
    pub stream: Stream,
    /// The event of whose display it is part.
    pub of: Option<u64>,
    /// What it says, without the newline; its beginning, when a reader keeps no more.
    pub text: String,
    /// How long it is, in bytes; more than `text` has when that is its beginning alone.
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
    /// The event of whose display the line is part.
    pub of: Option<u64>,
    /// Whether the line begins with this piece.
    pub begins: bool,
    /// Whether the line ends with this piece.
    pub ends: bool,
    /// What it says, without the newline.
    pub text: &'t str,
}

/// Tells printed lines apart in consecutive blocks of one producer, without holding any.
#[derive(Debug)]
pub struct PieceReader {
    next: u64,
    open: Option<(i64, Stream, Option<u64>)>,
}

impl PieceReader {
    /// A reader that begins at a block before which `first_line` lines were finished.
    #[must_use]
    pub fn new(first_line: u64) -> Self {
        Self {
            next: first_line,
            open: None,
        }
    }

    /// Reads the next block from event `from_seq` on, and hands over each piece.
    ///
    /// # Errors
    /// The block is damaged.
    pub fn read(
        &mut self,
        raw: &[u8],
        from_seq: u64,
        mut each: impl FnMut(Piece<'_>),
    ) -> Result<(), BlockError> {
        for_each_event(raw, |_, event| {
            let Body::Output(output) = &event.body else {
                return Ok(());
            };
            if event.seq < from_seq {
                return Ok(());
            }
            for text in output.text.split_inclusive('\n') {
                let begins = self.open.is_none();
                let (at, stream, of) =
                    *self
                        .open
                        .get_or_insert((event.at, output.stream, output.of));
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
            Ok(())
        })
    }
}

/// Puts lines together from their pieces.
#[derive(Debug)]
pub struct LineBuilder {
    keep: usize,
    open: Option<Line>,
}

impl LineBuilder {
    /// A builder that keeps that many bytes of a line at most: lines may be larger than memory should
    /// be.
    #[must_use]
    pub fn keeping(keep: usize) -> Self {
        Self { keep, open: None }
    }

    /// Takes the next piece; the line that it finishes, if it does.
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
        // Once something was left out, nothing that comes later may follow.
        if line.bytes == line.text.len() as u64 {
            let room = self.keep.saturating_sub(line.text.len());
            line.text.push_str(beginning(&text, room));
        }
        line.bytes += text.len() as u64;
        if piece.ends { self.open.take() } else { None }
    }

    /// The last line, when it was never ended by a newline.
    #[must_use]
    pub fn finish(self) -> Option<Line> {
        self.open
    }
}

/// As many whole characters from the beginning of a text as fit into `room` bytes.
fn beginning(text: &str, room: usize) -> &str {
    let mut end = room.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use playback_wire::{Output, encode::encode_line};

    fn block(texts: &[&str]) -> Vec<u8> {
        let mut raw = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let output = Output {
                text: (*text).into(),
                ..Output::default()
            };
            encode_line(&mut raw, index as u64 + 1, 5, "output", &output).unwrap();
        }
        raw
    }

    fn lines(keep: usize, blocks: &[Vec<u8>]) -> Vec<Line> {
        let mut reader = PieceReader::new(3);
        let mut builder = LineBuilder::keeping(keep);
        let mut lines = Vec::new();
        for block in blocks {
            let each = |piece: Piece<'_>| lines.extend(builder.push(piece));
            reader.read(block, 0, each).unwrap();
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

    #[test]
    fn a_bomb_is_refused_with_and_without_a_declared_size() {
        let bomb = vec![b'x'; 1 << 20];
        let declared = compress(&bomb);
        assert!(matches!(
            expand(&declared, 1000),
            Err(BlockError::TooLarge { limit: 1000 })
        ));
        let streamed = zstd::stream::encode_all(&bomb[..], 1).unwrap();
        assert!(matches!(
            expand(&streamed, 1000),
            Err(BlockError::TooLarge { limit: 1000 })
        ));
        assert_eq!(expand(&declared, 1 << 20).unwrap(), bomb);
        assert_eq!(expand(&streamed, 1 << 20).unwrap(), bomb);
        assert!(matches!(
            expand(b"plain text", 1000),
            Err(BlockError::NotZstd)
        ));
        assert!(matches!(
            expand(&declared[..declared.len() - 3], 1 << 20),
            Err(BlockError::NotZstd)
        ));
    }
}
