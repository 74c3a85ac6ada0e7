//! A query as a tree, and its text.

use std::fmt;

use super::lexer::is_plain;
use crate::filter::{ExecutionFilter, Field, Glob, fields};

/// A query. The functions below keep its form unique: no conjunction in a conjunction, no disjunction in a disjunction,
/// no negation of a negation. Its terms are about runs, or about lines ([`super::LineTerm`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression<T = Term> {
    /// All of these hold; two or more.
    And(Vec<Self>),
    /// At least one of these holds; two or more.
    Or(Vec<Self>),
    /// This does not hold.
    Not(Box<Self>),
    /// A field has one of some values.
    Term(T),
}

/// A field and its values. Words and phrases without a field are values of the field `text`.
#[derive(Clone)]
pub struct Term {
    /// The field.
    pub field: &'static Field<ExecutionFilter>,
    /// Its values, of which one must match; at least one.
    pub values: Vec<Value>,
}

/// A value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A value that the field's filter accepts, in the form in which the filter shows it.
    Exact(String),
    /// A pattern with `*`.
    Glob(Glob),
}

impl Expression {
    /// Whether it looks for a word or a phrase.
    #[must_use]
    pub fn has_text(&self) -> bool {
        match self {
            Self::And(items) | Self::Or(items) => items.iter().any(Self::has_text),
            Self::Not(_) => false,
            Self::Term(term) => term.field.name == fields::text::TEXT.name,
        }
    }
}

impl<T> Expression<T> {
    /// All of these hold. There must be at least one.
    #[must_use]
    pub fn all(items: Vec<Self>) -> Self {
        Self::joined(items, Self::And, |item| match item {
            Self::And(items) => Ok(items),
            other => Err(other),
        })
    }

    /// At least one of these holds. There must be at least one.
    #[must_use]
    pub fn any(items: Vec<Self>) -> Self {
        Self::joined(items, Self::Or, |item| match item {
            Self::Or(items) => Ok(items),
            other => Err(other),
        })
    }

    /// This does not hold.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    fn joined(
        items: Vec<Self>,
        join: fn(Vec<Self>) -> Self,
        same: fn(Self) -> Result<Vec<Self>, Self>,
    ) -> Self {
        let mut flat = Vec::with_capacity(items.len());
        for item in items {
            match same(item) {
                Ok(items) => flat.extend(items),
                Err(item) => flat.push(item),
            }
        }
        match flat.len() {
            1 => flat.remove(0),
            _ => join(flat),
        }
    }

    /// What must hold together: the parts of a conjunction, or the whole.
    #[must_use]
    pub fn conjuncts(&self) -> &[Self] {
        match self {
            Self::And(items) => items,
            other => std::slice::from_ref(other),
        }
    }
}

impl PartialEq for Term {
    fn eq(&self, other: &Self) -> bool {
        self.field.name == other.field.name && self.values == other.values
    }
}

impl Eq for Term {}

impl fmt::Debug for Term {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Term")
            .field("field", &self.field.name)
            .field("values", &self.values)
            .finish()
    }
}

/// The query as text that is parsed to the same tree.
impl<T: fmt::Display> fmt::Display for Expression<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(items) => {
                for (at, item) in items.iter().enumerate() {
                    formatter.write_str(if at == 0 { "" } else { " " })?;
                    match item {
                        Self::Or(_) => write!(formatter, "({item})")?,
                        _ => write!(formatter, "{item}")?,
                    }
                }
                Ok(())
            }
            Self::Or(items) => {
                for (at, item) in items.iter().enumerate() {
                    formatter.write_str(if at == 0 { "" } else { " OR " })?;
                    write!(formatter, "{item}")?;
                }
                Ok(())
            }
            Self::Not(item) => match **item {
                Self::Term(_) => write!(formatter, "NOT {item}"),
                _ => write!(formatter, "NOT ({item})"),
            },
            Self::Term(term) => write!(formatter, "{term}"),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_bare = self.field.name == fields::text::TEXT.name && self.values.len() == 1;
        if !is_bare {
            write!(formatter, "{}:", self.field.name)?;
        }
        for (at, value) in self.values.iter().enumerate() {
            formatter.write_str(if at == 0 { "" } else { "," })?;
            write!(formatter, "{value}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(text) => quoted(text, formatter),
            Self::Glob(glob) => formatter.write_str(&glob.text()),
        }
    }
}

/// Writes a text so that it is parsed as the same text: in quotation marks, if it needs them.
pub(super) fn quoted(text: &str, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    if is_plain(text) {
        return formatter.write_str(text);
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    write!(formatter, "\"{escaped}\"")
}
