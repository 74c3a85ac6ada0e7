//! Filters by the machine that ran Ansible.

use crate::filter::{
    Column, Condition, ExecutionFilter, Field, Kind, Meaning, Spelling, Value, stored,
};

static COLUMN: Column = Column {
    name: "controller",
    of: |row| {
        row.description
            .controller
            .as_deref()
            .map(|name| Value::Text(stored(name)))
    },
};

/// The machine.
pub static CONTROLLER: Field<ExecutionFilter> = Field {
    name: "controller",
    kind: Kind::Text,
    value_name: "MACHINE",
    doc: "Only runs from this machine: the one that Ansible ran on",
    places: &[Spelling::list("controller"), Spelling::stats("controller")],
    set: |filter, text| {
        filter.controller = Some(text.to_owned());
        Ok(())
    },
    get: |filter| filter.controller.clone(),
    meaning: Meaning {
        condition: |filter| Some(Condition::is_text(&COLUMN, filter.controller.as_deref()?)),
        glob: Some(|glob| Condition::Glob {
            column: &COLUMN,
            glob: glob.clone(),
        }),
        narrows: |filter| filter.controller.is_some(),
        rolled: true,
    },
};
