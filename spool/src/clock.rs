//! The only module that reads clocks.
//!
//! The sender's waits are those of a real thread for a real socket, so no clock can be injected; tests shorten the
//! waits instead, which are all configurable. The caller that appends an event gives its time, from a [`RunClock`].

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

/// Now, on the monotonic clock.
#[expect(
    clippy::disallowed_methods,
    reason = "waits of a real thread, see the module's text"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A run's clock: the wall clock at its start, plus the time since then according to the machine's uptime. Setting the
/// wall clock during a run changes neither its durations nor the order of its events. Time in suspend counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunClock {
    /// The offset to add to the time since boot, in microseconds.
    offset_us: i64,
}

impl RunClock {
    /// Reads the wall clock at its start, and never again.
    #[must_use]
    pub fn start() -> Self {
        Self {
            offset_us: offset_us(since_boot_us, wall_us),
        }
    }

    /// Now, in microseconds since the Unix epoch.
    #[must_use]
    pub fn now_us(self) -> i64 {
        since_boot_us().saturating_add(self.offset_us)
    }

    /// The clock as a word, for another producer of the same run on the same machine; none if the machine cannot
    /// identify its boot.
    #[must_use]
    pub fn to_word(self) -> Option<String> {
        Some(format!("{}/{}", timeline()?, self.offset_us))
    }

    /// The clock from [`RunClock::to_word`]; none if it is from another machine, an earlier boot, or a container with a
    /// time of its own.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let (of, offset) = word.rsplit_once('/')?;
        let offset_us = offset.parse().ok()?;
        (of == timeline()?).then_some(Self { offset_us })
    }

    /// The clock as a number, where nothing else can be stored.
    #[must_use]
    pub fn offset_us(self) -> i64 {
        self.offset_us
    }

    /// The clock from [`RunClock::offset_us`] in this process.
    #[must_use]
    pub fn from_offset_us(offset_us: i64) -> Self {
        Self { offset_us }
    }
}

/// The wall clock minus the time since boot. The two are read one after the other, and a busy machine may let others run
/// in between, for milliseconds that all times of the run would be wrong by: so the wall clock is read between two
/// readings of the other, until these are close together, and the closest of some attempts counts.
fn offset_us(since_boot_us: impl Fn() -> i64, wall_us: impl Fn() -> i64) -> i64 {
    const CLOSE_US: i64 = 10;
    const ATTEMPTS: usize = 32;
    let mut closest = (i64::MAX, 0);
    for _ in 0..ATTEMPTS {
        let before = since_boot_us();
        let wall = wall_us();
        let apart = since_boot_us().saturating_sub(before);
        let offset = wall.saturating_sub(before.saturating_add(apart / 2));
        closest = closest.min((apart, offset));
        if apart <= CLOSE_US {
            break;
        }
    }
    closest.1
}

/// Identifies the timeline: the boot and the time namespace.
fn timeline() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    // Kernels without time namespaces have one time for all.
    let namespace = std::fs::read_link("/proc/self/ns/time").unwrap_or_default();
    Some(format!("{}/{}", boot.trim(), namespace.display()))
}

fn since_boot_us() -> i64 {
    let time = clock_gettime(ClockId::Boottime);
    time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the wall clock for events"
)]
fn wall_us() -> i64 {
    let Ok(elapsed) = SystemTime::now().duration_since(UNIX_EPOCH) else {
        return 0;
    };
    i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_clock_is_right_where_others_run_while_it_is_read() {
        const OFFSET: i64 = 1_796_018_761_000_000;
        // How long others run before each reading, in microseconds.
        for delays in [[8_000, 0, 0], [0, 8_000, 0], [0, 0, 8_000], [300, 8_000, 5]] {
            let (time, reading) = (Cell::new(0), Cell::new(0));
            let passes = || {
                let delay = delays.get(reading.get()).copied().unwrap_or(2);
                reading.set(reading.get() + 1);
                time.set(time.get() + delay);
                time.get()
            };
            let offset = offset_us(passes, || OFFSET + passes());
            assert!((offset - OFFSET).abs() <= 5, "{delays:?}: {offset}");
        }
    }

    #[test]
    fn a_clock_is_taken_where_others_always_run() {
        let time = Cell::new(0);
        let passes = || {
            time.set(time.get() + 1_000);
            time.get()
        };
        assert_eq!(offset_us(passes, || 7_000_000 + passes()), 7_000_000);
    }

    #[test]
    fn a_clock_is_handed_on_as_a_word() {
        let clock = RunClock {
            offset_us: -631_152_000_000_001,
        };
        let word = clock.to_word().unwrap();
        assert_eq!(RunClock::from_word(&word), Some(clock));
        for other in ["", "7", "another-boot/time:[1]/7", &format!("{word}x")] {
            assert_eq!(RunClock::from_word(other), None, "{other}");
        }
    }
}
