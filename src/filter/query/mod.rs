//! The query language: words, phrases and the filters of the list as fields, joined by AND, OR, NOT and brackets.
//! `docs/query.md` describes it for users.
//!
//! Layout:
//! - `lexer`: tokens, each with its position; `parser`: the grammar
//! - `terms`: fields and their values, parsed by the filters themselves
//! - `ast`: the tree, and its text; `error`: what is wrong, and where
//! - `meaning`: conditions
//! - `lines`: the same language for lines instead of runs; `text`: texts to search for in them
//! - `list`: queries of a list, which are about runs, or about lines that runs have

mod ast;
mod error;
mod lexer;
mod lines;
mod list;
mod meaning;
mod parser;
mod terms;
mod text;

use std::sync::Arc;

pub use ast::{Expression, Term, Value};
pub use error::QueryError;
pub use lines::{LineField, LineTerm};
pub use list::{ListedBy, parse_list};
pub use terms::{ReadTime, language};
pub use text::{TextForm, TextPattern};

pub(super) use meaning::{Flags, Group};

use super::{ExecutionFilter, fields, parse};
use error::Problem;

/// Longest query, in bytes.
pub const LONGEST: usize = 4096;

/// Parses a query; none if it is empty.
///
/// # Errors
/// It is too long, its form is wrong, or a field or a value does not exist.
pub fn parse_query(query: &str, time: ReadTime<'_>) -> Result<Option<Expression>, QueryError> {
    parsed(query, &terms::Reader { time })
}

/// Parses a query about lines; none if it is empty.
///
/// # Errors
/// It is too long, its form is wrong, or a field or a value does not exist.
pub fn parse_search(
    query: &str,
    time: ReadTime<'_>,
) -> Result<Option<Expression<LineTerm>>, QueryError> {
    let runs = terms::Reader { time };
    parsed(query, &lines::LineReader { runs })
}

fn parsed<R: parser::ReadTerm>(
    query: &str,
    reader: &R,
) -> Result<Option<Expression<R::Term>>, QueryError> {
    let problem = |problem: Problem| problem.of(query);
    if query.len() > LONGEST {
        let end = query.floor_char_boundary(LONGEST);
        let text = format!(
            "a query has {LONGEST} bytes at most, and this one {}",
            query.len()
        );
        return Err(problem(Problem::new(end..end, text)));
    }
    let tokens = lexer::tokens(query, &|name| reader.field(name)).map_err(problem)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let parser = parser::Parser::new(tokens, query.trim_end().len(), reader);
    parser.query().map(Some).map_err(problem)
}

/// Parses a time as the API does: in UTC, or relative to the present.
///
/// # Errors
/// It is not a time.
pub fn time_at(now_us: i64) -> impl Fn(&str, super::Edge) -> Result<i64, String> {
    move |text, edge| parse::moment(text, edge, now_us)
}

/// A query as part of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query(Arc<Expression>);

impl Query {
    /// The query as a tree.
    #[must_use]
    pub fn expression(&self) -> &Expression {
        &self.0
    }
}

impl ExecutionFilter {
    /// Adds a query, which must hold, too. A condition that equals a filter is set as that filter: then indexes,
    /// roll-ups and Bloom filters apply to it.
    #[must_use]
    pub fn with_query(mut self, query: &Expression) -> Self {
        let mut items = query.conjuncts().to_vec();
        if let Some(Query(before)) = self.query.take() {
            items.extend_from_slice(before.conjuncts());
        }
        // The longest text is the rarest one.
        items.sort_by_key(|item| std::cmp::Reverse(length(item)));
        items.retain(|item| !self.takes(item));
        if !items.is_empty() {
            self.query = Some(Query(Arc::new(Expression::all(items))));
        }
        self
    }

    /// Sets a filter to the value that an expression requires, if it has no other condition and the filter is not set.
    fn takes(&mut self, item: &Expression) -> bool {
        let Expression::Term(Term { field, values }) = item else {
            return false;
        };
        let [Value::Exact(text)] = values.as_slice() else {
            return false;
        };
        (field.get)(self).is_none() && (field.set)(self, text).is_ok()
    }
}

/// The length of a text that is searched for; 0 for everything else.
fn length(item: &Expression) -> usize {
    match item {
        Expression::Term(Term { field, values }) if field.name == fields::text::TEXT.name => {
            match values.as_slice() {
                [Value::Exact(text)] => text.len(),
                _ => 0,
            }
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
