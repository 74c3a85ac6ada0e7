//! A batch as received: expanded, decoded, and turned into a block of the log.

use bytes::Bytes;
use playback_wire::{Body, Event, MAX_BATCH_EXPANDED_BYTES, Producer, decode_batch};

use super::error::IngestError;
use crate::log::block;
use crate::log::rewrite::with_note;
use crate::model::BlockRow;

/// Maximum number of events in a batch; senders use some thousands.
const EVENTS: usize = 200_000;

/// A batch as received, expanded. Its last line ends with a newline, because blocks are joined.
pub(super) struct Batch {
    /// The received zstd frame; none if it came uncompressed or without a final newline.
    frame: Option<Bytes>,
    raw: Vec<u8>,
}

impl Batch {
    /// An uncompressed batch: plain NDJSON.
    pub(super) fn plain(mut raw: Vec<u8>) -> Self {
        block::end_last_line(&mut raw);
        Self { frame: None, raw }
    }

    /// Expands a body: one zstd frame, or plain NDJSON. `largest` is the store's limit for one block.
    pub(super) fn read(body: Bytes, largest: usize) -> Result<Self, IngestError> {
        const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
        if body.len() > largest {
            return Err(IngestError::TooLarge);
        }
        if body.first() == Some(&b'{') {
            if body.len() > MAX_BATCH_EXPANDED_BYTES {
                return Err(IngestError::TooLarge);
            }
            return Ok(Self::plain(body.into()));
        }
        if !body.starts_with(&ZSTD_MAGIC) {
            return Err(IngestError::NotZstd);
        }
        let raw = block::expand(&body, MAX_BATCH_EXPANDED_BYTES)?;
        if raw.last().is_some_and(|byte| *byte != b'\n') {
            // The stored block differs from the body.
            return Ok(Self::plain(raw));
        }
        Ok(Self {
            frame: Some(body),
            raw,
        })
    }

    /// The same batch, with the run's clock correction noted in the first event.
    pub(super) fn with_clock(&self, corrected_us: i64) -> Option<Self> {
        let noted = with_note(&self.raw, |said| {
            said.insert("clock_corrected_us".to_owned(), corrected_us.into());
            Some(())
        });
        Some(Self::plain(noted?))
    }

    /// Memory that a body will take, in KiB: the size that its frame declares.
    pub(super) fn cost_kib(body: &[u8]) -> u32 {
        let bytes = Self::expanded_bytes(body);
        u32::try_from(bytes >> 10)
            .unwrap_or(u32::MAX)
            .saturating_add(1)
    }

    /// The expanded size that a body declares, in bytes.
    pub(super) fn expanded_bytes(body: &[u8]) -> usize {
        if body.first() == Some(&b'{') {
            return body.len();
        }
        let declared = block::declared_size(body).unwrap_or(MAX_BATCH_EXPANDED_BYTES);
        declared.min(MAX_BATCH_EXPANDED_BYTES)
    }

    /// The batch's events.
    pub(super) fn events(&self) -> Result<Vec<Event<'_>>, IngestError> {
        // When decoded, the smallest events take many times the memory of their text.
        if memchr::memchr_iter(b'\n', &self.raw).nth(EVENTS).is_some() {
            return Err(IngestError::TooLarge);
        }
        Ok(decode_batch(&self.raw)?)
    }

    /// Refuses what only the collector may say about a run. No version of a producer ever sent this, so no spool is
    /// lost; and removing it would leave a batch that differs from the one sent.
    pub(super) fn check_reserved(&self, events: &[Event<'_>]) -> Result<(), IngestError> {
        let found = events
            .iter()
            .enumerate()
            .find_map(|(index, event)| Some((index, reserved(event)?)));
        let Some((index, field)) = found else {
            return Ok(());
        };
        let lines = self.raw.split(|byte| *byte == b'\n').enumerate();
        let line = lines.filter(|(_, line)| !line.is_empty()).nth(index);
        Err(IngestError::Reserved {
            line: line.map_or(0, |(line, _)| line) + 1,
            field,
        })
    }

    /// The block that holds `new`, the events that are not stored yet: the received batch if that is all of it,
    /// otherwise the remaining lines, compressed again.
    pub(super) fn block(
        &self,
        producer: Producer,
        new: &[Event<'_>],
        whole: bool,
        first_line: u64,
        lines: u64,
    ) -> BlockRow {
        let (data, raw_bytes) = match (&self.frame, whole) {
            (Some(frame), true) => (frame.to_vec(), self.raw.len()),
            (None, true) => (block::compress(&self.raw), self.raw.len()),
            (_, false) => {
                let filled = |line: &&[u8]| !line.is_empty();
                let all = self.raw.split(|byte| *byte == b'\n').filter(filled).count();
                let rest = self
                    .raw
                    .split(|byte| *byte == b'\n')
                    .filter(filled)
                    .skip(all - new.len());
                let mut raw = Vec::new();
                for line in rest {
                    raw.extend_from_slice(line);
                    raw.push(b'\n');
                }
                (block::compress(&raw), raw.len())
            }
        };
        BlockRow {
            producer,
            first_seq: new.first().map_or(0, |event| event.seq),
            last_seq: new.last().map_or(0, |event| event.seq),
            first_line,
            lines,
            raw_bytes: raw_bytes as u64,
            data,
        }
    }
}

/// The part of an event that only the collector may write.
fn reserved(event: &Event<'_>) -> Option<&'static str> {
    match &event.body {
        Body::Launched(_) | Body::CancelRequested(_) | Body::Damaged => Some(event.body.kind()),
        Body::ExecutionStarted(started) if !started.redacted.is_empty() => Some("redacted"),
        Body::ExecutionStarted(started) if started.output_left_out > 0 => Some("output_left_out"),
        Body::ExecutionStarted(started) if started.clock_corrected_us != 0 => {
            Some("clock_corrected_us")
        }
        Body::ExecutionStarted(started) if started.imported.is_some() => Some("imported"),
        Body::ExecutionEnded(ended) if ended.succeeded.is_some() => Some("succeeded"),
        _ => None,
    }
}
