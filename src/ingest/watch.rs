//! Time-driven work: writes held-back rows, marks silent executions as lost, releases memory.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use uuid::Uuid;

use super::error::IngestError;
use super::slot::Slot;
use super::{Ingest, writer};
use crate::model::ExecutionKey;
use crate::store::StoreError;
use crate::work::{Every, Job, JobError, Outcome, Retry, StopPhase, Turn};

const TICK: Duration = Duration::from_millis(500);

/// A tick this late, or half the silence limit if that is longer, means that the collector itself stood still.
const HELD_UP_US: i64 = 2_000_000;

/// How long a finished execution stays in memory for late events.
const LINGER_US: i64 = 5_000_000;

/// Checks all executions in memory, and writes held-back rows when the collector stops.
#[derive(Debug)]
pub struct Silence {
    ingest: Ingest,
    pack: mpsc::Sender<(Uuid, ExecutionKey)>,
    tick: Every,
    signs: Signs,
    last_us: i64,
}

/// An execution could not be checked.
#[derive(Debug, thiserror::Error)]
#[error("execution {id} cannot be looked after: {cause}")]
struct SilenceError {
    id: Uuid,
    cause: IngestError,
}

impl Silence {
    /// `pack` takes executions whose log can be packed. Needs a runtime.
    pub(super) fn new(ingest: Ingest, pack: mpsc::Sender<(Uuid, ExecutionKey)>) -> Self {
        Self {
            last_us: ingest.inner.clock.monotonic_us(),
            ingest,
            pack,
            tick: Every::at_once(TICK),
            signs: Signs::default(),
        }
    }

    /// Checks each execution; returns the failure with the lowest identity, so that the same problem is reported the
    /// same way every time.
    async fn look_after_all(&self) -> Result<bool, SilenceError> {
        let mut is_changed = false;
        let mut failed: Option<SilenceError> = None;
        for slot in self.ingest.inner.all() {
            match look_after(&self.ingest, &slot, &self.pack).await {
                Ok(changed) => is_changed |= changed,
                // Another collector has it.
                Err(IngestError::Overtaken) => {}
                Err(IngestError::Deleted) => self.ingest.inner.drop_slot(&slot),
                Err(cause) => {
                    let id = slot.id();
                    tracing::debug!(execution = %id, error = %cause, "looking after an execution failed");
                    if failed.as_ref().is_none_or(|failed| id < failed.id) {
                        failed = Some(SilenceError { id, cause });
                    }
                }
            }
        }
        failed.map_or(Ok(is_changed), Err)
    }
}

impl Job for Silence {
    const NAME: &'static str = "silence";
    const PHASE: StopPhase = StopPhase::Serving;
    const RETRY: Retry = Retry::WhenDue;

    async fn due(&mut self) {
        self.tick.due().await;
    }

    async fn run(&mut self, _: &Turn) -> Result<Outcome, JobError> {
        let inner = self.ingest.inner.clone();
        // Silence and delays are measured by the monotonic clock.
        let now = inner.clock.monotonic_us();
        if now - self.last_us > HELD_UP_US.max(inner.silence_us / 2) {
            // This process was suspended and received nothing: that does not mean that producers were silent.
            for slot in inner.all() {
                slot.note_contact(now);
            }
        }
        self.last_us = now;
        let signs = match inner.store.is_shared() {
            true => self.signs.look(&self.ingest, now).await,
            false => Ok(()),
        };
        if inner.erase_due.load(Ordering::Acquire) {
            inner.erase(Duration::ZERO).await;
        }
        let is_changed = self.look_after_all().await?;
        signs?;
        Ok(if is_changed {
            Outcome::Done
        } else {
            Outcome::Idle
        })
    }

    async fn finish(&mut self) {
        for slot in self.ingest.inner.all() {
            if let Err(error) = flush(&self.ingest, &slot).await {
                tracing::warn!(execution = %slot.id(), %error, "rows could not be written at the end");
            }
        }
    }
}

/// Signs of life that other collectors stored. Each collector notes by its own clock when they change, so clocks need
/// not agree.
#[derive(Debug, Default)]
struct Signs {
    seen: HashMap<Uuid, i64>,
    looked_us: Option<i64>,
}

impl Signs {
    /// Checks all running executions from time to time.
    async fn look(&mut self, ingest: &Ingest, now_us: i64) -> Result<(), StoreError> {
        let pause_us = ingest.inner.silence_us / 6;
        if self.looked_us.is_some_and(|last| now_us - last < pause_us) {
            return Ok(());
        }
        let found = match ingest.inner.store.signs_of_life().await {
            Ok(found) => found,
            Err(error) => {
                // Signs that cannot be read are not silence.
                for slot in ingest.inner.all() {
                    slot.note_contact(now_us);
                }
                return Err(error);
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
                slot.note_contact(now_us);
            }
        }
        // Frees the memory of executions that other collectors finished.
        slots.retain(|id, slot| {
            let quiet = now_us - slot.last_heard_us() >= LINGER_US;
            let ours = slot.is_current() || slot.is_waiting() || Arc::strong_count(slot) > 1;
            running.contains_key(id) || !quiet || ours
        });
        self.seen = running;
        Ok(())
    }
}

/// Checks an execution; returns whether anything changed.
async fn look_after(
    ingest: &Ingest,
    slot: &Arc<Slot>,
    pack: &mpsc::Sender<(Uuid, ExecutionKey)>,
) -> Result<bool, IngestError> {
    if slot.has_failed() {
        ingest.inner.drop_slot(slot);
        return Ok(true);
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
        // The collector that wrote to it last writes the rest.
        return Ok(false);
    }
    let Some(state) = slot.try_lock() else {
        return Ok(false);
    };
    let is_final = state.assembler.is_final();
    drop(state);
    let is_flushed = flush(ingest, slot).await?;
    let over = is_final || slot.key().is_none();
    if over && quiet_us >= LINGER_US && !slot.is_waiting() {
        if ingest.inner.max_output_lines.is_some() && ingest.inner.hub.is_watched(slot.id()) {
            // Viewers that are still reading its output must see all of it.
            return Ok(is_flushed);
        }
        if let Some(key) = slot.key()
            && pack.try_send((slot.id(), key)).is_err()
        {
            return Ok(is_flushed);
        }
        // While the map is locked the slot cannot be taken. A holder keeps it alive only while waiting, which was
        // checked above and is checked again.
        let mut slots = ingest.inner.slots();
        if Arc::strong_count(slot) == 2 && !slot.is_waiting() {
            slots.remove(&slot.id());
        }
        return Ok(true);
    }
    Ok(is_flushed)
}

/// Writes the rows of an execution that are due; returns whether there were any.
async fn flush(ingest: &Ingest, slot: &Arc<Slot>) -> Result<bool, IngestError> {
    let Some(mut state) = slot.try_lock() else {
        return Ok(false);
    };
    let due = state.flush_due(ingest.inner.clock.monotonic_us());
    if slot.key().is_none() || !state.assembler.is_dirty() || !(due || state.assembler.is_final()) {
        return Ok(false);
    }
    let Ok(permit) = ingest.inner.queue.reserve().await else {
        return Ok(false);
    };
    let mut changes = state.assembler.take_changes(true);
    changes.moment = ingest.inner.moment(&mut state, &changes);
    let committed = writer::submit(permit, slot, &state, changes);
    drop(state);
    committed.await.map(|()| true)
}
