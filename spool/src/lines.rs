//! Reads a spool file back: whole lines, in constant memory, from any sequence number on.
//!
//! The lines of a spool are numbered without gaps, so a line's number follows from its position and need not be parsed;
//! only a file written by another process is checked first ([`survey`]).

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use crate::key::RunKey;
use crate::spool::MAX_LINE_BYTES;

/// Bytes read at once when lines are only counted.
const PIECE_BYTES: usize = 256 << 10;

/// A buffer with more capacity is freed after an unusually long line.
const KEEP_BYTES: usize = 2 << 20;

/// A position in a spool file, and the batch read there.
#[derive(Debug)]
pub(crate) struct Lines {
    /// Sequence number of the first line of the file.
    base: u64,
    /// Where the next line begins, and its number.
    offset: u64,
    seq: u64,
    buffer: Vec<u8>,
}

/// The result of [`Lines::read`]. Its bytes are [`Lines::bytes`] of `len`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Batch {
    /// Number of its first and last line.
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// Its size, in bytes.
    pub(crate) len: usize,
}

impl Lines {
    /// Begins at the start of a file whose first line has the number `base`.
    pub(crate) fn new(base: u64) -> Self {
        Self {
            base,
            offset: 0,
            seq: base,
            buffer: Vec::new(),
        }
    }

    /// Number of the first line of the file.
    pub(crate) fn base(&self) -> u64 {
        self.base
    }

    /// Where the next line begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Number of the next line.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// The file was emptied: its next line is the first one.
    pub(crate) fn restart(&mut self) {
        *self = Self::new(self.seq);
    }

    /// Skips everything before `end`; the next line has the number `seq`.
    pub(crate) fn skip_to(&mut self, end: u64, seq: u64) {
        self.offset = end;
        self.seq = seq;
    }

    /// Reads the next whole lines, up to about `limit` bytes and at least one, without moving past them. None: nothing
    /// is left before `end`.
    pub(crate) fn read(
        &mut self,
        file: &File,
        end: u64,
        limit: usize,
    ) -> io::Result<Option<Batch>> {
        if self.buffer.capacity() > KEEP_BYTES {
            self.buffer = Vec::new();
        }
        let limit = limit.max(1);
        let mut want = limit;
        loop {
            // A batch is far smaller than a usize can hold, whatever is left in the file.
            let left = usize::try_from(end - self.offset).unwrap_or(usize::MAX);
            if left == 0 {
                return Ok(None);
            }
            let size = want.min(left);
            self.buffer.resize(size, 0);
            file.read_exact_at(&mut self.buffer, self.offset)?;
            // A line longer than the limit is sent alone.
            let newline = if want > limit {
                memchr::memchr(b'\n', &self.buffer)
            } else {
                memchr::memrchr(b'\n', &self.buffer)
            };
            if let Some(newline) = newline {
                let len = newline + 1;
                let lines = memchr::memchr_iter(b'\n', &self.buffer[..len]).count() as u64;
                return Ok(Some(Batch {
                    first: self.seq,
                    last: self.seq + lines - 1,
                    len,
                }));
            }
            if size == left || size > MAX_LINE_BYTES {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the spool holds a line without an end",
                ));
            }
            want = want.saturating_mul(4);
        }
    }

    /// The lines read last.
    pub(crate) fn bytes(&self, batch: Batch) -> &[u8] {
        &self.buffer[..batch.len]
    }

    /// The lines to send: without the key, which is in the first line of the file.
    pub(crate) fn to_send(&self, batch: Batch) -> Cow<'_, [u8]> {
        let bytes = self.bytes(batch);
        if self.offset > 0 || RunKey::of(bytes).is_none() {
            return Cow::Borrowed(bytes);
        }
        let mut bytes = bytes.to_vec();
        RunKey::take_off(&mut bytes);
        Cow::Owned(bytes)
    }

    /// Whether the next line is the first of the file.
    pub(crate) fn is_at_start(&self) -> bool {
        self.offset == 0
    }

    /// Moves past the batch read last.
    pub(crate) fn pass(&mut self, batch: Batch) {
        self.offset += batch.len as u64;
        self.seq = batch.last + 1;
    }

    /// Moves to the line `seq`, back or forth. False: it is not between the start of the file and `end` (the line that
    /// would be next counts as inside), and the position is unchanged.
    pub(crate) fn seek(&mut self, file: &File, end: u64, seq: u64) -> io::Result<bool> {
        if seq < self.base {
            return Ok(false);
        }
        let (mut offset, mut at) = if seq >= self.seq {
            (self.offset, self.seq)
        } else {
            (0, self.base)
        };
        let mut piece = vec![0; PIECE_BYTES];
        while at < seq {
            let size = (end - offset).min(PIECE_BYTES as u64) as usize;
            if size == 0 {
                return Ok(false);
            }
            file.read_exact_at(&mut piece[..size], offset)?;
            let mut passed = size;
            for newline in memchr::memchr_iter(b'\n', &piece[..size]) {
                at += 1;
                if at == seq {
                    passed = newline + 1;
                    break;
                }
            }
            offset += passed as u64;
        }
        self.offset = offset;
        self.seq = seq;
        Ok(true)
    }
}

