//! Stored roll-ups: compressed, and large ones split into parts.

use std::collections::BTreeMap;

use super::super::pool::Transaction;
use super::super::tables::table::{Present, Table};
use super::super::{Engine, Store, StoreError, transaction};
use super::ngrams;
use crate::model::{HostSelection, Part, Roll};

/// Size of a part in bytes: far below the smallest message limit of any database.
const PART_BYTES: usize = 512 << 10;

/// Days whose roll-ups are in memory at the same time: those of a large site take 100 KB a day.
const MONTH: usize = 31;

const ROLLS: Table = Table {
    name: "stat_rolls",
    columns: &["kind", "day", "archived", "part", "data"],
    present: Present::Never,
};

/// Stored roll-ups, by day and by whether they are archived.
pub(super) type Stored = BTreeMap<(i64, bool), [Vec<u8>; 4]>;

/// Deletes a day's roll-up and its n-gram filter.
pub(super) async fn delete(
    transaction: &mut Transaction,
    day: i64,
    archived: bool,
) -> Result<(), StoreError> {
    let parts = Part::ALL.into_iter().map(|part| part as i32);
    for kind in parts.chain([ngrams::KIND]) {
        transaction
            .query("DELETE FROM stat_rolls WHERE kind = ? AND day = ? AND archived = ?")
            .bind(kind)
            .bind(day)
            .bind(archived)
            .execute_in(transaction)
            .await?;
    }
    Ok(())
}

/// Replaces a day's stored roll-up and its n-gram filter; empty parts take no rows.
pub(super) async fn replace(
    transaction: &mut Transaction,
    day: i64,
    archived: bool,
    data: &[Vec<u8>; 4],
    ngrams: &[u8],
) -> Result<(), StoreError> {
    delete(transaction, day, archived).await?;
    let kinds = Part::ALL.into_iter().map(|part| part as i32);
    let all = kinds.zip(data.iter().map(Vec::as_slice));
    let mut rows = Vec::new();
    for (kind, data) in all.chain([(ngrams::KIND, ngrams)]) {
        rows.extend(data.chunks(PART_BYTES).enumerate().map(|row| (kind, row)));
    }
    ROLLS
        .insert(transaction, &rows, |values, (kind, (number, data))| {
            values.bind(*kind).bind(day).bind(archived);
            values.bind(*number as u64).bind(*data);
        })
        .await?;
    Ok(())
}

/// A roll-up as stored.
pub(super) fn pack(roll: &Roll) -> [Vec<u8>; 4] {
    if roll.is_empty() {
        return Default::default();
    }
    // Compressing to memory cannot fail.
    Part::ALL.map(|part| zstd::bulk::compress(&roll.encode(part), 3).unwrap_or_default())
}

/// Unpacks the output of [`pack`], one roll-up after the other.
pub(super) struct Unpacker(zstd::bulk::Decompressor<'static>);

impl Unpacker {
    pub(super) fn new() -> Result<Self, StoreError> {
        Ok(Self(zstd::bulk::Decompressor::new().map_err(damaged)?))
    }

    /// Reads the existing parts; of hosts, what is selected.
    pub(super) fn unpack(
        &mut self,
        day: i64,
        data: &[Vec<u8>; 4],
        hosts: HostSelection<'_>,
    ) -> Result<Roll, StoreError> {
        let mut roll = Roll::default();
        for (part, data) in Part::ALL.into_iter().zip(data) {
            if data.is_empty() {
                continue;
            }
            let size = zstd::zstd_safe::get_frame_content_size(data).map_err(damaged)?;
            let size = size.and_then(|size| usize::try_from(size).ok());
            let bytes = self
                .0
                .decompress(data, size.unwrap_or(0))
                .map_err(damaged)?;
            roll.decode(day, part, &bytes, hosts).map_err(damaged)?;
        }
        Ok(roll)
    }
}

pub(super) fn damaged<E>(_: E) -> StoreError {
    StoreError::Damaged {
        part: "statistics of a day",
    }
}

pub(super) const LOAD: &str = "SELECT day, archived, data FROM stat_rolls \
    WHERE kind = ? AND day >= ? AND day <= ? ORDER BY day, archived, part";

pub(super) const STORED: &str = "SELECT day FROM stat_rolls \
    WHERE kind = 0 AND day >= ? AND day <= ? AND part = 0 ORDER BY day, archived";

/// The days that have roll-ups, a month of them at a time: the first and the last day of each.
pub(super) async fn months(
    transaction: &mut Transaction,
    from_day: i64,
    to_day: i64,
) -> Result<Vec<(i64, i64)>, StoreError> {
    let rows = transaction
        .query(STORED)
        .bind(from_day)
        .bind(to_day)
        .fetch_all_in(transaction)
        .await?;
    let mut days = Vec::with_capacity(rows.len());
    for row in rows {
        days.push(row.get("day")?);
    }
    days.dedup();
    let months = days.chunks(MONTH);
    Ok(months
        .filter_map(|days| Some((*days.first()?, *days.last()?)))
        .collect())
}

/// Reads parts of the roll-ups of some days.
pub(super) async fn load(
    transaction: &mut Transaction,
    from_day: i64,
    to_day: i64,
    parts: &[Part],
) -> Result<Stored, StoreError> {
    let mut stored = Stored::new();
    for part in parts {
        let rows = transaction
            .query(LOAD)
            .bind(*part as i32)
            .bind(from_day)
            .bind(to_day)
            .fetch_all_in(transaction)
            .await?;
        for row in rows {
            let key = (row.get("day")?, row.get("archived")?);
            let data: &[u8] = row.get("data")?;
            stored.entry(key).or_default()[*part as usize].extend_from_slice(data);
        }
    }
    Ok(stored)
}

/// Copies the archived statistics of deleted executions, replacing the target's for the same days.
pub(in super::super) async fn copy_archived(from: &Store, to: &Store) -> Result<(), StoreError> {
    let mut snapshot = from.read.begin_snapshot().await?;
    let days = snapshot
        .query("SELECT DISTINCT day FROM stat_rolls WHERE kind = 0 AND archived = ? ORDER BY day")
        .bind(true)
        .fetch_all_in(&mut snapshot)
        .await?;
    for row in days {
        let day: i64 = row.get("day")?;
        let stored = load(&mut snapshot, day, day, &Part::ALL).await?;
        if let Some(data) = stored.get(&(day, true)) {
            transaction!(to, transaction => {
                replace(transaction, day, true, data, &[]).await?;
            })?;
        }
    }
    snapshot.commit().await?;
    Ok(())
}
