//! The times of a cron line in a time zone.
//!
//! `croner` finds the wall-clock times that a line names. Their moments when clocks are changed are determined here, by
//! the rules of Debian's cron: a line without `*` in its minute and hour names times of day, each of which comes once a
//! day, whatever the clock does; any other line names intervals, which follow the clock.

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

/// The longest cron line, in bytes.
const LONGEST: usize = 200;

/// Maximum number of times that are counted.
pub const MOST_COUNTED: u64 = 1000;

/// How far before the end the last time of many is searched second by second, in seconds: farther than clocks are
/// changed, with the one exception that a whole day was left out.
const NEAR: i64 = 3 * 3600;

/// No offset from UTC is larger, in seconds, and no clock was ever changed by more.
const FAR: i64 = 26 * 3600;

/// Why a cron line or a zone cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimetableError {
    /// The line is not understood.
    #[error(
        "cron: {line:?} is not understood: {problem}. It has five fields (minute, hour, day of month, month, day of \
         week), such as \"30 3 * * mon-fri\", six with seconds before them, or is @hourly, @daily, @weekly, @monthly or \
         @yearly"
    )]
    Line {
        /// The line.
        line: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The line never matches.
    #[error("cron: {0:?} never comes: no date has this day in this month")]
    Never(String),
    /// There is no such zone.
    #[error(
        "zone: there is no time zone {name:?}{}: names are those of the IANA database, such as Europe/Berlin or UTC",
        .meant.map(|meant| format!(" (did you mean {meant}?)")).unwrap_or_default()
    )]
    Zone {
        /// The name.
        name: String,
        /// The zone whose name differs in upper and lower case alone.
        meant: Option<&'static str>,
    },
}

/// When a schedule runs.
#[derive(Debug, Clone)]
pub struct Timetable {
    cron: Cron,
    zone: Tz,
    /// Whether it names times of day, and not intervals.
    is_fixed: bool,
}

/// The last of several times, and how many came before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastTime {
    /// The time, in microseconds since the epoch.
    pub time_us: i64,
    /// How many came before it: [`MOST_COUNTED`] if there are that many or more.
    pub before: u64,
}

impl Timetable {
    /// Reads a cron line and the name of a zone.
    ///
    /// # Errors
    /// One of them is not understood.
    pub fn parse(line: &str, zone: &str) -> Result<Self, TimetableError> {
        let unreadable = |problem: String| TimetableError::Line {
            line: line.chars().take(LONGEST).collect(),
            problem,
        };
        if line.len() > LONGEST || !line.is_ascii() {
            return Err(unreadable(format!(
                "it has more than {LONGEST} bytes, or other characters than a cron line has"
            )));
        }
        let text = expanded(line.trim());
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let (minute, hour) = match fields.as_slice() {
            [minute, hour, _, _, _] | [_, minute, hour, _, _, _] => (*minute, *hour),
            fields => return Err(unreadable(format!("it has {} fields", fields.len()))),
        };
        // They would be passed over in silence.
        let has_gap = |field: &&str| field.split(',').any(str::is_empty);
        if fields.iter().any(has_gap) {
            return Err(unreadable("a list in it has an empty part".to_owned()));
        }
        let parser = CronParser::builder()
            .seconds(Seconds::Optional)
            .year(Year::Disallowed)
            .build();
        let cron = parser
            .parse(&text)
            .map_err(|error| unreadable(error.to_string().trim_end_matches('.').to_owned()))?;
        Ok(Self {
            cron,
            zone: zone_of(zone)?,
            is_fixed: !minute.contains('*') && !hour.contains('*'),
        })
    }

    /// The first time after this one, both in microseconds since the epoch; none if there is none until the year 5000.
    #[must_use]
    pub fn next_after(&self, after_us: i64) -> Option<i64> {
        let after = DateTime::from_timestamp(after_us.div_euclid(1_000_000), 0)?;
        let local = self.local(after);
        let next = self.next_from(local, after);
        let next = match self.second_pass(local, after) {
            None => next,
            Some(begin) => {
                let before = begin - TimeDelta::seconds(1);
                let from = self.local(begin) - TimeDelta::seconds(1);
                let again = self.next_from(from, before);
                next.into_iter().chain(again).min()
            }
        };
        next.map(|time| time.timestamp().saturating_mul(1_000_000))
    }

    /// The next times after this one, at most `count`.
    #[must_use]
    pub fn preview(&self, after_us: i64, count: usize) -> Vec<i64> {
        std::iter::successors(self.next_after(after_us), |time| self.next_after(*time))
            .take(count)
            .collect()
    }

    /// The next times as the zone has them, with its offset from UTC.
    #[must_use]
    pub fn preview_in_zone(&self, after_us: i64, count: usize) -> Vec<DateTime<FixedOffset>> {
        let times = self.preview(after_us, count).into_iter();
        let in_zone = times.filter_map(|time_us| {
            let time = DateTime::from_timestamp_micros(time_us)?;
            Some(time.with_timezone(&self.zone).fixed_offset())
        });
        in_zone.collect()
    }

