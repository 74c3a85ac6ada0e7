//! The job that finds the targets of each change: rows of the outbox become events, and events become deliveries.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use chrono::Local;
use tokio::time::Instant;

use super::clock_watch::ClockWatch;
use super::matches::Matches;
use super::run_context::RunContext;
use super::schedule::Schedule;
use super::triggers::{self, Detail, EndedRun};
use super::{Notifier, NotifyError, budgets, micros, notice, read, when};
use crate::model::{
    DAY_US, ExecutionFilter, ExecutionKey, ExecutionRow, Moment, NO_SERIES, NotificationEvent,
    OutboxRow, Status, TargetKind, TargetRow, Trigger, series_key,
};
use crate::store::{HeldEvent, StoreError};
use crate::work::{Every, Job, JobError, Outcome, Scope, StopPhase, Turn};

/// How often to look for work.
const LOOK: Duration = Duration::from_millis(500);

/// How often to look whether there are targets, if there were none.
const LOOK_FOR_TARGETS: Duration = Duration::from_secs(5);

/// How often, at most, to look for what did not happen.
const OVERDUE: Duration = Duration::from_secs(30);

/// How often to remove what the log no longer keeps, and how much at once.
const PRUNE: Duration = Duration::from_secs(600);
const PRUNED: u32 = 1000;

/// How often, at most, to look at budgets: they are read from statistics.
const BUDGETS: Duration = Duration::from_secs(120);

/// Moments that are processed together.
const MOMENTS: u32 = 100;

/// Runs of a series whose events say whether something was opened for it that is not closed.
const TOLD_RUNS: u32 = 200;

/// Runs that are read together.
const RUNS: usize = 200;

/// Finds the targets to notify.
#[derive(Debug)]
pub struct Expansion {
    notifier: Notifier,
    every: Every,
    targets_known: Option<Instant>,
    overdue_looked: Option<Instant>,
    budgets_looked: Option<Instant>,
    pruned: Option<Instant>,
    watch: ClockWatch,
}

impl Expansion {
    pub(super) fn new(notifier: Notifier) -> Self {
        Self {
            watch: ClockWatch::new(notifier.0.clock.clone()),
            notifier,
            every: Every::at_once(LOOK),
            targets_known: None,
            overdue_looked: None,
            budgets_looked: None,
            pruned: None,
        }
    }

    /// Whether there is something to do. Only reads: a claim of the work is a change.
    async fn has_work(&mut self) -> Result<bool, StoreError> {
        let store = &self.notifier.0.store;
        if self
            .targets_known
            .is_none_or(|at| at.elapsed() >= LOOK_FOR_TARGETS)
        {
            store.look_for_targets().await?;
            self.targets_known = Some(Instant::now());
        }
        if !store.notifies() {
            return Ok(false);
        }
        if self.is_overdue_time() || self.is_budget_time() || self.is_prune_time() {
            return Ok(true);
        }
        if self.watch.jump_us().is_some() {
            return Ok(true);
        }
        let now_us = self.notifier.0.clock.now_us();
        Ok(!store.pending_moments(1).await?.is_empty()
            || store
                .held_events()
                .await?
                .values()
                .any(|due_us| *due_us <= now_us))
    }

    fn is_overdue_time(&self) -> bool {
        let pause = OVERDUE.min(self.notifier.digest_wait());
        self.overdue_looked.is_none_or(|at| at.elapsed() >= pause)
    }

    fn is_budget_time(&self) -> bool {
        let pause = BUDGETS.min(self.notifier.digest_wait());
        self.budgets_looked.is_none_or(|at| at.elapsed() >= pause)
    }

    fn is_prune_time(&self) -> bool {
        self.pruned.is_none_or(|at| at.elapsed() >= PRUNE)
    }

