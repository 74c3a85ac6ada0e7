//! When tokens were used, and logins that are over.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::store::Store;

/// When tokens were last used. Kept in memory and written now and then: a use is no reason to write.
#[derive(Debug, Clone, Default)]
pub struct TokenUses {
    latest: Arc<Mutex<HashMap<i64, i64>>>,
}

/// Uses are told to the minute.
const MINUTE_US: i64 = 60_000_000;

/// How often logins that are over are removed.
const SWEEP: Duration = Duration::from_secs(600);

impl TokenUses {
    pub(super) fn note(&self, id: i64, stored_us: Option<i64>, now_us: i64) {
        if stored_us.is_none_or(|stored| now_us - stored >= MINUTE_US) {
            self.latest().insert(id, now_us);
        }
    }

    fn latest(&self) -> std::sync::MutexGuard<'_, HashMap<i64, i64>> {
        // A panic while it was held left a map that is whole.
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes uses every few seconds, and once more at the end.
    pub async fn write_now_and_then(self, store: Store, clock: Clock, stop: CancellationToken) {
        let mut swept = None;
        loop {
            let stopped = tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(5)) => false,
                () = stop.cancelled() => true,
            };
            let uses: Vec<(i64, i64)> = self.latest().drain().collect();
            if let Err(error) = store.touch_tokens(&uses).await {
                tracing::warn!(%error, "uses of tokens could not be written");
            }
            if stopped {
                return;
            }
            if swept.is_none_or(|swept: Instant| swept.elapsed() >= SWEEP) {
                swept = Some(Instant::now());
                if let Err(error) = store.remove_ended_sessions(clock.now_us()).await {
                    tracing::warn!(%error, "logins that are over could not be removed");
                }
            }
        }
    }
}
