//! Applies events. Results and recaps are in `results`.

use playback_wire::{
    Body, Event, Facts, HostStarted, HostStats, Output, PlayStarted, Producer, TaskStarted,
};

use super::facts::TooMany;
use super::tracked::Tracked;
use super::{Assembler, bounds, verdict};
use crate::model::{HostRow, PlayRow, ReportedGroups, TaskCounts, TaskRow};

impl Assembler {
    pub(super) fn apply(&mut self, producer: Producer, event: &Event<'_>) {
        self.row_dirty = true;
        self.producers[producer as usize].apply(event);
        match producer {
            Producer::Recorder => self.apply_recorders(event),
            // It sees the process from outside: output, cost and exit. Anything else that it reports is only kept in
            // the log.
            Producer::Supervisor => match &event.body {
                Body::Output(output) => self.apply_output(producer, output),
                Body::Stats(stats) => self.apply_supervisors_stats(stats),
                Body::ExecutionStarted(_) => self.describe(),
                _ => {}
            },
            // It knows what was requested, and by whom; the rest is in its state.
            Producer::Launcher => {
                if let Body::ExecutionStarted(_) = &event.body {
                    self.describe();
                }
            }
        }
    }

    pub(super) fn apply_recorders(&mut self, event: &Event<'_>) {
        match &event.body {
            Body::Result(result) => self.apply_result(event, result),
            Body::HostStarted(started) => self.apply_host_started(event, started),
            Body::Output(output) => self.apply_output(Producer::Recorder, output),
            Body::TaskStarted(task) => self.apply_task_started(event, task),
            Body::PlayStarted(play) => self.apply_play_started(event, play),
            Body::Stats(stats) => self.apply_stats(stats),
            Body::Facts(facts) => self.apply_facts(event, facts),
            Body::Item(item) => {
                self.reports.ran(item.task, item.action.as_deref());
                let host = self.host(&item.host).row.number;
                if self.tasks.contains_key(&item.task) {
                    self.later.item(host, item);
                }
                let task = self.tasks.get(&item.task).map(|task| &task.row);
                self.failures.item(host, item, task);
                if let Some(task) = self.tasks.get_mut(&item.task) {
                    self.later
                        .learn(task.edit(), Some(item.censored), item.action.as_deref());
                }
                self.touch_task(item.task, event.at);
            }
            Body::Retry(retry) => {
                let host = self.host(&retry.host).row.number;
                if self.tasks.contains_key(&retry.task) {
                    self.later.retry(host, retry);
                }
                self.touch_task(retry.task, event.at);
            }
            Body::Retracted(retracted) => self.apply_retracted(&retracted.host),
            Body::AsyncPoll(poll) => self.touch_task(poll.task, event.at),
            Body::Included(included) => {
                for host in &included.hosts {
                    verdict::count_included(&mut self.host(host).edit().stats);
                }
            }
            Body::ExecutionStarted(_) => self.describe(),
            // Kept by the producer's state (see `ProducerState::apply`), or only in the log.
            Body::ExecutionEnded(_)
            | Body::Usage(_)
            | Body::Dropped(_)
            | Body::Notified(_)
            | Body::Damaged
            | Body::Launched(_)
            | Body::CancelRequested(_)
            | Body::Unknown => {}
        }
    }

    /// Takes over the producers' description of the run.
    pub(super) fn describe(&mut self) {
        self.row.description = verdict::description(&self.producers);
        let more = bounds::describe(&mut self.row.description);
        self.left_out.extend(more);
        self.tell_left_out();
    }

    /// Notes that more of something exists than is kept in rows.
    pub(super) fn leave_out(&mut self, kind: &'static str) {
        if self.left_out.insert(kind) {
            self.tell_left_out();
        }
    }

    pub(super) fn tell_left_out(&mut self) {
        let left_out = self.left_out.iter().map(|kind| (*kind).to_owned());
        self.row.description.left_out = left_out.collect();
    }

