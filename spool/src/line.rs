//! A line that is encoded before its number is known, in a buffer that is used again.
//!
//! Encoding may run Python and give way to other threads, so it happens outside every lock; the number
//! is given under the lock that orders the writes.

use std::cell::Cell;

/// What a line is encoded with until it has its number: the longest there is.
pub(crate) const UNNUMBERED: u64 = u64::MAX;

/// What comes before the number.
const SEQ_KEY: &[u8] = b"{\"seq\":";

/// Where an unnumbered line's number ends.
const SEQ_END: usize = SEQ_KEY.len() + 20;

/// Capacity from which a buffer is not kept for the next event.
const KEEP_BYTES: usize = 1 << 20;

thread_local! {
    /// The buffer that this thread's events are encoded into: a warm hook allocates nothing. It is
    /// taken out while in use, so that an event appended from within another's content finds an
    /// empty one.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// An empty buffer, warm where this thread has encoded before.
pub(crate) fn take_buffer() -> Vec<u8> {
    // At the very end of a process, the thread's buffer may be gone already.
    let mut buffer = BUFFER.try_with(Cell::take).unwrap_or_default();
    buffer.clear();
    buffer
}

/// Keeps a buffer for this thread's next event.
pub(crate) fn give_back(buffer: Vec<u8>) {
    if buffer.capacity() <= KEEP_BYTES {
        let _ = BUFFER.try_with(|kept| kept.set(buffer));
    }
}

/// Numbers a line: `seq` is written right-aligned over the number that it was encoded with, and what
/// comes before it moves along. Returns the line.
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
        let outer = take_buffer();
        let inner = take_buffer();
        give_back(inner);
        give_back(outer);
        assert!(take_buffer().is_empty());
    }
}
