//! The matrix of outcomes: each task of an execution on each host, in one byte each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

use crate::history::HistoryError;
use crate::model::{ExecutionKey, ExecutionRow, Outcome};
use crate::store::{Store, StoreError};

/// Hosts times tasks of a matrix, at most.
const CELLS: usize = 16 << 20;

/// Tasks in one page.
const PAGE: u32 = 5_000;

/// How each task ended on each host.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomeMatrix {
    /// Names of the hosts: the rows.
    pub hosts: Vec<String>,
    /// Numbers of the tasks: the columns.
    pub tasks: Vec<u32>,
    /// Base64 of one byte for each host and task, host by host: 0 no result, 1 skipped, 2 ok, 3 changed, 4 failed and
    /// ignored, 5 failed and rescued, 6 failed, 7 unreachable. Of several results the worst counts.
    pub outcomes: String,
}

/// The matrix of an execution.
///
/// # Errors
/// It is too large, or the store failed.
pub async fn matrix(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
) -> Result<OutcomeMatrix, HistoryError> {
    let (numbers, hosts): (Vec<u32>, Vec<String>) =
        store.host_names(key).await?.into_iter().unzip();
    let tasks = task_numbers(store, key).await?;
    if hosts.len().saturating_mul(tasks.len()) > CELLS {
        return Err(HistoryError::TooLarge(format!(
            "the matrix of {} hosts and {} tasks is too large: /results of {} has them page by page",
            hosts.len(),
            tasks.len(),
            row.id
        )));
    }
    // Two connections read a half each.
    let last = store.last_result(key).await?;
    let (mut outcomes, others) = tokio::try_join!(
        read(store, key, (0, last / 2), &numbers, &tasks),
        read(store, key, (last / 2, last), &numbers, &tasks),
    )?;
    for (outcome, other) in outcomes.iter_mut().zip(others) {
        *outcome = (*outcome).max(other);
    }
    Ok(OutcomeMatrix {
        outcomes: STANDARD.encode(&outcomes),
        hosts,
        tasks,
    })
}

/// The bytes of the results between these sequence numbers.
async fn read(
    store: &Store,
    key: ExecutionKey,
    range: (u64, u64),
    hosts: &[u32],
    tasks: &[u32],
) -> Result<Vec<u8>, StoreError> {
    let mut outcomes = vec![0_u8; hosts.len() * tasks.len()];
    // Results of one task mostly follow each other.
    let mut last = (0, None);
    let read = store.packed_outcomes(key, range, |packed| {
        if last.0 != packed.task {
            last = (packed.task, tasks.binary_search(&packed.task).ok());
        }
        let host = hosts.binary_search(&packed.host).ok();
        if let (Some(host), Some(task)) = (host, last.1) {
            let outcome = &mut outcomes[host * tasks.len() + task];
            *outcome = (*outcome).max(Outcome::of(packed.status, packed.flags) as u8);
        }
    });
    read.await?;
    Ok(outcomes)
}

async fn task_numbers(store: &Store, key: ExecutionKey) -> Result<Vec<u32>, StoreError> {
    let mut numbers: Vec<u32> = Vec::new();
    loop {
        let after = numbers.last().copied().unwrap_or_default();
        let page = store.tasks(key, after, PAGE).await?;
        numbers.extend(page.iter().map(|task| task.number));
        if page.len() < PAGE as usize {
            return Ok(numbers);
        }
    }
}
