//! Recorders whose clock is wrong: how that is seen, and the times that are corrected.
//!
//! A producer that reports live says with each batch what time it is by its clock. Where that differs from the collector's by
//! more than an hour, the first event notes the difference ([`playback_wire::ExecutionStarted`]'s `clock_corrected_us`), and
//! it is added to every time that is made of the events. The events stay as they were sent.

/// Clocks that differ by less than this are left alone: events tell when something was to the machine that it was on.
const WRONG_US: i64 = 3_600_000_000;

/// Another producer of a run, on the same machine, that differs from the first by less than this has the same clock.
const SAME_US: i64 = 60_000_000;

/// What is to be added to the times of a producer that says that it is `told_us`, when it is `now_us`; 0 where its clock is
/// right. `known_us` is what is added to those of the run's other producers.
pub(super) fn correction(told_us: i64, now_us: i64, known_us: i64) -> i64 {
    let off_us = now_us.saturating_sub(told_us);
    if known_us != 0 && off_us.saturating_sub(known_us).saturating_abs() < SAME_US {
        known_us
    } else if off_us.saturating_abs() > WRONG_US {
        off_us
    } else {
        0
    }
}
