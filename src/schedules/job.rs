//! Decides about the schedules that are due, on one collector at a time of those that share a database.
//!
//! Each decision names the revision of the schedule that it is based on, and is stored in the commit of the run that it
//! starts. So however late a collector is, and whenever it is killed, a time is decided once.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::rules::{Decision, Due, DueTime, decide};
use super::state::{actor, clockwork, outcome};
use super::{Inner, Schedules};
use crate::clock::Clock;
use crate::ingest::IngestError;
use crate::launcher::{LaunchError, LaunchRequest};
use crate::model::{Action, Actor, AuditEntry, ScheduleOutcome, ScheduleRow, ScheduleTick};
use crate::store::StoreError;
use crate::timetable::Timetable;
use crate::work::{Job, JobError, Outcome, Scope, StopPhase, Turn};

/// How often the schedules are looked up, because another collector may have changed them.
const LOOK: Duration = Duration::from_secs(5);

/// After the clock was set, nothing is decided for this long: it may be set back at once.
const SETTLE_US: i64 = 30_000_000;

/// A clock that differs from elapsed time by more than this was set.
const SET_US: i64 = 60_000_000;

/// A clock that is hours behind the last decision counts as right when it has been so for this long: a machine without a
/// clock of its own starts with a wrong one.
const BELIEVED_US: i64 = 600_000_000;

/// Starts what is due.
#[derive(Debug)]
pub struct Scheduling {
    schedules: Schedules,
    watch: ClockWatch,
}

impl Schedules {
    /// What starts runs, as a background job; none if nothing is launched here.
    #[must_use]
    pub fn job(&self) -> Option<Scheduling> {
        let inner = &self.inner;
        inner.launcher.is_enabled().then(|| Scheduling {
            schedules: self.clone(),
            watch: ClockWatch::new(&inner.clock),
        })
    }
}

impl Job for Scheduling {
    const NAME: &'static str = "schedules";
    const SCOPE: Scope = Scope::Cluster;
    const PHASE: StopPhase = StopPhase::Initiating;

    async fn due(&mut self) {
        loop {
            let wait = match self.wait().await {
                Ok(Some(wait)) if wait.is_zero() => return,
                Ok(wait) => wait.unwrap_or(LOOK).min(LOOK),
                // Requests that need the database report its problem.
                Err(error) => {
                    tracing::debug!(%error, "the schedules are not known");
                    LOOK
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.schedules.inner.changed.notified() => {}
            }
        }
    }

    async fn run(&mut self, turn: &Turn) -> Result<Outcome, JobError> {
        let inner = &*self.schedules.inner;
        let mut done = Outcome::Idle;
        let mut failed = None;
        for row in inner.store.schedules().await? {
            if turn.stop().is_cancelled() {
                return Ok(Outcome::Stopped);
            }
            match inner.decide(&row, &self.watch).await {
                Ok(true) => done = Outcome::Done,
                Ok(false) => {}
                // One that cannot be decided about must not hold up the others.
                Err(error) => {
                    tracing::warn!(schedule = row.name, %error, "a schedule could not be decided about");
                    failed = Some(error);
                }
            }
        }
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(done),
        }
    }
}

impl Scheduling {
    /// How long until the next schedule is due; none if there is none.
    async fn wait(&mut self) -> Result<Option<Duration>, StoreError> {
        let inner = &*self.schedules.inner;
        let rows = inner.store.schedules().await?;
        if let Some(wait) = self.watch.look(&inner.clock, &rows) {
            return Ok(Some(wait));
        }
        let now_us = inner.clock.now_us();
        let waits = rows.iter().filter_map(|row| {
            let timetable = timetable(row)?;
            match clockwork(row, &timetable).due(now_us) {
                Due::Now(_) => Some(Duration::ZERO),
                Due::At(at_us) => Some(Duration::from_micros((at_us - now_us).unsigned_abs())),
                Due::SetBack => self
                    .watch
                    .is_believed(&inner.clock)
                    .then_some(Duration::ZERO),
                Due::Never => None,
            }
        });
        Ok(waits.min())
    }
}

/// The times of a schedule; none if it is paused, or its line or zone is no longer valid.
fn timetable(row: &ScheduleRow) -> Option<Timetable> {
    if row.paused.is_some() {
        return None;
    }
    Timetable::parse(&row.settings.cron, &row.settings.zone)
        .inspect_err(
            |error| tracing::debug!(schedule = row.name, %error, "a schedule is not understood"),
        )
        .ok()
}

