//! Sums up the figures that answer a question.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use playback_wire::HostStats;
use serde_json::{Map, Value};

use super::answer::{
    FailedHost, Figures, GroupFigures, Interval, PlaybookFigures, Statistics, TaskResults,
};
use super::question::{By, Period, Question};
use super::roll::{CpuFigures, Roll, Slot, TaskFigures, TaskName, add_stats};
use super::{Durations, Group};
use crate::filter::matches;
use crate::model::{Amount, CostSum, Costing, SlotUsage, Status, time_from_us};

/// Sums of figures.
#[derive(Debug, Clone, Default)]
struct Sum {
    success: u64,
    failed: u64,
    running: u64,
    durations: Durations,
    cost: CostSum,
}

/// Runs to be added to sums.
#[derive(Clone, Copy)]
struct Runs<'r> {
    status: Status,
    at_us: i64,
    runs: u64,
    durations: &'r Durations,
    cost: Cost<'r>,
}

/// What determines the cost of runs.
#[derive(Clone, Copy)]
enum Cost<'r> {
    /// Their CPU time, and the cost of their hosts.
    Whole(&'r CpuFigures, Amount),
    /// The cost of one of their hosts.
    Host(Amount),
}

impl Sum {
    fn add(&mut self, runs: &Runs<'_>, costing: Option<&Costing>) {
        let count = match runs.status {
            Status::Running => &mut self.running,
            Status::Success => &mut self.success,
            Status::Failed => &mut self.failed,
        };
        *count += runs.runs;
        self.durations.merge(runs.durations);
        // The cost of a running execution is not known yet.
        let costing = costing.filter(|_| runs.status != Status::Running);
        let Some(costing) = costing else { return };
        let period = costing.prices().at(runs.at_us);
        let timed = runs.durations.count();
        match runs.cost {
            Cost::Host(amount) => self.cost.add_host(period, (runs.runs, timed), amount),
            Cost::Whole(cpu, hosts) => {
                let usage = SlotUsage {
                    runs: runs.runs,
                    timed,
                    duration_us: runs.durations.sum_us(),
                    measured: cpu.measured,
                    cpu_us: cpu.cpu_us,
                    whole: cpu.whole,
                };
                self.cost.add(period, &usage, hosts);
            }
        }
    }

    fn total(&self) -> u64 {
        self.success + self.failed + self.running
    }

    fn figures(&self, costing: Option<&Costing>) -> Figures {
        let over = self.success + self.failed;
        let rate = |over| self.success as f64 * 100.0 / over as f64;
        Figures {
            total: self.total(),
            success: self.success,
            failed: self.failed,
            running: self.running,
            success_rate: if over == 0 { 0.0 } else { rate(over) },
            avg_duration: self.durations.average(),
            min_duration: self.durations.min(),
            max_duration: self.durations.max(),
            p50_duration: self.durations.percentile(50),
            p95_duration: self.durations.percentile(95),
            cost: costing.map(|costing| self.cost.figures(costing.prices())),
        }
    }
}

#[derive(Debug, Clone, Default)]
struct FailedSum {
    runs: u64,
    failures: u64,
    unreachable: u64,
}

impl FailedSum {
    /// Adds runs in which a host failed or was unreachable, with the sum of its recaps.
    fn add(&mut self, runs: u64, stats: &HostStats) {
        self.runs += runs;
        self.failures = self.failures.saturating_add(stats.failed);
        self.unreachable = self.unreachable.saturating_add(stats.unreachable);
    }

    fn merge(&mut self, other: &Self) {
        self.runs += other.runs;
        self.failures = self.failures.saturating_add(other.failures);
        self.unreachable = self.unreachable.saturating_add(other.unreachable);
    }
}

/// A playbook as recorded, with its folder if the path is relative.
type Playbook = (Arc<str>, Option<Arc<str>>);

/// Sums up the figures that answer a question: roll by roll, in any order.
#[derive(Debug)]
pub struct Tally<'q> {
    question: &'q Question,
    changed: u64,
    reasons: BTreeMap<&'static str, u64>,
    series: BTreeMap<i64, Sum>,
    playbooks: HashMap<Playbook, Sum>,
    failed_hosts: HashMap<Arc<str>, FailedSum>,
    named: HashMap<Arc<str>, Sum>,
    hosts: HashMap<Arc<str>, (Sum, HostStats)>,
    tasks: HashMap<(TaskName, Option<Playbook>), TaskFigures>,
}

impl<'q> Tally<'q> {
    /// An empty tally.
    #[must_use]
    pub fn new(question: &'q Question) -> Self {
        Self {
            question,
            changed: 0,
            reasons: BTreeMap::new(),
            series: BTreeMap::new(),
            playbooks: HashMap::new(),
            failed_hosts: HashMap::new(),
            named: HashMap::new(),
            hosts: HashMap::new(),
            tasks: HashMap::new(),
        }
    }

