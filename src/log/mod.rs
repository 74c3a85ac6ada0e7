//! The event log: what producers sent is the truth, and rows are what it says.
//!
//! - [`block`]: the log's unit; [`lines`]: printed lines read out of blocks; [`output`]: out of an execution's log
//! - [`assembler`]: state + event → changed rows; no clock, no I/O
//! - [`replay`]: the one loop that goes through an execution's log, and the one rule for runs that fell silent
//! - `recall`: what rows still tell of a part of the log that is damaged
//! - [`rebuild`]: rows made anew
//! - [`pack`]: many small blocks made into few large ones
//! - `rewrite`: events that say something else: [`redact`], without what is to be hidden; [`trim`], without the
//!   middle of what was printed
//!
//! Nothing here knows who sends events, or who watches: `ingest` takes events in, and keeps others away from a log
//! that is rewritten.

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
