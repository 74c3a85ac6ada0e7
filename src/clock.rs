//! The clock, injected: everything that needs the time gets a [`Clock`], so that tests can set it.
//!
//! The time of day ([`Clock::now_us`]) and elapsed time ([`Clock::monotonic_us`]) are separate, because the machine's
//! clock may be set. Durations and deadlines use elapsed time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

/// Tells the time in microseconds.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Fixed(Arc<Fixed>),
}

/// Start of monotonic time.
static BEGUN: LazyLock<Instant> = LazyLock::new(instant);

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the machine's monotonic clock"
)]
fn instant() -> Instant {
    Instant::now()
}

/// Times set by a test.
#[derive(Debug)]
struct Fixed {
    wall_us: AtomicI64,
    monotonic_us: AtomicI64,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that only moves by [`Clock::advance`] and [`Clock::set_forward`].
    #[must_use]
    pub fn fixed(now_us: i64) -> Self {
        Self(Source::Fixed(Arc::new(Fixed {
            wall_us: AtomicI64::new(now_us),
            monotonic_us: AtomicI64::new(0),
        })))
    }

    /// The time of day in microseconds since the Unix epoch. It may jump forward and back.
    #[must_use]
    pub fn now_us(&self) -> i64 {
        match &self.0 {
            #[expect(
                clippy::disallowed_methods,
                reason = "the one place that reads the machine's clock"
            )]
            Source::System => std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |elapsed| {
                    i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
                }),
            Source::Fixed(fixed) => fixed.wall_us.load(Ordering::SeqCst),
        }
    }

    /// Monotonic time in microseconds since some moment: only differences are meaningful, and only within one process.
    #[must_use]
    pub fn monotonic_us(&self) -> i64 {
        match &self.0 {
            Source::System => {
                let passed = instant().saturating_duration_since(*BEGUN);
                i64::try_from(passed.as_micros()).unwrap_or(i64::MAX)
            }
            Source::Fixed(fixed) => fixed.monotonic_us.load(Ordering::SeqCst),
        }
    }

    /// Lets time pass on a fixed clock; does nothing to the machine's.
    pub fn advance(&self, us: i64) {
        self.set_forward(us);
        if let Source::Fixed(fixed) = &self.0 {
            fixed.monotonic_us.fetch_add(us, Ordering::SeqCst);
        }
    }

    /// Sets a fixed clock forward or back, without time passing.
    pub fn set_forward(&self, us: i64) {
        if let Source::Fixed(fixed) = &self.0 {
            fixed.wall_us.fetch_add(us, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_a_clock_lets_no_time_pass() {
        let clock = Clock::fixed(1_000);
        clock.set_forward(-5_000);
        assert_eq!((clock.now_us(), clock.monotonic_us()), (-4_000, 0));
        clock.advance(7);
        assert_eq!((clock.now_us(), clock.monotonic_us()), (-3_993, 7));
    }
}
