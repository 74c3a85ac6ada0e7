//! Discards executions, or their logs, in the store and in memory.

use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

use super::error::IngestError;
use super::slot::{Slot, SlotState};
use super::{Ingest, writer};
use crate::model::{AuditEntry, Changes, ExecutionKey};
use crate::store::Deletion;

/// Data to discard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discard {
    /// Everything.
    Executions,
    /// Output, returned values and events; the rows stay.
    Logs,
}

impl Ingest {
    /// Deletes an execution that is over and not pinned, from the store and from memory. What remains of it in the
    /// store must be swept afterwards. Its log is not read for that, so an execution with a damaged log can be deleted
    /// like any other. `entry` is the audit entry.
    ///
    /// A batch that arrives meanwhile is either deleted with it, or finds nothing to follow.
    ///
    /// # Errors
    /// The store failed, or is busy; then nothing was deleted.
    pub async fn delete(&self, id: Uuid, entry: &AuditEntry) -> Result<Deletion, IngestError> {
        let (slot, is_new, state) = self.hold(id).await;
        if let Some(loaded) = &*state {
            // Newer commits of another collector are in the store, which decides then.
            if !loaded.assembler.is_final() && !slot.is_stale() {
                return Ok(Deletion::Running);
            }
            self.settle(&slot, loaded).await?;
        }
        let deleted = match self.inner.store.head(id).await {
            Ok(Some(head)) => self.inner.store.delete_asked(head.key, entry).await,
            Ok(None) => Ok(Deletion::Unknown),
            Err(error) => Err(error),
        };
        // A request that waits for the lock takes a new slot, and finds nothing in the store. After an error it is
        // unknown whether the commit happened, so the store is read again.
        if is_new || matches!(deleted, Err(_) | Ok(Deletion::Deleted(_))) {
            slot.fail();
            self.inner.drop_slot(&slot);
        }
        drop(state);
        let deleted = deleted?;
        if let Deletion::Deleted(_) = deleted {
            self.inner.hub.deleted(id);
        }
        Ok(deleted)
    }

    /// Locks an execution, loaded or not, without reading it. Also returns whether its slot was just created.
    async fn hold(&self, id: Uuid) -> (Arc<Slot>, bool, OwnedMutexGuard<Option<SlotState>>) {
        loop {
            let (slot, is_new) = self.inner.slot(id);
            let state = slot.hold().await;
            if !slot.has_failed() {
                return (slot, is_new, state);
            }
            self.inner.drop_slot(&slot);
        }
    }

    /// Discards executions that are over and not pinned, or their logs, and returns which. What remains in the store
    /// must be swept afterwards. Executions that are running or cannot be checked at the moment are left unchanged.
    ///
    /// A batch that arrives meanwhile is either discarded as well, or finds nothing to follow.
    ///
    /// # Errors
    /// The store failed; then nothing was discarded.
    pub async fn discard(
        &self,
        doomed: &[(Uuid, ExecutionKey)],
        part: Discard,
    ) -> Result<Vec<ExecutionKey>, IngestError> {
        // Every slot is held until its execution is gone, so that it is not taken up meanwhile. Its log is not read for
        // that.
        let mut held = Vec::with_capacity(doomed.len());
        for (id, key) in doomed {
            let (slot, is_new, state) = self.hold(*id).await;
            if let Some(loaded) = &*state {
                if !loaded.assembler.is_final() {
                    continue;
                }
                // Accepted changes are committed first, so that they cannot arrive afterwards. A request that waits for
                // this lock may hold a place in the queue, so we do not wait for one.
                let Ok(permit) = self.inner.queue.try_reserve() else {
                    continue;
                };
                writer::submit(permit, &slot, loaded, Changes::default()).await?;
            }
            held.push((*id, *key, slot, is_new, state));
        }
        let keys: Vec<ExecutionKey> = held.iter().map(|(_, key, ..)| *key).collect();
        let gone = match part {
            Discard::Executions => self.inner.store.delete_archived(&keys).await,
            Discard::Logs => {
                let now = self.inner.clock.now_us();
                self.inner.store.remove_payloads(&keys, now).await
            }
        };
        for (id, key, slot, is_new, state) in held {
            // After an error it is unknown whether the commit happened, so the store is asked again.
            let is_gone = gone.as_ref().map_or(true, |gone| gone.contains(&key));
            if is_gone || is_new {
                slot.fail();
                self.inner.drop_slot(&slot);
            }
            drop(state);
            if is_gone {
                match part {
                    Discard::Executions => self.inner.hub.deleted(id),
                    Discard::Logs => self.inner.hub.changed(id),
                }
            }
        }
        Ok(gone?)
    }

    /// Erases discarded data from the database's files, now or as soon as open readers are done. Returns whether it is
    /// gone already.
    pub async fn erase(&self) -> bool {
        self.inner.erase(super::ERASE_SOON).await
    }

    /// Like [`Self::erase`], for a deletion that a user requested: waits a little longer for open readers.
    pub async fn erase_asked(&self) -> bool {
        self.inner.erase(super::ERASE).await
    }
}
