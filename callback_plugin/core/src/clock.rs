//! The recorder's clock: the only module that reads the time.

#![allow(clippy::disallowed_methods)]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use playback_spool::RunClock;

/// The run's clock, as a number. Boxed, so that it is in memory that `fork` does not copy; the static is only read.
static OFFSET_US: OnceLock<Box<AtomicI64>> = OnceLock::new();

/// Starts a run's clock: the surrounding supervisor's, or a new one.
pub fn begin(clock: RunClock) {
    OFFSET_US
        .get_or_init(Box::default)
        .store(clock.offset_us(), Ordering::Relaxed);
}

/// Microseconds since the Unix epoch, by the run's clock: setting the machine's clock meanwhile changes nothing.
#[inline]
pub fn now_us() -> i64 {
    current().now_us()
}

/// The clock of the run.
#[inline]
pub fn current() -> RunClock {
    let offset_us = OFFSET_US.get_or_init(|| Box::new(RunClock::start().offset_us().into()));
    RunClock::from_offset_us(offset_us.load(Ordering::Relaxed))
}

/// A point in time that a duration is measured from.
#[inline]
pub fn instant() -> Instant {
    Instant::now()
}
