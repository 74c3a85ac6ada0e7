//! Records as they are served: rows, recaps and lines put together.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use futures_util::stream;
use serde::Serialize as _;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::ApiError;
use crate::blocks::Line;
use crate::model::{ExecutionKey, ExecutionResult, ExecutionRow, Status};
use crate::output::{OutputError, OutputReader};
use crate::store::Store;

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

/// Records of several executions, without output.
pub(super) async fn results(
    store: &Store,
    rows: Vec<(ExecutionKey, ExecutionRow)>,
) -> Result<Vec<ExecutionResult>, ApiError> {
    let keys: Vec<ExecutionKey> = rows.iter().map(|(key, _)| *key).collect();
    let mut stats = store.stats(&keys).await?;
    let records = rows
        .into_iter()
        .map(|(key, row)| row.into_result(stats.remove(&key).unwrap_or_default()));
    Ok(records.collect())
}

/// One execution's record, without output.
pub(super) async fn result(
    store: &Store,
    key: ExecutionKey,
    row: ExecutionRow,
) -> Result<ExecutionResult, ApiError> {
    let stats = store.stats(&[key]).await?.remove(&key).unwrap_or_default();
    Ok(row.into_result(stats))
}

/// The last lines of a running execution.
pub(super) async fn tail(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
) -> Result<Vec<String>, ApiError> {
    let from = row.output_lines.saturating_sub(TAIL);
    let mut reader = OutputReader::new(store.clone(), key, row, from);
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
        .into_iter()
        .map(|line| line.text)
        .collect())
}

/// All lines of an execution, when they are no more than `limit` bytes.
pub(super) async fn lines_within(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
    limit: usize,
) -> Result<Option<Vec<String>>, OutputError> {
    let mut reader = OutputReader::new(store.clone(), key, row, 0);
    let mut lines = Vec::new();
    let mut bytes = 0;
    loop {
        let mut next = reader.next_lines().await?;
        let ended = next.is_empty();
        if ended {
            next.extend(reader.finish());
            lines.extend(next.into_iter().map(|line: Line| line.text));
            return Ok(Some(lines));
        }
        for line in next {
            bytes += line.text.len() + 4;
            if bytes > limit {
                return Ok(None);
            }
            lines.push(line.text);
        }
    }
}

/// Keeps the named fields of a record.
pub(super) fn select(record: &ExecutionResult, fields: Option<&str>) -> Result<Value, ApiError> {
    let value = record
        .serialize(serde_json::value::Serializer)
        .map_err(|_| ApiError::bad_request("fields: the record cannot be shown"))?;
    let Some(fields) = fields else {
        return Ok(value);
    };
    let Value::Object(mut all) = value else {
        return Ok(value);
    };
    let mut kept = Map::new();
    for name in fields
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        if let Some(value) = all.remove(name) {
            kept.insert(name.to_owned(), value);
        }
    }
    Ok(Value::Object(kept))
}

/// A record with all its lines as a body that is made as it is sent: a run's output may be larger
/// than memory should be.
pub(super) fn stream_record(record: &ExecutionResult, reader: OutputReader) -> Body {
    enum Step {
        Head(String, OutputReader),
        Lines(OutputReader, bool),
        End,
    }
    let mut head = serde_json::to_string(record).unwrap_or_else(|_| "{}".to_owned());
    head.pop();
    head.push_str(",\"output\":[");
    let steps = stream::unfold(Step::Head(head, reader), |step| async move {
        let chunk = |text: String| Ok::<Bytes, Infallible>(Bytes::from(text));
        match step {
            Step::Head(head, reader) => Some((chunk(head), Step::Lines(reader, true))),
            Step::Lines(mut reader, mut first) => {
                let lines = match reader.next_lines().await {
                    Ok(lines) => lines,
                    Err(error) => {
                        // The answer has begun: cutting it off is the only way left to say so.
                        tracing::error!(%error, "output could not be read");
                        return None;
                    }
                };
                let mut text = String::new();
                let mut push = |line: &Line| {
                    if !first {
                        text.push(',');
                    }
                    first = false;
                    text.push_str(&json_string(&line.text));
                };
                if lines.is_empty() {
                    reader.finish().iter().for_each(&mut push);
                    text.push_str("]}");
                    return Some((chunk(text), Step::End));
                }
                lines.iter().for_each(&mut push);
                Some((chunk(text), Step::Lines(reader, first)))
            }
            Step::End => None,
        }
    });
    Body::from_stream(steps)
}

/// The text as a JSON string.
pub(super) fn json_string(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned())
}

/// Whether the execution is over.
pub(super) fn is_final(row: &ExecutionRow) -> bool {
    row.status != Status::Running
}
