//! The one way to assemble an execution from its log, and the one rule for silent runs.

use playback_wire::Producer;
use uuid::Uuid;

use super::assembler::Assembler;
use super::block::{GAP_LINES, Gap, StoredLog};
use super::error::LogError;
use super::recall::Recalled;
use super::rewrite::Rewritten;
use crate::model::{ExecutionKey, Status};
use crate::store::{ExecutionHead, Store};

/// How many blocks are read at once.
const BLOCKS: u32 = 24;

/// Assembles an execution from its log, with some of its blocks rewritten.
///
/// # Errors
/// The log was removed, or the store failed.
pub(crate) async fn assemble(
    store: &Store,
    id: Uuid,
    head: &ExecutionHead,
    rewritten: Option<&Rewritten>,
) -> Result<Assembler, LogError> {
    if head.log.is_removed() {
        return Err(LogError::Removed);
    }
    let mut assembler = Assembler::new(id);
    replay(store, head.key, rewritten, &mut assembler).await?;
    assembler.alive_from_store(head.alive_us);
    // Rows of a damaged part were made while it was intact, and are all that is left of it. Beside a rewritten log they
    // may hold what the rewrite removes.
    if rewritten.is_none()
        && assembler.gaps().next().is_some()
        && let Some((key, row)) = store.execution(id).await?
    {
        let recalled = Recalled::read(store, key, row, &assembler).await?;
        assembler.recall(recalled);
    }
    if head.status != Status::Running {
        // Silence is the collector's own observation: no event records it. If the events include the end, this changes
        // nothing.
        assembler.mark_lost();
    }
    Ok(assembler)
}

/// Applies all stored events that the assembler does not have yet, with some blocks rewritten. Unreadable events are
/// skipped, and noted as missing.
///
/// # Errors
/// The store failed.
pub(crate) async fn replay(
    store: &Store,
    key: ExecutionKey,
    rewritten: Option<&Rewritten>,
    assembler: &mut Assembler,
) -> Result<(), LogError> {
    loop {
        let from = Producer::ALL.map(|producer| (producer, assembler.last_seq(producer) + 1));
        let stored = store.blocks_from_seqs(key, &from, BLOCKS).await?;
        let is_all = stored.len() < BLOCKS as usize;
        for stored in stored {
            let block = match rewritten {
                Some(rewritten) => rewritten.block(stored),
                None => stored.block,
            };
            let expected = assembler.last_seq(block.producer) + 1;
            if block.first_seq > expected {
                // A whole block is missing.
                let finished = assembler.finished_lines(block.producer);
                let gap = Gap {
                    first_seq: expected,
                    last_seq: block.first_seq - 1,
                    lines: block.first_line.saturating_sub(finished).min(GAP_LINES),
                };
                assembler.pass_over(block.producer, &gap);
            }
            assembler.replay(block.producer, &StoredLog::of(&block));
        }
        let next = Producer::ALL.map(|producer| (producer, assembler.last_seq(producer) + 1));
        if is_all || next == from {
            return Ok(());
        }
    }
}
