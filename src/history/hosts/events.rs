//! Single events, read from the logs of executions. Neighbouring events mostly lie in the same block, which stays open.

use playback_wire::{Event, Item};

use crate::history::blocks::{LoopResult, OpenBlock, each_item_before};
use crate::log::block::Entry;
use crate::model::ExecutionKey;
use crate::store::{Store, StoreError};

/// Reads events, and keeps the last block.
pub(super) struct EventReader<'s> {
    store: &'s Store,
    /// The execution that the open block is of.
    key: Option<ExecutionKey>,
    open: Option<OpenBlock>,
}

impl<'s> EventReader<'s> {
    pub(super) fn new(store: &'s Store) -> Self {
        Self {
            store,
            key: None,
            open: None,
        }
    }

    /// What `read` makes of the recorder's event with that number. None: the event cannot be read, or `read` makes nothing
    /// of it.
    pub(super) async fn read<T>(
        &mut self,
        key: ExecutionKey,
        seq: u64,
        read: impl FnOnce(&Event<'_>) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        self.turn(key, seq).await?;
        let found = self.open.as_ref().and_then(|open| open.find(seq));
        Ok(match found {
            Some(Entry::Event(_, event)) => read(&event),
            Some(Entry::Gap(_)) | None => None,
        })
    }

    /// Passes on the items of a loop, the last one first, as far as they can be read.
    pub(super) async fn each_item(
        &mut self,
        key: ExecutionKey,
        result: LoopResult<'_>,
        each: impl FnMut(&Item<'_>),
    ) -> Result<(), StoreError> {
        self.turn(key, result.seq).await?;
        if let Some(open) = &self.open {
            each_item_before(self.store, key, open, result, each).await?;
        }
        Ok(())
    }

    /// Opens the block that holds an event.
    async fn turn(&mut self, key: ExecutionKey, seq: u64) -> Result<(), StoreError> {
        if self.key != Some(key) {
            self.open = None;
            self.key = Some(key);
        }
        OpenBlock::turn(&mut self.open, self.store, key, seq).await
    }
}
