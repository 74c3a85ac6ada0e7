//! Sends new lines of running executions to their viewers.
//!
//! Ingestion only announces "execution X has N lines now". For each watched execution, one pump reads the new lines
//! from the store and hands them to all its viewers at once. All viewers get lines the same way, so none can be missed
//! or repeated, and a slow viewer costs the others nothing: when it falls behind what the pump still holds, it reads
//! the store itself.

mod chunk;
mod open;
mod pump;
mod viewer;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{broadcast, watch};
use uuid::Uuid;

pub use chunk::{Chunk, message};
pub use open::{OpenStream, OpenStreams};
pub use viewer::{Viewer, ViewerUpdate};

/// Maximum bytes of one line that viewers are sent: clients refuse larger messages (1 MiB is a usual limit), and a line
/// may be larger than memory should be.
pub const LINE_LIMIT: usize = 512 << 10;

/// How many changes a receiver of [`Hub::feed`] may be behind before some count as missed.
const FEED: usize = 1024;

/// Passes the writer's commit notices on to viewers.
#[derive(Debug, Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    watched: Mutex<HashMap<Uuid, Weak<Watched>>>,
    // None: something was missed.
    feed: broadcast::Sender<Option<Uuid>>,
}

/// A watched execution.
#[derive(Debug)]
pub(crate) struct Watched {
    id: Uuid,
    // Counts commits; their content is read from the store.
    commits: watch::Sender<u64>,
    pub(crate) pump: pump::Handle,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            inner: Arc::new(Inner {
                watched: Mutex::default(),
                feed: broadcast::channel(FEED).0,
            }),
        }
    }
}

impl Hub {
    /// Announces a commit to an execution, and whether its own row changed.
    pub fn committed(&self, id: Uuid, row_changed: bool) {
        let watched = self.watched().get(&id).and_then(Weak::upgrade);
        if let Some(watched) = watched {
            watched.commits.send_modify(|commits| *commits += 1);
        }
        if row_changed {
            // Without listeners this is no failure.
            let _ = self.inner.feed.send(Some(id));
        }
    }

    /// Tells every viewer that commits may have been missed.
    pub fn missed(&self) {
        let watched: Vec<Arc<Watched>> = {
            let all = self.watched();
            all.values().filter_map(Weak::upgrade).collect()
        };
        for watched in watched {
            watched.commits.send_modify(|commits| *commits += 1);
        }
        let _ = self.inner.feed.send(None);
    }

    /// Announces that an execution was deleted.
    pub fn deleted(&self, id: Uuid) {
        self.changed(id);
    }

    /// Announces that a finished execution was changed.
    pub fn changed(&self, id: Uuid) {
        self.committed(id, true);
    }

    /// Identities of executions whose row changes, as it changes; none if some may have been missed.
    #[must_use]
    pub fn feed(&self) -> broadcast::Receiver<Option<Uuid>> {
        self.inner.feed.subscribe()
    }

    /// Counts the commits to an execution, from now on.
    #[must_use]
    pub fn commits(&self, id: Uuid) -> Commits {
        let watched = self.watch(id);
        Commits {
            receiver: watched.commits.subscribe(),
            _watched: watched,
        }
    }

    pub(crate) fn watch(&self, id: Uuid) -> Arc<Watched> {
        let mut all = self.watched();
        if let Some(watched) = all.get(&id).and_then(Weak::upgrade) {
            return watched;
        }
        all.retain(|_, watched| watched.strong_count() > 0);
        let watched = Arc::new(Watched {
            id,
            commits: watch::channel(0).0,
            pump: pump::Handle::default(),
        });
        all.insert(id, Arc::downgrade(&watched));
        watched
    }

    /// Whether an execution has viewers.
    #[must_use]
    pub fn is_watched(&self, id: Uuid) -> bool {
        let all = self.watched();
        all.get(&id)
            .is_some_and(|watched| watched.strong_count() > 0)
    }

    fn watched(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Weak<Watched>>> {
        // The lock may be poisoned, but a panic never leaves this map half changed.
        self.inner
            .watched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reports commits to one execution.
#[derive(Debug)]
pub struct Commits {
    receiver: watch::Receiver<u64>,
    _watched: Arc<Watched>,
}

impl Commits {
    /// Resolves at the next commit after the last call; at once if there was one in between.
    pub async fn changed(&mut self) {
        // Cannot fail: we hold the sender.
        let _ = self.receiver.changed().await;
    }
}
