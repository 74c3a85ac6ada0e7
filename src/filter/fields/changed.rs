//! Runs that changed something.

use crate::filter::{
    Column, Condition, ExecutionFilter, Field, Kind, Meaning, Spelling, Value, parse,
};

static COLUMN: Column = Column {
    name: "changed",
    of: |row| Some(Value::Flag(row.changed)),
};

/// Whether the run changed anything.
#[must_use]
pub fn of_run(changed: bool) -> Condition {
    Condition::is(&COLUMN, Value::Flag(changed))
}

/// Whether anything was changed.
pub static CHANGED: Field<ExecutionFilter> = Field {
    name: "changed",
    kind: Kind::Flag,
    value_name: "BOOL",
    doc: "Only runs that changed something, or together with a host, that changed this host; false: only the others. \
          A run in check mode changes nothing",
    places: &[Spelling::list("changed"), Spelling::stats("changed")],
    set: |filter, text| {
        filter.changed = Some(parse::flag(text)?);
        Ok(())
    },
    get: |filter| Some(filter.changed?.to_string()),
    meaning: Meaning {
        condition: |filter| {
            let changed = filter.changed?;
            // With a host, the host's condition tests the change.
            let alone = !filter.names_host();
            alone.then(|| of_run(changed))
        },
        glob: None,
        narrows: |_| false,
        rolled: true,
    },
};
