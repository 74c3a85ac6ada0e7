//! The protocol between producers and the collector: events, one JSON object a line.
//!
//! A *producer* (the recorder inside Ansible, or the supervisor around a command) numbers its events
//! 1, 2, 3 … and appends each, as one line of NDJSON, to its spool file. A batch is a run of such
//! lines, zstd-compressed, and its answer names the last sequence number that is durably stored:
//!
//! ```text
//! POST /api/v1/ansible/ingest/{execution_id}/{producer}
//! {"seq":1,"at":1768904400000000,"kind":"execution_started","data":{"type":"playbook",…}}
//! {"seq":2,"at":1768904400010000,"kind":"play_started","data":{"play":1,"name":"web"}}
//!                                                                     → {"acked":2}
//! ```
//!
//! Layout:
//! - [`event`]: the data of each kind of event
//! - [`decode`]: lines → events, in one pass, borrowing from the line
//! - [`encode`]: events → lines, with space for content that is already JSON
//! - [`printed`]: printed bytes as text, and back
//! - [`trace`]: the place of a run in a distributed trace
//!
//! This crate does no I/O and no compression, and depends on nothing of ours.

pub mod decode;
pub mod encode;
pub mod event;
pub mod printed;
pub mod trace;

pub use decode::{DecodeError, decode_batch, decode_line};
pub use encode::EventWriter;
pub use event::*;
pub use trace::TraceParent;

/// The largest batch that a collector accepts, in bytes as sent (compressed).
pub const MAX_BATCH_BYTES: usize = 16 << 20;

/// The largest batch that a collector accepts, in bytes after decompression.
pub const MAX_BATCH_EXPANDED_BYTES: usize = 64 << 20;

/// The largest single event line that a producer writes by default, in bytes. Larger values are visibly cut; longer
/// printed lines are split into several `output` events.
pub const DEFAULT_MAX_EVENT_BYTES: usize = 1 << 20;

/// The header with a run's key: its sender may add to the run.
pub const RUN_KEY_HEADER: &str = "playback-run-key";

/// The media type of a batch.
pub const BATCH_CONTENT_TYPE: &str = "application/x-ndjson";

/// The header in which a sign of life without events carries the producer's time, like an event: in microseconds since
/// the Unix epoch. If the producer dies afterwards, its run ended then or later.
pub const TIME_HEADER: &str = "playback-time";

/// The variable in which a supervisor passes its run's clock to the recorder inside.
pub const CLOCK_VARIABLE: &str = "PLAYBACK_RUN_CLOCK";
