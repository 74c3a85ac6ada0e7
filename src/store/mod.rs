//! Every SQL statement of the program, and nothing else.
//!
//! Layout:
//! - [`address`], `open`: the database's address, and opening it
//! - [`dialect`]: differences between databases
//! - `statement`, `value`, `pool`: one statement for any of the databases
//! - `tables`: the tables: their columns, how rows are bound and read; rows in bulk
//! - `migrations`: the schema's migrations
//! - [`ara`]: reads databases of ARA, for imports
//! - `audit`: the audit trail
//! - `compare`: all results of an execution in few bytes, and earlier executions like one
//! - `commit`: writes the changes of ingestion, in one transaction
//! - `executions`, `filter`, `search`: lists, details, deletion
//! - `parts`: plays, tasks, hosts and results of an execution
//! - `export`: hosts and results of several executions at once
//! - `failures`: failed results, in which runs their errors occurred, and when their tasks last worked
//! - `hosts`: hosts over all executions: their runs, and what changed them; `facts`: the reports of their facts
//! - [`copy`]: copies a whole history from one database into another
//! - `launches`: the launcher's queue
//! - `log`: blocks of the event log
//! - `explain`: query plans of the statements of a piece of work; `guide`: hints that MariaDB and MySQL need for some
//! - `notifications`: targets of notifications, what they must be sent, and what they were sent
//! - `schedules`: schedules of runs, and the outcomes of their times
//! - `report`: what reports need beside statistics and trends; `report_schedules`,
//!   `reports`: schedules of reports, and the reports that were made for them
//! - `retention`, `pins`: the data for retention rules, removal in small steps, pins
//! - `file`: the file of an SQLite database: its lock, its permissions, its disk space; `problem`, `health`: problems
//!   of a database, and how they are detected
//! - `search_index`: the index of the words in logs
//! - `series`: the runs of one playbook, inventory, limit and tags
//! - `shared`: coordination of collectors that share a database
//! - `stats`: statistics, and their roll-ups
//! - `redact`: rewritten events, and erasing deleted data from files
//! - `tokens`: tokens and their scopes
//! - `traces`: which runs' traces are to be sent
//! - `trends`: tasks and hosts of many executions at once
//! - `tombstones`: deleted executions, remembered so that they do not come again
//! - `work`: leases for work that only one collector may do
//!
//! A look-up that finds nothing returns `None`, which is no error of the store.

pub mod address;
pub mod ara;
mod audit;
mod commit;
mod compare;
pub mod copy;
pub mod dialect;
mod executions;
mod explain;
mod export;
mod facts;
mod failures;
mod file;
mod filter;
mod guide;
mod health;
mod hosts;
mod launches;
mod log;
mod migrations;
mod notifications;
mod open;
mod parts;
mod pins;
mod pool;
mod problem;
mod recent;
mod redact;
mod report;
mod report_schedules;
mod reports;
mod retention;
mod schedules;
mod search;
mod search_index;
mod series;
mod sessions;
mod shared;
mod statement;
mod stats;
mod tables;
mod tickets;
mod tokens;
mod tombstones;
mod traces;
mod trends;
mod value;
mod work;

pub use address::Options;
pub use commit::LogExtent;
pub use compare::{FoundResult, PackedOutcome, PackedResult};
pub use executions::{ExecutionHead, Recaps};
pub use explain::{Plan, explained};
pub use export::{HostCounts, OutcomeCount, PlacedResult, RowFilter};
pub use facts::FactsReport;
pub use failures::{FoundSuccess, Occurrences, TaskOnHost};
pub use file::{DatabaseLock, LockError};
pub use hosts::{COUNTED_RUNS, ChangeRow, GroupsInRun, HostInRun, HostRuns, NamesFrom, StartedIn};
pub use log::{BlockStart, BlocksFrom, StoredBlock};
pub use migrations::Migration;
pub use notifications::{
    AttemptOutcome, DeliveryFilter, DigestGroup, HeldEvent, ListedDelivery, NewDelivery, NewTarget,
    TargetCondition, Undelivered,
};
pub use parts::ResultEntry;
pub use pins::Restored;
pub use problem::DatabaseProblem;
pub use recent::RecentRow;
pub use redact::RewrittenBlock;
pub use report::{COUNTED_ERRORS, ErrorCount};
pub use reports::ReportCursor;
pub use retention::Deletion;
pub use schedules::TICKS;
pub use search_index::{NewSegment, PendingRun, SearchFigures, SearchSegment, SearchView};
pub use series::{SeriesRun, SeriesScope, SeriesStarts};
pub use shared::{Listener, Notice, PeerEvent};
pub use stats::{PlaybookFigures, StatusCounts};
pub use tokens::TokenRow;
pub use traces::{DueTrace, TraceOutcome};
pub use work::WorkLease;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::time::Duration;

