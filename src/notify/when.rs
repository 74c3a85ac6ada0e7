//! Quiet hours of targets. Pure.

use chrono::{DateTime, Datelike as _, Days, NaiveDateTime, NaiveTime, TimeZone, Utc};

use crate::model::{QuietHours, Weekday, time_from_us};

/// Quiet hours that follow each other, at most; more are a week without an end.
const IN_A_ROW: usize = 50;

/// Reads `HH:MM`.
fn time(text: &str) -> Option<NaiveTime> {
    let is_short = text.len() == 5 && text.as_bytes().get(2) == Some(&b':');
    let read = NaiveTime::parse_from_str(text, "%H:%M");
    read.ok().filter(|_| is_short)
}

/// Checks quiet hours.
///
/// # Errors
/// One has another form, or they never end.
pub fn check(quiet: &[QuietHours]) -> Result<(), String> {
    for hours in quiet {
        for (name, text) in [("from", &hours.from), ("to", &hours.to)] {
            if time(text).is_none() {
                return Err(format!(
                    "quiet: {name} = {text:?}: it must be HH:MM, such as 22:00"
                ));
            }
        }
    }
    let begin = DateTime::UNIX_EPOCH.timestamp_micros();
    match quiet_until(quiet, begin, &Utc) {
        Some(until_us) if until_us - begin > 14 * 24 * 3_600_000_000 => {
            Err("quiet: these hours never end".to_owned())
        }
        _ => Ok(()),
    }
}

/// When the quiet hours end in which a time is; none if it is in none. Both in microseconds since the epoch.
#[must_use]
pub fn quiet_until<Z: TimeZone>(quiet: &[QuietHours], now_us: i64, zone: &Z) -> Option<i64> {
    let mut until_us = now_us;
    for _ in 0..IN_A_ROW {
        let local = time_from_us(until_us).with_timezone(zone).naive_local();
        let Some(end) = quiet.iter().filter_map(|hours| end(hours, local)).max() else {
            break;
        };
        let end_us = universal(end, zone);
        if end_us <= until_us {
            // The clock is set back within them.
            break;
        }
        until_us = end_us;
    }
    (until_us > now_us).then_some(until_us)
}

/// The end of those hours in which a local time is.
fn end(hours: &QuietHours, now: NaiveDateTime) -> Option<NaiveDateTime> {
    let (from, to) = (time(&hours.from)?, time(&hours.to)?);
    let today = now.date();
    // Those that began yesterday may still last.
    [Some(today), today.checked_sub_days(Days::new(1))]
        .into_iter()
        .flatten()
        .filter(|day| hours.days.is_empty() || hours.days.contains(&weekday(day.weekday())))
        .find_map(|day| {
            let last = match to > from {
                true => day,
                false => day.checked_add_days(Days::new(1))?,
            };
            let (begin, end) = (day.and_time(from), last.and_time(to));
            (begin <= now && now < end).then_some(end)
        })
}

fn weekday(day: chrono::Weekday) -> Weekday {
    match day {
        chrono::Weekday::Mon => Weekday::Mon,
        chrono::Weekday::Tue => Weekday::Tue,
        chrono::Weekday::Wed => Weekday::Wed,
        chrono::Weekday::Thu => Weekday::Thu,
        chrono::Weekday::Fri => Weekday::Fri,
        chrono::Weekday::Sat => Weekday::Sat,
        chrono::Weekday::Sun => Weekday::Sun,
    }
}

