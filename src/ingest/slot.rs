//! One execution in memory: its assembler, under a lock, and the state that needs no lock.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::{Mutex, OwnedMutexGuard};
use uuid::Uuid;

use super::error::IngestError;
use super::owner::Credentials;
use crate::log::Assembler;
use crate::log::block::BlockError;
use crate::log::replay::{assemble, replay};
use crate::model::{ExecutionKey, ExecutionRow, Moment, Owner};
use crate::store::Store;

/// How often changed rows of a running execution are written. Its events are written at once: this only limits the
/// rows.
const FLUSH_EVERY_US: i64 = 1_000_000;

/// Earlier than any time.
const NEVER_US: i64 = i64::MIN / 2;

/// No key yet: the execution has no row.
const NO_KEY: ExecutionKey = 0;

/// One execution in memory. Times are monotonic (see `Clock::monotonic_us`), so setting the clock does not look like
/// silence.
#[derive(Debug)]
pub(super) struct Slot {
    id: Uuid,
    state: Arc<Mutex<Option<SlotState>>>,
    key: AtomicI64,
    failed: AtomicBool,
    last_heard_us: AtomicI64,
    waiting: AtomicUsize,
    /// The stored version that the state in memory is based on.
    version: AtomicI64,
    /// Another collector has written to it since.
    stale: AtomicBool,
    /// It failed because another collector was faster: it can be retried at once.
    overtaken: AtomicBool,
    last_beat_us: AtomicI64,
    /// The run's owner, once it has events.
    owner: OnceLock<Owner>,
}

/// The state behind the lock.
#[derive(Debug)]
pub(super) struct SlotState {
    pub(super) assembler: Assembler,
    last_flush_us: Option<i64>,
    /// When a producer was last heard, by our clock, and its own clock's time then.
    last_events: Option<(i64, i64)>,
    /// What was last noted for notifications.
    moment: Option<&'static str>,
}

impl SlotState {
    /// What happened to the run since the last call, for targets of notifications. What another collector noted, or this
    /// one before a restart, is returned again: the store keeps it once.
    pub(super) fn new_moment(&mut self, row: Option<&ExecutionRow>, now_us: i64) -> Option<Moment> {
        let name = Moment::name_of(row?)?;
        if self.moment == Some(name) {
            return None;
        }
        self.moment = Some(name);
        Some(Moment {
            name: name.to_owned(),
            noted_us: now_us,
        })
    }

    /// Whether changed rows are due to be written; if so, marks them as written now.
    pub(super) fn flush_due(&mut self, now_us: i64) -> bool {
        let due = self
            .last_flush_us
            .is_none_or(|last| now_us - last >= FLUSH_EVERY_US);
        if due {
            self.last_flush_us = Some(now_us);
        }
        due
    }

    /// A producer sent events, the last of which happened at `at`.
    pub(super) fn note_events(&mut self, now_us: i64, at: i64) {
        self.last_events = Some((now_us, at));
    }

    /// A producer gave a sign of life without events. `at` is its clock's time; without it, the same time is taken to
    /// have passed for it as for us.
    pub(super) fn alive(&mut self, now_us: i64, at: Option<i64>) {
        let last_at = self.assembler.last_sign_us();
        let (heard_us, heard_at) = *self.last_events.get_or_insert((now_us, last_at));
        let passed_us = now_us.saturating_sub(heard_us);
        self.assembler
            .alive_at(at.unwrap_or(heard_at.saturating_add(passed_us)));
    }
}

/// A slot's state, loaded and locked.
#[derive(Debug)]
pub(super) struct Guard(OwnedMutexGuard<Option<SlotState>>);

impl std::ops::Deref for Guard {
    type Target = SlotState;
    fn deref(&self) -> &SlotState {
        match self.0.as_ref() {
            Some(state) => state,
            None => unreachable!("a guard is made of a loaded slot only"),
        }
    }
}

impl std::ops::DerefMut for Guard {
    fn deref_mut(&mut self) -> &mut SlotState {
        match self.0.as_mut() {
            Some(state) => state,
            None => unreachable!("a guard is made of a loaded slot only"),
        }
    }
}

impl Slot {
    /// A slot that is loaded when first needed.
    pub(super) fn new(id: Uuid, now_us: i64) -> Self {
        Self {
            id,
            state: Arc::default(),
            key: AtomicI64::new(NO_KEY),
            failed: AtomicBool::new(false),
            last_heard_us: AtomicI64::new(now_us),
            waiting: AtomicUsize::new(0),
            version: AtomicI64::new(0),
            stale: AtomicBool::new(false),
            overtaken: AtomicBool::new(false),
            last_beat_us: AtomicI64::new(NEVER_US),
            owner: OnceLock::new(),
        }
    }

    pub(super) fn id(&self) -> Uuid {
        self.id
    }

    /// The execution's key, once it has a row.
    pub(super) fn key(&self) -> Option<ExecutionKey> {
        let key = self.key.load(Ordering::Acquire);
        (key != NO_KEY).then_some(key)
    }

    pub(super) fn set_key(&self, key: ExecutionKey) {
        self.key.store(key, Ordering::Release);
    }

