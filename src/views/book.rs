//! Views to enter in the audit trail, and those entered lately. Pure: the time is a parameter.
//!
//! A look is known if the same actor was shown the same part of the same record within the last hour, and is then not
//! entered again: a page asks every few seconds, and a script all day long.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::model::{Action, Actor, AuditEntry};

/// How long further looks at the same are not entered.
const WINDOW: Duration = Duration::from_secs(3600);

/// Records of actors that are known at once; beyond that, some looks are entered again earlier.
const MOST_KNOWN: usize = 20_000;

/// Entries that wait for the database at most; beyond that, looks are only counted.
const MOST_WAITING: usize = 20_000;

/// The part of a look at an export, which has no parts.
const WHOLE: &str = "";

/// Who read what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    actor: Actor,
    /// `execution:ID`, `history` or `audit`.
    object: String,
    /// For an export: what was exported, as JSON.
    export: Option<String>,
}

/// One look.
#[derive(Debug, Clone)]
pub struct Look {
    key: Key,
    part: String,
}

impl Look {
    /// At a part of a record.
    #[must_use]
    pub fn of_part(actor: Actor, object: String, part: &str) -> Self {
        Self {
            key: Key {
                actor,
                object,
                export: None,
            },
            part: part.to_owned(),
        }
    }

    /// By an export.
    #[must_use]
    pub fn of_export(actor: Actor, object: String, export: &Value) -> Self {
        Self {
            key: Key {
                actor,
                object,
                export: Some(export.to_string()),
            },
            part: WHOLE.to_owned(),
        }
    }
}

/// The outcome of noting a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteOutcome {
    /// It is to be entered.
    ToEnter,
    /// It is not entered again.
    AlreadyEntered,
    /// Too many wait for the database: it is only counted.
    Lost,
}

/// Looks that are to be entered.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// When the first of them was.
    at_us: i64,
    key: Key,
    parts: BTreeSet<String>,
}

impl Waiting {
    /// The entry.
    #[must_use]
    pub fn entry(&self) -> AuditEntry {
        let Key {
            actor,
            object,
            export,
        } = &self.key;
        let (action, after) = match export {
            // It was made from JSON.
            Some(export) => (
                Action::Export,
                serde_json::from_str(export).unwrap_or_default(),
            ),
            None => (Action::View, json!({ "parts": self.parts })),
        };
        AuditEntry::new(self.at_us, actor.clone(), action, object).after(after)
    }
}

/// Looks, and what is known of them.
#[derive(Debug, Default)]
pub struct Book {
    /// Which parts were shown in the hour that began then.
    known: HashMap<Key, (Instant, BTreeSet<String>)>,
    waiting: HashMap<Key, (i64, BTreeSet<String>)>,
    lost: u64,
}

impl Book {
    /// Notes a look.
    pub fn note(&mut self, look: Look, now_us: i64, now: Instant) -> NoteOutcome {
        let Look { key, part } = look;
        if let Some((since, parts)) = self.known.get(&key)
            && now.duration_since(*since) < WINDOW
            && parts.contains(&part)
        {
            return NoteOutcome::AlreadyEntered;
        }
        if self.waiting.len() >= MOST_WAITING && !self.waiting.contains_key(&key) {
            self.lost += 1;
            return NoteOutcome::Lost;
        }
        self.know(&key, &part, now);
        let waiting = self.waiting.entry(key);
        let (_, parts) = waiting.or_insert_with(|| (now_us, BTreeSet::new()));
        parts.insert(part);
        NoteOutcome::ToEnter
    }

    fn know(&mut self, key: &Key, part: &str, now: Instant) {
        if let Some((since, parts)) = self.known.get_mut(key) {
            if now.duration_since(*since) >= WINDOW {
                *since = now;
                parts.clear();
            }
            parts.insert(part.to_owned());
            return;
        }
        if self.known.len() >= MOST_KNOWN {
            self.known
                .retain(|_, (since, _)| now.duration_since(*since) < WINDOW);
        }
        if self.known.len() >= MOST_KNOWN {
            // A client reads very many records: rather one entry too many than one too few.
            self.known.clear();
        }
        let parts = BTreeSet::from([part.to_owned()]);
        self.known.insert(key.clone(), (now, parts));
    }

    /// Takes what is to be entered, in the order of the looks; and how many were lost.
    pub fn take(&mut self) -> (Vec<Waiting>, u64) {
        let mut waiting: Vec<Waiting> = self
            .waiting
            .drain()
            .map(|(key, (at_us, parts))| Waiting { at_us, key, parts })
            .collect();
        waiting.sort_by(|one, other| {
            (one.at_us, &one.key.object).cmp(&(other.at_us, &other.key.object))
        });
        (waiting, std::mem::take(&mut self.lost))
    }

