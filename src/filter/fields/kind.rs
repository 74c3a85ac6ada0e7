//! Filters by kind: playbooks or ad-hoc commands.

use playback_wire::ExecutionType;

use crate::filter::{
    Column, Condition, ExecutionFilter, Field, Kind, Meaning, Spelling, Value, parse,
};

static COLUMN: Column = Column {
    name: "type",
    of: |row| Some(Value::Word(row.description.r#type.as_str())),
};

/// The kind of run.
pub static TYPE: Field<ExecutionFilter> = Field {
    name: "type",
    kind: Kind::Word(|| {
        ExecutionType::ALL
            .map(ExecutionType::as_str)
            .into_iter()
            .collect()
    }),
    value_name: "TYPE",
    doc: "Only playbooks, or only ad-hoc commands",
    places: &[
        Spelling::list("type"),
        Spelling::stats("type"),
        Spelling::retention("type"),
    ],
    set: |filter, text| {
        filter.r#type = Some(parse::word(
            text,
            &ExecutionType::ALL,
            ExecutionType::as_str,
        )?);
        Ok(())
    },
    get: |filter| Some(filter.r#type?.as_str().to_owned()),
    meaning: Meaning {
        condition: |filter| Some(Condition::is_text(&COLUMN, filter.r#type?.as_str())),
        glob: None,
        narrows: |_| false,
        rolled: true,
    },
};
