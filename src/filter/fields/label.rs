//! Filters by label.

use crate::filter::{Condition, ExecutionFilter, Field, Kind, Meaning, Pattern, Spelling, stored};

/// The label.
pub static LABEL: Field<ExecutionFilter> = Field {
    name: "label",
    kind: Kind::Text,
    value_name: "LABEL",
    doc: "Only runs with this label",
    places: &[
        Spelling::list("label"),
        Spelling::stats("label"),
        Spelling::retention("label"),
    ],
    set: |filter, text| {
        filter.label = Some(text.to_owned());
        Ok(())
    },
    get: |filter| filter.label.clone(),
    meaning: Meaning {
        condition: |filter| {
            let label = stored(filter.label.as_deref()?).into_owned();
            Some(Condition::Label(Pattern::Exact(label)))
        },
        glob: Some(|glob| Condition::Label(Pattern::Glob(glob.clone()))),
        narrows: |filter| filter.label.is_some(),
        rolled: true,
    },
};
