//! Filters by a text that is recorded at the start of a run.

use crate::filter::{Condition, ExecutionFilter, Field, Kind, Meaning, Spelling, parse};

/// The text.
pub static TEXT: Field<ExecutionFilter> = Field {
    name: "text",
    kind: Kind::Part,
    value_name: "TEXT",
    doc: "Only runs whose start was recorded with this text (playbook, inventory, user, note, command line …), \
          ignoring case",
    places: &[Spelling::list("text"), Spelling::stats("text")],
    set: |filter, text| {
        filter.text = Some(parse::part(text)?);
        Ok(())
    },
    get: |filter| filter.text.clone(),
    meaning: Meaning {
        condition: |filter| Some(Condition::holds(filter.text.as_deref()?)),
        glob: None,
        narrows: |_| false,
        rolled: false,
    },
};
