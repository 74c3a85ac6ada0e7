//! Filters by status.

use crate::filter::{
    Column, Condition, ExecutionFilter, Field, Kind, Meaning, Spelling, Value, parse,
};
use crate::model::Status;

static COLUMN: Column = Column {
    name: "status",
    of: |row| Some(Value::Word(row.status.as_str())),
};

/// The status.
pub static STATUS: Field<ExecutionFilter> = Field {
    name: "status",
    kind: Kind::Word(|| Status::ALL.iter().map(|status| status.as_str()).collect()),
    value_name: "STATUS",
    doc: "Only runs with this status",
    places: &[
        Spelling::list("status"),
        Spelling::stats("status"),
        Spelling::retention("status").except("running", "running executions are never removed"),
    ],
    set: |filter, text| {
        filter.status = Some(parse::word(text, Status::ALL, Status::as_str)?);
        Ok(())
    },
    get: |filter| Some(filter.status?.as_str().to_owned()),
    meaning: Meaning {
        condition: |filter| Some(Condition::is(&COLUMN, Value::Word(filter.status?.as_str()))),
        // Few runs are running at a time; the other statuses are common.
        glob: None,
        narrows: |filter| filter.status == Some(Status::Running),
        rolled: true,
    },
};
