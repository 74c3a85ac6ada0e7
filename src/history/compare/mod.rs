//! Compares two executions: parameters, hosts, tasks, outcomes, what results returned, durations and printed lines.
//!
//! Layout:
//! - `baseline`: the earlier run to compare with, if none is named
//! - `side`: reads one of the runs: hosts, tasks, and all results in few bytes
//! - `tasks`: the tasks of a run as they stand in its playbook; pure
//! - `align`: aligns two sequences; pure
//! - `pairing`: which task of one run is which of the other; pure
//! - `cells`: how the results of two runs differ; pure
//! - `results`, `fields`: what a few results returned, and which fields are different
//! - `output`: which printed lines are different
//! - `answer`: the answer, from what was counted; pure
//! - `remarks`: what limits the comparison, in words; pure
//!
//! All results of both runs are held at once, in 12 bytes each, and no more than [`RESULTS`] of each run.

mod align;
mod answer;
mod baseline;
mod cells;
mod fields;
mod output;
mod pairing;
mod remarks;
mod results;
mod side;
mod tasks;
#[cfg(test)]
mod testing;

pub use baseline::Baseline;

use tokio::sync::Semaphore;

use self::answer::{Counted, empty, is_different};
use self::cells::Side;
use self::results::Source;
use self::side::SharedHosts;
use super::HistoryError;
use super::differences::differences;
use crate::model::{Comparison, ExecutionKey, ExecutionRow, Reason, Status};
use crate::store::Store;

/// Results of a run that are compared.
const RESULTS: u64 = 2_000_000;

/// Comparisons at once in this process: each holds some 50 MB of results at most. Further ones wait.
static PLACES: Semaphore = Semaphore::const_new(2);

/// An execution, as the store has it.
pub type Execution = (ExecutionKey, ExecutionRow);

/// Compares an execution with an earlier one that is like it.
///
/// # Errors
/// There is none, or the store failed.
pub async fn compare_with(
    store: &Store,
    now: Execution,
    baseline: Baseline,
    limit: usize,
) -> Result<Comparison, HistoryError> {
    let before = baseline::find(store, &now.1, baseline).await?;
    compare(store, before, now, limit).await
}

/// Compares two executions; each list of the answer has at most `limit` entries.
///
/// # Errors
/// The store failed.
pub async fn compare(
    store: &Store,
    before: Execution,
    now: Execution,
    limit: usize,
) -> Result<Comparison, HistoryError> {
    let mut answer = empty(&before.1, &now.1);
    if answer.same_run {
        answer.remarks.push(remarks::same_run());
        return Ok(answer);
    }
    let _place = PLACES
        .acquire()
        .await
        .map_err(|_| HistoryError::BrokenOff)?;
    answer.parameters = differences(&before.1.description, &now.1.description);
    answer.summary.parameters = answer.parameters.len() as u64;
    let (a, b) = tokio::try_join!(side::read(store, &before), side::read(store, &now))?;
    answer.remarks = remarks::remarks(&before.1, &now.1, [a.is_cut, b.is_cut]);
    let (is_partial, has_log) = (
        [&before.1, &now.1].map(is_partial),
        [&before.1, &now.1].map(|row| row.log.payload_removed_us.is_none()),
    );
    // Millions of results take a while, in which the thread must not be missing elsewhere.
    let counted = tokio::task::spawn_blocking(move || {
        let hosts = SharedHosts::new(a.hosts.as_slice(), b.hosts.as_slice());
        let pairing = pairing::pair(&a.tasks, &b.tasks);
        let changes = cells::compare(
            &pairing,
            &Side {
                cells: &a.cells,
                hosts: &hosts.of_before,
                is_partial: is_partial[0],
            },
            &Side {
                cells: &b.cells,
                hosts: &hosts.of_now,
                is_partial: is_partial[1],
            },
            (hosts.both, hosts.names.len()),
        );
        Counted {
            hosts,
            pairing,
            changes,
            before: a,
            now: b,
        }
    });
    let counted = counted.await.map_err(|_| HistoryError::BrokenOff)?;
    let succeeded = [&before.1, &now.1].map(|row| row.status == Status::Success);
    answer.tell(&counted, succeeded, limit);

    let spots = results::selected(&counted.changes);
    let source = |key, run: usize| Source {
        key,
        tasks: match run {
            0 => &counted.before.tasks,
            _ => &counted.now.tasks,
        },
        has_log: has_log[run],
    };
    let (from, to) = (source(before.0, 0), source(now.0, 1));
    answer.results = results::compare(store, &from, &to, &spots, &counted.hosts.names).await?;
    if remarks::output_is_compared(&before.1, &now.1) {
        let (lines, total) =
            output::compare(store, (before.0, &before.1), (now.0, &now.1), limit).await?;
        (answer.output, answer.summary.output_lines) = (lines, total);
    }
    answer.summary.different = is_different(&answer);
    Ok(answer)
}

/// Whether a run is still running, or was stopped by something else than its hosts.
fn is_partial(row: &ExecutionRow) -> bool {
    let is_by_hosts = matches!(row.reason, Some(Reason::TaskFailed | Reason::Unreachable));
    match row.status {
        Status::Running => true,
        Status::Success => false,
        Status::Failed => !is_by_hosts,
    }
}