    async fn work(&mut self, turn: &Turn) -> Result<Outcome, NotifyError> {
        let store = self.notifier.0.store.clone();
        let mut outcome = Outcome::Idle;
        if let Some(jump_us) = self.watch.jump_us() {
            self.notifier.hold_anew(jump_us).await?;
            self.watch.settle();
        }
        // Runs are judged by their series: first those of runs that an earlier version wrote must be known.
        while store.has_runs_without_series().await? {
            if !turn.is_ours().await? || turn.stop().is_cancelled() {
                return Ok(Outcome::Stopped);
            }
            store.fill_in_series().await?;
            outcome = Outcome::Done;
        }
        loop {
            let moments = store.pending_moments(MOMENTS).await?;
            if moments.is_empty() {
                break;
            }
            if !turn.is_ours().await? || turn.stop().is_cancelled() {
                return Ok(Outcome::Stopped);
            }
            self.notifier.expand(&moments).await?;
            outcome = Outcome::Done;
        }
        if self.is_overdue_time() {
            self.notifier.expand_overdue().await?;
            self.overdue_looked = Some(Instant::now());
        }
        if self.is_budget_time() {
            self.notifier.expand_budgets().await?;
            self.budgets_looked = Some(Instant::now());
        }
        if self.notifier.release().await? {
            outcome = Outcome::Done;
        }
        if self.is_prune_time() {
            let days = i64::from(self.notifier.0.config.log_days);
            let now_us = self.notifier.0.clock.now_us();
            let before_us = now_us.saturating_sub(days.saturating_mul(DAY_US));
            let budgets_us = now_us.saturating_sub(budgets::LONGEST_US);
            let pruned = store.prune_notifications(before_us, budgets_us, PRUNED);
            if pruned.await? < u64::from(PRUNED) {
                self.pruned = Some(Instant::now());
            }
        }
        Ok(outcome)
    }
}

impl Job for Expansion {
    const NAME: &'static str = "notifications";
    const SCOPE: Scope = Scope::Cluster;
    const PHASE: StopPhase = StopPhase::Initiating;

    async fn due(&mut self) {
        loop {
            self.every.due().await;
            match self.has_work().await {
                Ok(true) => return,
                Ok(false) => {}
                // The next turn reads it again, and requests that need the database report its problem.
                Err(error) => tracing::debug!(%error, "work on notifications is not known"),
            }
        }
    }

    async fn run(&mut self, turn: &Turn) -> Result<Outcome, JobError> {
        Ok(self.work(turn).await?)
    }
}

impl Notifier {
    /// The targets that are notified.
    pub(super) async fn told_targets(&self) -> Result<Vec<TargetRow>, StoreError> {
        let mut targets = self.0.store.targets().await?;
        targets.retain(TargetRow::is_on);
        Ok(targets)
    }

    /// Turns moments into events, in one transaction.
    async fn expand(&self, moments: &[OutboxRow]) -> Result<(), NotifyError> {
        let store = &self.0.store;
        let targets = self.told_targets().await?;
        let mut keys: Vec<ExecutionKey> = moments.iter().map(|one| one.execution).collect();
        keys.sort_unstable();
        keys.dedup();
        let every = ExecutionFilter::default();
        let rows = store.executions_among(&every, &keys).await?;
        let rows: HashMap<ExecutionKey, ExecutionRow> = rows.into_iter().collect();
        let mut schedule = Schedule::read(self).await?;
        let mut matches = Matches::new(store, schedule.now_us, keys);
        let mut events = Vec::new();
        for moment in moments {
            // A run that was deleted, or that continued meanwhile, is not reported.
            let Some(row) = rows.get(&moment.execution) else {
                continue;
            };
            let is_start = moment.moment.name == Moment::STARTED;
            if !is_start && Moment::name_of(row) != Some(moment.moment.name.as_str()) {
                continue;
            }
            let mut beside = RunContext::default();
            for target in &targets {
                let told = self
                    .event_for(target, moment, row, &mut matches, &mut beside)
                    .await?;
                if let Some(event) = told {
                    events.push(schedule.place(target, event).await?);
                }
            }
        }
        let done: Vec<i64> = moments.iter().map(|moment| moment.id).collect();
        store
            .expand_moments(&done, schedule.now_us, &events)
            .await?;
        Ok(())
    }

