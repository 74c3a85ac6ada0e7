//! Budgets: the amount that may be spent in a period.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::money::Amount;
use super::sum::CostFigures;
use crate::model::{DAY_US, ExecutionFilter, day_of, time_from_us};

/// The length of a budget's period. Periods are those of the calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BudgetPeriod {
    /// A day.
    Day,
    /// A week, which begins on Monday.
    Week,
    /// A month.
    Month,
}

impl BudgetPeriod {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The beginning of the period that contains a time, in microseconds since the epoch.
    #[must_use]
    pub fn begins_us(self, now_us: i64) -> i64 {
        let day = day_of(now_us);
        match self {
            Self::Day => day.saturating_mul(DAY_US),
            // The epoch was a Thursday.
            Self::Week => (day - (day + 3).rem_euclid(7)).saturating_mul(DAY_US),
            Self::Month => {
                let today = time_from_us(now_us).date_naive();
                let first = NaiveDate::from_ymd_opt(today.year(), today.month(), 1);
                let first = first.unwrap_or(today).and_time(NaiveTime::MIN);
                first.and_utc().timestamp_micros()
            }
        }
    }
}

/// A budget, as configured.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// Its name.
    pub name: String,
    /// The length of its period.
    pub period: BudgetPeriod,
    /// How much may be spent.
    pub amount: Amount,
    /// Which runs count, as a query; none: all.
    pub query: Option<String>,
    /// The same as a filter.
    pub filter: ExecutionFilter,
}

/// How much of a budget was spent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BudgetState {
    /// Its name.
    pub name: String,
    /// `day`, `week` (which begins on Monday) or `month`, in UTC.
    pub period: String,
    /// Which runs count, as a query; missing: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// When its period began.
    pub from: DateTime<Utc>,
    /// Runs up to this time are counted: now.
    pub to: DateTime<Utc>,
    /// How much may be spent: a decimal number as text.
    pub amount: String,
    /// What the runs that started since `from` cost.
    pub spent: CostFigures,
    /// The remaining amount; 0 if more than the budget was spent. Missing if nothing is known about the amount spent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// The percentage that was spent, rounded down. Missing if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u64>,
    /// Whether more was spent than allowed.
    pub is_exceeded: bool,
}

impl BudgetState {
    /// The state of a budget of which this amount was spent since `from_us`.
    #[must_use]
    pub fn new(budget: &Budget, (from_us, to_us): (i64, i64), spent: CostFigures) -> Self {
        let known = spent.amount();
        Self {
            name: budget.name.clone(),
            period: budget.period.as_str().to_owned(),
            query: budget.query.clone(),
            from: time_from_us(from_us),
            to: time_from_us(to_us),
            amount: budget.amount.to_string(),
            left: known.map(|spent| budget.amount.less(spent).to_string()),
            percent: known.and_then(|spent| spent.percent_of(budget.amount)),
            is_exceeded: known.is_some_and(|spent| spent > budget.amount),
            spent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_those_of_the_calendar() {
        let us = |text: &str| {
            let time: DateTime<Utc> = text.parse().unwrap();
            time.timestamp_micros()
        };
        // A Tuesday.
        let now = us("2026-01-20T12:34:56Z");
        for (period, begins) in [
            (BudgetPeriod::Day, "2026-01-20T00:00:00Z"),
            (BudgetPeriod::Week, "2026-01-19T00:00:00Z"),
            (BudgetPeriod::Month, "2026-01-01T00:00:00Z"),
        ] {
            assert_eq!(period.begins_us(now), us(begins));
            assert_eq!(period.begins_us(us(begins)), us(begins));
        }
        let before = us("2026-01-18T23:59:59Z");
        assert_eq!(
            BudgetPeriod::Week.begins_us(before),
            us("2026-01-12T00:00:00Z")
        );
        assert_eq!(BudgetPeriod::Week.begins_us(-1), us("1969-12-29T00:00:00Z"));
    }

    #[test]
    fn a_budget_says_what_is_left() {
        let budget = Budget {
            name: "nightly".to_owned(),
            period: BudgetPeriod::Month,
            amount: "10".parse().unwrap(),
            query: None,
            filter: ExecutionFilter::default(),
        };
        let state = |total: Option<&str>| {
            let spent = CostFigures {
                total: total.map(str::to_owned),
                ..CostFigures::default()
            };
            let state = BudgetState::new(&budget, (0, 1), spent);
            (state.left, state.percent, state.is_exceeded)
        };
        assert_eq!(
            state(Some("2.5")),
            (Some("7.50".to_owned()), Some(25), false)
        );
        assert_eq!(
            state(Some("10")),
            (Some("0.00".to_owned()), Some(100), false)
        );
        assert_eq!(
            state(Some("12")),
            (Some("0.00".to_owned()), Some(120), true)
        );
        assert_eq!(state(None), (None, None, false));
    }
}
