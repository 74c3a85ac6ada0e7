//! Filters by inventory.

use crate::filter::{
    Column, Condition, ExecutionFilter, Field, Kind, Meaning, Spelling, Value, inventory_names,
    stored,
};

static PATH: Column = Column {
    name: "inventory",
    of: |row| {
        row.description
            .inventory
            .as_deref()
            .map(|path| Value::Text(stored(path)))
    },
};

static NAME: Column = Column {
    name: "inventory_name",
    of: |row| {
        let names = inventory_names(row.description.inventory.as_deref()?);
        Some(Value::Text(stored(&names).into_owned().into()))
    },
};

/// The inventory.
pub static INVENTORY: Field<ExecutionFilter> = Field {
    name: "inventory",
    kind: Kind::Path,
    value_name: "NAME",
    doc: "Only runs with this inventory: its file name, its path as recorded, or the end of that path (prod/hosts)",
    places: &[Spelling::list("inventory"), Spelling::stats("inventory")],
    set: |filter, text| {
        filter.inventory = Some(text.to_owned());
        Ok(())
    },
    get: |filter| filter.inventory.clone(),
    meaning: Meaning {
        condition: |filter| {
            let asked = filter.inventory.as_deref()?;
            let file = inventory_names(asked);
            Some(Condition::path(&PATH, &NAME, asked, &file))
        },
        glob: Some(|glob| Condition::path_like(&PATH, &NAME, glob)),
        narrows: |filter| filter.inventory.is_some(),
        rolled: true,
    },
};
