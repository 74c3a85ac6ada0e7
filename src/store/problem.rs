//! Problems of a database that was healthy when it was opened, described for the person who fixes them.

use sqlx::mysql::MySqlDatabaseError;
use sqlx::sqlite::SqliteError;

/// Why a database accepts no changes at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseProblem {
    /// Data written now would be lost.
    #[error(
        "the database file was deleted, renamed or replaced while the collector had it open, so nothing is stored: \
         put the same file back, or restore a backup and restart the collector"
    )]
    FileGone,
    /// Some of its pages are another program's.
    #[error(
        "another program has written over the database file while the collector had it open, so nothing is stored: stop \
         the collector, copy the backup (or whatever was to be there) onto the file once more, remove the files beside \
         it that end in -wal and -shm, and start the collector"
    )]
    FileOverwritten,
    /// The disk is full.
    #[error(
        "the database's disk is full, so nothing is stored: free space on it, or delete executions (\"playback prune\")"
    )]
    Full,
    /// It is read-only.
    #[error(
        "the database is read-only, so nothing is stored: is it a replica, or its file system mounted read-only?"
    )]
    ReadOnly,
    /// It is no longer the database that we opened.
    #[error(
        "the database or its tables are gone, so nothing is stored: restore a backup, or run \"playback migrate\" to \
         start with an empty one"
    )]
    TablesGone,
    /// The operating system refuses to write.
    #[error(
        "the database's file cannot be written, so nothing is stored: is a quota or a file-size limit (ulimit -f) \
         reached, or the disk broken?"
    )]
    Unwritable,
    /// The file's content is not a valid database.
    #[error("the database's file is damaged: stop the collector and restore a backup")]
    Damaged,
}

/// Primary result codes of SQLite: the low byte of its error codes.
mod sqlite {
    pub(super) const READONLY: i32 = 8;
    pub(super) const IOERR: i32 = 10;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const NOTADB: i32 = 26;
}

impl DatabaseProblem {
    /// The problem of the database as a whole that an error shows, if any.
    pub(super) fn of(error: &sqlx::Error) -> Option<Self> {
        match error {
            sqlx::Error::Io(error) => error.get_ref()?.downcast_ref::<Self>().copied(),
            sqlx::Error::Database(error) => {
                if error.try_downcast_ref::<SqliteError>().is_some() {
                    return of_sqlite(sqlite_code(error.as_ref())?);
                }
                if let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() {
                    return of_mysql(error.number());
                }
                of_postgres(&error.code()?)
            }
            _ => None,
        }
    }

    /// As an sqlx error.
    pub(super) fn into_error(self) -> sqlx::Error {
        sqlx::Error::Io(std::io::Error::other(self))
    }

    /// Whether deleting something would help.
    pub(super) fn is_want_of_room(self) -> bool {
        matches!(self, Self::Full | Self::Unwritable)
    }
}

/// SQLite's extended result code.
pub(super) fn sqlite_code(error: &dyn sqlx::error::DatabaseError) -> Option<i32> {
    error.code()?.parse().ok()
}

fn of_sqlite(code: i32) -> Option<DatabaseProblem> {
    Some(match code & 0xff {
        sqlite::FULL => DatabaseProblem::Full,
        sqlite::READONLY => DatabaseProblem::ReadOnly,
        sqlite::IOERR => DatabaseProblem::Unwritable,
        sqlite::CORRUPT | sqlite::NOTADB => DatabaseProblem::Damaged,
        _ => return None,
    })
}

fn of_postgres(code: &str) -> Option<DatabaseProblem> {
    Some(match code {
        // disk_full; also the error for a file that cannot be written.
        "53100" => DatabaseProblem::Full,
        "58030" => DatabaseProblem::Unwritable,
        "25006" => DatabaseProblem::ReadOnly,
        // Missing table, schema or database.
        "42P01" | "3F000" | "3D000" => DatabaseProblem::TablesGone,
        _ => return None,
    })
}

fn of_mysql(number: u16) -> Option<DatabaseProblem> {
    Some(match number {
        // "Disk full", "table is full", "error writing file".
        3 | 1021 | 1026 | 1114 => DatabaseProblem::Full,
        // --read-only, innodb_read_only, a read-only transaction.
        1290 | 1792 | 1836 => DatabaseProblem::ReadOnly,
        // No database selected, unknown database, missing table.
        1046 | 1049 | 1146 => DatabaseProblem::TablesGone,
        _ => return None,
    })
}

/// The database's message, without codes that only its makers know.
pub(super) fn in_words(error: &sqlx::Error) -> String {
    if let Some(trouble) = DatabaseProblem::of(error) {
        return match error {
            sqlx::Error::Database(said) => format!("{} ({trouble})", said.message()),
            _ => trouble.to_string(),
        };
    }
    match error {
        sqlx::Error::Database(said) => said.message().to_owned(),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_database_says_in_its_own_way_what_is_the_matter() {
        for (code, trouble) in [
            (13, Some(DatabaseProblem::Full)),
            // A write failed; the index of the write-ahead log could not grow.
            (778, Some(DatabaseProblem::Unwritable)),
            (4874, Some(DatabaseProblem::Unwritable)),
            // The directory is read-only; the file was moved.
            (1544, Some(DatabaseProblem::ReadOnly)),
            (1032, Some(DatabaseProblem::ReadOnly)),
            (11, Some(DatabaseProblem::Damaged)),
            (5, None),
            (2067, None),
        ] {
            assert_eq!(of_sqlite(code), trouble, "{code}");
        }
        assert_eq!(of_postgres("53100"), Some(DatabaseProblem::Full));
        assert_eq!(of_postgres("25006"), Some(DatabaseProblem::ReadOnly));
        assert_eq!(of_postgres("42P01"), Some(DatabaseProblem::TablesGone));
        assert_eq!(of_postgres("23505"), None);
        assert_eq!(of_mysql(1114), Some(DatabaseProblem::Full));
        assert_eq!(of_mysql(1290), Some(DatabaseProblem::ReadOnly));
        assert_eq!(of_mysql(1146), Some(DatabaseProblem::TablesGone));
        assert_eq!(of_mysql(1062), None);
    }
}