    /// The prices, if costs are requested.
    fn costing(&self) -> Option<&'q Costing> {
        self.question.costing.as_deref()
    }

    /// Adds runs that the question's filter already selected, and their hosts. If the question names a host, only that
    /// one may be among them.
    pub fn add_chosen(&mut self, roll: &Roll) {
        let chosen = vec![true; roll.slots.len()];
        let hosts = self.host_costs(roll, &chosen);
        let is_of_host = self.question.filter.host.is_some();
        for (slot, hosts) in roll.slots.iter().zip(&hosts) {
            let cost = match is_of_host {
                true => Cost::Host(*hosts),
                false => Cost::Whole(&slot.cpu, *hosts),
            };
            self.add_slot(roll, slot, cost);
        }
        self.add_hosts(roll, &chosen);
        self.add_tasks(roll, &chosen);
    }

    /// Adds those runs of a roll-up that match the question's filter and started in a part of the day for which
    /// `within`, given its beginning, returns true.
    pub fn add_stored(&mut self, roll: &Roll, within: impl Fn(i64) -> bool) {
        let filter = &self.question.filter;
        let conditions = filter.conditions();
        let groups: Vec<bool> = roll
            .groups
            .iter()
            .map(|group| matches(&conditions, group))
            .collect();
        let slots = roll.slots.iter();
        let chosen: Vec<bool> = slots
            .map(|slot| groups[slot.group] && within(slot.at_us))
            .collect();
        match &filter.host {
            None => {
                let hosts = self.host_costs(roll, &chosen);
                let slots = roll.slots.iter().zip(&chosen).zip(&hosts);
                for ((slot, chosen), hosts) in slots {
                    if *chosen {
                        self.add_slot(roll, slot, Cost::Whole(&slot.cpu, *hosts));
                    }
                }
            }
            // Each of a host's entries counts runs in which it took part.
            Some(host) => {
                for ((slot, _), figures) in roll.hosts.get(host.as_str()).into_iter().flatten() {
                    if chosen[*slot] {
                        let slot = &roll.slots[*slot];
                        let group = &roll.groups[slot.group];
                        let amount = match self.costing() {
                            Some(costing) => {
                                let groups = costing.groups_of(host);
                                let time_us = figures.durations.sum_us();
                                costing.host_cost(slot.at_us, groups, time_us)
                            }
                            None => Amount::ZERO,
                        };
                        let runs = Runs {
                            status: group.status,
                            at_us: slot.at_us,
                            runs: figures.runs,
                            durations: &figures.durations,
                            cost: Cost::Host(amount),
                        };
                        self.add_runs(group, &runs);
                    }
                }
            }
        }
        self.add_hosts(roll, &chosen);
        self.add_tasks(roll, &chosen);
    }

    /// The total cost of the hosts of each slot.
    fn host_costs(&self, roll: &Roll, chosen: &[bool]) -> Vec<Amount> {
        let mut costs = vec![Amount::ZERO; roll.slots.len()];
        let costing = self.costing().filter(|_| self.question.needs_hosts());
        let Some(costing) = costing else { return costs };
        for (name, entries) in &roll.hosts {
            let groups = costing.groups_of(name);
            for ((slot, _), figures) in entries.iter().filter(|((slot, _), _)| chosen[*slot]) {
                let at_us = roll.slots[*slot].at_us;
                costs[*slot] += costing.host_cost(at_us, groups, figures.durations.sum_us());
            }
        }
        costs
    }

    fn add_slot(&mut self, roll: &Roll, slot: &Slot, cost: Cost<'_>) {
        let group = &roll.groups[slot.group];
        let runs = Runs {
            status: group.status,
            at_us: slot.at_us,
            runs: slot.runs,
            durations: &slot.durations,
            cost,
        };
        self.add_runs(group, &runs);
    }

    fn add_runs(&mut self, group: &Group, runs: &Runs<'_>) {
        let costing = self.costing();
        self.changed += if group.changed { runs.runs } else { 0 };
        if let Some(reason) = group.reason {
            *self.reasons.entry(reason.as_str()).or_default() += runs.runs;
        }
        let interval = self.question.interval_of(runs.at_us);
        let sum = self.series.entry(interval).or_default();
        sum.add(runs, costing);
        if let Some(playbook) = playbook(group) {
            let sum = self.playbooks.entry(playbook).or_default();
            sum.add(runs, costing);
        }
        match self.question.by {
            Some(By::Label) => {
                for label in &group.labels {
                    entry(&mut self.named, label).add(runs, costing);
                }
            }
            Some(By::Inventory) => {
                if let Some(inventory) = &group.inventory {
                    entry(&mut self.named, inventory).add(runs, costing);
                }
            }
            Some(By::User) => {
                if let Some(user) = &group.user {
                    entry(&mut self.named, user).add(runs, costing);
                }
            }
            _ => {}
        }
    }

    fn add_hosts(&mut self, roll: &Roll, chosen: &[bool]) {
        let only = self.question.filter.host.as_ref();
        let all = self.question.by == Some(By::Host);
        let costing = self.costing();
        for (name, entries) in &roll.hosts {
            if only.is_some_and(|only| **only != **name) {
                continue;
            }
            let groups = costing.map_or(&[][..], |costing| costing.groups_of(name));
            if !entries.keys().any(|(slot, _)| chosen[*slot]) {
                continue;
            }
            let mut sums = all.then(|| entry(&mut self.hosts, name));
            let mut failures = FailedSum::default();
            for ((slot, failed), figures) in entries {
                if !chosen[*slot] {
                    continue;
                }
                let status = match roll.groups[roll.slots[*slot].group].status {
                    Status::Running => Status::Running,
                    _ if *failed => Status::Failed,
                    _ => Status::Success,
                };
                if status == Status::Failed {
                    failures.add(figures.runs, &figures.stats);
                }
                if let Some((sum, stats)) = &mut sums {
                    let at_us = roll.slots[*slot].at_us;
                    let time_us = figures.durations.sum_us();
                    let cost = costing.map_or(Amount::ZERO, |costing| {
                        costing.host_cost(at_us, groups, time_us)
                    });
                    let runs = Runs {
                        status,
                        at_us,
                        runs: figures.runs,
                        durations: &figures.durations,
                        cost: Cost::Host(cost),
                    };
                    sum.add(&runs, costing);
                    add_stats(stats, &figures.stats);
                }
            }
            if failures.runs > 0 {
                entry(&mut self.failed_hosts, name).merge(&failures);
            }
        }
    }

    fn add_tasks(&mut self, roll: &Roll, chosen: &[bool]) {
        if self.question.by != Some(By::Task) {
            return;
        }
        for (name, entries) in &roll.tasks {
            for (slot, figures) in entries.iter().filter(|(slot, _)| chosen[**slot]) {
                let group = &roll.groups[roll.slots[*slot].group];
                let key = (name.clone(), playbook(group));
                self.tasks.entry(key).or_default().merge(figures);
            }
        }
    }

    /// The answer.
    #[must_use]
    pub fn answer(self, period: Option<Period>) -> Statistics {
        let question = self.question;
        let count = |count: u64| Value::from(count);
        let failed_hosts = self.top_failed_hosts();
        let playbooks = self.top_playbooks();
        let series = self.whole_series();
        let reasons = self.reasons.iter();
        let (groups_total, groups) = match question.by {
            None => (None, None),
            Some(by) => {
                let mut groups = self.groups(by);
                let all = groups.len() as u64;
                groups.truncate(question.limit);
                (Some(all), Some(groups))
            }
        };
        Statistics {
            period: period.map(|period| period.as_str().to_owned()),
            from: time_from_us(question.from_us),
            to: time_from_us(question.to_us),
            figures: self.whole().figures(self.costing()),
            changed: self.changed,
            by_reason: reasons
                .map(|(name, runs)| ((*name).to_owned(), count(*runs)))
                .collect(),
            top_failed_hosts: failed_hosts
                .iter()
                .map(|host| (host.host.clone(), count(host.failed_runs)))
                .collect(),
            top_playbooks: runs_by_name(&playbooks),
            failed_hosts,
            playbooks,
            interval: (question.interval_us / 1_000_000).unsigned_abs(),
            series,
            groups_total,
            groups,
        }
    }

    /// The totals: each run is in one interval.
    fn whole(&self) -> Sum {
        let mut whole = Sum::default();
        for sum in self.series.values() {
            whole.success += sum.success;
            whole.failed += sum.failed;
            whole.running += sum.running;
            whole.durations.merge(&sum.durations);
            whole.cost.merge(&sum.cost);
        }
        whole
    }

    fn top_failed_hosts(&self) -> Vec<FailedHost> {
        let mut hosts: Vec<_> = self.failed_hosts.iter().collect();
        hosts.sort_unstable_by(|(name, sum), (other, than)| {
            (than.runs, than.failures, *name).cmp(&(sum.runs, sum.failures, *other))
        });
        hosts
            .into_iter()
            .take(self.question.top)
            .map(|(name, sum)| FailedHost {
                host: name.to_string(),
                failed_runs: sum.runs,
                failures: sum.failures,
                unreachable: sum.unreachable,
            })
            .collect()
    }

    fn top_playbooks(&self) -> Vec<PlaybookFigures> {
        let mut playbooks: Vec<_> = self.playbooks.iter().collect();
        playbooks.sort_unstable_by(|(name, sum), (other, than)| {
            (than.total(), *name).cmp(&(sum.total(), *other))
        });
        playbooks
            .into_iter()
            .take(self.question.top)
            .map(|((name, folder), sum)| PlaybookFigures {
                playbook: name.to_string(),
                folder: folder.as_deref().map(str::to_owned),
                figures: sum.figures(self.costing()),
            })
            .collect()
    }

    /// Every interval, including those without runs.
    fn whole_series(&self) -> Vec<Interval> {
        let question = self.question;
        let (mut series, none) = (Vec::new(), Sum::default());
        let mut start = question.interval_of(question.from_us);
        while start <= question.to_us {
            let sum = self.series.get(&start).unwrap_or(&none);
            series.push(Interval {
                start: time_from_us(start),
                figures: sum.figures(self.costing()),
            });
            match start.checked_add(question.interval_us) {
                Some(next) => start = next,
                None => break,
            }
        }
        series
    }

    fn groups(&self, by: By) -> Vec<GroupFigures> {
        let named = |(name, sum): (&Arc<str>, &Sum)| GroupFigures {
            name: name.to_string(),
            figures: sum.figures(self.costing()),
            ..GroupFigures::default()
        };
        let mut groups: Vec<GroupFigures> = match by {
            By::Playbook => {
                let playbooks = self.playbooks.iter();
                playbooks
                    .map(|((name, folder), sum)| GroupFigures {
                        folder: folder.as_deref().map(str::to_owned),
                        ..named((name, sum))
                    })
                    .collect()
            }
            By::Inventory | By::Label | By::User => self.named.iter().map(named).collect(),
            By::Host => {
                let hosts = self.hosts.iter();
                hosts
                    .map(|(name, (sum, stats))| GroupFigures {
                        stats: Some(*stats),
                        ..named((name, sum))
                    })
                    .collect()
            }
            By::Task => self.tasks.iter().map(|(key, sum)| task(key, sum)).collect(),
        };
        let failures_first = matches!(by, By::Host | By::Task);
        groups.sort_unstable_by(|one, other| {
            let weight = |group: &GroupFigures| match failures_first {
                true => (group.figures.failed, group.figures.total),
                false => (group.figures.total, group.figures.failed),
            };
            let name = |group: &GroupFigures| {
                let GroupFigures {
                    role,
                    action,
                    playbook,
                    folder,
                    ..
                } = group;
                (
                    role.clone(),
                    action.clone(),
                    playbook.clone(),
                    folder.clone(),
                )
            };
            weight(other)
                .cmp(&weight(one))
                .then_with(|| one.name.cmp(&other.name))
                .then_with(|| name(one).cmp(&name(other)))
        });
        groups
    }
}

