//! Finds the printed lines that show a task or a result. They are read from the log on request; nothing is stored.
//!
//! - `displayed`: where the recorder captured the output, each text names the event that Ansible was showing
//! - `headings`: where the supervisor captured it, lines are assigned by the headings that Ansible's default callback
//!   prints

mod displayed;
mod headings;

use std::collections::HashMap;

use playback_wire::Producer;
use serde::Serialize;
use utoipa::ToSchema;

use crate::history::is_final;
use crate::model::{ExecutionKey, ExecutionRow, ResultFlags, TaskRow};
use crate::store::{ResultEntry, Store, StoreError};

/// Printed lines, from the first to the last. With the strategy `free`, lines of others may lie between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct LineSpan {
    /// The first line, from 0.
    pub from: u64,
    /// The line after the last one, as `/output` takes it.
    pub to: u64,
}

impl LineSpan {
    /// A span as far as it is known, and one more line.
    fn with(known: Option<Self>, line: u64) -> Self {
        let known = known.unwrap_or(Self {
            from: line,
            to: line,
        });
        Self {
            from: known.from.min(line),
            to: known.to.max(line + 1),
        }
    }
}

/// The task or result that a line shows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    task: u32,
    /// None: the task itself, by its heading.
    host: Option<String>,
}

/// Events before a loop's result in which its items are.
const ITEMS: u64 = 5_000;

/// The range of events that the requested lines show.
#[derive(Debug, Clone, Copy)]
struct EventRange {
    from_seq: u64,
    to_seq: u64,
    last_task: u32,
}

/// The lines of each of these tasks, which are a page of them in order; `is_last`: no tasks follow.
///
/// # Errors
/// The store failed.
pub(super) async fn of_tasks(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
    tasks: &[TaskRow],
    is_last: bool,
) -> Result<HashMap<u32, LineSpan>, StoreError> {
    let mut spans: HashMap<u32, LineSpan> = HashMap::new();
    let Some(last) = tasks.last() else {
        return Ok(spans);
    };
    // Of a task without results, only its start is known: by the events of the next one.
    let is_known = is_final(row) && !is_last && last.last_seq > 0;
    let ends = tasks.iter().map(|task| task.last_seq).max();
    let wanted = EventRange {
        from_seq: 1,
        to_seq: ends.filter(|_| is_known).unwrap_or(u64::MAX),
        last_task: last.number,
    };
    let first = tasks.first().map_or(0, |task| task.number);
    each_line(store, key, row, wanted, |line, shown| {
        if (first..=wanted.last_task).contains(&shown.task) {
            let span = LineSpan::with(spans.get(&shown.task).copied(), line);
            spans.insert(shown.task, span);
        }
    })
    .await?;
    Ok(spans)
}

/// The lines of each of these results, by their tasks and hosts.
///
/// # Errors
/// The store failed.
pub(super) async fn of_results(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
    results: &[ResultEntry],
) -> Result<HashMap<(u32, String), LineSpan>, StoreError> {
    let mut spans: HashMap<(u32, String), Option<LineSpan>> = results
        .iter()
        .map(|entry| ((entry.row.task, entry.host.clone()), None))
        .collect();
    let from = results
        .iter()
        .map(|entry| match entry.row.flags.has(ResultFlags::LOOP) {
            true => entry.row.seq.saturating_sub(ITEMS),
            false => entry.row.seq,
        });
    let wanted = EventRange {
        from_seq: from.min().unwrap_or(1),
        to_seq: results.iter().map(|entry| entry.row.seq).max().unwrap_or(0),
        last_task: results
            .iter()
            .map(|entry| entry.row.task)
            .max()
            .unwrap_or(0),
    };
    if wanted.to_seq > 0 {
        each_line(store, key, row, wanted, |line, shown| {
            let Some(host) = &shown.host else { return };
            if let Some(span) = spans.get_mut(&(shown.task, host.clone())) {
                *span = Some(LineSpan::with(*span, line));
            }
        })
        .await?;
    }
    let known = spans.into_iter().filter_map(|(of, span)| Some((of, span?)));
    Ok(known.collect())
}

/// Passes on the lines that show something, in order.
async fn each_line(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
    wanted: EventRange,
    each: impl FnMut(u64, &Shown),
) -> Result<(), StoreError> {
    if row.log.is_removed() {
        return Ok(());
    }
    match row.output_from {
        Producer::Recorder => displayed::each_line(store, key, wanted, each).await,
        _ => headings::each_line(store, key, row, wanted.last_task, each).await,
    }
}
