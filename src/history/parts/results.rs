//! The results of an execution: a task on a host.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use playback_wire::{Producer, ResultStatus};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::lines::{self, LineSpan};
use super::{damaged_event, each_entry, raw_value};
use crate::failure::Fingerprint;
use crate::history::{HistoryError, require_log};
use crate::log::block::{Entry, Gap};
use crate::model::{ExecutionKey, ExecutionRow, ResultFilter, ResultFlags, time_from_us};
use crate::store::{ResultEntry, Store, StoreError};

/// One result: a task on a host.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskResult {
    /// Sequence number of its event; `/results/{seq}` has its content.
    pub seq: u64,
    /// Number of the task.
    pub task: u32,
    /// Name of the task.
    pub task_name: String,
    /// Module or action; if the task names it by a template, the one that ran.
    pub action: String,
    /// Inventory name of the host.
    pub host: String,
    /// How it ended.
    pub status: ResultStatus,
    /// Whether it reported a change.
    pub changed: bool,
    /// Whether its failure was ignored.
    pub ignored: bool,
    /// Whether a `rescue` handled its failure.
    pub rescued: bool,
    /// Whether Ansible censored it.
    pub censored: bool,
    /// Whether another host ran it, or was to run it (`delegate_to`).
    pub delegated: bool,
    /// That host; for a loop, all of them, joined by a comma.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegated_to: Option<String>,
    /// Fingerprint of its error, if it failed: the same for equal errors in all executions (see `/explain`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Whether it had loop items.
    pub r#loop: bool,
    /// Whether an `until` loop ran it, or a loop item of it, more than once.
    pub retried: bool,
    /// Whether it no longer counts, because its task was repeated in the debugger.
    pub retracted: bool,
    /// When the host got the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<DateTime<Utc>>,
    /// When it ended.
    pub end_time: DateTime<Utc>,
    /// How long it took, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// With `lines=true`: the printed lines that show it, those of its items included; missing where they are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<LineSpan>,
}

impl TaskResult {
    fn new(entry: ResultEntry, base_us: i64) -> Self {
        let row = entry.row;
        let fingerprint = row.fingerprint();
        let ended_us = base_us.saturating_add(row.ended_us);
        Self {
            seq: row.seq,
            task: row.task,
            task_name: entry.task,
            action: entry.action,
            host: entry.host,
            status: row.status,
            changed: row.flags.has(ResultFlags::CHANGED),
            ignored: row.flags.has(ResultFlags::IGNORED),
            rescued: row.flags.has(ResultFlags::RESCUED),
            censored: row.flags.has(ResultFlags::CENSORED),
            delegated: row.flags.has(ResultFlags::DELEGATED),
            fingerprint: fingerprint.map(|bits| Fingerprint(bits).to_string()),
            r#loop: row.flags.has(ResultFlags::LOOP),
            delegated_to: row.rare.and_then(|rare| rare.delegated_to),
            retried: row.flags.has(ResultFlags::RETRIED),
            retracted: row.flags.has(ResultFlags::RETRACTED),
            start_time: row
                .duration_us
                .map(|took| time_from_us(ended_us.saturating_sub(took))),
            end_time: time_from_us(ended_us),
            duration: row.duration_us.map(|took| took as f64 / 1e6),
            lines: None,
        }
    }
}

/// A page of results.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResultList {
    /// The results, in the order of their sequence.
    pub results: Vec<TaskResult>,
    /// Ask with this as `after` for the next page; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// The results of an execution that match a filter, without their content; `with_lines`: their printed lines are read
/// from the log.
///
/// # Errors
/// The store failed.
pub async fn results(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
    filter: &ResultFilter,
    with_lines: bool,
) -> Result<ResultList, StoreError> {
    let entries = store.results(key, filter).await?;
    let next = entries.last().map(|entry| entry.row.seq);
    let next = next.filter(|_| entries.len() == filter.limit as usize);
    let results = described(store, key, row, entries, with_lines).await?;
    Ok(ResultList { results, next })
}

/// Results as they are answered.
async fn described(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
    entries: Vec<ResultEntry>,
    with_lines: bool,
) -> Result<Vec<TaskResult>, StoreError> {
    let spans = match with_lines {
        true => lines::of_results(store, key, row, &entries).await?,
        false => HashMap::new(),
    };
    let described = entries.into_iter().map(|entry| {
        let result = TaskResult::new(entry, row.base_us);
        TaskResult {
            lines: spans.get(&(result.task, result.host.clone())).copied(),
            ..result
        }
    });
    Ok(described.collect())
}

/// One result with its content.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResultDetail {
    /// The result.
    #[serde(flatten)]
    pub result: TaskResult,
    /// Its event as it was sent; `content` is the data that the module returned. An event that can no longer be read has
    /// the kind `damaged`.
    #[schema(value_type = Object)]
    pub event: Box<RawValue>,
}

/// Get one result with the data that the module returned; `with_lines`: with its printed lines.
///
/// # Errors
/// There is no such result, retention removed its content, or the store failed.
pub async fn result(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
    seq: u64,
    with_lines: bool,
) -> Result<ResultDetail, HistoryError> {
    let missing = || HistoryError::NoSuchResult {
        execution: row.id,
        seq,
    };
    let filter = ResultFilter {
        after_seq: seq.saturating_sub(1),
        limit: 1,
        ..ResultFilter::default()
    };
    let entry = store.results(key, &filter).await?.into_iter().next();
    let entry: Vec<ResultEntry> = entry
        .into_iter()
        .filter(|entry| entry.row.seq == seq)
        .collect();
    let result = described(store, key, row, entry, with_lines).await?.pop();
    let result = result.ok_or_else(missing)?;
    require_log(row, "the content of results")?;
    let event = event_at(store, key, seq).await?;
    let damaged = || {
        damaged_event(&Gap {
            first_seq: seq,
            last_seq: seq,
            lines: 0,
        })
    };
    let event = event.or_else(damaged).ok_or_else(missing)?;
    Ok(ResultDetail { result, event })
}

/// The recorder's event with that number; none if it cannot be read.
async fn event_at(
    store: &Store,
    key: ExecutionKey,
    seq: u64,
) -> Result<Option<Box<RawValue>>, StoreError> {
    let stored = store
        .blocks_from_seq(key, Producer::Recorder, seq, 1)
        .await?;
    let Some(stored) = stored.first() else {
        return Ok(None);
    };
    let mut found = None;
    each_entry(&stored.block, |entry| match entry {
        Entry::Event(line, event) if event.seq == seq => found = raw_value(line),
        _ => {}
    });
    Ok(found)
}
