//! `max_output_lines`: what a run that is over printed loses its middle, while nobody else changes its log.

use std::time::Duration;

use uuid::Uuid;

use super::Ingest;
use super::error::IngestError;
use crate::log::trim::trim_log;
use crate::model::{ExecutionRow, Status};

/// How often it is tried again when the collector is busy, or others changed the log meanwhile.
const TRIES: usize = 20;

/// How long it waits before that.
const WAIT: Duration = Duration::from_millis(100);

impl Ingest {
    /// Leaves out the middle of what an execution printed, where that is more than `most` lines. It is done
    /// once: what comes later is kept.
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

    /// False: something was in the way.
    async fn try_trim(&self, id: Uuid, most: u64) -> Result<bool, IngestError> {
        let store = &self.inner.store;
        let is_too_long = |row: &ExecutionRow| {
            row.status != Status::Running
                && !row.log.is_removed()
                && row.what.output_left_out == 0
                && row.output_lines > most
        };
        let found = store.execution(id).await?;
        // What somebody has pinned is kept whole.
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
        // Whatever comes of it, and wherever it is broken off: who takes the execution up reads its log anew.
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
