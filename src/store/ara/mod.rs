//! Reads databases of ARA (1.5 to 1.8), for imports: SQLite files and PostgreSQL. Nothing is ever written to them.
//!
//! ARA may be recording meanwhile, and in SQLite a reader makes it wait. So each transaction is short: one for what
//! belongs to a playbook, and one for each page of what its results contain.
//!
//! - [`rows`]: the rows of a playbook
//! - `error`: why a database cannot be read, in words for its owner

mod error;
mod read;
pub mod rows;

use std::collections::BTreeSet;
use std::path::Path;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

pub use error::AraError;

use super::dialect::Engine;
use super::file::DatabaseFile;
use super::pool::{Limits, Pool};
use super::statement::Statement;
use super::{Options, StoreError};

/// How long to wait while ARA writes to the file.
const BUSY: Duration = Duration::from_secs(30);

/// How long a server may take to answer.
const ANSWER: Duration = Duration::from_secs(300);

/// The newest migration of ARA's schema that is known: that of ARA 1.8.
const NEWEST: u32 = 20;

/// Tables and columns that an import needs. ARA 1.5 has all of them.
const NEEDED: &[(&str, &[&str])] = &[
    (
        "playbooks",
        &[
            "id",
            "name",
            "path",
            "status",
            "started",
            "ended",
            "updated",
            "ansible_version",
            "arguments",
            "controller",
        ],
    ),
    ("plays", &["id", "name", "started", "ended", "playbook_id"]),
    (
        "tasks",
        &[
            "id",
            "name",
            "action",
            "lineno",
            "tags",
            "handler",
            "started",
            "ended",
            "file_id",
            "play_id",
            "playbook_id",
        ],
    ),
    (
        "hosts",
        &[
            "id",
            "name",
            "changed",
            "failed",
            "ok",
            "skipped",
            "unreachable",
            "playbook_id",
        ],
    ),
    (
        "results",
        &[
            "id",
            "status",
            "started",
            "ended",
            "content",
            "changed",
            "ignore_errors",
            "host_id",
            "task_id",
            "playbook_id",
        ],
    ),
    ("files", &["id", "path"]),
    ("labels", &["id", "name"]),
    ("playbooks_labels", &["playbook_id", "label_id"]),
];

/// A database of ARA.
#[derive(Debug)]
pub struct AraDatabase {
    pool: Pool,
    has: Extras,
}

/// What ARA records since some version after 1.5.0.
#[derive(Debug, Clone, Copy, Default)]
struct Extras {
    user: bool,
    python_version: bool,
    client_version: bool,
    server_version: bool,
    delegates: bool,
}

impl AraDatabase {
    /// Opens a SQLite file, without being able to write to it.
    ///
    /// # Errors
    /// It cannot be opened, or is no database of ARA that is known.
    pub async fn open_file(path: &Path) -> Result<Self, AraError> {
        let connect = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .read_only(true)
            .busy_timeout(BUSY);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(connect)
            .await
            .map_err(AraError::of)?;
        let file = Arc::new(DatabaseFile::new(path));
        Self::checked(Pool::Sqlite(pool, file)).await
    }

    /// Opens a database on a PostgreSQL server.
    ///
    /// # Errors
    /// Its address is not one, it cannot be opened, or it is no database of ARA that is known.
    pub async fn open_server(options: &Options) -> Result<Self, AraError> {
        if options.engine()? != Engine::Postgres {
            return Err(AraError::Store(StoreError::Address {
                address: options.shown(),
                why: "use postgres://user@host/database; a SQLite file is named without an address, and a database \
                      of ARA on MySQL cannot be imported"
                    .to_owned(),
            }));
        }
        let connect = PgConnectOptions::from_str(options.address.expose_secret())
            .map_err(AraError::of)?
            .application_name("playback import")
            .options([("default_transaction_read_only", "on")]);
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(options.wait)
            .connect_with(connect)
            .await
            .map_err(|cause| StoreError::Open {
                address: options.shown(),
                cause,
            })?;
        let limits = Limits {
            packet: usize::MAX,
            answer: ANSWER,
        };
        Self::checked(Pool::Postgres(pool, limits)).await
    }

    /// Closes it.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn checked(pool: Pool) -> Result<Self, AraError> {
        let mut ara = Self {
            pool,
            has: Extras::default(),
        };
        let columns = ara.columns().await?;
        let has = |table: &str, column: &str| columns.contains(&(table.into(), column.into()));
        let tables: BTreeSet<&str> = columns.iter().map(|(table, _)| table.as_str()).collect();
        if !["playbooks", "results", "django_migrations"]
            .iter()
            .all(|table| tables.contains(table))
        {
            return Err(error::foreign(&tables));
        }
        ara.check_migrations().await?;
        for (table, needed) in NEEDED {
            if let Some(column) = needed.iter().find(|column| !has(table, column)) {
                return Err(AraError::Older {
                    missing: format!("{table}.{column}"),
                });
            }
        }
        ara.has = Extras {
            user: has("playbooks", "user"),
            python_version: has("playbooks", "python_version"),
            client_version: has("playbooks", "client_version"),
            server_version: has("playbooks", "server_version"),
            delegates: has("results_delegated_to", "host_id"),
        };
        Ok(ara)
    }

    /// All tables and their columns.
    async fn columns(&self) -> Result<BTreeSet<(String, String)>, AraError> {
        let mut query = self.query(match self.pool.engine() {
            Engine::Sqlite => {
                "SELECT tables.name AS table_name, columns.name AS column_name FROM sqlite_master AS tables \
                 JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'"
            }
            _ => {
                "SELECT CAST(table_name AS TEXT) AS table_name, CAST(column_name AS TEXT) AS column_name \
                 FROM information_schema.columns WHERE table_schema = ANY(current_schemas(false))"
            }
        });
        let rows = query.fetch_all(&self.pool).await?;
        rows.iter()
            .map(|row| Ok((row.get("table_name")?, row.get("column_name")?)))
            .collect()
    }

    /// Whether the schema is one that is known.
    async fn check_migrations(&self) -> Result<(), AraError> {
        let mut query = self.query("SELECT name FROM django_migrations WHERE app = 'api'");
        for row in query.fetch_all(&self.pool).await? {
            let name: String = row.get("name")?;
            let number = name
                .split('_')
                .next()
                .and_then(|number| number.parse().ok());
            if number.is_none_or(|number: u32| number > NEWEST) {
                return Err(AraError::Newer { migration: name });
            }
        }
        Ok(())
    }

    /// A statement for it.
    fn query(&self, text: &'static str) -> Statement {
        Statement::new(self.pool.engine(), text)
    }
}
