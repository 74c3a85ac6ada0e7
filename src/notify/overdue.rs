//! Detects overdue events: a playbook that should have run, and a run that should have left the queue.

use std::collections::{HashMap, HashSet};

use sha2::{Digest as _, Sha256};

use super::matches::Matches;
use super::schedule::Schedule;
use super::triggers::{self, Detail};
use super::{Notifier, NotifyError, micros};
use crate::filter::query::{parse_query, time_at};
use crate::model::{
    ExecutionFilter, ExecutionKey, ExecutionRow, NotificationEvent, NotificationRule, Page,
    TargetRow, Trigger, is_whole,
};
use crate::store::{SeriesScope, SeriesStarts};

/// Maximum number of playbooks that are checked, those that ran last; and of series of each.
const PLAYBOOKS: usize = 500;
const SERIES: usize = 1000;

/// Runs of a series whose intervals count.
const INTERVALS: u32 = 20;

const HOUR_US: i64 = 3_600_000_000;
const MINUTE_US: i64 = 60_000_000;

impl Notifier {
    /// Finds overdue runs and playbooks, and the targets to notify.
    pub(super) async fn expand_overdue(&self) -> Result<(), NotifyError> {
        let targets = self.told_targets().await?;
        let asks = |trigger: Trigger| {
            let mut targets = targets.iter();
            targets.any(|target| target.settings.asks_for(&[trigger]))
        };
        let now_us = self.0.clock.now_us();
        // Machines deliver after a pause of the collector what they ran meanwhile.
        let up_us = self.0.clock.monotonic_us().saturating_sub(self.0.begun_us);
        let is_settled = up_us >= micros(self.digest_wait());
        let looks = asks(Trigger::Silent) && is_settled;
        let mut series = match looks {
            true => self.series().await?,
            false => Vec::new(),
        };
        // Only series that have to be reported are compared with the queries of rules.
        series.retain(|series| {
            let rules = |target: &TargetRow| {
                let mut rules = target.settings.rules.iter();
                rules.any(|rule| silent_since(series, target, rule, now_us).is_some())
            };
            targets.iter().any(rules)
        });
        let queued = match asks(Trigger::Waiting) {
            true => self.queued().await?,
            false => Vec::new(),
        };
        let keys = series.iter().map(|series| series.key);
        let keys = keys.chain(queued.iter().map(|(key, _)| *key)).collect();
        let mut matches = Matches::new(&self.0.store, now_us, keys);
        let mut events: Vec<NotificationEvent> = Vec::new();
        for target in &targets {
            for series in &series {
                for rule in &target.settings.rules {
                    if let Some(expected_us) = silent_since(series, target, rule, now_us)
                        && matches.has(rule, series.key).await?
                    {
                        let detail = Detail {
                            expected_us: Some(expected_us),
                            ..Detail::default()
                        };
                        let subject = format!("{SILENT}{}", series.id);
                        let key = series.key;
                        events.push(event(
                            target,
                            Trigger::Silent,
                            key,
                            subject,
                            &detail,
                            now_us,
                        ));
                        break;
                    }
                }
            }
            for (key, row) in &queued {
                let since_us = row.queued_us.unwrap_or(row.started_us);
                let waited_us = now_us.saturating_sub(since_us);
                let rules = target.settings.rules.iter();
                for rule in rules.filter(|rule| rule.on.contains(&Trigger::Waiting)) {
                    let limit_us = i64::from(rule.waiting_minutes).saturating_mul(MINUTE_US);
                    if waited_us >= limit_us && matches.has(rule, *key).await? {
                        let detail = Detail {
                            queued_us: Some(since_us),
                            ..Detail::default()
                        };
                        let subject = format!("{WAITING}{}", row.id);
                        events.push(event(
                            target,
                            Trigger::Waiting,
                            *key,
                            subject,
                            &detail,
                            now_us,
                        ));
                        break;
                    }
                }
            }
            if looks {
                events.extend(missing(target, now_us));
            }
        }
        self.tell_new(&targets, events).await
    }

    /// Notifies targets of what is new for them: events that were sent before do not count again for their limits.
    pub(super) async fn tell_new(
        &self,
        targets: &[TargetRow],
        events: Vec<NotificationEvent>,
    ) -> Result<(), NotifyError> {
        if events.is_empty() {
            return Ok(());
        }
        let store = &self.0.store;
        let mut known: HashMap<i64, HashSet<String>> = HashMap::new();
        for target in targets {
            let subjects = events.iter().filter(|event| event.target == target.id);
            let subjects: Vec<&str> = subjects.map(|event| event.subject.as_str()).collect();
            known.insert(target.id, store.known_subjects(target.id, &subjects).await?);
        }
        let mut schedule = Schedule::read(self).await?;
        let mut placed = Vec::new();
        for event in events {
            let is_known = known
                .get_mut(&event.target)
                .is_some_and(|known| !known.insert(event.subject.clone()));
            let target = targets.iter().find(|target| target.id == event.target);
            let Some(target) = target.filter(|_| !is_known) else {
                continue;
            };
            if event.run().is_none() && self.is_there(&event).await? {
                continue;
            }
            placed.push(schedule.place(target, event).await?);
        }
        if !placed.is_empty() {
            store.expand_moments(&[], schedule.now_us, &placed).await?;
        }
        Ok(())
    }