use uuid::Uuid;

use dialect::Engine;
use pool::Pool;
use statement::Statement;

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database's address is not supported.
    #[error("database {address:?} is not supported: {why}")]
    Address {
        /// The address, without its password.
        address: String,
        /// What is wrong, and what is valid.
        why: String,
    },
    /// The database does not exist, or refuses the connection.
    #[error("database {address:?} cannot be opened: {}", problem::in_words(.cause))]
    Open {
        /// The address, without its password.
        address: String,
        /// Why.
        cause: sqlx::Error,
    },
    /// The database's settings are not suitable.
    #[error("database {address:?} cannot be used: {why}")]
    Unfit {
        /// The address, without its password.
        address: String,
        /// What is wrong, and what to do about it.
        why: String,
    },
    /// A token of that name exists already.
    #[error("a token named {name:?} exists already: revoke it first, or choose another name")]
    TokenExists {
        /// The name.
        name: String,
    },
    /// A schedule of that name exists already.
    #[error("a schedule named {name:?} exists already: change it, or choose another name")]
    ScheduleExists {
        /// The name.
        name: String,
    },
    /// A target of notifications of that name exists already.
    #[error("name: a target named {name:?} exists already: change it, or choose another name")]
    TargetExists {
        /// The name.
        name: String,
    },
    /// A target must be changed, but none has that name.
    #[error(
        "there is no target named {name:?} to change; it may have been removed meanwhile: \"playback notify list\" shows \
         the existing ones"
    )]
    TargetMissing {
        /// The name.
        name: String,
    },
    /// A schedule of reports of that name exists already.
    #[error(
        "name: a schedule of reports named {name:?} exists already: change it, or choose another name"
    )]
    ReportScheduleExists {
        /// The name.
        name: String,
    },
    /// A report schedule must be changed, but none has that name.
    #[error(
        "there is no schedule of reports named {name:?} to change; it may have been deleted meanwhile: \"playback reports \
         schedules\" shows the existing ones"
    )]
    ReportScheduleMissing {
        /// The name.
        name: String,
    },
    /// A target of notifications is defined by the configuration file.
    #[error(
        "the target {name:?} is defined by the collector's configuration file: change it there, or choose another name"
    )]
    TargetFromFile {
        /// The name.
        name: String,
    },
    /// The schema was made by a later version.
    #[error(
        "the database's schema (version {database}) is newer than this program (version {program}): \
         use the version of playback that made it, or a later one"
    )]
    Newer {
        /// The database's newest migration.
        database: i64,
        /// This program's newest migration.
        program: i64,
    },
    /// A migration was interrupted, on a database that cannot roll it back.
    #[error(
        "migration {version} of the database's schema was interrupted: restore the backup that was made \
         before it, or empty the database if it held nothing, and migrate again"
    )]
    HalfMigrated {
        /// Which.
        version: i64,
    },
    /// The schema is not the one that this version needs.
    #[error("the database's schema cannot be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// Another collector has written to executions since they were read; contains the indexes of the affected changes.
    #[error("executions are being written by another collector as well")]
    Overtaken(Vec<usize>),
    /// The database accepts no changes at the moment.
    #[error(transparent)]
    Unhealthy(#[from] DatabaseProblem),
    /// The database refused or failed.
    #[error("the database failed: {}", problem::in_words(.0))]
    Database(#[from] sqlx::Error),
    /// Stored data cannot be read: something else changed the database.
    #[error("the store holds what it should not: {part}")]
    Damaged {
        /// Where.
        part: &'static str,
    },
}

impl StoreError {
    /// Whether the database is temporarily unavailable: nothing is wrong with the request.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        if self.trouble().is_some() {
            return true;
        }
        let (Self::Database(error) | Self::Open { cause: error, .. }) = self else {
            return false;
        };
        match error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
            // It is starting, stopping, or out of connections.
            sqlx::Error::Database(error) => {
                error.is_transient_in_connect_phase()
                    || error.code().is_some_and(|code| code.starts_with("57P"))
            }
            _ => false,
        }
    }

    /// The problem of the database as a whole, if the error shows one.
    #[must_use]
    pub fn trouble(&self) -> Option<DatabaseProblem> {
        match self {
            Self::Unhealthy(trouble) => Some(*trouble),
            Self::Database(error) | Self::Open { cause: error, .. } => DatabaseProblem::of(error),
            _ => None,
        }
    }

    /// Whether the database refuses a value, so that a retry would fail again.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        let Self::Database(error) = self else {
            return false;
        };
        match error {
            sqlx::Error::Encode(_) => true,
            sqlx::Error::Database(error) => {
                // Classes of the SQL standard: a value, a constraint, a limit. SQLite's codes are shorter.
                let of_a_value = |code: &str| {
                    let classes = ["22", "23", "54"];
                    code.len() == 5 && classes.iter().any(|class| code.starts_with(class))
                };
                error.kind() != sqlx::error::ErrorKind::Other
                    || error.code().is_some_and(|code| of_a_value(&code))
            }
            _ => false,
        }
    }
}

