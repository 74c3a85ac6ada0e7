//! Computes when a schedule is due, on a machine whose clock may be set.

use std::time::Duration;

use crate::clock::Clock;
use crate::config::Schedule;

/// How often the clock is checked, because it may be set.
const LOOK: Duration = Duration::from_secs(30);

/// A clock that differs from elapsed time by more than this was set.
const SET_US: i64 = 60_000_000;

/// Waits until the schedule is next due, and returns that time. The future may be dropped at any time.
pub async fn next(schedule: Schedule, clock: &Clock) -> i64 {
    let mut alarm = Alarm::set(schedule, clock.clone());
    loop {
        match alarm.look() {
            Look::Due(due_us) => return due_us,
            Look::Wait(left) => tokio::time::sleep(left).await,
        }
    }
}

/// The next time of a schedule.
#[derive(Debug)]
struct Alarm {
    schedule: Schedule,
    clock: Clock,
    due_us: i64,
    /// How far the clock is ahead of elapsed time.
    ahead_us: i64,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    /// The schedule is due at that time.
    Due(i64),
    /// It may be due after this.
    Wait(Duration),
}

impl Alarm {
    fn set(schedule: Schedule, clock: Clock) -> Self {
        let due_us = schedule.next_after(clock.now_us());
        let ahead_us = clock.ahead_us();
        Self {
            schedule,
            clock,
            due_us,
            ahead_us,
        }
    }

    fn look(&mut self) -> Look {
        let now_us = self.clock.now_us();
        let ahead_us = self.clock.ahead_us();
        if (ahead_us - self.ahead_us).abs() > SET_US {
            // The clock was set, and may be set back: nothing is removed based on such a new time.
            self.ahead_us = ahead_us;
            self.due_us = self.due_us.min(self.schedule.next_after(now_us));
            return Look::Wait(LOOK);
        }
        match self.due_us.saturating_sub(now_us) {
            left if left <= 0 => Look::Due(self.due_us),
            left => Look::Wait(Duration::from_micros(left.unsigned_abs()).min(LOOK)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_US: i64 = 3_600_000_000;
    const NOON: i64 = 1_768_910_400_000_000;

    /// An alarm at three in the morning, set at noon.
    fn alarm() -> (Alarm, Clock, i64) {
        let clock = Clock::fixed(NOON);
        let schedule = Schedule::try_from("daily 03:00".to_owned()).unwrap();
        let due_us = NOON + 15 * HOUR_US;
        (Alarm::set(schedule, clock.clone()), clock, due_us)
    }

    #[test]
    fn a_cleanup_is_due_at_its_time() {
        let (mut alarm, clock, due_us) = alarm();
        assert_eq!(alarm.look(), Look::Wait(LOOK));
        clock.advance(15 * HOUR_US - 1_000_000);
        assert_eq!(alarm.look(), Look::Wait(Duration::from_secs(1)));
        clock.advance(1_000_000);
        assert_eq!(alarm.look(), Look::Due(due_us));
    }

    #[test]
    fn after_the_clock_was_set_a_cleanup_waits_for_half_a_minute() {
        let (mut alarm, clock, due_us) = alarm();
        clock.set_forward(48 * HOUR_US);
        assert_eq!(alarm.look(), Look::Wait(Duration::from_secs(30)));
        clock.advance(30_000_000);
        assert_eq!(alarm.look(), Look::Due(due_us));
    }

    #[test]
    fn a_clock_that_is_set_back_within_half_a_minute_makes_no_cleanup_due() {
        let (mut alarm, clock, due_us) = alarm();
        clock.set_forward(48 * HOUR_US);
        assert_eq!(alarm.look(), Look::Wait(LOOK));
        clock.advance(20_000_000);
        clock.set_forward(-48 * HOUR_US);
        clock.advance(10_000_000);
        // It was set again: the alarm waits again, and then it is still half past noon.
        assert_eq!(alarm.look(), Look::Wait(LOOK));
        clock.advance(30_000_000);
        assert_eq!(alarm.look(), Look::Wait(LOOK));
        clock.advance(15 * HOUR_US);
        assert_eq!(alarm.look(), Look::Due(due_us));
    }
}
