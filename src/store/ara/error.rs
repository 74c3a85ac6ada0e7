//! Why a database of ARA cannot be read.

use std::collections::BTreeSet;

use crate::store::StoreError;
use crate::store::problem::{self, DatabaseProblem};

/// Tables that are named of a database that is not ARA's.
const NAMED: usize = 5;

/// Why a database of ARA cannot be read, or a playbook in it.
#[derive(Debug, thiserror::Error)]
pub enum AraError {
    /// It is another program's.
    #[error("this is not a database of ARA: {found}")]
    Foreign {
        /// What it is.
        found: String,
    },
    /// A later version made it.
    #[error(
        "this database was made by a version of ARA after 1.8: its schema has {migration}, which is not known. \
         Use a newer version of playback"
    )]
    Newer {
        /// The first migration that is not known.
        migration: String,
    },
    /// A version before 1.5 made it.
    #[error(
        "this database was made by a version of ARA before 1.5: it has no {missing}. Bring a copy of it up to date \
         with \"ara-manage migrate\" of ARA 1.5 to 1.8, and import that"
    )]
    Older {
        /// The table and column that is missing.
        missing: String,
    },
    /// Its pages make no sense.
    #[error(
        "the database is damaged: make a sound copy (sqlite3 FILE \".recover\" | sqlite3 COPY), or restore a backup, \
         and import that"
    )]
    Damaged,
    /// ARA keeps it locked.
    #[error(
        "another program kept the database locked for 30 seconds: import again when ARA is not recording, or \
         import a copy (sqlite3 FILE \".backup COPY\")"
    )]
    Busy,
    /// Its journal must be rolled back first, or its write-ahead log cannot be opened.
    #[error(
        "the database was left in the middle of a change, which can only be undone or completed by writing to it: \
         open it once with ARA, or import a copy of it and the files beside it (-journal, -wal, -shm)"
    )]
    Unfinished,
    /// A value is not valid.
    #[error("{part} is not valid: {value:?}")]
    Value {
        /// Which.
        part: &'static str,
        /// What it is.
        value: String,
    },
    /// The database refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Result codes of SQLite.
mod sqlite {
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const READONLY: i32 = 8;
    pub(super) const CANTOPEN: i32 = 14;
}

impl AraError {
    pub(super) fn of(error: sqlx::Error) -> Self {
        if DatabaseProblem::of(&error) == Some(DatabaseProblem::Damaged) {
            return Self::Damaged;
        }
        let code = match &error {
            sqlx::Error::Database(error) => problem::sqlite_code(error.as_ref()),
            _ => None,
        };
        match code.map(|code| code & 0xff) {
            Some(sqlite::BUSY | sqlite::LOCKED) => Self::Busy,
            Some(sqlite::READONLY | sqlite::CANTOPEN) => Self::Unfinished,
            _ => Self::Store(error.into()),
        }
    }
}

impl From<sqlx::Error> for AraError {
    fn from(error: sqlx::Error) -> Self {
        Self::of(error)
    }
}

/// The error for a database without ARA's tables.
pub(super) fn foreign(tables: &BTreeSet<&str>) -> AraError {
    let found = if tables.contains("event_blocks") {
        "it is a database of Playback. Copy it with \"playback copy\", or some of its runs with \"playback export \
         --format bundle\""
            .to_owned()
    } else if tables.contains("task_results") && tables.contains("playbooks") {
        "it is one of ARA before 1.0, whose schema was another".to_owned()
    } else if tables.is_empty() {
        "it has no tables. Does ARA record into another file (ARA_DATABASE_NAME, ARA_BASE_DIR)?"
            .to_owned()
    } else {
        let names: Vec<&str> = tables.iter().copied().take(NAMED).collect();
        let more = if tables.len() > NAMED { ", …" } else { "" };
        format!("its tables are {}{more}", names.join(", "))
    };
    AraError::Foreign { found }
}
