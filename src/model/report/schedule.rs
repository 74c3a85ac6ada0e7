//! Schedules of reports, and the reports that were made for them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::model::DeliveryState;

/// A format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportFormat {
    /// One self-contained file, which mail programs can show.
    Html,
    /// Markdown.
    Markdown,
    /// A row for each figure, for spreadsheets.
    Csv,
    /// The report as the API serves it.
    Json,
    /// Text of 80 columns.
    Text,
}

impl ReportFormat {
    /// Every variant.
    pub const ALL: [Self; 5] = [
        Self::Html,
        Self::Markdown,
        Self::Csv,
        Self::Json,
        Self::Text,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Markdown => "markdown",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Text => "text",
        }
    }

    /// The value with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
            Self::Text => "text/plain; charset=utf-8",
        }
    }

    /// The file name's extension.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Markdown => "md",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Text => "txt",
        }
    }
}

/// Where a report is delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ReportDestination {
    /// Files in a folder of the collector's machine.
    Folder {
        /// Its name, within the folder that `[reports]` in the configuration names.
        name: String,
    },
    /// A notification target: a webhook, mail, a chat.
    Target {
        /// Its name.
        name: String,
    },
}

impl ReportDestination {
    /// The destination in words.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Folder { name } => format!("folder {name}"),
            Self::Target { name } => format!("target {name}"),
        }
    }
}

/// What a report schedule makes, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportSettings {
    /// When: a cron line of five fields (minute, hour, day of month, month, day of week), or `@daily`, `@weekly`,
    /// `@monthly`. The report's period ends at this time.
    #[schema(example = "0 7 * * mon")]
    pub cron: String,
    /// The time zone of the cron line, by its name in the IANA database.
    #[serde(default = "utc")]
    #[schema(example = "Europe/Berlin")]
    pub zone: String,
    /// The length of the report's period: `day`, `week` or `month`.
    #[schema(example = "week")]
    pub period: String,
    /// Which runs count, as a query; missing: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The formats that are delivered: as files in a folder, attachments of mails, documents of webhooks.
    #[serde(default = "html")]
    pub formats: Vec<ReportFormat>,
    /// Where it is delivered. If there are no destinations, it is only listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destinations: Vec<ReportDestination>,
    /// Whether it is paused, and makes no reports.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn html() -> Vec<ReportFormat> {
    vec![ReportFormat::Html]
}

/// A report schedule, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportSchedule {
    /// Its name.
    pub name: String,
    /// What it makes, and when.
    pub settings: ReportSettings,
    /// Who changed it last.
    pub changed_by: String,
    /// When it was created, in microseconds since the epoch.
    pub created_us: i64,
    /// When it was changed last.
    pub changed_us: i64,
    /// Its times up to this one are done.
    pub decided_us: i64,
}

impl ReportSchedule {
    /// Its name in the audit trail.
    #[must_use]
    pub fn object(name: &str) -> String {
        format!("report_schedule:{name}")
    }
}

/// A delivery of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportDelivery {
    /// The destination.
    pub destination: ReportDestination,
    /// Its state: `pending`, `delivered`, or `failed` (given up).
    pub state: DeliveryState,
    /// When it was last tried; for a target, when it was delivered or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<DateTime<Utc>>,
    /// How often it was tried.
    #[serde(default)]
    pub attempts: u32,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Its identity in the notification log, if it is sent to a target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

impl ReportDelivery {
    /// A delivery that is still to be made.
    #[must_use]
    pub fn pending(destination: ReportDestination) -> Self {
        Self {
            destination,
            state: DeliveryState::Pending,
            time: None,
            attempts: 0,
            error: None,
            id: None,
        }
    }
}

/// The parameters of a report. Together with its time, they are all that is needed to make it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportContent {
    /// The time zone, by its name.
    pub zone: String,
    /// `day`, `week` or `month`.
    pub period: String,
    /// Which runs count, as a query; none: all.
    pub query: Option<String>,
    /// The formats that are delivered.
    pub formats: Vec<ReportFormat>,
}

impl From<&ReportSettings> for ReportContent {
    fn from(settings: &ReportSettings) -> Self {
        Self {
            zone: settings.zone.clone(),
            period: settings.period.clone(),
            query: settings.query.clone(),
            formats: settings.formats.clone(),
        }
    }
}

/// A report that was made for a schedule, as stored: its parameters and its figures, without any text about runs. It is
/// made again for each reader, from the current history, so that it never shows what was redacted or deleted since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    /// Its identity.
    pub id: Uuid,
    /// Name of the schedule.
    pub schedule: String,
    /// The scheduled time for which it was made, in microseconds since the epoch.
    pub due_us: i64,
    /// When it was made.
    pub made_us: i64,
    /// The beginning of its period, which ends at `due_us`.
    pub from_us: i64,
    /// Number of runs in the period when it was made; none if it could not be made.
    pub runs: Option<u64>,
    /// How many of these had failed.
    pub failed: Option<u64>,
    /// Why it could not be made.
    pub error: Option<String>,
    /// Its parameters.
    pub content: ReportContent,
    /// Its deliveries to folders.
    pub deliveries: Vec<ReportDelivery>,
    /// Its deliveries to targets, from the notification log.
    pub sent: Vec<ReportDelivery>,
}

/// A report to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReport {
    /// The report.
    pub row: ReportRow,
    /// Names of the targets that it is sent to.
    pub targets: Vec<String>,
}
