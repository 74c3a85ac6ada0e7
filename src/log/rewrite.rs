//! Rewrites blocks of a log, and derives the rows from them.

use std::collections::HashMap;

use playback_wire::Producer;
use serde_json::{Map, Value};

use super::block::{self, BlockError, StoredLog};
use super::error::LogError;
use super::replay::assemble;
use crate::model::{BlockRow, Changes, ExecutionKey, ExecutionRow};
use crate::store::{RewrittenBlock, Store, StoredBlock};

/// Blocks that are read at once.
const BLOCKS: u32 = 16;

/// Rewritten blocks, by their key in the store.
#[derive(Debug, Default)]
pub(crate) struct Rewritten(HashMap<i64, RewrittenBlock>);

impl Rewritten {
    pub(super) fn insert(&mut self, block: RewrittenBlock) {
        self.0.insert(block.id, block);
    }

    pub(super) fn get(&self, id: i64) -> Option<&RewrittenBlock> {
        self.0.get(&id)
    }

    pub(super) fn into_blocks(self) -> Vec<RewrittenBlock> {
        self.0.into_values().collect()
    }

    /// A stored block as it will be after the rewrite.
    pub(super) fn block(&self, stored: StoredBlock) -> BlockRow {
        let mut block = stored.block;
        if let Some(new) = self.0.get(&stored.id) {
            block.data.clone_from(&new.data);
            (block.first_line, block.lines) = (new.first_line, new.lines);
        }
        block
    }
}

/// A block with other events, which finish as many lines.
pub(super) fn with_events(block: &StoredBlock, raw: &[u8]) -> RewrittenBlock {
    RewrittenBlock {
        id: block.id,
        before: block.block.data.clone(),
        data: block::compress(raw),
        raw_bytes: raw.len() as u64,
        first_line: block.block.first_line,
        lines: block.block.lines,
    }
}

/// Goes through a producer's blocks in order, without blocking the requests that share the thread.
///
/// # Errors
/// The store failed, or `each` returned an error.
pub(super) async fn each_block(
    store: &Store,
    key: ExecutionKey,
    producer: Producer,
    mut each: impl FnMut(StoredBlock) -> Result<(), LogError>,
) -> Result<(), LogError> {
    let mut next = 1;
    loop {
        let stored = store.blocks_from_seq(key, producer, next, BLOCKS).await?;
        let Some(last) = stored.last() else {
            return Ok(());
        };
        next = last.block.last_seq + 1;
        tokio::task::block_in_place(|| stored.into_iter().try_for_each(&mut each))?;
    }
}

/// A block's events, if all can be read.
///
/// # Errors
/// It is damaged.
pub(super) fn expand(block: &StoredBlock) -> Result<Vec<u8>, LogError> {
    let whole = StoredLog::of(&block.block).whole();
    Ok(whole.ok_or(BlockError::NotEvents)?)
}

/// The rows of an execution according to its log, with some blocks rewritten.
///
/// # Errors
/// The store failed.
pub(super) async fn project(
    store: &Store,
    row: &ExecutionRow,
    rewritten: &Rewritten,
) -> Result<Changes, LogError> {
    match store.head(row.id).await? {
        Some(head) => {
            let assembled = assemble(store, row.id, &head, Some(rewritten));
            Ok(assembled.await?.take_changes(true))
        }
        // It was deleted meanwhile: there is nothing to store.
        None => Ok(Changes::default()),
    }
}

/// An `output` event with another text.
pub(super) fn with_text(line: &[u8], text: String) -> Option<Vec<u8>> {
    let mut event: Value = serde_json::from_slice(line).ok()?;
    let data = event.get_mut("data")?.as_object_mut()?;
    data.insert("text".to_owned(), text.into());
    serde_json::to_vec(&event).ok()
}

/// A producer's first block, with something added to its first event.
pub(crate) fn with_note(
    raw: &[u8],
    note: impl FnOnce(&mut Map<String, Value>) -> Option<()>,
) -> Option<Vec<u8>> {
    let start = raw.iter().position(|byte| *byte != b'\n')?;
    let end = raw[start..].iter().position(|byte| *byte == b'\n');
    let end = end.map_or(raw.len(), |end| start + end);
    let mut event: Value = serde_json::from_slice(&raw[start..end]).ok()?;
    note(event.get_mut("data")?.as_object_mut()?)?;
    let mut new = serde_json::to_vec(&event).ok()?;
    new.extend_from_slice(&raw[end..]);
    Some(new)
}
