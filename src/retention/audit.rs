//! Removes old entries of the audit trail, if the configuration says how long they are kept.

use std::time::Duration;

use serde_json::json;

use crate::clock::Clock;
use crate::model::{Action, Actor, AuditEntry, DAY_US, TrimmedAudit};
use crate::store::Store;
use crate::work::{Every, Job, JobError, Outcome, Scope, StopPhase, Turn};

/// How often old entries are searched.
const LOOK: Duration = Duration::from_secs(3600);

/// Removes entries that are older than a number of days.
#[derive(Debug)]
pub struct AuditTrim {
    store: Store,
    clock: Clock,
    keep_us: i64,
    every: Every,
}

impl AuditTrim {
    /// As a background job. Needs a runtime.
    #[must_use]
    pub fn new(store: Store, clock: Clock, keep_days: u32) -> Self {
        Self {
            store,
            clock,
            keep_us: i64::from(keep_days).saturating_mul(DAY_US),
            every: Every::at_once(LOOK),
        }
    }
}

impl Job for AuditTrim {
    const NAME: &'static str = "audit";
    const SCOPE: Scope = Scope::Cluster;
    const PHASE: StopPhase = StopPhase::Initiating;

    async fn due(&mut self) {
        self.every.due().await;
    }

    async fn run(&mut self, turn: &Turn) -> Result<Outcome, JobError> {
        let Some(last_us) = self.store.last_audited_us().await? else {
            return Ok(Outcome::Idle);
        };
        let now_us = self.clock.now_us();
        // A clock that is wrong by years must not remove everything: nothing is older than the trail itself says.
        let until_us = now_us.min(last_us.saturating_add(DAY_US));
        let before_us = until_us.saturating_sub(self.keep_us);
        let mut outcome = Outcome::Idle;
        loop {
            if turn.stop().is_cancelled() {
                return Ok(Outcome::Stopped);
            }
            let entry = |told: TrimmedAudit| {
                let entry = AuditEntry::new(now_us, Actor::schedule(), Action::TrimAudit, "audit");
                entry.after(json!(told))
            };
            match self.store.trim_audit(before_us, entry).await? {
                0 => return Ok(outcome),
                entries => {
                    tracing::info!(entries, "old entries of the audit trail were removed");
                    outcome = Outcome::Done;
                }
            }
        }
    }
}
