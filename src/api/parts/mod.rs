//! The parts of an execution, a file each: what it printed, its events, what it is made of, its results.

pub(super) mod events;
pub(super) mod output;
pub(super) mod results;
pub(super) mod structure;