/// The playbook of a group's runs.
fn playbook(group: &Group) -> Option<Playbook> {
    let playbook = group.playbook.as_ref()?;
    Some((Arc::clone(playbook), group.folder.clone()))
}

/// The number of runs of each playbook, by name alone: a JSON object has each name once.
fn runs_by_name(playbooks: &[PlaybookFigures]) -> Map<String, Value> {
    let mut runs = Map::new();
    for one in playbooks {
        let sum = runs.get(&one.playbook).and_then(Value::as_u64);
        let sum = sum.unwrap_or_default() + one.figures.total;
        runs.insert(one.playbook.clone(), sum.into());
    }
    runs
}

fn task((name, playbook): &(TaskName, Option<Playbook>), figures: &TaskFigures) -> GroupFigures {
    let sum = Sum {
        success: figures.runs.saturating_sub(figures.failed),
        failed: figures.failed,
        running: 0,
        durations: figures.durations.clone(),
        cost: CostSum::default(),
    };
    GroupFigures {
        name: name.name.clone(),
        role: Some(name.role.clone()),
        action: Some(name.action.clone()),
        playbook: playbook.as_ref().map(|(name, _)| name.to_string()),
        folder: playbook
            .as_ref()
            .and_then(|(_, folder)| Some(folder.as_ref()?.to_string())),
        figures: sum.figures(None),
        stats: None,
        results: Some(TaskResults {
            ok: figures.ok,
            changed: figures.changed,
            failed: figures.failures,
            skipped: figures.skipped,
            unreachable: figures.unreachable,
            ignored: figures.ignored,
        }),
    }
}

/// The entry of a text, created if there is none.
fn entry<'m, T: Default>(map: &'m mut HashMap<Arc<str>, T>, text: &Arc<str>) -> &'m mut T {
    map.entry(Arc::clone(text)).or_default()
}
