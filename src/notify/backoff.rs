//! The wait before another attempt. Pure.

use std::time::Duration;

/// Longest pause.
const LONGEST: Duration = Duration::from_secs(3600);

/// The pause after this many failed attempts: it doubles with each, up to an hour, and is shortened by up to half as
/// `chance` says, so that messages that failed together do not return together.
#[must_use]
pub fn pause(first: Duration, failures: u32, chance: u64) -> Duration {
    // More doublings would exceed any limit.
    let doublings = failures.saturating_sub(1).min(20);
    let whole = first.saturating_mul(1 << doublings).min(LONGEST);
    let micros = u64::try_from(whole.as_micros()).unwrap_or(u64::MAX);
    let half = micros / 2;
    Duration::from_micros(micros - chance % (half + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour_and_differ() {
        let first = Duration::from_secs(5);
        let longest: Vec<u64> = (1..=12)
            .map(|failures| pause(first, failures, 0).as_secs())
            .collect();
        assert_eq!(
            longest,
            [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]
        );
        for chance in [1, 17, u64::MAX / 3, u64::MAX] {
            let shorter = pause(first, 3, chance);
            assert!(shorter >= Duration::from_secs(10), "{shorter:?}");
            assert!(shorter < Duration::from_secs(20), "{shorter:?}");
        }
        assert_eq!(pause(Duration::ZERO, 1, 5), Duration::ZERO);
        assert!(pause(first, u32::MAX, 0) == LONGEST);
    }

    /// A target that answers 500 for an hour is asked a dozen times, not thousands of times; and a day has room for
    /// more than thirty attempts.
    #[test]
    fn an_outage_is_asked_about_seldom_and_a_day_long() {
        let within = |limit: u64| {
            let (mut passed, mut attempts) = (Duration::ZERO, 1);
            while passed < Duration::from_secs(limit) {
                passed += pause(Duration::from_secs(5), attempts, u64::from(attempts) * 977);
                attempts += 1;
            }
            attempts
        };
        assert!((9..=14).contains(&within(3600)), "{}", within(3600));
        assert!((30..=60).contains(&within(86_400)), "{}", within(86_400));
    }
}
