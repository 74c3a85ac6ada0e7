//! Fixed intervals, and the pause after a failure.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior};

/// A fixed interval; if a run took longer, the next one is due at once.
#[derive(Debug)]
pub struct Every(Interval);

impl Every {
    /// Due for the first time at once. Needs a runtime.
    #[must_use]
    pub fn at_once(period: Duration) -> Self {
        Self::of(tokio::time::interval(period))
    }

    /// Due for the first time after one period. Needs a runtime.
    #[must_use]
    pub fn later(period: Duration) -> Self {
        Self::of(tokio::time::interval_at(
            tokio::time::Instant::now() + period,
            period,
        ))
    }

    fn of(mut interval: Interval) -> Self {
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self(interval)
    }

    /// Waits until it is due. The future may be dropped at any time.
    pub async fn due(&mut self) {
        self.0.tick().await;
    }
}

/// The pause before a retry: it doubles with each failure, up to a limit, and is shortened at random by up to half, so
/// that collectors do not return to a database all at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    first: Duration,
    most: Duration,
}

impl Backoff {
    /// From one second up to one minute.
    pub(super) const USUAL: Self = Self {
        first: Duration::from_secs(1),
        most: Duration::from_secs(60),
    };

    /// The pause after this many consecutive failures.
    pub(super) fn pause(self, failures: u32) -> Duration {
        self.pause_by(failures, RandomState::new().hash_one(failures))
    }

    /// The pause for a given random number.
    fn pause_by(self, failures: u32, chance: u64) -> Duration {
        // More doublings would exceed any limit.
        let doublings = failures.saturating_sub(1).min(20);
        let whole = self.first.saturating_mul(1 << doublings).min(self.most);
        let spread = u64::try_from(whole.as_micros() / 2).unwrap_or(u64::MAX);
        whole.saturating_sub(Duration::from_micros(chance % spread.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn pauses_double_up_to_a_minute() {
        let pauses = [1, 2, 3, 4, 5, 6, 7, 8, u32::MAX];
        let pauses = pauses.map(|failures| Backoff::USUAL.pause_by(failures, 0));
        assert_eq!(
            pauses,
            [1, 2, 4, 8, 16, 32, 60, 60, 60].map(seconds),
            "without chance"
        );
    }

    #[test]
    fn chance_takes_up_to_half_of_a_pause() {
        for chance in [1, 123_456_789, u64::MAX / 3, u64::MAX] {
            for (failures, whole) in [(1, 1), (4, 8), (100, 60)] {
                let pause = Backoff::USUAL.pause_by(failures, chance);
                assert!(
                    pause >= seconds(whole) / 2 && pause <= seconds(whole),
                    "{pause:?}"
                );
            }
        }
        assert_ne!(
            Backoff::USUAL.pause_by(4, 1),
            Backoff::USUAL.pause_by(4, 2_000_000)
        );
    }

    #[tokio::test]
    async fn what_comes_every_so_often_comes_once_a_period() {
        use futures_util::FutureExt as _;

        let hour = seconds(3600);
        assert!(Every::later(hour).due().now_or_never().is_none());
        let mut every = Every::at_once(hour);
        every.due().await;
        assert!(every.due().now_or_never().is_none());
    }
}
