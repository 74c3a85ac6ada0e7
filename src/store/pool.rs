//! Connections, transactions and rows of whichever database it is. Only here and in `statement` does the
//! program ask which.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::query_builder::QueryBuilder;
use sqlx::{Database, Decode, MySql, Postgres, Row as _, Sqlite, Type};

use super::StoreError;
use super::dialect::Engine;
use super::file::DatabaseFile;
use super::statement::Statement;
use super::trouble::Trouble;

/// What a server and the way to it can do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How many bytes of values and text one message to the server may have.
    pub(super) packet: usize,
    /// How long the server may take to answer. Beyond that, the network is taken to be cut: nothing else would
    /// ever end the wait.
    pub(super) answer: Duration,
}

impl Limits {
    /// Waits for an answer, no longer than it may take.
    pub(super) async fn wait_for<T>(
        self,
        answer: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        match tokio::time::timeout(self.answer, answer).await {
            Ok(answer) => answer,
            Err(_) => {
                SUSPECT.store(true, Ordering::Relaxed);
                Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

/// Some connection did not answer in time: each one is tried before it is used again.
static SUSPECT: AtomicBool = AtomicBool::new(false);

/// Whether a connection that was used can be used again. One that is cut would be waited for, and its place
/// with it: so it is left as soon as it does not answer.
pub(super) async fn is_sound<C: sqlx::Connection>(
    connection: &mut C,
    patience: Duration,
) -> Result<bool, sqlx::Error> {
    if !SUSPECT.load(Ordering::Relaxed) {
        return Ok(true);
    }
    match tokio::time::timeout(patience, connection.ping()).await {
        Ok(answer) => {
            answer?;
            SUSPECT.store(false, Ordering::Relaxed);
            Ok(true)
        }
        Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
    }
}

/// How long ago a connection may have been used to count as one that the server still knows: it answered when it
/// was given back. (Now and then sqlx looks through the idle ones, which count as used then. Where one of
/// these is dead, a statement fails as it would if the server went away right now.)
const FRESH: Duration = Duration::from_secs(1);

/// Whether a connection that was idle so long is still there. To ask each time would make every statement
/// take as long as two.
pub(super) async fn is_alive<C: sqlx::Connection>(
    connection: &mut C,
    idle: Duration,
) -> Result<bool, sqlx::Error> {
    if idle > FRESH || SUSPECT.load(Ordering::Relaxed) {
        connection.ping().await?;
    }
    Ok(true)
}

/// Connections that are kept open.
#[derive(Debug, Clone)]
pub(super) enum Pool {
    Sqlite(sqlx::SqlitePool, Arc<DatabaseFile>),
    Postgres(sqlx::PgPool, Limits),
    MySql(sqlx::MySqlPool, Limits),
}

/// A connection, for as long as it is held.
pub(super) enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>, Limits),
    MySql(Held, Limits),
}

/// A connection to MySQL, for as long as it is held. sqlx takes one that is let go of in the middle of a statement
/// (nobody waits for the answer any more) for one that can be used again, and may then wait for an answer
/// that came already, for ever. So such a one is closed, as is one whose transaction was not committed.
pub(super) struct Held {
    connection: PoolConnection<MySql>,
    in_statement: bool,
    in_transaction: bool,
}

/// A transaction; one that is dropped has changed nothing.
pub(super) enum Transaction {
    /// And, where it writes, the file that must be there when it is committed.
    Sqlite(
        sqlx::Transaction<'static, Sqlite>,
        Option<Arc<DatabaseFile>>,
    ),
    Postgres(sqlx::Transaction<'static, Postgres>, Limits),
    MySql(Held, Limits),
}

/// What a statement runs on.
pub(super) enum Session<'c> {
    Sqlite(&'c mut sqlx::SqliteConnection),
    Postgres(&'c mut sqlx::PgConnection, Limits),
    MySql(&'c mut Held, Limits),
}

/// A row that was found.
pub(super) enum Row {
    Sqlite(sqlx::sqlite::SqliteRow),
    Postgres(sqlx::postgres::PgRow),
    MySql(sqlx::mysql::MySqlRow),
}

impl Pool {
    /// Which database it is.
    pub(super) fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(..) => Engine::Sqlite,
            Self::Postgres(..) => Engine::Postgres,
            Self::MySql(..) => Engine::MySql,
        }
    }

    /// The database's file, where it is one.
    pub(super) fn file(&self) -> Option<&Arc<DatabaseFile>> {
        match self {
            Self::Sqlite(_, file) => Some(file),
            _ => None,
        }
    }

    /// Whether what is written can be found again: the file is still the one that was opened.
    pub(super) fn check(&self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(_, file) => file.check().map_err(Trouble::into_error),
            _ => Ok(()),
        }
    }

    /// Tells SQLite after how many pages of the write-ahead log it copies them back, and how many pages the database
    /// may have.
    pub(super) async fn set_limits(
        &self,
        checkpoint: u64,
        most: Option<u64>,
    ) -> Result<(), sqlx::Error> {
        let Self::Sqlite(pool, _) = self else {
            return Ok(());
        };
        let mut connection = pool.acquire().await?;
        let mut pragma = QueryBuilder::<Sqlite>::new("PRAGMA wal_autocheckpoint = ");
        pragma.push(checkpoint);
        pragma.build().execute(&mut *connection).await?;
        if let Some(most) = most {
            let mut pragma = QueryBuilder::<Sqlite>::new("PRAGMA max_page_count = ");
            pragma.push(most);
            pragma.build().execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// A connection of its own.
    pub(super) async fn acquire(&self) -> Result<Connection, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(pool, file) => Connection::Sqlite(match pool.try_acquire() {
                Some(connection) => connection,
                None => match file.check() {
                    Ok(()) => pool.acquire().await?,
                    Err(trouble) => used_before(pool, trouble).await?,
                },
            }),
            Self::Postgres(pool, limits) => Connection::Postgres(pool.acquire().await?, *limits),
            Self::MySql(pool, limits) => Connection::MySql(Held::acquire(pool).await?, *limits),
        })
    }

    /// Begins a transaction.
    pub(super) async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        let how = self.engine().begin();
        Ok(match (self, how) {
            (Self::Sqlite(pool, file), how) => {
                file.check().map_err(Trouble::into_error)?;
                let begun = match how {
                    Some(how) => pool.begin_with(how).await?,
                    None => pool.begin().await?,
                };
                Transaction::Sqlite(begun, Some(file.clone()))
            }
            (Self::Postgres(pool, limits), _) => {
                Transaction::Postgres(limits.wait_for(pool.begin()).await?, *limits)
            }
            (Self::MySql(pool, limits), _) => {
                Transaction::MySql(Held::begin(pool, *limits, "BEGIN").await?, *limits)
            }
        })
    }

