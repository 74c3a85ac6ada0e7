//! Why runs failed: the errors of a period by their fingerprints, each with a message.

use std::collections::HashMap;

use super::ReportRequest;
use crate::failure::Fingerprint;
use crate::history::HistoryError;
use crate::history::explain::{SampleRequest, messages};
use crate::model::{
    ExecutionKey, ExecutionRow, Report, ReportError, ResultFlags, RunAt, printed_task, task_title,
    time_from_us,
};
use crate::store::{COUNTED_ERRORS, Store};

/// Errors that are counted, and those in a report.
const COUNTED: u32 = 1000;
const ERRORS: usize = 20;

/// The longest message, in bytes: the first lines say most.
const MESSAGE_BYTES: usize = 600;

/// Fills them in.
pub(super) async fn fill(
    store: &Store,
    request: &ReportRequest,
    report: &mut Report,
) -> Result<(), HistoryError> {
    let filter = &request.filter;
    let counts = store.error_counts(filter, request.span(), COUNTED).await?;
    report.errors_total = counts.len() as u64;
    let is_new = |first_us: i64| first_us >= request.from_us;
    let new = counts.iter().filter(|count| is_new(count.first_us));
    report.errors_new = new.count() as u64;
    if store.has_more_errors(request.span()).await? {
        report.remarks.push(format!(
            "Of errors, the newest {COUNTED_ERRORS} occurrences are counted."
        ));
    }
    let fingerprints: Vec<i64> = counts
        .iter()
        .take(ERRORS)
        .map(|one| one.fingerprint)
        .collect();
    let before = store.runs_with_errors(&fingerprints, filter, request.span_before());
    let before: HashMap<i64, u64> = before.await?.into_iter().collect();
    for count in counts.iter().take(ERRORS) {
        let mut error = ReportError {
            fingerprint: Fingerprint(count.fingerprint).to_string(),
            runs: count.runs,
            runs_before: before.get(&count.fingerprint).copied().unwrap_or(0),
            is_new: is_new(count.first_us),
            ..ReportError::default()
        };
        let seen = store
            .occurrences(count.fingerprint, request.from_us)
            .await?;
        error.first = seen.map(|seen| RunAt {
            id: seen.first.0,
            start_time: time_from_us(seen.first.1),
        });
        let last = store.last_run_with_error(count.fingerprint, filter, request.span());
        if let Some((key, run)) = last.await? {
            describe(store, key, &run, count.fingerprint, &mut error).await?;
        }
        report.errors.push(error);
    }
    Ok(())
}

/// Tells what went wrong in a run.
async fn describe(
    store: &Store,
    key: ExecutionKey,
    run: &ExecutionRow,
    fingerprint: i64,
    error: &mut ReportError,
) -> Result<(), HistoryError> {
    error.last = Some(RunAt {
        id: run.id,
        start_time: time_from_us(run.started_us),
    });
    let description = &run.description;
    error.playbook = description
        .playbook
        .clone()
        .or_else(|| description.module.clone());
    let Some(failure) = store.failure_with(key, fingerprint).await? else {
        return Ok(());
    };
    error.host = Some(failure.host_name.clone()).filter(|name| !name.is_empty());
    let tasks = store.tasks_numbered(key, &[failure.task]).await?;
    error.task = tasks.first().map(|task| {
        let title = task_title(&task.name, &task.action);
        printed_task(title, &task.role)
    });
    if run.log.is_removed() {
        return Ok(());
    }
    let wanted = SampleRequest {
        seq: failure.seq,
        task: failure.task,
        host: failure.host_name,
        is_loop: failure.flags.has(ResultFlags::LOOP),
    };
    let mut said = messages(store, key, std::iter::once(wanted)).await?;
    error.message = said
        .remove(&failure.seq)
        .map(|message| shortened(message.text));
    Ok(())
}

/// The beginning of a message.
fn shortened(mut text: String) -> String {
    if text.len() > MESSAGE_BYTES {
        text.truncate(text.floor_char_boundary(MESSAGE_BYTES));
        text.push('…');
    }
    text
}
