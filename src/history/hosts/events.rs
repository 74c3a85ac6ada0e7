//! Single events, read from the logs of executions. Blocks are large, and neighbouring events mostly lie in the same one.

use playback_wire::{Event, Producer};

use crate::log::block::{Entry, StoredLog};
use crate::model::ExecutionKey;
use crate::store::{Store, StoreError};

/// Reads events, and keeps the last block.
pub(super) struct EventReader<'s> {
    store: &'s Store,
    open: Option<OpenBlock>,
}

struct OpenBlock {
    key: ExecutionKey,
    first_seq: u64,
    last_seq: u64,
    log: StoredLog,
}

impl<'s> EventReader<'s> {
    pub(super) fn new(store: &'s Store) -> Self {
        Self { store, open: None }
    }

    /// What `read` makes of the recorder's event with that number. None: the event cannot be read, or `read` makes nothing
    /// of it.
    pub(super) async fn read<T>(
        &mut self,
        key: ExecutionKey,
        seq: u64,
        read: impl FnOnce(&Event<'_>) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        let holds =
            |open: &OpenBlock| open.key == key && (open.first_seq..=open.last_seq).contains(&seq);
        if !self.open.as_ref().is_some_and(holds) {
            self.open = None;
            let found = self
                .store
                .blocks_from_seq(key, Producer::Recorder, seq, 1)
                .await?;
            self.open = found.into_iter().next().map(|stored| OpenBlock {
                key,
                first_seq: stored.block.first_seq,
                last_seq: stored.block.last_seq,
                log: StoredLog::of(&stored.block),
            });
        }
        let open = self.open.as_ref().filter(|open| holds(open));
        Ok(match open.and_then(|open| open.log.find(seq)) {
            Some(Entry::Event(_, event)) => read(&event),
            Some(Entry::Gap(_)) | None => None,
        })
    }
}
