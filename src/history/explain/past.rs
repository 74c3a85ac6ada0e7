//! The history of a failure: runs with the same error, and when the task last worked.

use uuid::Uuid;

use crate::history::differences::differences;
use crate::model::{ExecutionRow, LastSuccess, RunAt, Seen, TaskRow, time_from_us};
use crate::store::{Store, StoreError, TaskOnHost};

/// In which runs an error occurred.
pub(super) async fn occurrences(
    store: &Store,
    row: &ExecutionRow,
    fingerprint: i64,
) -> Result<Option<Seen>, StoreError> {
    let found = store.occurrences(fingerprint, row.started_us).await?;
    Ok(found.map(|found| Seen {
        runs: found.runs,
        first: run_at(found.first),
        last: run_at(found.last),
        previous: found.previous.map(run_at),
    }))
}

fn run_at((id, started_us): (Uuid, i64)) -> RunAt {
    RunAt {
        id,
        start_time: time_from_us(started_us),
    }
}

/// The last earlier run in which a task worked on a host. None: the host is not known.
pub(super) async fn last_success(
    store: &Store,
    row: &ExecutionRow,
    host: &str,
    task: &TaskRow,
) -> Result<Option<LastSuccess>, StoreError> {
    if host.is_empty() {
        return Ok(None);
    }
    let task = TaskOnHost {
        host,
        name: &task.name,
        role: &task.role,
        action: &task.action,
        path: &task.path,
        line: task.line,
    };
    let found = store.last_success(row, task).await?;
    let then = found.found.as_ref();
    Ok(Some(LastSuccess {
        searched: found.searched,
        run: then.map(|then| run_at((then.id, then.started_us))),
        differences: then.map_or_else(Vec::new, |then| {
            differences(&then.description, &row.description)
        }),
    }))
}
