//! Every SQL statement of the program, and nothing else.
//!
//! Layout:
//! - [`dialect`]: which database, how it is opened, how rows are inserted in bulk
//! - `commit`: what ingestion writes, in one transaction
//! - `executions`: lists, details, deletion
//! - `parts`: plays, tasks, hosts and results of an execution
//! - `launches`: what the launcher has to do
//! - `log`: blocks of the event log
//! - `redact`: events in another wording, and files without what is gone
//! - `tokens`: who may do what
//!
//! A look-up that finds nothing returns `None`: that is no error of the store.

mod commit;
pub mod dialect;
mod executions;
mod launches;
mod log;
mod parts;
mod redact;
mod tokens;

pub use executions::StatusCounts;
pub use log::StoredBlock;
pub use parts::ResultEntry;
pub use redact::Reworded;
pub use tokens::TokenRow;

use dialect::Pool;

/// The store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database's address is not one that we understand.
    #[error("database {address:?} is not supported: use sqlite:///path/to/playback.db")]
    Address {
        /// The address, as given.
        address: String,
    },
    /// A token of that name exists already.
    #[error("a token named {name:?} exists already: revoke it first, or choose another name")]
    TokenExists {
        /// The name.
        name: String,
    },
    /// The schema is not the one that this version works with.
    #[error("the database's schema cannot be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database refused or failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// What is stored cannot be read: the store was changed by something else.
    #[error("the store holds what it should not: {what}")]
    Damaged {
        /// Where.
        what: &'static str,
    },
}

/// The history's database: one connection that writes, several that read.
#[derive(Debug, Clone)]
pub struct Store {
    write: Pool,
    read: Pool,
}

impl Store {
    /// Opens the database at `address` (`sqlite:///path`, `sqlite::memory:` is not shared and so not
    /// supported), creating it where it does not exist, and brings its schema up to date.
    ///
    /// # Errors
    /// The address is not understood, the database cannot be opened, or its schema is newer.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        let store = Self::open_as_is(address).await?;
        store.migrate().await?;
        Ok(store)
    }

    /// Opens the database without touching its schema.
    ///
    /// # Errors
    /// The address is not understood, or the database cannot be opened.
    pub async fn open_as_is(address: &str) -> Result<Self, StoreError> {
        let (write, read) = dialect::open(address).await?;
        Ok(Self { write, read })
    }

    /// Applies the migrations that are missing, and returns how many there are in all.
    ///
    /// # Errors
    /// The database fails, or its schema is newer than this version.
    pub async fn migrate(&self) -> Result<usize, StoreError> {
        dialect::MIGRATIONS.run(&self.write).await?;
        Ok(dialect::MIGRATIONS.iter().count())
    }

    /// Which migrations there are, and which of them are applied.
    ///
    /// # Errors
    /// The database fails.
    pub async fn migrations(&self) -> Result<Vec<(i64, String, bool)>, StoreError> {
        let applied = dialect::applied_migrations(&self.read).await?;
        Ok(dialect::MIGRATIONS
            .iter()
            .map(|migration| {
                let version = migration.version;
                let name = migration.description.to_string();
                (version, name, applied.contains(&version))
            })
            .collect())
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.read).await?;
        Ok(())
    }

    /// Closes every connection; what was committed stays.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}
