//! The parts of an execution: what it printed, its events, plays, tasks, hosts and results.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use futures_util::stream;
use playback_wire::{Body as EventBody, HostStats, Producer, ResultStatus, Stream};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::ApiError;
use super::auth::ReadAccess;
use super::error::ErrorBody;
use super::query::{Path, execution_id, limit, named};
use super::view;
use crate::app::App;
use crate::blocks::{self, Line};
use crate::model::{ExecutionKey, ExecutionRow, ResultFilter, ResultFlags, TaskRow, time_from_us};
use crate::output::{OutputError, OutputReader};
use crate::store::{ResultEntry, Store, StoreError};

async fn open(app: &App, id: &str) -> Result<(ExecutionKey, ExecutionRow), ApiError> {
    view::find(&app.store, execution_id(id)?).await
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct OutputQuery {
    /// First line, from 0.
    from: u64,
    /// Line to stop before.
    to: Option<u64>,
    /// Lines of a JSON page at most: 1 to 1000, 50 by default. Text has no limit.
    limit: Option<u32>,
    /// `json` (the default) or `text`: exactly what was printed.
    format: Option<String>,
    /// Only what went to `stdout` or `stderr`.
    stream: Option<String>,
}

/// A page of printed lines.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OutputPage {
    /// The lines, in the order in which they were printed.
    lines: Vec<OutputLine>,
    /// Ask with this as `from` for the next page; missing when there is no more for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
    /// Lines in all, so far.
    total: u64,
}

/// One printed line.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OutputLine {
    /// Its number, from 0.
    line: u64,
    /// When it was printed.
    time: DateTime<Utc>,
    /// Where it was printed.
    stream: Stream,
    /// Sequence number of the event that Ansible was showing.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<u64>,
    /// What it says.
    text: String,
}

/// What an execution printed, by range of lines.
#[utoipa::path(
    get, path = "/executions/{id}/output", tag = "history",
    params(("id" = uuid::Uuid, Path), OutputQuery),
    responses(
        (status = 200, content((OutputPage = "application/json"), (String = "text/plain"))),
        (status = 404, body = ErrorBody),
    )
)]
pub(super) async fn get_output(
    State(app): State<App>,
    _: ReadAccess,
    Path(id): Path<String>,
    query: Result<Query<OutputQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(query) = query?;
    let streams = [Stream::Stdout, Stream::Stderr];
    let only = named("stream", query.stream.as_deref(), &streams, Stream::as_str)?;
    let limit = limit(query.limit)? as usize;
    let (key, row) = open(&app, &id).await?;
    let over = view::is_final(&row);
    let total = row.output_lines;
    let reader = OutputReader::new(app.store.clone(), key, &row, query.from);
    let to = query.to.unwrap_or(u64::MAX);
    let fits = move |line: &Line| line.number < to && only.is_none_or(|only| only == line.stream);
    match query.format.as_deref() {
        Some("text") => {
            let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            Ok((kind, stream_text(reader, to, only)).into_response())
        }
        None | Some("" | "json") => {
            let page = read_page(reader, fits, to, limit, over).await?;
            let lines = page.lines.into_iter().map(|line| OutputLine {
                line: line.number,
                time: time_from_us(line.at),
                stream: line.stream,
                of: line.of,
                text: line.text,
            });
            Ok(Json(OutputPage {
                lines: lines.collect(),
                next: page.next,
                total,
            })
            .into_response())
        }
        Some(other) => Err(ApiError::bad_request(format!(
            "format = {other:?}: it must be json or text"
        ))),
    }
}

struct Lines {
    lines: Vec<Line>,
    next: Option<u64>,
}

async fn read_page(
    mut reader: OutputReader,
    fits: impl Fn(&Line) -> bool,
    to: u64,
    limit: usize,
    over: bool,
) -> Result<Lines, OutputError> {
    let mut lines: Vec<Line> = Vec::new();
    loop {
        let batch = reader.next_lines().await?;
        let ended = batch.is_empty();
        let past = batch.last().is_some_and(|line| line.number >= to);
        for line in batch {
            if fits(&line) {
                if lines.len() == limit {
                    return Ok(Lines {
                        lines,
                        next: Some(line.number),
                    });
                }
                lines.push(line);
            }
        }
        if ended || past {
            // A line that is still open may yet grow while the run goes on.
            let open = reader.finish().filter(|line| ended && over && fits(line));
            let next = open.as_ref().map(|line| line.number);
            if lines.len() < limit {
                lines.extend(open);
                return Ok(Lines { lines, next: None });
            }
            return Ok(Lines { lines, next });
        }
    }
}

