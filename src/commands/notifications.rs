//! Targets of notifications: set, remove, rotate, test; and messages: send again.

use secrecy::SecretString;
use uuid::Uuid;

use super::{CommandError, Commands};
use crate::model::{
    Action, Actor, AuditEntry, Precondition, TargetKind, TargetRow, TargetSettings,
};
use crate::notify::secrets::TargetSecrets;
use crate::notify::{check, moved, object, shown, sign};
use crate::store::{NewTarget, StoreError};

/// Signing secrets that are valid at once: the new one, and the one before it.
const SECRETS: usize = 2;

/// A target that was set.
#[derive(Debug)]
pub struct SetTarget {
    /// Whether it is new.
    pub is_new: bool,
    /// The secret that was made to sign with, which is shown once.
    pub signing_secret: Option<SecretString>,
}

impl Commands {
    /// Sets a target: creates it or changes the existing one, as far as the precondition allows. Secrets that are not given
    /// are kept if the server stays the same.
    ///
    /// # Errors
    /// See [`CommandError`]; then nothing was changed.
    pub async fn set_target(
        &self,
        actor: Actor,
        name: &str,
        settings: TargetSettings,
        precondition: Precondition,
    ) -> Result<SetTarget, CommandError> {
        check::name(name).map_err(CommandError::Invalid)?;
        let before = self.store.target(name).await?;
        // Before the settings are checked: the secrets that they need depend on the existing target.
        let named = || name.to_owned();
        match (precondition, &before) {
            (Precondition::IsNew, Some(_)) => {
                return Err(StoreError::TargetExists { name: named() }.into());
            }
            (Precondition::Exists, None) => {
                return Err(StoreError::TargetMissing { name: named() }.into());
            }
            _ => {}
        }
        let before = before.filter(|before| before.settings.kind == settings.kind);
        // Secrets of another kind of target are of no use, and one that cannot be read is replaced.
        let known = before.as_ref().and_then(|before| self.secrets(before).ok());
        let known = known.unwrap_or_default();
        let given = TargetSecrets::taken(&mut settings.clone(), TargetSecrets::default());
        let mut settings = settings;
        let mut secrets = TargetSecrets::taken(&mut settings, known.clone());
        if let Some(before) = &before {
            moved::check((&before.settings, &known), &settings, &secrets, &given)
                .map_err(CommandError::Invalid)?;
        }
        let mut made = None;
        if settings.kind == TargetKind::Webhook && secrets.signing.is_empty() {
            let secret = new_secret()?;
            secrets.signing.push(secret.clone());
            made = Some(secret);
        }
        let is_new = self
            .store_target(
                actor,
                name,
                settings,
                &secrets,
                Action::SetTarget,
                precondition,
            )
            .await?;
        Ok(SetTarget {
            is_new,
            signing_secret: made,
        })
    }

    /// Gives a webhook a new secret to sign with; the one before it stays valid until the next time, so that receivers
    /// can be changed one after the other.
    ///
    /// # Errors
    /// See [`CommandError`]; then nothing was changed.
    pub async fn rotate_target(
        &self,
        actor: Actor,
        name: &str,
    ) -> Result<SecretString, CommandError> {
        let target = self.known_target(name).await?;
        if target.settings.kind != TargetKind::Webhook {
            return Err(CommandError::Invalid(format!(
                "{name:?} is a target of kind {}, and signs nothing: only webhook does",
                target.settings.kind.as_str()
            )));
        }
        let mut secrets = self.secrets(&target)?;
        let secret = new_secret()?;
        secrets.signing.insert(0, secret.clone());
        secrets.signing.truncate(SECRETS);
        let stored = self.store_target(
            actor,
            name,
            target.settings,
            &secrets,
            Action::RotateTarget,
            Precondition::Exists,
        );
        match stored.await {
            Err(CommandError::Store(StoreError::TargetMissing { name })) => {
                Err(CommandError::NoSuchTarget(name))
            }
            stored => stored.map(|_| secret),
        }
    }

    /// Removes a target, with everything that it was sent.
    ///
    /// # Errors
    /// See [`CommandError`]; then nothing was changed.
    pub async fn remove_target(&self, actor: Actor, name: &str) -> Result<(), CommandError> {
        let target = self.known_target(name).await?;
        if target.is_from_file {
            return Err(CommandError::Store(StoreError::TargetFromFile {
                name: name.to_owned(),
            }));
        }
        let now_us = self.clock.now_us();
        let entry = |before: &TargetRow| {
            let entry = AuditEntry::new(now_us, actor.clone(), Action::RemoveTarget, object(name));
            Some(entry.before(shown(&before.settings, &before.address)))
        };
        match self.store.remove_target(name, entry).await? {
            true => Ok(()),
            false => Err(CommandError::NoSuchTarget(name.to_owned())),
        }
    }

    /// Sends a target an example, and waits for the answer; returns the delivery's identity.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn test_target(&self, actor: Actor, name: &str) -> Result<Uuid, CommandError> {
        let target = self.known_target(name).await?;
        let entry = AuditEntry::new(self.clock.now_us(), actor, Action::TestTarget, object(name));
        self.store.audit(&entry).await?;
        let notifier = self.notifier.clone();
        let testing = async move { notifier.test(&target).await };
        Ok(self.to_its_end("test", testing).await??)
    }

    /// Sends a message again, under the same identity, whatever became of it.
    ///
    /// # Errors
    /// See [`CommandError`]; then nothing was changed.
    pub async fn redeliver(&self, actor: Actor, delivery: Uuid) -> Result<(), CommandError> {
        let now_us = self.clock.now_us();
        let object = format!("delivery:{delivery}");
        let entry = AuditEntry::new(now_us, actor, Action::Redeliver, object);
        match self.store.redeliver(delivery, now_us, &entry).await? {
            true => Ok(()),
            false => Err(CommandError::NoSuchDelivery(delivery)),
        }
    }

    async fn known_target(&self, name: &str) -> Result<TargetRow, CommandError> {
        let target = self.store.target(name).await?;
        target.ok_or_else(|| CommandError::NoSuchTarget(name.to_owned()))
    }

    fn secrets(&self, target: &TargetRow) -> Result<TargetSecrets, CommandError> {
        TargetSecrets::open(self.notifier.keys(), target)
            .map_err(|error| CommandError::Invalid(error.to_string()))
    }

    async fn store_target(
        &self,
        actor: Actor,
        name: &str,
        settings: TargetSettings,
        secrets: &TargetSecrets,
        action: Action,
        precondition: Precondition,
    ) -> Result<bool, CommandError> {
        let now_us = self.clock.now_us();
        let address = self
            .notifier
            .check(&settings, secrets, now_us)
            .map_err(CommandError::Invalid)?;
        let sealed = secrets.seal(self.notifier.keys(), name);
        let target = NewTarget {
            name: name.to_owned(),
            sealed: sealed.map_err(|error| CommandError::Invalid(error.to_string()))?,
            settings,
            address,
            is_from_file: false,
            changed_us: now_us,
        };
        let entry = |before: Option<&TargetRow>| {
            let entry = AuditEntry::new(now_us, actor.clone(), action, object(name));
            let entry = entry.after(shown(&target.settings, &target.address));
            Some(match before {
                Some(before) => entry.before(shown(&before.settings, &before.address)),
                None => entry,
            })
        };
        let put = self.store.put_target_if(&target, precondition, entry);
        Ok(put.await?)
    }
}

fn new_secret() -> Result<SecretString, CommandError> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(CommandError::Random)?;
    Ok(sign::secret(&random))
}
