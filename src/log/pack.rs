//! Packing: a live run's log is many small blocks, one for each batch. When the run is over, they
//! are merged into few large ones, which compress far better and read faster.

use playback_wire::Producer;
use uuid::Uuid;

use super::block::{self, StoredLog};
use super::error::LogError;
use crate::model::{BlockRow, ExecutionKey};
use crate::store::{Store, StoredBlock};

/// Blocks that expand to less than this are merged, up to this size together.
const TARGET_BYTES: u64 = 512 << 10;

/// Merges the small blocks of an execution, and measures the result. A damaged block stays as it is: it may yet be
/// repaired, and hides no other.
pub(crate) async fn pack(store: &Store, id: Uuid, key: ExecutionKey) -> Result<(), LogError> {
    for producer in Producer::ALL {
        let mut next = 1;
        loop {
            let stored = store.blocks_from_seq(key, producer, next, 64).await?;
            let Some(last) = stored.last() else { break };
            next = last.block.last_seq + 1;
            let mut group = Group::default();
            for stored in stored {
                let (first, last) = (stored.block.first_seq, stored.block.last_seq);
                if group.bytes + stored.block.raw_bytes > TARGET_BYTES || group.ends_before(first) {
                    group.merge(store, key).await?;
                }
                match StoredLog::of(&stored.block).whole() {
                    Some(raw) => group.push(stored, &raw),
                    None => {
                        tracing::error!(
                            execution = %id, producer = producer.as_str(), first, last,
                            "a block of the event log is damaged: it stays as it is"
                        );
                        group.merge(store, key).await?;
                    }
                }
            }
            group.merge(store, key).await?;
        }
    }
    store.measure(&[key]).await?;
    Ok(())
}

/// Consecutive blocks to merge into one.
#[derive(Default)]
struct Group {
    stored: Vec<StoredBlock>,
    raw: Vec<u8>,
    /// Their expanded size, as stored.
    bytes: u64,
}

impl Group {
    fn push(&mut self, stored: StoredBlock, raw: &[u8]) {
        self.bytes += stored.block.raw_bytes;
        self.raw.extend_from_slice(raw);
        self.stored.push(stored);
    }

    /// Whether a block is missing between the last one and event `first_seq`.
    fn ends_before(&self, first_seq: u64) -> bool {
        let last = self.stored.last();
        last.is_some_and(|last| last.block.last_seq + 1 < first_seq)
    }

    /// Stores them as one block, and starts a new group.
    async fn merge(&mut self, store: &Store, key: ExecutionKey) -> Result<(), LogError> {
        let Self { stored, raw, .. } = std::mem::take(self);
        let [first, .., last] = stored.as_slice() else {
            return Ok(());
        };
        let mut merged = BlockRow {
            last_seq: last.block.last_seq,
            lines: stored.iter().map(|stored| stored.block.lines).sum(),
            raw_bytes: raw.len() as u64,
            data: Vec::new(),
            ..first.block.clone()
        };
        merged.data = tokio::task::spawn_blocking(move || block::compress(&raw))
            .await
            .map_err(|_| LogError::BrokenOff)?;
        store.merge_blocks(key, &stored, &merged).await?;
        Ok(())
    }
}
