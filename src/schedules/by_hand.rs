//! Runs a schedule because a user requests it, at no time of its own.

use uuid::Uuid;

use super::Schedules;
use super::rules::{Decision, DueTime, decide};
use crate::ingest::IngestError;
use crate::launcher::{LaunchError, LaunchRequest};
use crate::model::{Actor, AuditEntry, ScheduleOutcome, ScheduleRow, ScheduleTick};

/// The outcome of a request to run a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunByHand {
    /// This run was queued.
    Started(Uuid),
    /// The last run is not over, and the schedule leaves a time out then.
    NotOver {
        /// That run.
        execution: Uuid,
    },
    /// A run waits already for the last one.
    AlreadyWaiting,
    /// The schedule was changed, or decided about, at the same moment: nothing was queued.
    Overtaken,
}

impl Schedules {
    /// Runs a schedule now on behalf of the caller, also if it is paused. Its next times stay as they are; its rule for a
    /// last run that is not over holds as at a time of its own. `entry` is the audit entry, to which the run is added.
    ///
    /// # Errors
    /// See [`LaunchError`]; then there is no run.
    pub async fn run_by_hand(
        &self,
        row: &ScheduleRow,
        actor: &Actor,
        note: Option<&str>,
        entry: AuditEntry,
    ) -> Result<RunByHand, LaunchError> {
        let inner = &*self.inner;
        if !inner.launcher.is_enabled() {
            return Err(LaunchError::Disabled);
        }
        let now_us = inner.clock.now_us();
        let now = DueTime {
            time_us: now_us,
            passed_over: 0,
            is_missed: false,
        };
        let open = inner.store.open_runs_of(&row.name).await?;
        let settings = &row.settings;
        let decision = decide(&now, settings.missed, settings.overlap, &open);
        let (waits_for, cancel) = match (decision, open.first()) {
            (Decision::Start { waits_for, cancel }, _) => (waits_for, cancel),
            (Decision::Leave(ScheduleOutcome::StillRunning), Some(run)) => {
                return Ok(RunByHand::NotOver {
                    execution: run.execution,
                });
            }
            (Decision::Leave(_), _) => return Ok(RunByHand::AlreadyWaiting),
        };
        let request = inner.request(row).await?;
        let asked = LaunchRequest {
            waits_for,
            note: note.map(str::to_owned).or_else(|| request.note.clone()),
            ..request
        };
        // A run that could not be replaced is not canceled.
        if !cancel.is_empty() {
            inner.launcher.check(asked.clone()).await?;
        }
        for execution in cancel {
            inner.cancel(execution, actor, &row.name).await?;
        }
        let tick = ScheduleTick {
            schedule: row.id,
            revision: row.revision,
            time_us: now_us,
            until_us: row.decided_us,
            decided_us: now_us,
            outcome: ScheduleOutcome::StartedByHand,
            detail: Some(format!("requested by {}", actor.name)),
            passed_over: 0,
            execution: None,
        };
        let launched = inner
            .launcher
            .launch_scheduled(asked, actor, tick, Some(entry));
        match launched.await {
            Ok(execution) => {
                tracing::info!(schedule = row.name, %execution, by = actor.name, "a schedule was run by hand");
                Ok(RunByHand::Started(execution))
            }
            Err(LaunchError::Ingest(IngestError::Overtaken)) => Ok(RunByHand::Overtaken),
            Err(error) => Err(error),
        }
    }
}
