//! Errors of queries, with the place in the query.

use std::ops::Range;

/// An error in a query, with its column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {problem}")]
pub struct QueryError {
    /// The position, in bytes of the query. It may be empty, at the query's end.
    pub at: Range<usize>,
    /// The position of its first character, counted from 1.
    pub column: usize,
    /// What is wrong, and what to do.
    pub problem: String,
}

/// A problem at a position, while the query is parsed.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) at: Range<usize>,
    pub(super) text: String,
}

impl Problem {
    pub(super) fn new(at: Range<usize>, text: impl Into<String>) -> Self {
        Self {
            at,
            text: text.into(),
        }
    }

    pub(super) fn of(self, query: &str) -> QueryError {
        let before = query.get(..self.at.start).unwrap_or(query);
        QueryError {
            at: self.at,
            column: before.chars().count() + 1,
            problem: self.text,
        }
    }
}