/// Lines as they were printed, made as they are sent: one may be larger than memory should be.
fn stream_text(reader: OutputReader, to: u64, only: Option<Stream>) -> Body {
    let steps = stream::unfold(Some(reader), move |reader| async move {
        let mut reader = reader?;
        let mut text = String::new();
        let mut past = false;
        let read = reader.next_pieces(|piece| {
            past |= piece.line >= to;
            if piece.line < to && only.is_none_or(|only| only == piece.stream) {
                text.push_str(piece.text);
                if piece.ends {
                    text.push('\n');
                }
            }
        });
        match read.await {
            Ok(more) => Some((Ok(Bytes::from(text)), (more && !past).then_some(reader))),
            Err(error) => {
                // The answer has begun: cutting it off is the only way left to say so.
                tracing::error!(%error, "output could not be read");
                Some((Err(error), None))
            }
        }
    });
    Body::from_stream(steps)
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct EventsQuery {
    /// `recorder` (the default) or `supervisor`.
    producer: Option<String>,
    /// Only events after this sequence number.
    after: u64,
    /// Events at most: 1 to 1000, 50 by default.
    limit: Option<u32>,
    /// Only events of this kind.
    kind: Option<String>,
    /// Only events of the task with this number.
    task: Option<u32>,
    /// Only events of this host.
    host: Option<String>,
}

/// A page of events, as they were sent.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventPage {
    /// The events, in the order of their sequence.
    #[schema(value_type = Vec<Object>)]
    events: Vec<Box<RawValue>>,
    /// Ask with this as `after` for the next page; missing when there is no more for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// The events of an execution, as they were sent.
#[utoipa::path(
    get, path = "/executions/{id}/events", tag = "history",
    params(("id" = uuid::Uuid, Path), EventsQuery),
    responses((status = 200, body = EventPage), (status = 404, body = ErrorBody))
)]
pub(super) async fn list_events(
    State(app): State<App>,
    _: ReadAccess,
    Path(id): Path<String>,
    query: Result<Query<EventsQuery>, QueryRejection>,
) -> Result<Json<EventPage>, ApiError> {
    let Query(query) = query?;
    let producer = named(
        "producer",
        query.producer.as_deref(),
        &Producer::ALL,
        Producer::as_str,
    )?
    .unwrap_or(Producer::Recorder);
    let limit = limit(query.limit)? as usize;
    let (key, _) = open(&app, &id).await?;
    let mut events = Vec::new();
    let mut last = query.after;
    let mut more = false;
    // A rare kind may need a search through the whole log: a page ends after so much of it.
    for _ in 0..64 {
        let stored = app
            .store
            .blocks_from_seq(key, producer, last.saturating_add(1), 8)
            .await?;
        more = !stored.is_empty();
        for stored in stored {
            let raw = expand(&stored.block.data)?;
            each_event(&raw, |line, event| {
                if event.seq <= last || events.len() >= limit {
                    return;
                }
                last = event.seq;
                let kind = query
                    .kind
                    .as_deref()
                    .is_none_or(|kind| kind == event.body.kind());
                if kind && concerns(&event.body, query.task, query.host.as_deref()) {
                    events.extend(raw_value(line));
                }
            })?;
        }
        if !more || events.len() >= limit {
            break;
        }
    }
    Ok(Json(EventPage {
        events,
        next: more.then_some(last),
    }))
}

/// Whether an event is of that task and host, where one is asked for.
fn concerns(body: &EventBody<'_>, task: Option<u32>, host: Option<&str>) -> bool {
    let (of_task, of_host): (Option<u32>, Option<&str>) = match body {
        EventBody::TaskStarted(event) => (Some(event.task), None),
        EventBody::HostStarted(event) => (Some(event.task), Some(&event.host)),
        EventBody::Item(event) => (Some(event.task), Some(&event.host)),
        EventBody::Retry(event) => (Some(event.task), Some(&event.host)),
        EventBody::AsyncPoll(event) => (Some(event.task), Some(&event.host)),
        EventBody::Result(event) => (Some(event.task), Some(&event.host)),
        EventBody::Facts(event) => (Some(event.task), Some(&event.host)),
        EventBody::Notified(event) => (None, Some(&event.host)),
        _ => (None, None),
    };
    task.is_none_or(|task| of_task == Some(task)) && host.is_none_or(|host| of_host == Some(host))
}

fn expand(data: &[u8]) -> Result<Vec<u8>, ApiError> {
    blocks::expand_stored(data).map_err(|error| OutputError::from(error).into())
}

