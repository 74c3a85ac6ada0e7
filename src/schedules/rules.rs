//! Decides what a schedule does now. Pure: the clock and the state are parameters.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::model::{MissedTimes, OpenRun, Overlap, ScheduleOutcome};
use crate::timetable::Timetable;

/// A time counts as missed if it was not processed this long after it came. A collector that is restarted meanwhile misses
/// nothing.
pub const LATE_US: i64 = 5 * 60 * 1_000_000;

/// A clock that is this much behind the last decision was set back.
const SET_BACK_US: i64 = 3 * 3600 * 1_000_000;

/// The longest jitter, in seconds.
pub const MOST_JITTER: u32 = 3600;

/// What says when a schedule is due.
#[derive(Debug, Clone, Copy)]
pub struct Clockwork<'t> {
    /// Its times.
    pub timetable: &'t Timetable,
    /// Its identity.
    pub id: Uuid,
    /// Maximum random delay in seconds.
    pub jitter_seconds: u32,
    /// Times up to this one are decided, in microseconds since the epoch.
    pub decided_us: i64,
}

/// Whether a schedule is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// It has no further time.
    Never,
    /// At this time, with its jitter, in microseconds since the epoch.
    At(i64),
    /// Now.
    Now(DueTime),
    /// The clock is hours behind the last decision: it was set back since, or before it was set forward.
    SetBack,
}

/// A time that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueTime {
    /// The time of the cron line, in microseconds since the epoch: of several that are due, the last.
    pub time_us: i64,
    /// Further ones before it.
    pub passed_over: u64,
    /// Whether it should have been decided about long ago.
    pub is_missed: bool,
}

impl Clockwork<'_> {
    /// Whether it is due.
    #[must_use]
    pub fn due(&self, now_us: i64) -> Due {
        if now_us < self.decided_us.saturating_sub(SET_BACK_US) {
            return Due::SetBack;
        }
        let Some(first_us) = self.timetable.next_after(self.decided_us) else {
            return Due::Never;
        };
        if now_us < self.starts_us(first_us) {
            return Due::At(self.starts_us(first_us));
        }
        // Every time up to here is due, whatever its jitter.
        let surely_us = now_us.saturating_sub(i64::from(self.jitter_seconds) * 1_000_000);
        let sure = self.timetable.last_until(self.decided_us, surely_us);
        let (mut time_us, mut passed_over) =
            sure.map_or((first_us, 0), |last| (last.time_us, last.before));
        while let Some(next_us) = self.timetable.next_after(time_us) {
            if next_us > now_us || self.starts_us(next_us) > now_us {
                break;
            }
            time_us = next_us;
            passed_over += 1;
        }
        Due::Now(DueTime {
            time_us,
            passed_over,
            is_missed: now_us - self.starts_us(time_us) > LATE_US,
        })
    }

    /// When the run of a time starts. The jitter follows from the schedule and the time, so that it is the same after a
    /// restart and on every collector.
    #[must_use]
    pub fn starts_us(&self, time_us: i64) -> i64 {
        if self.jitter_seconds == 0 {
            return time_us;
        }
        let mut hash = Sha256::new();
        hash.update(self.id.as_bytes());
        hash.update(time_us.to_be_bytes());
        let bytes: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = bytes;
        let random = i64::from_be_bytes([a, b, c, d, e, f, g, h]);
        let most_us = i64::from(self.jitter_seconds) * 1_000_000;
        time_us.saturating_add(random.rem_euclid(most_us + 1))
    }
}

/// What a schedule does when it is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It starts a run, after this one is over, if one is named; these runs are canceled before.
    Start {
        /// The run to wait for.
        waits_for: Option<Uuid>,
        /// The runs to cancel.
        cancel: Vec<Uuid>,
    },
    /// It starts none.
    Leave(ScheduleOutcome),
}

