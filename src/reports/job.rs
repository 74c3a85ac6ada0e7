//! Makes the reports that are due, on one collector at a time of those that share a database.
//!
//! A report, its deliveries, and that its time is done are stored in one transaction, which names the time that was done
//! before. So however late a collector is, and whenever it is killed, the history has each report once. Deliveries follow:
//! those that a collector did not get to are in the report's row, and in the log of notifications.

use std::collections::VecDeque;
use std::time::Duration;

use uuid::Uuid;

use super::folder::{DELIVERIES, due_us};
use super::{Inner, Reports, ReportsError, row_request};
use crate::history;
use crate::model::{
    Action, Actor, AuditEntry, DAY_US, NewReport, ReportContent, ReportDelivery, ReportDestination,
    ReportRow, ReportSchedule,
};
use crate::store::StoreError;
use crate::timetable::Timetable;
use crate::work::{Job, JobError, Outcome, Scope, StopPhase, Turn};

/// How often the schedules are looked up, because another collector may have changed them.
const LOOK: Duration = Duration::from_secs(5);

/// How often reports that are too old are deleted.
const PRUNE_US: i64 = 3_600_000_000;

/// After a time without a collector, this many reports of a schedule are made, the latest ones.
const CATCH_UP: usize = 10;

/// The first interval in which the latest times of a schedule are searched.
const STRETCH_US: i64 = 3_600_000_000;

/// A clock that is this much behind what was done last was set back.
const SET_BACK_US: i64 = 3_600_000_000;

/// Makes what is due.
#[derive(Debug)]
pub struct ScheduledReports {
    reports: Reports,
    /// When old reports were deleted last, in monotonic time.
    pruned_us: Option<i64>,
}

impl Reports {
    /// What makes reports by itself, as a background job.
    #[must_use]
    pub fn scheduled(&self) -> ScheduledReports {
        ScheduledReports {
            reports: self.clone(),
            pruned_us: None,
        }
    }
}

impl Job for ScheduledReports {
    const NAME: &'static str = "reports";
    const SCOPE: Scope = Scope::Cluster;
    const PHASE: StopPhase = StopPhase::Initiating;

    async fn due(&mut self) {
        loop {
            let wait = match self.wait().await {
                Ok(wait) if wait.is_zero() => return,
                Ok(wait) => wait.min(LOOK),
                // Requests that need the database report its problem.
                Err(error) => {
                    tracing::debug!(%error, "the schedules of reports are not known");
                    LOOK
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.reports.0.changed.notified() => {}
            }
        }
    }

    async fn run(&mut self, turn: &Turn) -> Result<Outcome, JobError> {
        let inner = &*self.reports.0;
        let (mut done, mut failed) = (Outcome::Idle, None);
        for schedule in inner.store.report_schedules().await? {
            match inner.make_due(&schedule, turn).await {
                Ok(0) => {}
                Ok(_) => done = Outcome::Done,
                // One that cannot be made must not hold up the others.
                Err(error) => {
                    tracing::warn!(schedule = schedule.name, %error, "a report could not be made");
                    failed = Some(error);
                }
            }
            if turn.stop().is_cancelled() {
                return Ok(Outcome::Stopped);
            }
        }
        if self.reports.write_pending(turn).await? > 0 {
            done = Outcome::Done;
        }
        if self.is_pruning_due() {
            let inner = &*self.reports.0;
            let before_us = inner.clock.now_us() - i64::from(inner.config.keep_days) * DAY_US;
            let deleted = inner
                .store
                .prune_reports(before_us, inner.config.keep_reports)
                .await?;
            if deleted > 0 {
                tracing::debug!(deleted, "old reports were deleted");
                done = Outcome::Done;
            }
            self.pruned_us = Some(inner.clock.monotonic_us());
        }
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(done),
        }
    }
}

impl ScheduledReports {
    fn is_pruning_due(&self) -> bool {
        let now_us = self.reports.0.clock.monotonic_us();
        self.pruned_us
            .is_none_or(|pruned_us| now_us - pruned_us >= PRUNE_US)
    }

