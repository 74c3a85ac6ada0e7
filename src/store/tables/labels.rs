//! Labels of executions, each with its execution's start time, which orders the list of a label's runs.

use super::table::{Present, Table};

pub(in crate::store) const LABELS: Table = Table {
    name: "execution_labels",
    columns: &["execution", "label", "started_us"],
    present: Present::Updated {
        key: "execution, label",
        columns: &["started_us"],
    },
};
