//! What differs between databases, in one place. Today there is SQLite; the rest of the store names
//! no database but through the aliases here.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::query_builder::{QueryBuilder, Separated};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::StoreError;

/// The database.
pub type Db = sqlx::Sqlite;
/// Its connections.
pub type Pool = sqlx::SqlitePool;
/// One of them.
pub type Connection = sqlx::SqliteConnection;
/// A row that it returns.
pub type Row = sqlx::sqlite::SqliteRow;
/// What binds the columns of one row in a bulk insert.
pub type Columns<'q> = Separated<'q, Db, &'static str>;

/// The schema's history.
pub static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Connections that read: a collector on a small machine serves few at once, each for a moment.
const READERS: u32 = 4;

/// How long a statement waits for another process (the command line) that writes.
const BUSY: Duration = Duration::from_secs(30);

/// Opens the writing connection and the reading ones.
pub(super) async fn open(address: &str) -> Result<(Pool, Pool), StoreError> {
    let unsupported = || StoreError::Address {
        address: without_password(address),
    };
    if !address.starts_with("sqlite:") || address.contains(":memory:") {
        return Err(unsupported());
    }
    let options = SqliteConnectOptions::from_str(address)
        .map_err(|_| unsupported())?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // An acknowledgement promises that the events survive a power cut.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .page_size(8192)
        // Negative: KiB. The writer's working set is the right edge of a few trees.
        .pragma("cache_size", "-16384")
        .pragma("journal_size_limit", "67108864")
        // In pages. The pages that every commit touches are copied back less often, at the price of
        // a log of at most 32 MiB that is read back after a crash.
        .pragma("wal_autocheckpoint", "4096")
        // A statement of many rows can be undone alone, for which pages are set aside: in memory.
        .pragma("temp_store", "MEMORY")
        // What was redacted or deleted may have been a secret, and packing moves all text once: nothing
        // may stay behind on pages that are free.
        .pragma("secure_delete", "ON")
        .foreign_keys(false)
        .statement_cache_capacity(256)
        .optimize_on_close(true, 400);
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options.clone())
        .await?;
    let read = SqlitePoolOptions::new()
        .max_connections(READERS)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(
            options
                .read_only(true)
                .create_if_missing(false)
                .optimize_on_close(false, None)
                .pragma("cache_size", "-8192"),
        )
        .await?;
    Ok((write, read))
}

/// Takes what was deleted out of the database's files. False: somebody still reads what was there before.
///
/// Free pages hold zeros already; the write-ahead log is copied back and emptied. Nobody can write meanwhile,
/// so those who read are not waited for as long as those who write.
pub(super) async fn erase(pool: &Pool, patience: Duration) -> Result<bool, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    wait_for(&mut connection, patience).await?;
    let busy: Result<i64, _> = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)")
        .fetch_one(&mut *connection)
        .await;
    wait_for(&mut connection, BUSY).await?;
    Ok(busy? == 0)
}

async fn wait_for(connection: &mut Connection, patience: Duration) -> Result<(), sqlx::Error> {
    let mut pragma = QueryBuilder::<Db>::new("PRAGMA busy_timeout = ");
    pragma.push(patience.as_millis());
    pragma.build().execute(connection).await?;
    Ok(())
}

/// Versions of the migrations that were applied; none on a database that is still empty.
pub(super) async fn applied_migrations(pool: &Pool) -> Result<Vec<i64>, StoreError> {
    let known: Option<i64> = sqlx::query_scalar(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'",
    )
    .fetch_optional(pool)
    .await?;
    if known.is_none() {
        return Ok(Vec::new());
    }
    Ok(
        sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success ORDER BY version")
            .fetch_all(pool)
            .await?,
    )
}

/// An address as it may be shown: without the password that it may carry.
#[must_use]
pub fn without_password(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else {
        return address.to_owned();
    };
    match rest.rsplit_once('@') {
        Some((login, host)) => {
            let user = login.split(':').next().unwrap_or("");
            format!("{scheme}://{user}:…@{host}")
        }
        None => address.to_owned(),
    }
}

/// A count as databases keep it, in a signed number; one that is out of all proportion becomes the
/// largest there is.
pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// `INSERT` for rows that cannot be there already. Where one is, the statement may leave the rows before
/// it, because its whole transaction is given up then; so SQLite keeps nothing to undo it alone.
macro_rules! insert_into {
    ($table_and_columns:literal) => {
        concat!("INSERT OR FAIL INTO ", $table_and_columns)
    };
}
pub(super) use insert_into;

/// How many rows go into one statement. Few distinct sizes, so that each statement is prepared once
/// and found in the cache from then on; larger ones than these gain nothing.
const CHUNKS: [usize; 5] = [200, 50, 12, 3, 1];

/// Inserts rows in bulk: `head` is all up to `VALUES`, `tail` all after.
pub(super) async fn insert<T>(
    connection: &mut Connection,
    head: &'static str,
    rows: &[T],
    bind: impl Fn(&mut Columns<'_>, &T),
    tail: &'static str,
) -> Result<(), sqlx::Error> {
    let mut rest = rows;
    while !rest.is_empty() {
        let size = CHUNKS
            .into_iter()
            .find(|size| *size <= rest.len())
            .unwrap_or(1);
        let (chunk, later) = rest.split_at(size);
        let mut query = QueryBuilder::<Db>::new(head);
        query.push_values(chunk, |mut columns, row| bind(&mut columns, row));
        query.push(tail);
        query.build().execute(&mut *connection).await?;
        rest = later;
    }
    Ok(())
}
