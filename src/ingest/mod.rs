//! Batches in, rows and blocks out.
//!
//! ```text
//! batch ── expand, decode ── assembler (one per execution, under its lock) ── queue ── writer
//!          on the request's thread, in parallel                             bounded    one commit
//!                                                                                      for all
//!                                                                                      that wait
//! ```
//!
//! The answer waits for the commit. When a commit fails, the assemblers that it involved are discarded and read back
//! from the log, so memory never runs ahead of the store.

mod announce;
mod batch;
mod clock;
mod discard;
mod error;
mod memory;
mod others;
mod owner;
mod packing;
mod redact;
mod slot;
mod trim;
mod watch;
mod writer;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use playback_wire::{Event, Producer};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub use announce::{Announcement, StoredWith};
pub use discard::Discard;
pub use error::IngestError;
pub use memory::{Received, Receiving};
pub use owner::{Credentials, OwnerError};
pub use packing::Packing;
pub use redact::Redacted;
pub use watch::Silence;

use crate::clock::Clock;
use crate::live::Hub;
use crate::log::Assembler;
use crate::model::{Changes, Moment, ResultRow, Status};
use crate::store::Store;
use crate::work::Runner;
use batch::Batch;
use slot::Slot;
use writer::Job;

/// Jobs that may wait for the writer; beyond that, producers must retry.
const QUEUE: usize = 1024;

/// Memory for waiting batches, in KiB, both as sent and expanded; beyond that, producers must retry, however long the
/// store is unavailable.
const BUDGET_KIB: u32 = 192 << 10;

/// How long to wait for open readers before erasing deleted data; blocks writers.
const ERASE: Duration = Duration::from_secs(2);

/// The same after a cleanup, for which no client waits.
const ERASE_SOON: Duration = Duration::from_millis(200);

/// How often to retry when another collector was faster.
const TRIES: usize = 20;

/// A batch is expanded, decoded and applied on a thread of its own beyond this size, in bytes.
const INLINE_BYTES: usize = 512 << 10;

/// Settings of ingestion.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long a running execution may be silent before it counts as lost.
    pub silence: Duration,
    /// Lines of output that are kept when an execution is over; none: all.
    pub max_output_lines: Option<u64>,
}

/// The headers that a producer sends with its events.
#[derive(Debug, Clone, Default)]
pub struct Claim {
    /// Name of its sequence.
    pub instance: Option<String>,
    /// The batch is from the spool of a dead process, delivered by another: no sign of life.
    pub adopted: bool,
    /// The producer's clock, if it sends it.
    pub at: Option<i64>,
    /// What the sender presents to prove that it may add to the run.
    pub credentials: Credentials,
}

impl Claim {
    /// Whether the stored sequence is the one that it names.
    fn check(&self, assembler: &Assembler, producer: Producer) -> Result<(), IngestError> {
        match (self.instance.as_deref(), assembler.instance(producer)) {
            (Some(claimed), Some(stored)) if claimed != stored => Err(IngestError::Conflict),
            _ => Ok(()),
        }
    }
}

/// Retries for as long as another collector is faster. A macro, because a closure's borrows would make the future not
/// `Send`.
macro_rules! unless_overtaken {
    ($attempt:expr) => {{
        let mut tries = 1;
        loop {
            match $attempt {
                Err(IngestError::Overtaken) if tries < TRIES => tries += 1,
                done => break done,
            }
        }
    }};
}

/// Takes in batches.
#[derive(Debug, Clone)]
pub struct Ingest {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    clock: Clock,
    silence_us: i64,
    max_output_lines: Option<u64>,
    hub: Hub,
    slots: Mutex<HashMap<Uuid, Arc<Slot>>>,
    queue: mpsc::Sender<Job>,
    budget: Arc<Semaphore>,
    /// Deleted data is still in the database's files.
    erase_due: AtomicBool,
}

