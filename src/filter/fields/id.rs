//! Filters by id, or by its beginning or end.

use crate::filter::{Condition, ExecutionFilter, Field, IdDigits, Kind, Meaning, Spelling};

/// The id, or a part of it.
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
