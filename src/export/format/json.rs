//! Rows as JSON objects. Every row has every column, also those without a value (`null`).

use std::io::Write as _;

use crate::export::ExportError;
use crate::export::column::{Column, Value};
use crate::export::tables::Row;
use crate::model::time_from_us;

/// Writes rows as one document, or one a line.
pub(in crate::export) struct Json<R: 'static> {
    /// The columns, each with what comes before its value: a separator and its name.
    columns: Vec<(Vec<u8>, &'static Column<R>)>,
    is_document: bool,
    rows: u64,
}

impl<R: Row> Json<R> {
    /// An object with the list of rows, and their number.
    pub(in crate::export) fn document(
        columns: Vec<&'static Column<R>>,
    ) -> Result<Self, ExportError> {
        Self::new(columns, true)
    }

    /// A row a line.
    pub(in crate::export) fn lines(columns: Vec<&'static Column<R>>) -> Result<Self, ExportError> {
        Self::new(columns, false)
    }

    fn new(columns: Vec<&'static Column<R>>, is_document: bool) -> Result<Self, ExportError> {
        let mut named = Vec::with_capacity(columns.len());
        for (at, column) in columns.into_iter().enumerate() {
            let mut before = vec![if at == 0 { b'{' } else { b',' }];
            serde_json::to_writer(&mut before, column.name)?;
            before.push(b':');
            named.push((before, column));
        }
        Ok(Self {
            columns: named,
            is_document,
            rows: 0,
        })
    }

    pub(in crate::export) fn begin(&mut self, out: &mut Vec<u8>) {
        if self.is_document {
            out.extend_from_slice(b"{\"");
            out.extend_from_slice(R::NAME.as_bytes());
            out.extend_from_slice(b"\":[");
        }
    }

    pub(in crate::export) fn row(&mut self, row: &R, out: &mut Vec<u8>) -> Result<(), ExportError> {
        if self.is_document {
            let before: &[u8] = if self.rows == 0 { b"\n" } else { b",\n" };
            out.extend_from_slice(before);
        }
        self.rows += 1;
        for (before, column) in &self.columns {
            out.extend_from_slice(before);
            push_value(&(column.value)(row), out)?;
        }
        out.push(b'}');
        if !self.is_document {
            out.push(b'\n');
        }
        Ok(())
    }

    pub(in crate::export) fn end(&mut self, out: &mut Vec<u8>) {
        if self.is_document {
            // Writing to memory cannot fail.
            let _ = writeln!(out, "\n],\"count\":{}}}", self.rows);
        }
    }
}

fn push_value(value: &Value<'_>, out: &mut Vec<u8>) -> Result<(), ExportError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Text(text) => serde_json::to_writer(out, text)?,
        Value::Texts(texts) => serde_json::to_writer(out, texts)?,
        Value::Integer(number) => {
            out.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes());
        }
        Value::Number(number) => serde_json::to_writer(out, number)?,
        Value::Flag(true) => out.extend_from_slice(b"true"),
        Value::Flag(false) => out.extend_from_slice(b"false"),
        // As the API writes times.
        Value::Time(us) => serde_json::to_writer(out, &time_from_us(*us))?,
    }
    Ok(())
}
