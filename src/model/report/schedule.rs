//! Reports that are made by themselves, and those that were made.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::model::DeliveryState;

/// A form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportFormat {
    /// One file that opens by itself, and that mail programs show.
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
    /// Every value.
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

    /// The value of that name.
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

    /// The ending of a file.
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

/// Where a report is delivered to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ReportDestination {
    /// Files in a folder of the collector's machine.
    Folder {
        /// Its name, within the folder that `[reports]` of the configuration names.
        name: String,
    },
    /// A target of notifications: a webhook, mail, a chat.
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

/// What a schedule makes, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportSettings {
    /// When: a cron line of five fields (minute, hour, day of month, month, day of week), or `@daily`, `@weekly`,
    /// `@monthly`. The report ends at this time.
    #[schema(example = "0 7 * * mon")]
    pub cron: String,
    /// The time zone of the cron line, by its name in the IANA database.
    #[serde(default = "utc")]
    #[schema(example = "Europe/Berlin")]
    pub zone: String,
    /// For how long a report is: `day`, `week` or `month`.
    #[schema(example = "week")]
    pub period: String,
    /// Which runs count, as a query; missing: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The formats that are delivered: files of a folder, attachments of mails, documents of webhooks.
    #[serde(default = "html")]
    pub formats: Vec<ReportFormat>,
    /// Where it is delivered to. Without any, it is only listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destinations: Vec<ReportDestination>,
    /// Whether nothing is made for now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn html() -> Vec<ReportFormat> {
    vec![ReportFormat::Html]
}

/// A schedule of reports, as stored.
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
    /// Times up to this one are done.
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
    /// Where to.
    pub destination: ReportDestination,
    /// How it went: `pending`, `delivered`, or `failed` (given up).
    pub state: DeliveryState,
    /// When it was tried last; of a target, when it was delivered or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<DateTime<Utc>>,
    /// How often it was tried.
    #[serde(default)]
    pub attempts: u32,
    /// What it failed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Its identity in the log of notifications, if it goes to a target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

impl ReportDelivery {
    /// One that is still to be made.
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

/// What a report is about. Together with its time, that is all that is needed to make it again.
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

/// A report that was made for a schedule, as stored: what it is about and its figures, but nothing of what it says of runs.
/// Whoever reads it has it made again, from the history as it is then, so that it never shows what was redacted or deleted
/// meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    /// Its identity.
    pub id: Uuid,
    /// Name of the schedule.
    pub schedule: String,
    /// The time of the schedule that it was made for, in microseconds since the epoch.
    pub due_us: i64,
    /// When it was made.
    pub made_us: i64,
    /// Where its period begins; it ends at `due_us`.
    pub from_us: i64,
    /// Number of runs in it when it was made; none if it could not be made.
    pub runs: Option<u64>,
    /// How many of these had failed.
    pub failed: Option<u64>,
    /// Why it could not be made.
    pub error: Option<String>,
    /// What it is about.
    pub content: ReportContent,
    /// Its deliveries to folders.
    pub deliveries: Vec<ReportDelivery>,
    /// Its deliveries to targets, as the log of notifications has them.
    pub sent: Vec<ReportDelivery>,
}

/// A report to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReport {
    /// What is known of it.
    pub row: ReportRow,
    /// Names of the targets that it is sent to.
    pub targets: Vec<String>,
}
