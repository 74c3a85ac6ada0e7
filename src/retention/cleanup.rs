//! Removes executions that the rules no longer keep: a few at a time, with a pause for others in between.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::plan::{Planner, Verdict};
use super::{Retention, RetentionError};
use crate::ingest::Discard;
use crate::model::{AuditEntry, Candidate, ExecutionKey, RetentionRule};
use crate::store::Deletion;

/// Executions examined together.
const PAGE: u32 = 500;

/// Executions removed together, in one short transaction.
const STEP: usize = 50;

/// Maximum number of executions that a report names.
const NAMED: usize = 100;

/// Shortest and longest pause after a step; in between, it is as long as the step took.
const PAUSE: (Duration, Duration) = (Duration::from_millis(2), Duration::from_secs(1));

/// What was removed, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Executions examined.
    pub examined: u64,
    /// Executions removed.
    pub deleted: u64,
    /// Further executions whose log was removed.
    pub payloads_removed: u64,
    /// Bytes of the removed logs.
    pub bytes_freed: u64,
    /// Executions kept only because they are pinned.
    pub kept_pinned: u64,
    /// Executions that are running or queued.
    pub kept_running: u64,
    /// Executions that were to be removed, but changed meanwhile: left to the next cleanup.
    pub passed_over: u64,
    /// The first of the removed executions.
    pub executions: Vec<Uuid>,
    /// The first of those whose log was removed.
    pub payloads: Vec<Uuid>,
    /// Whether it was erased from the database's files as well.
    pub is_erased: bool,
}

/// Held by the one cleanup that may remove anything.
#[derive(Debug)]
pub struct CleanupGuard {
    /// Canceled to stop the cleanup before its next step.
    stop: CancellationToken,
    _held: OwnedMutexGuard<()>,
}

impl Report {
    /// The report as the audit trail shows it.
    #[must_use]
    pub fn summary(&self) -> Value {
        json!({
            "deleted": self.deleted,
            "payloads_removed": self.payloads_removed,
            "bytes_freed": self.bytes_freed,
        })
    }
}

impl Retention {
    /// Begins a cleanup; only one may run at a time.
    ///
    /// # Errors
    /// Another cleanup is running.
    pub fn begin_cleanup(&self) -> Result<CleanupGuard, RetentionError> {
        self.begin_cleanup_until(self.inner.closing.clone())
    }

    /// Like [`Self::begin_cleanup`], for a cleanup that stops when told to.
    pub(super) fn begin_cleanup_until(
        &self,
        stop: CancellationToken,
    ) -> Result<CleanupGuard, RetentionError> {
        let removing = self.inner.removing.clone();
        let held = removing.try_lock_owned();
        let held = held.map_err(|_| RetentionError::Running)?;
        Ok(CleanupGuard { stop, _held: held })
    }

    /// Applies rules to the whole history; a dry run, without a guard, only reports what would be removed.
    ///
    /// Must run to its end: if the future is dropped midway, memory may hold what the store does not.
    ///
    /// # Errors
    /// The collector stops, or the store failed; what was removed until then stays removed.
    pub async fn cleanup(
        &self,
        rules: &[RetentionRule],
        begun: Option<CleanupGuard>,
    ) -> Result<Report, RetentionError> {
        let inner = &*self.inner;
        // None: it is a dry run.
        let removing = begun.as_ref().map(|begun| &begun.stop);
        let mut report = Report::default();
        let mut planner = Planner::new(rules, inner.clock.now_us());
        let mut after: Option<(i64, ExecutionKey)> = None;
        let (mut runs, mut logs) = (Vec::new(), Vec::new());
        loop {
            let page = inner
                .store
                .candidates(after, PAGE, planner.needs_labels())
                .await?;
            let Some(last) = page.last() else { break };
            after = Some((last.started_us, last.key));
            for one in page {
                report.examined += 1;
                match planner.judge(&one) {
                    Verdict::Keep => {}
                    Verdict::Running => report.kept_running += 1,
                    Verdict::Pinned => report.kept_pinned += 1,
                    Verdict::Remove => runs.push(one),
                    Verdict::RemovePayload => logs.push(one),
                }
                if runs.len() >= STEP {
                    self.step(&mut runs, Discard::Executions, removing, &mut report)
                        .await?;
                }
                if logs.len() >= STEP {
                    self.step(&mut logs, Discard::Logs, removing, &mut report)
                        .await?;
                }
            }
        }
        self.step(&mut runs, Discard::Executions, removing, &mut report)
            .await?;
        self.step(&mut logs, Discard::Logs, removing, &mut report)
            .await?;
        if let Some(stop) = removing {
            // What an earlier cleanup left behind is swept too.
            self.sweep(stop).await?;
            report.is_erased = inner.ingest.erase().await;
            tracing::info!(
                deleted = report.deleted,
                payloads_removed = report.payloads_removed,
                bytes_freed = report.bytes_freed,
                kept_pinned = report.kept_pinned,
                "retention was applied"
            );
            metrics::counter!("playback_retention_deleted_total").increment(report.deleted);
            metrics::counter!("playback_retention_bytes_freed_total").increment(report.bytes_freed);
        }
        drop(begun);
        Ok(report)
    }

