//! What rules need to know beside a run: earlier runs of its series, its hosts.

use super::triggers::{self, Earlier, UnreachableHost};
use crate::model::{
    Cursor, ExecutionFilter, ExecutionKey, ExecutionRow, MOST_UNREACHABLE_RUNS, NotificationRule,
    Page, Status, Trigger,
};
use crate::store::{HostRuns, Store, StoreError};

/// Runs of a playbook that are searched for those of the same series.
const SEARCHED: u32 = 60;

/// Unreachable hosts of a run that are looked at.
const UNREACHABLE: usize = 20;

/// Runs of a host that are looked at: one more than a rule can ask for shows whether it was told before.
const IN_ROW: u32 = MOST_UNREACHABLE_RUNS + 1;

/// Triggers that are judged by earlier runs.
const BY_EARLIER: [Trigger; 5] = [
    Trigger::Broke,
    Trigger::Recovered,
    Trigger::StillBroken,
    Trigger::Flapping,
    Trigger::Slow,
];

/// What is known beside a run, read when it is first needed.
#[derive(Default)]
pub(super) struct Beside {
    /// Earlier runs of its series.
    pub(super) earlier: Option<Vec<Earlier>>,
    /// Hosts that it did not reach.
    pub(super) unreachable: Option<Vec<UnreachableHost>>,
    /// Whether it would have changed a host.
    pub(super) would_change: Option<bool>,
}

impl Beside {
    /// Reads what a rule needs to know beside the run.
    pub(super) async fn read(
        &mut self,
        store: &Store,
        key: ExecutionKey,
        row: &ExecutionRow,
        rule: &NotificationRule,
    ) -> Result<(), StoreError> {
        let asks = |triggers: &[Trigger]| rule.on.iter().any(|on| triggers.contains(on));
        if asks(&BY_EARLIER) && self.earlier.is_none() {
            self.earlier = Some(earlier(store, key, row).await?);
        }
        let is_check = row.description.check;
        let needs_hosts = (asks(&[Trigger::Drift]) && is_check && self.would_change.is_none())
            || (asks(&[Trigger::Unreachable]) && self.unreachable.is_none());
        if !needs_hosts {
            return Ok(());
        }
        let stats = store.stats(&[key]).await?.remove(&key).unwrap_or_default();
        self.would_change = Some(stats.values().any(|host| host.changed > 0));
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
                .host_runs(name, HostRuns::All, Some(here), IN_ROW)
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
}

/// Earlier runs of the series: those that were over before this one was, the last one first. Those in the same folder, if
/// there are any; a job that checks its playbook out into a new folder each time has none, so its runs are one series.
async fn earlier(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
) -> Result<Vec<Earlier>, StoreError> {
    let Some(playbook) = row.description.playbook.clone() else {
        // An ad-hoc command is no series: nobody expects the next one to be the same.
        return Ok(Vec::new());
    };
    let ended_us = row.ended_us.unwrap_or(row.started_us);
    let filter = ExecutionFilter {
        r#type: Some(row.description.r#type),
        playbook: Some(playbook),
        ..ExecutionFilter::default()
    };
    let page = Page {
        limit: SEARCHED,
        offset: 0,
        after: Some(Cursor {
            started_us: ended_us,
            key: i64::MAX,
        }),
        ascending: false,
    };
    let found = store.executions(&filter, &page).await?;
    let (here, elsewhere): (Vec<_>, Vec<_>) = found
        .iter()
        .filter(|(other_key, other)| {
            let is_over = other.status != Status::Running;
            let counts = other.status == Status::Success || triggers::has_failed(other);
            let ended = (other.ended_us.unwrap_or(other.started_us), *other_key);
            is_over && counts && ended < (ended_us, key) && triggers::is_same_series(row, other)
        })
        .partition(|(_, other)| triggers::is_same_folder(row, other));
    let series = if here.is_empty() { elsewhere } else { here };
    let mut runs: Vec<(i64, ExecutionKey, Earlier)> = series
        .into_iter()
        .map(|(other_key, other)| {
            let earlier = Earlier {
                id: other.id,
                started_us: other.started_us,
                failed: triggers::has_failed(other),
                duration_us: other.duration_us(),
            };
            (
                other.ended_us.unwrap_or(other.started_us),
                *other_key,
                earlier,
            )
        })
        .collect();
    runs.sort_by_key(|(ended_us, key, _)| std::cmp::Reverse((*ended_us, *key)));
    Ok(runs.into_iter().map(|(.., earlier)| earlier).collect())
}
