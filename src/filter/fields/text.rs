//! Runs with a text in what is recorded of their start.

use crate::filter::{Condition, ExecutionFilter, Field, Kind, Meaning, Spelling, parse};

/// Which text is looked for.
pub static TEXT: Field<ExecutionFilter> = Field {
    name: "text",
    kind: Kind::Part,
    value_name: "TEXT",
    doc: "Only runs with this text in what is recorded of their start (playbook, inventory, user, note, command line …), \
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