impl Ingest {
    /// Starts the writer. When `shutdown` is cancelled, the writer commits what is waiting and ends. The jobs
    /// ([`Ingest::jobs`]) must be run, and must finish before that.
    ///
    /// # Errors
    /// The store cannot list the running executions.
    pub async fn begin(
        store: Store,
        hub: Hub,
        clock: Clock,
        settings: Settings,
        tasks: &TaskTracker,
        shutdown: CancellationToken,
    ) -> Result<Self, IngestError> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let now = clock.monotonic_us();
        let running = store.running_executions().await?;
        let slots = running
            .into_iter()
            .map(|id| (id, Arc::new(Slot::new(id, now))))
            .collect();
        let ingest = Self {
            inner: Arc::new(Inner {
                store: store.clone(),
                clock,
                silence_us: i64::try_from(settings.silence.as_micros()).unwrap_or(i64::MAX),
                max_output_lines: settings.max_output_lines,
                hub: hub.clone(),
                slots: Mutex::new(slots),
                queue,
                budget: Arc::new(Semaphore::new(BUDGET_KIB as usize)),
                erase_due: AtomicBool::new(false),
            }),
        };
        if let Some(listener) = store.listen().await? {
            let others = others::run(ingest.clone(), hub.clone(), listener);
            let shutdown = shutdown.clone();
            tasks.spawn(async move { shutdown.run_until_cancelled(others).await });
        }
        tasks.spawn(writer::run(store, hub, jobs, shutdown));
        Ok(ingest)
    }

    /// Like [`Ingest::begin`], and runs its jobs: for a program without other background work.
    ///
    /// # Errors
    /// The store cannot list the running executions.
    pub async fn start(
        store: Store,
        hub: Hub,
        clock: Clock,
        settings: Settings,
        tasks: &TaskTracker,
        shutdown: CancellationToken,
    ) -> Result<Self, IngestError> {
        let work = Runner::new(store.clone(), clock.clone(), CancellationToken::new());
        // Held-back changes are written before the writer may end.
        let finished = CancellationToken::new();
        let ingest = Self::begin(store, hub, clock, settings, tasks, finished.clone()).await?;
        let (silence, packing) = ingest.jobs();
        work.add(silence);
        work.add(packing);
        tasks.spawn(async move {
            shutdown.cancelled().await;
            work.stop().await;
            finished.cancel();
        });
        Ok(ingest)
    }

    /// Its background jobs. Needs a runtime.
    #[must_use]
    pub fn jobs(&self) -> (Silence, Packing) {
        let (packing, pack) = Packing::new(self.clone());
        (Silence::new(self.clone(), pack), packing)
    }

    /// Takes in a batch, and returns the producer's last durably stored event. An empty batch is a sign of life, and
    /// asks where to resume.
    ///
    /// # Errors
    /// See [`IngestError`]; whatever it is, nothing of the batch was stored.
    pub async fn batch(
        &self,
        id: Uuid,
        producer: Producer,
        body: Received,
        claim: &Claim,
    ) -> Result<u64, IngestError> {
        let taken = match body.bytes.is_empty() {
            true => unless_overtaken!(self.heartbeat(id, producer, claim).await),
            // The memory is held until the answer, across all retries.
            false => {
                unless_overtaken!(self.take_in(id, producer, body.bytes.clone(), claim).await)
            }
        };
        // A reader of an overwritten file only learns that it is not valid; the reason helps more.
        match taken {
            Err(IngestError::Store(cause)) => {
                let why = self.inner.store.check().err();
                Err(IngestError::Store(why.unwrap_or(cause)))
            }
            taken => taken,
        }
    }

    async fn take_in(
        &self,
        id: Uuid,
        producer: Producer,
        body: Bytes,
        claim: &Claim,
    ) -> Result<u64, IngestError> {
        let permit = self.inner.place()?;
        // Held until the answer, so that what waits for an unavailable store stays bounded. The body itself has its
        // memory already.
        let mut memory = self
            .inner
            .budget
            .try_acquire_many(Batch::cost_kib(&body))
            .map_err(|_| IngestError::Busy)?;
        // From here to the queue nothing waits, so that of all batches that arrive together only as many are expanded
        // at once as there are threads.
        let (slot, mut state) = self.open_for(id, Some(&claim.credentials)).await?;
        let (acked, ended, _memory, committed) = {
            let largest = self.inner.store.largest_block();
            let is_large = Batch::expanded_bytes(&body) > INLINE_BYTES;
            let batch = beside_others(is_large, || Batch::read(body, largest))?;
            let mut events = beside_others(is_large, || batch.events())?;
            if producer != Producer::Launcher {
                batch.check_reserved(&events)?;
            }
            let corrected_us = self.correction(&state.assembler, producer, &events, claim);
            let noted = corrected_us.and_then(|corrected_us| batch.with_clock(corrected_us));
            if let Some(noted) = &noted {
                events = noted.events()?;
            }
            let batch = noted.as_ref().unwrap_or(&batch);
            if self.inner.store.is_shared() {
                let next = state.assembler.last_seq(producer) + 1;
                if events.first().is_some_and(|first| first.seq > next) {
                    // Another collector has the events before this batch, but its notice has not arrived yet.
                    self.catch_up(&slot, &mut state).await?;
                }
            }
            let acked = beside_others(is_large, || {
                self.apply(&slot, &mut state, producer, batch, &events, claim)
            })?;
            let now = self.inner.clock.monotonic_us();
            // Until the execution has a key in the store, each job must bring the row that gets it one.
            let all = state.flush_due(now) || acked.late || slot.key().is_none();
            let mut changes = state.assembler.take_changes(all);
            changes.arrived_us = slot.key().is_none().then(|| self.inner.clock.now_us());
            changes.moment = self.inner.moment(&mut state, &changes);
            let kept = memory.split(waiting_kib(&changes).min(memory.num_permits()));
            (
                acked.seq,
                acked.ended,
                kept,
                writer::submit(permit, &slot, &state, changes),
            )
        };
        drop(state);
        // The expanded batch is freed.
        drop(memory);
        committed.await?;
        count_end(ended);
        Ok(acked)
    }

    /// The clock correction of a run that begins with these events.
    fn correction(
        &self,
        assembler: &Assembler,
        producer: Producer,
        events: &[Event<'_>],
        claim: &Claim,
    ) -> Option<i64> {
        let begins = assembler.last_seq(producer) == 0
            && producer != Producer::Launcher
            && events.first().is_some_and(|first| first.seq == 1);
        // A process that delivers what another process left behind does not know that process's clock.
        let told_us = claim.at.filter(|_| begins && !claim.adopted)?;
        let known_us = assembler.row().description.clock_corrected_us;
        let corrected_us = clock::correction(told_us, self.inner.clock.now_us(), known_us);
        (corrected_us != 0).then_some(corrected_us)
    }

    /// Applies the new events of a batch and puts them into the log.
    fn apply(
        &self,
        slot: &Slot,
        state: &mut slot::SlotState,
        producer: Producer,
        batch: &Batch,
        events: &[Event<'_>],
        claim: &Claim,
    ) -> Result<Applied, IngestError> {
        let now = self.inner.clock.monotonic_us();
        let assembler = &mut state.assembler;
        claim.check(assembler, producer)?;
        let first_line = assembler.finished_lines(producer);
        let late = assembler.is_final();
        let known = assembler.apply_batch(producer, events)?;
        metrics::counter!("playback_ingest_events_total").increment((events.len() - known) as u64);
        if known > 0 {
            metrics::counter!("playback_ingest_repeated_events_total").increment(known as u64);
        }
        if let Some(new) = events.get(known..).filter(|new| !new.is_empty()) {
            slot.begin(&claim.credentials);
            let lines = assembler.finished_lines(producer) - first_line;
            assembler.push_block(batch.block(producer, new, known == 0, first_line, lines));
        }
        if claim.adopted && !assembler.is_final() {
            // The process is gone: what its events leave open stays open.
            assembler.mark_lost();
        } else {
            slot.note_contact(now);
        }
        let seq = assembler.last_seq(producer);
        let ended = (!late).then(|| assembler.end()).flatten();
        if let Some(last) = events.last().filter(|_| known < events.len())
            && producer != Producer::Launcher
        {
            state.note_events(now, last.at);
        }
        Ok(Applied { seq, late, ended })
    }

    async fn heartbeat(
        &self,
        id: Uuid,
        producer: Producer,
        claim: &Claim,
    ) -> Result<u64, IngestError> {
        if !self.inner.knows(id) && self.inner.store.head(id).await?.is_none() {
            return match self.inner.store.was_deleted(id).await? {
                true => Err(IngestError::Deleted),
                false => Ok(0),
            };
        }
        let (slot, mut state) = self.open_for(id, Some(&claim.credentials)).await?;
        let assembler = &mut state.assembler;
        claim.check(assembler, producer)?;
        let acked = assembler.last_seq(producer);
        let mut changes = Changes::default();
        if !claim.adopted {
            let now = self.inner.clock.monotonic_us();
            slot.note_contact(now);
            state.alive(now, claim.at);
            let assembler = &mut state.assembler;
            if assembler.is_lost() {
                assembler.mark_alive();
                changes = assembler.take_changes(true);
                changes.moment = self.inner.moment(&mut state, &changes);
            }
            // Other collectors do not receive this heartbeat, and we forget it if we are killed. It is stored often
            // enough that the run does not count as silent, and that the end of a lost run is known as precisely.
            changes.beat = slot.key().is_some() && slot.beat_due(now, self.inner.silence_us / 4);
            if changes.beat {
                changes.alive_us = state.assembler.alive_us();
            }
        }
        // Through the writer, so that the answer counts nothing that is not committed.
        let permit = self.inner.place()?;
        let committed = writer::submit(permit, &slot, &state, changes);
        drop(state);
        committed.await?;
        Ok(acked)
    }

    /// Takes in an event of the launcher. Returns when the event, and what is stored with it, is durably stored.
    ///
    /// # Errors
    /// The store failed, or is busy; then nothing of it was stored.
    pub async fn announce(
        &self,
        id: Uuid,
        said: &[Announcement<'_>],
        with: StoredWith<'_>,
    ) -> Result<(), IngestError> {
        unless_overtaken!(self.try_announce(id, said, with).await)
    }

    async fn try_announce(
        &self,
        id: Uuid,
        said: &[Announcement<'_>],
        with: StoredWith<'_>,
    ) -> Result<(), IngestError> {
        let permit = self.inner.place()?;
        let (slot, mut state) = self.open(id).await?;
        let mut raw = Vec::new();
        for (said, seq) in said
            .iter()
            .zip(state.assembler.last_seq(Producer::Launcher) + 1..)
        {
            said.encode(&mut raw, seq, self.inner.clock.now_us());
        }
        let batch = Batch::plain(raw);
        let events = batch.events()?;
        let claim = Claim {
            credentials: Credentials {
                key: with.key,
                ..Credentials::default()
            },
            ..Claim::default()
        };
        let applied = self.apply(
            &slot,
            &mut state,
            Producer::Launcher,
            &batch,
            &events,
            &claim,
        )?;
        let mut changes = state.assembler.take_changes(true);
        changes.arrived_us = slot.key().is_none().then(|| self.inner.clock.now_us());
        changes.moment = self.inner.moment(&mut state, &changes);
        changes.launch = with.launch.cloned().map(Box::new);
        changes.audit = with.audit.to_vec();
        changes.tick = with.tick.cloned().map(Box::new);
        let committed = writer::submit(permit, &slot, &state, changes);
        drop(state);
        committed.await?;
        count_end(applied.ended);
        Ok(())
    }

    /// The execution's slot, loaded and locked.
    async fn open(&self, id: Uuid) -> Result<(Arc<Slot>, slot::Guard), IngestError> {
        self.open_for(id, None).await
    }

    /// Like [`Self::open`], for a sender who would add to it.
    async fn open_for(
        &self,
        id: Uuid,
        credentials: Option<&Credentials>,
    ) -> Result<(Arc<Slot>, slot::Guard), IngestError> {
        loop {
            let (slot, is_new) = self.inner.slot(id);
            let mut state = match slot.load(&self.inner.store, credentials).await {
                Err(error @ (IngestError::LogRemoved | IngestError::Deleted)) => {
                    // The slot holds nothing worth keeping.
                    self.inner.drop_slot(&slot);
                    return Err(error);
                }
                Err(error @ IngestError::NotOwner(_)) => {
                    if is_new {
                        self.inner.drop_unused(&slot);
                    }
                    return Err(error);
                }
                loaded => loaded?,
            };
            if slot.is_stale() && !slot.has_failed() {
                match self.catch_up(&slot, &mut state).await {
                    Ok(()) | Err(IngestError::Overtaken) => {}
                    Err(error) => return Err(error),
                }
            }
            if !slot.has_failed() {
                return Ok((slot, state));
            }
            // Its commit failed while we waited for it: take the slot that replaces it.
            self.inner.drop_slot(&slot);
        }
    }
}

impl Ingest {
    /// Waits until an execution's accepted changes are committed, so that they cannot arrive after the next change.
    /// Later ones wait for the lock that the caller holds.
    async fn settle(&self, slot: &Arc<Slot>, held: &slot::SlotState) -> Result<(), IngestError> {
        let permit = self.inner.place()?;
        writer::submit(permit, slot, held, Changes::default()).await
    }

    /// Reads what other collectors wrote to an execution. Changes that wait for the writer build on the earlier state,
    /// and are finished first.
    async fn catch_up(
        &self,
        slot: &Arc<Slot>,
        state: &mut slot::SlotState,
    ) -> Result<(), IngestError> {
        if slot.is_waiting() {
            self.settle(slot, state).await?;
        }
        slot.catch_up(&self.inner.store, state).await?;
        if slot.has_failed() {
            return Err(IngestError::Overtaken);
        }
        Ok(())
    }
}

impl Inner {
    /// What happened to a run whose changes these are. The store keeps it if there are targets of notifications.
    fn moment(&self, state: &mut slot::SlotState, changes: &Changes) -> Option<Moment> {
        state.new_moment(changes.execution.as_deref(), self.clock.now_us())
    }

    fn slots(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Arc<Slot>>> {
        // The lock may be poisoned, but entries are only added and removed, so the map is intact.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The execution's slot, and whether it was just created.
    fn slot(&self, id: Uuid) -> (Arc<Slot>, bool) {
        let now = self.clock.monotonic_us();
        let mut is_new = false;
        let mut slots = self.slots();
        let slot = slots.entry(id).or_insert_with(|| {
            is_new = true;
            Arc::new(Slot::new(id, now))
        });
        (slot.clone(), is_new)
    }

    /// A place in the writer's queue.
    fn place(&self) -> Result<mpsc::Permit<'_, Job>, IngestError> {
        self.queue.try_reserve().map_err(|_| IngestError::Busy)
    }

    /// All executions in memory.
    fn all(&self) -> Vec<Arc<Slot>> {
        self.slots().values().cloned().collect()
    }

    fn knows(&self, id: Uuid) -> bool {
        self.slots().contains_key(&id)
    }

    /// Removes the words of deleted data from the search index, and erases the data from the database's files. False: a
    /// reader still has it open, so the silence job will retry.
    async fn erase(&self, patience: Duration) -> bool {
        self.erase_due.store(false, Ordering::Release);
        let is_forgotten = match self.store.forget_words().await {
            Ok(is_forgotten) => is_forgotten,
            Err(error) => {
                tracing::warn!(%error, "words of deleted content are still in the search index");
                false
            }
        };
        let erased = match self.store.erase(patience).await {
            Ok(erased) => erased,
            Err(error) => {
                tracing::warn!(%error, "what was deleted is still in the database's files");
                false
            }
        };
        let erased = erased && is_forgotten;
        if !erased {
            self.erase_due.store(true, Ordering::Release);
        }
        erased
    }

    /// Drops a slot that is not in use elsewhere.
    fn drop_unused(&self, slot: &Arc<Slot>) {
        let mut slots = self.slots();
        // While the map is locked the slot cannot be taken: only the map and we hold it.
        if Arc::strong_count(slot) == 2 {
            slots.remove(&slot.id());
        }
    }

    fn drop_slot(&self, slot: &Arc<Slot>) {
        let mut slots = self.slots();
        if slots
            .get(&slot.id())
            .is_some_and(|known| Arc::ptr_eq(known, slot))
        {
            slots.remove(&slot.id());
        }
    }
}

/// Runs long work without blocking the requests that share this thread.
fn beside_others<T>(is_large: bool, work: impl FnOnce() -> T) -> T {
    if is_large {
        tokio::task::block_in_place(work)
    } else {
        work()
    }
}

/// Memory of waiting changes, in KiB: their blocks and results, which are the bulk.
fn waiting_kib(changes: &Changes) -> usize {
    let blocks: usize = changes.blocks.iter().map(|block| block.data.len()).sum();
    let results = changes.results.len() * size_of::<ResultRow>();
    (blocks + results) >> 10
}

/// A producer's state after a batch was applied.
struct Applied {
    /// Its last event.
    seq: u64,
    /// Whether the execution was over before.
    late: bool,
    /// How it ended, where this was its end.
    ended: Option<Status>,
}

/// Counts a finished execution once its end is stored.
fn count_end(ended: Option<Status>) {
    if let Some(status) = ended {
        metrics::counter!("playback_executions_ended_total", "status" => status.as_str())
            .increment(1);
    }
}
