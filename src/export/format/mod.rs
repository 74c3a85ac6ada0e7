//! Encodes rows, some at a time, in each format. All formats take the same columns.

mod json;
mod parquet;
mod table;

use self::json::Json;
use self::parquet::Parquet;
use self::table::Csv;
use super::ExportError;
use super::column::Column;
use super::tables::Row;

/// A format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object with the list of rows, and their number after it.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// RFC 4180, with a heading.
    Csv,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Json, Self::Ndjson, Self::Csv, Self::Parquet];

    /// Its name, which is also the ending of a file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// Encodes an export: [`Self::begin`], then rows, then [`Self::end`].
pub(super) enum Encoder<R: 'static> {
    Json(Json<R>),
    Csv(Csv<R>),
    // Much larger than the others.
    Parquet(Box<Parquet<R>>),
}

impl<R: Row> Encoder<R> {
    pub(super) fn new(
        format: Format,
        columns: Vec<&'static Column<R>>,
    ) -> Result<Self, ExportError> {
        Ok(match format {
            Format::Json => Self::Json(Json::document(columns)?),
            Format::Ndjson => Self::Json(Json::lines(columns)?),
            Format::Csv => Self::Csv(Csv::new(columns)),
            Format::Parquet => Self::Parquet(Box::new(Parquet::new(columns)?)),
        })
    }

    /// What comes before the rows.
    pub(super) fn begin(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Json(json) => json.begin(out),
            Self::Csv(csv) => csv.begin(out),
            // Its first bytes come with the first rows.
            Self::Parquet(_) => {}
        }
    }

    pub(super) fn rows(&mut self, rows: &[R], out: &mut Vec<u8>) -> Result<(), ExportError> {
        for row in rows {
            match self {
                Self::Json(json) => json.row(row, out)?,
                Self::Csv(csv) => csv.row(row, out)?,
                Self::Parquet(parquet) => parquet.row(row, out)?,
            }
        }
        Ok(())
    }

    /// What comes after the rows.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        match self {
            Self::Json(json) => json.end(out),
            Self::Csv(_) => {}
            Self::Parquet(parquet) => parquet.end(out)?,
        }
        Ok(())
    }
}
