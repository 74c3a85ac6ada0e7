//! Filters by playbook.

use crate::filter::{
    Column, Condition, ExecutionFilter, Field, Kind, Meaning, Spelling, Value, playbook_names,
    stored,
};

static PATH: Column = Column {
    name: "playbook",
    of: |row| {
        row.description
            .playbook
            .as_deref()
            .map(|path| Value::Text(stored(path)))
    },
};

static NAME: Column = Column {
    name: "playbook_name",
    of: |row| {
        let names = playbook_names(row.description.playbook.as_deref()?);
        Some(Value::Text(stored(&names).into_owned().into()))
    },
};

/// The playbook.
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
            let file = playbook_names(asked);
            Some(Condition::path(&PATH, &NAME, asked, &file))
        },
        glob: Some(|glob| Condition::path_like(&PATH, &NAME, glob)),
        narrows: |filter| filter.playbook.is_some(),
        rolled: true,
    },
};
