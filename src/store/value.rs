//! Values that can be bound to a statement. Every database stores them alike: counts as signed numbers, texts without
//! NUL.

use std::borrow::Cow;

use uuid::Uuid;

/// One value, or none (`NULL`).
#[derive(Debug, Clone)]
pub(super) enum Value<'v> {
    Integer(Option<i64>),
    Boolean(bool),
    Text(Option<Cow<'v, str>>),
    Bytes(Option<&'v [u8]>),
    Uuid(Option<Uuid>),
}

impl Value<'_> {
    /// Approximate size on the way to the database, in bytes.
    pub(super) fn size(&self) -> usize {
        match self {
            Value::Integer(_) | Value::Boolean(_) => 8,
            Value::Text(text) => text.as_deref().map_or(0, str::len),
            Value::Bytes(bytes) => bytes.map_or(0, <[u8]>::len),
            Value::Uuid(_) => 16,
        }
    }
}

/// A count as databases store it, in a signed number; one that is too large becomes the largest possible.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A text that every database can store: PostgreSQL cannot store NUL, so it is replaced for all of them.
fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(Some(value))
    }
}

impl From<i32> for Value<'_> {
    fn from(value: i32) -> Self {
        Self::Integer(Some(value.into()))
    }
}

impl From<u8> for Value<'_> {
    fn from(value: u8) -> Self {
        Self::Integer(Some(value.into()))
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Self::Integer(Some(value.into()))
    }
}

impl From<u64> for Value<'_> {
    fn from(value: u64) -> Self {
        Self::Integer(Some(signed(value)))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Integer(value)
    }
}

impl From<Option<i32>> for Value<'_> {
    fn from(value: Option<i32>) -> Self {
        Self::Integer(value.map(i64::from))
    }
}

impl From<Option<u32>> for Value<'_> {
    fn from(value: Option<u32>) -> Self {
        Self::Integer(value.map(i64::from))
    }
}

impl From<Option<u64>> for Value<'_> {
    fn from(value: Option<u64>) -> Self {
        Self::Integer(value.map(signed))
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(value: &'v str) -> Self {
        Self::Text(Some(text(value)))
    }
}

impl<'v> From<&'v String> for Value<'v> {
    fn from(value: &'v String) -> Self {
        value.as_str().into()
    }
}

impl<'v> From<Cow<'v, str>> for Value<'v> {
    fn from(value: Cow<'v, str>) -> Self {
        if value.contains('\0') {
            return Self::Text(Some(Cow::Owned(text(&value).into_owned())));
        }
        Self::Text(Some(value))
    }
}

impl<'v> From<Option<&'v str>> for Value<'v> {
    fn from(value: Option<&'v str>) -> Self {
        Self::Text(value.map(text))
    }
}

impl<'v> From<Option<Cow<'v, str>>> for Value<'v> {
    fn from(value: Option<Cow<'v, str>>) -> Self {
        value.map_or(Self::Text(None), Self::from)
    }
}

impl<'v> From<&'v [u8]> for Value<'v> {
    fn from(value: &'v [u8]) -> Self {
        Self::Bytes(Some(value))
    }
}

impl<'v> From<&'v Vec<u8>> for Value<'v> {
    fn from(value: &'v Vec<u8>) -> Self {
        Self::Bytes(Some(value))
    }
}

impl<'v> From<Option<&'v [u8]>> for Value<'v> {
    fn from(value: Option<&'v [u8]>) -> Self {
        Self::Bytes(value)
    }
}

impl From<Uuid> for Value<'_> {
    fn from(value: Uuid) -> Self {
        Self::Uuid(Some(value))
    }
}

impl From<Option<Uuid>> for Value<'_> {
    fn from(value: Option<Uuid>) -> Self {
        Self::Uuid(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_what_every_database_can_keep() {
        let Value::Integer(count) = Value::from(u64::MAX) else {
            panic!("a number");
        };
        assert_eq!(count, Some(i64::MAX));
        let Value::Text(text) = Value::from("a\0b") else {
            panic!("a text");
        };
        assert_eq!(text.as_deref(), Some("a\u{fffd}b"));
    }
}
