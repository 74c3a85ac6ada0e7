//! Notices that the machine's clock was set: times until which something waits are stored as times of day, and would come
//! hours early or late.

use crate::clock::Clock;

/// Less than this is no matter.
const JUMP_US: i64 = 60_000_000;

/// How long a jump must be known before this collector ignores it: whichever collector has the turn goes by its own
/// clock.
const OURS_US: i64 = 120_000_000;

/// Compares the time of day with elapsed time.
#[derive(Debug)]
pub(super) struct ClockWatch {
    clock: Clock,
    /// How far it is ahead of elapsed time.
    ahead_us: i64,
    /// Since when a jump is known, in elapsed time.
    known_us: Option<i64>,
}

impl ClockWatch {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            ahead_us: clock.ahead_us(),
            known_us: None,
            clock,
        }
    }

    /// By how much the clock was set forward, or back, since it was last settled; none if it was not.
    pub(super) fn jump_us(&mut self) -> Option<i64> {
        let jump_us = self.clock.ahead_us().saturating_sub(self.ahead_us);
        if jump_us.saturating_abs() < JUMP_US {
            self.known_us = None;
            return None;
        }
        let now_us = self.clock.monotonic_us();
        let known_us = *self.known_us.get_or_insert(now_us);
        if now_us.saturating_sub(known_us) > OURS_US {
            self.settle();
            return None;
        }
        Some(jump_us)
    }

    /// Goes by the clock as it is now.
    pub(super) fn settle(&mut self) {
        self.ahead_us = self.clock.ahead_us();
        self.known_us = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    #[test]
    fn only_a_clock_that_is_set_jumps() {
        let clock = Clock::fixed(5);
        let mut watch = ClockWatch::new(clock.clone());
        clock.advance(100 * HOUR);
        assert_eq!(watch.jump_us(), None);
        clock.set_forward(JUMP_US - 1);
        assert_eq!(watch.jump_us(), None);
        clock.set_forward(-2 * HOUR);
        assert_eq!(watch.jump_us(), Some(JUMP_US - 1 - 2 * HOUR));
        watch.settle();
        assert_eq!(watch.jump_us(), None);
        // The jump was not handled here: another collector has the turn.
        clock.set_forward(3 * HOUR);
        assert_eq!(watch.jump_us(), Some(3 * HOUR));
        clock.advance(OURS_US + 1);
        assert_eq!(watch.jump_us(), None);
    }
}
