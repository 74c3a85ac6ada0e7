//! Runs with a text in what is recorded of their start.

use crate::filter::{Condition, ExecutionFilter, Field, Kind, Meaning, Spelling, parse};

/// Which text is looked for.
pub static TEXT: Field<ExecutionFilter> = Field {
    name: "text",
    kind: Kind::Part,
    value_name: "TEXT",
    doc: "Only runs with this text in what is recorded of their start (playbook, inventory, user, note, command line …), \
          ignoring case",
    places: &[
        Spelling::list("q").short('q'),
        Spelling::stats("q").short('q'),
    ],
    set: |filter, text| {
        filter.q = Some(parse::part(text)?);
        Ok(())
    },
    get: |filter| filter.q.clone(),
    meaning: Meaning {
        condition: |filter| Some(Condition::holds(filter.q.as_deref()?)),
        narrows: |_| false,
        rolled: false,
    },
};
