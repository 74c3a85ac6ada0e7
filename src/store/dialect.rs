//! Differences between databases, in one place: their list, and how their SQL differs. The rest of the store is
//! written once, for all of them.

use playback_wire::ResultStatus;

use super::statement::Statement;
use super::tables::table::{Present, Table};
use crate::filter::Glob;

/// The kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One file.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL, and MariaDB, which needs no special treatment.
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

    /// Whether several collectors can share it and be notified of each other's commits.
    #[must_use]
    pub fn is_shared(self) -> bool {
        self == Self::Postgres
    }

    /// The index that finds results with this outcome. SQLite would otherwise scan the whole execution.
    pub(super) fn index_of_failures(self, status: Option<ResultStatus>) -> &'static str {
        match (self, status) {
            (Self::Sqlite, Some(ResultStatus::Failed)) => " INDEXED BY results_failed",
            (Self::Sqlite, Some(ResultStatus::Unreachable)) => " INDEXED BY results_unreachable",
            _ => "",
        }
    }

    /// The index that finds executions by their duration. When MySQL runs the statement again, it would rather read the whole
    /// table.
    pub(super) fn index_of_durations(self) -> &'static str {
        match self {
            Self::MySql => " FORCE INDEX (executions_duration)",
            Self::Sqlite | Self::Postgres => "",
        }
    }

    /// The index that tells whether executions exist, of which the start time is known, too. MySQL would rather read each
    /// row, which are far apart.
    pub(super) fn index_of_starts(self) -> &'static str {
        match self {
            Self::MySql => " FORCE INDEX (executions_started)",
            Self::Sqlite | Self::Postgres => "",
        }
    }

    /// What stands behind `executions e` in a list. MySQL would find the runs of a playbook by the index of its folders, and
    /// sort them all for one page.
    pub(super) fn not_by_folder(self) -> &'static str {
        match self {
            Self::MySql => " IGNORE INDEX (executions_folder)",
            Self::Sqlite | Self::Postgres => "",
        }
    }

    /// Hosts that one statement looks up. SQLite answers within the process, so a short statement that stays prepared is
    /// answered long before a compound of 50 parts is compiled, which hardly two questions have in common. To a server, each
    /// statement is a way; but MySQL keeps none prepared that is as long as a compound of 50.
    pub(super) fn hosts_at_once(self) -> usize {
        match self {
            Self::Sqlite => 1,
            Self::Postgres => 50,
            Self::MySql => 8,
        }
    }

    /// How the runs that changed a host (`execution_hosts x`) are found by their own index: what stands behind the table, and
    /// the column of the name. SQLite would rather take the index of all runs; MySQL has a column for it, because it
    /// has no partial indexes.
    pub(super) fn changed_hosts(self) -> (&'static str, &'static str) {
        match self {
            Self::Sqlite => (" INDEXED BY execution_hosts_changed", "x.name"),
            Self::Postgres => ("", "x.name"),
            Self::MySql => ("", "x.changed_name"),
        }
    }

    /// Adds a condition that a column ends with a text, case-sensitively. SQLite's `LIKE` ignores case.
    pub(super) fn push_ends_with(
        self,
        statement: &mut Statement,
        table: &'static str,
        column: &'static str,
        end: &str,
    ) {
        let (before, between) = match self {
            Self::Sqlite => ("substr(", ", -length(?)) = ?"),
            // MySQL counts bytes in both places, because indexed columns are binary there; PostgreSQL counts
            // characters.
            Self::Postgres | Self::MySql => ("right(", ", length(?)) = ?"),
        };
        statement.push(before).push(table).push(column);
        statement.push(between).bind(end).bind(end);
    }

    /// Adds a condition that a column has a form, case-sensitively. SQLite's `LIKE` ignores case, its `GLOB` does not; in
    /// the other databases the columns are compared byte by byte.
    pub(super) fn push_glob(
        self,
        statement: &mut Statement,
        table: &'static str,
        column: &'static str,
        glob: &Glob,
    ) {
        let (like, star) = match self {
            Self::Sqlite => (" GLOB ?", "*"),
            Self::Postgres | Self::MySql => (" LIKE ? ESCAPE '!'", "%"),
        };
        let pieces: Vec<String> = glob
            .pieces()
            .iter()
            .map(|piece| match self {
                Self::Sqlite => piece.replace('[', "[[]").replace('?', "[?]"),
                Self::Postgres | Self::MySql => escaped(piece),
            })
            .collect();
        statement.push(table).push(column).push(like);
        statement.bind(&pieces.join(star));
    }

    /// The last three bytes of an execution's id, as the index on them has them.
    pub(super) fn id_end(self) -> &'static str {
        match self {
            Self::Sqlite => "substr(e.uuid, 14)",
            Self::Postgres => "substr(uuid_send(e.uuid), 14)",
            // MariaDB has no indexes on expressions.
            Self::MySql => "e.id_end",
        }
    }

    /// An execution's id as hexadecimal digits, in lower case.
    pub(super) fn id_digits(self) -> &'static str {
        match self {
            Self::Postgres => "encode(uuid_send(e.uuid), 'hex')",
            Self::Sqlite | Self::MySql => "lower(hex(e.uuid))",
        }
    }

    /// An aggregate of results: how each ended and where, as a number, all joined by blanks. See `compare`, which reads them.
    pub(super) fn packed_outcomes(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "group_concat(task * 4294967296 + host * 1024 + status * 256 + (flags & 255), ' ')"
            }
            Self::Postgres => {
                "string_agg((task * 4294967296 + host * 1024 + status * 256 + (flags & 255))::text, ' ')"
            }
            Self::MySql => {
                "GROUP_CONCAT(task * 4294967296 + host * 1024 + status * 256 + (flags & 255) SEPARATOR ' ')"
            }
        }
    }

    /// An aggregate of the same results in the same order: their durations in microseconds plus one, or 0 for one that is
    /// not known or is not valid.
    pub(super) fn packed_durations(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "group_concat(CASE WHEN duration_us BETWEEN 0 AND 1000000000000 THEN duration_us + 1 ELSE 0 END, ' ')"
            }
            Self::Postgres => {
                "string_agg((CASE WHEN duration_us BETWEEN 0 AND 1000000000000 THEN duration_us + 1 ELSE 0 END)::text, ' ')"
            }
            Self::MySql => {
                "GROUP_CONCAT(CASE WHEN duration_us BETWEEN 0 AND 1000000000000 THEN duration_us + 1 ELSE 0 END SEPARATOR ' ')"
            }
        }
    }

    /// An expression for the database's own time, in microseconds since the epoch.
    pub(super) fn now_us(self) -> &'static str {
        match self {
            Self::Sqlite => "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
            Self::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
            Self::MySql => "CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)",
        }
    }

    /// The end of a query that hands out work: it skips rows locked by another collector.
    pub(super) fn skip_locked(self) -> &'static str {
        match self {
            Self::Postgres => " FOR UPDATE SKIP LOCKED",
            // There are no other collectors.
            Self::Sqlite | Self::MySql => "",
        }
    }

    /// The end of a query that locks its rows until the transaction ends. In SQLite a transaction locks
    /// the whole database.
    pub(super) fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres | Self::MySql => " FOR UPDATE",
        }
    }

    /// Replaces each `?` by this database's placeholder.
    pub(super) fn placeholders(self, text: String) -> String {
        if self != Self::Postgres {
            return text;
        }
        let mut numbered = String::with_capacity(text.len() + text.len() / 4);
        // A bulk insert has thousands of placeholders.
        let mut digits = itoa::Buffer::new();
        for (number, part) in text.split('?').enumerate() {
            if number > 0 {
                numbered.push('$');
                numbered.push_str(digits.format(number));
            }
            numbered.push_str(part);
        }
        numbered
    }

    /// The beginning of an insert into `table`.
    pub(super) fn insert_into(self, table: &Table) -> &'static str {
        match (self, &table.present) {
            // If a row exists, the statement may leave the rows before it, because its whole transaction is then rolled
            // back; so SQLite need not prepare to undo the statement alone.
            (Self::Sqlite, Present::Never) => "INSERT OR FAIL INTO ",
            _ => "INSERT INTO ",
        }
    }

    /// The end of an insert into `table`: what happens to existing rows.
    pub(super) fn push_conflict(self, table: &Table, statement: &mut Statement) {
        match (self, &table.present) {
            (_, Present::Never) => {}
            (Self::MySql, Present::Unchanged) => {
                // IGNORE would hide other errors as well.
                let first = table.columns[0];
                statement.push(" ON DUPLICATE KEY UPDATE ");
                statement.push(first).push(" = ").push(first);
            }
            (_, Present::Unchanged) => {
                statement.push(" ON CONFLICT DO NOTHING");
            }
            (Self::MySql, Present::Updated { columns, .. }) => {
                statement.push(" ON DUPLICATE KEY UPDATE ");
                for (at, column) in columns.iter().enumerate() {
                    statement.push(if at == 0 { "" } else { ", " });
                    // MariaDB lacks the newer syntax.
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
                // The assigned column has no table prefix.
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

    /// The prefix that asks for a statement's plan.
    pub(super) fn explain(self) -> &'static str {
        match self {
            Self::Sqlite => "EXPLAIN QUERY PLAN ",
            // Cost estimates differ from one server to the next.
            Self::Postgres => "EXPLAIN (COSTS OFF) ",
            Self::MySql => "EXPLAIN ",
        }
    }

    /// The columns of a plan that describe a step.
    pub(super) fn explained(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &["detail"],
            Self::Postgres => &["QUERY PLAN"],
            Self::MySql => &["table", "type", "key", "ref", "Extra"],
        }
    }

    /// The statement that begins a transaction, where the default does not suffice.
    pub(super) fn begin(self) -> Option<&'static str> {
        match self {
            // Takes the lock at once: a transaction that began by reading might not get it later.
            Self::Sqlite => Some("BEGIN IMMEDIATE"),
            Self::Postgres | Self::MySql => None,
        }
    }

    /// The statement that begins a read-only transaction with a consistent snapshot.
    pub(super) fn begin_snapshot(self) -> &'static str {
        match self {
            // The snapshot is taken by the first statement.
            Self::Sqlite => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
            Self::MySql => {
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; \
                 START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
            }
        }
    }

    /// Whether a transaction failed only because of concurrent ones, so that it can simply be retried.
    pub(super) fn is_conflict(error: &sqlx::Error) -> bool {
        let sqlx::Error::Database(error) = error else {
            return false;
        };
        if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
            // A deadlock; a lock wait timeout.
            return matches!(error.number(), 1213 | 1205);
        }
        // Serialization failure; deadlock.
        matches!(error.code().as_deref(), Some("40001" | "40P01"))
    }
}

/// A text for `LIKE … ESCAPE '!'`. Not a backslash, because databases treat it differently in string literals.
pub(super) fn escaped(text: &str) -> String {
    text.replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_")
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
    }
}
