//! The columns of each export. A name and its meaning never change; new columns are added at the end of their table.
//! `docs/export.md` lists them, which a test checks.

mod audit;
mod executions;
mod hosts;
mod output;
mod results;

use super::ExportError;
use super::column::{Column, Kind};
use crate::model::AuditRow;

pub(super) use executions::RunRow;
pub(super) use hosts::HostOfRun;
pub(super) use output::LineOfRun;
pub(super) use results::{MESSAGE, ResultOfRun};

/// A data set that can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dataset {
    /// Executions, a row each.
    Executions,
    /// Their results: a task on a host.
    Results,
    /// Their hosts, each with its recap.
    Hosts,
    /// Their printed lines.
    Output,
}

/// A column, as documents describe it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it means.
    pub doc: &'static str,
}

impl Dataset {
    /// Everything.
    pub const ALL: [Self; 4] = [Self::Executions, Self::Results, Self::Hosts, Self::Output];

    /// Its name: in requests, and that of the list in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Executions => "executions",
            Self::Results => "results",
            Self::Hosts => "hosts",
            Self::Output => "output",
        }
    }

    /// Its columns.
    #[must_use]
    pub fn columns(self) -> Vec<ColumnInfo> {
        match self {
            Self::Executions => described::<RunRow>(),
            Self::Results => described::<ResultOfRun>(),
            Self::Hosts => described::<HostOfRun>(),
            Self::Output => described::<LineOfRun>(),
        }
    }
}

/// A row of an export.
pub(super) trait Row: Sized + Send + Sync + 'static {
    /// Name of the list in JSON.
    const NAME: &'static str;

    /// All columns.
    fn columns() -> &'static [Column<Self>];
}

/// The columns of the audit trail.
#[must_use]
pub fn audit_columns() -> Vec<ColumnInfo> {
    described::<AuditRow>()
}

fn described<R: Row>() -> Vec<ColumnInfo> {
    let columns = R::columns().iter().map(|column| ColumnInfo {
        name: column.name,
        kind: column.kind,
        doc: column.doc,
    });
    columns.collect()
}

/// The columns with these names, separated by commas, in this order; all if there are no names.
pub(super) fn selected<R: Row>(
    names: Option<&str>,
) -> Result<Vec<&'static Column<R>>, ExportError> {
    let all = R::columns();
    let names = names.unwrap_or_default().split(',').map(str::trim);
    let mut columns: Vec<&'static Column<R>> = Vec::new();
    for name in names.filter(|name| !name.is_empty()) {
        let found = all.iter().find(|column| column.name == name);
        let found = found.ok_or_else(|| ExportError::NoSuchColumn {
            name: name.to_owned(),
            all: all.iter().map(|column| column.name).collect(),
        })?;
        if !columns.iter().any(|column| column.name == name) {
            columns.push(found);
        }
    }
    match columns.is_empty() {
        true => Ok(all.iter().collect()),
        false => Ok(columns),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_columns_have_the_same_name() {
        for dataset in Dataset::ALL {
            let columns = dataset.columns();
            let names: BTreeSet<&str> = columns.iter().map(|column| column.name).collect();
            assert_eq!(names.len(), columns.len(), "{}", dataset.as_str());
        }
    }

    #[test]
    fn columns_are_selected_by_name_and_once() {
        let names = |names| -> Vec<&str> {
            let columns = selected::<HostOfRun>(names).unwrap();
            columns.iter().map(|column| column.name).collect()
        };
        assert_eq!(names(Some("failed, host,,failed")), ["failed", "host"]);
        assert_eq!(names(Some(" ,")), names(None));
        let Err(error) = selected::<HostOfRun>(Some("planet")) else {
            panic!("there is no such column");
        };
        let told = error.to_string();
        assert!(
            told.contains("planet") && told.contains(", host, "),
            "{told}"
        );
    }
}
