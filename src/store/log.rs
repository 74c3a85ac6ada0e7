//! Blocks of the event log.

use playback_wire::Producer;

use super::pool::Pool;
use super::tables::blocks;
use super::tables::table::CHUNK_BYTES;
use super::{Store, StoreError};
use crate::model::{BlockRow, ExecutionKey};

/// A block and its key.
#[derive(Debug, Clone)]
pub struct StoredBlock {
    /// Key in the store.
    pub id: i64,
    /// The block.
    pub block: BlockRow,
}

impl Store {
    /// Blocks of one producer from the one that spans event `from_seq` on, in order, `limit` at most.
    ///
    /// # Errors
    /// The database failed.
    pub async fn blocks_from_seq(
        &self,
        key: ExecutionKey,
        producer: Producer,
        from_seq: u64,
        limit: u32,
    ) -> Result<Vec<StoredBlock>, StoreError> {
        self.blocks_from_seqs(key, &[(producer, from_seq)], limit)
            .await
    }

    /// The same of several producers at once, one after the other; `limit` at most of each.
    ///
    /// # Errors
    /// The database failed.
    pub async fn blocks_from_seqs(
        &self,
        key: ExecutionKey,
        from: &[(Producer, u64)],
        limit: u32,
    ) -> Result<Vec<StoredBlock>, StoreError> {
        let mut query = self.query("");
        let is_one = from.len() == 1;
        for (n, (producer, from_seq)) in from.iter().enumerate() {
            query
                .push(match (is_one, n) {
                    (true, _) => "",
                    (false, 0) => "SELECT * FROM (",
                    (false, _) => " UNION ALL SELECT * FROM (",
                })
                .push(blocks::SELECT)
                .bind(key)
                .bind(*producer as i32)
                .push(
                    " AND first_seq >= COALESCE((SELECT MAX(first_seq) FROM event_blocks \
                     WHERE execution = ? AND producer = ? AND first_seq <= ?), 0) AND last_seq >= ? \
                     ORDER BY first_seq LIMIT ?",
                )
                .bind(key)
                .bind(*producer as i32)
                .bind(*from_seq)
                .bind(*from_seq)
                .bind(limit)
                .push(if is_one { "" } else { ") AS of_one" });
        }
        let rows = query.fetch_all(&self.read).await?;
        let mut found: Vec<StoredBlock> =
            rows.iter().map(blocks::read).collect::<Result<_, _>>()?;
        // What is put together has no order of its own.
        found.sort_by_key(|stored| (stored.block.producer as i32, stored.block.first_seq));
        Ok(found)
    }

    /// Blocks of one producer that hold part of printed line `line` or of a later one, in order,
    /// `limit` at most. Lines count from 0.
    ///
    /// # Errors
    /// The database failed.
    pub async fn blocks_from_line(
        &self,
        key: ExecutionKey,
        producer: Producer,
        line: u64,
        limit: u32,
    ) -> Result<Vec<StoredBlock>, StoreError> {
        // A line begins right after the newline that ends the one before it: in the last block that
        // finishes a line and before which fewer than `line` were finished. Line 0 begins with the
        // first block.
        let mut query = self.query(blocks::SELECT);
        query
            .bind(key)
            .bind(producer as i32)
            .push(
                " AND first_seq >= COALESCE((SELECT first_seq FROM event_blocks \
                 WHERE execution = ? AND producer = ? AND first_line < ? AND \"lines\" > 0 \
                 ORDER BY first_line DESC LIMIT 1), 0) ORDER BY first_seq LIMIT ?",
            )
            .bind(key)
            .bind(producer as i32)
            .bind(line)
            .bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(blocks::read).collect()
    }

    /// The largest block that the database takes, in bytes: one of this size still goes behind others that
    /// make up a statement.
    #[must_use]
    pub fn largest_block(&self) -> usize {
        match &self.write {
            Pool::MySql(_, limits) => limits.packet.saturating_sub(CHUNK_BYTES),
            Pool::Sqlite(..) | Pool::Postgres(..) => usize::MAX,
        }
    }

    /// Replaces consecutive blocks by one that holds the same events.
    ///
    /// # Errors
    /// The database failed: nothing was changed.
    pub async fn merge_blocks(
        &self,
        key: ExecutionKey,
        merging: &[StoredBlock],
        merged: &BlockRow,
    ) -> Result<(), StoreError> {
        // Where it conflicts with another, it is given up: packing is no matter of life.
        let mut transaction = self.write.begin().await?;
        let mut deleted = 0;
        for stored in merging {
            deleted += transaction
                .query("DELETE FROM event_blocks WHERE id = ? AND execution = ? AND data = ?")
                .bind(stored.id)
                .bind(key)
                .bind(&stored.block.data)
                .execute_in(&mut transaction)
                .await?;
        }
        // The execution was deleted or redacted, or merged by another collector, in the meantime.
        if deleted != merging.len() as u64 {
            return Ok(());
        }
        blocks::EVENT_BLOCKS
            .insert(&mut transaction, &[(key, merged)], blocks::bind)
            .await?;
        transaction.commit().await?;
        Ok(())
    }
}
