//! What filters mean: conditions, and whether a run fits them. `store::filter` turns the same conditions into SQL, and a
//! property test holds the two against each other.

use std::borrow::Cow;

use super::stored::{searched, stored};
use crate::model::ExecutionRow;

/// A column of the executions that a condition may be about.
pub struct Column {
    /// Its name in the database.
    pub name: &'static str,
    /// What it holds of a run; nothing for `NULL`.
    pub of: fn(&ExecutionRow) -> Option<Value<'_>>,
}

impl std::fmt::Debug for Column {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

/// What a column holds, or is compared with.
#[derive(Debug, Clone)]
pub enum Value<'v> {
    /// A word of ours. SQL has it written out instead of bound, so that databases see which partial index fits.
    Word(&'static str),
    /// A text, as columns hold it: see [`stored`].
    Text(Cow<'v, str>),
    /// A number.
    Integer(i64),
    /// True or false.
    Flag(bool),
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Integer(one), Self::Integer(other)) => one == other,
            (Self::Flag(one), Self::Flag(other)) => one == other,
            _ => match (self.text(), other.text()) {
                (Some(one), Some(other)) => one == other,
                _ => false,
            },
        }
    }
}

impl Value<'_> {
    /// The text that it is, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            Self::Text(text) => Some(text),
            Self::Integer(_) | Self::Flag(_) => None,
        }
    }

    fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

/// How a column is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// It is that value.
    Is,
    /// It is a number that is not smaller.
    AtLeast,
    /// It is a number that is not greater.
    AtMost,
}

/// Something that must hold of a run.
#[derive(Debug, Clone)]
pub enum Condition {
    /// A column compares with a value like this; `NULL` never does.
    Column {
        /// The column.
        column: &'static Column,
        /// How.
        comparison: Comparison,
        /// The value.
        value: Value<'static>,
    },
    /// A path is this one, or ends in it from the name of a folder on. The column of its file name has an index that
    /// finds all of that name.
    PathEnd {
        /// Column of the path.
        path: &'static Column,
        /// Column of its file name.
        name: &'static Column,
        /// The file name.
        file: String,
        /// What the path is or ends in.
        end: String,
    },
    /// A host took part, by its name in the inventory.
    Host {
        /// Its name.
        name: String,
        /// Whether the run changed this host. A run in check mode changes none.
        changed: Option<bool>,
    },
    /// It carries a label.
    Label(String),
    /// Somebody wants it to be kept, or nobody does.
    Pinned(bool),
    /// What is searched holds a text; in lower case.
    Holds(String),
}

impl Condition {
    /// A column has a value.
    #[must_use]
    pub fn is(column: &'static Column, value: Value<'static>) -> Self {
        Self::Column {
            column,
            comparison: Comparison::Is,
            value,
        }
    }

    /// A column has a text.
    #[must_use]
    pub fn is_text(column: &'static Column, text: &str) -> Self {
        Self::is(column, Value::Text(stored(text).into_owned().into()))
    }

    /// A column has a number that is not smaller.
    #[must_use]
    pub fn at_least(column: &'static Column, number: i64) -> Self {
        Self::Column {
            column,
            comparison: Comparison::AtLeast,
            value: Value::Integer(number),
        }
    }

    /// A column has a number that is not greater.
    #[must_use]
    pub fn at_most(column: &'static Column, number: i64) -> Self {
        Self::Column {
            column,
            comparison: Comparison::AtMost,
            value: Value::Integer(number),
        }
    }

    /// A path is the one that is asked for. A bare file name means it in whatever folder it lies, a path that begins
    /// with `/` the whole, any other the end of one. `file` is the file name of what is asked for.
    #[must_use]
    pub fn path(path: &'static Column, name: &'static Column, asked: &str, file: &str) -> Self {
        if !asked.contains('/') {
            return Self::is_text(name, asked);
        }
        if asked.starts_with('/') {
            return Self::is_text(path, asked);
        }
        Self::PathEnd {
            path,
            name,
            file: stored(file).into_owned(),
            end: stored(asked).into_owned(),
        }
    }

    /// What is searched holds a text.
    #[must_use]
    pub fn holds(text: &str) -> Self {
        Self::Holds(searched(text))
    }
}

/// A run, as far as somebody knows it, to hold conditions against.
pub trait Subject {
    /// What a column holds; nothing for `NULL`, and for a column that is not known.
    fn value(&self, column: &Column) -> Option<Value<'_>>;

    /// Whether a host took part, and was changed or was not.
    fn has_host(&self, name: &str, changed: Option<bool>) -> bool;

    /// Whether it carries a label.
    fn has_label(&self, label: &str) -> bool;

    /// Whether somebody wants it to be kept.
    fn is_pinned(&self) -> bool;

    /// Whether what is searched holds a text.
    fn holds(&self, text: &str) -> bool;
}

/// Whether all conditions hold of a run.
#[must_use]
pub fn matches(conditions: &[Condition], run: &impl Subject) -> bool {
    conditions.iter().all(|condition| fits(condition, run))
}

fn fits(condition: &Condition, run: &impl Subject) -> bool {
    match condition {
        Condition::Column {
            column,
            comparison,
            value,
        } => {
            let Some(found) = run.value(column) else {
                return false;
            };
            let compares = |holds: fn(i64, i64) -> bool| match (found.integer(), value.integer()) {
                (Some(found), Some(wanted)) => holds(found, wanted),
                _ => false,
            };
            match comparison {
                Comparison::Is => found == *value,
                Comparison::AtLeast => compares(|found, least| found >= least),
                Comparison::AtMost => compares(|found, most| found <= most),
            }
        }
        Condition::PathEnd {
            path,
            name,
            file,
            end,
        } => {
            let (path, name) = (run.value(path), run.value(name));
            let ends = |path: &str| {
                let folders = path.strip_suffix(end.as_str());
                folders.is_some_and(|folders| folders.is_empty() || folders.ends_with('/'))
            };
            name.is_some_and(|name| name.text() == Some(file.as_str()))
                && path.is_some_and(|path| path.text().is_some_and(ends))
        }
        Condition::Host { name, changed } => run.has_host(name, *changed),
        Condition::Label(label) => run.has_label(label),
        Condition::Pinned(pinned) => run.is_pinned() == *pinned,
        Condition::Holds(text) => run.holds(text),
    }
}
