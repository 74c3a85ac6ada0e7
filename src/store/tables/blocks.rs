//! Blocks of the event log.

use playback_wire::Producer;

use super::super::StoreError;
use super::super::log::StoredBlock;
use super::super::pool::Row;
use super::super::statement::Statement;
use super::table::{Present, Table};
use crate::model::{BlockRow, ExecutionKey};

pub(in crate::store) const EVENT_BLOCKS: Table = Table {
    name: "event_blocks",
    columns: &[
        "execution",
        "producer",
        "first_seq",
        "last_seq",
        "first_line",
        "\"lines\"",
        "raw_bytes",
        "data",
    ],
    present: Present::Never,
};

pub(in crate::store) fn bind(values: &mut Statement, (key, block): &(ExecutionKey, &BlockRow)) {
    values
        .bind(*key)
        .bind(block.producer as i32)
        .bind(block.first_seq)
        .bind(block.last_seq)
        .bind(block.first_line)
        .bind(block.lines)
        .bind(block.raw_bytes)
        .bind(&block.data);
}

pub(in crate::store) const SELECT: &str = "SELECT execution, id, producer, first_seq, last_seq, first_line, \"lines\", raw_bytes, \
    data FROM event_blocks";

pub(in crate::store) fn read(row: &Row) -> Result<StoredBlock, StoreError> {
    let producer: i32 = row.get("producer")?;
    let producer = Producer::ALL
        .into_iter()
        .find(|known| *known as i32 == producer)
        .ok_or(StoreError::Damaged { part: "a producer" })?;
    Ok(StoredBlock {
        id: row.get("id")?,
        block: BlockRow {
            producer,
            first_seq: row.unsigned("first_seq")?,
            last_seq: row.unsigned("last_seq")?,
            first_line: row.unsigned("first_line")?,
            lines: row.unsigned("lines")?,
            raw_bytes: row.unsigned("raw_bytes")?,
            data: row.get("data")?,
        },
    })
}
