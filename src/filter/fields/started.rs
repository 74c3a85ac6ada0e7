//! Filters by time range.

use crate::filter::{
    Column, Condition, Edge, ExecutionFilter, Field, Kind, Meaning, Spelling, Value, parse,
};

static COLUMN: Column = Column {
    name: "started_us",
    of: |row| Some(Value::Integer(row.started_us)),
};

/// The beginning of the time range.
pub static SINCE: Field<ExecutionFilter> = Field {
    name: "since",
    kind: Kind::Time(Edge::Start),
    value_name: "TIME",
    doc: "Started at or after",
    places: &[
        Spelling::list("start_date").option("since"),
        Spelling::stats("from")
            .also(&["start_date"])
            .note("Instead of a period"),
    ],
    set: |filter, text| {
        filter.from_us = Some(parse::time(text, Edge::Start)?);
        Ok(())
    },
    get: |filter| Some(parse::show_time(filter.from_us?)),
    meaning: Meaning {
        condition: |filter| Some(Condition::at_least(&COLUMN, filter.from_us?)),
        glob: None,
        narrows: |_| false,
        rolled: true,
    },
};

/// The end of the time range.
pub static UNTIL: Field<ExecutionFilter> = Field {
    name: "until",
    kind: Kind::Time(Edge::End),
    value_name: "TIME",
    doc: "Started at or before",
    places: &[
        Spelling::list("end_date").option("until"),
        Spelling::stats("to")
            .also(&["end_date"])
            .note("Now by default"),
    ],
    set: |filter, text| {
        filter.to_us = Some(parse::time(text, Edge::End)?);
        Ok(())
    },
    get: |filter| Some(parse::show_time(filter.to_us?)),
    meaning: Meaning {
        condition: |filter| Some(Condition::at_most(&COLUMN, filter.to_us?)),
        glob: None,
        narrows: |_| false,
        rolled: true,
    },
};
