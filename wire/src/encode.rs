//! Events → lines.
//!
//! A producer writes into a buffer that it reuses, so that a warm hook allocates nothing. Content that is already JSON
//! (a result encoded from Python objects) is appended as a last field of the data by [`EventWriter::content`], without
//! a copy through a value tree.

use std::io::Write as _;

use serde::Serialize;

/// Writes one event line into a buffer: `{"seq":…,"at":…,"kind":"…","data":{…}}\n`.
#[derive(Debug)]
pub struct EventWriter<'b> {
    buffer: &'b mut Vec<u8>,
}

impl<'b> EventWriter<'b> {
    /// Begins a line at the end of `buffer` and writes `data`, which must encode as a JSON object.
    ///
    /// # Errors
    /// `data` cannot be encoded; the buffer then holds part of a line and must be truncated.
    pub fn begin<T: Serialize>(
        buffer: &'b mut Vec<u8>,
        seq: u64,
        at: i64,
        kind: &str,
        data: &T,
    ) -> Result<Self, serde_json::Error> {
        // Writing to a Vec cannot fail.
        let _ = write!(
            buffer,
            "{{\"seq\":{seq},\"at\":{at},\"kind\":\"{kind}\",\"data\":"
        );
        serde_json::to_writer(&mut *buffer, data)?;
        debug_assert_eq!(buffer.last(), Some(&b'}'), "data is a JSON object");
        Ok(Self { buffer })
    }

    /// Adds a field to the data whose value `write` appends as JSON.
    pub fn content(self, name: &str, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        self.buffer.pop();
        if self.buffer.last() != Some(&b'{') {
            self.buffer.push(b',');
        }
        let _ = write!(self.buffer, "\"{name}\":");
        write(self.buffer);
        self.buffer.push(b'}');
        self
    }

    /// Ends the line.
    pub fn end(self) {
        self.buffer.extend_from_slice(b"}\n");
    }
}

/// Appends one whole event line to `buffer`.
///
/// # Errors
/// `data` cannot be encoded.
pub fn encode_line<T: Serialize>(
    buffer: &mut Vec<u8>,
    seq: u64,
    at: i64,
    kind: &str,
    data: &T,
) -> Result<(), serde_json::Error> {
    EventWriter::begin(buffer, seq, at, kind, data)?.end();
    Ok(())
}