/// How often a transaction is tried that conflicts with others.
const ATTEMPTS: usize = 5;

/// Runs several statements as one transaction, and retries it after a conflict. A macro, because a closure's borrows
/// would make the future not `Send`.
macro_rules! transaction {
    ($store:expr, $transaction:ident => $body:expr) => {{
        let mut attempt = 1;
        loop {
            let done: Result<_, StoreError> = async {
                let mut transaction = $store.write.begin().await?;
                let $transaction = &mut transaction;
                let done = $body;
                transaction.commit().await?;
                Ok(done)
            }
            .await;
            match done {
                Err(StoreError::Database(error))
                    if attempt < $crate::store::ATTEMPTS && Engine::is_conflict(&error) =>
                {
                    tracing::debug!(%error, attempt, "a transaction is tried again");
                    attempt += 1;
                }
                done => break done,
            }
        }
    }};
}
use transaction;

/// The history's database: one connection that writes, several that read.
#[derive(Debug, Clone)]
pub struct Store {
    write: Pool,
    read: Pool,
    /// How long to wait for a connection.
    wait: Duration,
    /// This collector's name for the others that share the database.
    name: Uuid,
    /// Keys below this have a partition for their rows.
    room: Arc<AtomicI64>,
    /// The days' n-gram filters, for searches.
    ngrams: stats::NgramCache,
    /// The database's health.
    condition: Arc<health::Condition>,
    /// Whether the trace of each run that ends is to be sent.
    queues_traces: bool,
    /// Whether there are targets of notifications.
    notifies: Arc<AtomicBool>,
    /// Held by who finds that out.
    looking: Arc<tokio::sync::Mutex<()>>,
    /// Changes of runs while this collector knew of no target.
    unnoted: Arc<notifications::Unnoted>,
}

impl Store {
    /// Opens the database, creating the file if it is missing, and migrates its schema.
    ///
    /// # Errors
    /// The address is not supported, the database cannot be opened, or its schema is newer.
    pub async fn open(options: impl Into<Options>) -> Result<Self, StoreError> {
        let store = Self::open_as_is(options).await?;
        store.migrate().await?;
        store.make_room().await?;
        if let Some(file) = store.write.file() {
            // After a crash, a recovered write-ahead log does not tell how far it was checkpointed until it is.
            if let Err(error) = store.write.copy_back().await {
                tracing::debug!(%error, "the write-ahead log could not be copied back yet");
            }
            file.remember();
        }
        Ok(store)
    }

    /// Opens the database without touching its schema.
    ///
    /// # Errors
    /// The address is not supported, or the database cannot be opened.
    pub async fn open_as_is(options: impl Into<Options>) -> Result<Self, StoreError> {
        let options = options.into();
        let (write, read) = open::open(&options).await?;
        Ok(Self {
            write,
            read,
            wait: options.wait,
            name: Uuid::new_v4(),
            room: Arc::default(),
            ngrams: stats::NgramCache::default(),
            condition: Arc::default(),
            queues_traces: false,
            notifies: Arc::default(),
            looking: Arc::default(),
            unnoted: Arc::default(),
        })
    }

    /// The kind of database.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.write.engine()
    }

    /// Whether the database answers in time.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut ping = self.query("SELECT 1");
        match tokio::time::timeout(self.wait, ping.execute(&self.read)).await {
            Ok(answer) => answer?,
            Err(_) => return Err(sqlx::Error::PoolTimedOut.into()),
        };
        Ok(())
    }

    /// Closes every connection; what was committed stays.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }

    /// A statement for this database.
    fn query(&self, text: &'static str) -> Statement {
        Statement::new(self.engine(), text)
    }
}