    pub(super) fn host(&mut self, name: &str) -> &mut Tracked<HostRow> {
        let number = match self.host_numbers.get(name) {
            Some(number) => *number,
            None if self.hosts.len() >= bounds::HOSTS || name.len() > bounds::NAME => {
                self.leave_out("hosts");
                return &mut self.other_hosts;
            }
            None => {
                let number = u32::try_from(self.hosts.len()).unwrap_or(u32::MAX - 1) + 1;
                self.host_numbers.insert(name.to_owned(), number);
                self.hosts.push(Tracked::new(HostRow {
                    number,
                    name: name.to_owned(),
                    stats: HostStats::default(),
                    running_task: None,
                    running_since_us: None,
                    groups: None,
                }));
                self.fresh = true;
                number
            }
        };
        let host = &mut self.hosts[number as usize - 1];
        if std::mem::take(&mut host.left_out) {
            host.stored = false;
            self.fresh = true;
        }
        host
    }

    pub(super) fn apply_play_started(&mut self, event: &Event<'_>, play: &PlayStarted<'_>) {
        if self.plays.len() >= bounds::PLAYS && !self.plays.contains_key(&play.play) {
            self.leave_out("plays");
            return;
        }
        self.fresh = true;
        // The first play with a number keeps it.
        self.plays.entry(play.play).or_insert_with(|| {
            Tracked::new(PlayRow {
                number: play.play,
                name: bounds::cut(&play.name, bounds::NAME),
                hosts: bounds::cut(&play.hosts, bounds::NAME),
                strategy: bounds::cut(&play.strategy, bounds::NAME),
                started_us: event.at,
                ended_us: event.at,
            })
        });
    }

    pub(super) fn apply_task_started(&mut self, event: &Event<'_>, task: &TaskStarted<'_>) {
        if self.tasks.len() >= bounds::TASKS && !self.tasks.contains_key(&task.task) {
            self.leave_out("tasks");
            return;
        }
        self.fresh = true;
        self.later.task(task);
        self.tasks.entry(task.task).or_insert_with(|| {
            Tracked::new(TaskRow {
                number: task.task,
                play: task.play,
                name: bounds::cut(&task.name, bounds::NAME),
                action: bounds::cut(&task.action, bounds::NAME),
                path: bounds::cut(&task.path, bounds::NAME),
                line: task.line,
                role: bounds::cut(&task.role, bounds::NAME),
                tags: task
                    .tags
                    .iter()
                    .take(bounds::TAGS)
                    .map(|tag| bounds::cut(tag, bounds::NAME))
                    .collect(),
                handler: task.handler,
                no_log: task.no_log,
                started_us: event.at,
                ended_us: event.at,
                first_seq: 0,
                last_seq: 0,
                counts: TaskCounts::default(),
            })
        });
        self.touch_play(task.play, event.at);
    }

    pub(super) fn touch_play(&mut self, play: u32, at: i64) {
        if let Some(play) = self.plays.get_mut(&play) {
            play.edit().ended_us = at;
        }
    }

    pub(super) fn touch_task(&mut self, number: u32, at: i64) {
        if let Some(task) = self.tasks.get_mut(&number) {
            let row = task.edit();
            row.ended_us = at;
            let play = row.play;
            self.touch_play(play, at);
        }
    }

    pub(super) fn apply_host_started(&mut self, event: &Event<'_>, started: &HostStarted<'_>) {
        let host = self.host(&started.host).edit();
        host.running_task = Some(started.task);
        host.running_since_us = Some(event.at);
        if let Some(groups) = &started.groups {
            host.groups = Some(ReportedGroups::new(event.seq, groups));
        }
    }

    /// Facts describe a host whether or not it has a row: `delegate_facts` reports those of any host.
    pub(super) fn apply_facts(&mut self, event: &Event<'_>, facts: &Facts<'_>) {
        let first_at = self.producer(Producer::Recorder).first_at;
        let action = self.tasks.get(&facts.task).map(|task| &*task.row.action);
        match self.reports.facts(event, facts, action, first_at) {
            Ok(row) => self.facts.extend(row),
            Err(TooMany) => self.leave_out("facts"),
        }
    }

    pub(super) fn apply_output(&mut self, producer: Producer, output: &Output<'_>) {
        self.producers[producer as usize].printed(&output.text);
    }
}
