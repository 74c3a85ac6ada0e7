//! Filters by pin.

use crate::filter::{Condition, ExecutionFilter, Field, Kind, Meaning, Spelling, parse};

/// Whether they are pinned.
pub static PINNED: Field<ExecutionFilter> = Field {
    name: "pinned",
    kind: Kind::Flag,
    value_name: "BOOL",
    doc: "Only pinned runs; false: only the others",
    places: &[Spelling::list("pinned"), Spelling::stats("pinned")],
    set: |filter, text| {
        filter.pinned = Some(parse::flag(text)?);
        Ok(())
    },
    get: |filter| Some(filter.pinned?.to_string()),
    meaning: Meaning {
        condition: |filter| Some(Condition::Pinned(filter.pinned?)),
        // Few runs are pinned.
        glob: None,
        narrows: |filter| filter.pinned == Some(true),
        rolled: false,
    },
};
