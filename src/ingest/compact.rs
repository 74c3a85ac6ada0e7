//! Packing: a live run's log is many small blocks, one for each batch. When the run is over, they
//! are merged into few large ones, which compress far better and read faster.

use playback_wire::Producer;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::Ingest;
use super::error::IngestError;
use crate::blocks;
use crate::model::{BlockRow, ExecutionKey};
use crate::store::{Store, StoredBlock};

/// Blocks that expand to less than this are merged, up to this size together.
const TARGET_BYTES: u64 = 512 << 10;

/// Packs one execution after the other. Where so many lines are kept and no more, the others go first.
pub(super) async fn run(ingest: Ingest, mut packing: mpsc::Receiver<(Uuid, ExecutionKey)>) {
    while let Some((id, key)) = packing.recv().await {
        if let Some(most) = ingest.inner.max_output_lines
            && let Err(error) = ingest.trim(id, most).await
        {
            tracing::warn!(execution = %id, %error, "lines beyond max_output_lines were not left out");
        }
        if let Err(error) = pack(&ingest.inner.store, key).await {
            tracing::warn!(execution = %id, %error, "a log could not be packed");
        }
    }
}

/// Merges the small blocks of an execution, and measures what comes of it.
async fn pack(store: &Store, key: ExecutionKey) -> Result<(), IngestError> {
    for producer in Producer::ALL {
        let mut next = 1;
        loop {
            let stored = store.blocks_from_seq(key, producer, next, 64).await?;
            let Some(last) = stored.last() else { break };
            next = last.block.last_seq + 1;
            let mut group: Vec<StoredBlock> = Vec::new();
            let mut bytes = 0;
            for block in stored {
                if !group.is_empty() && bytes + block.block.raw_bytes > TARGET_BYTES {
                    merge(store, key, &group).await?;
                    group.clear();
                    bytes = 0;
                }
                bytes += block.block.raw_bytes;
                group.push(block);
            }
            merge(store, key, &group).await?;
        }
    }
    store.measure(&[key]).await?;
    Ok(())
}

async fn merge(store: &Store, key: ExecutionKey, group: &[StoredBlock]) -> Result<(), IngestError> {
    let [first, _, ..] = group else {
        return Ok(());
    };
    let mut merged = BlockRow {
        lines: 0,
        raw_bytes: 0,
        data: Vec::new(),
        ..first.block.clone()
    };
    let mut raw = Vec::new();
    for stored in group {
        raw.extend(blocks::expand_stored(&stored.block.data).map_err(IngestError::Damaged)?);
        merged.last_seq = stored.block.last_seq;
        merged.lines += stored.block.lines;
    }
    merged.raw_bytes = raw.len() as u64;
    merged.data = tokio::task::spawn_blocking(move || blocks::compress(&raw))
        .await
        .map_err(|_| IngestError::NotCommitted)?;
    store.merge_blocks(key, group, &merged).await?;
    Ok(())
}
