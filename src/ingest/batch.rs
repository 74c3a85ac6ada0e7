//! A batch as it came: expanded, decoded, and put into the log.

use bytes::Bytes;
use playback_wire::{Body, Event, MAX_BATCH_EXPANDED_BYTES, Producer, decode_batch};

use super::error::IngestError;
use crate::log::block;
use crate::log::rewrite::with_note;
use crate::model::BlockRow;

/// Events of a batch at most; senders make do with some thousands.
const EVENTS: usize = 200_000;

/// A batch as it came, expanded. Its last line is ended, because blocks are joined.
pub(super) struct Batch {
    /// As it came: one zstd frame; none where it came plain, or its last line was not ended.
    frame: Option<Bytes>,
    raw: Vec<u8>,
}

impl Batch {
    /// One that never was compressed: plain NDJSON.
    pub(super) fn plain(mut raw: Vec<u8>) -> Self {
        block::end_last_line(&mut raw);
        Self { frame: None, raw }
    }

    /// Expands a body: one zstd frame, or plain NDJSON. `largest`: what the store takes as one block.
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
            // The block that is stored is another one.
            return Ok(Self::plain(raw));
        }
        Ok(Self {
            frame: Some(body),
            raw,
        })
    }

    /// The same batch, whose first event notes by how much the times of the run are corrected.
    pub(super) fn with_clock(&self, corrected_us: i64) -> Option<Self> {
        let noted = with_note(&self.raw, |said| {
            said.insert("clock_corrected_us".to_owned(), corrected_us.into());
            Some(())
        });
        Some(Self::plain(noted?))
    }

    /// Memory that a body will take, in KiB: what it says that it expands to.
    pub(super) fn cost_kib(body: &[u8]) -> u32 {
        let bytes = Self::expanded_bytes(body);
        u32::try_from(bytes >> 10)
            .unwrap_or(u32::MAX)
            .saturating_add(1)
    }

    /// How large a body says that it is when it is expanded.
    pub(super) fn expanded_bytes(body: &[u8]) -> usize {
        if body.first() == Some(&b'{') {
            return body.len();
        }
        let declared = block::declared_size(body).unwrap_or(MAX_BATCH_EXPANDED_BYTES);
        declared.min(MAX_BATCH_EXPANDED_BYTES)
    }

    /// Its events.
    pub(super) fn events(&self) -> Result<Vec<Event<'_>>, IngestError> {
        // Decoded, the smallest events take many times the memory that they take as text.
        if memchr::memchr_iter(b'\n', &self.raw).nth(EVENTS).is_some() {
            return Err(IngestError::TooLarge);
        }
        Ok(decode_batch(&self.raw)?)
    }

    /// Refuses what only the collector may say of a run. Producers of no version ever did, so no spool is lost
    /// by it; and taking it out would leave a batch that is not what was sent.
    pub(super) fn check_reserved(&self, events: &[Event<'_>]) -> Result<(), IngestError> {
        let found = events
            .iter()
            .enumerate()
            .find_map(|(index, event)| Some((index, reserved(event)?)));
        let Some((index, what)) = found else {
            return Ok(());
        };
        let lines = self.raw.split(|byte| *byte == b'\n').enumerate();
        let line = lines.filter(|(_, line)| !line.is_empty()).nth(index);
        Err(IngestError::Reserved {
            line: line.map_or(0, |(line, _)| line) + 1,
            what,
        })
    }

    /// The block that holds `new`, the events that were not stored yet: the batch as it came when
    /// that is all of it, and the rest of its lines compressed anew when it is not.
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

/// What of an event only the collector may say.
fn reserved(event: &Event<'_>) -> Option<&'static str> {
    match &event.body {
        Body::Launched(_) | Body::CancelRequested(_) | Body::Damaged => Some(event.body.kind()),
        Body::ExecutionStarted(what) if !what.redacted.is_empty() => Some("redacted"),
        Body::ExecutionStarted(what) if what.output_left_out > 0 => Some("output_left_out"),
        Body::ExecutionStarted(what) if what.clock_corrected_us != 0 => Some("clock_corrected_us"),
        _ => None,
    }
}
