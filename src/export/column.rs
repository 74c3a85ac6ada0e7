//! A column of an export, and what it can hold.

use std::borrow::Cow;

use uuid::Uuid;

/// The type of a column; every value may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// Several texts: a list in JSON and Parquet, joined by commas in CSV.
    Texts,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// A time: RFC 3339 in UTC; in Parquet a timestamp in microseconds.
    Time,
}

impl Kind {
    /// Its name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Texts => "texts",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Flag => "boolean",
            Self::Time => "time",
        }
    }
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'r> {
    /// None.
    Null,
    /// A text.
    Text(Cow<'r, str>),
    /// Several texts.
    Texts(&'r [String]),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// True or false.
    Flag(bool),
    /// Microseconds since the epoch.
    Time(i64),
}

impl Value<'_> {
    /// A time, if there is one.
    pub(super) fn time(us: Option<i64>) -> Self {
        us.map_or(Self::Null, Self::Time)
    }

    /// A duration in seconds, if it is known, from microseconds.
    pub(super) fn seconds(us: Option<i64>) -> Self {
        us.map_or(Self::Null, |us| Self::Number(us as f64 / 1e6))
    }
}

/// An empty text means that nothing is known.
pub(super) fn known(text: &str) -> Value<'_> {
    Some(text).filter(|text| !text.is_empty()).into()
}

impl<'r, T: Into<Value<'r>>> From<Option<T>> for Value<'r> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<'r> From<&'r str> for Value<'r> {
    fn from(text: &'r str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'r> From<&'r String> for Value<'r> {
    fn from(text: &'r String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<Uuid> for Value<'_> {
    fn from(id: Uuid) -> Self {
        Self::Text(Cow::Owned(id.to_string()))
    }
}

impl<'r> From<&'r Vec<String>> for Value<'r> {
    fn from(texts: &'r Vec<String>) -> Self {
        Self::Texts(texts)
    }
}

impl From<u64> for Value<'_> {
    fn from(count: u64) -> Self {
        Self::Integer(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<i32> for Value<'_> {
    fn from(number: i32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

/// A column of rows `R`.
pub(super) struct Column<R> {
    /// Its name, which never changes.
    pub(super) name: &'static str,
    /// What it holds.
    pub(super) kind: Kind,
    /// What it means, for the documentation.
    pub(super) doc: &'static str,
    /// Its value in a row: of its kind, or null.
    pub(super) value: fn(&R) -> Value<'_>,
}

/// Declares a column.
pub(super) const fn column<R>(
    name: &'static str,
    kind: Kind,
    doc: &'static str,
    value: fn(&R) -> Value<'_>,
) -> Column<R> {
    Column {
        name,
        kind,
        doc,
        value,
    }
}
