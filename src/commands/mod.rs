//! The only entry point for changes that users ask for. Each command is a function that takes the actor, the reason
//! and a typed request.
//!
//! A command commits the change and its audit entry together, and then notifies viewers. Handlers and the command line
//! only translate, and hold no rules of their own. What producers send is not a command: that is `ingest`.
//!
//! Layout:
//! - [`executions`]: delete, pin, unpin, redact
//! - [`imports`]: import executions that another collector recorded
//! - [`notifications`]: set, remove, rotate and test targets, redeliver
//! - [`cleanup`]: apply retention rules
//! - [`runs`]: launch, replay, cancel
//! - [`reports`]: schedules of reports
//! - [`schedules`]: create, change, pause, resume, run, delete
//! - `refused`: requests that were refused, because the actor was unknown or not allowed
//! - [`tokens`]: create, revoke; these need only the store, and work while no collector runs
//! - [`error`]: why a command failed

pub mod cleanup;
pub mod error;
pub mod executions;
pub mod imports;
pub mod notifications;
mod refused;
pub mod reports;
pub mod runs;
pub mod schedules;
pub mod tokens;

use tokio_util::task::TaskTracker;

pub use error::CommandError;
pub use refused::Refusals;

use crate::clock::Clock;
use crate::ingest::Ingest;
use crate::launcher::Launcher;
use crate::live::Hub;
use crate::notify::Notifier;
use crate::reports::Reports;
use crate::retention::Retention;
use crate::schedules::Schedules;
use crate::store::Store;

/// The dependencies of commands; cheap to clone.
#[derive(Debug, Clone)]
pub struct Commands {
    /// The history.
    pub store: Store,
    /// Executions, in memory and in the store.
    pub ingest: Ingest,
    /// Launched runs.
    pub launcher: Launcher,
    /// What is launched by the clock.
    pub schedules: Schedules,
    /// Cleanups.
    pub retention: Retention,
    /// Notifications.
    pub notifier: Notifier,
    /// Reports that are made by themselves.
    pub reports: Reports,
    /// Notifies viewers.
    pub hub: Hub,
    /// The time.
    pub clock: Clock,
    /// Commands that run on after their client is gone.
    pub tasks: TaskTracker,
    /// Requests that were refused recently.
    pub refusals: Refusals,
}

impl Commands {
    /// Runs a piece of work to its end, even if its client is gone.
    async fn to_its_end<T: Send + 'static>(
        &self,
        change: &'static str,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, CommandError> {
        let done = self.tasks.spawn(work).await;
        done.map_err(|_| CommandError::BrokenOff(change))
    }
}

/// Name of an execution in the audit trail.
fn object(id: uuid::Uuid) -> String {
    format!("execution:{id}")
}
