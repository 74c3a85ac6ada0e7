//! What a job is: when it is due, what it does, and what the runner has to know of it.

use std::future::Future;

use tokio_util::sync::CancellationToken;

use crate::store::{Store, StoreError, WorkLease};

/// Why a run failed, in words for the log.
pub type JobError = Box<dyn std::error::Error + Send + Sync>;

/// Work that comes again and again.
pub trait Job: Send + 'static {
    /// Its name: the label of its figures, and the key of its lease.
    const NAME: &'static str;
    /// Who runs it.
    const SCOPE: Scope = Scope::Collector;
    /// When it stops.
    const PHASE: StopPhase;
    /// When it runs again after a run that failed.
    const RETRY: Retry = Retry::Backoff;

    /// Waits until there is something to do. It may be dropped at any time, when the collector stops.
    fn due(&mut self) -> impl Future<Output = ()> + Send;

    /// Does it. A run is never dropped: one that may take long stops by itself at [`Turn::stop`].
    ///
    /// # Errors
    /// What failed is to be tried again. [`Retry`] says when; by [`Retry::Backoff`], without asking whether it is due.
    fn run(&mut self, turn: &Turn) -> impl Future<Output = Result<Outcome, JobError>> + Send;

    /// Does what is left to be done when the collector stops, after the last run.
    fn finish(&mut self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Who runs a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Each collector, for itself.
    Collector,
    /// One at a time of those that share a database: whichever has the lease.
    Cluster,
}

/// When a job stops. The phases are stopped in this order, each before the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopPhase {
    /// It begins things by itself: it stops as soon as the collector is told to stop.
    Initiating,
    /// Requests that are still open need it: it stops when all of them are answered, and before the writer does.
    Serving,
}

/// When a job runs again after a run that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// After a pause that is longer the more runs failed in a row.
    Backoff,
    /// When it is due the next time, which is soon.
    WhenDue,
}

/// What came of a run that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It did something.
    Done,
    /// There was nothing to do.
    Idle,
    /// It was told to stop before it was done; where only its lease was lost, it runs again.
    Stopped,
}

/// One run of a job, as the job sees it.
#[derive(Debug)]
pub struct Turn {
    stop: CancellationToken,
    lease: Option<(Store, WorkLease)>,
}

impl Turn {
    pub(super) fn new(stop: CancellationToken, lease: Option<(Store, WorkLease)>) -> Self {
        Self { stop, lease }
    }

    /// Told when the run is to end: the collector stops, or the lease could not be kept.
    #[must_use]
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Whether no other collector has taken the work over. To be asked before something is written that must be
    /// written once: a collector that was held up learns of the loss of its lease only afterwards.
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
