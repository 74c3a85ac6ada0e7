//! The single writer task: it puts everything that waits into one commit, so that one sync to disk serves many
//! producers. Every change that ingestion makes to the store goes through here, in order.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::error::IngestError;
use super::slot::{Slot, SlotState};
use crate::live::Hub;
use crate::model::Changes;
use crate::store::{DatabaseProblem, Store, StoreError};

/// Maximum number of jobs in a commit: enough to share a sync, few enough to answer soon.
const JOBS: usize = 256;

/// Maximum number of rows in a commit, roughly.
const ROWS: usize = 50_000;

/// Changes that wait to be committed.
#[derive(Debug)]
pub(super) struct Job {
    slot: Arc<Slot>,
    changes: Changes,
    row_changed: bool,
    /// Whether the commit contains changes of it.
    is_changing: bool,
    done: oneshot::Sender<Outcome>,
}

/// The result of a job.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    Stored,
    Failed,
    /// The database takes no changes, for this reason.
    Refused(DatabaseProblem),
    /// Another collector was faster.
    Overtaken,
}

impl Job {
    fn end(self, outcome: Outcome) {
        self.slot.leave_queue();
        // The requester may be gone.
        let _ = self.done.send(outcome);
    }
}

/// Queues the changes of a slot whose state the caller holds, so that jobs of one execution are queued in the order in
/// which its events were applied. Resolves when they are durably stored.
pub(super) fn submit(
    permit: mpsc::Permit<'_, Job>,
    slot: &Arc<Slot>,
    _held: &SlotState,
    mut changes: Changes,
) -> impl Future<Output = Result<(), IngestError>> + use<> {
    let (done, committed) = oneshot::channel();
    let row_changed = changes.execution.is_some();
    if row_changed {
        changes.owner = slot.owner().cloned();
    }
    slot.enter_queue();
    permit.send(Job {
        slot: slot.clone(),
        changes,
        row_changed,
        is_changing: false,
        done,
    });
    async move {
        match committed.await {
            Ok(Outcome::Stored) => Ok(()),
            Ok(Outcome::Overtaken) => Err(IngestError::Overtaken),
            Ok(Outcome::Refused(trouble)) => Err(StoreError::Unhealthy(trouble).into()),
            Ok(Outcome::Failed) | Err(_) => Err(IngestError::NotCommitted),
        }
    }
}

/// Commits until all senders are gone.
pub(super) async fn run(
    store: Store,
    hub: Hub,
    mut jobs: mpsc::Receiver<Job>,
    shutdown: CancellationToken,
) {
    let mut group = Vec::with_capacity(JOBS);
    loop {
        let received = tokio::select! {
            biased;
            received = jobs.recv_many(&mut group, 1) => received,
            () = shutdown.cancelled(), if !jobs.is_closed() => {
                // What is queued is still committed; later jobs are refused.
                jobs.close();
                continue;
            }
        };
        if received == 0 {
            return;
        }
        let mut rows: usize = group.iter().map(|job| rows_of(&job.changes)).sum();
        while group.len() < JOBS && rows < ROWS {
            let Ok(job) = jobs.try_recv() else { break };
            rows += rows_of(&job.changes);
            group.push(job);
        }
        commit(&store, &hub, &mut group).await;
    }
}

async fn commit(store: &Store, hub: &Hub, group: &mut Vec<Job>) {
    // A job that builds on a failed commit must fail as well.
    let (failed, mut jobs): (Vec<Job>, Vec<Job>) =
        group.drain(..).partition(|job| job.slot.has_failed());
    for job in failed {
        let overtaken = job.slot.was_overtaken();
        job.end(if overtaken {
            Outcome::Overtaken
        } else {
            Outcome::Failed
        });
    }
    let mut changing = Vec::with_capacity(jobs.len());
    let mut changes: Vec<Changes> = Vec::with_capacity(jobs.len());
    for job in &mut jobs {
        let mut change = std::mem::take(&mut job.changes);
        if is_empty(&change) {
            // A repeated batch or a sign of life only waits for the jobs before it.
            continue;
        }
        job.is_changing = true;
        change.key = job.slot.key();
        change.version = Some(job.slot.version());
        changes.push(change);
        changing.push(job.slot.clone());
    }
    let stored = if changes.is_empty() {
        // A repeated batch is acknowledged, too, so the file must still be the one that holds it.
        store.check().map(|()| Vec::new())
    } else {
        let started = Instant::now();
        let stored = store.commit(&changes).await;
        metrics::histogram!("playback_commit_seconds").record(started.elapsed().as_secs_f64());
        metrics::counter!("playback_commits_total").increment(1);
        stored
    };
    match stored {
        Ok(keys) => {
            for ((slot, key), change) in changing.iter().zip(keys).zip(&changes) {
                slot.set_key(key);
                // The same for all jobs of one execution: a commit raises its version by one.
                slot.set_version(change.version.unwrap_or_default() + 1);
            }
            for job in jobs {
                hub.committed(job.slot.id(), job.row_changed);
                job.end(Outcome::Stored);
            }
        }
        Err(StoreError::Overtaken(indexes)) => {
            metrics::counter!("playback_commits_overtaken_total").increment(1);
            for slot in indexes.iter().filter_map(|index| changing.get(*index)) {
                slot.overtake();
            }
            // Retry the others without those.
            restore(&mut jobs, changes);
            Box::pin(commit(store, hub, &mut jobs)).await;
        }
        // One of them cannot be stored, which must not block the others again and again.
        Err(error) if changes.len() > 1 && error.is_refusal() => {
            tracing::warn!(%error, batches = jobs.len(), "a commit failed: its parts are tried alone");
            restore(&mut jobs, changes);
            for job in jobs {
                Box::pin(commit(store, hub, &mut vec![job])).await;
            }
        }
        Err(error) => {
            tracing::error!(%error, batches = jobs.len(), "a commit failed");
            metrics::counter!("playback_commit_failures_total").increment(1);
            for job in &jobs {
                job.slot.fail();
            }
            let outcome = error.trouble().map_or(Outcome::Failed, Outcome::Refused);
            for job in jobs {
                job.end(outcome);
            }
        }
    }
}

/// Gives the changes of a failed commit back to their jobs.
fn restore(jobs: &mut [Job], changes: Vec<Changes>) {
    let changing = jobs.iter_mut().filter(|job| job.is_changing);
    for (job, changes) in changing.zip(changes) {
        job.changes = changes;
        job.is_changing = false;
    }
}

fn rows_of(change: &Changes) -> usize {
    change.results.len() + change.hosts.len() + change.tasks.len() + change.plays.len()
}

fn is_empty(change: &Changes) -> bool {
    change.execution.is_none()
        && change.blocks.is_empty()
        && change.results.is_empty()
        && !change.replace_hosts
        && change.hosts.is_empty()
        && change.plays.is_empty()
        && change.tasks.is_empty()
        && !change.beat
        && change.alive_us.is_none()
}
