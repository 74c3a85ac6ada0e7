//! The run's clock, which gives the time of everything that is recorded. A test sets it.

use playback_spool::RunClock;

#[cfg(test)]
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// Tells the time in microseconds since the Unix epoch.
#[derive(Debug, Clone)]
pub(crate) enum Clock {
    /// The run's clock: setting the machine's clock meanwhile changes nothing.
    Run(RunClock),
    /// A test's.
    #[cfg(test)]
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    pub(crate) fn now_us(&self) -> i64 {
        match self {
            Self::Run(clock) => clock.now_us(),
            #[cfg(test)]
            Self::Fixed(now_us) => now_us.load(Ordering::SeqCst),
        }
    }

    #[cfg(test)]
    pub(crate) fn fixed(now_us: i64) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(now_us)))
    }

    #[cfg(test)]
    pub(crate) fn advance(&self, us: i64) {
        if let Self::Fixed(now_us) = self {
            now_us.fetch_add(us, Ordering::SeqCst);
        }
    }
}
