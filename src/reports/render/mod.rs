//! Reports as documents: HTML to mail, Markdown, text of 80 columns, CSV, JSON. Pure.
//!
//! Layout:
//! - `sections`: what a report says, in words and tables, for the first three
//! - `html`, `markdown`, `text`: the same in each form
//! - `csv`: a row for each figure
//! - `brief`: a few lines of it

mod brief;
mod csv;
mod html;
mod markdown;
mod sections;
mod text;

pub use brief::{Brief, brief};

use crate::model::{Report, ReportFormat};

/// Columns of a text where nothing is known of its reader.
pub const COLUMNS: usize = 80;

/// A report in a format.
///
/// # Errors
/// It cannot be written as JSON.
pub fn render(report: &Report, format: ReportFormat) -> Result<String, serde_json::Error> {
    Ok(match format {
        ReportFormat::Html => html::document(&sections::document(report)),
        ReportFormat::Markdown => markdown::document(&sections::document(report)),
        ReportFormat::Text => as_text(report, COLUMNS),
        ReportFormat::Csv => csv::document(report),
        ReportFormat::Json => serde_json::to_string(report)? + "\n",
    })
}

/// A report as text that is no wider than this, if its names allow that.
#[must_use]
pub fn as_text(report: &Report, columns: usize) -> String {
    text::document(&sections::document(report), columns)
}

#[cfg(test)]
mod tests;
