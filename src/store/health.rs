//! The database's health: detects problems, reports them, and notices when they are over.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::dialect::Engine;
use super::file::DatabaseFile;
use super::problem::DatabaseProblem;
use super::{Store, StoreError};

/// After this long without failure, a server that accepts a small change counts as healthy. Before that, only a stored
/// batch counts: a small change may find space where a batch does not.
const QUIET: Duration = Duration::from_secs(10);

/// After a deletion step on a full disk, its space is left to the next step for this long.
const FREEING: Duration = Duration::from_secs(2);

/// The database's health.
#[derive(Debug, Default)]
pub(super) struct Condition(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    trouble: Option<DatabaseProblem>,
    failed: Option<Instant>,
    /// Until then the reserve is for deletions only.
    freeing: Option<Instant>,
    /// Size of the largest batch that found no space: with less space than that, it would fail again.
    refused: u64,
    /// The checkpoint threshold last set on the connection, in pages of the write-ahead log; the database's maximum
    /// size is set with it.
    checkpoint: Option<u64>,
}

impl Condition {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn trouble(&self) -> Option<DatabaseProblem> {
        self.state().trouble
    }

    fn set(&self, trouble: DatabaseProblem) {
        let mut state = self.state();
        state.failed = Some(Instant::now());
        if state.trouble.replace(trouble) != Some(trouble) {
            tracing::error!("not ready: {trouble}");
        }
    }

    fn clear(&self) {
        let mut state = self.state();
        state.refused = 0;
        if state.trouble.take().is_some() {
            tracing::info!("the database takes changes again");
        }
    }

    /// Learns from a change of this many bytes that succeeded or failed.
    pub(super) fn note<T>(&self, bytes: u64, done: &Result<T, StoreError>) {
        match done {
            Ok(_) => self.clear(),
            Err(error) => {
                if let Some(trouble) = error.trouble()
                    // The file is checked every time.
                    && !matches!(trouble, DatabaseProblem::FileGone | DatabaseProblem::FileOverwritten)
                {
                    self.set(trouble);
                    if trouble.is_want_of_room() {
                        let mut state = self.state();
                        state.refused = state.refused.max(bytes);
                    }
                }
            }
        }
    }

    fn is_freeing(&self) -> bool {
        self.state()
            .freeing
            .is_some_and(|until| Instant::now() < until)
    }
}

impl Store {
    /// Whether data written now can be read later.
    ///
    /// # Errors
    /// The database's file is not the one that was opened.
    pub fn check(&self) -> Result<(), StoreError> {
        match self.write.file().map(|file| file.check()) {
            Some(Err(trouble)) => Err(StoreError::Unhealthy(trouble)),
            _ => Ok(()),
        }
    }

    /// Whether ingestion must be refused without trying: the remaining space of a full disk is for deletions.
    pub(super) fn check_room(&self) -> Result<(), StoreError> {
        match (self.engine(), self.condition.trouble()) {
            (Engine::Sqlite, Some(DatabaseProblem::Full)) => {
                Err(StoreError::Unhealthy(DatabaseProblem::Full))
            }
            _ => Ok(()),
        }
    }

