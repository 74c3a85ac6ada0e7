//! The unit of the event log: a *block*, which is a run of one producer's events as NDJSON in one zstd frame. No I/O.

use std::cell::RefCell;
use std::io::Read as _;

use playback_wire::{Body, Event, decode_line};

use crate::model::BlockRow;

/// Maximum number of lines that a gap stands for: the stored count may be damaged itself.
pub const GAP_LINES: u64 = 1 << 20;

/// Compression level for blocks that are compressed here; producers choose their own.
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
    // A decompression context takes some 100 KiB, so it is kept rather than made for each batch.
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

/// The expanded size that a body declares, in bytes: its own size if it is not a frame, and none if the frame does not
/// tell.
#[must_use]
pub fn declared_size(data: &[u8]) -> Option<usize> {
    match zstd::zstd_safe::get_frame_content_size(data) {
        Ok(size) => size.and_then(|size| usize::try_from(size).ok()),
        Err(_) => Some(data.len()),
    }
}

/// Expands a frame, to at most `limit` bytes.
///
/// # Errors
/// It is not a whole zstd frame, or it is larger than `limit`.
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
        // A frame without a declared size is expanded step by step, and never beyond the limit.
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

/// Expands a stored block; its size was checked when it arrived.
///
/// # Errors
/// The store is damaged.
pub fn expand_stored(data: &[u8]) -> Result<Vec<u8>, BlockError> {
    expand(data, playback_wire::MAX_BATCH_EXPANDED_BYTES * 2)
}

/// Ends the last line of NDJSON with a newline, because blocks are joined by concatenation.
pub fn end_last_line(raw: &mut Vec<u8>) {
    if raw.last().is_some_and(|byte| *byte != b'\n') {
        raw.push(b'\n');
    }
}

/// Events of a stored block that cannot be read, because the block is damaged or gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Sequence number of the first of them.
    pub first_seq: u64,
    /// Sequence number of the last of them.
    pub last_seq: u64,
    /// Number of output lines that they finished.
    pub lines: u64,
}

/// One entry of a stored block.
#[derive(Debug)]
pub enum Entry<'r> {
    /// An event, and its text.
    Event(&'r [u8], Event<'r>),
    /// Events that cannot be read.
    Gap(Gap),
}

/// A stored block, expanded as far as possible. Reading it never fails: damage is reported as a [`Gap`], so that one
/// damaged block hides nothing else of its run.
#[derive(Debug)]
pub struct StoredLog {
    raw: Vec<u8>,
    first_seq: u64,
    last_seq: u64,
    lines: u64,
}

impl StoredLog {
    /// Expands a block that the store holds.
    #[must_use]
    pub fn of(block: &BlockRow) -> Self {
        Self {
            raw: expand_stored(&block.data).unwrap_or_default(),
            first_seq: block.first_seq,
            last_seq: block.last_seq,
            lines: block.lines,
        }
    }

    /// Goes through the block's whole range: each event in order, and each gap in its place.
    ///
    /// # Errors
    /// `each` returned it.
    pub fn for_each<'r, E>(
        &'r self,
        mut each: impl FnMut(Entry<'r>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut next = self.first_seq;
        let mut has_gap = false;
        let mut gap = |first_seq, last_seq| {
            // With several gaps, it is unknown which one held the missing lines.
            let is_first = !std::mem::replace(&mut has_gap, true);
            let lines = if is_first { self.missing_lines() } else { 0 };
            Entry::Gap(Gap {
                first_seq,
                last_seq,
                lines,
            })
        };
        each_stored(&self.raw, |line, event| {
            // An event outside of the block's range belongs to another block.
            if event.seq < next || event.seq > self.last_seq {
                return Ok(());
            }
            if event.seq > next {
                each(gap(next, event.seq - 1))?;
            }
            next = event.seq + 1;
            each(Entry::Event(line, event))
        })?;
        if next <= self.last_seq {
            each(gap(next, self.last_seq))?;
        }
        Ok(())
    }

    /// The event with that number, or the gap that holds it; none if it is out of the block's range. Other events are
    /// not decoded, unless the block is damaged.
    #[must_use]
    pub fn find(&self, seq: u64) -> Option<Entry<'_>> {
        if let Some((line, event)) = self.at(seq).map(|(_, line, event)| (line, event)) {
            return Some(Entry::Event(line, event));
        }
        let mut found = None;
        let read: Result<(), std::convert::Infallible> = self.for_each(|entry| {
            let is_wanted = match &entry {
                Entry::Event(_, event) => event.seq == seq,
                Entry::Gap(gap) => (gap.first_seq..=gap.last_seq).contains(&seq),
            };
            if is_wanted {
                found = Some(entry);
            }
            Ok(())
        });
        match read {
            Ok(()) => found,
        }
    }

    /// The readable events before that number, the latest first, decoded one by one.
    pub fn before(&self, seq: u64) -> impl Iterator<Item = Event<'_>> {
        let end = self.at(seq).map_or(self.raw.len(), |(start, ..)| start);
        let lines = self.raw[..end].rsplit(|byte| *byte == b'\n');
        let events = lines.filter_map(|line| decode_line(line).ok());
        events.filter(move |event| event.seq < seq)
    }

    /// The event with that number, with where its line starts and the line, if every event before it has a line.
    fn at(&self, seq: u64) -> Option<(usize, &[u8], Event<'_>)> {
        let before = usize::try_from(seq.checked_sub(self.first_seq)?).ok()?;
        let start = match before.checked_sub(1) {
            None => 0,
            Some(before) => memchr::memchr_iter(b'\n', &self.raw).nth(before)? + 1,
        };
        let line = self.raw[start..].split(|byte| *byte == b'\n').next()?;
        let event = decode_line(line).ok().filter(|event| event.seq == seq)?;
        Some((start, line, event))
    }

    /// The block's lines, one event each, every line ended; none if some cannot be read.
    #[must_use]
    pub fn whole(self) -> Option<Vec<u8>> {
        let events = (self.last_seq + 1).saturating_sub(self.first_seq);
        let filled = |line: &&[u8]| !line.is_empty();
        let lines = self.raw.split(|byte| *byte == b'\n').filter(filled).count();
        if lines as u64 == events {
            let mut raw = self.raw;
            end_last_line(&mut raw);
            return Some(raw);
        }
        // Earlier versions joined blocks without ending the last line.
        let mut raw = Vec::with_capacity(self.raw.len() + 16);
        let read = self.for_each(|entry| match entry {
            Entry::Event(line, _) => {
                raw.extend_from_slice(line);
                raw.push(b'\n');
                Ok(())
            }
            Entry::Gap(gap) => Err(gap),
        });
        read.is_ok().then_some(raw)
    }

    /// Output lines that the block should finish, less those of its readable events.
    fn missing_lines(&self) -> u64 {
        let mut found = 0;
        let counted: Result<(), std::convert::Infallible> = each_stored(&self.raw, |_, event| {
            if let Body::Output(output) = &event.body
                && (self.first_seq..=self.last_seq).contains(&event.seq)
            {
                found += output.text.bytes().filter(|byte| *byte == b'\n').count() as u64;
            }
            Ok(())
        });
        match counted {
            Ok(()) => self.lines.saturating_sub(found).min(GAP_LINES),
        }
    }
}

