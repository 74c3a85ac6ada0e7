//! What time brings about: rows that are due to be written, executions that fell silent, memory that
//! can be given back, logs that can be packed.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::error::IngestError;
use super::slot::Slot;
use super::{Ingest, packing, writer};
use crate::model::ExecutionKey;

const TICK: Duration = Duration::from_millis(500);

/// A tick that comes so late says that the collector stood still; or half the time of silence, if that is longer.
const HELD_UP_US: i64 = 2_000_000;

/// How long an execution that is over is kept in memory, for what may come late.
const LINGER_US: i64 = 5_000_000;

/// Executions that wait to be packed; when more end at once, they wait in memory.
const PACK_QUEUE: usize = 256;

/// Executions that are packed because the collector that saw them end did not get to it.
const UNPACKED: u32 = 100;

/// And that began within this time before a start: nobody looks through the whole history for them.
const RECENT_US: i64 = 7 * 86_400_000_000;

/// The same where it is looked for again and again.
const LATELY_US: i64 = 86_400_000_000;

/// How long another collector that goes on has for it.
const ABANDONED_US: i64 = 600_000_000;

/// Looks after all executions in memory until `shutdown`, then writes what was held back.
pub(super) async fn run(ingest: Ingest, shutdown: CancellationToken, flushed: DropGuard) {
    let (pack, queue) = mpsc::channel(PACK_QUEUE);
    let packer = tokio::spawn(packing::run(ingest.clone(), queue));
    let (began_us, started_us) = (
        ingest.inner.clock.now_us(),
        ingest.inner.clock.monotonic_us(),
    );
    queue_unpacked(&ingest, began_us - RECENT_US, i64::MAX, &pack).await;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut signs = Signs::default();
    let (mut last_us, mut looked_us) = (started_us, started_us);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = shutdown.cancelled() => break,
        }
        // What is silence, and who was held up, goes by time that nobody sets.
        let now = ingest.inner.clock.monotonic_us();
        if now - last_us > HELD_UP_US.max(ingest.inner.silence_us / 2) {
            // We were held up ourselves, and heard nobody: that is no silence of theirs.
            for slot in ingest.inner.all() {
                slot.heard(now);
            }
        }
        last_us = now;
        if ingest.inner.store.is_shared() {
            signs.look(&ingest, now).await;
            if now - looked_us >= ingest.inner.silence_us {
                looked_us = now;
                let wall_us = ingest.inner.clock.now_us();
                let (since_us, by_us) = (wall_us - LATELY_US, wall_us - ABANDONED_US);
                queue_unpacked(&ingest, since_us, by_us, &pack).await;
            }
        }
        if ingest.inner.erase_due.load(Ordering::Acquire) {
            ingest.inner.erase(Duration::ZERO).await;
        }
        for slot in ingest.inner.all() {
            match look_after(&ingest, &slot, &pack).await {
                // Another collector looks after it.
                Ok(()) | Err(IngestError::Overtaken) => {}
                Err(IngestError::Deleted) => ingest.inner.drop_slot(&slot),
                Err(error) => {
                    tracing::warn!(execution = %slot.id(), %error, "looking after an execution failed");
                }
            }
        }
    }
    packer.abort();
    for slot in ingest.inner.all() {
        if let Err(error) = flush(&ingest, &slot).await {
            tracing::warn!(execution = %slot.id(), %error, "rows could not be written at the end");
        }
    }
    drop(flushed);
}

/// Has those executions packed that began at a time or later, were over at another, and are not packed.
async fn queue_unpacked(
    ingest: &Ingest,
    since_us: i64,
    ended_by_us: i64,
    pack: &mpsc::Sender<(Uuid, ExecutionKey)>,
) {
    let store = &ingest.inner.store;
    match store.unmeasured(since_us, ended_by_us, UNPACKED).await {
        // Where the queue has no room, they are found again.
        Ok(unpacked) => unpacked.into_iter().for_each(|one| {
            let _ = pack.try_send(one);
        }),
        Err(error) => tracing::warn!(%error, "what is not packed yet could not be looked up"),
    }
}

/// Signs of life that other collectors had, read off the store: each collector sees by its own clock when
/// they change, so it matters to nobody what time it is for the others.
#[derive(Debug, Default)]
struct Signs {
    seen: HashMap<Uuid, i64>,
    looked_us: Option<i64>,
}

impl Signs {
    /// Looks at all executions that are not over, now and then.
    async fn look(&mut self, ingest: &Ingest, now_us: i64) {
        let pause_us = ingest.inner.silence_us / 6;
        if self.looked_us.is_some_and(|last| now_us - last < pause_us) {
            return;
        }
        let found = match ingest.inner.store.signs_of_life().await {
            Ok(found) => found,
            Err(error) => {
                tracing::debug!(%error, "signs of life could not be read");
                // Not to be told is not silence.
                for slot in ingest.inner.all() {
                    slot.heard(now_us);
                }
                return;
            }
        };
        self.looked_us = Some(now_us);
        let running: HashMap<Uuid, i64> = found.into_iter().collect();
        let mut slots = ingest.inner.slots();
        for (id, signs) in &running {
            let slot = slots
                .entry(*id)
                .or_insert_with(|| Arc::new(Slot::new(*id, now_us)));
            if self.seen.get(id) != Some(signs) {
                slot.heard(now_us);
            }
        }
        // What others saw to its end, and what they go on with: memory is given back.
        slots.retain(|id, slot| {
            let quiet = now_us - slot.last_heard_us() >= LINGER_US;
            let ours = slot.is_current() || slot.is_waiting() || Arc::strong_count(slot) > 1;
            running.contains_key(id) || !quiet || ours
        });
        self.seen = running;
    }
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
    let now = ingest.inner.clock.monotonic_us();
    let quiet_us = now - slot.last_heard_us();
    if quiet_us >= ingest.inner.silence_us {
        let (slot, mut state) = ingest.open(slot.id()).await?;
        let assembler = &mut state.assembler;
        let begun = playback_wire::Producer::ALL
            .into_iter()
            .any(|producer| assembler.last_seq(producer) > 0);
        // It may have been heard while we waited for the lock.
        let silent = now - slot.last_heard_us() >= ingest.inner.silence_us;
        if begun && silent && !assembler.is_final() && !assembler.is_queued() {
            tracing::info!(execution = %slot.id(), "no sign of life: the execution counts as lost");
            assembler.mark_lost();
            super::count_end(assembler.end());
        }
    }
    if slot.is_stale() {
        // Whoever wrote to it last writes the rest.
        return Ok(());
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
    let due = state.flush_due(ingest.inner.clock.monotonic_us());
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
