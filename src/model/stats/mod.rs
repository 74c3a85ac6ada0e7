//! Statistics: how they are summed up, stored, queried and answered. Pure.
//!
//! ```text
//! rows or a stored roll-up ─► Roll ─► Tally (what a question needs) ─► Statistics (the answer)
//! ```
//!
//! Layout:
//! - [`Durations`]: statistics of durations, with percentiles, in a few bytes
//! - [`Group`]: the properties by which runs are counted together
//! - [`Roll`]: the runs of a period, summed up by a [`RollBuilder`]; `encode` converts it to bytes and back
//! - [`Question`]: which runs to count, at which intervals, and by which groups
//! - [`Tally`]: sums up the figures for an answer
//! - [`Statistics`]: the answer as served

mod answer;
mod durations;
mod encode;
mod group;
mod question;
mod roll;
mod tally;

pub use answer::*;
pub use durations::Durations;
pub use encode::{Damaged, HostSelection, Part};
pub use group::Group;
pub use question::{By, DAY_US, HOUR_US, Period, Question, day_of, interval_us, span_of};
pub use roll::{CpuFigures, HostFigures, Roll, RollBuilder, Slot, TaskFigures, TaskName};
pub use tally::Tally;
