//! The clock, injected: everything that needs the time gets a [`Clock`], so that tests can set it.
//!
//! The time of day ([`Clock::now_us`]) and elapsed time ([`Clock::monotonic_us`]) are separate, because the machine's
//! clock may be set. Durations and deadlines use elapsed time.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Tells the time in microseconds.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Fixed(Arc<Mutex<Times>>),
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

/// What a clock shows, in microseconds.
#[derive(Debug, Clone, Copy)]
struct Times {
    wall_us: i64,
    monotonic_us: i64,
}

fn locked(times: &Mutex<Times>) -> MutexGuard<'_, Times> {
    // The lock may be poisoned, but a panic never leaves the times half changed.
    times.lock().unwrap_or_else(PoisonError::into_inner)
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
        Self(Source::Fixed(Arc::new(Mutex::new(Times {
            wall_us: now_us,
            monotonic_us: 0,
        }))))
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
            Source::Fixed(times) => locked(times).wall_us,
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
            Source::Fixed(times) => locked(times).monotonic_us,
        }
    }

    /// The time of day minus elapsed time, in microseconds: it changes when the clock is set, and only then.
    #[must_use]
    pub fn ahead_us(&self) -> i64 {
        let (wall_us, monotonic_us) = match &self.0 {
            Source::System => (self.now_us(), self.monotonic_us()),
            Source::Fixed(times) => {
                let times = *locked(times);
                (times.wall_us, times.monotonic_us)
            }
        };
        wall_us.saturating_sub(monotonic_us)
    }

    /// Lets time pass on a fixed clock; does nothing to the machine's.
    pub fn advance(&self, us: i64) {
        if let Source::Fixed(times) = &self.0 {
            let mut times = locked(times);
            times.wall_us += us;
            times.monotonic_us += us;
        }
    }

    /// Sets a fixed clock forward or back, without time passing.
    pub fn set_forward(&self, us: i64) {
        if let Source::Fixed(times) = &self.0 {
            locked(times).wall_us += us;
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
        assert_eq!(clock.ahead_us(), -4_000);
        clock.advance(7);
        assert_eq!((clock.now_us(), clock.monotonic_us()), (-3_993, 7));
        assert_eq!(clock.ahead_us(), -4_000);
    }
}
