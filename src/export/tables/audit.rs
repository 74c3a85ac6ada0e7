//! A row for each entry of the audit trail.

use super::Row;
use crate::export::column::{Column, Kind, Value, column};
use crate::model::{AuditRow, hexadecimal};

impl Row for AuditRow {
    const NAME: &'static str = "entries";

    fn columns() -> &'static [Column<Self>] {
        COLUMNS
    }
}

static COLUMNS: &[Column<AuditRow>] = &[
    column(
        "number",
        Kind::Integer,
        "Its place in the trail: 1, 2, 3 …",
        |row| Value::Integer(row.number),
    ),
    column("time", Kind::Time, "When", |row| Value::Time(row.at_us)),
    column("actor", Kind::Text, "Who", |row| (&row.actor).into()),
    column(
        "token",
        Kind::Integer,
        "The token's number: one that is made later under the same name has another",
        |row| row.token.map_or(Value::Null, Value::Integer),
    ),
    column("scopes", Kind::Text, "The token's scopes", |row| {
        (&row.scopes).into()
    }),
    column("via", Kind::Text, "How they were authenticated", |row| {
        (&row.via).into()
    }),
    column("peer", Kind::Text, "Address of the client", |row| {
        row.peer.as_ref().into()
    }),
    column("action", Kind::Text, "What was done", |row| {
        (&row.action).into()
    }),
    column("object", Kind::Text, "To what", |row| (&row.object).into()),
    column("note", Kind::Text, "Why, in their words", |row| {
        row.note.as_ref().into()
    }),
    column("before", Kind::Text, "The state before, as JSON", |row| {
        row.before.as_ref().into()
    }),
    column(
        "after",
        Kind::Text,
        "The state afterwards, or the request, as JSON",
        |row| row.after.as_ref().into(),
    ),
    column(
        "hash",
        Kind::Text,
        "SHA-256 of the hash before it and of this entry, in hexadecimal",
        |row| hexadecimal(&row.hash).into(),
    ),
];