    /// Whether there is a run after all, of an event that says there is none.
    async fn is_there(&self, event: &NotificationEvent) -> Result<bool, NotifyError> {
        let detail: Detail = serde_json::from_str(&event.detail).unwrap_or_default();
        let Some(query) = detail.query else {
            return Ok(false);
        };
        // One that another version reads differently is found by `Matches`, which says so.
        let Ok(expression) = parse_query(&query, &time_at(event.at_us)) else {
            return Ok(true);
        };
        let filter = ExecutionFilter::default();
        let filter = match &expression {
            Some(expression) => filter.with_query(expression),
            None => filter,
        };
        let page = Page {
            limit: 1,
            offset: 0,
            after: None,
            ascending: false,
        };
        Ok(!self.0.store.executions(&filter, &page).await?.is_empty())
    }

    /// The series of the playbooks that ran last.
    async fn series(&self) -> Result<Vec<SeriesStarts>, NotifyError> {
        let store = &self.0.store;
        let mut all = Vec::new();
        let figures = store.playbook_figures(PLAYBOOKS).await?;
        for folders in figures.chunk_by(|one, other| one.playbook == other.playbook) {
            let Some(first) = folders.first() else {
                continue;
            };
            // A playbook that each job runs in a folder of its own is one series.
            let is_anywhere = first.folder.is_none() || is_whole(&first.playbook);
            for series in store.series_of(&first.playbook, SERIES).await? {
                let folders = match is_anywhere {
                    true => vec![None],
                    false => folders.iter().map(|one| one.folder.clone()).collect(),
                };
                for folder in folders {
                    let scope = SeriesScope { series, folder };
                    all.extend(store.starts_of(&scope, INTERVALS).await?);
                }
            }
        }
        Ok(all)
    }

    /// Runs in the queue.
    async fn queued(&self) -> Result<Vec<(ExecutionKey, ExecutionRow)>, NotifyError> {
        let store = &self.0.store;
        let mut queued: HashMap<ExecutionKey, ExecutionRow> = HashMap::new();
        for id in store.queued_executions().await? {
            queued.extend(store.execution(id).await?);
        }
        Ok(queued.into_iter().collect())
    }
}

/// Beginnings of subjects that are known as long as there is the run: see [`crate::store::Store::prune_notifications`].
const SILENT: &str = "silent:";
const WAITING: &str = "waiting:";

/// Since when a series is silent, if a rule notifies a target of it. What was overdue before the target was set does
/// not count.
fn silent_since(
    series: &SeriesStarts,
    target: &TargetRow,
    rule: &NotificationRule,
    now_us: i64,
) -> Option<i64> {
    if !rule.on.contains(&Trigger::Silent) {
        return None;
    }
    let expected_us = match rule.silent_hours {
        Some(hours) => after_hours(*series.started_us.first()?, hours),
        None => triggers::expected_by(&series.started_us)?,
    };
    (expected_us <= now_us && expected_us >= target.changed_us).then_some(expected_us)
}

fn after_hours(at_us: i64, hours: u32) -> i64 {
    at_us.saturating_add(i64::from(hours).saturating_mul(HOUR_US))
}

/// The events for a target if there are no runs at all of those that it expects: for rules that say how long to wait,
/// from when the target was set.
fn missing(target: &TargetRow, now_us: i64) -> Vec<NotificationEvent> {
    let rules = target.settings.rules.iter();
    let rules = rules.filter(|rule| rule.on.contains(&Trigger::Silent));
    let events = rules.filter_map(|rule| {
        let query = rule.query.trim();
        let expected_us = after_hours(target.changed_us, rule.silent_hours?);
        if query.is_empty() || expected_us > now_us {
            return None;
        }
        let hash = Sha256::digest(query.as_bytes());
        let hash: String = hash
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let detail = Detail {
            expected_us: Some(expected_us),
            query: Some(query.to_owned()),
            ..Detail::default()
        };
        Some(event(
            target,
            Trigger::Silent,
            NotificationEvent::NO_RUN,
            format!("{SILENT}none:{hash}:{}", target.changed_us),
            &detail,
            now_us,
        ))
    });
    events.collect()
}

fn event(
    target: &TargetRow,
    trigger: Trigger,
    execution: ExecutionKey,
    subject: String,
    detail: &Detail,
    at_us: i64,
) -> NotificationEvent {
    NotificationEvent {
        target: target.id,
        subject,
        triggers: vec![trigger],
        execution,
        detail: serde_json::to_string(detail).unwrap_or_else(|_| "{}".to_owned()),
        at_us,
        held_until_us: None,
    }
}
