//! Applies the configured rules on a schedule.

use super::{Retention, RetentionError};
use crate::model::{Action, Actor, AuditEntry};
use crate::work::{Job, JobError, Outcome, Scope, StopPhase, Turn, alarm};

/// Sweeps what an interrupted cleanup has left behind, and then cleans up whenever it is due.
#[derive(Debug)]
pub struct ScheduledCleanup {
    retention: Retention,
    is_swept: bool,
    /// The scheduled time whose cleanup is not done yet.
    due_us: Option<i64>,
}

impl Retention {
    /// The configured rules, as a background job.
    #[must_use]
    pub fn scheduled(&self) -> ScheduledCleanup {
        ScheduledCleanup {
            retention: self.clone(),
            is_swept: false,
            due_us: None,
        }
    }
}

impl Job for ScheduledCleanup {
    const NAME: &'static str = "retention";
    const SCOPE: Scope = Scope::Cluster;
    const PHASE: StopPhase = StopPhase::Initiating;

    async fn due(&mut self) {
        if !self.is_swept {
            return;
        }
        let inner = &*self.retention.inner;
        match inner.schedule {
            Some(schedule) => self.due_us = Some(alarm::next(schedule, &inner.clock).await),
            None => std::future::pending().await,
        }
    }

    async fn run(&mut self, turn: &Turn) -> Result<Outcome, JobError> {
        let done = match self.due_us {
            Some(due_us) => self.retention.clean_up_once(due_us, turn).await,
            // Runs beside other work: each step is a transaction of its own.
            None => {
                let swept = self.retention.sweep(turn.stop()).await;
                swept.map(|()| Outcome::Done)
            }
        };
        match done {
            Ok(outcome) => {
                if outcome != Outcome::Stopped {
                    (self.is_swept, self.due_us) = (true, None);
                }
                Ok(outcome)
            }
            Err(RetentionError::Stopping) => Ok(Outcome::Stopped),
            Err(error) => Err(error.into()),
        }
    }
}

impl Retention {
    /// Cleans up, unless another collector that shares the database has done so for the same time. A cleanup
    /// interrupted by a failure or the collector's end does not count: the next holder of the lease starts again.
    async fn clean_up_once(&self, due_us: i64, turn: &Turn) -> Result<Outcome, RetentionError> {
        let inner = &*self.inner;
        if inner.store.is_turn_taken(due_us).await? {
            return Ok(Outcome::Idle);
        }
        let outcome = match self.begin_cleanup_until(turn.stop().clone()) {
            Ok(begun) => {
                let report = self.cleanup(&inner.rules, Some(begun)).await?;
                if report.deleted + report.payloads_removed > 0 {
                    let actor = Actor::schedule();
                    let now = inner.clock.now_us();
                    let entry = AuditEntry::new(now, actor, Action::CleanupEnded, "history");
                    inner.store.audit(&entry.after(report.summary())).await?;
                }
                Outcome::Done
            }
            Err(RetentionError::Running) => {
                tracing::info!(
                    "a requested cleanup is still running: the scheduled one is skipped"
                );
                Outcome::Idle
            }
            Err(error) => return Err(error),
        };
        // If another collector took the work over meanwhile, it has to finish it before it counts as done.
        if !turn.is_ours().await? {
            return Ok(Outcome::Stopped);
        }
        inner.store.take_turn(due_us).await?;
        Ok(outcome)
    }
}
