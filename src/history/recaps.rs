//! The recaps of a page of executions, as many in one query as memory should hold. Those of a usual page come all at
//! once; those of runs with many thousand hosts come run by run.

use crate::model::ExecutionKey;
use crate::store::{Recaps, Store, StoreError};

/// Hosts held in memory at once, if they belong to several executions.
const HOSTS: u32 = 10_000;

/// Reads recaps in portions.
#[derive(Debug)]
pub(super) struct RecapReader {
    /// How many executions to query at once.
    at_once: usize,
}

impl RecapReader {
    pub(super) fn new() -> Self {
        Self {
            at_once: usize::MAX,
        }
    }

    /// Recaps of the first of these executions, and how many: at least one, if there are any.
    pub(super) async fn next(
        &mut self,
        store: &Store,
        keys: &[ExecutionKey],
    ) -> Result<(usize, Recaps), StoreError> {
        loop {
            let count = self.at_once.max(1).min(keys.len());
            let asked = &keys[..count];
            if count <= 1 {
                let recaps = store.stats(asked).await?;
                self.note(count, &recaps);
                return Ok((count, recaps));
            }
            let (recaps, is_whole) = store.stats_within(asked, HOSTS).await?;
            if is_whole {
                self.note(count, &recaps);
                return Ok((count, recaps));
            }
            // Databases mostly answer run by run; then all of these runs but the last are complete.
            self.at_once = recaps.len().saturating_sub(1).clamp(1, count / 2);
        }
    }

    /// Queries more next time if these were few.
    fn note(&mut self, count: usize, recaps: &Recaps) {
        let hosts: usize = recaps.values().map(|recap| recap.len()).sum();
        if hosts < HOSTS as usize / 4 {
            self.at_once = count.saturating_mul(2);
        }
    }
}
