//! Filters by user.

use crate::filter::{
    Column, Condition, ExecutionFilter, Field, Kind, Meaning, Spelling, Value, stored,
};

static COLUMN: Column = Column {
    name: "username",
    of: |row| {
        row.description
            .user
            .as_deref()
            .map(|user| Value::Text(stored(user)))
    },
};

/// The user.
pub static USER: Field<ExecutionFilter> = Field {
    name: "user",
    kind: Kind::Text,
    value_name: "USER",
    doc: "Only runs by this user (login name)",
    places: &[Spelling::list("user"), Spelling::stats("user")],
    set: |filter, text| {
        filter.user = Some(text.to_owned());
        Ok(())
    },
    get: |filter| filter.user.clone(),
    meaning: Meaning {
        condition: |filter| Some(Condition::is_text(&COLUMN, filter.user.as_deref()?)),
        glob: Some(|glob| Condition::Glob {
            column: &COLUMN,
            glob: glob.clone(),
        }),
        narrows: |filter| filter.user.is_some(),
        rolled: true,
    },
};
