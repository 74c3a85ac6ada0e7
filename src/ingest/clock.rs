//! Detects recorders whose clock is wrong, and corrects their times.
//!
//! A producer that reports live sends its clock's time with each batch. If that differs from the collector's by more
//! than an hour, the first event notes the difference ([`playback_wire::ExecutionStarted`]'s `clock_corrected_us`),
//! which is added to every time derived from the events. The events themselves stay as sent.

/// Smaller differences are not corrected: events keep the time of the machine that they happened on.
const WRONG_US: i64 = 3_600_000_000;

/// Another producer of a run, on the same machine, that differs from the first by less than this has the same clock.
const SAME_US: i64 = 60_000_000;

/// The correction for a producer whose clock says `told_us` when it is `now_us`; 0 if its clock is right. `known_us` is
/// the correction of the run's other producers.
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
