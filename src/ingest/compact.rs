//! Packing: a live run's log is many small blocks, one for each batch. When the run is over, they
//! are merged into few large ones, which compress far better and read faster.

use std::collections::VecDeque;
use std::time::Duration;

use playback_wire::Producer;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::Ingest;
use super::error::IngestError;
use crate::blocks::{self, StoredLog};
use crate::model::{BlockRow, ExecutionKey};
use crate::store::{Store, StoreError, StoredBlock};
use crate::work::{Every, Job, JobError, Outcome, StopPhase, Turn};

/// Blocks that expand to less than this are merged, up to this size together.
const TARGET_BYTES: u64 = 512 << 10;

/// Executions that wait to be packed; when more end at once, they wait in memory.
const QUEUE: usize = 256;

/// Executions that are packed because the collector that saw them end did not get to it.
const UNPACKED: u32 = 100;

/// And that began within this time before a start: nobody looks through the whole history for them.
const RECENT_US: i64 = 7 * 86_400_000_000;

/// The same where it is looked for again and again.
const LATELY_US: i64 = 86_400_000_000;

/// How long another collector that goes on has for it.
const ABANDONED_US: i64 = 600_000_000;

/// The shortest and the longest time between two looks; in between, it is the time of silence.
const LOOK: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3600));

/// Packs one execution after the other. Where so many lines are kept and no more, the others go first.
#[derive(Debug)]
pub struct Packing {
    ingest: Ingest,
    queue: mpsc::Receiver<(Uuid, ExecutionKey)>,
    waiting: VecDeque<(Uuid, ExecutionKey)>,
    /// When it is looked for what nobody got to: at once, and where collectors share the database again and again.
    look: Option<Every>,
    is_look_due: bool,
    has_looked: bool,
}

/// A log could not be packed.
#[derive(Debug, thiserror::Error)]
#[error("the log of execution {id} cannot be packed: {cause}")]
struct PackingError {
    id: Uuid,
    cause: IngestError,
}

impl Packing {
    /// With the way to have an execution packed. Needs a runtime.
    pub(super) fn new(ingest: Ingest) -> (Self, mpsc::Sender<(Uuid, ExecutionKey)>) {
        let (pack, queue) = mpsc::channel(QUEUE);
        let period_us = u64::try_from(ingest.inner.silence_us).unwrap_or_default();
        let period = Duration::from_micros(period_us).clamp(LOOK.0, LOOK.1);
        let packing = Self {
            ingest,
            queue,
            waiting: VecDeque::new(),
            look: Some(Every::at_once(period)),
            is_look_due: false,
            has_looked: false,
        };
        (packing, pack)
    }

    /// Has those executions packed that are over, and that nobody packed.
    async fn look(&mut self) -> Result<(), StoreError> {
        let inner = &*self.ingest.inner;
        let now_us = inner.clock.now_us();
        let (since_us, ended_by_us) = match self.has_looked {
            false => (now_us - RECENT_US, i64::MAX),
            true => (now_us - LATELY_US, now_us - ABANDONED_US),
        };
        let found = inner.store.unmeasured(since_us, ended_by_us, UNPACKED);
        self.waiting.extend(found.await?);
        self.has_looked = true;
        if !inner.store.is_shared() {
            self.look = None;
        }
        Ok(())
    }

    /// Packs the next one.
    async fn pack_next(&mut self) -> Result<Outcome, PackingError> {
        let Some((id, key)) = self.waiting.front().copied() else {
            return Ok(Outcome::Idle);
        };
        let inner = &*self.ingest.inner;
        if let Some(most) = inner.max_output_lines
            && let Err(error) = self.ingest.trim(id, most).await
        {
            tracing::warn!(execution = %id, %error, "lines beyond max_output_lines were not left out");
        }
        let packed = pack(&inner.store, id, key).await;
        let is_away = matches!(&packed, Err(IngestError::Store(error)) if error.is_unavailable());
        if !is_away {
            // One that cannot be packed keeps no other waiting.
            self.waiting.pop_front();
        }
        packed.map_err(|cause| PackingError { id, cause })?;
        Ok(Outcome::Done)
    }
}

impl Job for Packing {
    const NAME: &'static str = "packing";
    const PHASE: StopPhase = StopPhase::Initiating;

    async fn due(&mut self) {
        if !self.waiting.is_empty() {
            return;
        }
        let Self { queue, look, .. } = self;
        let look = async {
            match look {
                Some(look) => look.due().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(next) = queue.recv() => self.waiting.push_back(next),
            () = look => self.is_look_due = true,
        }
    }

    async fn run(&mut self, turn: &Turn) -> Result<Outcome, JobError> {
        if self.is_look_due {
            self.look().await?;
            self.is_look_due = false;
            return Ok(Outcome::Idle);
        }
        // A log that is cut off in the middle is found again.
        match turn.stop().run_until_cancelled(self.pack_next()).await {
            Some(packed) => Ok(packed?),
            None => Ok(Outcome::Stopped),
        }
    }
}

/// Merges the small blocks of an execution, and measures what comes of it. A block that is damaged stays as
/// it is: it may yet be mended, and hides no other.
async fn pack(store: &Store, id: Uuid, key: ExecutionKey) -> Result<(), IngestError> {
    for producer in Producer::ALL {
        let mut next = 1;
        loop {
            let stored = store.blocks_from_seq(key, producer, next, 64).await?;
            let Some(last) = stored.last() else { break };
            next = last.block.last_seq + 1;
            let mut group = Group::default();
            for stored in stored {
                let (first, last) = (stored.block.first_seq, stored.block.last_seq);
                if group.bytes + stored.block.raw_bytes > TARGET_BYTES || group.ends_before(first) {
                    group.merge(store, key).await?;
                }
                match StoredLog::of(&stored.block).whole() {
                    Some(raw) => group.push(stored, &raw),
                    None => {
                        tracing::error!(
                            execution = %id, producer = producer.as_str(), first, last,
                            "a block of the event log is damaged: it stays as it is"
                        );
                        group.merge(store, key).await?;
                    }
                }
            }
            group.merge(store, key).await?;
        }
    }
    store.measure(&[key]).await?;
    Ok(())
}

/// Consecutive blocks that become one.
#[derive(Default)]
struct Group {
    stored: Vec<StoredBlock>,
    raw: Vec<u8>,
    /// What they expand to, as the store says.
    bytes: u64,
}

impl Group {
    fn push(&mut self, stored: StoredBlock, raw: &[u8]) {
        self.bytes += stored.block.raw_bytes;
        self.raw.extend_from_slice(raw);
        self.stored.push(stored);
    }

    /// Whether a block is missing between the last one and event `first_seq`.
    fn ends_before(&self, first_seq: u64) -> bool {
        let last = self.stored.last();
        last.is_some_and(|last| last.block.last_seq + 1 < first_seq)
    }

    /// Stores them as one, and begins anew.
    async fn merge(&mut self, store: &Store, key: ExecutionKey) -> Result<(), IngestError> {
        let Self { stored, raw, .. } = std::mem::take(self);
        let [first, .., last] = stored.as_slice() else {
            return Ok(());
        };
        let mut merged = BlockRow {
            last_seq: last.block.last_seq,
            lines: stored.iter().map(|stored| stored.block.lines).sum(),
            raw_bytes: raw.len() as u64,
            data: Vec::new(),
            ..first.block.clone()
        };
        merged.data = tokio::task::spawn_blocking(move || blocks::compress(&raw))
            .await
            .map_err(|_| IngestError::NotCommitted)?;
        store.merge_blocks(key, &stored, &merged).await?;
        Ok(())
    }
}
