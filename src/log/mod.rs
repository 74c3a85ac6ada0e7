//! The event log: what producers sent is the source of truth, and rows are derived from it.
//!
//! - [`block`]: the log's unit; [`lines`]: printed lines read from blocks; [`output`]: from an execution's log
//! - [`assembler`]: state + event → changed rows; no clock, no I/O
//! - [`replay`]: the one way to assemble an execution from its log, and the one rule for silent runs
//! - `recall`: restores from rows what a damaged part of the log held
//! - [`rebuild`]: rebuilds rows
//! - [`pack`]: merges many small blocks into few large ones
//! - `rewrite`: changes events: [`redact`] hides values, [`trim`] removes the middle of the output
//!
//! Nothing here knows who sends events, or who watches: `ingest` takes events in, and keeps others away from a log
//! that is being rewritten.

pub mod assembler;
pub mod block;
mod error;
pub mod lines;
pub mod output;
pub(crate) mod pack;
mod rebuild;
mod recall;
pub(crate) mod redact;
pub(crate) mod replay;
pub(crate) mod rewrite;
pub(crate) mod trim;

pub use assembler::{Assembler, Refusal};
pub use error::LogError;
pub use rebuild::{LogGap, RebuildError, rebuild};
pub use redact::RedactionRequest;
