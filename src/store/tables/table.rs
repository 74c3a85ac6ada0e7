//! Rows in bulk: the columns of a table, and what happens to existing rows.

use super::super::pool::Transaction;
use super::super::statement::Statement;
use super::super::value::Value;

/// A table, as needed for inserts.
pub(in crate::store) struct Table {
    /// Its name.
    pub(in crate::store) name: &'static str,
    /// Its columns, in the order in which values are bound.
    pub(in crate::store) columns: &'static [&'static str],
    /// What happens to existing rows.
    pub(in crate::store) present: Present,
}

/// What happens to an existing row.
pub(in crate::store) enum Present {
    /// There must be none; otherwise the whole transaction is rolled back.
    Never,
    /// It stays as it is.
    Unchanged,
    /// It takes these columns from the new row.
    Updated {
        /// Columns that identify it.
        key: &'static str,
        /// Columns that are updated.
        columns: &'static [&'static str],
    },
    /// Its counter is incremented.
    Counted {
        /// Column that identifies it.
        key: &'static str,
        /// The counter's column, prefixed with the table's name.
        column: &'static str,
    },
}

/// Rows in one statement. Few distinct sizes, so that each statement is prepared once and then found in the cache;
/// larger sizes gain nothing.
pub(in crate::store) const CHUNKS: [usize; 5] = [200, 50, 12, 3, 1];

/// Approximate bytes in one statement: a server has a limit, and a statement is held in memory as a whole.
pub(in crate::store) const CHUNK_BYTES: usize = 1 << 20;

/// Adds a list of values after an open parenthesis, and closes it. Few distinct sizes here too: the last value is
/// repeated to fill one. An empty list matches nothing.
pub(in crate::store) fn push_list<'v, T: Copy + Into<Value<'v>>>(
    statement: &mut Statement,
    values: &[T],
) {
    let Some(last) = values.last() else {
        statement.push("NULL)");
        return;
    };
    let size = CHUNKS.into_iter().rev().find(|size| *size >= values.len());
    if size.is_none() {
        statement.rarely();
    }
    for at in 0..size.unwrap_or(values.len()) {
        let value = *values.get(at).unwrap_or(last);
        statement
            .push(if at == 0 { "?" } else { ", ?" })
            .bind(value);
    }
    statement.push(")");
}

impl Table {
    /// Inserts rows, as many in one statement as possible. For a table whose existing rows are updated, no two of
    /// `rows` may be the same row.
    pub(in crate::store) async fn insert<T>(
        &self,
        transaction: &mut Transaction,
        rows: &[T],
        bind: impl Fn(&mut Statement, &T),
    ) -> Result<(), sqlx::Error> {
        let mut rest = rows;
        while !rest.is_empty() {
            let size = CHUNKS
                .into_iter()
                .find(|size| *size <= rest.len())
                .unwrap_or(1);
            let mut statement = self.begin(transaction);
            statement.reserve(size * self.columns.len());
            let mut count = 0;
            while count < size && (count == 0 || statement.bytes() < CHUNK_BYTES) {
                bind(&mut statement, &rest[count]);
                count += 1;
            }
            if count < size {
                statement.rarely();
            }
            self.push_values(&mut statement, count);
            transaction.engine().push_conflict(self, &mut statement);
            statement.execute_in(transaction).await?;
            rest = &rest[count..];
        }
        Ok(())
    }

    fn begin(&self, transaction: &Transaction) -> Statement {
        let mut statement = transaction.query(transaction.engine().insert_into(self));
        statement.push(self.name).push(" (");
        for (at, column) in self.columns.iter().enumerate() {
            statement.push(if at == 0 { "" } else { ", " }).push(column);
        }
        statement.push(") VALUES ");
        statement
    }

    fn push_values(&self, statement: &mut Statement, rows: usize) {
        for row in 0..rows {
            statement.push(if row == 0 { "(" } else { "), (" });
            for column in 0..self.columns.len() {
                statement.push(if column == 0 { "?" } else { ", ?" });
            }
        }
        statement.push(")");
    }
}
