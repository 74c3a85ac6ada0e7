//! Events of an execution in another wording, and files without what is gone.

use std::time::Duration;

use super::commit::project;
use super::{Store, StoreError, audit};
use crate::model::{AuditEntry, Changes, ExecutionKey, LaunchRow};

/// A block whose events read differently from now on. Their numbers and times are the same.
#[derive(Debug)]
pub struct RewrittenBlock {
    /// Key in the store.
    pub id: i64,
    /// What it held.
    pub before: Vec<u8>,
    /// What it holds from now on.
    pub data: Vec<u8>,
    /// How much that is when it is expanded, in bytes.
    pub raw_bytes: u64,
    /// Lines that were finished before it, from now on.
    pub first_line: u64,
    /// Lines that it finishes, from now on.
    pub lines: u64,
}

impl Store {
    /// Replaces blocks of an execution, all rows that are projected from its events, and what is kept of
    /// its launch; `entry` is the audit's. False: a block is not what it was any more, and nothing was changed.
    ///
    /// # Errors
    /// The database failed: nothing was changed.
    pub async fn rewrite(
        &self,
        key: ExecutionKey,
        blocks: &[RewrittenBlock],
        changes: &Changes,
        launch: Option<&LaunchRow>,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        self.rewrite_in(key, blocks, changes, launch, Some(entry))
            .await
    }

    /// The same where only room is to be saved: what somebody has pinned at this moment is left as it is (false).
    ///
    /// # Errors
    /// The database failed: nothing was changed.
    pub async fn rewrite_unless_pinned(
        &self,
        key: ExecutionKey,
        blocks: &[RewrittenBlock],
        changes: &Changes,
    ) -> Result<bool, StoreError> {
        self.rewrite_in(key, blocks, changes, None, None).await
    }

    async fn rewrite_in(
        &self,
        key: ExecutionKey,
        blocks: &[RewrittenBlock],
        changes: &Changes,
        launch: Option<&LaunchRow>,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write.begin().await?;
        self.tell_changed(&mut transaction, key).await?;
        // Nobody asked for it: what is pinned is left alone.
        if entry.is_none() {
            let mut query = transaction.query(
                "SELECT uuid FROM executions WHERE id = ? \
                 AND uuid IN (SELECT uuid FROM execution_pins)",
            );
            query.bind(key);
            if !query.fetch_all_in(&mut transaction).await?.is_empty() {
                return Ok(false);
            }
        }
        for block in blocks {
            let done = transaction
                .query(
                    "UPDATE event_blocks SET data = ?, raw_bytes = ?, first_line = ?, \"lines\" = ? \
                     WHERE id = ? AND execution = ? AND data = ?",
                )
                .bind(&block.data)
                .bind(block.raw_bytes)
                .bind(block.first_line)
                .bind(block.lines)
                .bind(block.id)
                .bind(key)
                .bind(&block.before)
                .execute_in(&mut transaction)
                .await?;
            if done == 0 {
                return Ok(false);
            }
        }
        project(&mut transaction, key, changes).await?;
        // How large the log is now, is measured when somebody asks.
        let mut update =
            transaction.query("UPDATE executions SET payload_bytes = NULL WHERE id = ?");
        update.bind(key).execute_in(&mut transaction).await?;
        if let Some(launch) = launch {
            let parameters = serde_json::to_string(&launch.parameters);
            transaction
                .query("UPDATE launches SET parameters = ? WHERE uuid = ?")
                .bind(&parameters.unwrap_or_else(|_| "{}".to_owned()))
                .bind(launch.id)
                .execute_in(&mut transaction)
                .await?;
        }
        if let Some(entry) = entry {
            audit::append(&mut transaction, entry).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Takes what was deleted or replaced out of the database's files, as far as the database lets us.
    /// False: somebody still reads what was there before, and longer than `patience`; or the files are a
    /// server's, which cleans up when it sees fit.
    ///
    /// # Errors
    /// The database failed; what was deleted stays deleted.
    pub async fn erase(&self, patience: Duration) -> Result<bool, StoreError> {
        Ok(self.write.erase(patience).await?)
    }
}
