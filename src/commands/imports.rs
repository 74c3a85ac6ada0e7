//! Imports executions that another collector recorded.

use playback_wire::Producer;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;

use super::executions::checked;
use super::{CommandError, Commands, object};
use crate::export::BundledRun;
use crate::log::Assembler;
use crate::log::block::{GAP_LINES, Gap, StoredLog};
use crate::model::{Action, Actor, AuditEntry, BlockRow, Changes, ExecutionKey, ExecutionRow};
use crate::store::{Store, StoreError};

/// Blocks that are read at once.
const BLOCKS: u32 = 8;

/// The outcome of the import of an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// It is here now.
    New,
    /// It was here before, with the same events.
    Present,
    /// It was not imported, for this reason.
    Refused(String),
}

impl Commands {
    /// Imports an execution: all of it in one commit, or nothing.
    ///
    /// # Errors
    /// See [`CommandError`]; then nothing was imported.
    pub async fn import(
        &self,
        actor: Actor,
        run: BundledRun,
        note: Option<&str>,
    ) -> Result<Imported, CommandError> {
        let note = checked(note)?;
        let id = run.id;
        if let Some((key, row)) = self.store.execution(id).await? {
            let is_same = !row.log.is_removed() && is_same(&self.store, key, &run.blocks).await?;
            return Ok(match is_same {
                true => Imported::Present,
                false => refused("an execution with this id is here, and its log is another"),
            });
        }
        if self.store.was_deleted(id).await? {
            return Ok(refused(
                "it was deleted here, and a deleted execution cannot come again",
            ));
        }
        let made = spawn_blocking(move || changes(run)).await;
        let mut changes = made.map_err(|_| CommandError::BrokenOff("import"))?;
        // A run of another tool arrives now, whenever it ran; and only an admin may add to it.
        let is_foreign = |row: &ExecutionRow| row.description.imported.is_some();
        if changes.execution.as_deref().is_some_and(is_foreign) {
            changes.arrived_us = changes.arrived_us.or(Some(self.clock.now_us()));
            if let Some(owner) = &mut changes.owner {
                owner.token.get_or_insert_with(|| actor.name.clone());
            }
        }
        let events = changes.execution.as_ref().map(|row| row.events.received);
        let entry = AuditEntry::new(self.clock.now_us(), actor, Action::Import, object(id))
            .note(note)
            .after(json!({ "events": events }));
        changes.audit = vec![entry];
        let store = self.store.clone();
        let writing = async move { store.commit(&[changes]).await };
        match self.to_its_end("import", writing).await? {
            Ok(_) => {
                self.hub.changed(id);
                Ok(Imported::New)
            }
            Err(StoreError::Overtaken(_)) => Ok(refused("another client is writing it: try again")),
            // Its producer delivered it meanwhile.
            Err(error) if error.is_refusal() => {
                Ok(refused("another client is writing it: try again"))
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn refused(why: &str) -> Imported {
    Imported::Refused(why.to_owned())
}

/// All rows of an execution, from its log.
fn changes(run: BundledRun) -> Changes {
    let mut assembler = Assembler::new(run.id);
    for block in &run.blocks {
        let expected = assembler.last_seq(block.producer) + 1;
        if block.first_seq > expected {
            let finished = assembler.finished_lines(block.producer);
            let gap = Gap {
                first_seq: expected,
                last_seq: block.first_seq - 1,
                lines: block.first_line.saturating_sub(finished).min(GAP_LINES),
            };
            assembler.pass_over(block.producer, &gap);
        }
        assembler.replay(block.producer, &StoredLog::of(block));
    }
    assembler.alive_from_store(run.alive_us);
    // Only executions that are over are in bundles; no event says that one fell silent.
    assembler.mark_lost();
    Changes {
        version: Some(0),
        blocks: run.blocks,
        arrived_us: run.arrived_us,
        alive_us: run.alive_us,
        owner: Some(run.owner),
        launch: run.launch.map(Box::new),
        ..assembler.take_changes(true)
    }
}

/// Whether an execution has these events and no others. Its blocks may be others: they are merged after a run.
async fn is_same(
    store: &Store,
    key: ExecutionKey,
    blocks: &[BlockRow],
) -> Result<bool, StoreError> {
    for producer in Producer::ALL {
        let mut expected = Sha256::new();
        for block in blocks.iter().filter(|block| block.producer == producer) {
            take(block, &mut expected);
        }
        let mut found = Sha256::new();
        let mut from = 1;
        loop {
            let stored = store.blocks_from_seq(key, producer, from, BLOCKS).await?;
            let Some(last) = stored.last() else { break };
            from = last.block.last_seq + 1;
            for stored in &stored {
                take(&stored.block, &mut found);
            }
        }
        if expected.finalize() != found.finalize() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Takes a block's events into a hash; of a damaged block, its data.
fn take(block: &BlockRow, hash: &mut Sha256) {
    match StoredLog::of(block).whole() {
        Some(events) => hash.update(&events),
        None => hash.update(&block.data),
    }
}
