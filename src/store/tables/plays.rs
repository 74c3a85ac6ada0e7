//! Plays.

use super::super::StoreError;
use super::super::pool::Row;
use super::super::statement::Statement;
use super::table::{Present, Table};
use crate::model::{ExecutionKey, PlayRow};

pub(in crate::store) const PLAYS: Table = Table {
    name: "plays",
    columns: &[
        "execution",
        "number",
        "name",
        "hosts",
        "strategy",
        "started_us",
        "ended_us",
    ],
    present: Present::Updated {
        key: "execution, number",
        columns: &["name", "hosts", "strategy", "started_us", "ended_us"],
    },
};

pub(in crate::store) fn bind(values: &mut Statement, (key, row): &(ExecutionKey, &PlayRow)) {
    values
        .bind(*key)
        .bind(row.number)
        .bind(&row.name)
        .bind(&row.hosts)
        .bind(&row.strategy)
        .bind(row.started_us)
        .bind(row.ended_us);
}

pub(in crate::store) const SELECT: &str =
    "SELECT number, name, hosts, strategy, started_us, ended_us FROM plays";

pub(in crate::store) fn read(row: &Row) -> Result<PlayRow, StoreError> {
    Ok(PlayRow {
        number: row.number("number")?,
        name: row.get("name")?,
        hosts: row.get("hosts")?,
        strategy: row.get("strategy")?,
        started_us: row.get("started_us")?,
        ended_us: row.get("ended_us")?,
    })
}
