//! Connections, transactions and rows of any of the databases. Only this module and `statement` distinguish between
//! them.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::query_builder::QueryBuilder;
use sqlx::{Column as _, Database, Decode, MySql, Postgres, Row as _, Sqlite, Type, TypeInfo as _};

use super::StoreError;
use super::dialect::Engine;
use super::file::DatabaseFile;
use super::problem::DatabaseProblem;
use super::statement::Statement;

/// Limits of a server and of the network to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Maximum bytes of values and text in one message to the server.
    pub(super) packet: usize,
    /// How long the server may take to answer. After that, the network counts as cut, because nothing else would ever
    /// end the wait.
    pub(super) answer: Duration,
}

impl Limits {
    /// Waits for an answer, within that limit.
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

/// Some connection did not answer in time: each one is tested before it is used again.
static SUSPECT: AtomicBool = AtomicBool::new(false);

/// Whether a used connection can be used again. Waiting for a dead one would also block its place in the pool, so it is
/// dropped as soon as it does not answer in time.
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

/// A connection used within this time is not tested: it answered when it was given back. (sqlx occasionally inspects
/// idle connections, which then count as used. If one of these is dead, a statement fails as if the server went away
/// right now.)
const FRESH: Duration = Duration::from_secs(1);

/// Whether an idle connection still works. Testing it every time would double the duration of every statement.
pub(super) async fn is_alive<C: sqlx::Connection>(
    connection: &mut C,
    idle: Duration,
) -> Result<bool, sqlx::Error> {
    if idle > FRESH || SUSPECT.load(Ordering::Relaxed) {
        connection.ping().await?;
    }
    Ok(true)
}

/// A connection pool.
#[derive(Debug, Clone)]
pub(super) enum Pool {
    Sqlite(sqlx::SqlitePool, Arc<DatabaseFile>),
    Postgres(sqlx::PgPool, Limits),
    MySql(sqlx::MySqlPool, Limits),
}

/// A connection, while it is held.
pub(super) enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>, Limits),
    MySql(PooledMySql, Limits),
}

/// A MySQL connection, while it is held. If a statement is dropped midway (nothing waits for the answer any longer),
/// sqlx would reuse the connection, and might wait forever for an answer that has already arrived. So such a connection
/// is closed, as is one whose transaction was not committed.
pub(super) struct PooledMySql {
    connection: PoolConnection<MySql>,
    in_statement: bool,
    in_transaction: bool,
}

/// A transaction; dropping it rolls it back.
pub(super) enum Transaction {
    /// With the file that must exist at the commit, if it writes.
    Sqlite(
        sqlx::Transaction<'static, Sqlite>,
        Option<Arc<DatabaseFile>>,
    ),
    Postgres(sqlx::Transaction<'static, Postgres>, Limits),
    MySql(PooledMySql, Limits),
}

/// Where a statement runs.
pub(super) enum Session<'c> {
    Sqlite(&'c mut sqlx::SqliteConnection),
    Postgres(&'c mut sqlx::PgConnection, Limits),
    MySql(&'c mut PooledMySql, Limits),
}

/// A row that was found.
pub(super) enum Row {
    Sqlite(sqlx::sqlite::SqliteRow),
    Postgres(sqlx::postgres::PgRow),
    MySql(sqlx::mysql::MySqlRow),
}

impl Pool {
    /// The kind of database.
    pub(super) fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(..) => Engine::Sqlite,
            Self::Postgres(..) => Engine::Postgres,
            Self::MySql(..) => Engine::MySql,
        }
    }

    /// The database's file, if it is a file.
    pub(super) fn file(&self) -> Option<&Arc<DatabaseFile>> {
        match self {
            Self::Sqlite(_, file) => Some(file),
            _ => None,
        }
    }

    /// Whether data written now can be read later: the file is still the one that was opened.
    pub(super) fn check(&self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(_, file) => file.check().map_err(DatabaseProblem::into_error),
            _ => Ok(()),
        }
    }

    /// Sets SQLite's checkpoint threshold in pages of the write-ahead log, and the maximum number of pages of the
    /// database.
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

