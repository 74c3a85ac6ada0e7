//! What differs between databases, in one place: which there are, and what each one says differently.
//! The rest of the store is written once, for all of them.

use playback_wire::ResultStatus;

use super::statement::Statement;
use super::tables::table::{Present, Table};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One file.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL, and MariaDB, which is close enough to need no word of its own.
    MySql,
}

impl Engine {
    /// Its name, as people write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::MySql => "MySQL",
        }
    }

    /// Whether several collectors can share it: it tells each of them what the others wrote.
    #[must_use]
    pub fn is_shared(self) -> bool {
        self == Self::Postgres
    }

    /// Which index finds results that ended like this. SQLite would rather go through all of the execution.
    pub(super) fn index_of_failures(self, status: Option<ResultStatus>) -> &'static str {
        match (self, status) {
            (Self::Sqlite, Some(ResultStatus::Failed)) => " INDEXED BY results_failed",
            (Self::Sqlite, Some(ResultStatus::Unreachable)) => " INDEXED BY results_unreachable",
            _ => "",
        }
    }

    /// Adds whether a column ends in a text, letter by letter. `LIKE` would not do: SQLite's knows no capitals.
    pub(super) fn push_ends_with(
        self,
        statement: &mut Statement,
        table: &'static str,
        column: &'static str,
        end: &str,
    ) {
        let (before, between) = match self {
            Self::Sqlite => ("substr(", ", -length(?)) = ?"),
            // MySQL counts bytes in both places, because indexed columns are binary there; PostgreSQL characters.
            Self::Postgres | Self::MySql => ("right(", ", length(?)) = ?"),
        };
        statement.push(before).push(table).push(column);
        statement.push(between).bind(end).bind(end);
    }

    /// The database's own time within a statement, in microseconds since the epoch.
    pub(super) fn now_us(self) -> &'static str {
        match self {
            Self::Sqlite => "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
            Self::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
            Self::MySql => "CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)",
        }
    }

    /// How a query ends that hands out work: what another collector has at this moment is passed over.
    pub(super) fn skip_locked(self) -> &'static str {
        match self {
            Self::Postgres => " FOR UPDATE SKIP LOCKED",
            // There is no other.
            Self::Sqlite | Self::MySql => "",
        }
    }

    /// A statement with `?` for each value, as this database wants to read it.
    pub(super) fn placeholders(self, text: String) -> String {
        if self != Self::Postgres {
            return text;
        }
        let mut numbered = String::with_capacity(text.len() + text.len() / 4);
        for (number, part) in text.split('?').enumerate() {
            if number > 0 {
                numbered.push('$');
                numbered.push_str(itoa(number, &mut [0; 20]));
            }
            numbered.push_str(part);
        }
        numbered
    }

    /// How an insert into `table` begins.
    pub(super) fn insert_into(self, table: &Table) -> &'static str {
        match (self, &table.present) {
            // Where a row is there already, the statement may leave the rows before it, because its
            // whole transaction is given up then; so SQLite keeps nothing to undo it alone.
            (Self::Sqlite, Present::Never) => "INSERT OR FAIL INTO ",
            _ => "INSERT INTO ",
        }
    }

    /// How an insert into `table` ends: what happens to rows that are there already.
    pub(super) fn push_conflict(self, table: &Table, statement: &mut Statement) {
        match (self, &table.present) {
            (_, Present::Never) => {}
            (Self::MySql, Present::Kept) => {
                // IGNORE would hide other errors as well.
                let first = table.columns[0];
                statement.push(" ON DUPLICATE KEY UPDATE ");
                statement.push(first).push(" = ").push(first);
            }
            (_, Present::Kept) => {
                statement.push(" ON CONFLICT DO NOTHING");
            }
            (Self::MySql, Present::Updated { columns, .. }) => {
                statement.push(" ON DUPLICATE KEY UPDATE ");
                for (at, column) in columns.iter().enumerate() {
                    statement.push(if at == 0 { "" } else { ", " });
                    // MariaDB knows no newer way to say this.
                    statement.push(column).push(" = VALUES(");
                    statement.push(column).push(")");
                }
            }
            (Self::MySql, Present::Counted { column, .. }) => {
                statement.push(" ON DUPLICATE KEY UPDATE ");
                statement.push(column).push(" = ").push(column).push(" + 1");
            }
            (_, Present::Counted { key, column }) => {
                statement.push(" ON CONFLICT (").push(key);
                // What is set stands without its table.
                let (_, bare) = column.split_once('.').unwrap_or(("", column));
                statement.push(") DO UPDATE SET ").push(bare);
                statement.push(" = ").push(column).push(" + 1");
            }
            (_, Present::Updated { key, columns }) => {
                statement.push(" ON CONFLICT (").push(key);
                statement.push(") DO UPDATE SET ");
                for (at, column) in columns.iter().enumerate() {
                    statement.push(if at == 0 { "" } else { ", " });
                    statement.push(column).push(" = excluded.").push(column);
                }
            }
        }
    }

    /// What stands before a statement to ask how the database would go about it.
    pub(super) fn explain(self) -> &'static str {
        match self {
            Self::Sqlite => "EXPLAIN QUERY PLAN ",
            // What it guesses that a step costs differs from one server to the next.
            Self::Postgres => "EXPLAIN (COSTS OFF) ",
            Self::MySql => "EXPLAIN ",
        }
    }

    /// The columns of its answer that say what a step does.
    pub(super) fn explained(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &["detail"],
            Self::Postgres => &["QUERY PLAN"],
            Self::MySql => &["table", "type", "key", "ref", "Extra"],
        }
    }

    /// How a transaction begins, where the usual way will not do.
    pub(super) fn begin(self) -> Option<&'static str> {
        match self {
            // The lock is taken at once: one that was only reading so far may not get it.
            Self::Sqlite => Some("BEGIN IMMEDIATE"),
            Self::Postgres | Self::MySql => None,
        }
    }

    /// How a transaction begins that only reads, and all of it as it was at one moment.
    pub(super) fn begin_snapshot(self) -> &'static str {
        match self {
            // The moment is that of the first statement.
            Self::Sqlite => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
            Self::MySql => {
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; \
                 START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
            }
        }
    }

    /// Whether a transaction failed only because of others that ran beside it: it may simply be done
    /// again.
    pub(super) fn is_conflict(error: &sqlx::Error) -> bool {
        let sqlx::Error::Database(error) = error else {
            return false;
        };
        if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
            // A deadlock; a lock that was waited for too long.
            return matches!(error.number(), 1213 | 1205);
        }
        // Not serializable; a deadlock.
        matches!(error.code().as_deref(), Some("40001" | "40P01"))
    }
}

/// Decimal digits, without an allocation for each: a bulk insert has thousands of numbers.
fn itoa(mut number: usize, buffer: &mut [u8; 20]) -> &str {
    let mut at = buffer.len();
    loop {
        at -= 1;
        buffer[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return std::str::from_utf8(&buffer[at..]).unwrap_or("");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_each_database_s_own() {
        let text = || "a = ? AND b IN (?, ?)".to_owned();
        assert_eq!(Engine::Sqlite.placeholders(text()), text());
        assert_eq!(Engine::MySql.placeholders(text()), text());
        assert_eq!(
            Engine::Postgres.placeholders(text()),
            "a = $1 AND b IN ($2, $3)"
        );
        assert_eq!(itoa(65_535, &mut [0; 20]), "65535");
        assert_eq!(itoa(0, &mut [0; 20]), "0");
    }
}
