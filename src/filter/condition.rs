//! Filters as conditions, and whether a run matches them. `store::filter` turns the same conditions into SQL,
//! and a property test compares the two.

use std::borrow::Cow;

use super::digits::IdDigits;
use super::pattern::{Glob, Pattern};
use super::stored::{searched, stored};
use crate::model::ExecutionRow;

/// A column of the executions that a condition can test.
pub struct Column {
    /// Its name in the database.
    pub name: &'static str,
    /// Its value for a run; none for `NULL`.
    pub of: fn(&ExecutionRow) -> Option<Value<'_>>,
}

impl std::fmt::Debug for Column {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

/// A column's value, or what it is compared with.
#[derive(Debug, Clone)]
pub enum Value<'v> {
    /// A constant of ours. SQL has it written out instead of bound, so that databases see which partial index fits.
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
    /// The value as text, if it is text.
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
    /// Equal.
    Is,
    /// A number that is not smaller.
    AtLeast,
    /// A number that is not greater.
    AtMost,
}

/// A predicate on a run.
#[derive(Debug, Clone)]
pub enum Condition {
    /// Compares a column with a value; `NULL` never matches.
    Column {
        /// The column.
        column: &'static Column,
        /// How.
        comparison: Comparison,
        /// The value.
        value: Value<'static>,
    },
    /// The path equals this one, or ends with it at a folder boundary. The index on the file name finds all candidates.
    PathEnd {
        /// Column of the path.
        path: &'static Column,
        /// Column of its file name.
        name: &'static Column,
        /// The file name.
        file: String,
        /// The path, or its end.
        end: String,
    },
    /// The column has this form; `NULL` never matches.
    Glob {
        /// The column.
        column: &'static Column,
        /// The form.
        glob: Glob,
    },
    /// A host took part, by its name in the inventory.
    Host {
        /// Its name is one of these.
        names: Vec<Pattern>,
        /// Whether the run changed this host. A run in check mode changes none.
        changed: Option<bool>,
    },
    /// Its id begins or ends with these digits.
    Id(IdDigits),
    /// It has this label.
    Label(Pattern),
    /// Whether it is pinned.
    Pinned(bool),
    /// The searched text contains this one; in lower case.
    Holds(String),
    /// All of these hold; true if there are none.
    All(Vec<Condition>),
    /// At least one of these holds; false if there are none.
    Any(Vec<Condition>),
    /// This does not hold: it matches exactly the runs for which the condition is not true.
    Not(Box<Condition>),
}

impl Condition {
    /// All of these hold.
    #[must_use]
    pub fn all(conditions: impl IntoIterator<Item = Condition>) -> Self {
        let mut all: Vec<Condition> = conditions.into_iter().collect();
        match all.len() {
            1 => all.remove(0),
            _ => Self::All(all),
        }
    }

    /// At least one of these holds.
    #[must_use]
    pub fn any(conditions: impl IntoIterator<Item = Condition>) -> Self {
        let mut all: Vec<Condition> = conditions.into_iter().collect();
        match all.len() {
            1 => all.remove(0),
            _ => Self::Any(all),
        }
    }

    /// The column equals this value.
    #[must_use]
    pub fn is(column: &'static Column, value: Value<'static>) -> Self {
        Self::Column {
            column,
            comparison: Comparison::Is,
            value,
        }
    }

    /// The column equals this text.
    #[must_use]
    pub fn is_text(column: &'static Column, text: &str) -> Self {
        Self::is(column, Value::Text(stored(text).into_owned().into()))
    }

    /// The column holds a number that is not smaller.
    #[must_use]
    pub fn at_least(column: &'static Column, number: i64) -> Self {
        Self::Column {
            column,
            comparison: Comparison::AtLeast,
            value: Value::Integer(number),
        }
    }

    /// The column holds a number that is not greater.
    #[must_use]
    pub fn at_most(column: &'static Column, number: i64) -> Self {
        Self::Column {
            column,
            comparison: Comparison::AtMost,
            value: Value::Integer(number),
        }
    }

    /// The path matches the requested one. A bare file name matches in any folder, a path that begins with `/` matches
    /// the whole path, and any other the end of it. `file` is the requested file name.
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

    /// The path has this form. As in [`Condition::path`], a pattern without a `/` is that of a file name, one that begins
    /// with `/` that of the whole path, and any other that of its end. A `*` also stands for folders.
    #[must_use]
    pub fn path_like(path: &'static Column, name: &'static Column, glob: &Glob) -> Self {
        let like = |column, glob| Self::Glob { column, glob };
        let text = glob.text();
        if !text.contains('/') {
            return like(name, glob.clone());
        }
        if text.starts_with('/') {
            return like(path, glob.clone());
        }
        Self::Any(vec![like(path, glob.clone()), like(path, glob.behind("/"))])
    }

    /// The searched text contains this one.
    #[must_use]
    pub fn holds(text: &str) -> Self {
        Self::Holds(searched(text))
    }

    /// Texts of which a run that meets the condition contains at least one; none if it may contain any.
    #[must_use]
    pub fn texts(&self) -> Option<Vec<&str>> {
        match self {
            Self::Holds(text) => Some(vec![text]),
            Self::All(all) => all.iter().find_map(Self::texts),
            Self::Any(any) => {
                let texts: Option<Vec<Vec<&str>>> = any.iter().map(Self::texts).collect();
                texts.map(|texts| texts.concat())
            }
            _ => None,
        }
    }
}

/// A run to test conditions on, as far as it is known.
pub trait Subject {
    /// A column's value; none for `NULL`, and for a column that is not known.
    fn value(&self, column: &Column) -> Option<Value<'_>>;

    /// Whether a host of one of these names took part, and was changed or was not.
    fn has_host(&self, names: &[Pattern], changed: Option<bool>) -> bool;

    /// Whether its id begins or ends with these digits.
    fn has_id(&self, digits: IdDigits) -> bool;

    /// Whether it has a label of this form.
    fn has_label(&self, label: &Pattern) -> bool;

    /// Whether it is pinned.
    fn is_pinned(&self) -> bool;

    /// Whether the searched text contains this one.
    fn holds(&self, text: &str) -> bool;
}

/// Whether a run matches all conditions.
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
        Condition::Glob { column, glob } => {
            let found = run.value(column);
            found.is_some_and(|found| found.text().is_some_and(|text| glob.matches(text)))
        }
        Condition::Host { names, changed } => run.has_host(names, *changed),
        Condition::Id(digits) => run.has_id(*digits),
        Condition::Label(label) => run.has_label(label),
        Condition::Pinned(pinned) => run.is_pinned() == *pinned,
        Condition::Holds(text) => run.holds(text),
        Condition::All(all) => all.iter().all(|condition| fits(condition, run)),
        Condition::Any(any) => any.iter().any(|condition| fits(condition, run)),
        Condition::Not(condition) => !fits(condition, run),
    }
}
