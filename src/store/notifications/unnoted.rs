//! Changes of runs from before this collector knew of the first target: another collector that shares the
//! database may have stored the first target a few seconds ago.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::{Changes, ExecutionKey, Moment};

/// How long it is kept, in microseconds: longer than it takes to look for targets again.
const KEPT_US: i64 = 60_000_000;

/// How much is kept.
const MOST: usize = 10_000;

/// The last moments that were not written.
#[derive(Debug, Default)]
pub(in super::super) struct Unnoted(Mutex<VecDeque<(ExecutionKey, Moment)>>);

impl Unnoted {
    fn lock(&self) -> MutexGuard<'_, VecDeque<(ExecutionKey, Moment)>> {
        // No change of it is left half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what happened in changes that were committed, and forgets what is old.
    pub(in super::super) fn keep(&self, keys: &[ExecutionKey], changes: &[Changes]) {
        let moments = keys.iter().zip(changes);
        let moments = moments.filter_map(|(key, change)| Some((*key, change.moment.clone()?)));
        let mut kept = self.lock();
        for (key, moment) in moments {
            let since_us = moment.noted_us.saturating_sub(KEPT_US);
            while kept.len() >= MOST || kept.front().is_some_and(|(_, one)| one.noted_us < since_us)
            {
                kept.pop_front();
            }
            kept.push_back((key, moment));
        }
    }

    /// Whether nothing is kept.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Takes what happened since then.
    pub(super) fn take(&self, since_us: i64) -> Vec<(ExecutionKey, Moment)> {
        let taken = std::mem::take(&mut *self.lock());
        taken
            .into_iter()
            .filter(|(_, moment)| moment.noted_us >= since_us)
            .collect()
    }
}
