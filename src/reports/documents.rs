//! The documents of a report: one for each format, with the name of its file. Pure.

use chrono_tz::Tz;

use super::render;
use crate::model::{Report, ReportFormat, ReportRow, time_from_us};

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportDocument {
    /// Its format.
    pub format: ReportFormat,
    /// The name of its file: the schedule, and the time in the report's zone.
    pub file: String,
    /// Its content.
    pub text: String,
}

/// The documents of a report, in the order of its formats.
///
/// # Errors
/// It cannot be written as JSON.
pub fn documents(
    row: &ReportRow,
    report: &Report,
) -> Result<Vec<ReportDocument>, serde_json::Error> {
    let zone: Tz = row.content.zone.parse().unwrap_or(Tz::UTC);
    let due = time_from_us(row.due_us).with_timezone(&zone);
    let due = due.format("%Y-%m-%dT%H%M");
    let formats = row.content.formats.iter();
    let documents = formats.map(|format| {
        Ok(ReportDocument {
            format: *format,
            file: format!("{}-{due}.{}", row.schedule, format.ending()),
            text: render(report, *format)?,
        })
    });
    documents.collect()
}
