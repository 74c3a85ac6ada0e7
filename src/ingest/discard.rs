//! Executions, or their logs, that are to be kept no longer: gone in the store and in memory alike.

use uuid::Uuid;

use super::error::IngestError;
use super::{Ingest, writer};
use crate::model::{Changes, ExecutionKey};

/// What is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discard {
    /// Everything.
    Executions,
    /// What was printed, what results returned, the events; rows stay.
    Logs,
}

impl Ingest {
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
            let (slot, is_new, state) = loop {
                let (slot, is_new) = self.inner.slot(*id);
                let state = slot.hold().await;
                if !slot.has_failed() {
                    break (slot, is_new, state);
                }
                self.inner.drop_slot(&slot);
            };
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
            held.push((*key, slot, is_new, state));
        }
        let keys: Vec<ExecutionKey> = held.iter().map(|(key, ..)| *key).collect();
        let gone = match what {
            Discard::Executions => self.inner.store.delete_archived(&keys).await,
            Discard::Logs => {
                let now = self.inner.clock.now_us();
                self.inner.store.remove_payloads(&keys, now).await
            }
        };
        for (key, slot, is_new, state) in held {
            // Whether an error came before or after the commit is not known: the store is asked anew.
            let is_gone = gone.as_ref().map_or(true, |gone| gone.contains(&key));
            if is_gone || is_new {
                slot.fail();
                self.inner.drop_slot(&slot);
            }
            drop(state);
        }
        Ok(gone?)
    }

    /// Takes what was discarded out of the database's files, now or as soon as those who read are done.
    /// Whether it is gone already.
    pub async fn erase(&self) -> bool {
        self.inner.erase(super::ERASE_SOON).await
    }
}
