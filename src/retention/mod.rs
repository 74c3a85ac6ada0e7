//! Retention: applies rules to the history, in small steps that do not block producers.
//!
//! Layout:
//! - [`plan`]: which executions to remove, pure
//! - [`cleanup`]: removes them
//! - `schedule`: applies the configured rules automatically
//! - `audit`: removes old entries of the audit trail

mod audit;
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

pub use audit::AuditTrim;
pub use cleanup::{CleanupGuard, Report};
pub use schedule::ScheduledCleanup;

/// Why nothing, or not everything, was removed.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// Another cleanup is running.
    #[error("a cleanup is going on: try again when it is done, or ask for a dry run")]
    Running,
    /// The collector stops; what was removed until then stays removed.
    #[error("the collector is stopping: what is left to be removed goes with the next cleanup")]
    Stopping,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Ingestion failed to discard something.
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
    /// Held by the running cleanup.
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
