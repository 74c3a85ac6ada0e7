//! Budgets: when one is spent as far as a rule says, targets are notified once in its period.

use super::triggers::Detail;
use super::{Notifier, NotifyError};
use crate::model::{BudgetState, DAY_US, NotificationEvent, NotificationRule, TargetRow, Trigger};

/// How long after its end a period is still checked: runs that began in it are over by then, and have arrived.
const ENDED_US: i64 = DAY_US;

/// No period of a budget is longer, with the time after its end: a message about one stays known at least as long.
pub(super) const LONGEST_US: i64 = 40 * DAY_US;

impl Notifier {
    /// Finds the budgets that are spent, and the targets to notify.
    pub(super) async fn expand_budgets(&self) -> Result<(), NotifyError> {
        let mut targets = self.told_targets().await?;
        targets.retain(|target| target.settings.asks_for(&[Trigger::Budget]));
        if targets.is_empty() {
            return Ok(());
        }
        let now_us = self.0.clock.now_us();
        let costs = self.0.reports.costs();
        let mut budgets = costs.budgets(now_us).await?;
        budgets.extend(costs.ended_budgets(now_us, ENDED_US).await?);
        let mut events = Vec::new();
        for target in &targets {
            for budget in &budgets {
                // Periods before the target was set are not reported.
                if budget.to.timestamp_micros() < target.changed_us {
                    continue;
                }
                let rules = target.settings.rules.iter();
                let reached = rules.filter_map(|rule| reached(rule, budget));
                events.extend(reached.map(|percent| event(target, budget, percent, now_us)));
            }
        }
        self.tell_new(&targets, events).await
    }
}

/// The percentage that a rule asks for, if so much of a budget is spent.
fn reached(rule: &NotificationRule, budget: &BudgetState) -> Option<u32> {
    let is_asked = rule.on.contains(&Trigger::Budget)
        && (rule.budgets.is_empty() || rule.budgets.contains(&budget.name));
    let is_spent = budget
        .percent
        .is_some_and(|percent| percent >= u64::from(rule.budget_percent));
    (is_asked && is_spent).then_some(rule.budget_percent)
}

fn event(target: &TargetRow, budget: &BudgetState, percent: u32, now_us: i64) -> NotificationEvent {
    let detail = Detail {
        budget: Some(budget.clone()),
        ..Detail::default()
    };
    let from = budget.from.format("%Y-%m-%d");
    NotificationEvent {
        target: target.id,
        subject: format!("budget:{}:{}:{from}:{percent}", budget.name, budget.period),
        triggers: vec![Trigger::Budget],
        execution: NotificationEvent::NO_RUN,
        detail: serde_json::to_string(&detail).unwrap_or_else(|_| "{}".to_owned()),
        at_us: now_us,
        held_until_us: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn budget(percent: Option<u64>) -> BudgetState {
        let mut state = json!({
            "name": "prod", "period": "month", "from": "2026-01-01T00:00:00Z", "to": "2026-01-20T00:00:00Z",
            "amount": "500", "is_exceeded": false,
            "spent": { "currency": "EUR", "runs": 3, "unknown_runs": 0, "total": "400" },
        });
        if let Some(percent) = percent {
            state["percent"] = json!(percent);
        }
        serde_json::from_value(state).unwrap()
    }

    fn rule(settings: serde_json::Value) -> NotificationRule {
        serde_json::from_value(settings).unwrap()
    }

    #[test]
    fn a_budget_is_told_when_as_much_is_spent_as_the_rule_says() {
        let all = rule(json!({ "on": ["budget"] }));
        let early = rule(json!({ "on": ["budget"], "budgets": ["prod"], "budget_percent": 80 }));
        let other = rule(json!({ "on": ["budget"], "budgets": ["test"] }));
        let none = rule(json!({ "on": ["failed"] }));
        for (percent, expected) in [
            (None, [None, None]),
            (Some(79), [None, None]),
            (Some(80), [None, Some(80)]),
            (Some(100), [Some(100), Some(80)]),
        ] {
            let budget = budget(percent);
            let told = [reached(&all, &budget), reached(&early, &budget)];
            assert_eq!(told, expected, "{percent:?}");
            assert_eq!(reached(&other, &budget), None);
            assert_eq!(reached(&none, &budget), None);
        }
    }
}
