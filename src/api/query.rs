//! Reading what a request asks for, with errors that name the field and the next step.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use playback_wire::ExecutionType;
use serde::Deserialize;
use utoipa::IntoParams;

use super::ApiError;
use crate::model::{Cursor, ExecutionFilter, Page, Reason, Status};

/// Entries of a page when nothing else is asked for.
pub(super) const DEFAULT_LIMIT: u32 = 50;
/// Entries of a page at most.
pub(super) const MAX_LIMIT: u32 = 1000;
/// Characters of a search at most: databases give up on much longer ones.
const LONGEST_SEARCH: usize = 1000;

/// Checks a page's size.
pub(super) fn limit(asked: Option<u32>) -> Result<u32, ApiError> {
    match asked {
        None => Ok(DEFAULT_LIMIT),
        Some(limit @ 1..=MAX_LIMIT) => Ok(limit),
        Some(limit) => Err(ApiError::bad_request(format!(
            "limit = {limit}: it must be from 1 to {MAX_LIMIT}; use cursor for more"
        ))),
    }
}

/// Filters and page of the list of executions; all that are given must hold.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ListQuery {
    /// `running`, `success` or `failed`.
    pub(super) status: Option<String>,
    /// `playbook` or `adhoc`.
    pub(super) r#type: Option<String>,
    /// The playbook: its file name, or its path as recorded.
    pub(super) playbook: Option<String>,
    /// The inventory: its file name, or its path as recorded.
    pub(super) inventory: Option<String>,
    /// Inventory name of a host that took part.
    pub(super) host: Option<String>,
    /// Login name of the user who ran it.
    pub(super) user: Option<String>,
    /// Name of the machine that ran it.
    pub(super) controller: Option<String>,
    /// A label that it carries.
    pub(super) label: Option<String>,
    /// Whether it changed anything: `true` or `false`. With `host`, whether it changed that host. A run in check
    /// mode changes nothing.
    pub(super) changed: Option<bool>,
    /// Why it failed: `task_failed`, `unreachable`, `canceled`, `timed_out`, `lost`, `launch_error`
    /// or `ansible_error`.
    pub(super) reason: Option<String>,
    /// Whether somebody has pinned it: `true` or `false`.
    pub(super) pinned: Option<bool>,
    /// Started at or after: RFC 3339, or a date (UTC).
    pub(super) start_date: Option<String>,
    /// Started at or before: RFC 3339, or a date, that day included (UTC).
    pub(super) end_date: Option<String>,
    /// Took at least that many seconds.
    pub(super) min_duration: Option<f64>,
    /// Part of what is recorded of the run's start (playbook, inventory, user, note, command line …),
    /// ignoring case.
    pub(super) q: Option<String>,
    /// Entries at most: 1 to 1000, 50 by default.
    pub(super) limit: Option<u32>,
    /// Entries to pass over; `cursor` is faster.
    pub(super) offset: Option<u64>,
    /// `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
    /// `desc` (newest first, the default) or `asc`.
    pub(super) order: Option<String>,
    /// Names of the fields to return, separated by commas; all by default. Names that no field has are passed over.
    pub(super) fields: Option<String>,
}

