//! Records as they are served: rows, recaps and lines put together.

use std::borrow::Cow;

use axum::body::{Body, Bytes};
use chrono::SecondsFormat;
use futures_util::stream;
use playback_wire::Producer;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::ApiError;
use crate::live::LINE_LIMIT;
use crate::log::block::Gap;
use crate::log::lines::{Line, Piece};
use crate::log::output::OutputReader;
use crate::model::{
    ExecutionKey, ExecutionResult, ExecutionRow, LogDamage, Pinned, Status, time_from_us,
};
use crate::store::{Store, StoreError};

/// How many of its last lines a running execution carries in a list.
const TAIL: u64 = 20;

/// The execution, or the answer that there is none.
pub(super) async fn find(
    store: &Store,
    id: Uuid,
) -> Result<(ExecutionKey, ExecutionRow), ApiError> {
    let found = store.execution(id).await?;
    found.ok_or_else(|| ApiError::not_found(format!("there is no execution {id}")))
}

/// Refuses what only the log could answer, where retention removed it.
pub(super) fn require_log(row: &ExecutionRow, what: &str) -> Result<(), ApiError> {
    let Some(removed_us) = row.kept.payload_removed_us else {
        return Ok(());
    };
    let time = time_from_us(removed_us).to_rfc3339_opts(SecondsFormat::Secs, true);
    Err(ApiError::gone(format!(
        "retention removed {what} of this execution at {time}: its record, plays, tasks, hosts and results stayed"
    )))
}

/// Which fields of a record are asked for; what only the others need is not read.
#[derive(Debug, Clone)]
pub(super) struct Fields(Option<Vec<String>>);

impl Fields {
    /// All of them.
    pub(super) const ALL: Self = Self(None);

    /// Reads names that are separated by commas; none at all means all fields.
    pub(super) fn named(text: Option<&str>) -> Self {
        let names = text.unwrap_or("").split(',').map(str::trim);
        let names: Vec<String> = names
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        Self((!names.is_empty()).then_some(names))
    }

    /// Whether it is not all of them.
    pub(super) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        let names = self.0.as_ref();
        names.is_none_or(|names| names.iter().any(|named| named == name))
    }

    /// Whether the counts of hosts are needed.
    fn has_stats(&self) -> bool {
        ["stats", "unreachable", "failed"]
            .iter()
            .any(|name| self.has(name))
    }
}

/// Records of several executions, without output.
pub(super) async fn results(
    store: &Store,
    rows: Vec<(ExecutionKey, ExecutionRow)>,
    fields: &Fields,
) -> Result<Vec<ExecutionResult>, ApiError> {
    let keys: Vec<ExecutionKey> = rows.iter().map(|(key, _)| *key).collect();
    let ids: Vec<Uuid> = rows.iter().map(|(_, row)| row.id).collect();
    let keys = if fields.has_stats() { keys } else { Vec::new() };
    let ids = if fields.has("pinned") {
        ids
    } else {
        Vec::new()
    };
    let (mut stats, mut pins) = tokio::try_join!(store.stats(&keys), store.pins(&ids))?;
    let records = rows.into_iter().map(|(key, row)| {
        let mut record = row.into_result(stats.remove(&key).unwrap_or_default());
        record.pinned = pins.remove(&record.id).map(Pinned::from);
        record
    });
    Ok(records.collect())
}

/// One execution's record, without output.
pub(super) async fn result(
    store: &Store,
    key: ExecutionKey,
    row: ExecutionRow,
) -> Result<ExecutionResult, ApiError> {
    let mut records = results(store, vec![(key, row)], &Fields::ALL).await?;
    records
        .pop()
        .ok_or_else(|| ApiError::not_found("there is no such execution"))
}

/// The last lines of a running execution.
pub(super) async fn tail(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
) -> Result<Vec<String>, ApiError> {
    let from = row.output_lines.saturating_sub(TAIL);
    let mut reader = OutputReader::new(store.clone(), key, row, from).keeping(LINE_LIMIT);
    let mut lines = Vec::new();
    loop {
        let next = reader.next_lines().await?;
        if next.is_empty() {
            break;
        }
        lines.extend(next);
    }
    lines.extend(reader.finish());
    let from = lines.len().saturating_sub(TAIL as usize);
    Ok(lines
        .split_off(from)
        .iter()
        .map(|line| shown(line).into_owned())
        .collect())
}

/// What a line says, cut visibly where its reader kept no more.
pub(super) fn shown(line: &Line) -> Cow<'_, str> {
    if line.bytes == line.text.len() as u64 {
        return Cow::Borrowed(&line.text);
    }
    Cow::Owned(format!(
        "{} … [cut: this line has {} bytes; /output?format=text&from={} has it whole]",
        line.text, line.bytes, line.number
    ))
}

