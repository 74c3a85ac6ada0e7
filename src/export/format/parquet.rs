//! Rows as Apache Parquet, compressed by zstd. Columns are collected until there are enough rows for a row group, so an
//! export is never in memory as a whole. A file without its end cannot be read, so one that was cut off is noticed.

use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;

use crate::export::ExportError;
use crate::export::column::{Column, Kind, Value};
use crate::export::tables::Row;

/// A row group ends with this many rows, or when its values have this many bytes: that is how much is in memory.
const GROUP_ROWS: usize = 128 << 10;
const GROUP_BYTES: usize = 8 << 20;

/// The approximate memory of a value, beside the bytes of a text.
const VALUE_BYTES: usize = 16;

/// Writes rows as Parquet.
pub(in crate::export) struct Parquet<R: 'static> {
    columns: Vec<(&'static Column<R>, Values)>,
    rows: usize,
    bytes: usize,
    writer: SerializedFileWriter<Vec<u8>>,
}

impl<R: Row> Parquet<R> {
    pub(in crate::export) fn new(columns: Vec<&'static Column<R>>) -> Result<Self, ExportError> {
        let mut schema = format!("message {} {{\n", R::NAME);
        for column in &columns {
            schema.push_str(&declared(column));
        }
        schema.push('}');
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            // Statistics and offsets of each page would stay in memory until the end.
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_created_by(concat!("playback version ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let schema = Arc::new(parse_message_type(&schema)?);
        let writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
        let columns = columns.into_iter();
        Ok(Self {
            columns: columns
                .map(|column| (column, Values::new(column.kind)))
                .collect(),
            rows: 0,
            bytes: 0,
            writer,
        })
    }

    pub(in crate::export) fn row(&mut self, row: &R, out: &mut Vec<u8>) -> Result<(), ExportError> {
        for (column, values) in &mut self.columns {
            self.bytes += VALUE_BYTES + values.push((column.value)(row));
        }
        self.rows += 1;
        if self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES {
            self.write_group(out)?;
        }
        Ok(())
    }

    pub(in crate::export) fn end(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        if self.rows > 0 {
            self.write_group(out)?;
        }
        self.writer.finish()?;
        out.append(self.writer.inner_mut());
        Ok(())
    }

    fn write_group(&mut self, out: &mut Vec<u8>) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for (_, values) in &mut self.columns {
            if let Some(mut column) = group.next_column()? {
                values.write(&mut column)?;
                column.close()?;
            }
        }
        group.close()?;
        self.writer.flush()?;
        out.append(self.writer.inner_mut());
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

/// A column in Parquet's language for schemas.
fn declared<R>(column: &Column<R>) -> String {
    let name = column.name;
    let (primitive, logical) = match column.kind {
        Kind::Texts => {
            return format!(
                "required group {name} (LIST) {{ repeated group list {{ required binary element (STRING); }} }}\n"
            );
        }
        Kind::Text => ("binary", " (STRING)"),
        Kind::Integer => ("int64", ""),
        Kind::Number => ("double", ""),
        Kind::Flag => ("boolean", ""),
        Kind::Time => ("int64", " (TIMESTAMP(MICROS,true))"),
    };
    format!("optional {primitive} {name}{logical};\n")
}

/// Values of one column. A level of 1 says that there is a value, 0 that there is none.
enum Values {
    Texts {
        values: Vec<ByteArray>,
        levels: Vec<i16>,
        /// In a column of lists: 0 begins a row, 1 continues its list.
        repeated: Option<Vec<i16>>,
    },
    Integers(Vec<i64>, Vec<i16>),
    Numbers(Vec<f64>, Vec<i16>),
    Flags(Vec<bool>, Vec<i16>),
}

impl Values {
    fn new(kind: Kind) -> Self {
        let texts = |repeated| Self::Texts {
            values: Vec::new(),
            levels: Vec::new(),
            repeated,
        };
        match kind {
            Kind::Text => texts(None),
            Kind::Texts => texts(Some(Vec::new())),
            Kind::Integer | Kind::Time => Self::Integers(Vec::new(), Vec::new()),
            Kind::Number => Self::Numbers(Vec::new(), Vec::new()),
            Kind::Flag => Self::Flags(Vec::new(), Vec::new()),
        }
    }

    /// Adds a value; returns the bytes of its texts. A value of another kind than the column's counts as none.
    fn push(&mut self, value: Value<'_>) -> usize {
        match self {
            Self::Texts {
                values,
                levels,
                repeated: Some(repeated),
            } => {
                let texts = match value {
                    Value::Texts(texts) => texts,
                    _ => &[],
                };
                if texts.is_empty() {
                    levels.push(0);
                    repeated.push(0);
                }
                for (at, text) in texts.iter().enumerate() {
                    values.push(text.as_str().into());
                    levels.push(1);
                    repeated.push(i16::from(at > 0));
                }
                texts.iter().map(|text| VALUE_BYTES + text.len()).sum()
            }
            Self::Texts { values, levels, .. } => match value {
                Value::Text(text) => {
                    let bytes = text.len();
                    values.push(text.into_owned().into_bytes().into());
                    levels.push(1);
                    bytes
                }
                _ => {
                    levels.push(0);
                    0
                }
            },
            Self::Integers(values, levels) => {
                let value = match value {
                    Value::Integer(value) | Value::Time(value) => Some(value),
                    _ => None,
                };
                push_one(values, levels, value)
            }
            Self::Numbers(values, levels) => {
                let value = match value {
                    Value::Number(value) => Some(value),
                    _ => None,
                };
                push_one(values, levels, value)
            }
            Self::Flags(values, levels) => {
                let value = match value {
                    Value::Flag(value) => Some(value),
                    _ => None,
                };
                push_one(values, levels, value)
            }
        }
    }

    /// Writes the values, and forgets them.
    fn write(&mut self, column: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        match self {
            Self::Texts {
                values,
                levels,
                repeated,
            } => {
                let writer = column.typed::<ByteArrayType>();
                writer.write_batch(values, Some(levels.as_slice()), repeated.as_deref())?;
                values.clear();
                levels.clear();
                if let Some(repeated) = repeated {
                    repeated.clear();
                }
            }
            Self::Integers(values, levels) => {
                let writer = column.typed::<Int64Type>();
                writer.write_batch(values, Some(levels.as_slice()), None)?;
                values.clear();
                levels.clear();
            }
            Self::Numbers(values, levels) => {
                let writer = column.typed::<DoubleType>();
                writer.write_batch(values, Some(levels.as_slice()), None)?;
                values.clear();
                levels.clear();
            }
            Self::Flags(values, levels) => {
                let writer = column.typed::<BoolType>();
                writer.write_batch(values, Some(levels.as_slice()), None)?;
                values.clear();
                levels.clear();
            }
        }
        Ok(())
    }
}

fn push_one<T>(values: &mut Vec<T>, levels: &mut Vec<i16>, value: Option<T>) -> usize {
    levels.push(i16::from(value.is_some()));
    values.extend(value);
    0
}
