//! The audit trail: who did what to the history, in an order that cannot be changed unnoticed.
//!
//! Entries are numbered 1, 2, 3 … without gaps. Each has a hash of the entry before it and of its own content, so an
//! entry that is changed, removed or inserted no longer fits its neighbours.

mod action;
mod actor;
mod check;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub use action::Action;
pub use actor::{Actor, Via};
pub use check::{AuditCheck, AuditFault, TrimmedAudit, hexadecimal};

/// Longest text that an entry keeps, in characters: a note, or another text chosen by a client.
const LONGEST_TEXT: usize = 2000;

/// An entry that is not yet part of the trail.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// When, in microseconds since the epoch.
    pub at_us: i64,
    /// The actor.
    pub actor: Actor,
    /// The action.
    pub action: Action,
    /// The object: `execution:ID`, `token:NAME`, `schedule:NAME`, `report_schedule:NAME`, `target:NAME`, `delivery:ID`,
    /// `history`, `audit`, or the refused request.
    pub object: String,
    /// Why, in the actor's words.
    pub note: Option<String>,
    /// The state before, if there was any.
    pub before: Option<Value>,
    /// The state afterwards, or the request. Never a secret.
    pub after: Option<Value>,
}

impl AuditEntry {
    /// An entry without note and content.
    #[must_use]
    pub fn new(at_us: i64, actor: Actor, action: Action, object: impl Into<String>) -> Self {
        Self {
            at_us,
            actor,
            action,
            object: object.into(),
            note: None,
            before: None,
            after: None,
        }
    }

    /// Adds a reason.
    #[must_use]
    pub fn note(mut self, note: Option<&str>) -> Self {
        self.note = note.filter(|note| !note.is_empty()).map(str::to_owned);
        self
    }

    /// Adds the state before.
    #[must_use]
    pub fn before(mut self, before: Value) -> Self {
        self.before = Some(before);
        self
    }

    /// Adds the state afterwards.
    #[must_use]
    pub fn after(mut self, after: Value) -> Self {
        self.after = Some(after);
        self
    }
}

/// A stored entry. Its content is text, because the hash is computed over bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number: 1, 2, 3 …
    pub number: i64,
    /// When, in microseconds since the epoch.
    pub at_us: i64,
    /// Name of the actor.
    pub actor: String,
    /// The actor's token.
    pub token: Option<i64>,
    /// The token's scopes.
    pub scopes: String,
    /// How the actor was authenticated.
    pub via: String,
    /// The actor's address.
    pub peer: Option<String>,
    /// The action.
    pub action: String,
    /// The object.
    pub object: String,
    /// Why.
    pub note: Option<String>,
    /// The state before, as JSON.
    pub before: Option<String>,
    /// The state afterwards, as JSON.
    pub after: Option<String>,
    /// SHA-256 of the previous hash and of all fields above.
    pub hash: [u8; 32],
}

/// The hash before the first entry.
pub const NO_ENTRY: [u8; 32] = [0; 32];

impl AuditRow {
    /// Turns an entry into the row that follows the one with the hash `last`.
    #[must_use]
    pub fn seal(entry: &AuditEntry, number: i64, last: &[u8; 32]) -> Self {
        let json = |value: &Option<Value>| value.as_ref().map(|value| text(&value.to_string()));
        let mut row = Self {
            number,
            at_us: entry.at_us,
            actor: text(&entry.actor.name),
            token: entry.actor.token,
            scopes: entry.actor.scopes.clone(),
            via: entry.actor.via.as_str().to_owned(),
            peer: entry.actor.peer.clone(),
            action: entry.action.as_str().to_owned(),
            object: short(&entry.object),
            note: entry.note.as_deref().map(short),
            before: json(&entry.before),
            after: json(&entry.after),
            hash: NO_ENTRY,
        };
        row.hash = row.hash_behind(last);
        row
    }

    /// The same entry at another position, after the row with the hash `last`.
    #[must_use]
    pub fn moved(mut self, number: i64, last: &[u8; 32]) -> Self {
        self.number = number;
        self.hash = self.hash_behind(last);
        self
    }

    /// The hash that the entry must have after the row with the hash `last`.
    #[must_use]
    pub fn hash_behind(&self, last: &[u8; 32]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(last);
        hash.update(self.number.to_be_bytes());
        hash.update(self.at_us.to_be_bytes());
        // A missing number must differ from any number, and two texts must differ from one text that joins them.
        hash.update(self.token.map_or([0; 9], |token| {
            let mut bytes = [1; 9];
            bytes[1..].copy_from_slice(&token.to_be_bytes());
            bytes
        }));
        let texts = [
            Some(&self.actor),
            Some(&self.scopes),
            Some(&self.via),
            self.peer.as_ref(),
            Some(&self.action),
            Some(&self.object),
            self.note.as_ref(),
            self.before.as_ref(),
            self.after.as_ref(),
        ];
        for text in texts {
            let length = text.map_or(u64::MAX, |text| text.len() as u64);
            hash.update(length.to_be_bytes());
            hash.update(text.map_or(&[][..], |text| text.as_bytes()));
        }
        hash.finalize().into()
    }
}

/// A text as every database stores it.
fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn short(whole: &str) -> String {
    text(&whole.chars().take(LONGEST_TEXT).collect::<String>())
}
