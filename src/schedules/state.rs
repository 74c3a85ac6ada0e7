//! Why a schedule would start nothing if its time came now.

use super::rules::{Clockwork, Due, LATE_US};
use super::{Inner, Schedules};
use crate::auth::{Scope, Scopes};
use crate::launcher::{LaunchError, LaunchRequest};
use crate::model::{Actor, ScheduleBlock, ScheduleOutcome, ScheduleRow, Via, time_from_us};
use crate::store::StoreError;
use crate::timetable::Timetable;

impl Schedules {
    /// Why it would start nothing; none: it would.
    ///
    /// # Errors
    /// The database failed.
    pub async fn block(&self, row: &ScheduleRow) -> Result<Option<ScheduleBlock>, StoreError> {
        let block = |reason, message: String| Some(ScheduleBlock { reason, message });
        if let Some(pause) = &row.paused {
            let since = time_from_us(pause.paused_us).format("%Y-%m-%d %H:%M");
            let note = pause.note.as_ref().map(|note| format!(": {note}"));
            let message = format!(
                "{} paused it on {since} UTC{}; \"playback schedule resume {}\" resumes it",
                pause.by,
                note.unwrap_or_default(),
                row.name
            );
            return Ok(block(ScheduleOutcome::Paused, message));
        }
        if let Err(error) = Timetable::parse(&row.settings.cron, &row.settings.zone) {
            // Another version stored it.
            return Ok(block(ScheduleOutcome::Refused, error.to_string()));
        }
        if !self.inner.launcher.is_enabled() {
            // Another collector may start it.
            let is_ours = !self.inner.store.is_shared() || self.is_overdue(row);
            let message = LaunchError::Disabled.to_string();
            return Ok(block(ScheduleOutcome::LauncherOff, message).filter(|_| is_ours));
        }
        if let Err((reason, message)) = self.inner.owner(row).await? {
            return Ok(block(reason, message));
        }
        Ok(match self.inner.request(row).await {
            Ok(request) => match self.inner.launcher.check(request).await {
                Ok(()) => None,
                Err(error) => block(outcome(&error), error.to_string()),
            },
            Err(error) => block(outcome(&error), error.to_string()),
        })
    }

    /// Whether its time has come long ago, and was not processed.
    fn is_overdue(&self, row: &ScheduleRow) -> bool {
        let Ok(timetable) = Timetable::parse(&row.settings.cron, &row.settings.zone) else {
            return true;
        };
        let due = clockwork(row, &timetable).due(self.inner.clock.now_us().saturating_sub(LATE_US));
        matches!(due, Due::Now(_))
    }
}

impl Inner {
    /// The actor on whose behalf the schedule starts a run; or why there is none.
    ///
    /// # Errors
    /// The database failed.
    pub(super) async fn owner(
        &self,
        row: &ScheduleRow,
    ) -> Result<Result<Actor, (ScheduleOutcome, String)>, StoreError> {
        let again = format!(
            "a person with the scope \"run\" takes it over by saving it again (\"playback schedule change {}\")",
            row.name
        );
        let Some(hash) = row.token else {
            let revoked = (
                ScheduleOutcome::TokenRevoked,
                format!("it was made when this collector served without tokens: {again}"),
            );
            return Ok(self.no_auth.then(|| actor(row, None, "")).ok_or(revoked));
        };
        let owner = &row.owner;
        let Some(token) = self.store.token_by_hash(&hash).await? else {
            let message = format!("{owner}, on whose behalf it starts runs, was revoked: {again}");
            return Ok(Err((ScheduleOutcome::TokenRevoked, message)));
        };
        if token
            .expires_us
            .is_some_and(|expires_us| expires_us <= self.clock.now_us())
        {
            let message = format!("{owner}, on whose behalf it starts runs, has expired: {again}");
            return Ok(Err((ScheduleOutcome::TokenExpired, message)));
        }
        if !Scopes::decode(&token.scopes).allow(Scope::Run) {
            let message = format!(
                "{owner}, on whose behalf it starts runs, lacks the scope \"run\": {again}"
            );
            return Ok(Err((ScheduleOutcome::TokenNotAllowed, message)));
        }
        Ok(Ok(actor(row, Some(token.id), &token.scopes)))
    }

    /// What it runs, with its secrets.
    ///
    /// # Errors
    /// A secret cannot be read.
    pub(super) async fn request(&self, row: &ScheduleRow) -> Result<LaunchRequest, LaunchError> {
        let run = row.settings.run.clone();
        let request = self.launcher.scheduled_request(run).await?;
        Ok(LaunchRequest {
            schedule: Some(row.name.clone()),
            ..request
        })
    }
}

/// What says when a schedule is due.
pub(super) fn clockwork<'t>(row: &ScheduleRow, timetable: &'t Timetable) -> Clockwork<'t> {
    Clockwork {
        timetable,
        id: row.id,
        jitter_seconds: row.settings.jitter_seconds,
        decided_us: row.decided_us,
    }
}

/// The actor that starts the runs of a schedule.
pub(super) fn actor(row: &ScheduleRow, token: Option<i64>, scopes: &str) -> Actor {
    Actor {
        name: ScheduleRow::object(&row.name),
        token,
        scopes: scopes.to_owned(),
        via: Via::Schedule,
        peer: None,
    }
}

/// What the launcher's refusal is called.
pub(super) fn outcome(error: &LaunchError) -> ScheduleOutcome {
    match error {
        LaunchError::Disabled => ScheduleOutcome::LauncherOff,
        LaunchError::NotFound { .. } => ScheduleOutcome::NotFound,
        LaunchError::NoSecret { .. } => ScheduleOutcome::NoSecret,
        LaunchError::QueueFull(_) => ScheduleOutcome::QueueFull,
        _ => ScheduleOutcome::Refused,
    }
}
