//! `playback rebuild`: rebuilds rows from the event log, which is the source of truth.

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use clap::Args;
use serde_json::json;
use uuid::Uuid;

use super::DatabaseArgs;
use super::out;
use super::pick::{self, Pick};
use crate::indexing;
use crate::log::{self, LogGap, RebuildError};
use crate::model::{Cursor, ExecutionFilter, ExecutionKey, ExecutionRow, Page, Status};
use crate::store::Store;

/// Number of executions that are looked up at once.
const PAGE: u32 = 1000;

#[derive(Debug, Args)]
pub(super) struct Rebuild {
    /// Its id, the last 6 or more digits of it (as lists show them), the first 4 or more, or "latest"
    #[arg(required_unless_present = "all")]
    id: Option<Pick>,
    /// All finished executions
    #[arg(long, conflicts_with = "id")]
    all: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: Rebuild) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(rebuild(command))
}

async fn rebuild(command: Rebuild) -> anyhow::Result<ExitCode> {
    // This may run at the same time as a collector: an execution that the collector changes meanwhile is left
    // unchanged.
    let opened = command.database.open("rebuild").await?;
    let store = &opened.store;
    if command.all {
        // Its segments are created again, too.
        store.drop_search_index().await?;
    }
    let chosen = match &command.id {
        Some(pick) => vec![find(store, pick).await?],
        None => executions(store).await?,
    };
    let (mut rebuilt, mut running, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    let (mut without_log, mut damaged) = (Vec::new(), Vec::new());
    for (id, status) in chosen {
        // A collector may be writing its rows at this moment, from memory.
        if status == Status::Running {
            if !command.all {
                bail!("execution {id} is still running: rebuild it when it is over");
            }
            running.push(id);
            continue;
        }
        let told = match log::rebuild(store, id).await {
            Ok(gaps) => {
                rebuilt.push(id);
                let told: Vec<String> = gaps.iter().map(describe).collect();
                for gap in &gaps {
                    damaged.push(json!({
                        "id": id, "producer": gap.producer, "first_seq": gap.first_seq,
                        "last_seq": gap.last_seq,
                    }));
                }
                match told.as_slice() {
                    [] => format!("{id}: rebuilt"),
                    _ => format!(
                        "{id}: rebuilt, but its log is damaged: {} cannot be read; rows that were made of them \
                         stay as they were",
                        told.join(", ")
                    ),
                }
            }
            // The log was removed on purpose, which is not a failure if all executions were requested.
            Err(RebuildError::LogRemoved(_)) if command.all => {
                without_log.push(id);
                continue;
            }
            Err(error) => {
                let told = format!("{id}: left unchanged: {error}");
                failed.push(json!({ "id": id, "error": error.to_string() }));
                told
            }
        };
        if !command.json {
            out::line(told)?;
        }
    }
    // A collector indexes the others; if none is running, everything is indexed here.
    store.forget_words().await?;
    if command.all {
        indexing::index_all(store).await?;
    }
    store.close().await;
    let code = u8::from(!failed.is_empty() || !damaged.is_empty());
    if command.json {
        out::json(&json!({
            "rebuilt": rebuilt, "running": running, "without_log": without_log, "failed": failed,
            "damaged": damaged,
        }))?;
        return Ok(ExitCode::from(code));
    }
    if !running.is_empty() {
        out::note(format_args!(
            "{} executions are still running, and were passed over",
            running.len()
        ));
    }
    if !without_log.is_empty() {
        out::note(format_args!(
            "of {} executions, retention removed the log: their rows stay as they are",
            without_log.len()
        ));
    }
    Ok(ExitCode::from(code))
}

fn describe(gap: &LogGap) -> String {
    let producer = gap.producer.as_str();
    match (gap.first_seq, gap.last_seq) {
        (first, last) if first == last => format!("event {first} of the {producer}"),
        (first, last) => format!("events {first} to {last} of the {producer}"),
    }
}

/// All executions, newest first.
async fn executions(store: &Store) -> anyhow::Result<Vec<(Uuid, Status)>> {
    let mut all = Vec::new();
    let mut page = Page {
        limit: PAGE,
        offset: 0,
        after: None,
        ascending: false,
    };
    loop {
        let rows = store.executions(&ExecutionFilter::default(), &page).await?;
        all.extend(rows.iter().map(identity));
        match rows.last() {
            Some(last) if rows.len() == PAGE as usize => page.after = Some(Cursor::of(last)),
            _ => return Ok(all),
        }
    }
}

/// The newest executions that a filter finds.
async fn newest(
    store: &Store,
    filter: &ExecutionFilter,
    limit: u32,
) -> anyhow::Result<Vec<(Uuid, Status)>> {
    let page = Page {
        limit,
        offset: 0,
        after: None,
        ascending: false,
    };
    let rows = store.executions(filter, &page).await?;
    Ok(rows.iter().map(identity).collect())
}

fn identity((_, row): &(ExecutionKey, ExecutionRow)) -> (Uuid, Status) {
    (row.id, row.status)
}

/// The selected execution.
async fn find(store: &Store, pick: &Pick) -> anyhow::Result<(Uuid, Status)> {
    let found = match pick {
        Pick::Id(id) => store.execution(*id).await?.as_ref().map(identity),
        Pick::Latest => newest(store, &ExecutionFilter::default(), 1).await?.pop(),
        Pick::Digits(digits) => {
            let filter = ExecutionFilter {
                id: Some(*digits),
                ..ExecutionFilter::default()
            };
            let found = newest(store, &filter, pick::LISTED as u32 + 1).await?;
            let ids: Vec<Uuid> = found.iter().map(|(id, _)| *id).collect();
            let id = pick::only(*digits, &ids)?;
            found.into_iter().find(|(one, _)| *one == id)
        }
    };
    found.ok_or_else(|| anyhow!("there is no such execution in this database"))
}
