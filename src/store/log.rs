//! Blocks of the event log.

use playback_wire::Producer;
use sqlx::Row as _;
use sqlx::query_builder::QueryBuilder;

use super::dialect::{self, Db, Row};
use super::executions::unsigned;
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

const COLUMNS: &str = "SELECT id, producer, first_seq, last_seq, first_line, lines, raw_bytes, data \
    FROM event_blocks WHERE execution = ";

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
        let mut query = QueryBuilder::<Db>::new(COLUMNS);
        query
            .push_bind(key)
            .push(" AND producer = ")
            .push_bind(producer as i32)
            .push(" AND first_seq >= COALESCE((SELECT MAX(first_seq) FROM event_blocks WHERE execution = ")
            .push_bind(key)
            .push(" AND producer = ")
            .push_bind(producer as i32)
            .push(" AND first_seq <= ")
            .push_bind(dialect::signed(from_seq))
            .push("), 0) AND last_seq >= ")
            .push_bind(dialect::signed(from_seq))
            .push(" ORDER BY first_seq LIMIT ")
            .push_bind(i64::from(limit));
        let rows = query.build().fetch_all(&self.read).await?;
        rows.iter().map(read_block).collect()
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
        let mut query = QueryBuilder::<Db>::new(COLUMNS);
        query
            .push_bind(key)
            .push(" AND producer = ")
            .push_bind(producer as i32)
            .push(
                " AND first_seq >= COALESCE((SELECT first_seq FROM event_blocks WHERE execution = ",
            )
            .push_bind(key)
            .push(" AND producer = ")
            .push_bind(producer as i32)
            .push(" AND first_line < ")
            .push_bind(dialect::signed(line))
            .push(" AND lines > 0 ORDER BY first_line DESC LIMIT 1), 0) ORDER BY first_seq LIMIT ")
            .push_bind(i64::from(limit));
        let rows = query.build().fetch_all(&self.read).await?;
        rows.iter().map(read_block).collect()
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
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let mut deleted = 0;
        for stored in merging {
            deleted +=
                sqlx::query("DELETE FROM event_blocks WHERE id = ? AND execution = ? AND data = ?")
                    .bind(stored.id)
                    .bind(key)
                    .bind(&stored.block.data)
                    .execute(&mut *transaction)
                    .await?
                    .rows_affected();
        }
        // The execution was deleted or redacted, or merged by another collector, in the meantime.
        if deleted != merging.len() as u64 {
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO event_blocks (execution, producer, first_seq, last_seq, first_line, lines, \
             raw_bytes, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(key)
        .bind(merged.producer as i32)
        .bind(dialect::signed(merged.first_seq))
        .bind(dialect::signed(merged.last_seq))
        .bind(dialect::signed(merged.first_line))
        .bind(dialect::signed(merged.lines))
        .bind(dialect::signed(merged.raw_bytes))
        .bind(merged.data.clone())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}

fn read_block(row: &Row) -> Result<StoredBlock, StoreError> {
    let producer: i32 = row.try_get("producer")?;
    let producer = Producer::ALL
        .into_iter()
        .find(|known| *known as i32 == producer)
        .ok_or(StoreError::Damaged { what: "a producer" })?;
    Ok(StoredBlock {
        id: row.try_get("id")?,
        block: BlockRow {
            producer,
            first_seq: unsigned(row, "first_seq")?,
            last_seq: unsigned(row, "last_seq")?,
            first_line: unsigned(row, "first_line")?,
            lines: unsigned(row, "lines")?,
            raw_bytes: unsigned(row, "raw_bytes")?,
            data: row.try_get("data")?,
        },
    })
}
