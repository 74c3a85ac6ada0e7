//! Times and durations in the form that people use: local time, `2h` ago, `3m 05s`.

use std::fmt::Display;

use chrono::{DateTime, Local, NaiveDate, NaiveDateTime, NaiveTime, Offset as _, TimeZone, Utc};

use crate::clock::Clock;
pub(super) use crate::filter::Edge;
pub(super) use crate::filter::parse::duration as seconds;
use crate::filter::parse::without_zone;
use crate::model::time_from_us;

/// A point in time as given on the command line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Moment {
    /// This many seconds ago.
    Ago(f64),
    /// A day, in local time: its beginning or its end.
    Day(NaiveDate),
    /// A local time.
    Local(NaiveDateTime),
    /// A time with its zone.
    At(DateTime<Utc>),
}

impl Moment {
    /// Parses `2h`, `7d`, `2026-01-20`, `2026-01-20 10:00` or a time of RFC 3339.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::At(time.to_utc()));
        }
        if let Ok(day) = text.parse() {
            return Ok(Self::Day(day));
        }
        if let Some(time) = without_zone(text) {
            return Ok(Self::Local(time));
        }
        // A number alone has neither a unit nor a starting point.
        match seconds(text) {
            Ok(ago) if text.ends_with(|c: char| c.is_ascii_alphabetic()) => Ok(Self::Ago(ago)),
            _ => Err("a time looks like 2026-01-20, \"2026-01-20 10:00\", 2h or 7d".to_owned()),
        }
    }

    /// The time in microseconds since the epoch.
    pub(super) fn resolve(self, edge: Edge, clock: &Clock) -> DateTime<Utc> {
        match self {
            Self::Ago(seconds) => time_from_us(clock.now_us() - (seconds * 1e6) as i64),
            Self::At(time) => time,
            Self::Local(time) => local(time),
            Self::Day(day) => match edge {
                Edge::Start => local(day.and_time(NaiveTime::MIN)),
                Edge::End => {
                    let next = day.succ_opt().unwrap_or(day);
                    local(next.and_time(NaiveTime::MIN)) - chrono::TimeDelta::microseconds(1)
                }
            },
        }
    }
}

/// A local time; a time that the clock change skipped is read as UTC, for lack of a better choice.
fn local(time: NaiveDateTime) -> DateTime<Utc> {
    let found = Local.from_local_datetime(&time).earliest();
    found.map_or_else(|| time.and_utc(), |time| time.to_utc())
}

/// A time for people, in the local zone.
pub(super) fn show(time: DateTime<Utc>) -> String {
    let time = time.with_timezone(&Local);
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// A time for people, with its zone.
pub(super) fn show_zoned(time: DateTime<Utc>) -> String {
    let local = time.with_timezone(&Local);
    format!("{} {}", show(time), zone(&local))
}

/// A range of time for people, with its zone. The two ends have different zones if the clock changed between them.
pub(super) fn range(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    range_in(&from.with_timezone(&Local), &to.with_timezone(&Local))
}

fn range_in<Z: TimeZone>(from: &DateTime<Z>, to: &DateTime<Z>) -> String
where
    Z::Offset: Display,
{
    let show = |time: &DateTime<Z>| time.format("%Y-%m-%d %H:%M:%S").to_string();
    let (zone_from, zone_to) = (zone(from), zone(to));
    match zone_from == zone_to {
        true => format!("{} to {} {zone_to}", show(from), show(to)),
        false => format!("{} {zone_from} to {} {zone_to}", show(from), show(to)),
    }
}

/// The zone of a time, as its offset from UTC.
fn zone<Z: TimeZone>(time: &DateTime<Z>) -> String
where
    Z::Offset: Display,
{
    match time.offset().fix().local_minus_utc() {
        0 => "UTC".to_owned(),
        _ => time.format("%:z").to_string(),
    }
}

/// How long ago that was, in short.
pub(super) fn ago(time: DateTime<Utc>, clock: &Clock) -> String {
    let seconds = clock.now_us() / 1_000_000 - time.timestamp();
    let units = [(86_400 * 365, "y"), (86_400, "d"), (3600, "h"), (60, "m")];
    match units.into_iter().find(|(unit, _)| seconds >= *unit) {
        Some((unit, name)) => format!("{}{name} ago", seconds / unit),
        None if seconds >= 0 => format!("{seconds}s ago"),
        // The time is in the future: another machine's clock is ahead of ours.
        None => show(time)[..10].to_owned(),
    }
}

/// A duration for people, from seconds.
pub(super) fn show_seconds(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{:.1}s", seconds.max(0.0));
    }
    let whole = seconds as u64;
    let (days, hours, minutes) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}m {:02}s", whole % 60),
        (0, _) => format!("{hours}h {minutes:02}m"),
        _ => format!("{days}d {hours:02}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_write_them() {
        let clock = Clock::fixed(1_768_910_400_000_000);
        let at = |text: &str| Moment::parse(text).unwrap().resolve(Edge::Start, &clock);
        assert_eq!(at("2026-01-20T12:00:00Z").timestamp(), 1_768_910_400);
        assert_eq!(at("2026-01-20T13:00:00+01:00").timestamp(), 1_768_910_400);
        assert_eq!(at("2h").timestamp(), 1_768_910_400 - 7200);
        assert_eq!(at("0.5d").timestamp(), 1_768_910_400 - 43_200);
        let day = Moment::parse("2026-01-20").unwrap();
        let (start, end) = (
            day.resolve(Edge::Start, &clock),
            day.resolve(Edge::End, &clock),
        );
        assert_eq!(
            end - start,
            chrono::TimeDelta::microseconds(86_400_000_000 - 1)
        );
        assert_eq!(at("2026-01-20 00:00"), start);
        assert_eq!(at("2026-01-20T00:00:00"), start);
        for wrong in [
            "",
            "yesterday",
            "7",
            "7y",
            "-2h",
            "NaNs",
            "1e300d",
            "2026-13-01",
        ] {
            assert!(Moment::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_past_time_is_told_in_few_words() {
        let clock = Clock::fixed(1_768_910_400_000_000);
        let shown = [0, 59, 60, 7199, 86_400 * 400, 86_399]
            .map(|before| ago(time_from_us(clock.now_us() - before * 1_000_000), &clock));
        let expected = ["0s ago", "59s ago", "1m ago", "1h ago", "1y ago", "23h ago"];
        assert_eq!(shown, expected);
    }

    #[test]
    fn durations_are_short() {
        let shown = [0.04, 59.9, 125.0, 3723.0, 90_000.0].map(show_seconds);
        assert_eq!(shown, ["0.0s", "59.9s", "2m 05s", "1h 02m", "1d 01h"]);
        assert_eq!(seconds("90"), Ok(90.0));
        assert_eq!(seconds("1.5m"), Ok(90.0));
        assert!(seconds("5 parsecs").is_err());
    }

    #[test]
    fn a_range_says_in_which_zone_it_is() {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap();
        let utc = at("2026-01-20T10:00:00Z");
        let winter = at("2026-01-20T10:00:00+01:00");
        let summer = at("2026-07-20T10:00:00+02:00");
        assert_eq!(
            range_in(&utc, &utc),
            "2026-01-20 10:00:00 to 2026-01-20 10:00:00 UTC"
        );
        assert_eq!(
            range_in(&winter, &winter),
            "2026-01-20 10:00:00 to 2026-01-20 10:00:00 +01:00"
        );
        assert_eq!(
            range_in(&winter, &summer),
            "2026-01-20 10:00:00 +01:00 to 2026-07-20 10:00:00 +02:00"
        );
    }
}