    /// Deletes one execution on request: it disappears at once as a whole, and what remains of it is removed in the
    /// same small steps. `entry` is the audit entry.
    ///
    /// Must run to its end, like [`Retention::cleanup`].
    ///
    /// # Errors
    /// The store failed; then nothing was deleted.
    pub async fn delete(&self, id: Uuid, entry: &AuditEntry) -> Result<Deletion, RetentionError> {
        let inner = &*self.inner;
        let deletion = inner.ingest.delete(id, entry).await?;
        let Deletion::Deleted(key) = deletion else {
            return Ok(deletion);
        };
        tracing::info!(execution = %id, "deleted");
        loop {
            let swept = match begin(&inner.closing) {
                Ok(begun) => inner.store.sweep_one(key).await.map(|more| (begun, more)),
                // Sweeping continues at the next start.
                Err(_) => return Ok(deletion),
            };
            match swept {
                Ok((_, false)) => break,
                Ok((begun, true)) => pause(begun).await,
                Err(error) => {
                    tracing::warn!(%error, "what is deleted is swept away with the next cleanup");
                    return Ok(deletion);
                }
            }
        }
        inner.ingest.erase_asked().await;
        Ok(deletion)
    }

    /// Removes a few executions, or their logs.
    async fn step(
        &self,
        doomed: &mut Vec<Candidate>,
        part: Discard,
        removing: Option<&CancellationToken>,
        report: &mut Report,
    ) -> Result<(), RetentionError> {
        let mut doomed = std::mem::take(doomed);
        if doomed.is_empty() {
            return Ok(());
        }
        if let Some(stop) = removing {
            let begun = begin(stop)?;
            let which: Vec<(Uuid, ExecutionKey)> =
                doomed.iter().map(|one| (one.id, one.key)).collect();
            let gone = self.inner.ingest.discard(&which, part).await?;
            let before = doomed.len();
            doomed.retain(|one| gone.contains(&one.key));
            report.passed_over += (before - doomed.len()) as u64;
            pause(begun).await;
            // Where whole partitions can be dropped, this is decided at the end.
            if !self.inner.store.has_partitions() {
                self.sweep(stop).await?;
            }
        }
        let bytes = doomed.iter().filter_map(|one| one.log.payload_bytes);
        report.bytes_freed += bytes.sum::<u64>();
        let (count, names) = match part {
            Discard::Executions => (&mut report.deleted, &mut report.executions),
            Discard::Logs => (&mut report.payloads_removed, &mut report.payloads),
        };
        *count += doomed.len() as u64;
        let room = NAMED.saturating_sub(names.len());
        names.extend(doomed.iter().take(room).map(|one| one.id));
        Ok(())
    }

    /// Sweeps what removed executions have left behind.
    pub(super) async fn sweep(&self, stop: &CancellationToken) -> Result<(), RetentionError> {
        loop {
            let begun = begin(stop)?;
            if !self.inner.store.sweep().await? {
                return Ok(());
            }
            pause(begun).await;
        }
    }
}

/// When a step begins; an error if the work is to stop.
fn begin(stop: &CancellationToken) -> Result<Instant, RetentionError> {
    match stop.is_cancelled() {
        true => Err(RetentionError::Stopping),
        false => Ok(Instant::now()),
    }
}

/// Pauses for as long as the step took, so that others can use the database.
async fn pause(begun: Instant) {
    tokio::time::sleep(begun.elapsed().clamp(PAUSE.0, PAUSE.1)).await;
}
