//! Statistics: what is added up, how it is kept, how it is asked for and answered. Pure.
//!
//! ```text
//! rows or a stored roll-up ─► Roll ─► Tally (what a question wants) ─► Statistics (the answer)
//! ```
//!
//! Layout:
//! - [`Durations`]: how long things took, with percentiles, in a few bytes
//! - [`Group`]: what runs have in common that are counted as one
//! - [`Roll`]: the runs of a time, added up by a [`RollBuilder`]; `encode` writes it into bytes and reads it back
//! - [`Question`]: which runs, in which intervals, grouped by what
//! - [`Tally`]: the figures that answer it, in the making
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
pub use encode::{Damaged, Part};
pub use group::Group;
pub use question::{By, DAY_US, HOUR_US, Period, Question, day_of, interval_us, span_of};
pub use roll::{HostFigures, Roll, RollBuilder, Slot, TaskFigures, TaskName};
pub use tally::Tally;
