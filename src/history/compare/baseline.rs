//! The earlier run that a run is compared with, if none is named.

use crate::history::HistoryError;
use crate::model::{ExecutionKey, ExecutionRow, Status};
use crate::store::Store;

/// Which earlier run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    /// The last one that succeeded.
    LastGood,
    /// The last one, however it ended.
    Previous,
}

impl Baseline {
    /// Each of them.
    pub const ALL: [Self; 2] = [Self::LastGood, Self::Previous];

    /// Its name in a request.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LastGood => "last_good",
            Self::Previous => "previous",
        }
    }
}

/// Earlier runs that are searched, in growing steps: mostly it is one of the latest.
const STEPS: [u32; 3] = [5, 45, 450];

/// The last earlier run of the same playbook and inventory (by their file names), with the same limit and check mode; of an
/// ad-hoc command, with the same module and hosts.
pub(super) async fn find(
    store: &Store,
    than: &ExecutionRow,
    baseline: Baseline,
) -> Result<(ExecutionKey, ExecutionRow), HistoryError> {
    let status = (baseline == Baseline::LastGood).then_some(Status::Success);
    let mut searched = 0;
    for step in STEPS {
        let found = store.earlier_like(than, status, (step, searched)).await?;
        let is_last = found.len() < step as usize;
        searched += step;
        let mut found = found.into_iter();
        if let Some(found) = found.find(|(_, row)| is_like(row, than)) {
            return Ok(found);
        }
        if is_last {
            break;
        }
    }
    let what = match (&than.description.playbook, &than.description.module) {
        (Some(playbook), _) => playbook.as_str(),
        (None, Some(module)) => module.as_str(),
        (None, None) => "this execution",
    };
    let which = match baseline {
        Baseline::LastGood => "no earlier execution of the same kind succeeded",
        Baseline::Previous => "there is no earlier execution of the same kind",
    };
    Err(HistoryError::NothingToCompare(format!(
        "{which}: none of {what} with the same inventory, limit and check mode. Name the execution to compare with: \
         \"playback list\" shows the existing ones"
    )))
}

fn is_like(row: &ExecutionRow, than: &ExecutionRow) -> bool {
    let of = |row: &ExecutionRow| {
        let description = &row.description;
        (
            description.limit.clone().unwrap_or_default(),
            description.check,
            description.hosts.clone(),
            description.module.clone(),
        )
    };
    row.id != than.id && of(row) == of(than)
}
