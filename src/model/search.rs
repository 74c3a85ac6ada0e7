//! Answers of a search through the lines of all runs.

use chrono::{DateTime, Utc};
use playback_wire::{ExecutionType, Stream};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Status;

/// Lines that match a query: the newest run first, and the lines of a run in their order.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct SearchPage {
    /// The lines.
    pub hits: Vec<SearchHit>,
    /// Send this as `cursor` to continue; missing when everything was searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Whether the search stopped at its time limit. Down to `searched_back_to`, it is complete.
    #[serde(default)]
    pub timed_out: bool,
    /// Start of the oldest run that was searched, as a whole or in part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub searched_back_to: Option<DateTime<Utc>>,
    /// Number of runs that were read, among those that match the query's fields.
    #[serde(default)]
    pub runs_searched: u64,
    /// Number of further runs that the index excluded, whether or not they match the query's fields; they were not
    /// read.
    #[serde(default)]
    pub runs_ruled_out: u64,
    /// Number of runs that could not be searched, because retention removed their log.
    #[serde(default)]
    pub runs_without_log: u64,
    /// Counts of the lines found, if requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facets: Option<SearchFacets>,
}

/// A line that matches a query.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SearchHit {
    /// The run.
    pub execution: FoundRun,
    /// The line's source: `output` (what Ansible printed), `task` (the name of a task), or the field of a result, such
    /// as `stderr`, `msg` or `diff.0.after`.
    pub r#in: String,
    /// The line's number in that source, from 0. For `output`, `/executions/{id}/output?from=` begins with it.
    pub line: u64,
    /// Sequence number of its event; for a line of a result, `/executions/{id}/results/{seq}` returns the whole result.
    pub seq: u64,
    /// When it was printed or returned.
    pub time: DateTime<Utc>,
    /// Where it was printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,
    /// Inventory name of the host that it belongs to, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The task that it belongs to, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<FoundTask>,
    /// The line without colours; for a long line, the part around the first match.
    pub text: String,
    /// The same text in parts. Every second part is a match: the first part is the text before the first match.
    pub parts: Vec<String>,
    /// Lines before this line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
    /// Lines after this line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
}

/// The run of a line.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FoundRun {
    /// Its identity.
    pub id: Uuid,
    /// Playbook or ad-hoc.
    pub r#type: ExecutionType,
    /// The playbook as named on the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playbook: Option<String>,
    /// Ad-hoc: the host pattern.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<String>,
    /// Ad-hoc: the module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Whether it ran in check mode.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub check: bool,
    /// How it ended.
    pub status: Status,
    /// When it started.
    pub start_time: DateTime<Utc>,
}

/// The task of a line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundTask {
    /// Its number within the run.
    pub number: u32,
    /// Its name, without the role.
    pub name: String,
    /// Its role; empty if it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// Module or action.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub action: String,
}

/// Counts of the lines found by facet, the most frequent values first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct SearchFacets {
    /// Number of counted lines: all that were found until the search was complete or its time was up.
    pub lines: u64,
    /// Number of runs that contain them.
    pub runs: u64,
    /// By playbook.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub playbook: Vec<FacetCount>,
    /// By host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host: Vec<FacetCount>,
    /// By name of the task.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub task: Vec<FacetCount>,
    /// By module or action.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub module: Vec<FacetCount>,
    /// By status of the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<FacetCount>,
    /// By day, in UTC; the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub day: Vec<FacetCount>,
}

/// Number of lines with a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FacetCount {
    /// The value.
    pub value: String,
    /// Number of lines.
    pub lines: u64,
}

/// A facet of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    /// By playbook.
    Playbook,
    /// By host.
    Host,
    /// By name of the task.
    Task,
    /// By module.
    Module,
    /// By status of the run.
    Status,
    /// By day.
    Day,
}

impl Facet {
    /// Every facet.
    pub const ALL: [Self; 6] = [
        Self::Playbook,
        Self::Host,
        Self::Task,
        Self::Module,
        Self::Status,
        Self::Day,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Playbook => "playbook",
            Self::Host => "host",
            Self::Task => "task",
            Self::Module => "module",
            Self::Status => "status",
            Self::Day => "day",
        }
    }
}
