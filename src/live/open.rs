//! Limits the number of open streams.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Open streams, counted by the token's key in the store; none if the collector serves without tokens.
#[derive(Debug, Clone)]
pub struct OpenStreams {
    counts: Arc<Mutex<HashMap<Option<i64>, usize>>>,
    /// The limit for all streams.
    most: usize,
    /// The limit for one token.
    most_per_token: usize,
}

/// Counts an open stream for as long as it lives.
#[derive(Debug)]
pub struct OpenStream {
    all: OpenStreams,
    token: Option<i64>,
}

impl OpenStreams {
    /// No streams are open yet.
    #[must_use]
    pub fn new(most: usize, most_per_token: usize) -> Self {
        Self {
            counts: Arc::default(),
            most,
            most_per_token,
        }
    }

    /// Counts one more; none if a limit is reached.
    #[must_use]
    pub fn open(&self, token: Option<i64>) -> Option<OpenStream> {
        let mut counts = self.counts();
        let open: usize = counts.values().sum();
        let same = counts.get(&token).copied().unwrap_or(0);
        if open >= self.most || same >= self.most_per_token {
            metrics::counter!("playback_viewers_refused_total").increment(1);
            return None;
        }
        *counts.entry(token).or_default() += 1;
        metrics::gauge!("playback_viewers").set((open + 1) as f64);
        Some(OpenStream {
            all: self.clone(),
            token,
        })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Option<i64>, usize>> {
        // The lock may be poisoned, but a panic never leaves the counts half changed.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut counts = self.all.counts();
        if let Some(count) = counts.get_mut(&self.token) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.token);
            }
        }
        let open: usize = counts.values().sum();
        metrics::gauge!("playback_viewers").set(open as f64);
    }
}
