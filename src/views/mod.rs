//! Records who viewed which records: entries of the audit trail, if the configuration asks for them (`audit_views`).
//!
//! A request only notes in memory what it showed; a job enters it a moment later, and when the collector stops. Repeated
//! looks are one entry: see [`book`].
//!
//! Layout:
//! - [`book`]: what is to be entered, and what was entered lately; pure
//! - `job`: enters it

pub mod book;
mod job;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

pub use job::EnterViews;

use self::book::{Book, Look};
use crate::clock::Clock;
use crate::model::Actor;
use crate::store::Store;

/// Notes who read what; cheap to clone.
#[derive(Debug, Clone)]
pub struct Views(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    book: Mutex<Book>,
    clock: Clock,
    /// Wakes the job: something is to be entered.
    noted: Notify,
}

impl Views {
    /// There was no view yet.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self(Arc::new(Inner {
            book: Mutex::default(),
            clock,
            noted: Notify::new(),
        }))
    }

    /// Notes a view of a part of an execution's record, such as `output`.
    pub fn viewed(&self, actor: Actor, execution: Uuid, part: &str) {
        let object = format!("execution:{execution}");
        self.note(Look::of_part(actor, object, part));
    }

    /// Notes an export: `object` is `execution:ID`, `history` or `audit`.
    pub fn exported(&self, actor: Actor, object: String, export: &Value) {
        self.note(Look::of_export(actor, object, export));
    }

    /// The job that enters what was noted.
    #[must_use]
    pub fn entering(&self, store: Store) -> EnterViews {
        EnterViews::new(self.clone(), store)
    }

    fn note(&self, look: Look) {
        let now_us = self.0.clock.now_us();
        let noted = self.book().note(look, now_us, Instant::now());
        match noted {
            book::NoteOutcome::ToEnter => self.0.noted.notify_one(),
            book::NoteOutcome::AlreadyEntered => {}
            book::NoteOutcome::Lost => {
                metrics::counter!("playback_audit_views_lost_total").increment(1);
            }
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // The lock may be poisoned, but a panic never leaves the book half changed.
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