impl Inner {
    /// Decides about a schedule, if it is due; returns whether it was.
    async fn decide(&self, row: &ScheduleRow, watch: &ClockWatch) -> Result<bool, LaunchError> {
        let Some(timetable) = timetable(row) else {
            return Ok(false);
        };
        let now_us = self.clock.now_us();
        let due = match clockwork(row, &timetable).due(now_us) {
            Due::Now(due) => due,
            Due::SetBack if watch.is_believed(&self.clock) => {
                tracing::warn!(
                    schedule = row.name,
                    "the clock was set back: the schedule continues from now"
                );
                return Ok(self
                    .store
                    .decide_schedule(row.id, row.revision, now_us)
                    .await?);
            }
            Due::SetBack | Due::At(_) | Due::Never => return Ok(false),
        };
        if self.store.has_run_at(row.id, due.time_us).await? {
            // The clock was set back since.
            return Ok(self
                .store
                .decide_schedule(row.id, row.revision, due.time_us)
                .await?);
        }
        let open = self.store.open_runs_of(&row.name).await?;
        let settings = &row.settings;
        match decide(&due, settings.missed, settings.overlap, &open) {
            Decision::Leave(outcome) => {
                let detail = match outcome {
                    ScheduleOutcome::Missed => late(&due, now_us),
                    _ => open_run(open.first().map(|run| run.execution)),
                };
                self.note(row, &due, outcome, detail).await
            }
            Decision::Start { waits_for, cancel } => {
                self.start(row, &due, waits_for, &cancel).await
            }
        }
    }

    async fn start(
        &self,
        row: &ScheduleRow,
        due: &DueTime,
        waits_for: Option<Uuid>,
        cancel: &[Uuid],
    ) -> Result<bool, LaunchError> {
        let actor = match self.owner(row).await? {
            Ok(actor) => actor,
            Err((outcome, message)) => return self.note(row, due, outcome, message).await,
        };
        let asked = match self.request(row).await {
            Ok(request) => LaunchRequest {
                waits_for,
                ..request
            },
            Err(error) => return self.refused(row, due, error).await,
        };
        // A run that could not be replaced is not canceled.
        if !cancel.is_empty()
            && let Err(error) = self.launcher.check(asked.clone()).await
        {
            return self.refused(row, due, error).await;
        }
        for execution in cancel {
            self.cancel(*execution, &actor, &row.name).await?;
        }
        let tick = self.tick(row, due, ScheduleOutcome::Started, None);
        let launched = self.launcher.launch_scheduled(asked, &actor, tick, None);
        match launched.await {
            Ok(execution) => {
                count(ScheduleOutcome::Started);
                tracing::info!(schedule = row.name, %execution, "a schedule started a run");
                Ok(true)
            }
            // It was changed meanwhile, or another collector was faster.
            Err(LaunchError::Ingest(IngestError::Overtaken)) => Ok(false),
            Err(error) => self.refused(row, due, error).await,
        }
    }

