//! Runs that the collector launches, repeats and cancels.

use uuid::Uuid;

use super::{CommandError, Commands};
use crate::launcher::{LaunchRequest, Replay};
use crate::model::Actor;

impl Commands {
    /// Queues a run, and returns its identity: from now on there is a record of it.
    ///
    /// # Errors
    /// See [`CommandError`]; then there is no record.
    pub async fn launch(
        &self,
        actor: &Actor,
        request: LaunchRequest,
    ) -> Result<Uuid, CommandError> {
        Ok(self.launcher.launch(request, actor).await?)
    }

    /// Queues a run as an earlier one was asked for, and returns its identity.
    ///
    /// # Errors
    /// See [`CommandError`]; then there is no record.
    pub async fn replay(
        &self,
        actor: &Actor,
        of: Uuid,
        replay: Replay,
    ) -> Result<Uuid, CommandError> {
        Ok(self.launcher.replay(of, replay, actor).await?)
    }

    /// Asks for the end of a run: a run that waits is over at once, one that goes on is told.
    ///
    /// # Errors
    /// See [`CommandError`]; then the run goes on.
    pub async fn cancel(
        &self,
        actor: &Actor,
        id: Uuid,
        note: Option<&str>,
    ) -> Result<(), CommandError> {
        Ok(self.launcher.cancel(id, actor, note).await?)
    }
}
