//! The parts of an execution, one file each: its output, its events, its structure, its results, and why it failed.

pub(super) mod events;
pub(super) mod explain;
pub(super) mod output;
pub(super) mod results;
pub(super) mod structure;
