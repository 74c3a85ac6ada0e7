//! The length of a report's period.

use chrono::{DateTime, Days, Months, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use crate::model::time_from_us;

/// The length of a report's period. It begins a day, a week or a month before its end, at the same time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportPeriod {
    /// A day.
    Day,
    /// Seven days.
    Week,
    /// From the same day of the month before, or the last day of a shorter month.
    Month,
}

impl ReportPeriod {
    /// Every variant.
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

    /// The value with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// When a period begins that ends at this time, by the clocks of a zone: a day on which the clocks change has 23 or
    /// 25 hours. In microseconds since the epoch.
    #[must_use]
    pub fn begins_us(self, end_us: i64, zone: Tz) -> i64 {
        let end = time_from_us(end_us).with_timezone(&zone).naive_local();
        let begins = match self {
            Self::Day => end.checked_sub_days(Days::new(1)),
            Self::Week => end.checked_sub_days(Days::new(7)),
            Self::Month => end.checked_sub_months(Months::new(1)),
        };
        let begins = begins.and_then(|local| moment(local, zone));
        begins.map_or(end_us, |time| time.timestamp_micros())
    }
}

/// The moment of a wall-clock time: the first of two; for a time that was skipped, the moment of the clock change.
fn moment(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    // No zone ever skipped more than a day.
    (0..=24 * 4)
        .map(|quarter| local + TimeDelta::minutes(quarter * 15))
        .find_map(|local| zone.from_local_datetime(&local).earliest())
        .map(|time| time.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn us(text: &str) -> i64 {
        let time: DateTime<Utc> = text.parse().unwrap();
        time.timestamp_micros()
    }

    #[test]
    fn periods_follow_the_clocks_of_their_zone() {
        let berlin: Tz = "Europe/Berlin".parse().unwrap();
        for (period, end, begins) in [
            (
                ReportPeriod::Day,
                "2026-01-20T06:00:00Z",
                "2026-01-19T06:00:00Z",
            ),
            (
                ReportPeriod::Week,
                "2026-01-20T06:00:00Z",
                "2026-01-13T06:00:00Z",
            ),
            (
                ReportPeriod::Month,
                "2026-01-20T06:00:00Z",
                "2025-12-20T06:00:00Z",
            ),
            // The clocks were set forward on 29 March, and back on 25 October.
            (
                ReportPeriod::Day,
                "2026-03-29T05:00:00Z",
                "2026-03-28T06:00:00Z",
            ),
            (
                ReportPeriod::Day,
                "2026-10-25T06:00:00Z",
                "2026-10-24T05:00:00Z",
            ),
            (
                ReportPeriod::Week,
                "2026-03-30T05:00:00Z",
                "2026-03-23T06:00:00Z",
            ),
            // 02:30 was skipped on 29 March.
            (
                ReportPeriod::Day,
                "2026-03-30T00:30:00Z",
                "2026-03-29T01:00:00Z",
            ),
            // 02:30 came twice on 25 October: the first one counts.
            (
                ReportPeriod::Day,
                "2026-10-26T01:30:00Z",
                "2026-10-25T00:30:00Z",
            ),
            // February is shorter.
            (
                ReportPeriod::Month,
                "2026-03-30T22:00:00Z",
                "2026-02-27T23:00:00Z",
            ),
            (
                ReportPeriod::Month,
                "2028-03-30T22:00:00Z",
                "2028-02-28T23:00:00Z",
            ),
        ] {
            assert_eq!(
                period.begins_us(us(end), berlin),
                us(begins),
                "{period:?} {end}"
            );
        }
        let midnight = us("2026-02-01T00:00:00Z");
        assert_eq!(
            ReportPeriod::Month.begins_us(midnight, Tz::UTC),
            us("2026-01-01T00:00:00Z")
        );
        for period in ReportPeriod::ALL {
            assert_eq!(ReportPeriod::from_name(period.as_str()), Some(period));
        }
    }
}
