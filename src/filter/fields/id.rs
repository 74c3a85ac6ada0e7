//! The run with an id, or those whose id begins or ends alike.

use crate::filter::{Condition, ExecutionFilter, Field, IdDigits, Kind, Meaning, Spelling};

/// Which id, or which part of it.
pub static ID: Field<ExecutionFilter> = Field {
    name: "id",
    kind: Kind::Id,
    value_name: "ID",
    doc: "Only runs whose id begins with these hexadecimal digits, 4 or more, or ends with them, 6 or more; dashes do not \
          count",
    places: &[Spelling::list("id")],
    set: |filter, text| {
        filter.id = Some(IdDigits::parse(text)?);
        Ok(())
    },
    get: |filter| Some(filter.id?.to_string()),
    meaning: Meaning {
        condition: |filter| Some(Condition::Id(filter.id?)),
        glob: None,
        narrows: |filter| filter.id.is_some(),
        rolled: false,
    },
};
