//! Playbooks or ad-hoc commands.

use playback_wire::ExecutionType;

use crate::filter::{
    Column, Condition, ExecutionFilter, Field, Kind, Meaning, Spelling, Value, parse, type_name,
};

const ALL: [ExecutionType; 2] = [ExecutionType::Playbook, ExecutionType::Adhoc];

static COLUMN: Column = Column {
    name: "type",
    of: |row| Some(Value::Word(type_name(row.what.r#type))),
};

/// Which kind of run.
pub static TYPE: Field<ExecutionFilter> = Field {
    name: "type",
    kind: Kind::Word(|| ALL.into_iter().map(type_name).collect()),
    value_name: "TYPE",
    doc: "Only playbooks, or only ad-hoc commands",
    places: &[
        Spelling::list("type"),
        Spelling::stats("type"),
        Spelling::retention("type"),
    ],
    set: |filter, text| {
        filter.r#type = Some(parse::word(text, &ALL, type_name)?);
        Ok(())
    },
    get: |filter| Some(type_name(filter.r#type?).to_owned()),
    meaning: Meaning {
        condition: |filter| Some(Condition::is_text(&COLUMN, type_name(filter.r#type?))),
        narrows: |_| false,
        rolled: true,
    },
};
