//! The lines of a bundle.

use playback_wire::Producer;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::Parameters;

/// Version of the format. A reader takes no other.
pub(super) const VERSION: u32 = 1;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line {
    /// The first line.
    PlaybackBundle(Header),
    /// An execution begins.
    Execution(Box<ExecutionLine>),
    /// A block of its log.
    Block(BlockLine),
    /// It ends.
    End(RunEnd),
    /// An execution that is not in the bundle.
    LeftOut(LeftOutLine),
    /// The last line.
    Over(BundleEnd),
}

/// The header of a bundle.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    /// Version of the format.
    pub(super) version: u32,
    /// What made it.
    pub(super) made_by: String,
}

/// The stored fields of an execution that its events do not contain.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ExecutionLine {
    /// Its identity.
    pub(super) id: Uuid,
    /// When it arrived, by the collector's clock.
    pub(super) arrived_us: Option<i64>,
    /// Its last sign of life without events.
    pub(super) alive_us: Option<i64>,
    /// SHA-256 of its run key, in hexadecimal.
    pub(super) run_key: Option<String>,
    /// Name of the token that began it.
    pub(super) begun_by: Option<String>,
    /// The parameters of its launch, if it was launched.
    pub(super) launch: Option<LaunchLine>,
}

/// A launch that is over.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LaunchLine {
    /// With what.
    pub(super) parameters: Parameters,
    /// When.
    pub(super) queued_us: i64,
}

/// A block of a log.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BlockLine {
    /// Who sent its events.
    pub(super) producer: Producer,
    /// Its first event.
    pub(super) first_seq: u64,
    /// Its last event.
    pub(super) last_seq: u64,
    /// Printed lines that were finished before it, and by it.
    pub(super) first_line: u64,
    pub(super) lines: u64,
    /// Size of the events, in bytes.
    pub(super) raw_bytes: u64,
    /// The events: NDJSON in one zstd frame, in base64.
    pub(super) data: String,
}

/// The end of an execution.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RunEnd {
    /// Number of its blocks.
    pub(super) blocks: u64,
    /// SHA-256 of its lines before this one, in hexadecimal.
    pub(super) sha256: String,
}

/// An execution that is not in the bundle, and why.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LeftOutLine {
    pub(super) id: Uuid,
    pub(super) why: String,
}

/// The end of the bundle.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BundleEnd {
    /// Number of executions.
    pub(super) executions: u64,
}

/// A hash in hexadecimal.
pub(super) fn hexadecimal(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads 32 bytes in hexadecimal.
pub(super) fn from_hexadecimal(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}
