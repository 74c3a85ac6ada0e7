//! Exports: sets of executions, results, hosts or printed lines, and the audit trail, as JSON, NDJSON, CSV or Parquet;
//! and one execution as a document.
//!
//! Layout:
//! - `column`: a column, and what it can hold
//! - `tables`: the columns of each export, which all formats share
//! - `format`: encodes rows in each format
//! - `runs`: the executions that are exported, each once
//! - `rows`: the rows of these executions, read some at a time
//! - `stream`: an export as a stream of bytes, made as fast as it is read
//! - `bundle`: the logs of executions in a file, for another collector
//! - [`csv`]: cells of CSV, which the command line shares
//! - [`report`]: one execution as HTML, JUnit XML or Markdown
//!
//! It holds no transaction: each query stands for itself. It knows no HTTP and no SQL.

mod bundle;
mod column;
pub mod csv;
mod format;
pub mod report;
mod rows;
mod runs;
mod stream;
mod tables;

use uuid::Uuid;

pub use bundle::{BundleError, BundleReader, BundleWriter, BundledRun, Item};
pub use column::Kind;
pub use format::Format;
pub use stream::{Request, Selection, begin, begin_audit, begin_bundle};
pub use tables::{ColumnInfo, Dataset, audit_columns};

use crate::history::HistoryError;
use crate::store::StoreError;

/// Why an export cannot begin, or ends too early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A column does not exist.
    #[error("columns = {name:?}: there is no such column; there are {}", .all.join(", "))]
    NoSuchColumn {
        /// The name.
        name: String,
        /// The names of all columns.
        all: Vec<&'static str>,
    },
    /// An execution was deleted, or lost its log, after some of its many rows were sent.
    #[error("execution {0} was deleted while its rows were exported: export again")]
    Vanished(Uuid),
    /// A row cannot be encoded.
    #[error("a row cannot be encoded: {0}")]
    Json(#[from] serde_json::Error),
    /// A bundle cannot be compressed.
    #[error("a bundle cannot be compressed: {0}")]
    Bundle(#[from] std::io::Error),
    /// Rows cannot be encoded as Parquet.
    #[error("rows cannot be encoded as Parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The encoder ended without an answer.
    #[error("the encoder failed")]
    Encoder,
    /// The reader of rows ended without an answer.
    #[error("the reader failed")]
    Reader,
    /// The history cannot answer.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