    /// Whether a commit of its changes failed: then memory is ahead of the store for good.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    pub(super) fn fail(&self) {
        self.failed.store(true, Ordering::Release);
    }

    /// Its commit lost to one of another collector that it does not know.
    pub(super) fn overtake(&self) {
        self.overtaken.store(true, Ordering::Release);
        self.fail();
    }

    pub(super) fn was_overtaken(&self) -> bool {
        self.overtaken.load(Ordering::Acquire)
    }

    pub(super) fn version(&self) -> i64 {
        self.version.load(Ordering::Acquire)
    }

    pub(super) fn set_version(&self, version: i64) {
        self.version.store(version, Ordering::Release);
    }

    /// Another collector wrote this version.
    pub(super) fn hear_of(&self, version: i64) {
        if version > self.version() {
            self.stale.store(true, Ordering::Release);
        }
    }

    /// Whether memory and store agree.
    pub(super) fn is_current(&self) -> bool {
        !self.is_stale() && self.state.try_lock().is_ok_and(|state| state.is_some())
    }

    /// Whether the store is ahead of memory.
    pub(super) fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Acquire)
    }

    /// Whether a sign of life is due to be stored for others; if so, marks it as done.
    pub(super) fn beat_due(&self, now_us: i64, every_us: i64) -> bool {
        let due = now_us - self.last_beat_us.load(Ordering::Acquire) >= every_us;
        if due {
            self.last_beat_us.store(now_us, Ordering::Release);
        }
        due
    }

    /// The run's owner; none until it has events.
    pub(super) fn owner(&self) -> Option<&Owner> {
        self.owner.get()
    }

    /// Its first events arrived: it belongs to their sender.
    pub(super) fn begin(&self, credentials: &Credentials) {
        self.owner.get_or_init(|| credentials.begin());
    }

    /// A producer gave a sign of life.
    pub(super) fn note_contact(&self, now_us: i64) {
        self.last_heard_us.fetch_max(now_us, Ordering::AcqRel);
    }

    pub(super) fn last_heard_us(&self) -> i64 {
        self.last_heard_us.load(Ordering::Acquire)
    }

    /// Counts the jobs that wait for the writer.
    pub(super) fn enter_queue(&self) {
        self.waiting.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn leave_queue(&self) {
        self.waiting.fetch_sub(1, Ordering::AcqRel);
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// The state, if it is loaded and unlocked.
    pub(super) fn try_lock(&self) -> Option<Guard> {
        let state = self.state.clone().try_lock_owned().ok()?;
        state.is_some().then_some(Guard(state))
    }

    /// Locks the state, loaded or not, without reading the log: for a caller that only keeps others out.
    pub(super) async fn hold(&self) -> OwnedMutexGuard<Option<SlotState>> {
        self.state.clone().lock_owned().await
    }

    /// Locks the state; the first time, reads the execution's log, but not for a sender who may not add to it.
    pub(super) async fn load(
        &self,
        store: &Store,
        credentials: Option<&Credentials>,
    ) -> Result<Guard, IngestError> {
        let mut state = self.state.clone().lock_owned().await;
        if let (Some(state), Some(credentials), Some(owner)) =
            (state.as_ref(), credentials, self.owner())
        {
            credentials.check(owner, state.assembler.row().events.complete)?;
        }
        if state.is_none() {
            self.stale.store(false, Ordering::Release);
            let assembler = match store.head(self.id).await? {
                Some(head) => {
                    if let Some(credentials) = credentials {
                        credentials.check(&head.owner, head.is_complete)?;
                    }
                    self.owner.get_or_init(|| head.owner.clone());
                    // Set before the log is read, so that anything written in between is noticed as missing.
                    self.set_version(head.version);
                    let mut assembler = assemble(store, self.id, &head, None).await?;
                    assembler.assume_logged();
                    self.set_key(head.key);
                    assembler
                }
                None if store.was_deleted(self.id).await? => return Err(IngestError::Deleted),
                None => Assembler::new(self.id),
            };
            *state = Some(SlotState {
                assembler,
                last_flush_us: None,
                last_events: None,
                moment: None,
            });
        }
        Ok(Guard(state))
    }

    /// Reads what other collectors wrote. Nothing of the slot may be waiting for the writer.
    pub(super) async fn catch_up(
        &self,
        store: &Store,
        state: &mut SlotState,
    ) -> Result<(), IngestError> {
        let read = self.read_on(store, state).await;
        if read.is_err() {
            // Half of it may have been applied, which must not count as new and be stored again.
            self.overtake();
        }
        read
    }

    async fn read_on(&self, store: &Store, state: &mut SlotState) -> Result<(), IngestError> {
        self.stale.store(false, Ordering::Release);
        match (store.head(self.id).await?, self.key()) {
            // An execution that was deleted and came again is another one.
            (Some(found), Some(key)) if found.key != key || found.log.is_removed() => {
                self.overtake();
            }
            (Some(found), _) if found.version == self.version() => {}
            (Some(found), Some(key)) if found.version > self.version() => {
                self.set_version(found.version);
                let gaps = state.assembler.gaps().count();
                replay(store, key, None, &mut state.assembler).await?;
                state.assembler.alive_from_store(found.alive_us);
                if state.assembler.gaps().count() > gaps {
                    // It may have been read during a change. The next caller reads it from the beginning, with what the
                    // rows say about the rest.
                    return Err(IngestError::Damaged(BlockError::NotEvents));
                }
                // The writer of these events stored their rows too, and noticed any silence, or its end.
                state.assembler.assume_stored(found.status);
            }
            (None, None) => {}
            // It was deleted, or is new: it is read from the beginning.
            _ => self.overtake(),
        }
        Ok(())
    }
}
