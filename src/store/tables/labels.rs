//! Labels of executions, each with the time at which its execution started: a list of them has that order.

use super::table::{Present, Table};

pub(in crate::store) const LABELS: Table = Table {
    name: "execution_labels",
    columns: &["execution", "label", "started_us"],
    present: Present::Updated {
        key: "execution, label",
        columns: &["started_us"],
    },
};
