//! Rolls up past days periodically: answers are correct without roll-ups, and cheaper with them.

use std::time::Duration;

use crate::clock::Clock;
use crate::model::day_of;
use crate::store::{Store, StoreError};
use crate::work::{Every, Job, JobError, Outcome, Scope, StopPhase, Turn};

/// How often to look for changed days.
const EVERY: Duration = Duration::from_secs(60);

/// Rolls up past days that changed, at once and every minute.
#[derive(Debug)]
pub struct RollUp {
    store: Store,
    clock: Clock,
    every: Every,
}

impl RollUp {
    /// As a background job. Needs a runtime.
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> Self {
        Self {
            store,
            clock,
            every: Every::at_once(EVERY),
        }
    }
}

impl Job for RollUp {
    const NAME: &'static str = "roll_up";
    const SCOPE: Scope = Scope::Cluster;
    const PHASE: StopPhase = StopPhase::Initiating;

    async fn due(&mut self) {
        self.every.due().await;
    }

    async fn run(&mut self, turn: &Turn) -> Result<Outcome, JobError> {
        // An interrupted roll-up leaves its day unchanged.
        let rolling = roll(&self.store, &self.clock);
        match turn.stop().run_until_cancelled(rolling).await {
            None => Ok(Outcome::Stopped),
            Some(Ok(0)) => Ok(Outcome::Idle),
            Some(Ok(days)) => {
                tracing::debug!(days, "rolled up for statistics");
                Ok(Outcome::Done)
            }
            Some(Err(error)) => Err(error.into()),
        }
    }
}

/// Rolls up every changed day before today; returns how many. Today's runs are read directly.
async fn roll(store: &Store, clock: &Clock) -> Result<usize, StoreError> {
    let mut rolled = 0;
    for day in store.days_to_roll(day_of(clock.now_us())).await? {
        rolled += usize::from(store.roll_day(day).await?);
    }
    Ok(rolled)
}