    /// Begins a transaction that only reads, and all of it as it was at one moment.
    pub(super) async fn begin_snapshot(&self) -> Result<Transaction, sqlx::Error> {
        let how = self.engine().begin_snapshot();
        Ok(match self {
            Self::Sqlite(pool, file) => {
                file.check().map_err(Trouble::into_error)?;
                Transaction::Sqlite(pool.begin_with(how).await?, None)
            }
            Self::Postgres(pool, limits) => {
                Transaction::Postgres(limits.wait_for(pool.begin_with(how)).await?, *limits)
            }
            Self::MySql(pool, limits) => {
                Transaction::MySql(Held::begin(pool, *limits, how).await?, *limits)
            }
        })
    }

    /// Takes what was deleted out of the database's files. False: somebody still reads what was there before,
    /// or the files are a server's.
    ///
    /// In SQLite free pages hold zeros already; the write-ahead log is copied back and emptied. Nobody can write
    /// meanwhile, so those who read are not waited for as long as those who write.
    pub(super) async fn erase(&self, patience: Duration) -> Result<bool, sqlx::Error> {
        let Self::Sqlite(pool, _) = self else {
            return Ok(false);
        };
        let mut connection = pool.acquire().await?;
        wait_for(&mut connection, patience).await?;
        let busy: Result<i64, _> = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&mut *connection)
            .await;
        wait_for(&mut connection, super::open::BUSY).await?;
        Ok(busy? == 0)
    }

    /// Copies SQLite's write-ahead log back as far as nobody reads it, waiting for none.
    pub(super) async fn copy_back(&self) -> Result<(), sqlx::Error> {
        if let Self::Sqlite(pool, _) = self {
            sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
                .fetch_one(pool)
                .await?;
        }
        Ok(())
    }

    /// Closes all connections.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(pool, _) => pool.close().await,
            Self::Postgres(pool, _) => pool.close().await,
            Self::MySql(pool, _) => pool.close().await,
        }
    }
}

impl Held {
    async fn acquire(pool: &sqlx::MySqlPool) -> Result<Self, sqlx::Error> {
        Ok(Self {
            connection: pool.acquire().await?,
            in_statement: false,
            in_transaction: false,
        })
    }

    async fn begin(
        pool: &sqlx::MySqlPool,
        limits: Limits,
        how: &'static str,
    ) -> Result<Self, sqlx::Error> {
        let mut held = Self::acquire(pool).await?;
        held.in_transaction = true;
        held.say(limits, how).await?;
        Ok(held)
    }

    async fn commit(mut self, limits: Limits) -> Result<(), sqlx::Error> {
        self.say(limits, "COMMIT").await?;
        self.in_transaction = false;
        Ok(())
    }

