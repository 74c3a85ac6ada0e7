//! Encodes a line before its number is known, into a reusable buffer.
//!
//! Encoding may run Python and yield to other threads, so it happens outside of every lock; the number is assigned
//! under the lock that orders the writes.

use std::sync::Mutex;

/// Placeholder for the number: the longest possible.
pub(crate) const UNNUMBERED: u64 = u64::MAX;

/// Text before the number.
const SEQ_KEY: &[u8] = b"{\"seq\":";

/// End of the placeholder.
const SEQ_END: usize = SEQ_KEY.len() + 20;

/// A buffer with more capacity is not kept for the next event.
const KEEP_BYTES: usize = 1 << 20;

/// The buffer that events are encoded into: a warm hook allocates nothing. It is taken out while in use, so that an
/// event appended meanwhile, by another thread or from within this one's content, finds an empty one. It is part of the
/// spool rather than thread-local, because a child inherits a thread's memory: see the recorder's allocator.
#[derive(Debug, Default)]
pub(crate) struct Buffer(Mutex<Vec<u8>>);

impl Buffer {
    /// An empty buffer, with capacity from earlier events.
    pub(crate) fn take(&self) -> Vec<u8> {
        let mut buffer = self
            .0
            .try_lock()
            .map(|mut kept| std::mem::take(&mut *kept))
            .unwrap_or_default();
        buffer.clear();
        buffer
    }

    /// Keeps a buffer for the next event.
    pub(crate) fn give_back(&self, buffer: Vec<u8>) {
        if buffer.capacity() <= KEEP_BYTES
            && let Ok(mut kept) = self.0.try_lock()
        {
            *kept = buffer;
        }
    }
}

/// Numbers a line: `seq` is written right-aligned over the placeholder, and the text before it is moved. Returns the
/// line.
pub(crate) fn number(line: &mut [u8], seq: u64) -> &[u8] {
    let mut digits = [0_u8; 20];
    let mut first = digits.len();
    let mut rest = seq;
    loop {
        first -= 1;
        // The remainder of a division by ten fits a byte.
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let digits = &digits[first..];
    let start = SEQ_END - digits.len() - SEQ_KEY.len();
    line[start..start + SEQ_KEY.len()].copy_from_slice(SEQ_KEY);
    line[SEQ_END - digits.len()..SEQ_END].copy_from_slice(digits);
    &line[start..]
}

#[cfg(test)]
mod tests {
    use playback_wire::EventWriter;

    use super::*;

    #[test]
    fn a_line_gets_its_number_afterwards() {
        for seq in [1, 9, 10, 4_711, u64::MAX - 1, u64::MAX] {
            let mut encoded = Vec::new();
            let data = serde_json::json!({"a": 1});
            EventWriter::begin(&mut encoded, UNNUMBERED, 7, "x", &data)
                .unwrap()
                .end();
            let mut expected = Vec::new();
            EventWriter::begin(&mut expected, seq, 7, "x", &data)
                .unwrap()
                .end();
            assert_eq!(number(&mut encoded, seq), expected);
        }
    }

    #[test]
    fn an_event_within_an_event_finds_a_buffer_of_its_own() {
        let buffer = Buffer::default();
        let mut outer = buffer.take();
        outer.push(b'o');
        let mut inner = buffer.take();
        assert!(inner.is_empty());
        inner.push(b'i');
        buffer.give_back(inner);
        buffer.give_back(outer);
        assert!(buffer.take().is_empty());
    }
}
