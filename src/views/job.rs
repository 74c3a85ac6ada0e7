//! Enters what users read in the audit trail.

use std::time::Duration;

use serde_json::json;

use super::Views;
use super::book::Waiting;
use crate::model::{Action, Actor, AuditEntry};
use crate::store::{Store, StoreError};
use crate::work::{Job, JobError, Outcome, StopPhase, Turn};

/// How long looks are collected before they are entered: a page asks for many parts of a record at once.
const GATHER: Duration = Duration::from_secs(1);

/// Entries in one transaction: other changes wait for it.
const TOGETHER: usize = 200;

/// Enters looks.
#[derive(Debug)]
pub struct EnterViews {
    views: Views,
    store: Store,
}

impl EnterViews {
    pub(super) fn new(views: Views, store: Store) -> Self {
        Self { views, store }
    }

    /// Enters what waits, and returns how many entries that were. What cannot be entered waits on.
    async fn enter(&self) -> Result<usize, StoreError> {
        let (mut waiting, lost) = self.views.book().take();
        let count = waiting.len();
        while !waiting.is_empty() {
            let some = &waiting[..waiting.len().min(TOGETHER)];
            let entries: Vec<AuditEntry> = some.iter().map(Waiting::entry).collect();
            if let Err(error) = self.store.audit_all(&entries).await {
                self.views.book().give_back(waiting, lost);
                return Err(error);
            }
            waiting.drain(..entries.len());
        }
        if lost > 0 {
            let now_us = self.views.0.clock.now_us();
            let entry = AuditEntry::new(now_us, Actor::schedule(), Action::View, "history");
            let entry = entry.after(json!({ "lost": lost }));
            if let Err(error) = self.store.audit(&entry).await {
                self.views.book().give_back(Vec::new(), lost);
                return Err(error);
            }
        }
        Ok(count)
    }
}

impl Job for EnterViews {
    const NAME: &'static str = "audit_views";
    const PHASE: StopPhase = StopPhase::Serving;

    async fn due(&mut self) {
        self.views.0.noted.notified().await;
        tokio::time::sleep(GATHER).await;
    }

    async fn run(&mut self, _: &Turn) -> Result<Outcome, JobError> {
        Ok(match self.enter().await? {
            0 => Outcome::Idle,
            _ => Outcome::Done,
        })
    }

    async fn finish(&mut self) {
        if let Err(error) = self.enter().await {
            tracing::warn!(%error, "the last views of records are missing in the audit trail");
        }
    }
}
