//! Changes to existing executions: delete, pin, unpin, redact.

use playback_redact::Rules;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CommandError, Commands, object};
use crate::ingest::Redacted;
use crate::log::RedactionRequest;
use crate::model::{Action, Actor, AuditEntry, Pin, Pinned};
use crate::store::Deletion;

/// Maximum length of a note, in characters.
const LONGEST_NOTE: usize = 2000;

impl Commands {
    /// Deletes an execution that is over and not pinned. It disappears at once as a whole; its rows are removed in
    /// small steps that do not block other requests.
    ///
    /// # Errors
    /// See [`CommandError`]; then nothing was deleted.
    pub async fn delete(
        &self,
        actor: Actor,
        id: Uuid,
        note: Option<&str>,
    ) -> Result<(), CommandError> {
        let note = checked(note)?;
        let Some((_, row)) = self.store.execution(id).await? else {
            return Err(CommandError::NoSuchExecution(id));
        };
        let entry = AuditEntry::new(self.clock.now_us(), actor, Action::Delete, object(id))
            .note(note)
            .before(json!({
                "status": row.status.as_str(),
                "playbook": row.description.playbook,
                "started_us": row.started_us,
            }));
        let retention = self.retention.clone();
        let deleting = async move { retention.delete(id, &entry).await };
        match self.to_its_end("deletion", deleting).await?? {
            Deletion::Deleted(_) => Ok(()),
            Deletion::Unknown => Err(CommandError::NoSuchExecution(id)),
            Deletion::Running => Err(CommandError::Running("deleted")),
            Deletion::Pinned => {
                let pin = self.store.pins(&[id]).await?.remove(&id);
                Err(CommandError::Pinned(id, pin))
            }
        }
    }

    /// Pins an execution, or replaces its pin's user and reason.
    ///
    /// # Errors
    /// See [`CommandError`]; then nothing was changed.
    pub async fn pin(
        &self,
        actor: Actor,
        id: Uuid,
        note: Option<&str>,
    ) -> Result<Pin, CommandError> {
        let note = checked(note)?;
        let pin = Pin {
            pinned_us: self.clock.now_us(),
            by: actor.name.clone(),
            note: note.map(str::to_owned),
        };
        let entry = |before: Option<&Pin>| {
            let entry = AuditEntry::new(pin.pinned_us, actor.clone(), Action::Pin, object(id));
            let entry = entry.note(note).after(shown(&pin));
            match before {
                Some(before) => entry.before(shown(before)),
                None => entry,
            }
        };
        if !self.store.pin(id, &pin, entry).await? {
            return Err(CommandError::NoSuchExecution(id));
        }
        self.hub.changed(id);
        Ok(pin)
    }

    /// Removes an execution's pin, if there is one.
    ///
    /// # Errors
    /// See [`CommandError`]; then nothing was changed.
    pub async fn unpin(
        &self,
        actor: Actor,
        id: Uuid,
        note: Option<&str>,
    ) -> Result<(), CommandError> {
        let note = checked(note)?;
        let now = self.clock.now_us();
        let entry = |pin: &Pin| {
            AuditEntry::new(now, actor.clone(), Action::Unpin, object(id))
                .note(note)
                .before(shown(pin))
        };
        if self.store.unpin(id, entry).await? {
            self.hub.changed(id);
            return Ok(());
        }
        match self.store.execution(id).await? {
            Some(_) => Ok(()),
            None => Err(CommandError::NoSuchExecution(id)),
        }
    }

    /// Redacts values in an execution that is over, permanently.
    ///
    /// # Errors
    /// See [`CommandError`]; then nothing was changed.
    pub async fn redact(
        &self,
        actor: Actor,
        id: Uuid,
        rules: Rules,
        note: Option<&str>,
    ) -> Result<Redacted, CommandError> {
        let note = checked(note)?;
        if rules.is_empty() {
            return Err(CommandError::Invalid(
                "nothing is to be hidden: give keys, patterns or texts".to_owned(),
            ));
        }
        if self.store.execution(id).await?.is_none() {
            return Err(CommandError::NoSuchExecution(id));
        }
        let request = RedactionRequest {
            rules,
            actor,
            note: note.map(str::to_owned),
        };
        let redacted = self.ingest.redact(id, &request).await?;
        let redacted = redacted.ok_or(CommandError::Running("redacted"))?;
        self.hub.changed(id);
        let counts = redacted.counts;
        tracing::info!(execution = %id, values = counts.values, lines = counts.lines, removed = redacted.removed, "redacted");
        Ok(redacted)
    }
}

/// A pin for the audit trail.
fn shown(pin: &Pin) -> Value {
    serde_json::to_value(Pinned::from(pin.clone())).unwrap_or_default()
}

/// A note, if one was given, checked for its length.
pub(super) fn checked(note: Option<&str>) -> Result<Option<&str>, CommandError> {
    let note = note.filter(|note| !note.is_empty());
    if note.is_some_and(|note| note.chars().count() > LONGEST_NOTE) {
        return Err(CommandError::Invalid(format!(
            "note is too long: {LONGEST_NOTE} characters at most"
        )));
    }
    Ok(note)
}
