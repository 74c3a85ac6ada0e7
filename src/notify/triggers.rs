//! Decides which triggers of a rule fire when a run starts or ends: judged by the run and by the earlier
//! runs of its series. Pure.
//!
//! A series are the runs of one playbook with the same inventory, limit and tags, in check mode or not. Canceled runs say
//! nothing about whether something works, so they are no part of it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::{
    BudgetState, ExecutionRow, FailuresInRow, NotificationRule, Reason, Status, Trigger,
};

/// Runs that `flapping` looks at, and how often they must have turned from success to failure or back.
const FLAPPING_RUNS: usize = 10;
const FLAPPING_TURNS: usize = 4;

/// Fewest successes that say what is usual.
const USUAL_RUNS: usize = 5;

/// Most successes that say what is usual.
const USUAL_MOST: usize = 30;

/// How much longer than usual a slow run takes: in median absolute deviations, relatively, and in seconds. All must hold.
const SLOW_DEVIATIONS: f64 = 4.0;
const SLOW_RELATIVE: f64 = 1.25;
const SLOW_SECONDS: f64 = 1.0;

/// Most unreachable hosts that a message names.
const UNREACHABLE_TOLD: usize = 50;

/// Fewest runs whose intervals say how often a playbook runs.
pub const REGULAR_RUNS: usize = 6;

/// With this many intervals, a long one only says how often a playbook runs if another one is nearly as long (at least by
/// this factor): otherwise it was an outage. Among fewer intervals there may be only one weekend.
const MANY_INTERVALS: usize = 10;
const NEARLY_AS_LONG: f64 = 0.75;

/// A regular playbook's longest interval is at most this many times the usual one: daily runs except at the weekend are
/// regular.
const REGULAR_LONGEST: f64 = 4.0;

/// A playbook is silent after its longest interval, and so much of its usual one.
const SILENT_AFTER: f64 = 0.25;

/// Shortest usual interval of a playbook that can be silent, in seconds: anything faster is called by programs.
const SILENT_SHORTEST: f64 = 600.0;

/// Whether a run failed, and was not canceled.
#[must_use]
pub fn has_failed(row: &ExecutionRow) -> bool {
    row.status == Status::Failed && row.reason != Some(Reason::Canceled)
}

/// An earlier run of the series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier {
    /// Its identity.
    pub id: Uuid,
    /// When it started.
    pub started_us: i64,
    /// Whether it failed.
    pub failed: bool,
    /// How long it took.
    pub duration_us: Option<i64>,
}

/// A run that ended, and what is known beside it.
#[derive(Debug, Clone, Copy)]
pub struct EndedRun<'r> {
    /// Its row.
    pub row: &'r ExecutionRow,
    /// Earlier runs of its series, the last one first; empty if they were not read.
    pub earlier: &'r [Earlier],
    /// Whether they were read.
    pub knows_earlier: bool,
    /// The failures in a row before it, if they reach back further than `earlier`.
    pub longer: Option<FailuresInRow>,
    /// Whether it counted as lost before it succeeded, and is the last run of its series.
    pub was_lost: bool,
    /// Whether a run in check mode would have changed a host.
    pub would_change: bool,
    /// Hosts that it did not reach, and in how many runs in a row.
    pub unreachable: &'r [UnreachableHost],
}

impl EndedRun<'_> {
    /// The failures in a row before it.
    fn failures_before(&self) -> Option<FailuresInRow> {
        let failures = || self.earlier.iter().take_while(|one| one.failed);
        let known = failures().last().map(|first| FailuresInRow {
            runs: failures().count() as u64,
            first: (first.id, first.started_us),
        });
        self.longer.or(known)
    }
}

/// A host that was not reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreachableHost {
    /// Its name.
    pub host: String,
    /// In how many runs in a row, this one included.
    pub runs: u32,
}

/// What the triggers found out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// The first of the failures in a row, and when it started, in microseconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_since: Option<(Uuid, i64)>,
    /// How many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures_in_row: Option<u64>,
    /// Duration of a usual success, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual_seconds: Option<f64>,
    /// How often the last runs turned, and how many these are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turns: Option<(u64, u64)>,
    /// Hosts that were not reached.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreachable: Vec<UnreachableHost>,
    /// By when a playbook was to run again, in microseconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_us: Option<i64>,
    /// Which runs there are none of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Since when a run waits in the queue, in microseconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued_us: Option<i64>,
    /// The budget that is spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetState>,
}