    async fn say(&mut self, limits: Limits, text: &'static str) -> Result<(), sqlx::Error> {
        let said = limits.wait_for(sqlx::raw_sql(text).execute(self.start()));
        let said = said.await;
        self.end(&said);
        said.map(|_| ())
    }

    /// The connection, for one statement; [`Held::end`] says when it was answered.
    pub(super) fn start(&mut self) -> &mut sqlx::MySqlConnection {
        self.in_statement = true;
        &mut self.connection
    }

    /// The statement was answered, unless that was only given up.
    pub(super) fn end<T>(&mut self, answer: &Result<T, sqlx::Error>) {
        self.in_statement = matches!(answer, Err(sqlx::Error::Io(_)));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.in_statement || self.in_transaction {
            self.connection.close_on_drop();
        }
    }
}

impl Session<'_> {
    /// The same, for a statement that runs before the one that it is meant for.
    pub(super) fn reborrow(&mut self) -> Session<'_> {
        match self {
            Self::Sqlite(connection) => Session::Sqlite(connection),
            Self::Postgres(connection, limits) => Session::Postgres(connection, *limits),
            Self::MySql(held, limits) => Session::MySql(held, *limits),
        }
    }
}

impl Connection {
    pub(super) fn session(&mut self) -> Session<'_> {
        match self {
            Self::Sqlite(connection) => Session::Sqlite(connection),
            Self::Postgres(connection, limits) => Session::Postgres(connection, *limits),
            Self::MySql(held, limits) => Session::MySql(held, *limits),
        }
    }
}

impl Transaction {
    /// A statement for it.
    pub(super) fn query(&self, text: &'static str) -> Statement {
        Statement::new(self.engine(), text)
    }

    /// Which database it is.
    pub(super) fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(..) => Engine::Sqlite,
            Self::Postgres(..) => Engine::Postgres,
            Self::MySql(..) => Engine::MySql,
        }
    }

    pub(super) fn session(&mut self) -> Session<'_> {
        match self {
            Self::Sqlite(transaction, _) => Session::Sqlite(transaction),
            Self::Postgres(transaction, limits) => Session::Postgres(transaction, *limits),
            Self::MySql(held, limits) => Session::MySql(held, *limits),
        }
    }

    /// Makes what it did last.
    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction, file) => {
                transaction.commit().await?;
                // Into a file that nobody finds again, it was not.
                file.map_or(Ok(()), |file| file.check().map_err(Trouble::into_error))
            }
            Self::Postgres(transaction, limits) => limits.wait_for(transaction.commit()).await,
            Self::MySql(held, limits) => held.commit(limits).await,
        }
    }
}

/// What a column can be read as.
pub(super) trait Column<'r>: Of<'r, Sqlite> + Of<'r, Postgres> + Of<'r, MySql> {}

impl<'r, T> Column<'r> for T where T: Of<'r, Sqlite> + Of<'r, Postgres> + Of<'r, MySql> {}

/// What a column of one database can be read as.
pub(super) trait Of<'r, D: Database>: Decode<'r, D> + Type<D> {}

impl<'r, D: Database, T: Decode<'r, D> + Type<D>> Of<'r, D> for T {}

impl Row {
    /// Which database it is from.
    pub(super) fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
            Self::MySql(_) => Engine::MySql,
        }
    }

    /// The value of a column.
    pub(super) fn get<'r, T: Column<'r>>(&'r self, column: &'static str) -> Result<T, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            // Unchecked: columns have the width that they need, and are read into wider numbers.
            Self::Postgres(row) => row.try_get_unchecked(column)?,
            // And those that an index holds are binary, and are read into texts.
            Self::MySql(row) => row.try_get_unchecked(column)?,
        })
    }

    /// A count, which databases keep as a signed number.
    pub(super) fn unsigned(&self, column: &'static str) -> Result<u64, StoreError> {
        let value: i64 = self.get(column)?;
        u64::try_from(value).map_err(|_| StoreError::Damaged { what: column })
    }

    /// A number within an execution.
    pub(super) fn number(&self, column: &'static str) -> Result<u32, StoreError> {
        let value: i64 = self.get(column)?;
        u32::try_from(value).map_err(|_| StoreError::Damaged { what: column })
    }
}

/// A connection that is open already, where a new one would open whatever lies there now.
async fn used_before(
    pool: &sqlx::SqlitePool,
    trouble: Trouble,
) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if let Some(connection) = pool.try_acquire() {
            return Ok(connection);
        }
    }
    Err(trouble.into_error())
}

/// How long the connection's statements wait for others that hold a lock.
async fn wait_for(
    connection: &mut sqlx::SqliteConnection,
    patience: Duration,
) -> Result<(), sqlx::Error> {
    let mut pragma = QueryBuilder::<Sqlite>::new("PRAGMA busy_timeout = ");
    pragma.push(patience.as_millis());
    pragma.build().execute(connection).await?;
    Ok(())
}
