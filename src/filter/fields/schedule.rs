//! Filters by the schedule that started a run.

use crate::filter::{
    Column, Condition, ExecutionFilter, Field, Kind, Meaning, Spelling, Value, stored,
};

static COLUMN: Column = Column {
    name: "schedule",
    of: |row| {
        row.description
            .schedule
            .as_deref()
            .map(|name| Value::Text(stored(name)))
    },
};

/// The schedule.
pub static SCHEDULE: Field<ExecutionFilter> = Field {
    name: "schedule",
    kind: Kind::Text,
    value_name: "SCHEDULE",
    doc: "Only runs that this schedule started",
    places: &[Spelling::list("schedule"), Spelling::stats("schedule")],
    set: |filter, text| {
        filter.schedule = Some(text.to_owned());
        Ok(())
    },
    get: |filter| filter.schedule.clone(),
    meaning: Meaning {
        condition: |filter| Some(Condition::is_text(&COLUMN, filter.schedule.as_deref()?)),
        glob: Some(|glob| Condition::Glob {
            column: &COLUMN,
            glob: glob.clone(),
        }),
        narrows: |filter| filter.schedule.is_some(),
        rolled: false,
    },
};
