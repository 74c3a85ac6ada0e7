//! Runs of a playbook.

use crate::filter::{
    Column, Condition, ExecutionFilter, Field, Kind, Meaning, Spelling, Value, file_names, stored,
};

/// Paths of several playbooks are joined by this.
const SEPARATOR: char = ' ';

static PATH: Column = Column {
    name: "playbook",
    of: |row| {
        row.what
            .playbook
            .as_deref()
            .map(|path| Value::Text(stored(path)))
    },
};

static NAME: Column = Column {
    name: "playbook_name",
    of: |row| {
        let names = file_names(row.what.playbook.as_deref()?, SEPARATOR);
        Some(Value::Text(stored(&names).into_owned().into()))
    },
};

/// Which playbook.
pub static PLAYBOOK: Field<ExecutionFilter> = Field {
    name: "playbook",
    kind: Kind::Path,
    value_name: "NAME",
    doc: "Only runs of this playbook: its file name, its path as recorded, or the end of that path (web/site.yml)",
    places: &[
        Spelling::list("playbook"),
        Spelling::stats("playbook"),
        Spelling::retention("playbook"),
    ],
    set: |filter, text| {
        filter.playbook = Some(text.to_owned());
        Ok(())
    },
    get: |filter| filter.playbook.clone(),
    meaning: Meaning {
        condition: |filter| {
            let asked = filter.playbook.as_deref()?;
            let file = file_names(asked, SEPARATOR);
            Some(Condition::path(&PATH, &NAME, asked, &file))
        },
        narrows: |filter| filter.playbook.is_some(),
        rolled: true,
    },
};