fn each_event(
    raw: &[u8],
    mut each: impl FnMut(&[u8], &playback_wire::Event<'_>),
) -> Result<(), ApiError> {
    blocks::for_each_event(raw, |line, event| {
        each(line, &event);
        Ok(())
    })
    .map_err(|error| OutputError::from(error).into())
}

fn raw_value(line: &[u8]) -> Option<Box<RawValue>> {
    RawValue::from_string(String::from_utf8(line.to_vec()).ok()?).ok()
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PartsQuery {
    /// Only entries with a greater number.
    after: u32,
    /// Entries at most: 1 to 1000, 50 by default.
    limit: Option<u32>,
}

/// One play.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Play {
    /// Its number, from 1; each batch of `serial` is a play of its own.
    play: u32,
    /// Its name.
    name: String,
    /// Its host pattern.
    hosts: String,
    /// Its strategy.
    strategy: String,
    /// When it began.
    start_time: DateTime<Utc>,
    /// When its latest event came.
    end_time: DateTime<Utc>,
}

/// All plays of an execution.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PlayList {
    /// The plays, in order.
    plays: Vec<Play>,
}

/// The plays of an execution.
#[utoipa::path(
    get, path = "/executions/{id}/plays", tag = "history", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = PlayList), (status = 404, body = ErrorBody))
)]
pub(super) async fn list_plays(
    State(app): State<App>,
    _: ReadAccess,
    Path(id): Path<String>,
) -> Result<Json<PlayList>, ApiError> {
    let (key, _) = open(&app, &id).await?;
    let plays = app.store.plays(key).await?.into_iter().map(|row| Play {
        play: row.number,
        name: row.name,
        hosts: row.hosts,
        strategy: row.strategy,
        start_time: time_from_us(row.started_us),
        end_time: time_from_us(row.ended_us),
    });
    Ok(Json(PlayList {
        plays: plays.collect(),
    }))
}

/// One task, and how its results ended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Task {
    /// Its number, from 1, over the whole execution.
    task: u32,
    /// Number of its play.
    play: u32,
    /// Its name, without the role.
    name: String,
    /// Module or action, as written in the playbook.
    action: String,
    /// File that holds it.
    #[serde(skip_serializing_if = "String::is_empty")]
    path: String,
    /// Line in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    /// Role that holds it.
    #[serde(skip_serializing_if = "String::is_empty")]
    role: String,
    /// Its tags.
    tags: Vec<String>,
    /// Whether it ran as a handler.
    handler: bool,
    /// Whether its results are censored, or may be.
    no_log: bool,
    /// When it began.
    start_time: DateTime<Utc>,
    /// When its latest result came.
    end_time: DateTime<Utc>,
    /// From its begin to its latest result, in seconds.
    duration: f64,
    /// Results that ended well, changed ones included.
    ok: u32,
    /// Results that changed something.
    changed: u32,
    /// Results that failed, ignored ones included.
    failed: u32,
    /// Results that were skipped.
    skipped: u32,
    /// Results of hosts that could not be reached.
    unreachable: u32,
    /// Failures that were ignored.
    ignored: u32,
}

impl From<TaskRow> for Task {
    fn from(row: TaskRow) -> Self {
        Self {
            task: row.number,
            play: row.play,
            name: row.name,
            action: row.action,
            path: row.path,
            line: (row.line > 0).then_some(row.line),
            role: row.role,
            tags: row.tags,
            handler: row.handler,
            no_log: row.no_log,
            start_time: time_from_us(row.started_us),
            end_time: time_from_us(row.ended_us),
            duration: row.ended_us.saturating_sub(row.started_us).max(0) as f64 / 1e6,
            ok: row.counts.ok,
            changed: row.counts.changed,
            failed: row.counts.failed,
            skipped: row.counts.skipped,
            unreachable: row.counts.unreachable,
            ignored: row.counts.ignored,
        }
    }
}

/// A page of tasks.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TaskList {
    /// The tasks, in order.
    tasks: Vec<Task>,
    /// Ask with this as `after` for the next page; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u32>,
}

/// The tasks of an execution.
#[utoipa::path(
    get, path = "/executions/{id}/tasks", tag = "history",
    params(("id" = uuid::Uuid, Path), PartsQuery),
    responses((status = 200, body = TaskList), (status = 404, body = ErrorBody))
)]
pub(super) async fn list_tasks(
    State(app): State<App>,
    _: ReadAccess,
    Path(id): Path<String>,
    query: Result<Query<PartsQuery>, QueryRejection>,
) -> Result<Json<TaskList>, ApiError> {
    let Query(query) = query?;
    let limit = limit(query.limit)?;
    let (key, _) = open(&app, &id).await?;
    let rows = app.store.tasks(key, query.after, limit).await?;
    let next = rows.last().map(|row| row.number);
    Ok(Json(TaskList {
        next: next.filter(|_| rows.len() == limit as usize),
        tasks: rows.into_iter().map(Task::from).collect(),
    }))
}

