//! Filters by duration.

use crate::filter::{
    Column, Condition, ExecutionFilter, Field, Kind, Meaning, Spelling, Value, parse,
};

static COLUMN: Column = Column {
    name: "duration_us",
    of: |row| row.duration_us().map(Value::Integer),
};

/// The shortest duration.
pub static MIN_DURATION: Field<ExecutionFilter> = Field {
    name: "min_duration",
    kind: Kind::Seconds,
    value_name: "DURATION",
    doc: "Only runs that took at least this long",
    places: &[
        Spelling::list("min_duration").option("min-duration"),
        Spelling::stats("min_duration").option("min-duration"),
    ],
    set: |filter, text| {
        filter.min_duration_us = Some(parse::seconds_us(text)?);
        Ok(())
    },
    get: |filter| Some(parse::show_seconds(filter.min_duration_us?)),
    meaning: Meaning {
        condition: |filter| Some(Condition::at_least(&COLUMN, filter.min_duration_us?)),
        glob: None,
        narrows: |filter| filter.min_duration_us.is_some(),
        rolled: false,
    },
};
