//! Records when tokens were last used, and removes expired sessions and tickets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::Clock;
use crate::store::{Store, StoreError};
use crate::work::{Every, Job, JobError, Outcome, StopPhase, Turn};

/// When tokens were last used. Kept in memory and written every few seconds, so that a use costs no write.
#[derive(Debug, Clone, Default)]
pub struct TokenUses {
    latest: Arc<Mutex<HashMap<i64, i64>>>,
}

/// Uses are recorded to the minute.
const MINUTE_US: i64 = 60_000_000;

/// How often uses are written.
const WRITE: Duration = Duration::from_secs(5);

/// How often expired sessions and tickets are removed.
const SWEEP: Duration = Duration::from_secs(600);

impl TokenUses {
    pub(super) fn note(&self, id: i64, stored_us: Option<i64>, now_us: i64) {
        if stored_us.is_none_or(|stored| now_us - stored >= MINUTE_US) {
            self.latest().insert(id, now_us);
        }
    }

    fn latest(&self) -> std::sync::MutexGuard<'_, HashMap<i64, i64>> {
        // The lock may be poisoned, but a panic never leaves this map half changed.
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes uses every few seconds, and once more at the end, as work in the background. Needs a runtime.
    #[must_use]
    pub fn writing(&self, store: Store, clock: Clock) -> WriteTokenUses {
        WriteTokenUses {
            uses: self.clone(),
            store,
            clock,
            every: Every::later(WRITE),
            swept: None,
        }
    }

    /// Writes the noted uses and returns how many. Those that cannot be written are noted again.
    async fn write(&self, store: &Store) -> Result<usize, StoreError> {
        let uses: Vec<(i64, i64)> = self.latest().drain().collect();
        if let Err(error) = store.touch_tokens(&uses).await {
            let mut latest = self.latest();
            for (id, used_us) in uses {
                // A use noted meanwhile is later.
                latest.entry(id).or_insert(used_us);
            }
            return Err(error);
        }
        Ok(uses.len())
    }
}

/// Job that writes token uses and removes expired sessions and tickets.
#[derive(Debug)]
pub struct WriteTokenUses {
    uses: TokenUses,
    store: Store,
    clock: Clock,
    every: Every,
    swept: Option<Instant>,
}

impl Job for WriteTokenUses {
    const NAME: &'static str = "token_uses";
    const PHASE: StopPhase = StopPhase::Serving;

    async fn due(&mut self) {
        self.every.due().await;
    }

    async fn run(&mut self, _: &Turn) -> Result<Outcome, JobError> {
        let written = self.uses.write(&self.store).await?;
        if self.swept.is_some_and(|swept| swept.elapsed() < SWEEP) {
            return Ok(match written {
                0 => Outcome::Idle,
                _ => Outcome::Done,
            });
        }
        let now_us = self.clock.now_us();
        self.store.remove_ended_sessions(now_us).await?;
        self.store.remove_expired_tickets(now_us).await?;
        self.swept = Some(Instant::now());
        Ok(Outcome::Done)
    }

    async fn finish(&mut self) {
        if let Err(error) = self.uses.write(&self.store).await {
            tracing::warn!(%error, "uses of tokens could not be written at the end");
        }
    }
}
