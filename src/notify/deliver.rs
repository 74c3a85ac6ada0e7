//! The job that sends messages: each target has a lane of its own, so that a slow one does not delay the others.
//!
//! A lane sends one message after the other. After a failure it ends, and the target is left alone for a while: then one
//! message is tried, and the others follow if it arrives. Messages about one playbook on one inventory are sent in their
//! order.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::clock_watch::ClockWatch;
use super::{Notifier, NotifyError, object};
use crate::model::{Action, Actor, AuditEntry, TargetRow};
use crate::work::{Every, Job, JobError, Outcome, Scope, StopPhase, Turn};

/// How often to look for messages that are due.
const LOOK: Duration = Duration::from_millis(250);

/// The same, if there are no targets.
const LOOK_SELDOM: Duration = Duration::from_secs(5);

/// How long to wait at the end for messages that are being sent; what is not noted then is sent again.
const LAST_WAIT: Duration = Duration::from_secs(3);

/// Messages that a lane reads at once.
const MESSAGES: u32 = 20;

/// Sends messages.
#[derive(Debug)]
pub struct Deliveries {
    notifier: Notifier,
    every: Every,
    looked: Option<Instant>,
    watch: ClockWatch,
}

impl Deliveries {
    pub(super) fn new(notifier: Notifier) -> Self {
        // They exist from the start, at 0: the increase of a series that begins with its first increment is invisible.
        for outcome in ["delivered", "given_up", "retried"] {
            metrics::counter!("playback_notifications_total", "outcome" => outcome).increment(0);
        }
        Self {
            watch: ClockWatch::new(notifier.0.clock.clone()),
            notifier,
            every: Every::at_once(LOOK),
            looked: None,
        }
    }

    async fn work(&mut self, turn: &Turn) -> Result<Outcome, NotifyError> {
        let store = &self.notifier.0.store;
        let mut lanes: JoinSet<(i64, Result<(), NotifyError>)> = JoinSet::new();
        let mut busy: HashSet<i64> = HashSet::new();
        let mut failed = None;
        while !turn.stop().is_cancelled() && failed.is_none() {
            // Before anything is judged by the new time: what waits is neither overdue nor given up because of it.
            if let Some(jump_us) = self.watch.jump_us() {
                if !turn.is_ours().await? {
                    break;
                }
                store.move_deliveries(jump_us).await?;
                self.watch.settle();
            }
            let due = store
                .targets_with_due(self.notifier.0.clock.now_us())
                .await?;
            if !due.is_empty() && !turn.is_ours().await? {
                break;
            }
            for target in due {
                if busy.insert(target) {
                    let (notifier, stop) = (self.notifier.clone(), turn.stop().clone());
                    lanes.spawn(async move { (target, notifier.lane(target, &stop).await) });
                }
            }
            if lanes.is_empty() {
                return Ok(Outcome::Done);
            }
            tokio::select! {
                Some(ended) = lanes.join_next() => match ended {
                    Ok((target, done)) => {
                        busy.remove(&target);
                        failed = done.err();
                    }
                    Err(_) => failed = Some(NotifyError::BrokenOff),
                },
                () = tokio::time::sleep(LOOK) => {}
                () = turn.stop().cancelled() => {}
            }
        }
        let ending = async { while lanes.join_next().await.is_some() {} };
        // Messages that take longer are tried again later.
        let _ = tokio::time::timeout(LAST_WAIT, ending).await;
        match failed {
            Some(error) => Err(error),
            None => Ok(Outcome::Stopped),
        }
    }
}

impl Job for Deliveries {
    const NAME: &'static str = "deliveries";
    const SCOPE: Scope = Scope::Cluster;
    const PHASE: StopPhase = StopPhase::Initiating;

    async fn due(&mut self) {
        loop {
            self.every.due().await;
            let store = &self.notifier.0.store;
            let is_seldom = self.looked.is_some_and(|at| at.elapsed() < LOOK_SELDOM);
            if !store.notifies() && is_seldom {
                continue;
            }
            self.looked = Some(Instant::now());
            if self.watch.jump_us().is_some() {
                return;
            }
            match store.targets_with_due(self.notifier.0.clock.now_us()).await {
                Ok(due) if !due.is_empty() => return,
                Ok(_) => {}
                // The next turn reads it again, and requests that need the database report its problem.
                Err(error) => tracing::debug!(%error, "deliveries are not known"),
            }
        }
    }

    async fn run(&mut self, turn: &Turn) -> Result<Outcome, JobError> {
        Ok(self.work(turn).await?)
    }
}

impl Notifier {
    /// Sends a target's messages, until none is due or one fails.
    async fn lane(&self, id: i64, stop: &CancellationToken) -> Result<(), NotifyError> {
        let store = &self.0.store;
        let mut has_tried = false;
        loop {
            let now_us = self.0.clock.now_us();
            let Some(target) = store.target_by_id(id).await? else {
                return Ok(());
            };
            if !TargetRow::is_on(&target) {
                let why = "the target is switched off";
                let entry = |count: u64| {
                    let object = object(&target.name);
                    let entry =
                        AuditEntry::new(now_us, Actor::schedule(), Action::GiveUpDelivery, object);
                    entry.after(json!({ "deliveries": count, "reason": why }))
                };
                let given_up = store.give_up_deliveries(id, i64::MAX, now_us, why, entry);
                given_up.await?;
                return Ok(());
            }
            let due = store.due_deliveries(id, now_us, MESSAGES).await?;
            if due.is_empty() {
                if !has_tried {
                    // Those whose time has come wait for earlier ones: without a pause, the lane would start over at once.
                    tokio::select! {
                        () = tokio::time::sleep(LOOK) => {}
                        () = stop.cancelled() => {}
                    }
                }
                return Ok(());
            }
            has_tried = true;
            for delivery in due {
                if stop.is_cancelled() {
                    return Ok(());
                }
                // What the attempt before changed of the target counts for this one.
                let Some(target) = store.target_by_id(id).await? else {
                    return Ok(());
                };
                let is_left_alone = target.retry_us.is_some_and(|retry_us| retry_us > now_us);
                if !target.is_on() || is_left_alone || !self.attempt(&target, &delivery).await? {
                    return Ok(());
                }
            }
        }
    }
}