    /// Gives back what could not be entered.
    pub fn give_back(&mut self, waiting: Vec<Waiting>, lost: u64) {
        self.lost += lost;
        for Waiting { at_us, key, parts } in waiting {
            let (first_us, known) = self
                .waiting
                .entry(key)
                .or_insert_with(|| (at_us, BTreeSet::new()));
            *first_us = at_us.min(*first_us);
            known.extend(parts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Via;

    fn look(actor: &str, object: &str, part: &str) -> Look {
        let actor = Actor {
            name: actor.to_owned(),
            ..Actor::anonymous(Via::Token, None)
        };
        Look::of_part(actor, object.to_owned(), part)
    }

    fn entered(book: &mut Book) -> Vec<(String, String, Value)> {
        let (waiting, _) = book.take();
        let entries = waiting.iter().map(Waiting::entry);
        entries
            .map(|entry| (entry.actor.name, entry.object, entry.after.unwrap()))
            .collect()
    }

    #[test]
    fn looks_at_the_same_record_are_one_entry_an_hour_and_one_more_for_a_further_part() {
        let (mut book, now) = (Book::default(), Instant::now());
        assert_eq!(
            book.note(look("ann", "a", "record"), 1, now),
            NoteOutcome::ToEnter
        );
        assert_eq!(
            book.note(look("ann", "a", "output"), 2, now),
            NoteOutcome::ToEnter
        );
        assert_eq!(
            book.note(look("ann", "a", "output"), 3, now),
            NoteOutcome::AlreadyEntered
        );
        assert_eq!(
            book.note(look("bob", "a", "output"), 4, now),
            NoteOutcome::ToEnter
        );
        let both = json!({ "parts": ["output", "record"] });
        let one = json!({ "parts": ["output"] });
        let text = str::to_owned;
        assert_eq!(
            entered(&mut book),
            [
                (text("ann"), text("a"), both),
                (text("bob"), text("a"), one.clone())
            ]
        );
        assert_eq!(
            book.note(look("ann", "a", "record"), 5, now),
            NoteOutcome::AlreadyEntered
        );
        assert_eq!(
            book.note(look("ann", "a", "results"), 6, now),
            NoteOutcome::ToEnter
        );
        let results = json!({ "parts": ["results"] });
        assert_eq!(entered(&mut book), [(text("ann"), text("a"), results)]);
        let later = now + WINDOW;
        assert_eq!(
            book.note(look("ann", "a", "output"), 7, later),
            NoteOutcome::ToEnter
        );
        assert_eq!(entered(&mut book), [(text("ann"), text("a"), one)]);
        assert_eq!(
            book.note(look("ann", "a", "output"), 8, later),
            NoteOutcome::AlreadyEntered
        );
    }

    #[test]
    fn an_export_is_entered_with_what_was_exported_and_the_same_one_once() {
        let (mut book, now) = (Book::default(), Instant::now());
        let mut export = |what: &str| {
            let actor = Actor::anonymous(Via::Open, None);
            let look = Look::of_export(actor, "history".to_owned(), &json!({ "what": what }));
            book.note(look, 1, now)
        };
        assert_eq!(export("results"), NoteOutcome::ToEnter);
        assert_eq!(export("results"), NoteOutcome::AlreadyEntered);
        assert_eq!(export("output"), NoteOutcome::ToEnter);
        let (waiting, lost) = book.take();
        assert_eq!((waiting.len(), lost), (2, 0));
        let entry = waiting[0].entry();
        assert_eq!(entry.action, Action::Export);
        assert!(entry.after.unwrap().get("what").is_some());
    }

    #[test]
    fn what_could_not_be_entered_waits_and_what_has_no_room_is_counted() {
        let (mut book, now) = (Book::default(), Instant::now());
        book.note(look("ann", "a", "record"), 1, now);
        let (waiting, lost) = book.take();
        book.note(look("ann", "a", "output"), 2, now);
        book.give_back(waiting, lost);
        let both = json!({ "parts": ["output", "record"] });
        let told = entered(&mut book);
        assert_eq!((told.len(), &told[0].2), (1, &both));
        for n in 0..MOST_WAITING {
            book.note(look("ann", &n.to_string(), "record"), 3, now);
        }
        assert_eq!(
            book.note(look("ann", "b", "record"), 4, now),
            NoteOutcome::Lost
        );
        // A record that waits already has room for more of its parts.
        assert_eq!(
            book.note(look("ann", "7", "output"), 4, now),
            NoteOutcome::ToEnter
        );
        let (waiting, lost) = book.take();
        assert_eq!((waiting.len(), lost), (MOST_WAITING, 1));
        // What was lost is unknown.
        assert_eq!(
            book.note(look("ann", "b", "record"), 5, now),
            NoteOutcome::ToEnter
        );
        assert!(book.known.len() <= MOST_KNOWN);
    }
}
