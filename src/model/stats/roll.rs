//! The runs of a period, summed up.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use playback_wire::HostStats;

use super::{Durations, Group};
use crate::model::{Status, TaskCounts};

/// Runs of one group that started in one part of a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// When that part begins, in microseconds since the epoch.
    pub at_us: i64,
    /// Index of the group.
    pub group: usize,
    /// Number of runs.
    pub runs: u64,
    /// Durations of the finished ones.
    pub durations: Durations,
    /// Their CPU time.
    pub cpu: CpuFigures,
}

/// The CPU time of the runs of a slot, as far as it was recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpuFigures {
    /// Runs whose CPU time is known.
    pub measured: u64,
    /// Runs whose duration is known, too.
    pub whole: u64,
    /// The sum of the CPU times, in microseconds.
    pub cpu_us: u64,
}

/// A host's figures in the runs of a slot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HostFigures {
    /// Number of runs that it took part in.
    pub runs: u64,
    /// Sum of its recaps.
    pub stats: HostStats,
    /// Durations of those runs.
    pub durations: Durations,
}

/// Identifies a task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskName {
    /// Its name, without the role.
    pub name: String,
    /// The role that contains it; empty if there is none.
    pub role: String,
    /// Module or action.
    pub action: String,
}

/// A task's figures in the runs of a slot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskFigures {
    /// How often it ran, on however many hosts.
    pub runs: u64,
    /// Number of failures and unreachable hosts that were not ignored.
    pub failed: u64,
    /// How its results ended.
    pub ok: u64,
    /// Results that changed something.
    pub changed: u64,
    /// Results that failed.
    pub failures: u64,
    /// Results that were skipped.
    pub skipped: u64,
    /// Hosts that were unreachable.
    pub unreachable: u64,
    /// Failures that were ignored.
    pub ignored: u64,
    /// How long it took, over all its hosts.
    pub durations: Durations,
}

/// Index of a slot, and whether the host failed or was unreachable in its runs.
pub(super) type HostKey = (usize, bool);

/// The runs of a period, summed up: by group and part of the day, and within these by host and by task.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Roll {
    pub(super) groups: Vec<Group>,
    pub(super) slots: Vec<Slot>,
    pub(super) hosts: BTreeMap<Arc<str>, BTreeMap<HostKey, HostFigures>>,
    pub(super) tasks: BTreeMap<TaskName, BTreeMap<usize, TaskFigures>>,
}

impl Roll {
    /// Number of runs with a status.
    #[must_use]
    pub fn runs(&self, status: Status) -> u64 {
        let slots = self.slots.iter();
        let standing = slots.filter(|slot| self.groups[slot.group].status == status);
        standing.map(|slot| slot.runs).sum()
    }

    /// Whether it contains no runs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

/// A roll to which runs are added. A roll that is only read does not need its maps.
#[derive(Debug, Default)]
pub struct RollBuilder {
    roll: Roll,
    groups: HashMap<Group, usize>,
    slots: HashMap<(i64, usize), usize>,
}

impl RollBuilder {
    /// Adds to an existing roll.
    #[must_use]
    pub fn new(roll: Roll) -> Self {
        let groups = roll.groups.iter().cloned().zip(0..).collect();
        let slots = roll.slots.iter().zip(0..);
        let slots = slots
            .map(|(slot, place)| ((slot.at_us, slot.group), place))
            .collect();
        Self {
            roll,
            groups,
            slots,
        }
    }

    /// The finished roll.
    #[must_use]
    pub fn finish(self) -> Roll {
        self.roll
    }

    /// The slot of a group in the part of a day that begins at `at_us`.
    pub fn slot(&mut self, at_us: i64, group: &Group) -> usize {
        let group = match self.groups.get(group) {
            Some(known) => *known,
            None => {
                self.roll.groups.push(group.clone());
                let place = self.roll.groups.len() - 1;
                self.groups.insert(group.clone(), place);
                place
            }
        };
        let slots = &mut self.roll.slots;
        *self.slots.entry((at_us, group)).or_insert_with(|| {
            slots.push(Slot {
                at_us,
                group,
                runs: 0,
                durations: Durations::default(),
                cpu: CpuFigures::default(),
            });
            slots.len() - 1
        })
    }

    /// Adds a run, with its duration and its CPU time where these are known.
    pub fn add_run(&mut self, slot: usize, duration_us: Option<i64>, cpu_us: Option<u64>) {
        let slot = &mut self.roll.slots[slot];
        slot.runs += 1;
        if let Some(us) = duration_us {
            slot.durations.add(us);
        }
        if let Some(us) = cpu_us {
            slot.cpu.measured += 1;
            slot.cpu.whole += u64::from(duration_us.is_some());
            slot.cpu.cpu_us = slot.cpu.cpu_us.saturating_add(us);
        }
    }

    /// Adds a host of a run.
    pub fn add_host(
        &mut self,
        slot: usize,
        name: &str,
        stats: &HostStats,
        duration_us: Option<i64>,
    ) {
        let failed = stats.failed > 0 || stats.unreachable > 0;
        let host = self.roll.hosts.entry(name.into()).or_default();
        let figures = host.entry((slot, failed)).or_default();
        figures.runs += 1;
        add_stats(&mut figures.stats, stats);
        if let Some(us) = duration_us {
            figures.durations.add(us);
        }
    }

    /// Adds a task of a run.
    pub fn add_task(&mut self, slot: usize, name: TaskName, counts: &TaskCounts, duration_us: i64) {
        let task = self.roll.tasks.entry(name).or_default();
        let figures = task.entry(slot).or_default();
        figures.runs += 1;
        let failures = u64::from(counts.failed) + u64::from(counts.unreachable);
        figures.failed += u64::from(failures > u64::from(counts.ignored));
        figures.ok += u64::from(counts.ok);
        figures.changed += u64::from(counts.changed);
        figures.failures += u64::from(counts.failed);
        figures.skipped += u64::from(counts.skipped);
        figures.unreachable += u64::from(counts.unreachable);
        figures.ignored += u64::from(counts.ignored);
        figures.durations.add(duration_us);
    }
}

impl TaskFigures {
    /// Adds all figures of another.
    pub fn merge(&mut self, other: &Self) {
        self.runs += other.runs;
        self.failed += other.failed;
        self.ok += other.ok;
        self.changed += other.changed;
        self.failures += other.failures;
        self.skipped += other.skipped;
        self.unreachable += other.unreachable;
        self.ignored += other.ignored;
        self.durations.merge(&other.durations);
    }
}

/// Adds a recap. An absurdly large one only spoils its own sum.
pub(super) fn add_stats(sum: &mut HostStats, stats: &HostStats) {
    let counts = [
        (&mut sum.ok, stats.ok),
        (&mut sum.changed, stats.changed),
        (&mut sum.unreachable, stats.unreachable),
        (&mut sum.failed, stats.failed),
        (&mut sum.skipped, stats.skipped),
        (&mut sum.rescued, stats.rescued),
        (&mut sum.ignored, stats.ignored),
    ];
    for (sum, count) in counts {
        *sum = sum.saturating_add(count);
    }
}
