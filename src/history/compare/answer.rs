//! The answer of a comparison, from what was counted. Pure.

use super::cells::{Changes, Moved, TaskChanges};
use super::pairing::{Kind, Pairing};
use super::side::{ReadRun, SharedHosts};
use crate::model::{
    ComparedRun, ComparedTask, Comparison, ComparisonSummary, DurationDifference, ExecutionRow,
    ResultDifference, TaskOutcomes, TaskPair, Transition, TransitionCount,
};

/// An answer without any difference.
pub(super) fn empty(before: &ExecutionRow, now: &ExecutionRow) -> Comparison {
    Comparison {
        before: ComparedRun::from(before),
        now: ComparedRun::from(now),
        same_run: before.id == now.id,
        remarks: Vec::new(),
        summary: ComparisonSummary::default(),
        parameters: Vec::new(),
        hosts_added: Vec::new(),
        hosts_gone: Vec::new(),
        tasks_added: Vec::new(),
        tasks_gone: Vec::new(),
        tasks_moved: Vec::new(),
        tasks_renamed: Vec::new(),
        outcomes: Vec::new(),
        results: Vec::new(),
        durations: Vec::new(),
        output: Vec::new(),
    }
}

/// Whether anything is different. Durations are never quite the same, and failures of both runs may say another thing.
pub(super) fn is_different(answer: &Comparison) -> bool {
    let summary = &answer.summary;
    let counts = [
        summary.parameters,
        summary.hosts_added,
        summary.hosts_gone,
        summary.tasks_added,
        summary.tasks_gone,
        summary.tasks_moved,
        summary.tasks_renamed,
        summary.tasks_not_reached,
        summary.tasks_not_reached_before,
        summary.results_different,
        summary.results_not_reached,
        summary.output_lines,
    ];
    let says_other = |result: &ResultDifference| !result.fields.is_empty();
    answer.before.status != answer.now.status
        || counts.iter().any(|count| *count > 0)
        || answer.results.iter().any(says_other)
}

/// Both runs, and how their results differ.
pub(super) struct Counted {
    pub(super) before: ReadRun,
    pub(super) now: ReadRun,
    pub(super) hosts: SharedHosts,
    pub(super) pairing: Pairing,
    pub(super) changes: Changes,
}

impl Counted {
    fn task_before(&self, place: usize) -> ComparedTask {
        self.before.tasks.list[place].shown.clone()
    }

    fn task_now(&self, place: usize) -> ComparedTask {
        self.now.tasks.list[place].shown.clone()
    }

    fn pairs_of(&self, kind: Kind) -> Vec<TaskPair> {
        let pairs = self.pairing.pairs.iter();
        let pairs = pairs.filter(|pair| pair.kind == kind);
        pairs
            .map(|pair| TaskPair {
                before: self.task_before(pair.before),
                now: self.task_now(pair.now),
            })
            .collect()
    }

    /// The tasks that only `before` has, without those that `now` did not get to; and the number of these.
    fn gone(&self, now_succeeded: bool) -> (Vec<ComparedTask>, u64) {
        let places = self.pairing.gone.iter().copied();
        let (missed, gone): (Vec<usize>, Vec<usize>) = places.partition(|place| {
            let task = &self.before.tasks.list[*place];
            !now_succeeded && self.pairing.is_behind_before(*place, task)
        });
        let gone = gone.into_iter().map(|place| self.task_before(place));
        (gone.collect(), missed.len() as u64)
    }

    /// The tasks that only `now` has, without those that `before` did not get to; and the number of these.
    fn added(&self, before_succeeded: bool) -> (Vec<ComparedTask>, u64) {
        let places = self.pairing.added.iter().copied();
        let (missed, added): (Vec<usize>, Vec<usize>) = places.partition(|place| {
            let task = &self.now.tasks.list[*place];
            !before_succeeded && self.pairing.is_behind_now(*place, task)
        });
        let added = added.into_iter().map(|place| self.task_now(place));
        (added.collect(), missed.len() as u64)
    }

