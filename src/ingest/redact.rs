//! Redacts a finished run, while its log cannot be changed otherwise.

use playback_redact::Counts;
use uuid::Uuid;

use super::error::IngestError;
use super::{ERASE, Ingest};
use crate::log::RedactionRequest;
use crate::log::redact::redact_log;

/// How often to retry when blocks were packed meanwhile.
const TRIES: usize = 5;

/// The outcome of a redaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redacted {
    /// How much.
    pub counts: Counts,
    /// Unreadable events, which could not be searched and were removed.
    pub removed: u64,
    /// Whether it is erased from the database's files as well.
    pub erased: bool,
}

impl Ingest {
    /// Redacts values in an execution that is over; returns nothing if it is not.
    ///
    /// # Errors
    /// The store failed or is busy; then nothing was changed.
    pub async fn redact(
        &self,
        id: Uuid,
        request: &RedactionRequest,
    ) -> Result<Option<Redacted>, IngestError> {
        let (slot, state) = self.open(id).await?;
        if !state.assembler.is_final() {
            return Ok(None);
        }
        self.settle(&slot, &state).await?;
        let Some(key) = slot.key() else {
            return Ok(None);
        };
        // Whatever the outcome, even if interrupted: the next use of the execution reads its log again.
        slot.fail();
        let now = self.inner.clock.now_us();
        let mut done = None;
        for _ in 0..TRIES {
            done = redact_log(&self.inner.store, id, key, request, now).await?;
            if done.is_some() {
                break;
            }
        }
        self.inner.drop_slot(&slot);
        drop(state);
        let Some((counts, removed)) = done else {
            return Err(IngestError::Busy);
        };
        let erased = self.inner.erase(ERASE).await;
        Ok(Some(Redacted {
            counts,
            removed,
            erased,
        }))
    }
}
