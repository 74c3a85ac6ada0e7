//! The context of a run that rules need: earlier runs of its series, and its hosts.

use super::triggers::{Earlier, UnreachableHost};
use crate::model::{
    Cursor, ExecutionKey, ExecutionRow, FailuresInRow, NO_SERIES, NotificationRule, Reason, Status,
    Trigger, folder_of, is_whole, series_key,
};
use crate::store::{HostRuns, SeriesScope, Store, StoreError};

/// Maximum number of earlier runs of a series that are read: `slow` compares with 30 successes.
const EARLIER: u32 = 60;

/// Maximum number of unreachable hosts of a run that are checked, one by one. More are no fault of single hosts.
const UNREACHABLE: usize = 1000;

/// Triggers that are judged by earlier runs.
const BY_EARLIER: [Trigger; 5] = [
    Trigger::Broke,
    Trigger::Recovered,
    Trigger::StillBroken,
    Trigger::Flapping,
    Trigger::Slow,
];

/// The context of a run, read when it is first needed.
#[derive(Default)]
pub(super) struct RunContext {
    /// What came before it in its series.
    pub(super) before: Option<SeriesHistory>,
    /// Hosts that it did not reach.
    pub(super) unreachable: Option<Vec<UnreachableHost>>,
    /// Of how many runs of these hosts that is known.
    in_row: u32,
    /// Whether it would have changed a host.
    pub(super) would_change: Option<bool>,
}

impl RunContext {
    /// Reads what a rule needs to know beside the run.
    pub(super) async fn read(
        &mut self,
        store: &Store,
        key: ExecutionKey,
        row: &ExecutionRow,
        rule: &NotificationRule,
    ) -> Result<(), StoreError> {
        let asks = |triggers: &[Trigger]| rule.on.iter().any(|on| triggers.contains(on));
        if asks(&BY_EARLIER) {
            self.before(store, key, row).await?;
        }
        let is_check = row.description.check;
        // One more than the rule asks for shows whether it was reported before.
        let in_row = rule.unreachable_runs.saturating_add(1);
        let needs_runs = asks(&[Trigger::Unreachable]) && self.in_row < in_row;
        let needs_change = asks(&[Trigger::Drift]) && is_check && self.would_change.is_none();
        if !needs_runs && !needs_change {
            return Ok(());
        }
        let stats = store.stats(&[key]).await?.remove(&key).unwrap_or_default();
        self.would_change = Some(stats.values().any(|host| host.changed > 0));
        if !needs_runs {
            return Ok(());
        }
        self.in_row = in_row;
        let unreachable = stats.iter().filter(|(_, host)| host.unreachable > 0);
        let names: Vec<&String> = unreachable
            .map(|(name, _)| name)
            .take(UNREACHABLE)
            .collect();
        let mut hosts = Vec::with_capacity(names.len());
        for name in names {
            let here = Cursor {
                started_us: row.started_us,
                key: key.saturating_add(1),
            };
            let runs = store
                .host_runs(name, HostRuns::All, Some(here), in_row)
                .await?;
            let in_row = runs.iter().take_while(|run| run.stats.unreachable > 0);
            hosts.push(UnreachableHost {
                host: name.clone(),
                runs: u32::try_from(in_row.count()).unwrap_or(u32::MAX),
            });
        }
        self.unreachable = Some(hosts);
        Ok(())
    }

    /// What came before the run in its series.
    pub(super) async fn before(
        &mut self,
        store: &Store,
        key: ExecutionKey,
        row: &ExecutionRow,
    ) -> Result<&SeriesHistory, StoreError> {
        let before = match self.before.take() {
            Some(before) => before,
            None => SeriesHistory::read(store, key, row).await?,
        };
        let before: &SeriesHistory = self.before.insert(before);
        Ok(before)
    }
}

/// The runs that were over before this one was: in the same folder, if there are any; a job that checks its playbook out
/// into a new folder each time has none, so its runs are one series. None: the run is no part of a series.
async fn scope(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
) -> Result<Option<SeriesScope>, StoreError> {
    let run = &row.description;
    let series = series_key(run);
    let (Some(playbook), Some(folder)) = (&run.playbook, folder_of(run)) else {
        return Ok(None);
    };
    if series == NO_SERIES {
        return Ok(None);
    }
    let mut scope = SeriesScope {
        series,
        folder: None,
    };
    if !is_whole(playbook) && store.ran_in_folder(playbook, folder, key).await? {
        scope.folder = Some(folder.to_owned());
        if store
            .runs_before(&scope, end(key, row), 1)
            .await?
            .is_empty()
        {
            scope.folder = None;
        }
    }
    Ok(Some(scope))
}

/// When a run ended, in the order of ends.
fn end(key: ExecutionKey, row: &ExecutionRow) -> (i64, ExecutionKey) {
    (row.ended_us.unwrap_or(row.started_us), key)
}

/// The earlier runs of a run's series.
#[derive(Default)]
pub(super) struct SeriesHistory {
    /// The last runs, the last one first.
    pub(super) earlier: Vec<Earlier>,
    /// The failures in a row, if they reach back further than these.
    pub(super) longer: Option<FailuresInRow>,
    /// The run counted as lost before it succeeded, and no other one has ended since.
    pub(super) was_lost: bool,
}

impl SeriesHistory {
    async fn read(
        store: &Store,
        key: ExecutionKey,
        row: &ExecutionRow,
    ) -> Result<Self, StoreError> {
        let Some(scope) = scope(store, key, row).await? else {
            return Ok(Self::default());
        };
        let end = end(key, row);
        let mut runs = store.runs_before(&scope, end, EARLIER).await?;
        runs.sort_by_key(|run| std::cmp::Reverse((run.ended_us, run.key)));
        let earlier: Vec<Earlier> = runs
            .iter()
            .map(|run| Earlier {
                id: run.id,
                started_us: run.started_us,
                failed: run.status == Status::Failed,
                duration_us: run.duration_us,
            })
            .collect();
        let is_longer = earlier.len() >= EARLIER as usize && earlier.iter().all(|one| one.failed);
        let longer = match is_longer {
            true => store.failures_before(&scope, end).await?,
            false => None,
        };
        let was_lost = row.status == Status::Success
            && store.is_noted(key, Reason::Lost.as_str()).await?
            && !store.has_run_after(&scope, end).await?;
        Ok(Self {
            earlier,
            longer,
            was_lost,
        })
    }
}
