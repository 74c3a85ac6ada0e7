//! Retention rules, and the data that they look at. No I/O, no SQL.

use chrono::{DateTime, Utc};
use playback_wire::ExecutionType;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ExecutionFilter, ExecutionKey, Status, time_from_us};

/// The state of an execution's stored log. It is not recorded by events, so no projection writes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogState {
    /// Size of the stored log, in bytes; none until it is measured.
    pub payload_bytes: Option<u64>,
    /// When retention removed the log, in microseconds since the epoch.
    pub payload_removed_us: Option<i64>,
}

impl LogState {
    /// Whether the log is gone, so that only the rows are left.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.payload_removed_us.is_some()
    }
}

/// Protects an execution from removal, whatever the rules say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// When it was pinned, in microseconds since the epoch.
    pub pinned_us: i64,
    /// Who.
    pub by: String,
    /// Why, in their words.
    pub note: Option<String>,
}

/// Who pinned an execution, as served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pinned {
    /// When it was pinned.
    pub time: DateTime<Utc>,
    /// Who.
    pub by: String,
    /// Why, in their words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl From<Pin> for Pinned {
    fn from(pin: Pin) -> Self {
        Self {
            time: time_from_us(pin.pinned_us),
            by: pin.by,
            note: pin.note,
        }
    }
}

/// Which executions a rule applies to: the filters of [`crate::filter::PlaceName::Retention`]; the others are not set.
pub type Scope = ExecutionFilter;

/// The limits of a rule. A limit that is not set removes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Days that an execution is kept after its end; after its arrival, if its clock was off by a year.
    pub keep_days: Option<u32>,
    /// Number of executions kept, newest first.
    pub keep_runs: Option<u64>,
    /// Bytes of logs kept, newest first.
    pub keep_bytes: Option<u64>,
    /// Days that an execution's log is kept after its end; its rows stay.
    pub keep_payload_days: Option<u32>,
    /// Number of each playbook's newest executions that are always kept completely.
    pub keep_at_least: u64,
}

impl Limits {
    /// Whether the limits ever remove anything.
    #[must_use]
    pub fn remove_something(&self) -> bool {
        self.keep_days.is_some()
            || self.keep_runs.is_some()
            || self.keep_bytes.is_some()
            || self.keep_payload_days.is_some()
    }
}

/// A rule: which executions it applies to, and its limits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetentionRule {
    /// The executions that it applies to.
    pub scope: Scope,
    /// Its limits.
    pub limits: Limits,
}

impl RetentionRule {
    /// Checks the limits; an error names the field. `days` is the name of the field for days.
    ///
    /// # Errors
    /// A limit is zero.
    pub fn check(&self, days: &str) -> Result<(), String> {
        let counts = [
            (days, self.limits.keep_days.map(u64::from)),
            ("keep_runs", self.limits.keep_runs),
            ("keep_bytes", self.limits.keep_bytes),
            (
                "keep_payload_days",
                self.limits.keep_payload_days.map(u64::from),
            ),
        ];
        for (name, count) in counts {
            if count == Some(0) {
                return Err(format!(
                    "{name} = 0: it must be a positive number; leave it out for no limit"
                ));
            }
        }
        Ok(())
    }
}

/// An execution as rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Key in the store.
    pub key: ExecutionKey,
    /// Identity.
    pub id: Uuid,
    /// Its status.
    pub status: Status,
    /// Playbook or ad-hoc.
    pub r#type: ExecutionType,
    /// The playbook as recorded.
    pub playbook: Option<String>,
    /// Its file name.
    pub playbook_name: Option<String>,
    /// Its labels; empty where no rule asks for one.
    pub labels: Vec<String>,
    /// When it began, in microseconds since the epoch.
    pub started_us: i64,
    /// When it ended.
    pub ended_us: Option<i64>,
    /// When it arrived, by the collector's clock; none for executions that arrived before this was recorded.
    pub arrived_us: Option<i64>,
    /// How many results it has.
    pub results: u64,
    /// The state of its log.
    pub log: LogState,
    /// Whether it is pinned.
    pub is_pinned: bool,
}

/// Reads a size such as `500MB`, `10 GB` or `2GiB`: units of 1000 without an `i`, of 1024 with one.
///
/// # Errors
/// It is not a positive size; the message shows an example.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no size: 500MB, 10GB or 2GiB are");
    let text_ = text.trim();
    let digits = text_
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text_.len());
    let (number, unit) = text_.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let (base, power) = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => (1_u64, 0),
        "kb" | "k" => (1000, 1),
        "mb" | "m" => (1000, 2),
        "gb" | "g" => (1000, 3),
        "tb" | "t" => (1000, 4),
        "kib" => (1024, 1),
        "mib" => (1024, 2),
        "gib" => (1024, 3),
        "tib" => (1024, 4),
        _ => return Err(wrong()),
    };
    let bytes = base
        .checked_pow(power)
        .and_then(|unit| unit.checked_mul(number));
    match bytes {
        Some(bytes) if bytes > 0 && i64::try_from(bytes).is_ok() => Ok(bytes),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(parse_bytes("10GB"), Ok(10_000_000_000));
        assert_eq!(parse_bytes(" 2 GiB"), Ok(2 << 30));
        assert_eq!(parse_bytes("1500"), Ok(1500));
        assert_eq!(parse_bytes("5m"), Ok(5_000_000));
        for wrong in [
            "",
            "GB",
            "0",
            "1.5GB",
            "-1MB",
            "1PB",
            "99999999999TB",
            "1 2",
        ] {
            assert!(parse_bytes(wrong).is_err(), "{wrong}");
        }
    }
}