/// The content of a spool file whose owner is dead.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Survey {
    /// Number of the first and the last valid line; both 0: there is none.
    pub(crate) base: u64,
    pub(crate) last: u64,
    /// Where the valid lines end, in bytes.
    pub(crate) end: u64,
    /// Size of an unfinished line after them, in bytes, left by a power failure.
    pub(crate) torn: u64,
    /// Lines follow that are not the next events.
    pub(crate) damaged: bool,
    /// The bytes after the valid lines may be an event that a power failure interrupted.
    pub(crate) may_be_torn: bool,
}

/// Checks a file: the lines must be events, numbered without gaps.
pub(crate) fn survey(file: &File) -> io::Result<Survey> {
    let size = file.metadata()?.len();
    let mut found = Survey::default();
    let mut piece = vec![0; PIECE_BYTES];
    let mut head = Head::default();
    let mut offset = 0;
    while offset < size {
        let len = (size - offset).min(PIECE_BYTES as u64) as usize;
        file.read_exact_at(&mut piece[..len], offset)?;
        let mut start = 0;
        for newline in memchr::memchr_iter(b'\n', &piece[..len]) {
            head.add(&piece[start..newline]);
            let expected = if found.last == 0 {
                None
            } else {
                Some(found.last + 1)
            };
            match head.seq() {
                Some(seq) if expected.is_none_or(|expected| expected == seq) => {
                    found.last = seq;
                    if found.base == 0 {
                        found.base = seq;
                    }
                }
                _ => {
                    found.damaged = true;
                    return Ok(found);
                }
            }
            head = Head::default();
            start = newline + 1;
            found.end = offset + start as u64;
        }
        head.add(&piece[start..len]);
        offset += len as u64;
    }
    found.may_be_torn = head.may_be_torn();
    found.torn = size - found.end;
    Ok(found)
}

/// The beginning of a line, including its number.
#[derive(Default)]
struct Head {
    bytes: [u8; 32],
    len: usize,
}

impl Head {
    fn add(&mut self, part: &[u8]) {
        let room = (self.bytes.len() - self.len).min(part.len());
        self.bytes[self.len..self.len + room].copy_from_slice(&part[..room]);
        self.len += room;
    }

    /// Whether this may be the beginning of an unfinished event: a power failure leaves zeros.
    fn may_be_torn(&self) -> bool {
        const BEGIN: &[u8] = b"{\"seq\":";
        let bytes = &self.bytes[..self.len];
        let len = bytes.len().min(BEGIN.len());
        let written = bytes
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(len)
            .min(len);
        bytes[..written] == BEGIN[..written]
    }

