//! Rows as CSV: numbers, times and booleans as they are, texts as [`csv`] makes them harmless.

use crate::export::column::{Column, Value};
use crate::export::tables::Row;
use crate::export::{ExportError, csv};
use crate::model::time_from_us;

/// Writes rows as CSV.
pub(in crate::export) struct Csv<R: 'static> {
    columns: Vec<&'static Column<R>>,
    /// The row that is being written; kept for its memory.
    row: String,
}

impl<R: Row> Csv<R> {
    pub(in crate::export) fn new(columns: Vec<&'static Column<R>>) -> Self {
        Self {
            columns,
            row: String::new(),
        }
    }

    pub(in crate::export) fn begin(&mut self, out: &mut Vec<u8>) {
        let heading = csv::row(self.columns.iter().map(|column| column.name));
        out.extend_from_slice(heading.as_bytes());
    }

    pub(in crate::export) fn row(&mut self, row: &R, out: &mut Vec<u8>) -> Result<(), ExportError> {
        self.row.clear();
        for (at, column) in self.columns.iter().enumerate() {
            if at > 0 {
                self.row.push(',');
            }
            push_value(&(column.value)(row), &mut self.row)?;
        }
        self.row.push_str(csv::END);
        out.extend_from_slice(self.row.as_bytes());
        Ok(())
    }
}

fn push_value(value: &Value<'_>, row: &mut String) -> Result<(), ExportError> {
    match value {
        Value::Null => {}
        Value::Text(text) => csv::push_text(text, row),
        Value::Texts(texts) => csv::push_text(&texts.join(","), row),
        Value::Integer(number) => row.push_str(itoa::Buffer::new().format(*number)),
        Value::Number(number) => row.push_str(&serde_json::to_string(number)?),
        Value::Flag(flag) => row.push_str(if *flag { "true" } else { "false" }),
        Value::Time(us) => {
            // As the API writes times, without its quotation marks.
            let time = serde_json::to_string(&time_from_us(*us))?;
            row.push_str(time.trim_matches('"'));
        }
    }
    Ok(())
}