    /// Takes a connection.
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
            Self::MySql(pool, limits) => {
                Connection::MySql(PooledMySql::acquire(pool).await?, *limits)
            }
        })
    }

    /// Begins a transaction.
    pub(super) async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        let how = self.engine().begin();
        Ok(match (self, how) {
            (Self::Sqlite(pool, file), how) => {
                file.check().map_err(DatabaseProblem::into_error)?;
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
                Transaction::MySql(PooledMySql::begin(pool, *limits, "BEGIN").await?, *limits)
            }
        })
    }

    /// Begins a read-only transaction with a consistent snapshot.
    pub(super) async fn begin_snapshot(&self) -> Result<Transaction, sqlx::Error> {
        let how = self.engine().begin_snapshot();
        Ok(match self {
            Self::Sqlite(pool, file) => {
                file.check().map_err(DatabaseProblem::into_error)?;
                Transaction::Sqlite(pool.begin_with(how).await?, None)
            }
            Self::Postgres(pool, limits) => {
                Transaction::Postgres(limits.wait_for(pool.begin_with(how)).await?, *limits)
            }
            Self::MySql(pool, limits) => {
                Transaction::MySql(PooledMySql::begin(pool, *limits, how).await?, *limits)
            }
        })
    }

    /// Erases deleted data from the database's files. False: a reader still sees the earlier state, or the files are a
    /// server's.
    ///
    /// In SQLite free pages hold zeros already; the write-ahead log is checkpointed and emptied. Nothing can be written
    /// meanwhile, so this waits less long for readers than a writer would.
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

    /// Checkpoints SQLite's write-ahead log as far as possible without waiting for readers.
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

impl PooledMySql {
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

    /// The connection, for one statement; call [`PooledMySql::end`] when it was answered.
    pub(super) fn start(&mut self) -> &mut sqlx::MySqlConnection {
        self.in_statement = true;
        &mut self.connection
    }

    /// Notes that the statement was answered, unless the wait was given up.
    pub(super) fn end<T>(&mut self, answer: &Result<T, sqlx::Error>) {
        self.in_statement = matches!(answer, Err(sqlx::Error::Io(_)));
    }
}

impl Drop for PooledMySql {
    fn drop(&mut self) {
        if self.in_statement || self.in_transaction {
            self.connection.close_on_drop();
        }
    }
}

impl Session<'_> {
    /// Reborrows it, for a statement that runs before the intended one.
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

    /// The kind of database.
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

    /// Commits the changes.
    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction, file) => {
                transaction.commit().await?;
                // A commit into a file that is gone or was replaced is lost, so it has failed.
                file.map_or(Ok(()), |file| {
                    file.check().map_err(DatabaseProblem::into_error)
                })
            }
            Self::Postgres(transaction, limits) => limits.wait_for(transaction.commit()).await,
            Self::MySql(held, limits) => held.commit(limits).await,
        }
    }
}

/// Types that a column can be read as.
pub(super) trait Column<'r>: Of<'r, Sqlite> + Of<'r, Postgres> + Of<'r, MySql> {}

impl<'r, T> Column<'r> for T where T: Of<'r, Sqlite> + Of<'r, Postgres> + Of<'r, MySql> {}

/// Types that a column of one database can be read as.
pub(super) trait Of<'r, D: Database>: Decode<'r, D> + Type<D> {}

impl<'r, D: Database, T: Decode<'r, D> + Type<D>> Of<'r, D> for T {}

impl Row {
    /// The kind of database.
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
            // Unchecked, because columns are as narrow as possible and are read into wider integers.
            Self::Postgres(row) => row.try_get_unchecked(column)?,
            // Also, indexed columns are binary and are read as texts.
            Self::MySql(row) => row.try_get_unchecked(column)?,
        })
    }

    /// A count, which databases keep as a signed number.
    pub(super) fn unsigned(&self, column: &'static str) -> Result<u64, StoreError> {
        let value: i64 = self.get(column)?;
        u64::try_from(value).map_err(|_| StoreError::Damaged { part: column })
    }

    /// How many rows a step of a plan reads, by MySQL's estimate. MariaDB tells it as text, with the share that remains
    /// behind it.
    pub(super) fn estimate(&self) -> Option<u64> {
        let Self::MySql(row) = self else {
            return None;
        };
        let column = row.try_column("rows").ok()?;
        let is_number = column.type_info().name().contains("INT");
        if is_number {
            return row.try_get_unchecked("rows").ok();
        }
        let text: Option<String> = row.try_get_unchecked("rows").ok()?;
        text?.split(' ').next()?.parse().ok()
    }

    /// A number within an execution.
    pub(super) fn number(&self, column: &'static str) -> Result<u32, StoreError> {
        let value: i64 = self.get(column)?;
        u32::try_from(value).map_err(|_| StoreError::Damaged { part: column })
    }
}

/// An open connection, where a new one might open a replaced file.
async fn used_before(
    pool: &sqlx::SqlitePool,
    trouble: DatabaseProblem,
) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if let Some(connection) = pool.try_acquire() {
            return Ok(connection);
        }
    }
    Err(trouble.into_error())
}

/// How long the connection's statements wait for locks.
async fn wait_for(
    connection: &mut sqlx::SqliteConnection,
    patience: Duration,
) -> Result<(), sqlx::Error> {
    let mut pragma = QueryBuilder::<Sqlite>::new("PRAGMA busy_timeout = ");
    pragma.push(patience.as_millis());
    pragma.build().execute(connection).await?;
    Ok(())
}