/// Decides about a time that is due, by the schedule's rules; `open` are its runs that are not over, the newest first.
#[must_use]
pub fn decide(due: &DueTime, missed: MissedTimes, overlap: Overlap, open: &[OpenRun]) -> Decision {
    if due.is_missed && missed == MissedTimes::Skip {
        return Decision::Leave(ScheduleOutcome::Missed);
    }
    // One that waits may be canceled, and is over at once.
    let running = open.iter().find(|run| !run.is_queued);
    let Some(last) = running.or(open.first()) else {
        return Decision::Start {
            waits_for: None,
            cancel: Vec::new(),
        };
    };
    let waits_for = Some(last.execution);
    match overlap {
        Overlap::Skip => Decision::Leave(ScheduleOutcome::StillRunning),
        Overlap::Queue if open.iter().any(|run| run.is_queued) => {
            Decision::Leave(ScheduleOutcome::AlreadyWaiting)
        }
        Overlap::Queue => Decision::Start {
            waits_for,
            cancel: Vec::new(),
        },
        Overlap::Cancel => Decision::Start {
            waits_for,
            cancel: open.iter().map(|run| run.execution).collect(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;

    /// 2026-01-20T00:00:00Z
    const MIDNIGHT: i64 = 1_768_867_200_000_000;

    fn nightly() -> Timetable {
        Timetable::parse("0 3 * * *", "UTC").unwrap()
    }

    fn clockwork(timetable: &Timetable, decided_us: i64) -> Clockwork<'_> {
        Clockwork {
            timetable,
            id: Uuid::from_u128(7),
            jitter_seconds: 0,
            decided_us,
        }
    }

    fn now(time_us: i64, passed_over: u64, is_missed: bool) -> Due {
        Due::Now(DueTime {
            time_us,
            passed_over,
            is_missed,
        })
    }

    #[test]
    fn a_schedule_is_due_at_its_time_and_then_at_the_next() {
        let timetable = nightly();
        let three = MIDNIGHT + 3 * HOUR;
        let schedule = clockwork(&timetable, MIDNIGHT);
        assert_eq!(schedule.due(MIDNIGHT), Due::At(three));
        assert_eq!(schedule.due(three - 1), Due::At(three));
        assert_eq!(schedule.due(three), now(three, 0, false));
        assert_eq!(schedule.due(three + LATE_US), now(three, 0, false));
        assert_eq!(
            clockwork(&timetable, three).due(three),
            Due::At(three + DAY)
        );
    }

    #[test]
    fn of_several_times_the_last_is_due_and_late_ones_were_missed() {
        let timetable = nightly();
        let three = MIDNIGHT + 3 * HOUR;
        let schedule = clockwork(&timetable, MIDNIGHT);
        assert_eq!(schedule.due(three + LATE_US + 1), now(three, 0, true));
        assert_eq!(
            schedule.due(three + 7 * DAY + HOUR),
            now(three + 7 * DAY, 7, true)
        );
        // The last is not late.
        assert_eq!(
            schedule.due(three + 7 * DAY + MINUTE),
            now(three + 7 * DAY, 7, false)
        );
        let often = Timetable::parse("* * * * *", "UTC").unwrap();
        let schedule = clockwork(&often, MIDNIGHT);
        assert_eq!(
            schedule.due(MIDNIGHT + 3 * MINUTE + 1),
            now(MIDNIGHT + 3 * MINUTE, 2, false)
        );
    }

    #[test]
    fn a_clock_that_is_set_back_starts_nothing_twice() {
        let timetable = nightly();
        let three = MIDNIGHT + 3 * HOUR;
        let schedule = clockwork(&timetable, three);
        // By an hour, as in a correction: the decision stays.
        assert_eq!(schedule.due(three - HOUR), Due::At(three + DAY));
        assert_eq!(schedule.due(three - 3 * HOUR), Due::At(three + DAY));
        // By more, the last decision says nothing about this time.
        assert_eq!(schedule.due(three - 3 * HOUR - 1), Due::SetBack);
        assert_eq!(schedule.due(0), Due::SetBack);
    }

    #[test]
    fn jitter_is_the_same_each_time_and_differs_between_schedules_and_times() {
        let timetable = nightly();
        let three = MIDNIGHT + 3 * HOUR;
        let schedule = Clockwork {
            jitter_seconds: 600,
            ..clockwork(&timetable, MIDNIGHT)
        };
        let starts = schedule.starts_us(three);
        assert!(starts > three && starts <= three + 10 * MINUTE, "{starts}");
        assert_eq!(schedule.due(MIDNIGHT), Due::At(starts));
        assert_eq!(schedule.due(starts - 1), Due::At(starts));
        assert_eq!(schedule.due(starts), now(three, 0, false));
        let other = Clockwork {
            id: Uuid::from_u128(8),
            ..schedule
        };
        assert_ne!(other.starts_us(three) - three, starts - three);
        assert_ne!(
            schedule.starts_us(three + DAY) - three - DAY,
            starts - three
        );
        // Much later, all that came meanwhile are counted.
        assert_eq!(
            schedule.due(three + 2 * DAY + HOUR),
            now(three + 2 * DAY, 2, true)
        );
    }

    #[test]
    fn a_line_that_never_comes_is_never_due() {
        let timetable = Timetable::parse("0 0 31 2 *", "UTC").unwrap();
        assert_eq!(
            clockwork(&timetable, MIDNIGHT).due(MIDNIGHT + 400 * DAY),
            Due::Never
        );
    }

    #[test]
    fn missed_times_and_overlaps_are_decided_as_asked() {
        let [missed, due] = [true, false].map(|is_missed| DueTime {
            time_us: MIDNIGHT,
            passed_over: 0,
            is_missed,
        });
        let [first, second] = [1, 2].map(Uuid::from_u128);
        let running = |execution| OpenRun {
            execution,
            is_queued: false,
        };
        let queued = |execution| OpenRun {
            execution,
            is_queued: true,
        };
        let start = |waits_for: Option<Uuid>, cancel: &[Uuid]| Decision::Start {
            waits_for,
            cancel: cancel.to_vec(),
        };
        let (skip, once) = (MissedTimes::Skip, MissedTimes::RunOnce);
        let none = Decision::Leave(ScheduleOutcome::Missed);
        assert_eq!(decide(&missed, skip, Overlap::Skip, &[]), none);
        assert_eq!(decide(&missed, once, Overlap::Skip, &[]), start(None, &[]));
        assert_eq!(decide(&due, skip, Overlap::Cancel, &[]), start(None, &[]));
        let one = [running(first)];
        let still = Decision::Leave(ScheduleOutcome::StillRunning);
        assert_eq!(decide(&due, skip, Overlap::Skip, &one), still);
        assert_eq!(
            decide(&due, skip, Overlap::Queue, &one),
            start(Some(first), &[])
        );
        assert_eq!(
            decide(&due, skip, Overlap::Cancel, &one),
            start(Some(first), &[first])
        );
        let two = [queued(second), running(first)];
        let waiting = Decision::Leave(ScheduleOutcome::AlreadyWaiting);
        assert_eq!(decide(&due, skip, Overlap::Queue, &two), waiting);
        assert_eq!(
            decide(&due, skip, Overlap::Cancel, &two),
            start(Some(first), &[second, first])
        );
    }
}
