//! Runs with an inventory.

use crate::filter::{
    Column, Condition, ExecutionFilter, Field, Kind, Meaning, Spelling, Value, file_names, stored,
};

/// Paths of several inventories are joined by this.
const SEPARATOR: char = ',';

static PATH: Column = Column {
    name: "inventory",
    of: |row| {
        row.what
            .inventory
            .as_deref()
            .map(|path| Value::Text(stored(path)))
    },
};

static NAME: Column = Column {
    name: "inventory_name",
    of: |row| {
        let names = file_names(row.what.inventory.as_deref()?, SEPARATOR);
        Some(Value::Text(stored(&names).into_owned().into()))
    },
};

/// Which inventory.
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
            let file = file_names(asked, SEPARATOR);
            Some(Condition::path(&PATH, &NAME, asked, &file))
        },
        narrows: |filter| filter.inventory.is_some(),
        rolled: true,
    },
};
