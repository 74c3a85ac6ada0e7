//! One parser for each type of value. An error says what is valid; the caller adds the field's name.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

use crate::model::{DAY_US, time_from_us};

use super::field::Edge;

/// Longest search text in characters: databases fail on much longer ones.
const LONGEST_SEARCH: usize = 1000;

/// One of a few words.
///
/// # Errors
/// It is not one of them.
pub fn word<T: Copy>(text: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, String> {
    let found = all.iter().copied().find(|known| name(*known) == text);
    found.ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|known| name(*known)).collect();
        one_of(&names)
    })
}

/// The error text that lists the valid words.
pub(super) fn one_of(names: &[&str]) -> String {
    match names {
        [one, other] => format!("it must be {one} or {other}"),
        names => format!("it must be one of {}", names.join(", ")),
    }
}

/// `true` or `false`.
///
/// # Errors
/// It is neither.
pub fn flag(text: &str) -> Result<bool, String> {
    text.parse()
        .map_err(|_| "it must be true or false".to_owned())
}

/// A whole number.
///
/// # Errors
/// It is not a whole number, or too large.
pub fn number(text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| format!("it must be a whole number, from 0 to {}", u32::MAX))
}

/// Seconds, as microseconds.
///
/// # Errors
/// It is not a number, or negative.
pub fn seconds_us(text: &str) -> Result<i64, String> {
    match text.parse() {
        // A value that does not fit becomes the largest that does.
        Ok(seconds) if f64::is_finite(seconds) && seconds >= 0.0 => {
            Ok((seconds * 1e6).round() as i64)
        }
        _ => Err("it must be a number of seconds, 0 or more".to_owned()),
    }
}

/// A duration: `90`, `90s`, `1.5m`, `2h`, `7d`, `4w`; in seconds.
///
/// # Errors
/// It is not a duration, or longer than a thousand years.
pub fn duration(text: &str) -> Result<f64, String> {
    let wrong = || "a duration looks like 90, 90s, 5m, 2h or 7d".to_owned();
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        "w" => 604_800.0,
        _ => return Err(wrong()),
    };
    let count: f64 = digits.parse().map_err(|_| wrong())?;
    // A thousand years are enough, and fit in microseconds.
    let fits = (0.0..=3.2e10).contains(&(count * unit));
    fits.then_some(count * unit).ok_or_else(wrong)
}

/// A time as [`time`] reads it, or a duration before the present.
///
/// # Errors
/// It is not a time.
pub fn moment(text: &str, edge: Edge, now_us: i64) -> Result<i64, String> {
    if let Ok(time) = time(text, edge) {
        return Ok(time);
    }
    // A number alone has neither a unit nor a starting point.
    match duration(text) {
        Ok(ago) if text.ends_with(|c: char| c.is_ascii_alphabetic()) => {
            Ok(now_us.saturating_sub((ago * 1e6) as i64))
        }
        _ => Err(
            "it must be a time such as 2026-01-20T10:00:00Z, a date such as 2026-01-20, or 2h or 7d (ago)"
                .to_owned(),
        ),
    }
}

/// Part of a text.
///
/// # Errors
/// It is longer than databases can search for.
pub fn part(text: &str) -> Result<String, String> {
    if text.chars().count() > LONGEST_SEARCH {
        return Err(format!("it must have {LONGEST_SEARCH} characters at most"));
    }
    Ok(text.to_owned())
}

/// A time in microseconds since the epoch: RFC 3339, without a zone (UTC), or a date, which means its first or last
/// moment.
///
/// # Errors
/// It is not a time.
pub fn time(text: &str, edge: Edge) -> Result<i64, String> {
    // A plus sign that was not percent-encoded arrives as a space.
    let joined = text.replace(' ', "+");
    if let Ok(time) = DateTime::parse_from_rfc3339(&joined) {
        return Ok(time.timestamp_micros());
    }
    if let Some(time) = without_zone(text) {
        return Ok(time.and_utc().timestamp_micros());
    }
    if let Ok(date) = text.parse::<NaiveDate>() {
        let start = date.and_time(NaiveTime::MIN).and_utc().timestamp_micros();
        return Ok(match edge {
            Edge::Start => start,
            Edge::End => start + DAY_US - 1,
        });
    }
    Err("it must be a time such as 2026-01-20T10:00:00Z, or a date such as 2026-01-20".to_owned())
}

/// A day and a time of day without a zone, with or without seconds, as in `2026-01-20 10:00` and `2026-01-20T10:00:30.5`.
#[must_use]
pub fn without_zone(text: &str) -> Option<NaiveDateTime> {
    let text = text.replacen([' ', '+'], "T", 1);
    let forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"].into_iter();
    let mut times = forms.filter_map(|form| NaiveDateTime::parse_from_str(&text, form).ok());
    times.next()
}

/// A time as [`time`] reads it, to the microsecond.
#[must_use]
pub(super) fn show_time(us: i64) -> String {
    time_from_us(us).to_rfc3339()
}

/// Microseconds as [`seconds_us`] reads them.
#[must_use]
pub(super) fn show_seconds(us: i64) -> String {
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_usual_form() {
        let at = |text: &str, edge| time(text, edge).unwrap();
        let noon = 1_768_910_400_000_000;
        assert_eq!(at("2026-01-20T12:00:00Z", Edge::Start), noon);
        assert_eq!(at("2026-01-20T13:00:00+01:00", Edge::Start), noon);
        assert_eq!(at("2026-01-20T13:00:00 01:00", Edge::Start), noon);
        assert_eq!(at("2026-01-20T12:00:00", Edge::Start), noon);
        assert_eq!(at("2026-01-20 12:00:00", Edge::Start), noon);
        assert_eq!(at("2026-01-20 12:00", Edge::Start), noon);
        assert_eq!(at("2026-01-20+12:00", Edge::Start), noon);
        assert_eq!(at("2026-01-20T12:00", Edge::End), noon);
        assert_eq!(at("2026-01-20T12:00:00.25", Edge::Start), noon + 250_000);
        assert_eq!(at("2026-01-20", Edge::Start), noon - 43_200_000_000);
        assert_eq!(at("2026-01-20", Edge::End), noon + 43_200_000_000 - 1);
        assert!(time("yesterday", Edge::Start).is_err());
    }

    #[test]
    fn words_are_told_with_those_that_exist() {
        let name = |word: &'static str| word;
        assert_eq!(word("b", &["a", "b"], name), Ok("b"));
        let told = |all: &[&'static str]| word("x", all, name).unwrap_err();
        assert_eq!(told(&["a", "b"]), "it must be a or b");
        assert_eq!(told(&["a", "b", "c"]), "it must be one of a, b, c");
    }

    #[test]
    fn numbers_have_bounds() {
        assert_eq!(seconds_us("1.5"), Ok(1_500_000));
        assert_eq!(seconds_us("1e300"), Ok(i64::MAX));
        for wrong in ["-1", "NaN", "inf", "", "1s"] {
            assert!(seconds_us(wrong).is_err(), "{wrong}");
        }
        assert!(number("4294967296").is_err() && number("-1").is_err());
        assert!(part(&"x".repeat(1001)).is_err() && part(&"ä".repeat(1000)).is_ok());
        assert!(flag("yes").is_err() && flag("true") == Ok(true));
    }
}