    /// The event for a target about a row of the outbox, if there is one.
    async fn event_for(
        &self,
        target: &TargetRow,
        moment: &OutboxRow,
        row: &ExecutionRow,
        matches: &mut Matches,
        beside: &mut RunContext,
    ) -> Result<Option<NotificationEvent>, StoreError> {
        let (key, noted_us) = (moment.execution, moment.moment.noted_us);
        let is_start = moment.moment.name == Moment::STARTED;
        let at_us = match is_start {
            true => row.started_us,
            false => row.ended_us.unwrap_or(noted_us),
        };
        let late = micros(Duration::from_secs(self.0.config.late_seconds));
        let is_late = noted_us.saturating_sub(at_us) > late;
        let asks = target.settings.asks_for(&[Trigger::Recovered]);
        // Targets that were notified that the run is lost are notified that it is not, however late that is known.
        let corrects = is_late
            && asks
            && row.status == Status::Success
            && beside.before(&self.0.store, key, row).await?.was_lost;
        let mut fired: Vec<Trigger> = Vec::new();
        let mut detail = Detail::default();
        for rule in &target.settings.rules {
            if (is_late && !rule.late && !corrects) || !matches.has(rule, key).await? {
                continue;
            }
            if is_start {
                fired.extend(rule.on.iter().filter(|on| **on == Trigger::Started));
                continue;
            }
            beside.read(&self.0.store, key, row, rule).await?;
            let before = beside.before.as_ref();
            let run = EndedRun {
                row,
                earlier: before.map_or(&[][..], |before| before.earlier.as_slice()),
                knows_earlier: before.is_some(),
                longer: before.and_then(|before| before.longer),
                was_lost: before.is_some_and(|before| before.was_lost),
                would_change: beside.would_change.unwrap_or_default(),
                unreachable: beside.unreachable.as_deref().unwrap_or_default(),
            };
            let mut more = triggers::of_end(&run, rule);
            if is_late && !rule.late {
                more.retain(|trigger| *trigger == Trigger::Recovered);
            }
            if !more.is_empty() {
                let before = std::mem::take(&mut detail);
                detail = before.or(triggers::detail_of_end(&run, rule, &more));
                fired.extend(more);
            }
        }
        if !is_start && self.closes(target, row, &fired).await? {
            fired.push(Trigger::Recovered);
        }
        let triggers = Trigger::ALL.iter().copied();
        let triggers: Vec<Trigger> = triggers.filter(|one| fired.contains(one)).collect();
        if triggers.is_empty() {
            return Ok(None);
        }
        Ok(Some(NotificationEvent {
            target: target.id,
            subject: format!("{key}:{}", moment.moment.name),
            triggers,
            execution: key,
            detail: serde_json::to_string(&detail).unwrap_or_else(|_| "{}".to_owned()),
            at_us,
            held_until_us: None,
        }))
    }

    /// Whether a run that succeeded closes what was opened for its series at a target that keeps incidents: a playbook that was
    /// silent, waited or was lost and runs again need not have failed before.
    async fn closes(
        &self,
        target: &TargetRow,
        row: &ExecutionRow,
        fired: &[Trigger],
    ) -> Result<bool, StoreError> {
        let series = series_key(&row.description);
        let opens = |trigger: &Trigger| notice::opens_incident(*trigger, row.status);
        if target.settings.kind != TargetKind::Pagerduty
            || row.status != Status::Success
            || series == NO_SERIES
            || fired.iter().any(opens)
        {
            return Ok(false);
        }
        let store = &self.0.store;
        let runs = store.keys_of_series(series, TOLD_RUNS).await?;
        let last = store.last_told(target.id, &runs).await?;
        Ok(last.is_some_and(|(trigger, status)| notice::opens_incident(trigger, status)))
    }

