//! One execution in memory: its assembler, under a lock, and what is known without the lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use playback_wire::decode_batch;
use tokio::sync::{Mutex, OwnedMutexGuard};
use uuid::Uuid;

use super::assembler::Assembler;
use super::error::IngestError;
use crate::blocks::{self, BlockError};
use crate::model::{ExecutionKey, Status};
use crate::store::Store;

/// How often changed rows of a running execution are written. Its events are written at once: this
/// paces the view, not the log.
const FLUSH_EVERY_US: i64 = 1_000_000;

/// How many blocks are read back at once.
const BLOCKS: u32 = 64;

/// No key yet: the execution has no row.
const NO_KEY: ExecutionKey = 0;

/// One execution in memory.
#[derive(Debug)]
pub(super) struct Slot {
    id: Uuid,
    state: Arc<Mutex<Option<SlotState>>>,
    key: AtomicI64,
    failed: AtomicBool,
    last_heard_us: AtomicI64,
    waiting: AtomicUsize,
}

/// What the lock guards.
#[derive(Debug)]
pub(super) struct SlotState {
    pub(super) assembler: Assembler,
    last_flush_us: i64,
}

impl SlotState {
    /// Whether changed rows are due to be written; if so, counts them as written now.
    pub(super) fn flush_due(&mut self, now_us: i64) -> bool {
        let due = now_us - self.last_flush_us >= FLUSH_EVERY_US;
        if due {
            self.last_flush_us = now_us;
        }
        due
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
    /// A slot that is loaded when it is first needed.
    pub(super) fn new(id: Uuid, now_us: i64) -> Self {
        Self {
            id,
            state: Arc::default(),
            key: AtomicI64::new(NO_KEY),
            failed: AtomicBool::new(false),
            last_heard_us: AtomicI64::new(now_us),
            waiting: AtomicUsize::new(0),
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

    /// Whether a commit of its changes failed: then memory is ahead of the store, for good.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    pub(super) fn fail(&self) {
        self.failed.store(true, Ordering::Release);
    }

    /// A producer gave a sign of life.
    pub(super) fn heard(&self, now_us: i64) {
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

    /// The state, when it is loaded and nobody works with it.
    pub(super) fn try_lock(&self) -> Option<Guard> {
        let state = self.state.clone().try_lock_owned().ok()?;
        state.is_some().then_some(Guard(state))
    }

    /// Locks the state as it is, loaded or not: nothing is read for somebody who only keeps others away.
    pub(super) async fn hold(&self) -> OwnedMutexGuard<Option<SlotState>> {
        self.state.clone().lock_owned().await
    }

    /// Locks the state; the first time, by reading the execution's log back.
    pub(super) async fn load(&self, store: &Store) -> Result<Guard, IngestError> {
        let mut state = self.state.clone().lock_owned().await;
        if state.is_none() {
            let (key, assembler) = replay(store, self.id).await?;
            if let Some(key) = key {
                self.set_key(key);
            }
            *state = Some(SlotState {
                assembler,
                last_flush_us: 0,
            });
        }
        Ok(Guard(state))
    }
}

/// Puts an execution together again from its log; new when the store does not know it.
pub(super) async fn replay(
    store: &Store,
    id: Uuid,
) -> Result<(Option<ExecutionKey>, Assembler), IngestError> {
    let mut assembler = Assembler::new(id);
    let Some((key, row)) = store.execution(id).await? else {
        return Ok((None, assembler));
    };
    if row.kept.is_without_log() {
        return Err(IngestError::LogRemoved);
    }
    replay_log(store, key, &mut assembler).await?;
    if row.status != Status::Running {
        // Silence is the collector's own observation: no event tells it. Where the events tell of the end,
        // this changes nothing.
        assembler.mark_lost();
    }
    assembler.assume_logged();
    Ok((Some(key), assembler))
}

/// Applies all stored events of an execution.
pub(super) async fn replay_log(
    store: &Store,
    key: ExecutionKey,
    assembler: &mut Assembler,
) -> Result<(), IngestError> {
    for producer in playback_wire::Producer::ALL {
        loop {
            let next = assembler.last_seq(producer) + 1;
            let stored = store.blocks_from_seq(key, producer, next, BLOCKS).await?;
            if stored.is_empty() {
                break;
            }
            for stored in stored {
                let raw =
                    blocks::expand_stored(&stored.block.data).map_err(IngestError::Damaged)?;
                let events =
                    decode_batch(&raw).map_err(|_| IngestError::Damaged(BlockError::NotEvents))?;
                let applied = assembler.apply_batch(producer, &events);
                applied.map_err(|_| IngestError::Damaged(BlockError::NotEvents))?;
            }
        }
    }
    Ok(())
}
