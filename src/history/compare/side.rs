//! Reads one of the two runs: its hosts, its tasks, and all its results in few bytes.

use std::collections::HashMap;

use super::cells::{Cell, Cells, UNKNOWN};
use super::tasks::Tasks;
use super::{Execution, RESULTS};
use crate::model::{Outcome, TaskRow};
use crate::store::{Store, StoreError};

/// Tasks in one page.
const PAGE: u32 = 5_000;

/// One of the runs.
pub(super) struct ReadRun {
    /// Numbers and names of the hosts.
    pub(super) hosts: Vec<(u32, String)>,
    pub(super) tasks: Tasks,
    pub(super) cells: Cells,
    /// Whether it has more results than are compared.
    pub(super) is_cut: bool,
}

pub(super) async fn read(store: &Store, (key, row): &Execution) -> Result<ReadRun, StoreError> {
    let hosts = store.host_names(*key).await?;
    let plays = store.plays(*key).await?;
    let mut rows: Vec<TaskRow> = Vec::new();
    loop {
        let after = rows.last().map_or(0, |row| row.number);
        let page = store.tasks(*key, after, PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        rows.extend(page);
        if is_last {
            break;
        }
    }
    let tasks = Tasks::new(row, &plays, rows);
    let mut cells = Cells::new(tasks.list.len());
    // Results of one task mostly follow each other.
    let mut last = (0, None);
    let is_whole = store.packed_results(*key, RESULTS, |result| {
        let packed = result.outcome;
        if last.0 != packed.task {
            last = (packed.task, tasks.place(packed.task));
        }
        if let Some(place) = last.1 {
            let outcome = Outcome::of(packed.status, packed.flags);
            let cell = Cell::new(packed.task, packed.host, outcome, result.duration_us);
            cells.push(place, cell);
        }
    });
    let is_cut = !is_whole.await?;
    Ok(ReadRun {
        hosts,
        tasks,
        cells,
        is_cut,
    })
}

/// Which host of one run is which of the other, by their names.
pub(super) struct SharedHosts {
    /// Names: first those that both have, then those that only `now` has, each in alphabetical order.
    pub(super) names: Vec<String>,
    /// How many both have.
    pub(super) both: usize,
    /// Names that only `before` has.
    pub(super) gone: Vec<String>,
    /// For each number of a host in `before`: its place in `names`, or [`UNKNOWN`].
    pub(super) of_before: Vec<u32>,
    /// The same for `now`.
    pub(super) of_now: Vec<u32>,
}

impl SharedHosts {
    pub(super) fn new(before: &[(u32, String)], now: &[(u32, String)]) -> Self {
        let numbers: HashMap<&str, u32> = before
            .iter()
            .map(|(number, name)| (name.as_str(), *number))
            .collect();
        let (mut both, mut added): (Vec<_>, Vec<_>) = now
            .iter()
            .partition(|(_, name)| numbers.contains_key(name.as_str()));
        both.sort_unstable_by_key(|(_, name)| name);
        added.sort_unstable_by_key(|(_, name)| name);
        let mut shared = Self {
            names: Vec::with_capacity(now.len()),
            both: both.len(),
            gone: Vec::new(),
            of_before: places(before),
            of_now: places(now),
        };
        for (number, name) in both.into_iter().chain(added) {
            let place = shared.names.len() as u32;
            shared.names.push(name.clone());
            shared.of_now[*number as usize] = place;
            if let Some(number) = numbers.get(name.as_str()) {
                shared.of_before[*number as usize] = place;
            }
        }
        let gone = before.iter();
        let gone = gone.filter(|(number, _)| shared.of_before[*number as usize] == UNKNOWN);
        shared.gone = gone.map(|(_, name)| name.clone()).collect();
        shared.gone.sort_unstable();
        shared
    }
}

/// A place for each number, not known yet.
fn places(hosts: &[(u32, String)]) -> Vec<u32> {
    let largest = hosts.iter().map(|(number, _)| *number).max();
    vec![UNKNOWN; largest.map_or(0, |largest| largest as usize + 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_known_by_their_names() {
        let hosts = |names: &[&str]| -> Vec<(u32, String)> {
            (1..)
                .zip(names.iter().map(|name| (*name).to_owned()))
                .collect()
        };
        let shared = SharedHosts::new(&hosts(&["a", "b", "c"]), &hosts(&["d", "c", "a"]));
        assert_eq!(shared.names, ["a", "c", "d"]);
        assert_eq!((shared.both, shared.gone), (2, vec!["b".to_owned()]));
        assert_eq!(shared.of_before, [UNKNOWN, 0, UNKNOWN, 1]);
        assert_eq!(shared.of_now, [UNKNOWN, 2, 1, 0]);
    }
}
