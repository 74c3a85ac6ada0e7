//! Replaces an execution's events, and erases deleted data from files.

use std::time::Duration;

use super::commit::project;
use super::notifications::forget_notices;
use super::{Store, StoreError, audit};
use crate::model::{AuditEntry, Changes, ExecutionKey, LaunchRow};

/// A block with rewritten events; their numbers and times are unchanged.
#[derive(Debug)]
pub struct RewrittenBlock {
    /// Key in the store.
    pub id: i64,
    /// The old content.
    pub before: Vec<u8>,
    /// The new content.
    pub data: Vec<u8>,
    /// The new size when expanded, in bytes.
    pub raw_bytes: u64,
    /// Lines finished before it, after the rewrite.
    pub first_line: u64,
    /// Lines that it finishes, after the rewrite.
    pub lines: u64,
}

impl Store {
    /// Replaces blocks of an execution, all rows projected from its events, and its stored launch parameters; `entry`
    /// is the audit entry. False: a block has changed meanwhile, and nothing was changed.
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

    /// Like [`Store::rewrite`], only to save space: an execution that is pinned by then is left unchanged (false).
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
        // This is not a request of a user: pinned executions are left unchanged.
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
        // The log's new size is measured on demand.
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
            forget_notices(&mut transaction, key).await?;
            audit::append(&mut transaction, entry).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Erases deleted or replaced data from the database's files, as far as the database allows. False: a reader still
    /// sees the earlier state after `patience`, or the files are a server's, which cleans up by itself.
    ///
    /// # Errors
    /// The database failed; what was deleted stays deleted.
    pub async fn erase(&self, patience: Duration) -> Result<bool, StoreError> {
        Ok(self.write.erase(patience).await?)
    }
}
