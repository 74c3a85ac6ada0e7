//! Parses tokens into a tree.
//!
//! ```text
//! query  = and { "OR" and }
//! and    = not { [ "AND" ] not }
//! not    = [ "NOT" | "-" ] ( "(" query ")" | term )
//! term   = value | field ":" value { "," value }
//! value  = word | word "*" | "phrase" | /regular expression/
//! ```

use std::iter::Peekable;
use std::ops::Range;
use std::vec::IntoIter;

use super::ast::Expression;
use super::error::Problem;
use super::lexer::{Token, TokenKind, Unparsed};

/// Parses terms: which fields exist, and what their values mean.
pub(super) trait ReadTerm {
    /// A term.
    type Term;

    /// Whether a field of this name exists; the problem lists those that do.
    fn field(&self, name: &Unparsed) -> Result<(), Problem>;

    /// Parses a term. No field: its values are words or phrases of their own.
    fn term(&self, field: Option<&Unparsed>, values: &[Unparsed]) -> Result<Self::Term, Problem>;
}

/// How many brackets may be open at a time. The tree's depth is bounded by it, and with it the depth of every recursion
/// and of the SQL.
pub(super) const MOST_OPEN: usize = 20;

/// How many values a query may have.
pub(super) const MOST_VALUES: usize = 100;

pub(super) struct Parser<'r, R> {
    tokens: Peekable<IntoIter<Token>>,
    /// The query's end.
    end: usize,
    open: usize,
    values: usize,
    reader: &'r R,
}

impl<'r, R: ReadTerm> Parser<'r, R> {
    pub(super) fn new(tokens: Vec<Token>, end: usize, reader: &'r R) -> Self {
        Self {
            tokens: tokens.into_iter().peekable(),
            end,
            open: 0,
            values: 0,
            reader,
        }
    }

    /// The whole query; there must be a token.
    pub(super) fn query(mut self) -> Result<Expression<R::Term>, Problem> {
        let query = self.disjunction()?;
        match self.tokens.next() {
            None => Ok(query),
            // Nothing else ends a conjunction.
            Some(token) => Err(Problem::new(
                token.at,
                "this bracket closes none: remove it, or put it in quotation marks",
            )),
        }
    }

    fn disjunction(&mut self) -> Result<Expression<R::Term>, Problem> {
        let mut items = vec![self.conjunction()?];
        while self
            .tokens
            .next_if(|token| matches!(token.kind, TokenKind::Or))
            .is_some()
        {
            items.push(self.conjunction()?);
        }
        Ok(Expression::any(items))
    }

    fn conjunction(&mut self) -> Result<Expression<R::Term>, Problem> {
        let mut items = vec![self.negation()?];
        while let Some(token) = self.tokens.peek() {
            match token.kind {
                TokenKind::And => {
                    self.tokens.next();
                }
                TokenKind::Or | TokenKind::Close => break,
                TokenKind::Open | TokenKind::Not | TokenKind::Term { .. } => {}
            }
            items.push(self.negation()?);
        }
        Ok(Expression::all(items))
    }

    fn negation(&mut self) -> Result<Expression<R::Term>, Problem> {
        let mut is_negated = false;
        while self
            .tokens
            .next_if(|token| matches!(token.kind, TokenKind::Not))
            .is_some()
        {
            is_negated = !is_negated;
        }
        let operand = self.operand()?;
        Ok(match is_negated {
            true => operand.negated(),
            false => operand,
        })
    }

    fn operand(&mut self) -> Result<Expression<R::Term>, Problem> {
        let missing = |at: Range<usize>, before: &str| {
            let text = "a word, a phrase, a field or a bracket is missing";
            Problem::new(
                at,
                format!("{text} {before}; to look for AND, OR or NOT, put them in quotation marks"),
            )
        };
        let Some(Token { at, kind }) = self.tokens.next() else {
            return Err(missing(self.end..self.end, "at the end"));
        };
        match kind {
            TokenKind::And => Err(missing(at, "before AND")),
            TokenKind::Or => Err(missing(at, "before OR")),
            // `negation` has parsed them all.
            TokenKind::Not => Err(missing(at, "before NOT")),
            TokenKind::Close if self.open == 0 => Err(Problem::new(
                at,
                "this bracket closes none: remove it, or put it in quotation marks",
            )),
            TokenKind::Close => Err(missing(at, "before this bracket")),
            TokenKind::Open => self.bracket(at),
            TokenKind::Term { field, values } => {
                self.values += values.len();
                if self.values > MOST_VALUES {
                    return Err(Problem::new(
                        at,
                        format!("a query has {MOST_VALUES} words, phrases and values at most"),
                    ));
                }
                let term = self.reader.term(field.as_ref(), &values)?;
                Ok(Expression::Term(term))
            }
        }
    }

    fn bracket(&mut self, at: Range<usize>) -> Result<Expression<R::Term>, Problem> {
        self.open += 1;
        if self.open > MOST_OPEN {
            return Err(Problem::new(
                at,
                format!("{MOST_OPEN} brackets may be open at a time, and this is one more"),
            ));
        }
        let inner = self.disjunction()?;
        // Nothing else ends a disjunction.
        if self.tokens.next().is_none() {
            return Err(Problem::new(
                at,
                "this bracket is not closed: put `)` where it ends, or it in quotation marks",
            ));
        }
        self.open -= 1;
        Ok(inner)
    }
}