/// All lines of an execution, when they are no more than `limit` bytes.
pub(super) async fn lines_within(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
    limit: usize,
) -> Result<Option<Vec<String>>, StoreError> {
    // Of a line that does not fit, more is kept than fits: that tells.
    let mut reader = OutputReader::new(store.clone(), key, row, 0).keeping(limit + 4);
    let mut lines = Vec::new();
    let mut bytes = 0;
    let mut fits = |line: Line| {
        bytes += line.text.len() + 4;
        lines.push(line.text);
        bytes <= limit
    };
    loop {
        let next = reader.next_lines().await?;
        if next.is_empty() {
            let whole = reader.finish().is_none_or(fits);
            return Ok(whole.then_some(lines));
        }
        if !next.into_iter().all(&mut fits) {
            return Ok(None);
        }
    }
}

/// A record as it is served: whole, or the named fields of it.
pub(super) fn select(record: &ExecutionResult, fields: &Fields) -> Result<Box<RawValue>, ApiError> {
    let cannot = |_| ApiError::bad_request("fields: the record cannot be shown");
    let Fields(Some(names)) = fields else {
        return to_raw_value(record).map_err(cannot);
    };
    let mut all = match serde_json::to_value(record).map_err(cannot)? {
        Value::Object(all) => all,
        other => return to_raw_value(&other).map_err(cannot),
    };
    let mut kept = Map::new();
    for name in names {
        if let Some(value) = all.remove(name) {
            kept.insert(name.clone(), value);
        }
    }
    to_raw_value(&kept).map_err(cannot)
}

/// A record with all its lines as a body that is made as it is sent: a run's output may be larger
/// than memory should be.
pub(super) fn stream_record(record: &ExecutionResult, reader: OutputReader) -> Body {
    let mut head = serde_json::to_string(record).unwrap_or_else(|_| "{}".to_owned());
    head.pop();
    head.push_str(",\"output\":[");
    let steps = stream::unfold(Some((head, reader, Lines::None)), |state| async move {
        let (mut text, mut reader, mut lines) = state?;
        let read = reader.next_pieces(|piece| lines.push(&mut text, piece));
        let more = match read.await {
            Ok(more) => more,
            Err(error) => {
                // The answer has begun: cutting it off is the only way left to say so.
                tracing::error!(%error, "output could not be read");
                return Some((Err(error), None));
            }
        };
        if !more {
            text.push_str(&end_of_record(lines, reader.gaps()));
        }
        let next = more.then(|| (String::new(), reader, lines));
        Some((Ok(Bytes::from(text)), next))
    });
    Body::from_stream(steps)
}

/// How far a JSON list of lines is written.
#[derive(Debug, Clone, Copy)]
enum Lines {
    /// Nothing of it.
    None,
    /// Some lines.
    Whole,
    /// Some lines, and part of the next.
    Open,
}

impl Lines {
    fn push(&mut self, text: &mut String, piece: Piece<'_>) {
        text.push_str(match self {
            Lines::None => "\"",
            Lines::Whole => ",\"",
            Lines::Open => "",
        });
        let quoted = json_string(piece.text);
        text.push_str(&quoted[1..quoted.len() - 1]);
        *self = Lines::Open;
        if piece.ends {
            text.push('"');
            *self = Lines::Whole;
        }
    }

    fn end(self) -> &'static str {
        match self {
            Lines::None | Lines::Whole => "]",
            Lines::Open => "\"]",
        }
    }
}

/// What closes a record after its lines: what of them could not be read is known then.
fn end_of_record(lines: Lines, (producer, gaps): (Producer, &[Gap])) -> String {
    let mut end = lines.end().to_owned();
    if !gaps.is_empty() {
        let damaged: Vec<LogDamage> = gaps.iter().map(|gap| damaged(producer, gap)).collect();
        end.push_str(",\"damaged\":");
        end.push_str(&serde_json::to_string(&damaged).unwrap_or_else(|_| "[]".to_owned()));
    }
    end.push('}');
    end
}

/// Events that cannot be read, as they are served.
pub(super) fn damaged(producer: Producer, gap: &Gap) -> LogDamage {
    LogDamage {
        producer,
        first_seq: gap.first_seq,
        last_seq: gap.last_seq,
        lines: gap.lines,
    }
}

/// The text as a JSON string.
pub(super) fn json_string(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned())
}

/// Whether the execution is over.
pub(super) fn is_final(row: &ExecutionRow) -> bool {
    row.status != Status::Running
}