    /// The line's number; None: it does not begin like an event.
    fn seq(&self) -> Option<u64> {
        let rest = self.bytes[..self.len].strip_prefix(b"{\"seq\":")?;
        let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
        if rest[digits] != b',' {
            return None;
        }
        let seq = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
        (seq > 0).then_some(seq)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn line(seq: u64, size: usize) -> Vec<u8> {
        let mut line =
            format!("{{\"seq\":{seq},\"at\":1,\"kind\":\"x\",\"data\":{{\"p\":\"").into_bytes();
        line.resize(line.len() + size, b'p');
        line.extend_from_slice(b"\"}}\n");
        line
    }

    fn file(lines: &[Vec<u8>], tail: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        for line in lines {
            file.write_all(line).unwrap();
        }
        file.write_all(tail).unwrap();
        file
    }

    fn size(file: &File) -> u64 {
        file.metadata().unwrap().len()
    }

    #[test]
    fn batches_are_whole_lines_and_a_long_one_is_a_batch_of_its_own() {
        let file = file(
            &[line(5, 10), line(6, 10), line(7, 5_000), line(8, 10)],
            b"",
        );
        let end = size(&file);
        let mut lines = Lines::new(5);
        let mut seen = Vec::new();
        while let Some(batch) = lines.read(&file, end, 120).unwrap() {
            assert_eq!(lines.bytes(batch).last(), Some(&b'\n'));
            seen.push((batch.first, batch.last));
            lines.pass(batch);
        }
        assert_eq!(seen, [(5, 6), (7, 7), (8, 8)]);
        assert_eq!((lines.offset(), lines.seq()), (end, 9));
    }

    #[test]
    fn seeks_back_and_forth_and_not_outside() {
        let all: Vec<_> = (10..2_000).map(|seq| line(seq, 300)).collect();
        let file = file(&all, b"");
        let end = size(&file);
        let mut lines = Lines::new(10);
        for seq in [1_500, 11, 1_999, 10, 2_000] {
            assert!(lines.seek(&file, end, seq).unwrap(), "{seq}");
            assert_eq!(lines.seq(), seq);
            let place = all[..(seq - 10) as usize]
                .iter()
                .map(Vec::len)
                .sum::<usize>();
            assert_eq!(lines.offset(), place as u64, "{seq}");
        }
        assert!(!lines.seek(&file, end, 9).unwrap());
        assert!(!lines.seek(&file, end, 2_001).unwrap());
        assert_eq!(lines.seq(), 2_000, "a failed search leaves the place");
    }

    #[test]
    fn a_survey_finds_the_good_lines_and_a_torn_end() {
        let good = [line(3, 10), line(4, 300_000), line(5, 1)];
        let whole = file(&good, b"");
        let expected = Survey {
            base: 3,
            last: 5,
            end: size(&whole),
            torn: 0,
            damaged: false,
            may_be_torn: true,
        };
        assert_eq!(survey(&whole).unwrap(), expected);
        let torn = file(&good, b"{\"seq\":6,\"at\":1,\"ki\0\0\0");
        assert_eq!(
            survey(&torn).unwrap(),
            Survey {
                torn: 22,
                ..expected.clone()
            }
        );
        for (index, tail) in ["{\"seq\":7,\"at\":1}\n", "rubbish\n", "{\"seq\":}\n"]
            .iter()
            .enumerate()
        {
            let damaged = file(&good, tail.as_bytes());
            assert_eq!(
                survey(&damaged).unwrap(),
                Survey {
                    damaged: true,
                    may_be_torn: false,
                    ..expected.clone()
                },
                "{index}"
            );
        }
        let empty = Survey {
            may_be_torn: true,
            ..Survey::default()
        };
        assert_eq!(survey(&file(&[], b"")).unwrap(), empty);
        for (tail, torn) in [
            ("{\"se", true),
            ("\0\0\0", true),
            ("{\0", true),
            ("#!/bin/sh", false),
        ] {
            let found = survey(&file(&[], tail.as_bytes())).unwrap();
            assert_eq!((found.end, found.may_be_torn), (0, torn), "{tail:?}");
        }
    }
}
