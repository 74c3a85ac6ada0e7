//! A question about runs: which ones, and how the answer is divided.

use std::sync::Arc;

use crate::model::{Costing, ExecutionFilter};

/// A second, in microseconds.
const SECOND_US: i64 = 1_000_000;
/// An hour, in microseconds.
pub const HOUR_US: i64 = 3600 * SECOND_US;
/// A day, in microseconds.
pub const DAY_US: i64 = 24 * HOUR_US;

/// Intervals of a series: five minutes, an hour, a day, a week.
const INTERVALS: [i64; 4] = [HOUR_US / 12, HOUR_US, DAY_US, 7 * DAY_US];

/// Approximate maximum number of intervals in a series.
const MOST_INTERVALS: i64 = 120;

/// Weeks begin on Monday; the epoch was a Thursday.
const MONDAY_US: i64 = -3 * DAY_US;

/// The day of a time (UTC), in days since the epoch.
#[must_use]
pub fn day_of(us: i64) -> i64 {
    us.div_euclid(DAY_US)
}

/// The first and the last microsecond of a day.
#[must_use]
pub fn span_of(day: i64) -> (i64, i64) {
    let starts_us = day.saturating_mul(DAY_US);
    (starts_us, starts_us.saturating_add(DAY_US - 1))
}

/// The finest interval that divides a period into at most about 120 parts: 5 minutes, an hour, a day, a week, or as
/// many weeks as necessary. In microseconds.
#[must_use]
pub fn interval_us(from_us: i64, to_us: i64) -> i64 {
    let span = to_us.saturating_sub(from_us);
    let week = INTERVALS[3];
    INTERVALS
        .into_iter()
        .find(|interval| span / interval < MOST_INTERVALS)
        .unwrap_or_else(|| week * (span / week / MOST_INTERVALS + 1))
}

/// A period that ends now, or at a given time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// The 60 minutes before.
    Hour,
    /// The 24 hours before.
    Day,
    /// That day (UTC) and the 6 before it.
    Week,
    /// That day (UTC) and the 29 before it.
    Month,
}

impl Period {
    /// Every value.
    pub const ALL: &'static [Self] = &[Self::Hour, Self::Day, Self::Week, Self::Month];

    /// The name in requests and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// When it begins if it ends at `to_us`, and the interval of its series; in microseconds.
    #[must_use]
    pub fn begins(self, to_us: i64) -> (i64, i64) {
        let days = |days: i64| (day_of(to_us) - days).saturating_mul(DAY_US);
        match self {
            Self::Hour => (to_us.saturating_sub(HOUR_US), INTERVALS[0]),
            Self::Day => (to_us.saturating_sub(DAY_US), INTERVALS[1]),
            Self::Week => (days(6), INTERVALS[2]),
            Self::Month => (days(29), INTERVALS[2]),
        }
    }
}

/// What the answer is grouped by, in addition to the totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Playbook, as recorded.
    Playbook,
    /// Inventory, as recorded.
    Inventory,
    /// Host that took part.
    Host,
    /// Task: its name, role, action and playbook.
    Task,
    /// Label.
    Label,
    /// User who ran it.
    User,
}

impl By {
    /// Every value.
    pub const ALL: &'static [Self] = &[
        Self::Playbook,
        Self::Inventory,
        Self::Host,
        Self::Task,
        Self::Label,
        Self::User,
    ];

    /// The name in requests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Playbook => "playbook",
            Self::Inventory => "inventory",
            Self::Host => "host",
            Self::Task => "task",
            Self::Label => "label",
            Self::User => "user",
        }
    }
}

/// A question.
#[derive(Debug, Clone)]
pub struct Question {
    /// Only runs that started at or after this time, in microseconds since the epoch.
    pub from_us: i64,
    /// Only runs that started at or before this time.
    pub to_us: i64,
    /// Length of the series' intervals.
    pub interval_us: i64,
    /// Which runs to count; the filter's own time range is ignored.
    pub filter: ExecutionFilter,
    /// Additional grouping.
    pub by: Option<By>,
    /// Maximum number of groups.
    pub limit: usize,
    /// Maximum number of playbooks and of failed hosts that are listed beside the totals.
    pub top: usize,
    /// Whether the figures of hosts have percentiles of durations. Without, they are cheaper.
    pub host_percentiles: bool,
    /// The prices, if costs are requested.
    pub costing: Option<Arc<Costing>>,
}

impl Question {
    /// How many playbooks and failed hosts are listed, unless a question sets another number.
    pub const TOP: usize = 10;

    /// Whether the time of all hosts must be known, because it has a price.
    #[must_use]
    pub fn needs_hosts(&self) -> bool {
        let costing = self.costing.as_ref();
        costing.is_some_and(|costing| costing.prices().prices_hosts())
    }

    /// Whether the distribution of the durations of a host is needed, beside their sum. The totals of a single host's
    /// runs are computed from it, too.
    #[must_use]
    pub fn needs_host_percentiles(&self) -> bool {
        let of_groups = self.by == Some(By::Host) && self.host_percentiles;
        of_groups || self.filter.host.is_some()
    }

    /// Whether roll-ups can answer it. They do not contain parts of texts, durations of single runs, which task ran on
    /// which host, or the number of runs in which a host was changed.
    #[must_use]
    pub fn suits_rolls(&self) -> bool {
        let filter = &self.filter;
        filter.suits_rolls()
            && !(filter.host.is_some() && (filter.changed.is_some() || self.by == Some(By::Task)))
    }

    /// The start of the interval that contains a time.
    #[must_use]
    pub fn interval_of(&self, us: i64) -> i64 {
        // Weeks begin on a Monday; shorter intervals divide a day evenly.
        let origin = if self.interval_us > DAY_US {
            MONDAY_US
        } else {
            0
        };
        let into = us.saturating_sub(origin).rem_euclid(self.interval_us);
        us.saturating_sub(into)
    }

    /// Length of the slots into which roll-ups and rows are divided.
    #[must_use]
    pub fn slot_us(&self) -> i64 {
        self.interval_us.min(HOUR_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_as_fine_as_fits() {
        let of = |span| interval_us(0, span);
        assert_eq!(of(0), INTERVALS[0]);
        assert_eq!(of(10 * HOUR_US - 1), INTERVALS[0]);
        assert_eq!(of(10 * HOUR_US), HOUR_US);
        assert_eq!(of(5 * DAY_US - 1), HOUR_US);
        assert_eq!(of(120 * DAY_US), 7 * DAY_US);
        for span in [DAY_US * 365 * 30, DAY_US * 365 * 200_000, i64::MAX] {
            let interval = of(span);
            assert!(span / interval <= 120 && interval % (7 * DAY_US) == 0);
        }
    }

    #[test]
    fn weeks_begin_on_monday() {
        let question = Question {
            from_us: 0,
            to_us: 0,
            interval_us: 7 * DAY_US,
            filter: ExecutionFilter::default(),
            by: None,
            limit: 0,
            top: Question::TOP,
            host_percentiles: true,
            costing: None,
        };
        // 2026-01-20 is a Tuesday.
        let tuesday = 20_473 * DAY_US;
        assert_eq!(question.interval_of(tuesday + 5), tuesday - DAY_US);
        assert_eq!(question.interval_of(tuesday - DAY_US), tuesday - DAY_US);
        assert_eq!(
            question.interval_of(tuesday - DAY_US - 1),
            tuesday - 8 * DAY_US
        );
    }
}