impl Detail {
    /// Together with what another rule found out.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let mut unreachable = self.unreachable;
        unreachable.extend(other.unreachable);
        unreachable.sort_by(|one, other| one.host.cmp(&other.host));
        unreachable.dedup();
        Self {
            broken_since: self.broken_since.or(other.broken_since),
            failures_in_row: self.failures_in_row.or(other.failures_in_row),
            usual_seconds: self.usual_seconds.or(other.usual_seconds),
            turns: self.turns.or(other.turns),
            unreachable,
            expected_us: self.expected_us.or(other.expected_us),
            query: self.query.or(other.query),
            queued_us: self.queued_us.or(other.queued_us),
            budget: self.budget.or(other.budget),
        }
    }
}

/// The triggers of a rule that fire for a run that ended, in the order of [`Trigger::ALL`].
#[must_use]
pub fn of_end(run: &EndedRun<'_>, rule: &NotificationRule) -> Vec<Trigger> {
    let fires = |trigger: Trigger| -> bool {
        let row = run.row;
        let failed = has_failed(row);
        let succeeded = row.status == Status::Success;
        let previous_failed = run.earlier.first().map(|previous| previous.failed);
        match trigger {
            Trigger::Broke => failed && previous_failed == Some(false),
            // Targets that were notified that it is lost must learn that it is not.
            Trigger::Recovered => succeeded && (previous_failed == Some(true) || run.was_lost),
            Trigger::StillBroken => {
                let before = run.failures_before().map_or(0, |before| before.runs);
                let every = u64::from(rule.still_broken_every.max(1));
                failed && before > 0 && before.is_multiple_of(every)
            }
            Trigger::Flapping => (failed || succeeded) && began_flapping(failed, run.earlier),
            Trigger::Lost => row.reason == Some(Reason::Lost),
            Trigger::Unreachable => unreachable(run, rule).next().is_some(),
            Trigger::Canceled => row.reason == Some(Reason::Canceled),
            Trigger::Slow => succeeded && became_slow(row.duration_us(), run.earlier),
            Trigger::Drift => row.description.check && run.would_change,
            Trigger::Failed => failed,
            Trigger::Finished => true,
            Trigger::Started | Trigger::Silent | Trigger::Waiting | Trigger::Budget => false,
        }
    };
    let all = Trigger::ALL.iter().copied();
    all.filter(|trigger| rule.on.contains(trigger) && fires(*trigger))
        .collect()
}

/// What a message about these triggers tells beside the run.
#[must_use]
pub fn detail_of_end(run: &EndedRun<'_>, rule: &NotificationRule, fired: &[Trigger]) -> Detail {
    let mut detail = Detail::default();
    let before = run.failures_before();
    let failed = has_failed(run.row);
    if run.knows_earlier && (before.is_some() || failed) {
        let first = before.map(|before| before.first);
        detail.broken_since = Some(first.unwrap_or((run.row.id, run.row.started_us)));
        let before = before.map_or(0, |before| before.runs);
        detail.failures_in_row = Some(before + u64::from(failed));
    }
    if fired.contains(&Trigger::Slow) {
        detail.usual_seconds = usual(&successes(run.earlier)).map(|(usual, _)| usual);
    }
    if fired.contains(&Trigger::Flapping) {
        let outcomes = outcomes(failed, run.earlier);
        detail.turns = Some((turns(&outcomes) as u64, outcomes.len() as u64));
    }
    if fired.contains(&Trigger::Unreachable) {
        let told = unreachable(run, rule).take(UNREACHABLE_TOLD);
        detail.unreachable = told.cloned().collect();
    }
    detail
}

fn unreachable<'r>(
    run: &EndedRun<'r>,
    rule: &NotificationRule,
) -> impl Iterator<Item = &'r UnreachableHost> {
    let runs = rule.unreachable_runs.max(1);
    // Exactly this number, so that it is reported once.
    run.unreachable.iter().filter(move |host| host.runs == runs)
}

