//! Packs the logs of finished runs, one after the other.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc;
use uuid::Uuid;

use super::Ingest;
use crate::log::LogError;
use crate::log::pack::pack;
use crate::model::{DAY_US, ExecutionKey};
use crate::store::StoreError;
use crate::work::{Every, Job, JobError, Outcome, StopPhase, Turn};

/// Executions that wait to be packed; if more end at once, they wait in memory.
const QUEUE: usize = 256;

/// How many executions to pack at once that their collector did not get to.
const UNPACKED: u32 = 100;

/// How far back to look for them after a start, so that the whole history is not searched.
const RECENT_US: i64 = 7 * DAY_US;

/// How far back to look for them later on.
const LATELY_US: i64 = DAY_US;

/// How long a running collector has for packing before another does it.
const ABANDONED_US: i64 = 600_000_000;

/// Shortest and longest time between two searches; in between, it is the silence limit.
const LOOK: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3600));

/// Packs one execution after the other. With an output limit, the lines beyond it are removed first.
#[derive(Debug)]
pub struct Packing {
    ingest: Ingest,
    queue: mpsc::Receiver<(Uuid, ExecutionKey)>,
    waiting: VecDeque<(Uuid, ExecutionKey)>,
    /// When to search for unpacked executions: at once, and repeatedly if collectors share the database.
    look: Option<Every>,
    is_look_due: bool,
    has_looked: bool,
}

/// A log could not be packed.
#[derive(Debug, thiserror::Error)]
#[error("the log of execution {id} cannot be packed: {cause}")]
struct PackingError {
    id: Uuid,
    cause: StoreError,
}

impl Packing {
    /// Also returns the sender for executions to pack. Needs a runtime.
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

    /// Queues finished executions that are not packed yet.
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
        match pack(&inner.store, id, key).await {
            Err(LogError::Store(cause)) if cause.is_unavailable() => {
                return Err(PackingError { id, cause });
            }
            // An execution that cannot be packed must not block the others.
            Err(error) => tracing::warn!(execution = %id, %error, "a log could not be packed"),
            Ok(()) => {}
        }
        self.waiting.pop_front();
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
        // Interrupted packing is found again.
        match turn.stop().run_until_cancelled(self.pack_next()).await {
            Some(packed) => Ok(packed?),
            None => Ok(Outcome::Stopped),
        }
    }
}
