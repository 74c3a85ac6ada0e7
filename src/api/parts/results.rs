//! The results of an execution: a task on a host.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use chrono::{DateTime, Utc};
use playback_wire::{Producer, ResultStatus};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::{damaged_event, each_entry, open, raw_value};
use crate::api::ApiError;
use crate::api::auth::ReadAccess;
use crate::api::error::ErrorBody;
use crate::api::query::{Path, limit};
use crate::api::view;
use crate::app::App;
use crate::blocks::{Entry, Gap};
use crate::filter::{Filtered, place};
use crate::model::{ExecutionKey, ResultFilter, ResultFlags, time_from_us};
use crate::store::{ResultEntry, Store};

/// Filters and page of the list of results; all that are given must hold.
pub(in crate::api) type ResultsQuery = Filtered<place::Results, ResultsPage>;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(in crate::api) struct ResultsPage {
    /// Only results after this sequence number.
    after: u64,
    /// Results at most: 1 to 1000, 50 by default.
    limit: Option<u32>,
}

/// One result: a task on a host.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct TaskResult {
    /// Sequence number of its event; `/results/{seq}` has its content.
    seq: u64,
    /// Number of the task.
    task: u32,
    /// Name of the task.
    task_name: String,
    /// Module or action: the one that ran, where the task's own is a template.
    action: String,
    /// Inventory name of the host.
    host: String,
    /// How it ended.
    status: ResultStatus,
    /// Whether it reported a change.
    changed: bool,
    /// Whether its failure was ignored.
    ignored: bool,
    /// Whether a `rescue` handled its failure.
    rescued: bool,
    /// Whether Ansible censored it.
    censored: bool,
    /// Whether another host ran it, or was to run it (`delegate_to`).
    delegated: bool,
    /// That host; of a loop all of them, joined by a comma.
    #[serde(skip_serializing_if = "Option::is_none")]
    delegated_to: Option<String>,
    /// Whether it had loop items.
    r#loop: bool,
    /// Whether an `until` loop ran it, or a loop item of it, more than once.
    retried: bool,
    /// Whether it does not count any more: a person in the debugger had its task run once more.
    retracted: bool,
    /// When the host got the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<DateTime<Utc>>,
    /// When it ended.
    end_time: DateTime<Utc>,
    /// How long it took, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<f64>,
}

impl TaskResult {
    fn new(entry: ResultEntry, base_us: i64) -> Self {
        let row = entry.row;
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
            r#loop: row.flags.has(ResultFlags::LOOP),
            delegated_to: row.delegated_to,
            retried: row.flags.has(ResultFlags::RETRIED),
            retracted: row.flags.has(ResultFlags::RETRACTED),
            start_time: row
                .duration_us
                .map(|took| time_from_us(ended_us.saturating_sub(took))),
            end_time: time_from_us(ended_us),
            duration: row.duration_us.map(|took| took as f64 / 1e6),
        }
    }
}

/// A page of results.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ResultList {
    /// The results, in the order of their sequence.
    results: Vec<TaskResult>,
    /// Ask with this as `after` for the next page; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// The results of an execution, without their content.
#[utoipa::path(
    get, path = "/executions/{id}/results", tag = "history",
    params(("id" = uuid::Uuid, Path), ResultsQuery),
    responses((status = 200, body = ResultList), (status = 404, body = ErrorBody))
)]
pub(in crate::api) async fn list_results(
    State(app): State<App>,
    _: ReadAccess,
    Path(id): Path<String>,
    query: Result<Query<ResultsQuery>, QueryRejection>,
) -> Result<Json<ResultList>, ApiError> {
    let Query(query) = query?;
    let limit = limit(query.rest.limit)?;
    let filter = ResultFilter {
        after_seq: query.rest.after,
        limit,
        ..query.filter()?
    };
    let (key, row) = open(&app, &id).await?;
    let entries = app.store.results(key, &filter).await?;
    let next = entries.last().map(|entry| entry.row.seq);
    let next = next.filter(|_| entries.len() == limit as usize);
    let results = entries
        .into_iter()
        .map(|entry| TaskResult::new(entry, row.base_us));
    Ok(Json(ResultList {
        results: results.collect(),
        next,
    }))
}

/// One result with its content.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ResultDetail {
    /// The result.
    #[serde(flatten)]
    result: TaskResult,
    /// Its event, as it was sent: what the module returned is its `content`. Of the kind `damaged` where it
    /// cannot be read any more.
    #[schema(value_type = Object)]
    event: Box<RawValue>,
}

/// One result with what the module returned.
#[utoipa::path(
    get, path = "/executions/{id}/results/{seq}", tag = "history",
    params(("id" = uuid::Uuid, Path), ("seq" = u64, Path)),
    responses(
        (status = 200, body = ResultDetail),
        (status = 404, body = ErrorBody),
        (status = 410, body = ErrorBody, description = "Retention removed its content"),
    )
)]
pub(in crate::api) async fn get_result(
    State(app): State<App>,
    _: ReadAccess,
    Path((id, seq)): Path<(String, String)>,
) -> Result<Json<ResultDetail>, ApiError> {
    let seq: u64 = seq.parse().map_err(|_| {
        ApiError::bad_request(format!(
            "{seq:?} is not a sequence number: a whole number is"
        ))
    })?;
    let (key, row) = open(&app, &id).await?;
    let missing = || ApiError::not_found(format!("execution {id} has no result {seq}"));
    let filter = ResultFilter {
        after_seq: seq.saturating_sub(1),
        limit: 1,
        ..ResultFilter::default()
    };
    let entry = app.store.results(key, &filter).await?.into_iter().next();
    let entry = entry
        .filter(|entry| entry.row.seq == seq)
        .ok_or_else(missing)?;
    view::require_log(&row, "the content of results")?;
    let event = event_at(&app.store, key, seq).await?;
    let damaged = || {
        damaged_event(&Gap {
            first_seq: seq,
            last_seq: seq,
            lines: 0,
        })
    };
    let event = event.or_else(damaged).ok_or_else(missing)?;
    Ok(Json(ResultDetail {
        result: TaskResult::new(entry, row.base_us),
        event,
    }))
}

/// The recorder's event of that number; nothing where it cannot be read.
async fn event_at(
    store: &Store,
    key: ExecutionKey,
    seq: u64,
) -> Result<Option<Box<RawValue>>, ApiError> {
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
