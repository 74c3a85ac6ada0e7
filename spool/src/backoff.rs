//! The wait after a failed exchange.

use std::time::Duration;

/// Waits that double from the shortest to the longest, each shortened a little at random, so that many producers do not
/// return to a restarted collector at the same moment.
#[derive(Debug)]
pub(crate) struct Backoff {
    shortest: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) fn new((shortest, longest): (Duration, Duration)) -> Self {
        Self {
            shortest,
            longest,
            failures: 0,
        }
    }

    /// Resets the wait after a successful exchange.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The wait after another failure. The wait that the collector asks for is a lower bound.
    pub(crate) fn next(&mut self, retry_after: Option<Duration>) -> Duration {
        let doubled = self.shortest.saturating_mul(1 << self.failures.min(20));
        self.failures = self.failures.saturating_add(1);
        let wait = doubled.min(self.longest);
        let wait = match retry_after {
            // Later than asked rather than sooner.
            Some(asked) if asked >= wait => return asked.mul_f64(1.0 + fastrand::f64() / 4.0),
            Some(asked) => asked.max(jittered(wait)),
            None => jittered(wait),
        };
        wait.min(self.longest)
    }
}

fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew() {
        let mut backoff = Backoff::new((50 * MS, 10_000 * MS));
        let mut expected = 50 * MS;
        for _ in 0..40 {
            let wait = backoff.next(None);
            assert!(
                wait >= expected / 2 && wait <= expected,
                "{wait:?} {expected:?}"
            );
            expected = (expected * 2).min(10_000 * MS);
        }
        backoff.reset();
        assert!(backoff.next(None) <= 50 * MS);
    }

    #[test]
    fn the_collector_may_ask_for_longer_and_never_gets_less() {
        let mut backoff = Backoff::new((50 * MS, 10_000 * MS));
        for _ in 0..12 {
            let wait = backoff.next(Some(3_000 * MS));
            assert!(wait >= 3_000 * MS && wait <= 10_000 * MS, "{wait:?}");
        }
        assert!(backoff.next(Some(20_000 * MS)) >= 20_000 * MS);
    }
}
