//! Executions, or their logs, that are to be kept no longer: gone in the store and in memory alike.

use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

use super::error::IngestError;
use super::slot::{Slot, SlotState};
use super::{Ingest, writer};
use crate::model::{AuditEntry, Changes, ExecutionKey};
use crate::store::Deletion;

/// What is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discard {
    /// Everything.
    Executions,
    /// What was printed, what results returned, the events; rows stay.
    Logs,
}

impl Ingest {
    /// Forgets an execution that is over and that nobody has pinned, in the store and in memory. What it leaves
    /// behind in the store is to be swept away afterwards. Its log is not read for that: one that is damaged
    /// can be deleted like any other. `entry` is the audit's.
    ///
    /// A batch that arrives meanwhile is either deleted with it, or finds nothing that it could follow.
    ///
    /// # Errors
    /// The store failed, or is busy; then nothing was deleted.
    pub async fn delete(&self, id: Uuid, entry: &AuditEntry) -> Result<Deletion, IngestError> {
        let (slot, is_new, state) = self.hold(id).await;
        if let Some(loaded) = &*state {
            // What another collector wrote since is in the store, which decides then.
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
        // Whoever waits for the lock takes up a new slot, and finds nothing in the store. Whether an error came
        // before or after the commit is not known: the store is asked anew.
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

    /// Keeps everybody else from an execution, loaded or not: nothing is read for that. Also, whether its slot was
    /// made just now.
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

    /// Discards executions that are over and that nobody has pinned, or their logs, and returns which. What
    /// they leave behind in the store is to be swept away afterwards. Whatever goes on, or cannot be
    /// asked at the moment, is left as it is.
    ///
    /// A batch that arrives meanwhile is either discarded as well, or finds nothing that it could follow.
    ///
    /// # Errors
    /// The store failed; then nothing was discarded.
    pub async fn discard(
        &self,
        doomed: &[(Uuid, ExecutionKey)],
        what: Discard,
    ) -> Result<Vec<ExecutionKey>, IngestError> {
        // Nobody else may take one of them up until it is gone: each one's slot is held, and not read back
        // from its log for that.
        let mut held = Vec::with_capacity(doomed.len());
        for (id, key) in doomed {
            let (slot, is_new, state) = self.hold(*id).await;
            if let Some(loaded) = &*state {
                if !loaded.assembler.is_final() {
                    continue;
                }
                // What was accepted before is committed first, so that it cannot come after. Who waits for
                // this lock may have a place in the queue: so it is not waited for.
                let Ok(permit) = self.inner.queue.try_reserve() else {
                    continue;
                };
                writer::submit(permit, &slot, loaded, Changes::default()).await?;
            }
            held.push((*id, *key, slot, is_new, state));
        }
        let keys: Vec<ExecutionKey> = held.iter().map(|(_, key, ..)| *key).collect();
        let gone = match what {
            Discard::Executions => self.inner.store.delete_archived(&keys).await,
            Discard::Logs => {
                let now = self.inner.clock.now_us();
                self.inner.store.remove_payloads(&keys, now).await
            }
        };
        for (id, key, slot, is_new, state) in held {
            // Whether an error came before or after the commit is not known: the store is asked anew.
            let is_gone = gone.as_ref().map_or(true, |gone| gone.contains(&key));
            if is_gone || is_new {
                slot.fail();
                self.inner.drop_slot(&slot);
            }
            drop(state);
            if is_gone {
                match what {
                    Discard::Executions => self.inner.hub.deleted(id),
                    Discard::Logs => self.inner.hub.changed(id),
                }
            }
        }
        Ok(gone?)
    }

    /// Takes what was discarded out of the database's files, now or as soon as those who read are done.
    /// Whether it is gone already.
    pub async fn erase(&self) -> bool {
        self.inner.erase(super::ERASE_SOON).await
    }

    /// The same for what somebody asked to be gone: those who read are waited for a little longer.
    pub async fn erase_asked(&self) -> bool {
        self.inner.erase(super::ERASE).await
    }
}
