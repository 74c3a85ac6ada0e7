//! The one place that reads clocks.
//!
//! Waits of the sender are waits of a real thread for a real socket, so there is no clock to put in their
//! place; a test shortens the waits instead, which all stand in the configuration. What time an event
//! happened is told by whoever appends it, with a [`RunClock`].

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

/// The time of one run: the wall clock where it began, and from there on the time since the machine
/// started. Somebody who sets the wall clock in the middle of a run changes neither its durations nor the
/// order of its events. A suspended machine goes on counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunClock {
    /// What must be added to the time since the machine started, in microseconds.
    offset_us: i64,
}

impl RunClock {
    /// Reads the wall clock once.
    #[must_use]
    pub fn start() -> Self {
        Self {
            offset_us: wall_us().saturating_sub(since_boot_us()),
        }
    }

    /// Now, in microseconds since the Unix epoch.
    #[must_use]
    pub fn now_us(self) -> i64 {
        since_boot_us().saturating_add(self.offset_us)
    }

    /// The clock as a word, for another producer of the same run on the same machine; none where the machine
    /// has no name for the time since it started.
    #[must_use]
    pub fn to_word(self) -> Option<String> {
        Some(format!("{}/{}", timeline()?, self.offset_us))
    }

    /// The clock that [`RunClock::to_word`] gave; none where it was given on another machine, before a
    /// restart of it, or in a container with a time of its own.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let (of, offset) = word.rsplit_once('/')?;
        let offset_us = offset.parse().ok()?;
        (of == timeline()?).then_some(Self { offset_us })
    }

    /// The clock as a number, for a place that holds nothing else.
    #[must_use]
    pub fn offset_us(self) -> i64 {
        self.offset_us
    }

    /// The clock that [`RunClock::offset_us`] gave in this process.
    #[must_use]
    pub fn from_offset_us(offset_us: i64) -> Self {
        Self { offset_us }
    }
}

/// What the time since the machine started is counted from.
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
    use super::*;

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