    /// The last time after `after_us`, up to `until_us` with it; none if there is none between them.
    #[must_use]
    pub fn last_until(&self, after_us: i64, until_us: i64) -> Option<LastTime> {
        let next = |time_us| {
            self.next_after(time_us)
                .filter(|time_us| *time_us <= until_us)
        };
        let mut time_us = next(after_us)?;
        let mut before = 0;
        while before < MOST_COUNTED {
            let Some(next_us) = next(time_us) else {
                return Some(LastTime { time_us, before });
            };
            time_us = next_us;
            before += 1;
        }
        // Counting this many would take too long: the last one is searched from the end.
        let near_us = until_us.saturating_sub(NEAR * 1_000_000);
        if near_us > time_us && next(near_us).is_none() {
            time_us = self.last_before(near_us).unwrap_or(time_us).max(time_us);
        } else {
            time_us = time_us.max(near_us);
        }
        while let Some(next_us) = next(time_us) {
            time_us = next_us;
        }
        Some(LastTime { time_us, before })
    }

    /// A time that is the last one up to this one, or near it where the clock is changed.
    fn last_before(&self, until_us: i64) -> Option<i64> {
        let until = DateTime::from_timestamp(until_us.div_euclid(1_000_000), 0)?;
        let wall = self.local(until).and_utc();
        let found = self.cron.find_previous_occurrence(&wall, true).ok()?;
        let time = self.moment(found.naive_utc(), until)?;
        Some(time.timestamp().saturating_mul(1_000_000))
    }

    fn local(&self, time: DateTime<Utc>) -> NaiveDateTime {
        time.with_timezone(&self.zone).naive_local()
    }

    /// The first time after `after` among those whose wall-clock time comes after `wall`.
    fn next_from(&self, wall: NaiveDateTime, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut wall = wall;
        loop {
            let found = self
                .cron
                .find_next_occurrence(&wall.and_utc(), false)
                .ok()?;
            wall = found.naive_utc();
            match self.moment(wall, after) {
                Some(time) if time > after => return Some(time),
                Some(_) => {}
                // Nothing comes within the gap.
                None => wall = self.local(self.end_of_gap(wall)) - TimeDelta::seconds(1),
            }
        }
    }

    /// The moment of a wall-clock time. If it comes twice, a time of day is the first of the two, and an interval the
    /// first after `after`. If it is left out, a time of day comes when the clock continues, and an interval does not
    /// come.
    fn moment(&self, wall: NaiveDateTime, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.zone.from_local_datetime(&wall) {
            chrono::LocalResult::Single(time) => Some(time.to_utc()),
            chrono::LocalResult::Ambiguous(first, second) => {
                let is_second = !self.is_fixed && first <= after;
                let meant = if is_second { second } else { first };
                Some(meant.to_utc())
            }
            chrono::LocalResult::None if self.is_fixed => Some(self.end_of_gap(wall)),
            chrono::LocalResult::None => None,
        }
    }

    /// If these wall-clock times come again, because the clock is about to be set back: when that begins.
    fn second_pass(&self, local: NaiveDateTime, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.is_fixed {
            return None;
        }
        let chrono::LocalResult::Ambiguous(first, second) = self.zone.from_local_datetime(&local)
        else {
            return None;
        };
        if first != after {
            return None;
        }
        let ahead = local - after.naive_utc();
        let is_set_back = |time: DateTime<Utc>| self.local(time) - time.naive_utc() != ahead;
        Some(first_that(after, second.to_utc(), is_set_back))
    }

    /// When the clock continues that left this wall-clock time out.
    fn end_of_gap(&self, wall: NaiveDateTime) -> DateTime<Utc> {
        let (far, wall_utc) = (TimeDelta::seconds(FAR), wall.and_utc());
        first_that(wall_utc - far, wall_utc + far, |time| {
            self.local(time) > wall
        })
    }
}

/// The first second after `low`, up to `high` with it, of which something is true: it is not of `low`, it is of `high`, and
/// from some moment on it is.
fn first_that(
    mut low: DateTime<Utc>,
    mut high: DateTime<Utc>,
    is_true: impl Fn(DateTime<Utc>) -> bool,
) -> DateTime<Utc> {
    while (high - low).num_seconds() > 1 {
        let middle = low + TimeDelta::seconds((high - low).num_seconds() / 2);
        match is_true(middle) {
            true => high = middle,
            false => low = middle,
        }
    }
    high
}

/// The fields that a nickname stands for.
fn expanded(line: &str) -> String {
    let fields = match line.to_ascii_lowercase().as_str() {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => line,
    };
    fields.to_owned()
}

fn zone_of(name: &str) -> Result<Tz, TimetableError> {
    name.parse().map_err(|_| {
        let mut zones = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        TimetableError::Zone {
            name: name.chars().take(LONGEST).collect(),
            meant: zones.find(|zone| zone.eq_ignore_ascii_case(name)),
        }
    })
}

#[cfg(test)]
mod tests;
