//! What is kept, and for how long: rules applied to the history, in small steps that do not hold up those who
//! send.
//!
//! Layout:
//! - [`plan`]: which executions go, pure
//! - [`cleanup`]: they go
//! - `schedule`: now and then, by themselves

pub mod cleanup;
pub mod plan;
mod schedule;

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::Schedule;
use crate::ingest::{Ingest, IngestError};
use crate::model::RetentionRule;
use crate::store::{Store, StoreError};

pub use cleanup::{CleanupGuard, Report};
pub use schedule::ScheduledCleanup;

/// Nothing, or not everything, was removed.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// One at a time.
    #[error("a cleanup is going on: try again when it is done, or ask for a dry run")]
    Running,
    /// Whatever was removed until then stays removed.
    #[error("the collector is stopping: what is left to be removed goes with the next cleanup")]
    Stopping,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Ingestion could not let go of something.
    #[error(transparent)]
    Ingest(#[from] IngestError),
}

/// Applies rules; cheap to clone.
#[derive(Debug, Clone)]
pub struct Retention {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    rules: Vec<RetentionRule>,
    schedule: Option<Schedule>,
    store: Store,
    ingest: Ingest,
    clock: Clock,
    closing: CancellationToken,
    /// Held by the one cleanup that goes on.
    removing: Arc<Mutex<()>>,
}

impl Retention {
    /// With the configured rules and schedule; it removes nothing yet, and stops at `closing`.
    #[must_use]
    pub fn new(
        (rules, schedule): (Vec<RetentionRule>, Option<Schedule>),
        store: Store,
        ingest: Ingest,
        clock: Clock,
        closing: CancellationToken,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                rules,
                schedule,
                store,
                ingest,
                clock,
                closing,
                removing: Arc::default(),
            }),
        }
    }

    /// The configured rules.
    #[must_use]
    pub fn rules(&self) -> &[RetentionRule] {
        &self.inner.rules
    }
}
