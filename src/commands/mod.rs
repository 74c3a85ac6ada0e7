//! The one door for changes that somebody asks for: each command is a function that takes who asks, why, and a typed
//! request.
//!
//! A command makes one commit of the change and its entry in the audit trail, and then tells those who watch. Handlers
//! and the command line translate, and hold no rule of their own. What producers send is no command: that is `ingest`.
//!
//! Layout:
//! - [`executions`]: delete, pin, unpin, redact
//! - [`cleanup`]: apply rules of retention
//! - [`runs`]: launch, replay, cancel
//! - `refused`: what was not done, because nobody knew who asked or because they may not
//! - [`tokens`]: create, revoke; these need nothing but the store, and work while no collector runs
//! - [`error`]: why a command was not done

pub mod cleanup;
pub mod error;
pub mod executions;
mod refused;
pub mod runs;
pub mod tokens;

use tokio_util::task::TaskTracker;

pub use error::CommandError;
pub use refused::Refusals;

use crate::clock::Clock;
use crate::ingest::Ingest;
use crate::launcher::Launcher;
use crate::live::Hub;
use crate::retention::Retention;
use crate::store::Store;

/// What commands work on; cheap to clone.
#[derive(Debug, Clone)]
pub struct Commands {
    /// The history.
    pub store: Store,
    /// Executions, in memory and in the store.
    pub ingest: Ingest,
    /// Launched runs.
    pub launcher: Launcher,
    /// Cleanups.
    pub retention: Retention,
    /// Whoever watches.
    pub hub: Hub,
    /// The time.
    pub clock: Clock,
    /// Commands that go on when nobody waits for their answer any more.
    pub tasks: TaskTracker,
    /// Requests that were refused lately.
    pub refusals: Refusals,
}

impl Commands {
    /// Runs a piece of work to its end, also when whoever asked for it is gone.
    async fn to_its_end<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, CommandError> {
        let done = self.tasks.spawn(work).await;
        done.map_err(|_| CommandError::BrokenOff(what))
    }
}

/// Name of an execution in the audit trail.
fn object(id: uuid::Uuid) -> String {
    format!("execution:{id}")
}
