//! Configuration of retention: `[[retention]]` and `retention_schedule`.

use serde::Deserialize;

use crate::filter::{Filtered, place};
use crate::model::{Limits, RetentionRule, parse_bytes};

const SECOND_US: i64 = 1_000_000;
const HOUR_US: i64 = 3600 * SECOND_US;
const DAY_US: i64 = 24 * HOUR_US;

/// One rule, as written in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RuleText")]
pub struct RuleConfig(pub RetentionRule);

/// Filters and limits of a rule.
type RuleText = Filtered<place::Retention, LimitsText>;

#[derive(Default, Deserialize)]
#[serde(default)]
struct LimitsText {
    keep_days: Option<u32>,
    keep_runs: Option<u64>,
    keep_bytes: Option<String>,
    keep_payload_days: Option<u32>,
    keep_at_least: u64,
}

impl TryFrom<RuleText> for RuleConfig {
    type Error = String;

    fn try_from(text: RuleText) -> Result<Self, String> {
        let scope = text.filter()?;
        let LimitsText {
            keep_days,
            keep_runs,
            keep_bytes,
            keep_payload_days,
            keep_at_least,
        } = text.rest;
        let keep_bytes = keep_bytes.as_deref().map(parse_bytes).transpose();
        let rule = RetentionRule {
            scope,
            limits: Limits {
                keep_days,
                keep_runs,
                keep_bytes: keep_bytes.map_err(|error| format!("keep_bytes: {error}"))?,
                keep_payload_days,
                keep_at_least,
            },
        };
        rule.check("keep_days")?;
        Ok(Self(rule))
    }
}

/// When the rules are applied automatically. Times are UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Schedule {
    /// Every day at that time.
    Daily {
        /// Microseconds after midnight.
        at_us: i64,
    },
    /// At the beginning of each hour.
    Hourly,
    /// At a fixed interval, counted from midnight of 1970-01-01, so that all collectors use the same times.
    Every {
        /// The interval, in microseconds.
        us: i64,
    },
}

impl TryFrom<String> for Schedule {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let read = match words.as_slice() {
            ["hourly"] => Some(Self::Hourly),
            ["daily", time] => time_of_day(time).map(|at_us| Self::Daily { at_us }),
            ["every", count, unit] => every(count, unit),
            _ => None,
        };
        read.ok_or_else(|| {
            format!(
                "retention_schedule = {text:?}: it must be \"daily HH:MM\" (UTC), \"hourly\", or \
                 \"every N seconds\", \"minutes\" or \"hours\""
            )
        })
    }
}

fn time_of_day(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let is_two = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_two(hour) || !is_two(minute) {
        return None;
    }
    let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * HOUR_US + minute * 60 * SECOND_US)
}

fn every(count: &str, unit: &str) -> Option<Schedule> {
    let count: u32 = count.parse().ok()?;
    let unit = match unit {
        "second" | "seconds" => SECOND_US,
        "minute" | "minutes" => 60 * SECOND_US,
        "hour" | "hours" => HOUR_US,
        _ => return None,
    };
    (count > 0).then_some(Schedule::Every {
        us: i64::from(count) * unit,
    })
}

impl Schedule {
    /// The next time after `now_us`; both in microseconds since the epoch.
    #[must_use]
    pub fn next_after(self, now_us: i64) -> i64 {
        let next = |period: i64, offset: i64| {
            let begun = (now_us - offset).div_euclid(period);
            (begun + 1) * period + offset
        };
        match self {
            Self::Daily { at_us } => next(DAY_US, at_us),
            Self::Hourly => next(HOUR_US, 0),
            Self::Every { us } => next(us, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_read_and_say_when_it_is_time() {
        let read = |text: &str| Schedule::try_from(text.to_owned());
        let ten = 1_768_903_200_000_000; // 2026-01-20T10:00:00Z
        let daily = read("daily 03:00").unwrap();
        assert_eq!(daily.next_after(ten), ten + 17 * HOUR_US);
        assert_eq!(daily.next_after(ten + 17 * HOUR_US), ten + 41 * HOUR_US);
        assert_eq!(daily.next_after(ten + 17 * HOUR_US - 1), ten + 17 * HOUR_US);
        assert_eq!(read("hourly").unwrap().next_after(ten), ten + HOUR_US);
        let every = read("every 15 minutes").unwrap();
        assert_eq!(every.next_after(ten), ten + HOUR_US / 4);
        assert_eq!(every.next_after(ten + 1), ten + HOUR_US / 4);
        for wrong in [
            "",
            "daily",
            "daily 3:00",
            "daily 24:00",
            "every 0 hours",
            "every 5 days",
            "weekly",
        ] {
            let error = read(wrong).unwrap_err();
            assert!(error.contains("daily HH:MM"), "{error}");
        }
    }

    #[test]
    fn rules_name_what_is_wrong_with_them() {
        let read = |text: &str| toml::from_str::<RuleConfig>(text);
        let rule = read("playbook = 'site.yml'\nkeep_days = 30\nkeep_bytes = '10GB'")
            .unwrap()
            .0;
        assert_eq!(rule.limits.keep_bytes, Some(10_000_000_000));
        for (text, says) in [
            ("keep_days = 0", "keep_days = 0"),
            ("keep_days = -1", "-1"),
            ("keep_bytes = 'much'", "keep_bytes: \"much\""),
            ("status = 'running'", "never removed"),
            ("label = ''", "label"),
            (
                "status = 'lost'",
                "status = \"lost\": it must be success or failed",
            ),
            ("days = 3", "unknown field `days`"),
            ("lable = 'a'", "did you mean `label`?"),
            (
                "user = 'ann'",
                "unknown field `user`: There are status, type, playbook, label, keep_days",
            ),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
