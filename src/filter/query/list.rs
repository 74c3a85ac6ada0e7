//! Queries of a list of runs. Most are about the runs themselves. One that has a regular expression or a field of lines is
//! about lines, and the list has the runs of the lines that a search finds.

use std::fmt;

use super::ast::{Expression, Term, Value};
use super::error::{Problem, QueryError};
use super::lexer::{Form, TokenKind, tokens};
use super::lines::{LineField, LineReader, LineTerm};
use super::terms::{ReadTime, Reader, language};
use super::{LONGEST, parsed};
use crate::filter::{ExecutionFilter, Pattern, fields};

/// What a query says of the runs of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListedBy {
    /// The run is like this.
    Run(Expression),
    /// The run has a line like this.
    Line(Expression<LineTerm>),
}

/// The query as text that is parsed to the same.
impl fmt::Display for ListedBy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(query) => write!(formatter, "{query}"),
            Self::Line(query) => write!(formatter, "{query}"),
        }
    }
}

/// Parses a query of a list; none if it is empty.
///
/// # Errors
/// It is too long, its form is wrong, or a field or a value does not exist; or it is about lines, and says of a run only
/// what its lines are not.
pub fn parse_list(query: &str, time: ReadTime<'_>) -> Result<Option<ListedBy>, QueryError> {
    let runs = Reader { time };
    if !is_about_lines(query) {
        return Ok(parsed(query, &runs)?.map(ListedBy::Run));
    }
    let Some(lines) = parsed(query, &LineReader { runs })? else {
        return Ok(None);
    };
    if !lines.is_shown_by_a_line() {
        let problem = Problem::new(
            0..query.trim_end().len(),
            "a list finds runs by a line that they have, and no line shows that others are missing: say what the line has, \
             too, as in refused NOT in:output",
        );
        return Err(problem.of(query));
    }
    Ok(Some(ListedBy::Line(lines)))
}

/// Whether a query has a regular expression, or a field that only lines have.
fn is_about_lines(query: &str) -> bool {
    // A longer query, and one whose form is wrong, is refused, whatever it is about.
    if query.len() > LONGEST {
        return false;
    }
    let is_of_lines = |name: &str| {
        let mut names = LineField::ALL.into_iter().map(LineField::name);
        names.any(|one| one == name) && language().all(|field| field.name != name)
    };
    let tokens = tokens(query, &|_| Ok(())).unwrap_or_default();
    tokens.iter().any(|token| match &token.kind {
        TokenKind::Term {
            field: None,
            values,
        } => values.iter().any(|value| value.form == Form::Regex),
        TokenKind::Term {
            field: Some(field), ..
        } => is_of_lines(&field.text),
        TokenKind::Open | TokenKind::Close | TokenKind::And | TokenKind::Or | TokenKind::Not => {
            false
        }
    })
}

impl Expression<LineTerm> {
    /// The lines that also meet these filters, which mean the same as fields of their names.
    #[must_use]
    pub fn with_filter(self, filter: &ExecutionFilter) -> Self {
        let terms = language().filter_map(|field| {
            let value = (field.get)(filter)?;
            Some(Self::Term(if field.name == fields::host::HOST.name {
                LineTerm::Of(LineField::Host, vec![Pattern::Exact(value)])
            } else {
                LineTerm::Run(Term {
                    field,
                    values: vec![Value::Exact(value)],
                })
            }))
        });
        Self::all(terms.chain([self]).collect())
    }

    /// Whether one line of a run is enough to show that the run is meant: what must be missing is missing in that line.
    fn is_shown_by_a_line(&self) -> bool {
        match self {
            Self::And(items) => {
                let is_named = items.iter().any(Self::names_a_line);
                is_named || items.iter().all(Self::is_shown_by_a_line)
            }
            Self::Or(items) => items.iter().all(Self::is_shown_by_a_line),
            Self::Not(item) => item.is_about_runs(),
            Self::Term(_) => true,
        }
    }

    /// Whether it says what a line has, beside its host: a host has many lines.
    fn names_a_line(&self) -> bool {
        match self {
            Self::And(items) => items.iter().any(Self::names_a_line),
            Self::Or(items) => items.iter().all(Self::names_a_line),
            Self::Not(_) | Self::Term(LineTerm::Run(_) | LineTerm::Of(LineField::Host, _)) => false,
            Self::Term(LineTerm::Text(_) | LineTerm::Of(..)) => true,
        }
    }
}
