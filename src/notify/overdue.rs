//! What did not happen: a playbook that should have run, and a run that should have left the queue.

use std::collections::HashMap;

use super::matches::Matches;
use super::schedule::Schedule;
use super::triggers::{self, Detail, REGULAR_RUNS};
use super::{Notifier, NotifyError, micros};
use crate::model::{
    ExecutionFilter, ExecutionKey, ExecutionRow, NotificationEvent, NotificationRule, Page,
    TargetRow, Trigger,
};

/// Playbooks that are looked at, those that ran last; and runs of each.
const PLAYBOOKS: usize = 500;
const RUNS: u32 = 60;

/// Runs of a series whose intervals count.
const INTERVALS: usize = 20;

const HOUR_US: i64 = 3_600_000_000;
const MINUTE_US: i64 = 60_000_000;

/// The last run of a series, and when its runs started, the last one first.
struct Series {
    key: ExecutionKey,
    last: ExecutionRow,
    started_us: Vec<i64>,
}

impl Notifier {
    /// Finds what is overdue, and whom to tell.
    pub(super) async fn expand_overdue(&self) -> Result<(), NotifyError> {
        let targets = self.told_targets().await?;
        let asks = |trigger: Trigger| {
            let mut targets = targets.iter();
            targets.any(|target| target.settings.asks_for(&[trigger]))
        };
        // Machines deliver after a pause of the collector what they ran meanwhile.
        let up_us = self.0.clock.monotonic_us().saturating_sub(self.0.begun_us);
        let is_settled = up_us >= micros(self.digest_wait());
        let series = match asks(Trigger::Silent) && is_settled {
            true => self.series().await?,
            false => Vec::new(),
        };
        let queued = match asks(Trigger::Waiting) {
            true => self.queued().await?,
            false => Vec::new(),
        };
        if series.is_empty() && queued.is_empty() {
            return Ok(());
        }
        let keys = series.iter().map(|series| series.key);
        let keys = keys.chain(queued.iter().map(|(key, _)| *key)).collect();
        let now_us = self.0.clock.now_us();
        let mut matches = Matches::new(&self.0.store, now_us, keys);
        let mut schedule = Schedule::read(self).await?;
        let mut events = Vec::new();
        for target in &targets {
            for series in &series {
                let rules = target.settings.rules.iter();
                for rule in rules.filter(|rule| rule.on.contains(&Trigger::Silent)) {
                    let expected_us = expected_by(series, rule);
                    // What was overdue before anybody asked is known.
                    let silent =
                        expected_us.filter(|at_us| *at_us <= now_us && *at_us >= target.changed_us);
                    if let Some(expected_us) = silent
                        && matches.has(rule, series.key).await?
                    {
                        let detail = Detail {
                            expected_us: Some(expected_us),
                            ..Detail::default()
                        };
                        let subject = format!("silent:{}", series.last.id);
                        let event = event(
                            target,
                            Trigger::Silent,
                            series.key,
                            subject,
                            &detail,
                            now_us,
                        );
                        events.push(schedule.place(target, event).await?);
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
                        let subject = format!("waiting:{}", row.id);
                        let event = event(target, Trigger::Waiting, *key, subject, &detail, now_us);
                        events.push(schedule.place(target, event).await?);
                        break;
                    }
                }
            }
        }
        self.0.store.expand_moments(&[], now_us, &events).await?;
        Ok(())
    }

    /// The series of the playbooks that ran last.
    async fn series(&self) -> Result<Vec<Series>, NotifyError> {
        let store = &self.0.store;
        let mut all = Vec::new();
        let figures = store.playbook_figures(PLAYBOOKS).await?;
        for folders in figures.chunk_by(|one, other| one.playbook == other.playbook) {
            let Some(first) = folders.first() else {
                continue;
            };
            // A playbook that each job runs in a folder of its own is one series.
            let is_anywhere = first.folder.is_none();
            let filter = ExecutionFilter {
                playbook: Some(first.playbook.clone()),
                ..ExecutionFilter::default()
            };
            let page = Page {
                limit: RUNS * u32::try_from(folders.len()).unwrap_or(u32::MAX / RUNS),
                offset: 0,
                after: None,
                ascending: false,
            };
            let mut of_playbook: Vec<Series> = Vec::new();
            for (key, row) in store.executions(&filter, &page).await? {
                // A path that ends like another one is another playbook.
                if row.description.playbook.as_ref() != Some(&first.playbook) {
                    continue;
                }
                let mut known = of_playbook.iter_mut();
                match known.find(|series| {
                    triggers::is_same_series(&series.last, &row)
                        && (is_anywhere || triggers::is_same_folder(&series.last, &row))
                }) {
                    Some(series) => series.started_us.push(row.started_us),
                    None => of_playbook.push(Series {
                        key,
                        started_us: vec![row.started_us],
                        last: row,
                    }),
                }
            }
            all.extend(of_playbook);
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

/// By when a series was to run again.
fn expected_by(series: &Series, rule: &NotificationRule) -> Option<i64> {
    match rule.silent_hours {
        Some(hours) => {
            let last = series.started_us.first()?;
            Some(last.saturating_add(i64::from(hours).saturating_mul(HOUR_US)))
        }
        None => {
            let known = series.started_us.len().min(INTERVALS);
            if known < REGULAR_RUNS {
                return None;
            }
            triggers::expected_by(&series.started_us[..known])
        }
    }
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
