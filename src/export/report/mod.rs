//! One execution as a document: HTML to keep or to mail, JUnit XML for a CI system, Markdown for a merge request.
//!
//! Layout:
//! - `run`: what HTML and Markdown tell of an execution, read from the store and bounded
//! - `words`: its parts in words
//! - `ansi`: the colours of a terminal
//! - `html`, `markdown`: a document, made in memory
//! - `junit`: a document, made while it is sent, since it has an entry for each result
//!
//! Whatever was recorded comes from others: each format escapes it, and a test has hostile names for each.

mod ansi;
mod html;
mod junit;
mod markdown;
mod run;
mod words;

use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt as _, once};

pub use html::escaped;
pub use markdown::{cell, code};

use super::ExportError;
use crate::model::{ExecutionKey, ExecutionRow};
use crate::store::Store;

/// A kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// One self-contained file.
    Html,
    /// JUnit XML, with a test case for each task and host.
    Junit,
    /// A short summary.
    Markdown,
}

impl Document {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Html, Self::Junit, Self::Markdown];

    /// Its name in requests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
        }
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Junit => "application/xml; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
        }
    }

    /// The ending of a file.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Junit => "xml",
            Self::Markdown => "md",
        }
    }
}

/// The document of an execution.
///
/// # Errors
/// The store failed.
pub async fn report(
    store: &Store,
    key: ExecutionKey,
    row: ExecutionRow,
    document: Document,
) -> Result<BoxStream<'static, Result<Bytes, ExportError>>, ExportError> {
    let text = match document {
        Document::Html => html::document(&run::read(store, key, row, &html::LIMITS).await?),
        Document::Markdown => {
            markdown::document(&run::read(store, key, row, &markdown::LIMITS).await?)
        }
        Document::Junit => return junit::begin(store, key, row).await,
    };
    Ok(once(async move { Ok(Bytes::from(text)) }).boxed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_document_has_a_name() {
        let names = Document::ALL.map(Document::as_str);
        assert_eq!(names, ["html", "junit", "markdown"]);
    }
}