    /// How long until there is something to do.
    async fn wait(&self) -> Result<Duration, StoreError> {
        let inner = &*self.reports.0;
        if self.is_pruning_due() {
            return Ok(Duration::ZERO);
        }
        let now_us = inner.clock.now_us();
        let schedules = inner.store.report_schedules().await?;
        if schedules.iter().any(|one| is_set_back(one, now_us)) {
            return Ok(Duration::ZERO);
        }
        let pending = inner.store.pending_reports(DELIVERIES).await?;
        let deliveries = pending.iter().flat_map(|report| &report.deliveries);
        let times = schedules.iter().filter_map(next_of);
        let first_us = times.chain(deliveries.filter_map(due_us)).min();
        Ok(first_us.map_or(LOOK, |first_us| {
            let wait_us = first_us.saturating_sub(now_us).max(0);
            Duration::from_micros(wait_us.unsigned_abs())
        }))
    }
}

/// The times of a schedule; none if it is paused, or its line or zone is no longer valid.
fn timetable(schedule: &ReportSchedule) -> Option<Timetable> {
    let settings = &schedule.settings;
    if settings.paused {
        return None;
    }
    Timetable::parse(&settings.cron, &settings.zone)
        .inspect_err(|error| tracing::debug!(schedule = schedule.name, %error, "a schedule is not understood"))
        .ok()
}

/// The first time of a schedule that is not done.
fn next_of(schedule: &ReportSchedule) -> Option<i64> {
    timetable(schedule)?.next_after(schedule.decided_us)
}

/// Whether the clock was set back since the last report of a schedule.
fn is_set_back(schedule: &ReportSchedule, now_us: i64) -> bool {
    now_us < schedule.decided_us.saturating_sub(SET_BACK_US) && timetable(schedule).is_some()
}

/// The latest times of a schedule after one time and up to another, the earliest of them first, at most [`CATCH_UP`]; and
/// whether these are all. However many there are, few are computed: they are searched in the last hour, and in longer and
/// longer intervals before the end.
fn latest(timetable: &Timetable, after_us: i64, until_us: i64) -> (Vec<i64>, bool) {
    let mut stretch_us = STRETCH_US;
    loop {
        let from_us = after_us.max(until_us.saturating_sub(stretch_us));
        let next = |after_us: i64| {
            let next = timetable.next_after(after_us);
            next.filter(|next_us| *next_us <= until_us)
        };
        let times = std::iter::successors(next(from_us), |time_us| next(*time_us));
        let mut latest: VecDeque<i64> = VecDeque::new();
        let mut are_left_out = false;
        for time_us in times {
            latest.push_back(time_us);
            if latest.len() > CATCH_UP {
                latest.pop_front();
                are_left_out = true;
            }
        }
        if are_left_out || from_us == after_us {
            return (latest.into(), !are_left_out);
        }
        stretch_us = stretch_us.saturating_mul(4);
    }
}

impl Inner {
    /// Makes the reports of a schedule that are due; returns how many.
    async fn make_due(
        &self,
        schedule: &ReportSchedule,
        turn: &Turn,
    ) -> Result<usize, ReportsError> {
        let Some(timetable) = timetable(schedule) else {
            return Ok(0);
        };
        let now_us = self.clock.now_us();
        let mut decided_us = schedule.decided_us;
        if is_set_back(schedule, now_us) {
            tracing::warn!(
                schedule = schedule.name,
                "the clock was set back: the schedule continues from now"
            );
            let is_ours = self.store.decide_reports(schedule, decided_us, now_us);
            is_ours.await.map_err(history::HistoryError::from)?;
            return Ok(0);
        }
        let (times, is_all) = latest(&timetable, decided_us, now_us);
        if !is_all {
            tracing::warn!(
                schedule = schedule.name,
                "no collector ran when reports were due: the latest {CATCH_UP} are made"
            );
        }
        let mut made = 0;
        for due_us in times {
            if turn.stop().is_cancelled() {
                break;
            }
            if !self.make(schedule, decided_us, due_us).await? {
                // The schedule was changed meanwhile, or another collector was faster.
                break;
            }
            decided_us = due_us;
            made += 1;
        }
        Ok(made)
    }