    /// Tasks with different results: those with failures in `now` first, then those with the most hosts.
    fn outcomes(&self, limit: usize) -> Vec<TaskOutcomes> {
        let mut tasks: Vec<_> = self.changes.tasks.iter().collect();
        let has_failed = |task: &TaskChanges| {
            let mut all = task.transitions.iter();
            all.any(|moved| moved.now.is_failure())
        };
        // Stable: tasks that are alike stay in the order of the playbook.
        tasks.sort_by_key(|task| (!has_failed(task), std::cmp::Reverse(task.hosts)));
        let tasks = tasks.into_iter().take(limit);
        let names = |moved: &Moved| {
            let hosts = moved.spots.iter().map(|spot| spot.host as usize);
            hosts
                .filter_map(|host| self.hosts.names.get(host).cloned())
                .collect()
        };
        tasks
            .map(|task| TaskOutcomes {
                task: self.task_now(task.place),
                host_count: task.hosts,
                transitions: task
                    .transitions
                    .iter()
                    .map(|moved| Transition {
                        before: moved.before,
                        now: moved.now,
                        host_count: moved.count,
                        hosts: names(moved),
                    })
                    .collect(),
            })
            .collect()
    }

    fn durations(&self, limit: usize) -> Vec<DurationDifference> {
        let mut all: Vec<_> = self.changes.durations.iter().collect();
        all.sort_by_key(|one| std::cmp::Reverse(one.before_ms.abs_diff(one.now_ms)));
        let all = all.into_iter().take(limit);
        all.map(|one| DurationDifference {
            task: self.task_now(one.place),
            host_count: one.hosts,
            before: f64::from(one.before_ms) / 1e3,
            now: f64::from(one.now_ms) / 1e3,
        })
        .collect()
    }

    fn transitions(&self) -> Vec<TransitionCount> {
        let totals = self.changes.totals.iter();
        let mut all: Vec<TransitionCount> = totals
            .map(|((before, now), results)| TransitionCount {
                before: *before,
                now: *now,
                results: *results,
            })
            .collect();
        all.sort_by_key(|one| std::cmp::Reverse((one.results, one.now)));
        all
    }
}

impl Comparison {
    /// Takes in what was counted; `succeeded`: whether each run got to its end.
    pub(super) fn tell(&mut self, counted: &Counted, succeeded: [bool; 2], limit: usize) {
        let (hosts, changes) = (&counted.hosts, &counted.changes);
        let added = &hosts.names[hosts.both..];
        (self.hosts_added, self.hosts_gone) = (first(added, limit), first(&hosts.gone, limit));
        let (tasks_added, not_reached_before) = counted.added(succeeded[0]);
        let (tasks_gone, not_reached) = counted.gone(succeeded[1]);
        let (moved, renamed) = (
            counted.pairs_of(Kind::Moved),
            counted.pairs_of(Kind::Renamed),
        );
        self.summary = ComparisonSummary {
            different: false,
            parameters: self.summary.parameters,
            hosts_both: hosts.both as u64,
            hosts_added: added.len() as u64,
            hosts_gone: hosts.gone.len() as u64,
            tasks_both: counted.pairing.pairs.len() as u64,
            tasks_added: tasks_added.len() as u64,
            tasks_gone: tasks_gone.len() as u64,
            tasks_moved: moved.len() as u64,
            tasks_renamed: renamed.len() as u64,
            tasks_not_reached: not_reached,
            tasks_not_reached_before: not_reached_before,
            tasks_different: changes.tasks.len() as u64,
            results_compared: changes.compared,
            results_different: changes.totals.values().sum(),
            results_not_reached: changes.not_reached,
            failures_new: changes.failures_new,
            failures_same: changes.failures_same,
            failures_fixed: changes.failures_fixed,
            transitions: counted.transitions(),
            durations: changes.durations.len() as u64,
            output_lines: 0,
        };
        self.tasks_added = first(&tasks_added, limit);
        self.tasks_gone = first(&tasks_gone, limit);
        self.tasks_moved = first(&moved, limit);
        self.tasks_renamed = first(&renamed, limit);
        self.outcomes = counted.outcomes(limit);
        self.durations = counted.durations(limit);
    }
}

fn first<T: Clone>(all: &[T], limit: usize) -> Vec<T> {
    all.iter().take(limit).cloned().collect()
}
