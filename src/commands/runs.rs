//! Runs on the collector: launch, replay, cancel.

use uuid::Uuid;

use super::{CommandError, Commands};
use crate::launcher::{LaunchRequest, Replay};
use crate::model::{Actor, SecretNames};

impl Commands {
    /// Queues a run with the secrets that it names, and returns its identity: from now on it has a record.
    ///
    /// # Errors
    /// See [`CommandError`]; then there is no record.
    pub async fn launch(
        &self,
        actor: &Actor,
        request: LaunchRequest,
        secrets: SecretNames,
    ) -> Result<Uuid, CommandError> {
        let request = self.launcher.with_secrets(request, secrets).await?;
        Ok(self.launcher.launch(request, actor).await?)
    }

    /// Queues a run with an earlier run's parameters, and returns its identity.
    ///
    /// # Errors
    /// See [`CommandError`]; then there is no record.
    pub async fn replay(
        &self,
        actor: &Actor,
        of: Uuid,
        replay: Replay,
        secrets: SecretNames,
    ) -> Result<Uuid, CommandError> {
        let overrides = replay.overrides;
        let replay = Replay {
            only_failed: replay.only_failed,
            overrides: self.launcher.with_secrets(overrides, secrets).await?,
        };
        Ok(self.launcher.replay(of, replay, actor).await?)
    }

    /// Cancels a run: a queued one is over at once, a running one is asked to end.
    ///
    /// # Errors
    /// See [`CommandError`]; then the run continues.
    pub async fn cancel(
        &self,
        actor: &Actor,
        id: Uuid,
        note: Option<&str>,
    ) -> Result<(), CommandError> {
        Ok(self.launcher.cancel(id, actor, note).await?)
    }
}
