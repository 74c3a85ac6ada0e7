//! Schedules: what the launcher starts by itself, and when.
//!
//! ```text
//! timetable: times of a cron line ── rules: due? missed? the last one still running?
//!                                             │ a decision
//!                  job ── launcher: the run and the decision, one commit ── its queue
//! ```
//!
//! Layout:
//! - [`rules`]: when a schedule is due, and what it then does; pure. The times are those of [`crate::timetable`]
//! - `by_hand`: runs one because a user requests it
//! - `job`: decides about what is due, on one collector at a time
//! - `state`: why a schedule would start nothing

mod by_hand;
mod job;
pub mod rules;
mod state;

use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use tokio::sync::Notify;

pub use by_hand::RunByHand;
pub use job::Scheduling;
pub use rules::{Clockwork, Due};

use crate::clock::Clock;
use crate::launcher::Launcher;
use crate::model::ScheduleRow;
use crate::store::Store;
use crate::timetable::Timetable;

/// The schedules of this collector's store; cheap to clone.
#[derive(Debug, Clone)]
pub struct Schedules {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    launcher: Launcher,
    clock: Clock,
    /// The collector serves without tokens.
    no_auth: bool,
    /// Wakes the job: a schedule was changed.
    changed: Notify,
}

impl Schedules {
    /// Of this store, started by this launcher. Nothing is started yet: see [`Schedules::job`].
    #[must_use]
    pub fn new(store: Store, launcher: Launcher, clock: Clock, no_auth: bool) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                launcher,
                clock,
                no_auth,
                changed: Notify::new(),
            }),
        }
    }

    /// A schedule was changed: whatever is due next is looked up again.
    pub fn changed(&self) {
        self.inner.changed.notify_one();
    }

    /// The next times of a schedule with its zone's offset, at most `count`; none while it is paused.
    #[must_use]
    pub fn next(&self, row: &ScheduleRow, count: usize) -> Vec<DateTime<FixedOffset>> {
        let settings = &row.settings;
        let Ok(timetable) = Timetable::parse(&settings.cron, &settings.zone) else {
            return Vec::new();
        };
        match row.paused {
            Some(_) => Vec::new(),
            None => timetable.preview_in_zone(row.decided_us.max(self.inner.clock.now_us()), count),
        }
    }
}