/// One host, and how it fared.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Host {
    /// Its number within the execution, from 1.
    host: u32,
    /// Its inventory name.
    name: String,
    /// The recap's counts; until the recap is printed, our own.
    #[serde(flatten)]
    stats: HostStats,
    /// Number of the task that it is running now.
    #[serde(skip_serializing_if = "Option::is_none")]
    running_task: Option<u32>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    running_since: Option<DateTime<Utc>>,
}

/// A page of hosts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HostList {
    /// The hosts, in the order in which they appeared.
    hosts: Vec<Host>,
    /// Ask with this as `after` for the next page; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u32>,
}

/// The hosts of an execution.
#[utoipa::path(
    get, path = "/executions/{id}/hosts", tag = "history",
    params(("id" = uuid::Uuid, Path), PartsQuery),
    responses((status = 200, body = HostList), (status = 404, body = ErrorBody))
)]
pub(super) async fn list_hosts(
    State(app): State<App>,
    _: ReadAccess,
    Path(id): Path<String>,
    query: Result<Query<PartsQuery>, QueryRejection>,
) -> Result<Json<HostList>, ApiError> {
    let Query(query) = query?;
    let limit = limit(query.limit)?;
    let (key, _) = open(&app, &id).await?;
    let rows = app.store.hosts(key, query.after, limit).await?;
    let next = rows.last().map(|row| row.number);
    let next = next.filter(|_| rows.len() == limit as usize);
    let hosts = rows.into_iter().map(|row| Host {
        host: row.number,
        name: row.name,
        stats: row.stats,
        running_task: row.running_task,
        running_since: row.running_since_us.map(time_from_us),
    });
    Ok(Json(HostList {
        hosts: hosts.collect(),
        next,
    }))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ResultsQuery {
    /// Only results after this sequence number.
    after: u64,
    /// Results at most: 1 to 1000, 50 by default.
    limit: Option<u32>,
    /// Only results of the task with this number.
    task: Option<u32>,
    /// Only results of this host.
    host: Option<String>,
    /// `ok`, `failed`, `skipped` or `unreachable`.
    status: Option<String>,
    /// Whether it changed something.
    changed: Option<bool>,
}

/// One result: a task on a host.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TaskResult {
    /// Sequence number of its event; `/results/{seq}` has its content.
    seq: u64,
    /// Number of the task.
    task: u32,
    /// Name of the task.
    task_name: String,
    /// Module or action.
    action: String,
    /// Inventory name of the host.
    host: String,
    /// How it ended.
    status: ResultStatus,
    /// Whether it reported a change.
    changed: bool,
    /// Whether its failure was ignored.
    ignored: bool,
    /// Whether Ansible censored it.
    censored: bool,
    /// Whether another host ran it.
    delegated: bool,
    /// Whether it had loop items.
    r#loop: bool,
    /// Whether an `until` loop ran it more than once.
    retried: bool,
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
            censored: row.flags.has(ResultFlags::CENSORED),
            delegated: row.flags.has(ResultFlags::DELEGATED),
            r#loop: row.flags.has(ResultFlags::LOOP),
            retried: row.flags.has(ResultFlags::RETRIED),
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
pub(super) struct ResultList {
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
pub(super) async fn list_results(
    State(app): State<App>,
    _: ReadAccess,
    Path(id): Path<String>,
    query: Result<Query<ResultsQuery>, QueryRejection>,
) -> Result<Json<ResultList>, ApiError> {
    let Query(query) = query?;
    let limit = limit(query.limit)?;
    let filter = ResultFilter {
        task: query.task,
        host: query.host,
        status: named(
            "status",
            query.status.as_deref(),
            &ResultStatus::ALL,
            ResultStatus::as_str,
        )?,
        changed: query.changed,
        after_seq: query.after,
        limit,
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
pub(super) struct ResultDetail {
    /// The result.
    #[serde(flatten)]
    result: TaskResult,
    /// Its event, as it was sent: what the module returned is its `content`.
    #[schema(value_type = Object)]
    event: Box<RawValue>,
}

/// One result with what the module returned.
#[utoipa::path(
    get, path = "/executions/{id}/results/{seq}", tag = "history",
    params(("id" = uuid::Uuid, Path), ("seq" = u64, Path)),
    responses((status = 200, body = ResultDetail), (status = 404, body = ErrorBody))
)]
pub(super) async fn get_result(
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
    let event = event_at(&app.store, key, seq).await?.ok_or_else(missing)?;
    Ok(Json(ResultDetail {
        result: TaskResult::new(entry, row.base_us),
        event,
    }))
}

/// The recorder's event of that number.
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
    let raw = expand(&stored.block.data)?;
    let mut found = None;
    each_event(&raw, |line, event| {
        if event.seq == seq {
            found = raw_value(line);
        }
    })?;
    if found.is_none() {
        return Err(StoreError::Damaged {
            what: "a block's range",
        }
        .into());
    }
    Ok(found)
}
