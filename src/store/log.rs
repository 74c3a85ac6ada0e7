//! Blocks of the event log.

use std::collections::HashMap;

use playback_wire::Producer;

use super::pool::Pool;
use super::statement::Statement;
use super::tables::blocks;
use super::tables::table::{CHUNK_BYTES, push_list};
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

/// Which log to read, and from where.
#[derive(Debug, Clone, Copy)]
pub struct BlocksFrom {
    /// Key of the execution.
    pub key: ExecutionKey,
    /// The producer of the blocks.
    pub producer: Producer,
    /// The first of them.
    pub start: BlockStart,
}

/// The first block to read.
#[derive(Debug, Clone, Copy)]
pub enum BlockStart {
    /// The one that contains this event, or the next one.
    Seq(u64),
    /// The one that holds the beginning of this printed line; lines count from 0.
    Line(u64),
}

/// Number of logs read by one statement: SQLite allows at most 500 parts in a compound select.
const LOGS: usize = 100;

/// Up to this many logs are common enough to keep the statement prepared.
const PREPARED: usize = Producer::ALL.len();

impl Store {
    /// Blocks of several logs at once, each log named once: in the order of `from`, and of each log at most `limit`, in
    /// their own order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn blocks_from(
        &self,
        from: &[BlocksFrom],
        limit: u32,
    ) -> Result<Vec<Vec<StoredBlock>>, StoreError> {
        let mut found = vec![Vec::new(); from.len()];
        for (from, found) in from.chunks(LOGS).zip(found.chunks_mut(LOGS)) {
            let places: HashMap<(ExecutionKey, Producer), usize> = from
                .iter()
                .enumerate()
                .map(|(at, from)| ((from.key, from.producer), at))
                .collect();
            let rows = self.push_logs(from, limit).fetch_all(&self.read).await?;
            for row in &rows {
                let stored = blocks::read(row)?;
                let log: (ExecutionKey, Producer) = (row.get("execution")?, stored.block.producer);
                if let Some(at) = places.get(&log) {
                    found[*at].push(stored);
                }
            }
            // A compound select has no order of its own.
            for blocks in found {
                blocks.sort_by_key(|stored| stored.block.first_seq);
            }
        }
        Ok(found)
    }

    /// Blocks of one producer, in order, from the one that contains event `from_seq`; at most `limit`.
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
        let start = BlockStart::Seq(from_seq);
        self.blocks_of_one(key, producer, start, limit).await
    }

    /// Like [`Store::blocks_from_seq`], for several producers, one after the other; at most `limit` of each.
    ///
    /// # Errors
    /// The database failed.
    pub async fn blocks_from_seqs(
        &self,
        key: ExecutionKey,
        from: &[(Producer, u64)],
        limit: u32,
    ) -> Result<Vec<StoredBlock>, StoreError> {
        let mut from = from.to_vec();
        from.sort_by_key(|(producer, _)| *producer as i32);
        let from: Vec<BlocksFrom> = from
            .into_iter()
            .map(|(producer, seq)| BlocksFrom {
                key,
                producer,
                start: BlockStart::Seq(seq),
            })
            .collect();
        let found = self.blocks_from(&from, limit).await?;
        Ok(found.into_iter().flatten().collect())
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
        let start = BlockStart::Line(line);
        self.blocks_of_one(key, producer, start, limit).await
    }

    /// All blocks of some executions, of each in the order of producers and events. None: there are `limit` or more.
    ///
    /// # Errors
    /// The database failed.
    pub async fn whole_logs(
        &self,
        keys: &[ExecutionKey],
        limit: u32,
    ) -> Result<Option<HashMap<ExecutionKey, Vec<StoredBlock>>>, StoreError> {
        let mut query = self.query(blocks::SELECT);
        push_list(query.push(" WHERE execution IN ("), keys);
        query.push(" LIMIT ?").bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        if rows.len() >= limit as usize {
            return Ok(None);
        }
        let mut logs: HashMap<ExecutionKey, Vec<StoredBlock>> = HashMap::new();
        for row in &rows {
            let log = logs.entry(row.get("execution")?).or_default();
            log.push(blocks::read(row)?);
        }
        for log in logs.values_mut() {
            log.sort_by_key(|stored| (stored.block.producer, stored.block.first_seq));
        }
        Ok(Some(logs))
    }

    async fn blocks_of_one(
        &self,
        key: ExecutionKey,
        producer: Producer,
        start: BlockStart,
        limit: u32,
    ) -> Result<Vec<StoredBlock>, StoreError> {
        let from = BlocksFrom {
            key,
            producer,
            start,
        };
        let found = self.blocks_from(&[from], limit).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The query for the blocks of several logs.
    fn push_logs(&self, from: &[BlocksFrom], limit: u32) -> Statement {
        let mut query = self.query("");
        if from.len() > PREPARED {
            query.rarely();
        }
        let is_one = from.len() == 1;
        for (n, from) in from.iter().enumerate() {
            query.push(match (is_one, n) {
                (true, _) => "",
                (false, 0) => "SELECT * FROM (",
                (false, _) => " UNION ALL SELECT * FROM (",
            });
            push_log(&mut query, from, limit);
            query.push(if is_one { "" } else { ") AS of_one" });
        }
        query
    }

    /// The largest block that the database accepts, in bytes, with enough left for the rest of its statement.
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
        // A conflicting attempt is given up: packing is optional.
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

fn push_log(query: &mut Statement, from: &BlocksFrom, limit: u32) {
    let producer = from.producer as i32;
    query
        .push(blocks::SELECT)
        .push(" WHERE execution = ? AND producer = ?")
        .bind(from.key)
        .bind(producer);
    match from.start {
        BlockStart::Seq(seq) => query
            .push(
                " AND first_seq >= COALESCE((SELECT MAX(first_seq) FROM event_blocks \
                 WHERE execution = ? AND producer = ? AND first_seq <= ?), 0) AND last_seq >= ?",
            )
            .bind(from.key)
            .bind(producer)
            .bind(seq)
            .bind(seq),
        // A line begins right after the newline that ends the one before it: in the last block that
        // finishes a line and before which fewer than `line` were finished. Line 0 begins with the
        // first block.
        BlockStart::Line(line) => query
            .push(
                " AND first_seq >= COALESCE((SELECT first_seq FROM event_blocks \
                 WHERE execution = ? AND producer = ? AND first_line < ? AND \"lines\" > 0 \
                 ORDER BY first_line DESC LIMIT 1), 0)",
            )
            .bind(from.key)
            .bind(producer)
            .bind(line),
    };
    query.push(" ORDER BY first_seq LIMIT ?").bind(limit);
}
