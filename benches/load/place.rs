//! Where the databases of a measurement are: in a file, or on a server that the benchmark starts.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use playback::store::dialect::Engine;
use sqlx::{Connection as _, Executor as _, Row as _};

use crate::Scratch;
use crate::servers::Server;

/// The engines, as they are called in rows.
pub(crate) const ENGINES: [(Engine, &str); 3] = [
    (Engine::Sqlite, "SQLite"),
    (Engine::Postgres, "PostgreSQL"),
    (Engine::MySql, "MariaDB"),
];

/// A place for databases of one kind; what lies in it goes with it.
pub(crate) enum Place<'s> {
    /// Files in a folder on a real disk.
    Files(&'s Scratch),
    /// A server that syncs every commit.
    Server(Server, Engine),
}

impl<'s> Place<'s> {
    pub(crate) fn new(engine: Engine, scratch: &'s Scratch) -> Self {
        match engine {
            Engine::Sqlite => Self::Files(scratch),
            _ => Self::Server(Server::start_durable(engine), engine),
        }
    }

    /// The address of a new, empty database.
    pub(crate) fn database(&self, name: &str) -> Database {
        match self {
            Self::Files(scratch) => {
                let file = scratch.file(&format!("{name}.db"));
                Database {
                    engine: Engine::Sqlite,
                    address: format!("sqlite://{}", file.display()),
                    file: Some(file),
                }
            }
            Self::Server(server, engine) => Database {
                engine: *engine,
                address: server.database(),
                file: None,
            },
        }
    }
}

/// One database.
pub(crate) struct Database {
    pub(crate) engine: Engine,
    pub(crate) address: String,
    file: Option<PathBuf>,
}

impl Database {
    /// Tells it to do something.
    pub(crate) fn execute(&self, statement: &'static str) -> Result<()> {
        blocking(async {
            match self.engine {
                Engine::Sqlite => {
                    let mut connection = sqlx::SqliteConnection::connect(&self.address).await?;
                    connection.execute(statement).await?;
                    connection.close().await?;
                }
                Engine::Postgres => {
                    let mut connection = sqlx::PgConnection::connect(&self.address).await?;
                    connection.execute(statement).await?;
                    connection.close().await?;
                }
                Engine::MySql => {
                    let mut connection = sqlx::MySqlConnection::connect(&self.address).await?;
                    connection.execute(statement).await?;
                    connection.close().await?;
                }
            }
            Ok(())
        })
    }

    /// Asks it for a number.
    pub(crate) fn number(&self, query: &'static str) -> Result<i64> {
        blocking(async {
            Ok(match self.engine {
                Engine::Sqlite => {
                    let mut connection = sqlx::SqliteConnection::connect(&self.address).await?;
                    connection.fetch_one(query).await?.try_get(0)?
                }
                Engine::Postgres => {
                    let mut connection = sqlx::PgConnection::connect(&self.address).await?;
                    connection.fetch_one(query).await?.try_get(0)?
                }
                Engine::MySql => {
                    let mut connection = sqlx::MySqlConnection::connect(&self.address).await?;
                    connection.fetch_one(query).await?.try_get(0)?
                }
            })
        })
    }

    /// Counts its rows, as a server does by itself from time to time.
    pub(crate) fn analyze(&self) -> Result<()> {
        match self.engine {
            // Its owner does that when it closes.
            Engine::Sqlite => Ok(()),
            Engine::Postgres => self.execute("VACUUM ANALYZE"),
            Engine::MySql => self.execute(
                "ANALYZE TABLE executions, execution_hosts, execution_labels, plays, tasks, \
                 results, event_blocks",
            ),
        }
    }

    /// How many bytes it takes, indexes included.
    pub(crate) fn bytes(&self) -> Result<u64> {
        let bytes = match (self.engine, &self.file) {
            (_, Some(file)) => return Ok(std::fs::metadata(file)?.len()),
            (Engine::Postgres, _) => self.number("SELECT pg_database_size(current_database())")?,
            _ => self.number(
                "SELECT CAST(SUM(data_length + index_length) AS SIGNED) \
                 FROM information_schema.tables WHERE table_schema = DATABASE()",
            )?,
        };
        Ok(u64::try_from(bytes)?)
    }

    /// Removes it, so that the next one has room.
    pub(crate) fn remove(self, place: &Place<'_>) -> Result<()> {
        if let Some(file) = &self.file {
            for end in ["", "-wal", "-shm"] {
                let mut name = file.as_os_str().to_owned();
                name.push(end);
                let _ = std::fs::remove_file(name);
            }
        }
        if let Place::Server(server, _) = place {
            let name = self.address.rsplit('/').next().unwrap_or_default();
            ensure!(
                server.sql(&format!("DROP DATABASE {name}")),
                "a database cannot be dropped"
            );
        }
        Ok(())
    }
}

/// Free bytes where a measurement's files lie.
pub(crate) fn free_bytes(folder: &Path) -> Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail * disk.f_frsize)
}

/// Runs something that waits, from a thread that may wait.
pub(crate) fn blocking<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?
        .block_on(work)
}
