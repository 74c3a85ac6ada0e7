//! The parts of an execution, one file each: its output, its events, its structure, its results, why it failed, and
//! how it differs from another.

pub(super) mod compare;
pub(super) mod events;
pub(super) mod explain;
pub(super) mod matrix;
pub(super) mod output;
pub(super) mod results;
pub(super) mod structure;
