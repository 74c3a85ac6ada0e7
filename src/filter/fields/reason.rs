//! Filters by the reason of a failure.

use crate::filter::{
    Column, Condition, ExecutionFilter, Field, Kind, Meaning, Spelling, Value, parse,
};
use crate::model::Reason;

static COLUMN: Column = Column {
    name: "reason",
    of: |row| row.reason.map(|reason| Value::Word(reason.as_str())),
};

/// Why they failed.
pub static REASON: Field<ExecutionFilter> = Field {
    name: "reason",
    kind: Kind::Word(|| Reason::ALL.iter().map(|reason| reason.as_str()).collect()),
    value_name: "REASON",
    doc: "Only runs that failed for this reason",
    places: &[Spelling::list("reason"), Spelling::stats("reason")],
    set: |filter, text| {
        filter.reason = Some(parse::word(text, Reason::ALL, Reason::as_str)?);
        Ok(())
    },
    get: |filter| Some(filter.reason?.as_str().to_owned()),
    meaning: Meaning {
        condition: |filter| Some(Condition::is_text(&COLUMN, filter.reason?.as_str())),
        glob: None,
        narrows: |filter| filter.reason.is_some(),
        rolled: true,
    },
};
