//! Filters by host.

use crate::filter::{Condition, ExecutionFilter, Field, Kind, Meaning, Pattern, Spelling, stored};

/// The host.
pub static HOST: Field<ExecutionFilter> = Field {
    name: "host",
    kind: Kind::Text,
    value_name: "HOST",
    doc: "Only runs on this host, by its name in the inventory",
    places: &[
        Spelling::list("host"),
        Spelling::stats("host").note("The answer then has the figures of this host alone"),
    ],
    set: |filter, text| {
        filter.host = Some(text.to_owned());
        Ok(())
    },
    get: |filter| filter.host.clone(),
    meaning: Meaning {
        condition: |filter| {
            Some(Condition::Host {
                names: vec![Pattern::Exact(stored(filter.host.as_deref()?).into_owned())],
                changed: filter.changed,
            })
        },
        glob: Some(|glob| Condition::Host {
            names: vec![Pattern::Glob(glob.clone())],
            changed: None,
        }),
        narrows: |filter| filter.host.is_some(),
        rolled: true,
    },
};
