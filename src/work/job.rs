//! The definition of a job: when it is due, what it does, and what the runner needs to know.

use std::future::Future;

use tokio_util::sync::CancellationToken;

use crate::store::{Store, StoreError, WorkLease};

/// Why a run failed, in words for the log.
pub type JobError = Box<dyn std::error::Error + Send + Sync>;

/// A recurring piece of work.
pub trait Job: Send + 'static {
    /// Its name: the label of its metrics, and the key of its lease.
    const NAME: &'static str;
    /// Which collectors run it.
    const SCOPE: Scope = Scope::Collector;
    /// When it stops.
    const PHASE: StopPhase;
    /// When it runs again after a run that failed.
    const RETRY: Retry = Retry::Backoff;

    /// Waits until there is something to do. The future may be dropped at any time, when the collector stops.
    fn due(&mut self) -> impl Future<Output = ()> + Send;

    /// Does the work. A run is never dropped: one that may take long stops by itself at [`Turn::stop`].
    ///
    /// # Errors
    /// The run failed and is to be retried: [`Retry`] says when. With [`Retry::Backoff`], it is retried without waiting
    /// for [`Job::due`].
    fn run(&mut self, turn: &Turn) -> impl Future<Output = Result<Outcome, JobError>> + Send;

    /// Does the remaining work when the collector stops, after the last run.
    fn finish(&mut self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Which collectors run a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Each collector, independently.
    Collector,
    /// One at a time of those that share a database: the holder of the lease.
    Cluster,
}

/// When a job stops. The phases are stopped in this order, each before the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopPhase {
    /// It starts work by itself: it stops as soon as the collector begins to stop.
    Initiating,
    /// Open requests need it: it stops when all of them are answered, and before the writer does.
    Serving,
}

/// When a job runs again after a run that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// After a pause that grows with the number of consecutive failures.
    Backoff,
    /// When it is next due, which is soon.
    WhenDue,
}

/// The outcome of a run that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It did something.
    Done,
    /// There was nothing to do.
    Idle,
    /// It was stopped before it was done; if only its lease was lost, it runs again.
    Stopped,
}

/// One run of a job, as seen by the job.
#[derive(Debug)]
pub struct Turn {
    stop: CancellationToken,
    lease: Option<(Store, WorkLease)>,
}

impl Turn {
    pub(super) fn new(stop: CancellationToken, lease: Option<(Store, WorkLease)>) -> Self {
        Self { stop, lease }
    }

    /// Canceled when the run must end: the collector stops, or the lease was lost.
    #[must_use]
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Whether no other collector has taken the work over. To be checked before writing something that must be written
    /// once: a collector that was delayed learns of its lost lease only afterwards.
    ///
    /// # Errors
    /// The database failed.
    pub async fn is_ours(&self) -> Result<bool, StoreError> {
        match &self.lease {
            Some((store, lease)) => store.holds_work(lease).await,
            None => Ok(true),
        }
    }
}