/// A local time in microseconds since the epoch. One that happens twice is the later one, and one that is skipped, as the
/// clock is set forward, an hour later.
fn universal<Z: TimeZone>(local: NaiveDateTime, zone: &Z) -> i64 {
    let later = local + chrono::TimeDelta::hours(1);
    let at = zone
        .from_local_datetime(&local)
        .latest()
        .or_else(|| zone.from_local_datetime(&later).latest());
    match at {
        Some(at) => at.timestamp_micros(),
        None => local.and_utc().timestamp_micros(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(from: &str, to: &str, days: &[Weekday]) -> QuietHours {
        QuietHours {
            from: from.to_owned(),
            to: to.to_owned(),
            days: days.to_vec(),
        }
    }

    /// The end of the quiet hours at a time, as text.
    fn until(quiet: &[QuietHours], now: &str) -> Option<String> {
        let now = DateTime::parse_from_rfc3339(&format!("{now}:00Z")).unwrap();
        let until = quiet_until(quiet, now.timestamp_micros(), &Utc)?;
        Some(time_from_us(until).format("%Y-%m-%dT%H:%M").to_string())
    }

    #[test]
    fn nights_end_in_the_morning() {
        let night = [hours("22:00", "06:00", &[])];
        for (now, end) in [
            ("2026-01-20T21:59", None),
            ("2026-01-20T22:00", Some("2026-01-21T06:00")),
            ("2026-01-21T05:59", Some("2026-01-21T06:00")),
            ("2026-01-21T06:00", None),
        ] {
            assert_eq!(until(&night, now).as_deref(), end, "{now}");
        }
    }

    #[test]
    fn a_weekend_and_its_nights_are_one_time_of_quiet() {
        let quiet = [
            hours("20:00", "08:00", &[]),
            hours("00:00", "00:00", &[Weekday::Sat, Weekday::Sun]),
        ];
        // 2026-01-23 is a Friday.
        let end = until(&quiet, "2026-01-23T21:00");
        assert_eq!(end.as_deref(), Some("2026-01-26T08:00"));
        assert_eq!(until(&quiet, "2026-01-23T19:00"), None);
    }

    #[test]
    fn hours_end_by_the_clock_on_the_wall_when_it_is_set() {
        let until = |from: &str, to: &str, now: &str| {
            let now = DateTime::parse_from_rfc3339(&format!("{now}:00Z")).unwrap();
            let quiet = [hours(from, to, &[])];
            let until = quiet_until(&quiet, now.timestamp_micros(), &chrono_tz::Europe::Berlin)?;
            Some(time_from_us(until).format("%m-%dT%H:%M").to_string())
        };
        // In 2026, from 2 to 3 on 29 March, and from 3 to 2 on 25 October: a night is an hour shorter, or longer.
        for (from, to, now, end) in [
            ("22:00", "06:00", "2026-03-27T23:00", Some("03-28T05:00")),
            ("22:00", "06:00", "2026-03-28T21:30", Some("03-29T04:00")),
            ("22:00", "06:00", "2026-03-29T04:00", None),
            ("22:00", "06:00", "2026-10-24T20:30", Some("10-25T05:00")),
            ("22:00", "06:00", "2026-10-25T04:59", Some("10-25T05:00")),
            ("22:00", "06:00", "2026-10-25T05:00", None),
            // Half past two does not happen in March, and twice in October.
            ("22:00", "02:30", "2026-03-28T23:00", Some("03-29T01:30")),
            ("22:00", "02:30", "2026-03-29T01:00", None),
            ("22:00", "02:30", "2026-10-24T22:00", Some("10-25T01:30")),
            ("22:00", "02:30", "2026-10-25T01:30", None),
            ("02:15", "02:45", "2026-03-29T01:00", None),
        ] {
            assert_eq!(
                until(from, to, now).as_deref(),
                end,
                "{from} to {to} at {now}"
            );
        }
    }

    #[test]
    fn hours_that_make_no_sense_are_refused() {
        assert!(check(&[hours("22:00", "06:00", &[])]).is_ok());
        for (from, to, says) in [
            ("22", "06:00", "from = \"22\""),
            ("22:00", "24:00", "to = \"24:00\""),
            ("9:00", "10:00", "from"),
            ("00:00", "00:00", "never end"),
        ] {
            let error = check(&[hours(from, to, &[])]).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