    /// Whether the database answers in time and accepts changes.
    ///
    /// # Errors
    /// It does not, and why.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.check()?;
        if let Some(trouble) = self.condition.trouble() {
            return Err(StoreError::Unhealthy(trouble));
        }
        if self.is_short() {
            self.condition.set(DatabaseProblem::Full);
            return Err(StoreError::Unhealthy(DatabaseProblem::Full));
        }
        // Detects missing tables, and a server that has become a replica.
        let mut query = self.query(match self.engine() {
            Engine::Sqlite => {
                "SELECT 0 AS read_only, (SELECT COUNT(*) FROM turns) AS turns, \
                 EXISTS (SELECT 1 FROM executions) AS runs, EXISTS (SELECT 1 FROM event_blocks) AS blocks"
            }
            Engine::Postgres => {
                "SELECT CASE WHEN current_setting('transaction_read_only') = 'on' THEN 1::bigint ELSE 0 END \
                 AS read_only, (SELECT COUNT(*) FROM turns) AS turns, \
                 EXISTS (SELECT 1 FROM executions) AS runs, EXISTS (SELECT 1 FROM event_blocks) AS blocks"
            }
            Engine::MySql => {
                "SELECT CAST(@@GLOBAL.read_only AS SIGNED) AS read_only, (SELECT COUNT(*) FROM turns) AS turns, \
                 EXISTS (SELECT 1 FROM executions) AS runs, EXISTS (SELECT 1 FROM event_blocks) AS `blocks`"
            }
        });
        let asked = tokio::time::timeout(self.wait, query.fetch_one(&self.read));
        let row = asked.await.map_err(|_| sqlx::Error::PoolTimedOut)??;
        if row.get::<i64>("read_only")? != 0 {
            // Some accounts can write nevertheless.
            let probe = tokio::time::timeout(self.wait, self.probe());
            let probed = probe
                .await
                .map_err(|_| StoreError::from(sqlx::Error::PoolTimedOut))
                .flatten();
            if let Err(error) = &probed
                && let Some(trouble) = error.trouble()
            {
                self.condition.set(trouble);
            }
            probed?;
        }
        Ok(())
    }

    /// Tries a small change.
    async fn probe(&self) -> Result<(), StoreError> {
        let mut update = self.query("UPDATE turns SET due_us = due_us + 1 WHERE work = 'probe'");
        if update.execute(&self.write).await? == 0 {
            let mut insert = self.query("INSERT INTO turns (work, due_us) VALUES ('probe', 0)");
            insert.execute(&self.write).await?;
        }
        Ok(())
    }

    /// Checks the database; to be called every second. Problems are reported and their end is noticed
    /// even while there are no writes.
    pub async fn look_after(&self) {
        // Logs it.
        let is_there = self.check().is_ok();
        if let Some(file) = self.write.file()
            && is_there
            && !self.condition.is_freeing()
        {
            if self.condition.trouble().is_none() && file.room.is_short() {
                self.condition.set(DatabaseProblem::Full);
            }
            self.set_checkpoint(file).await;
            if self.condition.trouble().is_none() {
                file.room.keep();
            }
        }
        let Some(trouble) = self.condition.trouble() else {
            return;
        };
        if !is_there || self.condition.is_freeing() {
            return;
        }
        if trouble.is_want_of_room()
            && let Err(error) = self.erase(Duration::from_millis(200)).await
        {
            // Its content may fit into the file, and its own space is released.
            tracing::debug!(%error, "the write-ahead log could not be copied back yet");
        }
        let has_room = match self.write.file() {
            Some(file) if trouble.is_want_of_room() => {
                let refused = self.condition.state().refused;
                file.room.settle(refused);
                file.room.is_enough(refused)
            }
            Some(_) => true,
            None => {
                let failed = self.condition.state().failed;
                failed.is_none_or(|failed| failed.elapsed() >= QUIET)
            }
        };
        if has_room && self.is_probed_well().await {
            self.condition.clear();
        }
    }

    async fn is_probed_well(&self) -> bool {
        let probe = tokio::time::timeout(self.wait, self.probe());
        matches!(probe.await, Ok(Ok(())))
    }

    /// Sets when the write-ahead log is checkpointed: the less space, the sooner.
    async fn set_checkpoint(&self, file: &Arc<DatabaseFile>) {
        let pages = file.room.checkpoint_pages();
        if self.condition.state().checkpoint == Some(pages) {
            return;
        }
        let set = self
            .write
            .set_limits(pages, file.room.most_pages(false))
            .await;
        match set {
            Ok(()) => self.condition.state().checkpoint = Some(pages),
            Err(error) => {
                tracing::debug!(%error, "the size limit of the connection could not be set");
            }
        }
    }

    /// Whether the disk has so little space that deletions use the smallest steps.
    pub(super) fn is_short(&self) -> bool {
        self.write.file().is_some_and(|file| {
            self.condition.is_freeing()
                || self
                    .condition
                    .trouble()
                    .is_some_and(DatabaseProblem::is_want_of_room)
                || file.room.is_short()
        })
    }

    /// Makes space for a deletion that found none; returns whether a retry is worthwhile.
    pub(super) async fn give_room(&self, error: &StoreError) -> bool {
        let (Some(file), Some(trouble)) = (self.write.file(), error.trouble()) else {
            return false;
        };
        if !trouble.is_want_of_room() {
            return false;
        }
        // From here on ingestion uses none of it.
        self.condition.set(DatabaseProblem::Full);
        self.hold_for_deletions();
        let given = file.room.give_up();
        self.condition.state().checkpoint = None;
        if let Err(error) = self.write.set_limits(16, file.room.most_pages(true)).await {
            tracing::debug!(%error, "the connection could not be prepared for deletions");
        }
        let erased = self.erase(Duration::from_millis(200)).await;
        given || erased.unwrap_or(false)
    }

    /// After a deletion step: with little space, empties the write-ahead log for the next one.
    pub(super) async fn after_step(&self) {
        if self.is_short() {
            self.hold_for_deletions();
            if let Err(error) = self.erase(Duration::from_millis(200)).await {
                tracing::debug!(%error, "the write-ahead log could not be copied back yet");
            }
        }
    }

    fn hold_for_deletions(&self) {
        if self
            .condition
            .trouble()
            .is_some_and(DatabaseProblem::is_want_of_room)
        {
            self.condition.state().freeing = Some(Instant::now() + FREEING);
        }
    }
}

/// Runs something that frees space; on a full disk, retries it once with the reserve.
macro_rules! freeing {
    ($store:expr, $body:expr) => {
        match $body {
            Err(error) if $store.give_room(&error).await => $body,
            done => done,
        }
    };
}
pub(super) use freeing;