    /// Makes the report for a time, and stores it; false if another one was stored meanwhile.
    async fn make(
        &self,
        schedule: &ReportSchedule,
        decided_us: i64,
        due_us: i64,
    ) -> Result<bool, ReportsError> {
        let new = match self.new_report(schedule, due_us).await {
            Ok(new) => new,
            // What may be different in a moment is tried again instead.
            Err(error @ ReportsError::History(_)) => return Err(error),
            Err(ReportsError::Invalid(problem)) => self.failed_report(schedule, due_us, problem),
        };
        let row = &new.row;
        let object = ReportSchedule::object(&schedule.name);
        let entry = AuditEntry::new(row.made_us, Actor::schedule(), Action::MakeReport, object);
        let entry = entry.after(serde_json::json!({
            "report": row.id,
            "runs": row.runs,
            "error": row.error,
            "destinations": schedule.settings.destinations,
        }));
        let stored = self
            .store
            .store_report(&new, schedule, decided_us, &entry)
            .await;
        let is_stored = stored.map_err(history::HistoryError::from)?;
        if is_stored {
            let outcome = if row.error.is_none() {
                "made"
            } else {
                "failed"
            };
            metrics::counter!("playback_reports_total", "outcome" => outcome).increment(1);
            tracing::info!(schedule = schedule.name, report = %row.id, outcome, "a report is due");
        }
        Ok(is_stored)
    }

    async fn new_report(
        &self,
        schedule: &ReportSchedule,
        due_us: i64,
    ) -> Result<NewReport, ReportsError> {
        let row = self.row(schedule, due_us);
        let request = row_request(&row).map_err(ReportsError::Invalid)?;
        let report = history::report(&self.store, &self.costs, &request, row.made_us).await?;
        let (mut deliveries, mut targets) = (Vec::new(), Vec::new());
        for destination in &schedule.settings.destinations {
            match destination {
                ReportDestination::Folder { .. } => {
                    deliveries.push(ReportDelivery::pending(destination.clone()));
                }
                ReportDestination::Target { name } => targets.push(name.clone()),
            }
        }
        Ok(NewReport {
            row: ReportRow {
                runs: Some(report.runs.figures.total),
                failed: Some(report.runs.figures.failed),
                from_us: request.from_us,
                deliveries,
                ..row
            },
            targets,
        })
    }

    /// Notes that a report cannot be made.
    fn failed_report(&self, schedule: &ReportSchedule, due_us: i64, problem: String) -> NewReport {
        NewReport {
            row: ReportRow {
                error: Some(problem),
                ..self.row(schedule, due_us)
            },
            targets: Vec::new(),
        }
    }

    fn row(&self, schedule: &ReportSchedule, due_us: i64) -> ReportRow {
        ReportRow {
            id: Uuid::now_v7(),
            schedule: schedule.name.clone(),
            due_us,
            made_us: self.clock.now_us(),
            from_us: due_us,
            runs: None,
            failed: None,
            error: None,
            content: ReportContent::from(&schedule.settings),
            deliveries: Vec::new(),
            sent: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: i64 = 1_768_903_200_000_000;
    const MINUTE: i64 = 60_000_000;

    #[test]
    fn however_long_nothing_ran_the_latest_times_are_found() {
        let every_minute = Timetable::parse("* * * * *", "UTC").unwrap();
        let (times, is_all) = latest(&every_minute, TEN - 400 * DAY_US, TEN);
        let expected: Vec<i64> = (0..10).rev().map(|at| TEN - at * MINUTE).collect();
        assert_eq!((times, is_all), (expected, false));
        let (times, is_all) = latest(&every_minute, TEN - 2 * MINUTE, TEN);
        assert_eq!((times, is_all), (vec![TEN - MINUTE, TEN], true));
        let daily = Timetable::parse("0 3 * * *", "UTC").unwrap();
        let three = TEN - 7 * 60 * MINUTE;
        let (times, is_all) = latest(&daily, TEN - 11 * DAY_US, TEN);
        assert_eq!((times.len(), times[9], is_all), (10, three, false));
        let (times, is_all) = latest(&daily, TEN - 3 * DAY_US, TEN);
        assert_eq!((times.len(), times[2], is_all), (3, three, true));
        let yearly = Timetable::parse("@yearly", "UTC").unwrap();
        let (times, is_all) = latest(&yearly, TEN - 800 * DAY_US, TEN);
        assert_eq!((times.len(), is_all), (3, true));
        assert_eq!(latest(&yearly, TEN - DAY_US, TEN), (Vec::new(), true));
    }
}
