//! Opens the database: its connections, and the settings of each.

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Executor as _, Row as _};

use tokio::time::Instant;

use super::StoreError;
use super::address::Options;
use super::dialect::Engine;
use super::file::{self, DatabaseFile};
use super::pool::{Limits, Pool, is_alive, is_sound};
use super::problem::DatabaseProblem;

/// How long a statement waits for another process (the command line) that writes to the same file.
pub(super) const BUSY: Duration = Duration::from_secs(30);

/// Prepared statements kept by a connection.
const PREPARED: usize = 256;

/// Maximum age of a connection to a server, so that a changed address of its name is noticed.
const LIFETIME: Duration = Duration::from_secs(1800);

/// An acknowledgement promises that the events survive a power cut, whatever the server's default. Stricter settings
/// are kept.
const POSTGRES_SESSION: &str = "SELECT set_config('synchronous_commit', 'on', false) \
    WHERE current_setting('synchronous_commit') IN ('off', 'local')";

/// A collector that vanishes in the middle of a transaction must not block the others, nor itself when it is back: the
/// server ends its session, and releases its locks, after the time that the collector waits for an answer.
fn postgres_patience(answer: Duration) -> String {
    let seconds = answer.as_secs().max(1);
    format!(
        "SELECT set_config('idle_in_transaction_session_timeout', '{seconds}s', false), \
         set_config('tcp_user_timeout', '{seconds}s', false), set_config('tcp_keepalives_idle', '30', false)"
    )
}

/// Values that do not fit are refused, not cut; quoted names follow the standard; a page of results fits into one text
/// (`compare`); and reads within a transaction take no gap locks, which would make writers wait for each other. Only
/// MariaDB has a limit for idle transactions, and reads the content of a comment of its own: see [`postgres_patience`].
fn mysql_session(answer: Duration) -> String {
    let seconds = answer.as_secs().max(1);
    format!(
        "SET SESSION sql_mode = \
         'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,ANSI_QUOTES'; \
         SET SESSION group_concat_max_len = 4194304 \
         /*M!100300 , SESSION idle_transaction_timeout = {seconds} */; \
         SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
    )
}

/// The smallest message limit of a MySQL server that suffices.
const LEAST_PACKET: i64 = 4 << 20;

/// Maximum overhead of a message beside values and text.
const FRAME: usize = 256 << 10;

/// Opens the writing connection and the reading ones.
pub(super) async fn open(options: &Options) -> Result<(Pool, Pool), StoreError> {
    match options.engine()? {
        Engine::Sqlite => sqlite(options).await,
        Engine::Postgres => postgres(options).await,
        Engine::MySql => mysql(options).await,
    }
}

async fn sqlite(options: &Options) -> Result<(Pool, Pool), StoreError> {
    let connect = SqliteConnectOptions::from_str(options.address.expose_secret())
        .map_err(|error| unreadable(options, &error))?;
    let path = connect.get_filename().to_owned();
    file::prepare(&path).map_err(|why| unfit(options, why))?;
    let file = Arc::new(DatabaseFile::new(&path));
    let mut opened = sqlite_pools(options, &connect, &file).await;
    if let Err(error) = &opened
        && DatabaseProblem::of(error).is_some_and(DatabaseProblem::is_want_of_room)
        && file.room.give_up()
    {
        // Without space, the write-ahead log cannot even be read, and nothing could ever be deleted.
        opened = sqlite_pools(options, &connect, &file).await;
    }
    opened.map_err(|error| unfit(options, file::why(&path, &error)))
}