    /// Cancels a run that overlaps with the next one.
    pub(super) async fn cancel(
        &self,
        execution: Uuid,
        actor: &Actor,
        name: &str,
    ) -> Result<(), LaunchError> {
        let note = format!("the schedule {name} starts again");
        match self.launcher.cancel(execution, actor, Some(&note)).await {
            // It ended meanwhile; or it was imported, and ends elsewhere.
            Ok(())
            | Err(LaunchError::Over | LaunchError::NoSuchExecution(_) | LaunchError::NotOurs(_)) => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Notes that the launcher refused it. What may be different in a moment is tried again instead.
    async fn refused(
        &self,
        row: &ScheduleRow,
        due: &DueTime,
        error: LaunchError,
    ) -> Result<bool, LaunchError> {
        if matches!(error, LaunchError::Ingest(_) | LaunchError::Store(_)) {
            return Err(error);
        }
        self.note(row, due, outcome(&error), error.to_string())
            .await
    }

    /// Stores that nothing is started; false if another collector decided meanwhile.
    async fn note(
        &self,
        row: &ScheduleRow,
        due: &DueTime,
        outcome: ScheduleOutcome,
        detail: String,
    ) -> Result<bool, LaunchError> {
        let name = outcome.as_str();
        tracing::info!(
            schedule = row.name,
            outcome = name,
            detail,
            "a schedule started nothing"
        );
        let tick = self.tick(row, due, outcome, Some(detail));
        let entry = skipped(row, &tick);
        let is_noted = self.store.note_tick(&tick, entry.as_ref()).await?;
        if is_noted {
            count(outcome);
        }
        Ok(is_noted)
    }

    fn tick(
        &self,
        row: &ScheduleRow,
        due: &DueTime,
        outcome: ScheduleOutcome,
        detail: Option<String>,
    ) -> ScheduleTick {
        ScheduleTick {
            schedule: row.id,
            revision: row.revision,
            time_us: due.time_us,
            until_us: due.time_us,
            decided_us: self.clock.now_us(),
            outcome,
            detail,
            passed_over: due.passed_over,
            execution: None,
        }
    }
}

/// The audit entry of a time at which nothing is started; none if it was the same at the time before: a schedule may come
/// every second, and its own log has each time.
fn skipped(row: &ScheduleRow, tick: &ScheduleTick) -> Option<AuditEntry> {
    let before = row.last.as_ref().map(|last| last.outcome);
    if before == Some(tick.outcome) {
        return None;
    }
    let told = json!({
        "time_us": tick.time_us, "outcome": tick.outcome.as_str(), "passed_over": tick.passed_over,
    });
    let (by, object) = (actor(row, None, ""), ScheduleRow::object(&row.name));
    Some(AuditEntry::new(tick.decided_us, by, Action::SkipSchedule, object).after(told))
}

fn count(outcome: ScheduleOutcome) {
    metrics::counter!("playback_schedule_times_total", "outcome" => outcome.as_str()).increment(1);
}

fn late(due: &DueTime, now_us: i64) -> String {
    let minutes = (now_us - due.time_us) / 60_000_000;
    format!(
        "it came {minutes} minutes before a collector could start it, and missed times are left out: \"run_once\" makes \
         up for them"
    )
}

fn open_run(execution: Option<Uuid>) -> String {
    execution.map_or_else(String::new, |execution| {
        format!("execution {execution} of this schedule was not over")
    })
}

/// Notices when the clock is set.
#[derive(Debug)]
struct ClockWatch {
    /// How far the clock is ahead of elapsed time.
    ahead_us: i64,
    /// Nothing is decided until this monotonic time.
    settled_us: i64,
    /// Since when the clock is hours behind the last decisions, in monotonic time.
    behind_us: Option<i64>,
}

impl ClockWatch {
    fn new(clock: &Clock) -> Self {
        Self {
            ahead_us: clock.ahead_us(),
            settled_us: clock.monotonic_us(),
            behind_us: None,
        }
    }

    /// Looks at the clock; how long to wait, if it was set just now.
    fn look(&mut self, clock: &Clock, rows: &[ScheduleRow]) -> Option<Duration> {
        let (now_us, monotonic_us) = (clock.now_us(), clock.monotonic_us());
        let ahead_us = clock.ahead_us();
        if (ahead_us - self.ahead_us).abs() > SET_US {
            self.settled_us = monotonic_us.saturating_add(SETTLE_US);
        }
        self.ahead_us = ahead_us;
        let is_behind = rows.iter().any(|row| {
            let timetable = timetable(row);
            timetable.is_some_and(|table| clockwork(row, &table).due(now_us) == Due::SetBack)
        });
        self.behind_us = match is_behind {
            true => self.behind_us.or(Some(monotonic_us)),
            false => None,
        };
        let left_us = self.settled_us - monotonic_us;
        (left_us > 0).then(|| Duration::from_micros(left_us.unsigned_abs()))
    }

    /// Whether a clock that is hours behind the last decisions has been so for long.
    fn is_believed(&self, clock: &Clock) -> bool {
        let since_us = self.behind_us;
        since_us.is_some_and(|since_us| clock.monotonic_us() - since_us >= BELIEVED_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MissedTimes, Overlap, ScheduleSettings, ScheduledRun};

    const NOON: i64 = 1_768_910_400_000_000;
    const HOUR: i64 = 3_600_000_000;

    fn decided_at(decided_us: i64) -> ScheduleRow {
        ScheduleRow {
            id: Uuid::from_u128(1),
            name: "nightly".to_owned(),
            settings: ScheduleSettings {
                cron: "0 3 * * *".to_owned(),
                zone: "UTC".to_owned(),
                overlap: Overlap::Skip,
                missed: MissedTimes::Skip,
                jitter_seconds: 0,
                run: ScheduledRun::default(),
                description: None,
            },
            owner: "token:ann".to_owned(),
            token: None,
            created_us: NOON,
            changed_us: NOON,
            paused: None,
            decided_us,
            revision: 1,
            last: None,
            last_run: None,
        }
    }

    #[test]
    fn after_the_clock_was_set_nothing_is_decided_for_half_a_minute() {
        let clock = Clock::fixed(NOON);
        let mut watch = ClockWatch::new(&clock);
        assert_eq!(watch.look(&clock, &[]), None);
        clock.advance(HOUR);
        assert_eq!(watch.look(&clock, &[]), None);
        clock.set_forward(24 * HOUR);
        assert_eq!(watch.look(&clock, &[]), Some(Duration::from_secs(30)));
        clock.advance(10_000_000);
        assert_eq!(watch.look(&clock, &[]), Some(Duration::from_secs(20)));
        // It is set back: from here on it counts again.
        clock.set_forward(-24 * HOUR);
        assert_eq!(watch.look(&clock, &[]), Some(Duration::from_secs(30)));
        clock.advance(30_000_000);
        assert_eq!(watch.look(&clock, &[]), None);
    }

    #[test]
    fn a_clock_that_is_hours_behind_is_believed_after_ten_minutes() {
        let clock = Clock::fixed(NOON);
        let mut watch = ClockWatch::new(&clock);
        let rows = [decided_at(NOON + 24 * HOUR)];
        watch.look(&clock, &rows);
        clock.advance(599_000_000);
        watch.look(&clock, &rows);
        assert!(!watch.is_believed(&clock));
        clock.advance(1_000_000);
        assert!(watch.is_believed(&clock));
        // As soon as it is right again, the next time starts over.
        clock.set_forward(48 * HOUR);
        watch.look(&clock, &rows);
        clock.set_forward(-48 * HOUR);
        watch.look(&clock, &rows);
        assert!(!watch.is_believed(&clock));
    }
}
