//! Rolling days up, now and then: answers are right without it, and cost less with it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::model::day_of;
use crate::store::{Store, StoreError};

/// How often days are looked for that changed.
const EVERY: Duration = Duration::from_secs(60);

/// Rolls up days that are over and changed since, at once and every minute, until `shutdown`. With several
/// collectors each does; whoever is second finds nothing to do.
pub async fn run(store: Store, clock: Clock, shutdown: CancellationToken) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let work = async {
        loop {
            tick.tick().await;
            match roll(&store, &clock).await {
                Ok(0) => {}
                Ok(days) => tracing::debug!(days, "rolled up for statistics"),
                Err(error) => tracing::warn!(%error, "days could not be rolled up for statistics"),
            }
        }
    };
    tokio::select! {
        () = work => {}
        // A roll-up that is cut off is none: its day stays as it was.
        () = shutdown.cancelled() => {}
    }
}

/// Rolls up every day before today that changed; how many these were. Today's runs are read as they are.
async fn roll(store: &Store, clock: &Clock) -> Result<usize, StoreError> {
    let mut rolled = 0;
    for day in store.days_to_roll(day_of(clock.now_us())).await? {
        rolled += usize::from(store.roll_day(day).await?);
    }
    Ok(rolled)
}