/// Goes through the lines of an intact block, each with its event.
///
/// # Errors
/// A line is not an event, or `each` returned an error.
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

/// Goes through all readable events. A line with several events, one after the other, comes from joining blocks without
/// ending the last line.
fn each_stored<'r, E>(
    raw: &'r [u8],
    mut each: impl FnMut(&'r [u8], Event<'r>) -> Result<(), E>,
) -> Result<(), E> {
    for line in raw.split(|byte| *byte == b'\n') {
        if line.is_empty() {
            continue;
        }
        if let Ok(event) = decode_line(line) {
            each(line, event)?;
            continue;
        }
        let mut several = serde_json::Deserializer::from_slice(line).into_iter::<Event<'r>>();
        let mut start = 0;
        while let Some(Ok(event)) = several.next() {
            let end = several.byte_offset();
            each(line[start..end].trim_ascii(), event)?;
            start = end;
        }
    }
    Ok(())
}

/// Blocks for tests.
#[cfg(test)]
pub(super) mod testing {
    use playback_wire::{Output, encode::encode_line};

    use super::StoredLog;

    pub(in crate::log) fn block(texts: &[&str]) -> Vec<u8> {
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

    /// A stored block that declares as many events as these lines.
    pub(in crate::log) fn stored(raw: &[u8], lines: u64) -> StoredLog {
        StoredLog {
            raw: raw.to_vec(),
            first_seq: 1,
            last_seq: raw.split(|byte| *byte == b'\n').count() as u64 - 1,
            lines,
        }
    }

    /// The same block with other bytes.
    pub(in crate::log) fn with_raw(mut log: StoredLog, raw: &[u8]) -> StoredLog {
        log.raw = raw.to_vec();
        log
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{block, stored, with_raw};
    use super::*;

    fn entries(log: &StoredLog) -> Vec<String> {
        let mut entries = Vec::new();
        let read: Result<(), ()> = log.for_each(|entry| {
            entries.push(match entry {
                Entry::Event(line, event) => {
                    assert_eq!(decode_line(line).unwrap().seq, event.seq);
                    event.seq.to_string()
                }
                Entry::Gap(gap) => format!("{}-{}:{}", gap.first_seq, gap.last_seq, gap.lines),
            });
            Ok(())
        });
        read.unwrap();
        entries
    }

    #[test]
    fn whatever_a_block_holds_its_whole_range_is_told() {
        let good = block(&["a\n", "b\n", "c\n", "d\n"]);
        let lines: Vec<&[u8]> = good.split_inclusive(|byte| *byte == b'\n').collect();
        let joined = [
            lines[0],
            &lines[1][..lines[1].len() - 1],
            lines[2],
            lines[3],
        ]
        .concat();
        let unended = &good[..good.len() - 1];
        let damaged = [lines[0], b"{\"seq\":2,\"at\n", lines[2], lines[3]].concat();
        let torn = [lines[0], &lines[1][..9], lines[2], lines[3]].concat();
        let foreign = [
            lines[0],
            b"{\"seq\":9,\"at\":1,\"kind\":\"x\"}\n",
            lines[1],
            lines[3],
        ]
        .concat();
        for (raw, expected) in [
            (good.as_slice(), &["1", "2", "3", "4"][..]),
            (&joined, &["1", "2", "3", "4"]),
            (unended, &["1", "2", "3", "4"]),
            (&damaged, &["1", "2-2:1", "3", "4"]),
            (&torn, &["1", "2-3:2", "4"]),
            (&foreign, &["1", "2", "3-3:1", "4"]),
            (lines[0], &["1", "2-4:3"]),
            (b"", &["1-4:4"]),
            (b"\n\n", &["1-4:4"]),
            (b"\xff\0garbage", &["1-4:4"]),
        ] {
            let log = with_raw(stored(&good, 4), raw);
            assert_eq!(entries(&log), expected, "{}", String::from_utf8_lossy(raw));
            let is_whole = !expected.iter().any(|entry| entry.contains('-'));
            // `whole` may pass a line that is not an event, which is found when it is read; other damage makes it none.
            if is_whole {
                assert_eq!(log.whole().as_deref(), Some(good.as_slice()));
            }
        }
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
