//! The clock of the recorder: the one place that asks for the time.

#![allow(clippy::disallowed_methods)]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use playback_spool::RunClock;

/// The run's clock, as a number. Boxed, so that it lies where `fork` copies nothing; the static itself is only read.
static OFFSET_US: OnceLock<Box<AtomicI64>> = OnceLock::new();

/// Begins the time of a run: with the clock of the supervisor around it, or with one of its own.
pub(crate) fn begin(clock: RunClock) {
    OFFSET_US
        .get_or_init(Box::default)
        .store(clock.offset_us(), Ordering::Relaxed);
}

/// Microseconds since the Unix epoch, by the clock of the run: setting the machine's clock meanwhile changes nothing.
pub(crate) fn now_us() -> i64 {
    current().now_us()
}

/// The clock of the run.
pub(crate) fn current() -> RunClock {
    let offset_us = OFFSET_US.get_or_init(|| Box::new(RunClock::start().offset_us().into()));
    RunClock::from_offset_us(offset_us.load(Ordering::Relaxed))
}

/// A point in time that a duration is measured from.
pub(crate) fn instant() -> Instant {
    Instant::now()
}
