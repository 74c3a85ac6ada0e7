//! The runs of a time, added up.

use std::collections::{BTreeMap, HashMap};

use playback_wire::HostStats;

use super::{Durations, Group};
use crate::model::TaskCounts;

/// Runs of one group that started in one part of a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// When that part begins, in microseconds since the epoch.
    pub at_us: i64,
    /// Index of the group.
    pub group: usize,
    /// How many.
    pub runs: u64,
    /// How long those took that are over.
    pub durations: Durations,
}

/// How a host fared in the runs of a slot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HostFigures {
    /// In how many it took part.
    pub runs: u64,
    /// Its recaps, added up.
    pub stats: HostStats,
    /// How long those runs took.
    pub durations: Durations,
}

/// Which task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskName {
    /// Its name, without the role.
    pub name: String,
    /// Role that holds it; empty when none.
    pub role: String,
    /// Module or action.
    pub action: String,
}

/// How a task went in the runs of a slot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskFigures {
    /// How often it ran, on however many hosts.
    pub runs: u64,
    /// How often it failed on a host, or did not reach one, and that was not ignored.
    pub failed: u64,
    /// How its results ended.
    pub ok: u64,
    /// Results that changed something.
    pub changed: u64,
    /// Results that failed.
    pub failures: u64,
    /// Results that were skipped.
    pub skipped: u64,
    /// Hosts that were not reached.
    pub unreachable: u64,
    /// Failures that were ignored.
    pub ignored: u64,
    /// How long it took, over all its hosts.
    pub durations: Durations,
}

/// Index of a slot, and whether the host failed in its runs, or was not reached.
pub(super) type HostKey = (usize, bool);

/// The runs of a time, added up: by group and part of the day, and within these by host and by task.
#[derive(Debug, Clone, Default)]
pub struct Roll {
    pub(super) groups: Vec<Group>,
    pub(super) slots: Vec<Slot>,
    pub(super) hosts: BTreeMap<String, BTreeMap<HostKey, HostFigures>>,
    pub(super) tasks: BTreeMap<TaskName, BTreeMap<usize, TaskFigures>>,
    known_groups: HashMap<Group, usize>,
    known_slots: HashMap<(i64, usize), usize>,
}

impl Roll {
    /// The slot of a group in the part of a day that begins at `at_us`.
    pub fn slot(&mut self, at_us: i64, group: &Group) -> usize {
        let group = match self.known_groups.get(group) {
            Some(known) => *known,
            None => self.push_group(group.clone()),
        };
        self.slot_of(at_us, group)
    }

    pub(super) fn push_group(&mut self, group: Group) -> usize {
        self.groups.push(group.clone());
        self.known_groups.insert(group, self.groups.len() - 1);
        self.groups.len() - 1
    }

    fn slot_of(&mut self, at_us: i64, group: usize) -> usize {
        let slots = &mut self.slots;
        *self.known_slots.entry((at_us, group)).or_insert_with(|| {
            slots.push(Slot {
                at_us,
                group,
                runs: 0,
                durations: Durations::default(),
            });
            slots.len() - 1
        })
    }

    /// Adds a slot as it was stored; those that refer to it know it by its place.
    pub(super) fn push_slot(&mut self, slot: Slot) {
        let key = (slot.at_us, slot.group);
        self.known_slots.insert(key, self.slots.len());
        self.slots.push(slot);
    }

    /// Adds a run.
    pub fn add_run(&mut self, slot: usize, duration_us: Option<i64>) {
        let slot = &mut self.slots[slot];
        slot.runs += 1;
        if let Some(us) = duration_us {
            slot.durations.add(us);
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
        let figures = self.host(name, (slot, failed));
        figures.runs += 1;
        add_stats(&mut figures.stats, stats);
        if let Some(us) = duration_us {
            figures.durations.add(us);
        }
    }

    pub(super) fn host(&mut self, name: &str, key: HostKey) -> &mut HostFigures {
        self.hosts
            .entry(name.to_owned())
            .or_default()
            .entry(key)
            .or_default()
    }

    /// Adds a task of a run.
    pub fn add_task(&mut self, slot: usize, name: TaskName, counts: &TaskCounts, duration_us: i64) {
        let figures = self.tasks.entry(name).or_default().entry(slot).or_default();
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

    /// Adds all of another.
    pub fn merge(&mut self, other: &Roll) {
        let mut places = Vec::with_capacity(other.slots.len());
        for slot in &other.slots {
            let place = self.slot(slot.at_us, &other.groups[slot.group]);
            self.slots[place].runs += slot.runs;
            self.slots[place].durations.merge(&slot.durations);
            places.push(place);
        }
        for (name, figures) in &other.hosts {
            for ((slot, failed), figures) in figures {
                self.host(name, (places[*slot], *failed)).merge(figures);
            }
        }
        for (name, figures) in &other.tasks {
            let task = self.tasks.entry(name.clone()).or_default();
            for (slot, figures) in figures {
                task.entry(places[*slot]).or_default().merge(figures);
            }
        }
    }

    /// Whether there is no run in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

impl HostFigures {
    /// Adds all of another's.
    pub fn merge(&mut self, other: &Self) {
        self.runs += other.runs;
        add_stats(&mut self.stats, &other.stats);
        self.durations.merge(&other.durations);
    }
}

impl TaskFigures {
    /// Adds all of another's.
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

/// Adds a recap. One that is out of all proportion spoils its own sum alone.
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