impl ListQuery {
    pub(super) fn filter(&self) -> Result<ExecutionFilter, ApiError> {
        let kind = match self.r#type.as_deref().filter(|kind| !kind.is_empty()) {
            None => None,
            Some("playbook") => Some(ExecutionType::Playbook),
            Some("adhoc") => Some(ExecutionType::Adhoc),
            Some(other) => {
                return Err(ApiError::bad_request(format!(
                    "type = {other:?}: it must be playbook or adhoc"
                )));
            }
        };
        let text = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        Ok(ExecutionFilter {
            status: named(
                "status",
                self.status.as_deref(),
                Status::ALL,
                Status::as_str,
            )?,
            r#type: kind,
            playbook: text(&self.playbook),
            inventory: text(&self.inventory),
            host: text(&self.host),
            user: text(&self.user),
            controller: text(&self.controller),
            label: text(&self.label),
            changed: self.changed,
            reason: named(
                "reason",
                self.reason.as_deref(),
                Reason::ALL,
                Reason::as_str,
            )?,
            pinned: self.pinned,
            from_us: time("start_date", self.start_date.as_deref(), Day::Start)?,
            to_us: time("end_date", self.end_date.as_deref(), Day::End)?,
            min_duration_us: match self.min_duration {
                None => None,
                Some(seconds) if seconds.is_finite() && seconds >= 0.0 => {
                    Some((seconds * 1e6) as i64)
                }
                Some(seconds) => {
                    return Err(ApiError::bad_request(format!(
                        "min_duration = {seconds}: it must be a number of seconds, 0 or more"
                    )));
                }
            },
            q: self.search()?,
        })
    }

    fn search(&self) -> Result<Option<String>, ApiError> {
        let q = self.q.clone().filter(|q| !q.is_empty());
        if q.as_ref()
            .is_some_and(|q| q.chars().count() > LONGEST_SEARCH)
        {
            return Err(ApiError::bad_request(format!(
                "q is too long: {LONGEST_SEARCH} characters at most"
            )));
        }
        Ok(q)
    }

    pub(super) fn page(&self) -> Result<Page, ApiError> {
        let after = match self.cursor.as_deref().filter(|cursor| !cursor.is_empty()) {
            None => None,
            Some(cursor) => Some(Cursor::decode(cursor).ok_or_else(|| {
                ApiError::bad_request(
                    "cursor: this is no cursor; take next_cursor of the page before, as it is",
                )
            })?),
        };
        let ascending = match self.order.as_deref() {
            None | Some("" | "desc") => false,
            Some("asc") => true,
            Some(other) => {
                return Err(ApiError::bad_request(format!(
                    "order = {other:?}: it must be asc or desc"
                )));
            }
        };
        Ok(Page {
            limit: limit(self.limit)?,
            offset: self.offset.unwrap_or(0),
            after,
            ascending,
        })
    }
}

/// Reads a value that must be one of a few names.
pub(super) fn named<T: Copy>(
    field: &str,
    value: Option<&str>,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<Option<T>, ApiError> {
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    if let Some(found) = all.iter().copied().find(|known| name(*known) == value) {
        return Ok(Some(found));
    }
    let names: Vec<&str> = all.iter().map(|known| name(*known)).collect();
    Err(ApiError::bad_request(format!(
        "{field} = {value:?}: it must be one of {}",
        names.join(", ")
    )))
}

/// Which moment of a day a date means.
#[derive(Clone, Copy)]
pub(super) enum Day {
    Start,
    End,
}

/// Reads a time: RFC 3339, without a zone (UTC), or a date, which means its first or last moment.
pub(super) fn time(field: &str, value: Option<&str>, day: Day) -> Result<Option<i64>, ApiError> {
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    // A plus sign that was not percent-encoded arrives as a space.
    let text = value.replace(' ', "+");
    if let Ok(time) = DateTime::parse_from_rfc3339(&text) {
        return Ok(Some(time.timestamp_micros()));
    }
    if let Ok(time) = text.replacen('+', "T", 1).parse::<NaiveDateTime>() {
        return Ok(Some(time.and_utc().timestamp_micros()));
    }
    if let Ok(date) = value.parse::<NaiveDate>() {
        let start = date.and_time(NaiveTime::MIN).and_utc().timestamp_micros();
        return Ok(Some(match day {
            Day::Start => start,
            Day::End => start + 86_400_000_000 - 1,
        }));
    }
    Err(ApiError::bad_request(format!(
        "{field} = {value:?}: it must be a time such as 2026-01-20T10:00:00Z, or a date such as \
         2026-01-20"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_usual_form() {
        let at = |text: &str, day| time("t", Some(text), day).unwrap().unwrap();
        let noon = 1_768_910_400_000_000;
        assert_eq!(at("2026-01-20T12:00:00Z", Day::Start), noon);
        assert_eq!(at("2026-01-20T13:00:00+01:00", Day::Start), noon);
        assert_eq!(at("2026-01-20T13:00:00 01:00", Day::Start), noon);
        assert_eq!(at("2026-01-20T12:00:00", Day::Start), noon);
        assert_eq!(at("2026-01-20 12:00:00", Day::Start), noon);
        assert_eq!(at("2026-01-20", Day::Start), noon - 43_200_000_000);
        assert_eq!(at("2026-01-20", Day::End), noon + 43_200_000_000 - 1);
        assert!(time("t", Some("yesterday"), Day::Start).is_err());
    }
}
