//! Redaction of a run that is over, while nobody else changes its log.

use playback_redact::Counts;
use uuid::Uuid;

use super::error::IngestError;
use super::{ERASE, Ingest};
use crate::log::RedactionRequest;
use crate::log::redact::redact_log;

/// How often it is tried again when blocks were packed meanwhile.
const TRIES: usize = 5;

/// What was hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redacted {
    /// How much.
    pub counts: Counts,
    /// Events that could not be read, and so not be searched: they were removed.
    pub removed: u64,
    /// Whether it is gone from the database's files as well.
    pub erased: bool,
}

impl Ingest {
    /// Hides something in an execution that is over; nothing is returned when it is not over.
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
        let now = self.inner.clock.now_us();
        let mut done = None;
        for _ in 0..TRIES {
            done = redact_log(&self.inner.store, id, key, request, now).await?;
            if done.is_some() {
                break;
            }
        }
        // Whoever waits for the lock reads the log anew.
        slot.fail();
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
