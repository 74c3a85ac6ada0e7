//! Bundles: the log of one or more executions in a file, from which another collector makes the identical record.
//!
//! A bundle is NDJSON, compressed by zstd. Its first line is the version of the format. Then come executions: a line with
//! what the collector alone knows, a line for each block of the log, and a line with the hash of these. The last line is
//! the number of executions: a bundle without it was cut.
//!
//! - `line`: the lines
//! - `write`: makes a bundle while it is sent; or one of runs that another tool recorded
//! - `read`: reads a bundle while it arrives

mod line;
mod read;
mod write;

pub use read::{BundleError, BundleReader, BundledRun, Item};
pub use write::BundleWriter;
pub(super) use write::begin;
