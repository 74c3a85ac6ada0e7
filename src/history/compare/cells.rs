//! The results of a run as a matrix of tasks and hosts, and how two of them differ. Pure.
//!
//! A run may have millions of results, so a cell has 12 bytes, and two runs are compared in one pass over the cells of
//! each task.

use std::collections::BTreeMap;

use super::pairing::Pairing;
use crate::model::Outcome;

/// Hosts that a transition names.
const HOSTS: usize = 10;

/// Failures of both runs that are remembered, to compare what they said.
const SAME: usize = 100;

/// A host that an answer does not know.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// How a task ended on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    /// Number of the host in its run.
    host: u32,
    /// Number of the task in its run.
    task: u32,
    /// The duration in milliseconds, all bits set if it is not known; the lowest three bits are the outcome.
    rest: u32,
}

/// The largest duration that a cell holds, in milliseconds: six days.
const LONGEST: u32 = (1 << 29) - 2;

impl Cell {
    pub(super) fn new(task: u32, host: u32, outcome: Outcome, duration_us: Option<i64>) -> Self {
        let ms = match duration_us.map(|us| u32::try_from(us / 1000)) {
            Some(ms) => ms.unwrap_or(LONGEST).min(LONGEST),
            None => LONGEST + 1,
        };
        Self {
            host,
            task,
            rest: (ms << 3) | outcome as u32,
        }
    }

    fn outcome(self) -> Outcome {
        Outcome::ALL[(self.rest & 7) as usize]
    }

    fn ms(self) -> Option<u32> {
        Some(self.rest >> 3).filter(|ms| *ms <= LONGEST)
    }
}

/// The cells of a run, by its tasks.
#[derive(Debug, Default)]
pub(super) struct Cells {
    of_task: Vec<Vec<Cell>>,
}

impl Cells {
    pub(super) fn new(tasks: usize) -> Self {
        Self {
            of_task: vec![Vec::new(); tasks],
        }
    }

    pub(super) fn push(&mut self, place: usize, cell: Cell) {
        if let Some(cells) = self.of_task.get_mut(place) {
            cells.push(cell);
        }
    }

    fn of(&self, place: usize) -> &[Cell] {
        self.of_task.get(place).map_or(&[], Vec::as_slice)
    }
}

/// One of the two runs.
pub(super) struct Side<'s> {
    pub(super) cells: &'s Cells,
    /// For each number of a host: which host it is, or [`UNKNOWN`].
    pub(super) hosts: &'s [u32],
    /// Whether it is still running, or was stopped: then hosts lack results without having failed.
    pub(super) is_partial: bool,
}

impl Side<'_> {
    fn host(&self, cell: Cell) -> Option<usize> {
        let host = self.hosts.get(cell.host as usize).copied();
        host.filter(|host| *host != UNKNOWN)
            .map(|host| host as usize)
    }

    /// The hosts on which something failed: they do not run the tasks after that.
    fn stopped(&self, hosts: usize) -> Vec<bool> {
        let mut stopped = vec![false; hosts];
        for cell in self.cells.of_task.iter().flatten() {
            if cell.outcome().is_failure()
                && let Some(host) = self.host(*cell)
            {
                stopped[host] = true;
            }
        }
        stopped
    }

    /// The cells of a task by host. Of several on one host the worst counts.
    fn fill(&self, place: Option<usize>, row: &mut Row) {
        row.clear();
        for cell in place.map_or(&[][..], |place| self.cells.of(place)) {
            let Some(host) = self.host(*cell) else {
                continue;
            };
            match row.cells[host] {
                None => {
                    row.cells[host] = Some(*cell);
                    row.filled.push(host);
                }
                Some(other) if other.outcome() < cell.outcome() => row.cells[host] = Some(*cell),
                Some(_) => {}
            }
        }
    }
}

/// The cells of one task, by host.
struct Row {
    cells: Vec<Option<Cell>>,
    filled: Vec<usize>,
}

impl Row {
    fn new(hosts: usize) -> Self {
        Self {
            cells: vec![None; hosts],
            filled: Vec::new(),
        }
    }

    fn clear(&mut self) {
        for host in self.filled.drain(..) {
            self.cells[host] = None;
        }
    }
}

/// The differences between two matrices.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) compared: u64,
    pub(super) not_reached: u64,
    pub(super) failures_new: u64,
    pub(super) failures_same: u64,
    pub(super) failures_fixed: u64,
    /// How often each transition occurred.
    pub(super) totals: BTreeMap<(Outcome, Outcome), u64>,
    /// Tasks that have any, in the order of `now`.
    pub(super) tasks: Vec<TaskChanges>,
    /// The first failures of both runs.
    pub(super) same: Vec<Spot>,
    pub(super) durations: Vec<DurationChange>,
}

/// A result in both runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    /// Place of the task in `now`.
    pub(super) place: usize,
    /// Which host.
    pub(super) host: u32,
    pub(super) before: Outcome,
    pub(super) now: Outcome,
    /// Number of the task in `before`, if there is such a result.
    pub(super) task_before: Option<u32>,
    /// Number of the task in `now`, if there is such a result.
    pub(super) task_now: Option<u32>,
}

/// The transitions of a task.
#[derive(Debug)]
pub(super) struct TaskChanges {
    /// Place of the task in `now`.
    pub(super) place: usize,
    /// Number of hosts.
    pub(super) hosts: u64,
    pub(super) transitions: Vec<Moved>,
}

/// A transition, and where it occurred.
#[derive(Debug)]
pub(super) struct Moved {
    pub(super) before: Outcome,
    pub(super) now: Outcome,
    pub(super) count: u64,
    /// The first ones by the names of their hosts; at least one.
    pub(super) spots: Vec<Spot>,
}

