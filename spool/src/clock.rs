//! The only module that reads clocks.
//!
//! The sender's waits are those of a real thread for a real socket, so no clock can be injected; tests shorten the
//! waits instead, which are all configurable. Whoever appends an event gives its time, from a [`RunClock`].

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
    /// What is added to the time since boot, in microseconds.
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
