//! Decides which executions to remove: rules, and executions from the newest on → verdicts. Pure: no clock, no I/O.

use std::collections::HashMap;

use playback_wire::ExecutionType;

use crate::filter::{Condition, matches};
use crate::model::{Candidate, DAY_US, RetentionRule, Status};

/// If an execution ended this long before it arrived, its clock was wrong (1970, 1990): no spool waits for a year. Its
/// age then counts from its arrival.
const WRONG_CLOCK_US: i64 = 365 * DAY_US;

/// The decision about an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is running; no rule applies.
    Running,
    /// Keep it unchanged.
    Keep,
    /// A limit applies to it or its log, but it is pinned.
    Pinned,
    /// Remove its log, keep its rows.
    RemovePayload,
    /// Remove it.
    Remove,
}

/// Judges executions one by one, from the newest on.
#[derive(Debug)]
pub struct Planner<'r> {
    rules: &'r [RetentionRule],
    now_us: i64,
    counts: Vec<RuleCounts<'r>>,
}

/// What a rule has counted so far.
#[derive(Debug)]
struct RuleCounts<'r> {
    rule: &'r RetentionRule,
    /// Its scope.
    conditions: Vec<Condition>,
    runs: u64,
    bytes: u64,
    /// Ad-hoc runs count as one playbook without a name.
    of_playbook: HashMap<(bool, Option<String>), u64>,
}

impl<'r> Planner<'r> {
    /// A planner that has seen nothing yet.
    #[must_use]
    pub fn new(rules: &'r [RetentionRule], now_us: i64) -> Self {
        let counts = rules.iter().map(|rule| RuleCounts {
            rule,
            conditions: rule.scope.conditions(),
            runs: 0,
            bytes: 0,
            of_playbook: HashMap::new(),
        });
        Self {
            rules,
            now_us,
            counts: counts.collect(),
        }
    }

    /// Whether a rule asks for labels.
    #[must_use]
    pub fn needs_labels(&self) -> bool {
        self.rules.iter().any(|rule| rule.scope.label.is_some())
    }

    /// Judges the next execution. Only the first rule that matches it applies; without one, it is kept.
    pub fn judge(&mut self, one: &Candidate) -> Verdict {
        if one.status == Status::Running {
            // A running execution counts for nothing: limits count finished runs only.
            return Verdict::Running;
        }
        let falls_under = |counts: &&mut RuleCounts<'_>| matches(&counts.conditions, one);
        match self.counts.iter_mut().find(falls_under) {
            Some(counts) => counts.judge(one, self.now_us),
            None => Verdict::Keep,
        }
    }
}

impl RuleCounts<'_> {
    fn judge(&mut self, one: &Candidate, now_us: i64) -> Verdict {
        let limits = &self.rule.limits;
        let ended_us = one.ended_us.unwrap_or(one.started_us);
        let since_us = match one.arrived_us {
            Some(arrived_us) if arrived_us.saturating_sub(ended_us) > WRONG_CLOCK_US => arrived_us,
            _ => ended_us,
        };
        let age_us = now_us.saturating_sub(since_us);
        let is_older = |days: Option<u32>| {
            days.is_some_and(|days| age_us > i64::from(days).saturating_mul(DAY_US))
        };
        self.runs += 1;
        let of_playbook = match limits.keep_at_least {
            0 => 1,
            _ => {
                let is_adhoc = one.r#type == ExecutionType::Adhoc;
                let name = one.playbook.clone().filter(|_| !is_adhoc);
                let of = (is_adhoc, name);
                let of = self.of_playbook.entry(of).or_default();
                *of += 1;
                *of
            }
        };
        let is_protected = of_playbook <= limits.keep_at_least;
        let payload_goes = !one.log.is_removed() && is_older(limits.keep_payload_days);
        // A log that is removed anyway does not count towards `keep_bytes`; one that stays does, whatever happens to
        // the execution. So the same rules, applied again, remove nothing more.
        if !payload_goes || is_protected || one.is_pinned {
            let bytes = one.log.payload_bytes.unwrap_or(0);
            self.bytes = self.bytes.saturating_add(bytes);
        }
        let goes = is_older(limits.keep_days)
            || limits.keep_runs.is_some_and(|most| self.runs > most)
            || limits.keep_bytes.is_some_and(|most| self.bytes > most);
        if is_protected || !(goes || payload_goes) {
            Verdict::Keep
        } else if one.is_pinned {
            Verdict::Pinned
        } else if goes {
            Verdict::Remove
        } else {
            Verdict::RemovePayload
        }
    }
}

#[cfg(test)]
mod tests;