/// Another duration: medians in milliseconds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DurationChange {
    /// Place of the task in `now`.
    pub(super) place: usize,
    pub(super) hosts: u64,
    pub(super) before_ms: u32,
    pub(super) now_ms: u32,
}

/// Compares the results of the tasks and hosts that both have, and looks for failures in what only `now` has. `hosts`: how
/// many there are in `now`, first those (`both`) that `before` has too.
pub(super) fn compare(
    pairing: &Pairing,
    before: &Side<'_>,
    now: &Side<'_>,
    (both, hosts): (usize, usize),
) -> Changes {
    let (stopped_before, stopped_now) = (before.stopped(hosts), now.stopped(hosts));
    let mut changes = Changes::default();
    let (mut a, mut b) = (Row::new(hosts), Row::new(hosts));
    let (mut times_a, mut times_b) = (Vec::new(), Vec::new());
    let pairs = pairing
        .pairs
        .iter()
        .map(|pair| (Some(pair.before), pair.now));
    let added = pairing.added.iter().map(|place| (None, *place));
    for (place_before, place) in pairs.chain(added) {
        before.fill(place_before, &mut a);
        now.fill(Some(place), &mut b);
        let mut of_task = OfTask::new(place);
        times_a.clear();
        times_b.clear();
        for host in &b.filled {
            let (old, new) = (a.cells[*host], b.cells[*host]);
            if let (Some(old), Some(new)) = (old, new) {
                changes.compared += 1;
                if let (Some(old_ms), Some(new_ms)) = (old.ms(), new.ms())
                    && old.outcome() == new.outcome()
                    && matches!(old.outcome(), Outcome::Ok | Outcome::Changed)
                {
                    times_a.push(old_ms);
                    times_b.push(new_ms);
                }
            }
            let is_failure = new.is_some_and(|new| new.outcome().is_failure());
            // A new task and a new host are listed as such: only their failures are reported here.
            let is_listed = place_before.is_none() || *host >= both;
            if old.is_none() && !is_failure {
                if !is_listed && (stopped_before[*host] || before.is_partial) {
                    changes.not_reached += 1;
                    continue;
                }
                if is_listed {
                    continue;
                }
            }
            of_task.add(*host, old, new, &mut changes);
        }
        for host in &a.filled {
            if b.cells[*host].is_some() || *host >= both {
                continue;
            }
            if stopped_now[*host] || now.is_partial {
                changes.not_reached += 1;
                continue;
            }
            of_task.add(*host, a.cells[*host], None, &mut changes);
        }
        of_task.finish(&mut changes);
        changes
            .durations
            .extend(duration(place, &mut times_a, &mut times_b));
    }
    changes.tasks.sort_by_key(|task| task.place);
    changes
}

/// The transitions of one task, while they are counted.
struct OfTask {
    place: usize,
    transitions: BTreeMap<(Outcome, Outcome), Moved>,
}

impl OfTask {
    fn new(place: usize) -> Self {
        Self {
            place,
            transitions: BTreeMap::new(),
        }
    }

    fn add(&mut self, host: usize, old: Option<Cell>, new: Option<Cell>, changes: &mut Changes) {
        let outcome = |cell: Option<Cell>| cell.map(Cell::outcome).unwrap_or_default();
        let (before, now) = (outcome(old), outcome(new));
        let spot = Spot {
            place: self.place,
            host: host as u32,
            before,
            now,
            task_before: old.map(|cell| cell.task),
            task_now: new.map(|cell| cell.task),
        };
        match (before.is_failure(), now.is_failure()) {
            (true, true) => {
                changes.failures_same += 1;
                if changes.same.len() < SAME && before == now {
                    changes.same.push(spot);
                }
            }
            (false, true) => changes.failures_new += 1,
            (true, false) if now != Outcome::Absent => changes.failures_fixed += 1,
            _ => {}
        }
        if before == now {
            return;
        }
        let moved = self.transitions.entry((before, now)).or_insert(Moved {
            before,
            now,
            count: 0,
            spots: Vec::new(),
        });
        moved.count += 1;
        // The first by name, in whatever order they reported.
        let at = moved.spots.partition_point(|other| other.host < spot.host);
        if at < HOSTS {
            moved.spots.insert(at, spot);
            moved.spots.truncate(HOSTS);
        }
    }

    fn finish(self, changes: &mut Changes) {
        if self.transitions.is_empty() {
            return;
        }
        let mut transitions: Vec<Moved> = self.transitions.into_values().collect();
        for moved in &transitions {
            *changes.totals.entry((moved.before, moved.now)).or_default() += moved.count;
        }
        // The worst first, then the most frequent.
        transitions.sort_by_key(|moved| std::cmp::Reverse((moved.now, moved.count)));
        changes.tasks.push(TaskChanges {
            place: self.place,
            hosts: transitions.iter().map(|moved| moved.count).sum(),
            transitions,
        });
    }
}

/// A difference of durations that is more than noise: of the medians, by at least a second and by half of the shorter.
fn duration(place: usize, before: &mut [u32], now: &mut [u32]) -> Option<DurationChange> {
    let hosts = before.len() as u64;
    let (before_ms, now_ms) = (median(before)?, median(now)?);
    let least = before_ms.min(now_ms);
    let difference = before_ms.abs_diff(now_ms);
    (difference >= 1000 && difference >= least / 2).then_some(DurationChange {
        place,
        hosts,
        before_ms,
        now_ms,
    })
}

fn median(times: &mut [u32]) -> Option<u32> {
    let middle = times.len() / 2;
    (!times.is_empty()).then(|| *times.select_nth_unstable(middle).1)
}

#[cfg(test)]
mod tests;