    /// Gives held events another time, because the clock was set: they wait as long as they would have. What happened in quiet
    /// hours is sent at their end, by the clock as it is now.
    async fn hold_anew(&self, jump_us: i64) -> Result<(), NotifyError> {
        let store = &self.0.store;
        let now_us = self.0.clock.now_us();
        for (id, due_us) in store.held_events().await? {
            let target = store.target_by_id(id).await?;
            let quiet = target
                .map(|target| target.settings.quiet)
                .unwrap_or_default();
            let until_us = when::quiet_until(&quiet, now_us, &Local);
            let until_us = until_us.unwrap_or_else(|| match quiet.is_empty() {
                true => due_us.saturating_add(jump_us),
                // Its hours may be over by the new clock.
                false => due_us.saturating_add(jump_us.min(0)),
            });
            store.hold_events(id, until_us).await?;
        }
        Ok(())
    }

    /// Sends held events whose time has come. True: there were some.
    async fn release(&self) -> Result<bool, NotifyError> {
        let store = &self.0.store;
        let now_us = self.0.clock.now_us();
        let due = store.held_events().await?;
        let mut released = false;
        for (id, _) in due.into_iter().filter(|(_, due_us)| *due_us <= now_us) {
            let target = store.target_by_id(id).await?;
            let Some(target) = target.filter(TargetRow::is_on) else {
                store.drop_held_events(id).await?;
                continue;
            };
            if let Some(quiet_us) = when::quiet_until(&target.settings.quiet, now_us, &Local) {
                store.hold_events(id, quiet_us).await?;
                continue;
            }
            if target.settings.kind == TargetKind::Pagerduty {
                released |= self.release_each(&target, now_us).await?;
                let next_us = now_us.saturating_add(micros(self.digest_wait()));
                store.hold_events(id, next_us).await?;
            } else {
                released |= store.release_together(id, now_us).await? > 0;
            }
        }
        Ok(released)
    }

    /// Sends held events by themselves, as many as the target takes within an hour. Of the events of a series that wait, the
    /// last one says how its incident stands, and stands for the others: a storm is a message for each playbook. True: there
    /// were some.
    async fn release_each(&self, target: &TargetRow, now_us: i64) -> Result<bool, StoreError> {
        let store = &self.0.store;
        let since_us = now_us.saturating_sub(DAY_US / 24);
        let recent = store.count_recent_deliveries(target.id, since_us).await?;
        let room = u64::from(target.settings.max_per_hour).saturating_sub(recent);
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        if room == 0 {
            return Ok(false);
        }
        let held = store.held_events_of(target.id).await?;
        let mut keys: Vec<ExecutionKey> = held.iter().filter_map(|event| event.execution).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut series: HashMap<ExecutionKey, String> = HashMap::new();
        let every = ExecutionFilter::default();
        for keys in keys.chunks(RUNS) {
            let rows = store.executions_among(&every, keys).await?.into_iter();
            series.extend(rows.map(|(key, row)| (key, read::series(&row))));
        }
        let of_one_series = held.into_iter().map(|event| {
            let series = event.execution.and_then(|key| series.get(&key));
            let series = series.cloned().ok_or(event.id);
            // That a run started says nothing of how the one before it ended.
            let is_start = event.triggers.first() == Some(&Trigger::Started);
            ((series, is_start), event)
        });
        let mut groups: HashMap<_, (HeldEvent, Vec<i64>)> = HashMap::new();
        for (key, event) in of_one_series {
            match groups.entry(key) {
                Entry::Occupied(mut group) => {
                    let (last, earlier) = group.get_mut();
                    earlier.push(last.id);
                    *last = event;
                }
                Entry::Vacant(group) => {
                    group.insert((event, Vec::new()));
                }
            }
        }
        let mut groups: Vec<(HeldEvent, Vec<i64>)> = groups.into_values().collect();
        groups.sort_by_key(|(last, _)| last.id);
        groups.truncate(room);
        store.release_last(target.id, &groups, now_us).await?;
        Ok(!groups.is_empty())
    }
}
