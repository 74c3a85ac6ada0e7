//! Answers of a search through the lines of all runs.

use chrono::{DateTime, Utc};
use playback_wire::{ExecutionType, Stream};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Status;

/// Lines that a query found, the newest run first, and each run's lines in the order in which they came.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct SearchPage {
    /// The lines.
    pub hits: Vec<SearchHit>,
    /// Ask with this as `cursor` to go on; missing when everything was searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Whether the search ended because its time was over. Nothing is missing before `searched_back_to`.
    #[serde(default)]
    pub timed_out: bool,
    /// Start of the oldest run that was searched, as a whole or in part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub searched_back_to: Option<DateTime<Utc>>,
    /// How many runs were read, of those that the query's fields left.
    #[serde(default)]
    pub runs_searched: u64,
    /// How many more runs the index ruled out, whatever the query's fields say of them: they were not read.
    #[serde(default)]
    pub runs_ruled_out: u64,
    /// How many runs could not be searched, because retention removed their log.
    #[serde(default)]
    pub runs_without_log: u64,
    /// Counts of the lines found, if they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facets: Option<SearchFacets>,
}

/// A line that a query found.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SearchHit {
    /// The run.
    pub execution: FoundRun,
    /// Where the line stands: `output` (what Ansible printed), `task` (the name of a task), or the field of a result, as
    /// in `stderr`, `msg` or `diff.0.after`.
    pub r#in: String,
    /// The line's number there, from 0. In `output`, `/executions/{id}/output?from=` begins with it.
    pub line: u64,
    /// Sequence number of its event; for a line of a result, `/executions/{id}/results/{seq}` has the whole result.
    pub seq: u64,
    /// When it was printed or returned.
    pub time: DateTime<Utc>,
    /// Where it was printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,
    /// Inventory name of the host that it belongs to, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The task that it belongs to, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<FoundTask>,
    /// The line without colours; of a long one, the part around the first match.
    pub text: String,
    /// The same text in parts, of which every second one is a match: the first part is before the first match.
    pub parts: Vec<String>,
    /// Lines before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
    /// Lines after it.
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
    /// Its role; empty when there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// Module or action.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub action: String,
}

/// Counts of the lines found: by each facet, the most frequent values first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct SearchFacets {
    /// Lines that were counted: all that were found until everything was searched or the time was over.
    pub lines: u64,
    /// Runs that they are in.
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

/// How many lines have a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FacetCount {
    /// The value.
    pub value: String,
    /// How many lines.
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
