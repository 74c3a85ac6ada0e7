//! The object of the callback `json`.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde::Deserialize;

use crate::import::NotTranslated;
use crate::import::fields::Fields;

/// A run.
#[derive(Debug, Deserialize)]
pub(super) struct Document<'a> {
    /// Its plays.
    #[serde(borrow)]
    pub(super) plays: Vec<Play<'a>>,
    /// Its recap; none if the run ended without one.
    pub(super) stats: Option<BTreeMap<String, Counts>>,
}

/// A play; under `serial` a batch of it.
#[derive(Debug, Deserialize)]
pub(super) struct Play<'a> {
    pub(super) play: Head,
    #[serde(borrow, default)]
    pub(super) tasks: Vec<Task<'a>>,
}

/// A task; one that runs several times is there as often.
#[derive(Debug, Deserialize)]
pub(super) struct Task<'a> {
    pub(super) task: Head,
    /// Host → result.
    #[serde(borrow, default)]
    pub(super) hosts: Fields<'a>,
    /// Of `jsonl`: when the result of each host came, in the order of `hosts`.
    #[serde(skip)]
    pub(super) ended_us: Vec<i64>,
    /// Of `jsonl`: whether it ran as a handler.
    #[serde(skip)]
    pub(super) handler: bool,
}

/// The description of a play or a task.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Head {
    pub(super) id: String,
    pub(super) name: String,
    /// File and line, joined by a colon; since ansible-core 2.11.
    pub(super) path: Option<String>,
    pub(super) duration: Duration,
}

/// When something began and ended.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Duration {
    pub(super) start: Option<String>,
    pub(super) end: Option<String>,
}

impl Head {
    /// When it began, in microseconds since the Unix epoch.
    pub(super) fn started_us(&self) -> Result<i64, NotTranslated> {
        let start = self.duration.start.as_deref();
        let start =
            start.ok_or_else(|| NotTranslated::new(format!("{:?} has no time", self.name)))?;
        time(start)
    }

    /// When it ended, if it did.
    pub(super) fn ended_us(&self) -> Result<Option<i64>, NotTranslated> {
        self.duration.end.as_deref().map(time).transpose()
    }

    /// File and line; 0 if it is not known.
    pub(super) fn place(&self) -> (&str, u32) {
        let path = self.path.as_deref().unwrap_or_default();
        match path.rsplit_once(':') {
            Some((file, line)) => match line.parse() {
                Ok(line) => (file, line),
                Err(_) => (path, 0),
            },
            None => (path, 0),
        }
    }
}

/// A time: RFC 3339, or without a zone, which means UTC.
pub(super) fn time(text: &str) -> Result<i64, NotTranslated> {
    let zoned = match text.ends_with('Z') || text.contains('+') {
        true => DateTime::parse_from_rfc3339(text),
        false => DateTime::parse_from_rfc3339(&format!("{text}Z")),
    };
    zoned
        .map(|time| time.timestamp_micros())
        .map_err(|_| NotTranslated::new(format!("{text:?} is no time")))
}

/// The recap's counts of a host.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct Counts {
    pub(super) ok: u64,
    pub(super) changed: u64,
    pub(super) unreachable: u64,
    pub(super) failures: u64,
    pub(super) skipped: u64,
    pub(super) rescued: u64,
    pub(super) ignored: u64,
}