/// Whether the last runs failed, this one first.
fn outcomes(failed: bool, earlier: &[Earlier]) -> Vec<bool> {
    let earlier = earlier.iter().map(|one| one.failed);
    std::iter::once(failed)
        .chain(earlier)
        .take(FLAPPING_RUNS)
        .collect()
}

fn turns(outcomes: &[bool]) -> usize {
    outcomes
        .windows(2)
        .filter(|pair| pair[0] != pair[1])
        .count()
}

/// Whether the series flaps with this run, and did not without it.
fn began_flapping(failed: bool, earlier: &[Earlier]) -> bool {
    let Some((last, before)) = earlier.split_first() else {
        return false;
    };
    turns(&outcomes(failed, earlier)) >= FLAPPING_TURNS
        && turns(&outcomes(last.failed, before)) < FLAPPING_TURNS
}

/// Durations of earlier successes in seconds, the last one first.
fn successes(earlier: &[Earlier]) -> Vec<f64> {
    let successes = earlier.iter().filter(|one| !one.failed);
    let durations = successes.filter_map(|one| one.duration_us);
    durations
        .take(USUAL_MOST)
        .map(|us| us as f64 / 1e6)
        .collect()
}

/// The usual duration in seconds, and from which one on a run is slow; none if too few are known.
fn usual(seconds: &[f64]) -> Option<(f64, f64)> {
    if seconds.len() < USUAL_RUNS {
        return None;
    }
    let usual = median(seconds.to_vec());
    let deviations = seconds.iter().map(|one| (one - usual).abs()).collect();
    let by_deviation = usual + SLOW_DEVIATIONS * median(deviations);
    let limit = by_deviation
        .max(usual * SLOW_RELATIVE)
        .max(usual + SLOW_SECONDS);
    Some((usual, limit))
}

/// Whether a success is slow, and the last one before it was not.
fn became_slow(duration_us: Option<i64>, earlier: &[Earlier]) -> bool {
    let is_slow = |took: f64, before: &[f64]| usual(before).is_some_and(|(_, limit)| took > limit);
    let Some(took) = duration_us.map(|us| us as f64 / 1e6) else {
        return false;
    };
    let before = successes(earlier);
    let was_slow = match before.split_first() {
        Some((last, before)) => is_slow(*last, before),
        None => false,
    };
    is_slow(took, &before) && !was_slow
}

/// The median; 0 for no values.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2).copied();
    let lower = values.get(values.len().saturating_sub(1) / 2).copied();
    f64::midpoint(lower.unwrap_or_default(), upper.unwrap_or_default())
}

/// The longest interval that is no outage.
fn longest(intervals: &[f64]) -> f64 {
    let mut sorted = intervals.to_vec();
    sorted.sort_by(|one, other| other.total_cmp(one));
    let is_usual = |pair: &[f64]| pair[1] >= pair[0] * NEARLY_AS_LONG;
    let usual = match intervals.len() >= MANY_INTERVALS {
        true => sorted
            .windows(2)
            .find(|pair| is_usual(pair))
            .map(|pair| pair[0]),
        false => None,
    };
    usual.or(sorted.first().copied()).unwrap_or_default()
}

/// By when a playbook whose runs started at these times, the last one first, should run again; none if its runs are not
/// regular. All times in microseconds.
#[must_use]
pub fn expected_by(started_us: &[i64]) -> Option<i64> {
    let last = *started_us.first()?;
    let intervals: Vec<f64> = started_us
        .windows(2)
        .map(|pair| pair[0].saturating_sub(pair[1]) as f64 / 1e6)
        .collect();
    if intervals.len() + 1 < REGULAR_RUNS {
        return None;
    }
    let longest = longest(&intervals);
    let usual = median(intervals);
    let is_regular = usual >= SILENT_SHORTEST && longest <= usual * REGULAR_LONGEST;
    let wait = (longest + usual * SILENT_AFTER) * 1e6;
    is_regular.then(|| last.saturating_add(wait as i64))
}

#[cfg(test)]
mod tests;