async fn sqlite_pools(
    options: &Options,
    connect: &SqliteConnectOptions,
    file: &Arc<DatabaseFile>,
) -> Result<(Pool, Pool), sqlx::Error> {
    let connect = connect
        .clone()
        // An empty file with closed permissions exists already.
        .create_if_missing(false)
        .read_only(false)
        .journal_mode(SqliteJournalMode::Wal)
        // An acknowledgement promises that the events survive a power cut.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .page_size(8192)
        // Negative: KiB. The writer's working set is the right edge of a few trees.
        .pragma("cache_size", "-16384")
        .pragma("journal_size_limit", "67108864")
        // In pages. Pages that every commit touches are checkpointed less often, at the price of a log of at most 32
        // MiB that is read back after a crash.
        .pragma(
            "wal_autocheckpoint",
            file.room.checkpoint_pages().to_string(),
        )
        // Undoing a single statement of many rows needs saved pages: they are kept in memory.
        .pragma("temp_store", "MEMORY")
        // Redacted or deleted data may have been secret, and packing moves all text once: nothing may remain on free
        // pages.
        .pragma("secure_delete", "ON")
        .foreign_keys(false)
        // Rows come from the connection's own thread: the less often the two wait for each other, the sooner all rows
        // arrive. The reader takes all of them in any case.
        .row_buffer_size(1024)
        .statement_cache_capacity(PREPARED)
        .optimize_on_close(true, 400);
    let connect = match file.room.most_pages(false) {
        Some(most) => connect.pragma("max_page_count", most.to_string()),
        None => connect,
    };
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        // A file does not disconnect.
        .test_before_acquire(false)
        // On a full disk, SQLite ends a transaction by itself. sqlx then fails to end it, and considers it open from
        // then on, so the connection is closed.
        .after_release(|connection, _| {
            Box::pin(async move {
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
        .connect_with(connect.clone())
        .await?;
    let read = SqlitePoolOptions::new()
        .max_connections(options.connections)
        // The write-ahead log's files exist as long as one connection is open.
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(
            connect
                .read_only(true)
                .create_if_missing(false)
                .optimize_on_close(false, None)
                .pragma("cache_size", "-8192"),
        )
        .await?;
    Ok((
        Pool::Sqlite(write, file.clone()),
        Pool::Sqlite(read, file.clone()),
    ))
}

async fn postgres(options: &Options) -> Result<(Pool, Pool), StoreError> {
    let connect = PgConnectOptions::from_str(options.address.expose_secret())
        .map_err(|error| unreadable(options, &error))?
        .application_name("playback")
        .statement_cache_capacity(PREPARED);
    let mut first = connect_first(options, &connect).await?;
    let settings = "SELECT current_setting('server_encoding') AS encoding, \
                    current_setting('fsync') AS fsync";
    let row = first
        .fetch_one(settings)
        .await
        .map_err(|error| cannot_open(options, error))?;
    let encoding: String = row.try_get("encoding")?;
    if encoding != "UTF8" {
        return Err(unfit(
            options,
            format!("its encoding is {encoding}: make a database with ENCODING 'UTF8'"),
        ));
    }
    if row.try_get::<String, _>("fsync")? == "off" {
        tracing::warn!("fsync is off: what is acknowledged may not survive a power cut");
    }
    close_first(first).await;
    let (wait, patience) = (options.wait, postgres_patience(options.answer()));
    let pool = |connections| {
        let patience = patience.clone();
        PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(options.wait)
            .max_lifetime(LIFETIME)
            .test_before_acquire(false)
            .before_acquire(|connection, used| Box::pin(is_alive(connection, used.idle_for)))
            .after_connect(move |connection, _| {
                let patience = patience.clone();
                Box::pin(async move {
                    connection.execute(POSTGRES_SESSION).await?;
                    connection.execute(AssertSqlSafe(patience)).await?;
                    Ok(())
                })
            })
            .after_release(move |connection, _| Box::pin(is_sound(connection, wait)))
            .connect_lazy_with(connect.clone())
    };
    let limits = Limits {
        packet: usize::MAX,
        answer: options.answer(),
    };
    Ok((
        Pool::Postgres(pool(1), limits),
        Pool::Postgres(pool(options.connections), limits),
    ))
}

async fn mysql(options: &Options) -> Result<(Pool, Pool), StoreError> {
    let connect = MySqlConnectOptions::from_str(options.address.expose_secret())
        .map_err(|error| unreadable(options, &error))?
        .charset("utf8mb4")
        .statement_cache_capacity(PREPARED);
    let mut first = connect_first(options, &connect).await?;
    let settings = "SELECT CAST(@@GLOBAL.max_allowed_packet AS SIGNED) AS packet, \
                    CAST(@@GLOBAL.innodb_flush_log_at_trx_commit AS SIGNED) AS flush_log";
    let row = first
        .fetch_one(settings)
        .await
        .map_err(|error| cannot_open(options, error))?;
    let packet: i64 = row.try_get("packet")?;
    if packet < LEAST_PACKET {
        return Err(unfit(
            options,
            format!("max_allowed_packet = {packet} is too small: set it to 16M or more"),
        ));
    }
    if row.try_get::<i64, _>("flush_log")? != 1 {
        tracing::warn!(
            "innodb_flush_log_at_trx_commit is not 1: what is acknowledged may not survive a power cut"
        );
    }
    close_first(first).await;
    let (wait, session) = (options.wait, mysql_session(options.answer()));
    let pool = |connections| {
        let session = session.clone();
        MySqlPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(options.wait)
            .max_lifetime(LIFETIME)
            .test_before_acquire(false)
            .before_acquire(|connection, used| Box::pin(is_alive(connection, used.idle_for)))
            .after_connect(move |connection, _| {
                let session = session.clone();
                Box::pin(async move {
                    connection
                        .execute(sqlx::raw_sql(AssertSqlSafe(session)))
                        .await?;
                    Ok(())
                })
            })
            .after_release(move |connection, _| Box::pin(is_sound(connection, wait)))
            .connect_lazy_with(connect.clone())
    };
    let limits = Limits {
        packet: usize::try_from(packet).unwrap_or(usize::MAX) - FRAME,
        answer: options.answer(),
    };
    Ok((
        Pool::MySql(pool(1), limits),
        Pool::MySql(pool(options.connections), limits),
    ))
}

/// Opens the first connection outside the pool, which would only report a timeout. Waits for a server that is starting.
async fn connect_first<O: ConnectOptions>(
    options: &Options,
    connect: &O,
) -> Result<O::Connection, StoreError>
where
    O::Connection: Sized,
{
    let deadline = Instant::now() + options.wait;
    loop {
        let error = match tokio::time::timeout(options.wait, connect.connect()).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => error,
            Err(_) => {
                let error = std::io::Error::from(std::io::ErrorKind::TimedOut);
                return Err(cannot_open(options, sqlx::Error::Io(error)));
            }
        };
        let starting = match &error {
            sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
            sqlx::Error::Database(error) => error.is_transient_in_connect_phase(),
            _ => false,
        };
        if !starting || Instant::now() >= deadline {
            return Err(cannot_open(options, error));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Closes the connection; an error no longer matters.
async fn close_first<C: sqlx::Connection>(connection: C) {
    let _ = connection.close().await;
}

fn unreadable(options: &Options, error: &sqlx::Error) -> StoreError {
    StoreError::Address {
        address: options.shown(),
        why: error.to_string(),
    }
}

fn unfit(options: &Options, why: String) -> StoreError {
    StoreError::Unfit {
        address: options.shown(),
        why,
    }
}

fn cannot_open(options: &Options, cause: sqlx::Error) -> StoreError {
    StoreError::Open {
        address: options.shown(),
        cause,
    }
}
