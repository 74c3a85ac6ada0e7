//! `max_output_lines`: removes the middle of a finished run's output, while its log cannot be changed otherwise.

use std::time::Duration;

use uuid::Uuid;

use super::Ingest;
use super::error::IngestError;
use crate::log::trim::trim_log;
use crate::model::{ExecutionRow, Status};

/// How often to retry when the collector is busy, or others changed the log meanwhile.
const TRIES: usize = 20;

/// Pause before a retry.
const WAIT: Duration = Duration::from_millis(100);

impl Ingest {
    /// Removes the middle of an execution's output if it has more than `most` lines. This is done once: later lines are
    /// kept.
    ///
    /// # Errors
    /// The log is damaged, or the store failed or is busy; then nothing was changed.
    pub(super) async fn trim(&self, id: Uuid, most: u64) -> Result<(), IngestError> {
        for _ in 0..TRIES {
            if self.try_trim(id, most).await? {
                return Ok(());
            }
            tokio::time::sleep(WAIT).await;
        }
        Err(IngestError::Busy)
    }

    /// False: it has to be retried.
    async fn try_trim(&self, id: Uuid, most: u64) -> Result<bool, IngestError> {
        let store = &self.inner.store;
        let is_too_long = |row: &ExecutionRow| {
            row.status != Status::Running
                && !row.log.is_removed()
                && row.description.output_left_out == 0
                && row.output_lines > most
        };
        let found = store.execution(id).await?;
        // Pinned runs are kept whole.
        if !found.is_some_and(|(_, row)| is_too_long(&row)) || !store.pins(&[id]).await?.is_empty()
        {
            return Ok(true);
        }
        let (slot, state) = self.open(id).await?;
        if !state.assembler.is_final() {
            return Ok(true);
        }
        match self.settle(&slot, &state).await {
            Err(IngestError::Busy) => return Ok(false),
            settled => settled?,
        }
        let Some((key, row)) = store.execution(id).await? else {
            return Ok(true);
        };
        if !is_too_long(&row) {
            return Ok(true);
        }
        // Whatever the outcome, even if interrupted: the next use of the execution reads its log again.
        slot.fail();
        let trimmed = trim_log(store, key, &row, most).await;
        self.inner.drop_slot(&slot);
        drop(state);
        let is_done = trimmed?;
        if is_done {
            self.inner.hub.changed(id);
        }
        Ok(is_done)
    }
}
