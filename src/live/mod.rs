//! Who is watching, and what they have not seen yet.
//!
//! Ingestion only says "execution X has N lines now"; for each execution that somebody watches, one
//! pump reads the new lines from the store and hands them to all its viewers at once. Everyone gets
//! lines by the same way, so none can be missed or repeated, and a slow viewer costs nobody anything:
//! when it falls behind what the pump still holds, it reads the store itself.

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
pub use viewer::{Seen, Viewer};

/// Bytes of one line that viewers are shown at most: clients refuse larger messages (1 MiB is a usual
/// limit), and a line may be larger than memory should be.
pub const LINE_LIMIT: usize = 512 << 10;

/// Executions whose change a viewer of the feed may be behind before it is told to look again.
const FEED: usize = 1024;

/// Carries "something was committed" from the writer to those who watch.
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

/// One execution that is watched.
#[derive(Debug)]
pub(crate) struct Watched {
    id: Uuid,
    // Counts commits; what was committed is read from the store.
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
    /// Tells those who watch that something of an execution was committed, and whether its own row changed.
    pub fn committed(&self, id: Uuid, row_changed: bool) {
        let watched = self.watched().get(&id).and_then(Weak::upgrade);
        if let Some(watched) = watched {
            watched.commits.send_modify(|commits| *commits += 1);
        }
        if row_changed {
            // Nobody listening is no failure.
            let _ = self.inner.feed.send(Some(id));
        }
    }

    /// Tells everybody that something may have been committed that nobody was told of.
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

    /// Tells those who watch that an execution was deleted.
    pub fn deleted(&self, id: Uuid) {
        self.changed(id);
    }

    /// Tells those who watch that an execution that is over reads differently.
    pub fn changed(&self, id: Uuid) {
        self.committed(id, true);
    }

    /// Identities of executions whose row changes, as it changes; none where some may have been missed.
    #[must_use]
    pub fn feed(&self) -> broadcast::Receiver<Option<Uuid>> {
        self.inner.feed.subscribe()
    }

    /// Counts the commits of an execution, from now on.
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

    /// Whether anybody watches an execution.
    #[must_use]
    pub fn is_watched(&self, id: Uuid) -> bool {
        let all = self.watched();
        all.get(&id)
            .is_some_and(|watched| watched.strong_count() > 0)
    }

    /// How many executions are watched.
    #[must_use]
    pub fn watched_count(&self) -> usize {
        let all = self.watched();
        all.values()
            .filter(|watched| watched.strong_count() > 0)
            .count()
    }

    fn watched(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Weak<Watched>>> {
        // A panic while it was held left a map that is whole.
        self.inner
            .watched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells when something of one execution is committed.
#[derive(Debug)]
pub struct Commits {
    receiver: watch::Receiver<u64>,
    _watched: Arc<Watched>,
}

impl Commits {
    /// Resolves at the next commit after the last call; at once if there was one in between.
    pub async fn changed(&mut self) {
        // The sender lives in what we hold.
        let _ = self.receiver.changed().await;
    }
}
