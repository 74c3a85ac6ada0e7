//! Single events of a recorder's log: the block that holds one stays open for the next, and a loop's items are found by
//! going back from its result.

use playback_wire::{Body, Item, Producer};

use crate::log::block::{Entry, Gap, StoredLog};
use crate::model::{BlockRow, ExecutionKey};
use crate::store::{Store, StoreError};

/// Events before a loop's result that are searched for its items.
const EVENTS: usize = 5_000;

/// Blocks that are read for that. Until a run is packed each batch is a block, and may have a single event.
const BLOCKS: usize = 64;

/// A block of the recorder's, expanded.
#[derive(Debug)]
pub(super) struct OpenBlock {
    block: BlockRow,
    log: StoredLog,
}

impl OpenBlock {
    /// The block that holds an event.
    pub(super) async fn with(
        store: &Store,
        key: ExecutionKey,
        seq: u64,
    ) -> Result<Option<Self>, StoreError> {
        let found = store
            .blocks_from_seq(key, Producer::Recorder, seq, 1)
            .await?;
        let mut found = found.into_iter().map(|stored| stored.block);
        let found = found.find(|block| holds(block, seq));
        Ok(found.map(|block| Self {
            log: StoredLog::of(&block),
            block,
        }))
    }

    /// Opens the block that holds an event, unless it is open.
    pub(super) async fn turn(
        open: &mut Option<Self>,
        store: &Store,
        key: ExecutionKey,
        seq: u64,
    ) -> Result<(), StoreError> {
        if !open.as_ref().is_some_and(|open| holds(&open.block, seq)) {
            *open = Self::with(store, key, seq).await?;
        }
        Ok(())
    }

    /// The event with that number, or the gap that holds it.
    pub(super) fn find(&self, seq: u64) -> Option<Entry<'_>> {
        self.log.find(seq)
    }
}

/// The event with that number in an open block; a gap if it is missing.
pub(super) fn entry(open: Option<&OpenBlock>, seq: u64) -> Entry<'_> {
    let found = open.and_then(|open| open.find(seq));
    // A whole block is missing.
    found.unwrap_or(Entry::Gap(Gap {
        first_seq: seq,
        last_seq: seq,
        lines: 0,
    }))
}

fn holds(block: &BlockRow, seq: u64) -> bool {
    (block.first_seq..=block.last_seq).contains(&seq)
}

/// A loop, by its result.
#[derive(Debug, Clone, Copy)]
pub(super) struct LoopResult<'r> {
    pub(super) seq: u64,
    pub(super) task: u32,
    pub(super) host: &'r str,
}

/// Passes on the items of a loop, the last one first, going back from its result, which is in the open block, to where its
/// host began with the task. False: the beginning is too far back.
pub(super) async fn each_item_before(
    store: &Store,
    key: ExecutionKey,
    open: &OpenBlock,
    result: LoopResult<'_>,
    mut each: impl FnMut(&Item<'_>),
) -> Result<bool, StoreError> {
    let mut left = EVENTS;
    let (mut before, mut start) = (result.seq, open.block.first_seq);
    let mut earlier: Option<OpenBlock> = None;
    for _ in 0..BLOCKS {
        let log = earlier.as_ref().map_or(&open.log, |open| &open.log);
        let is_begun = go_back(log, before, result, &mut left, &mut each);
        if is_begun || start <= 1 {
            return Ok(true);
        }
        if left == 0 {
            break;
        }
        earlier = OpenBlock::with(store, key, start - 1).await?;
        let Some(open) = &earlier else { break };
        (before, start) = (start, open.block.first_seq);
    }
    Ok(false)
}

/// Goes back through a block; true once the host's beginning with the task is found.
fn go_back(
    log: &StoredLog,
    before: u64,
    result: LoopResult<'_>,
    left: &mut usize,
    each: &mut impl FnMut(&Item<'_>),
) -> bool {
    for event in log.before(before) {
        let Some(less) = left.checked_sub(1) else {
            return false;
        };
        *left = less;
        match &event.body {
            Body::Item(item) if item.task == result.task && item.host == result.host => each(item),
            Body::HostStarted(started)
                if started.task == result.task && started.host == result.host =>
            {
                return true;
            }
            Body::TaskStarted(started) if started.task == result.task => return true,
            _ => {}
        }
    }
    false
}
