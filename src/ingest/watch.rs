//! What time brings about: rows that are due to be written, executions that fell silent, memory that
//! can be given back, logs that can be packed.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::error::IngestError;
use super::slot::Slot;
use super::{Ingest, compact, writer};
use crate::model::ExecutionKey;

const TICK: Duration = Duration::from_millis(500);

/// How long an execution that is over is kept in memory, for what may come late.
const LINGER_US: i64 = 5_000_000;

/// Executions that wait to be packed; when more end at once, they wait in memory.
const PACK_QUEUE: usize = 256;

/// Executions that are packed when the collector starts, because the one before did not get to it.
const UNPACKED: u32 = 100;

/// And that began within this time: nobody looks through the whole history for them.
const RECENT_US: i64 = 7 * 86_400_000_000;

/// Looks after all executions in memory until `shutdown`, then writes what was held back.
pub(super) async fn run(ingest: Ingest, shutdown: CancellationToken, flushed: DropGuard) {
    let (pack, packing) = mpsc::channel(PACK_QUEUE);
    let packer = tokio::spawn(compact::run(ingest.clone(), packing));
    let since_us = ingest.inner.clock.now_us() - RECENT_US;
    match ingest.inner.store.unmeasured(since_us, UNPACKED).await {
        // The queue has room for all of them.
        Ok(unpacked) => unpacked.into_iter().for_each(|one| {
            let _ = pack.try_send(one);
        }),
        Err(error) => tracing::warn!(%error, "what is not packed yet could not be looked up"),
    }
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = shutdown.cancelled() => break,
        }
        if ingest.inner.erase_due.load(Ordering::Acquire) {
            ingest.inner.erase(Duration::ZERO).await;
        }
        for slot in all(&ingest) {
            if let Err(error) = look_after(&ingest, &slot, &pack).await {
                tracing::warn!(execution = %slot.id(), %error, "looking after an execution failed");
            }
        }
    }
    packer.abort();
    for slot in all(&ingest) {
        if let Err(error) = flush(&ingest, &slot).await {
            tracing::warn!(execution = %slot.id(), %error, "rows could not be written at the end");
        }
    }
    drop(flushed);
}

fn all(ingest: &Ingest) -> Vec<Arc<Slot>> {
    ingest.inner.slots().values().cloned().collect()
}

async fn look_after(
    ingest: &Ingest,
    slot: &Arc<Slot>,
    pack: &mpsc::Sender<(Uuid, ExecutionKey)>,
) -> Result<(), IngestError> {
    if slot.has_failed() {
        ingest.inner.drop_slot(slot);
        return Ok(());
    }
    let now = ingest.inner.clock.now_us();
    let quiet_us = now - slot.last_heard_us();
    if quiet_us >= ingest.inner.silence_us {
        let mut state = slot.load(&ingest.inner.store).await?;
        let assembler = &mut state.assembler;
        let begun = playback_wire::Producer::ALL
            .into_iter()
            .any(|producer| assembler.last_seq(producer) > 0);
        // It may have been heard while we waited for the lock.
        let silent = now - slot.last_heard_us() >= ingest.inner.silence_us;
        if begun && silent && !assembler.is_final() && !assembler.is_queued() {
            tracing::info!(execution = %slot.id(), "no sign of life: the execution counts as lost");
            assembler.mark_lost();
        }
    }
    let Some(state) = slot.try_lock() else {
        return Ok(());
    };
    let is_final = state.assembler.is_final();
    drop(state);
    flush(ingest, slot).await?;
    let over = is_final || slot.key().is_none();
    if over && quiet_us >= LINGER_US && !slot.is_waiting() {
        if ingest.inner.max_output_lines.is_some() && ingest.inner.hub.is_watched(slot.id()) {
            // Whoever is still reading what it printed sees all of it.
            return Ok(());
        }
        if let Some(key) = slot.key()
            && pack.try_send((slot.id(), key)).is_err()
        {
            return Ok(());
        }
        // Under the map's lock nobody can take the slot up; whoever holds it already keeps it alive
        // only if it is waiting, which was looked at above and is looked at again.
        let mut slots = ingest.inner.slots();
        if Arc::strong_count(slot) == 2 && !slot.is_waiting() {
            slots.remove(&slot.id());
        }
    }
    Ok(())
}

/// Writes the rows of an execution that are due.
async fn flush(ingest: &Ingest, slot: &Arc<Slot>) -> Result<(), IngestError> {
    let Some(mut state) = slot.try_lock() else {
        return Ok(());
    };
    let due = state.flush_due(ingest.inner.clock.now_us());
    if slot.key().is_none() || !state.assembler.is_dirty() || !(due || state.assembler.is_final()) {
        return Ok(());
    }
    let Ok(permit) = ingest.inner.queue.reserve().await else {
        return Ok(());
    };
    let changes = state.assembler.take_changes(true);
    let committed = writer::submit(permit, slot, &state, changes);
    drop(state);
    committed.await
}
