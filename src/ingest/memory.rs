//! Memory budget for batches: reserved before a body is read, and released with the answer.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use playback_wire::MAX_BATCH_BYTES;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Ingest;
use super::error::IngestError;

/// A body reserves memory in steps of this many KiB as it arrives, so that a client's announcement alone does not block others.
const STEP_KIB: u32 = 256;

/// A body that is being received.
#[derive(Debug)]
pub struct Receiving {
    budget: Arc<Semaphore>,
    memory: OwnedSemaphorePermit,
    bytes: BytesMut,
    largest: usize,
}

/// A received body; it holds its memory.
#[derive(Debug)]
pub struct Received {
    pub(super) bytes: Bytes,
    _memory: Option<OwnedSemaphorePermit>,
}

impl Ingest {
    /// Reserves memory for a body, of this many bytes if that is known.
    ///
    /// # Errors
    /// It will be too large, or there is no memory for it now.
    pub fn receive(&self, announced: Option<u64>) -> Result<Receiving, IngestError> {
        let largest = MAX_BATCH_BYTES.min(self.inner.store.largest_block());
        let announced = usize::try_from(announced.unwrap_or(0)).unwrap_or(usize::MAX);
        if announced > largest {
            return Err(IngestError::TooLarge);
        }
        let first = kib(announced).clamp(1, STEP_KIB);
        let budget = self.inner.budget.clone();
        let memory = take(&budget, first)?;
        Ok(Receiving {
            budget,
            memory,
            bytes: BytesMut::with_capacity(announced.min(first as usize * 1024)),
            largest,
        })
    }
}

impl Receiving {
    /// Adds the next part.
    ///
    /// # Errors
    /// It is too large, or there is no memory for more now.
    pub fn push(&mut self, part: &[u8]) -> Result<(), IngestError> {
        let length = self.bytes.len() + part.len();
        if length > self.largest {
            return Err(IngestError::TooLarge);
        }
        let held = u32::try_from(self.memory.num_permits()).unwrap_or(u32::MAX);
        let missing = kib(length).saturating_sub(held);
        if missing > 0 {
            self.memory
                .merge(take(&self.budget, missing.max(STEP_KIB))?);
        }
        self.bytes.extend_from_slice(part);
        Ok(())
    }

    /// The body is complete.
    #[must_use]
    pub fn done(self) -> Received {
        Received {
            bytes: self.bytes.freeze(),
            _memory: Some(self.memory),
        }
    }
}

impl Received {
    /// An empty body.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            bytes: Bytes::new(),
            _memory: None,
        }
    }
}

impl From<Vec<u8>> for Received {
    /// A body that is already in memory, outside the budget.
    fn from(bytes: Vec<u8>) -> Self {
        Self {
            bytes: bytes.into(),
            _memory: None,
        }
    }
}

fn take(budget: &Arc<Semaphore>, kib: u32) -> Result<OwnedSemaphorePermit, IngestError> {
    budget
        .clone()
        .try_acquire_many_owned(kib)
        .map_err(|_| IngestError::Busy)
}

fn kib(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}
