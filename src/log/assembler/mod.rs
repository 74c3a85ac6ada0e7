//! State + event → changes. Pure: no clock, no I/O. The same events give the same rows, however they were split into
//! batches and however the producers' batches were interleaved.

mod bounds;
mod facts;
mod failures;
mod later;
mod producer;
pub(super) mod timed;
mod verdict;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use playback_wire::{
    Body, Event, ExecutionStarted, Facts, HostStarted, HostStats, Output, PlayStarted, Producer,
    ResultStatus, Stats, TaskResult, TaskStarted,
};
use uuid::Uuid;

use self::facts::{Reports, TooMany};
use self::failures::Failures;
use self::later::Later;
use self::producer::{ProducerState, Producers};
use self::timed::Timed;
use super::block::{Entry, Gap, StoredLog};
use super::recall::{self, Recalled};
use crate::model::{
    BlockRow, Changes, EventCount, ExecutionRow, FactsRow, GroupsTold, HostRow, LogState, Phase,
    PlayRow, RareFields, ResultFlags, ResultRow, Status, TaskCounts, TaskRow,
};

/// A batch does not follow what is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Events between the last stored one and the batch's first are missing.
    #[error("events are missing: resume after event {acked}")]
    Gap {
        /// Last event that is stored.
        acked: u64,
    },
    /// Another process already reports under this execution and producer.
    #[error("another process already reports this execution as the same producer")]
    Conflict,
    /// A producer's first event must say what is executed.
    #[error("the first event of a producer must be execution_started")]
    NotStarted,
}

/// A value that may differ from its stored row.
#[derive(Debug)]
struct Tracked<T> {
    row: T,
    stored: bool,
    dirty: bool,
    // Not part of the record, as far as is known.
    left_out: bool,
}

impl<T> Tracked<T> {
    fn new(row: T) -> Self {
        Self {
            row,
            stored: false,
            dirty: true,
            left_out: false,
        }
    }

    fn edit(&mut self) -> &mut T {
        self.dirty = true;
        &mut self.row
    }
}

/// The rows to write now: new ones always, changed ones if `all`.
fn take_rows<'a, T: Clone + Timed + 'a>(
    rows: impl Iterator<Item = &'a mut Tracked<T>>,
    all: bool,
    corrected_us: i64,
) -> Vec<T> {
    let mut taken = Vec::new();
    for tracked in rows {
        if !tracked.left_out && (!tracked.stored || (all && tracked.dirty)) {
            tracked.stored = true;
            tracked.dirty = false;
            let mut row = tracked.row.clone();
            row.shift(corrected_us);
            taken.push(row);
        }
    }
    taken
}

/// Whether two first events are the same. They are compared by name, if they have one, because values may have been
/// redacted since.
fn is_same(stored: &ExecutionStarted, repeated: &ExecutionStarted) -> bool {
    match (&stored.instance, &repeated.instance) {
        (Some(stored), Some(repeated)) => stored == repeated,
        // Except for fields that the collector added itself.
        _ => {
            let mut stored = stored.clone();
            stored.redacted.clone_from(&repeated.redacted);
            stored.output_left_out = repeated.output_left_out;
            stored.clock_corrected_us = repeated.clock_corrected_us;
            stored == *repeated
        }
    }
}

/// One execution, as far as its events are known.
#[derive(Debug)]
pub struct Assembler {
    row: ExecutionRow,
    row_stored: bool,
    row_dirty: bool,
    producers: Producers,
    lost: bool,
    /// Its latest sign of life without events, by its producers' clock.
    alive_us: Option<i64>,
    /// The store does not have it yet, and the execution's end depends on it.
    alive_due: bool,
    hosts: Vec<Tracked<HostRow>>,
    host_numbers: HashMap<String, u32>,
    // What happened on hosts without a row, because there are too many: used for the verdict only.
    other_hosts: Tracked<HostRow>,
    left_out: BTreeSet<&'static str>,
    plays: BTreeMap<u32, Tracked<PlayRow>>,
    tasks: BTreeMap<u32, Tracked<TaskRow>>,
    // Whether hosts, plays or tasks were added since changes were last taken: only then are they searched.
    fresh: bool,
    // The phase, or the source of its lines, differs from what is stored: viewers must be told at once.
    moved_on: bool,
    // The stored hosts came from the supervisor's recap, and now the recorder reports.
    renumbered: bool,
    // The start time may differ from what is stored beside fingerprints, and the correction of the clock from that of the
    // stored reports of facts.
    start_moved: bool,
    later: Later,
    failures: Failures,
    reports: Reports,
    results: Vec<ResultRow>,
    facts: Vec<FactsRow>,
    retracted: Vec<u64>,
    blocks: Vec<BlockRow>,
}

impl Assembler {
    /// An execution without events.
    #[must_use]
    pub fn new(id: Uuid) -> Self {
        Self {
            row: ExecutionRow {
                id,
                description: ExecutionStarted::default(),
                status: Status::Running,
                phase: Phase::Starting,
                reason: None,
                started_us: 0,
                base_us: 0,
                ended_us: None,
                exit_code: None,
                signal: None,
                changed: false,
                usage: None,
                output_lines: 0,
                output_from: Producer::Recorder,
                results: 0,
                events: EventCount::default(),
                queued_us: None,
                canceled_by: None,
                log: LogState::default(),
            },
            row_stored: false,
            row_dirty: true,
            producers: Default::default(),
            lost: false,
            alive_us: None,
            alive_due: false,
            hosts: Vec::new(),
            host_numbers: HashMap::new(),
            other_hosts: Tracked::new(HostRow {
                number: 0,
                name: String::new(),
                stats: HostStats::default(),
                running_task: None,
                running_since_us: None,
                groups: None,
            }),
            left_out: BTreeSet::new(),
            plays: BTreeMap::new(),
            tasks: BTreeMap::new(),
            fresh: false,
            moved_on: false,
            renumbered: false,
            start_moved: false,
            later: Later::default(),
            failures: Failures::default(),
            reports: Reports::default(),
            results: Vec::new(),
            facts: Vec::new(),
            retracted: Vec::new(),
            blocks: Vec::new(),
        }
    }

    /// The execution's row, in its current state.
    #[must_use]
    pub fn row(&self) -> &ExecutionRow {
        &self.row
    }

    /// Whether every known producer has ended.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.row.status != Status::Running
    }

    /// How it ended; none while it is running.
    #[must_use]
    pub fn end(&self) -> Option<Status> {
        self.is_final().then_some(self.row.status)
    }

    /// Last event of a producer that was applied; 0 before the first.
    #[must_use]
    pub fn last_seq(&self, producer: Producer) -> u64 {
        self.producer(producer).last_seq
    }

    /// The name of a producer's sequence.
    #[must_use]
    pub fn instance(&self, producer: Producer) -> Option<&str> {
        self.producer(producer)
            .description
            .as_ref()?
            .instance
            .as_deref()
    }

    /// Whether it is queued: no process could give a sign of life yet.
    #[must_use]
    pub fn is_queued(&self) -> bool {
        self.row.phase == Phase::Queued
    }

    fn producer(&self, producer: Producer) -> &ProducerState {
        &self.producers[producer as usize]
    }

    /// Applies the new events of a batch, and returns how many of the first ones were not new.
    ///
    /// # Errors
    /// The batch does not follow what was applied; then nothing of it is applied.
    pub fn apply_batch(
        &mut self,
        producer: Producer,
        events: &[Event<'_>],
    ) -> Result<usize, Refusal> {
        let acked = self.last_seq(producer);
        let Some(first) = events.first() else {
            return Ok(0);
        };
        let contiguous = events
            .iter()
            .zip(first.seq..)
            .all(|(event, seq)| event.seq == seq);
        if first.seq > acked + 1 || !contiguous {
            return Err(Refusal::Gap { acked });
        }
        if first.seq == 1 {
            let Body::ExecutionStarted(started) = &first.body else {
                return Err(Refusal::NotStarted);
            };
            // A repeated first event must equal the stored one.
            let known = self.producer(producer);
            if let Some(stored) = &known.description
                && (!is_same(stored, started) || known.first_at != Some(first.at))
            {
                return Err(Refusal::Conflict);
            }
        }
        let known = usize::try_from(acked + 1 - first.seq).unwrap_or(usize::MAX);
        let known = known.min(events.len());
        if known < events.len() {
            self.hear_first(producer);
            let news = &events[known..];
            let is_result = |event: &&Event<'_>| matches!(event.body, Body::Result(_));
            self.results.reserve(news.iter().filter(is_result).count());
            for event in news {
                self.apply(producer, event);
            }
            self.lost = false;
            self.refresh();
        }
        Ok(known)
    }

    /// Applies the new events of a stored block. Nothing is refused: unreadable events are noted as missing.
    pub fn replay(&mut self, producer: Producer, log: &StoredLog) {
        self.hear_first(producer);
        let read: Result<(), std::convert::Infallible> = log.for_each(|entry| {
            let last_seq = self.last_seq(producer);
            match entry {
                Entry::Event(_, event) if event.seq > last_seq => self.apply(producer, &event),
                Entry::Gap(gap) if gap.last_seq > last_seq => self.pass_over(
                    producer,
                    &Gap {
                        first_seq: gap.first_seq.max(last_seq + 1),
                        ..gap
                    },
                ),
                Entry::Event(..) | Entry::Gap(_) => {}
            }
            Ok(())
        });
        match read {
            Ok(()) => {}
        }
        self.lost = false;
        self.refresh();
    }

    /// Notes that events after the last one cannot be read.
    pub fn pass_over(&mut self, producer: Producer, gap: &Gap) {
        self.row_dirty = true;
        self.producers[producer as usize].lost(gap);
    }

    /// Unreadable parts of the log: the producer, the first and the last event.
    pub fn gaps(&self) -> impl Iterator<Item = (Producer, u64, u64)> {
        let producers = Producer::ALL.into_iter().zip(&self.producers);
        producers.flat_map(|(name, producer)| {
            let gaps = producer.gaps.iter();
            gaps.map(move |(first, last)| (name, *first, *last))
        })
    }

    /// Restores from the stored rows what the log no longer tells.
    pub(in crate::log) fn recall(&mut self, mut stored: Recalled) {
        stored.by_the_producers_clock();
        let ended = recall::ended(&stored.row);
        let found = std::mem::take(&mut self.hosts);
        let (hosts, moved) = stored.merge_hosts(found.into_iter().map(|host| host.row).collect());
        self.host_numbers = hosts
            .iter()
            .map(|host| (host.name.clone(), host.number))
            .collect();
        self.hosts = hosts.into_iter().map(Tracked::new).collect();
        for play in stored.plays {
            self.plays.insert(play.number, Tracked::new(play));
        }
        for task in stored.tasks {
            self.tasks.insert(task.number, Tracked::new(task));
        }
        let row = stored.row;
        let recorder = &mut self.producers[Producer::Recorder as usize];
        let mut shift_us = 0;
        if recorder.gaps.first().is_some_and(|(first, _)| *first == 1) {
            shift_us = recorder
                .first_at
                .map_or(0, |first_at| first_at - row.base_us);
            recorder.first_at = Some(row.base_us);
        }
        for result in &mut self.results {
            result.host = moved.get(&result.host).copied().unwrap_or(result.host);
            result.ended_us = result.ended_us.saturating_add(shift_us);
        }
        self.results.extend(stored.results);
        self.results.sort_by_key(|result| result.seq);
        self.row.results = self.row.results.max(row.results);
        for producer in &mut self.producers {
            if producer.gaps.is_empty() {
                continue;
            }
            if producer.gaps.iter().any(|(first, _)| *first == 1) {
                producer
                    .description
                    .get_or_insert_with(|| row.description.clone());
            }
            if let (None, Some(ended)) = (producer.ended, ended) {
                producer.ended = Some(ended);
                producer.last_at = producer.last_at.max(row.ended_us.unwrap_or_default());
            }
            producer.usage = producer.usage.or(row.usage);
        }
        self.row.description = verdict::description(&self.producers);
        self.fresh = true;
        self.refresh();
    }

    /// The recorder sees the hosts themselves: its data replaces the supervisor's recap, whichever came first.
    fn hear_first(&mut self, producer: Producer) {
        let is_first = producer == Producer::Recorder && self.last_seq(producer) == 0;
        if is_first && !self.hosts.is_empty() {
            self.hosts.clear();
            self.host_numbers.clear();
            self.other_hosts.row.stats = HostStats::default();
            self.renumbered = true;
        }
    }

    /// Adds a block to the log; its events must have been applied.
    pub fn push_block(&mut self, block: BlockRow) {
        self.blocks.push(block);
    }

    /// Lines that a producer has finished so far.
    #[must_use]
    pub fn finished_lines(&self, producer: Producer) -> u64 {
        self.producer(producer).newlines
    }

    /// Records that the producers fell silent. Does nothing if the execution is over.
    pub fn mark_lost(&mut self) {
        if !self.is_final() {
            self.lost = true;
            self.alive_due = self.alive_us.is_some();
            self.refresh();
        }
    }

    /// Notes a sign of life without events: at this time, by its producers' clock, the run was going on.
    pub fn alive_at(&mut self, at: i64) {
        if self.alive_us.is_none_or(|latest| at > latest) {
            self.alive_us = Some(at);
        }
    }

    /// Notes the latest stored sign of life.
    pub fn alive_from_store(&mut self, at: Option<i64>) {
        if let Some(at) = at {
            self.alive_at(at);
        }
        self.alive_due = false;
    }

    /// The latest sign of life without events.
    #[must_use]
    pub fn alive_us(&self) -> Option<i64> {
        self.alive_us
    }

    /// The latest sign of life of any kind, by its producers' clock.
    #[must_use]
    pub fn last_sign_us(&self) -> i64 {
        let [recorder, supervisor, _] = &self.producers;
        let last_at = recorder.last_at.max(supervisor.last_at);
        last_at.max(self.alive_us.unwrap_or_default())
    }

    /// Records a sign of life of an execution that counted as lost.
    pub fn mark_alive(&mut self) {
        if self.lost {
            self.lost = false;
            self.refresh();
        }
    }

    /// Whether it counts as lost.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// Whether rows differ from the changes taken so far.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.row_dirty
    }

    /// Declares that the log holds everything applied so far, and the store a row for everything in it: after a replay.
    /// Rows of a running execution may lag behind the log, so they are written again with the next changes.
    pub fn assume_logged(&mut self) {
        fn assume<'a, T: 'a>(rows: impl Iterator<Item = &'a mut Tracked<T>>) {
            for tracked in rows {
                tracked.stored = true;
                tracked.dirty = true;
            }
        }
        self.results.clear();
        self.facts.clear();
        self.retracted.clear();
        self.blocks.clear();
        assume(self.hosts.iter_mut());
        assume(self.plays.values_mut());
        assume(self.tasks.values_mut());
        self.fresh = false;
        self.renumbered = false;
        self.start_moved = true;
        self.row_stored = true;
        self.row_dirty = true;
    }

    /// Declares that somebody else stored the results and events applied since changes were last taken, with the
    /// execution in this status, which may be due to silence alone. New or changed rows are written again with the next
    /// changes.
    pub fn assume_stored(&mut self, status: Status) {
        self.results.clear();
        self.facts.clear();
        self.retracted.clear();
        self.blocks.clear();
        match status {
            Status::Running => self.mark_alive(),
            _ => self.mark_lost(),
        }
    }

    /// The changes to write: results, blocks and new rows always; changed rows if `all`, or when the run entered
    /// another phase or is over.
    pub fn take_changes(&mut self, all: bool) -> Changes {
        // The execution's row must not be ahead of the others, so that its counts match what readers find.
        let all = all || self.is_final() || self.moved_on;
        let mut changes = Changes {
            replace_hosts: std::mem::take(&mut self.renumbered),
            results: std::mem::take(&mut self.results),
            facts: std::mem::take(&mut self.facts),
            retracted: std::mem::take(&mut self.retracted),
            blocks: std::mem::take(&mut self.blocks),
            ..Changes::default()
        };
        let corrected_us = self.row.description.clock_corrected_us;
        for facts in &mut changes.facts {
            facts.shift(corrected_us);
        }
        if all || self.fresh {
            changes.hosts = take_rows(self.hosts.iter_mut(), all, corrected_us);
            changes.plays = take_rows(self.plays.values_mut(), all, corrected_us);
            changes.tasks = take_rows(self.tasks.values_mut(), all, corrected_us);
            self.fresh = false;
        }
        if !self.row_stored || (all && self.row_dirty) {
            self.row_stored = true;
            self.row_dirty = false;
            self.moved_on = false;
            changes.start_moved = std::mem::take(&mut self.start_moved);
            changes.execution = Some(Box::new(self.row.clone()));
            if std::mem::take(&mut self.alive_due) {
                changes.alive_us = self.alive_us;
            }
        }
        changes
    }

    fn apply(&mut self, producer: Producer, event: &Event<'_>) {
        self.row_dirty = true;
        self.producers[producer as usize].heard(event);
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

    fn apply_recorders(&mut self, event: &Event<'_>) {
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
            // Kept by the producer's state (see `heard`), or only in the log.
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
    fn describe(&mut self) {
        self.row.description = verdict::description(&self.producers);
        let more = bounds::describe(&mut self.row.description);
        self.left_out.extend(more);
        self.tell_left_out();
    }

    /// Notes that more of something exists than is kept in rows.
    fn leave_out(&mut self, kind: &'static str) {
        if self.left_out.insert(kind) {
            self.tell_left_out();
        }
    }

    fn tell_left_out(&mut self) {
        let left_out = self.left_out.iter().map(|kind| (*kind).to_owned());
        self.row.description.left_out = left_out.collect();
    }

    fn host(&mut self, name: &str) -> &mut Tracked<HostRow> {
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

    fn apply_play_started(&mut self, event: &Event<'_>, play: &PlayStarted<'_>) {
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

    fn apply_task_started(&mut self, event: &Event<'_>, task: &TaskStarted<'_>) {
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

    fn touch_play(&mut self, play: u32, at: i64) {
        if let Some(play) = self.plays.get_mut(&play) {
            play.edit().ended_us = at;
        }
    }

    fn touch_task(&mut self, number: u32, at: i64) {
        if let Some(task) = self.tasks.get_mut(&number) {
            let row = task.edit();
            row.ended_us = at;
            let play = row.play;
            self.touch_play(play, at);
        }
    }

    fn apply_host_started(&mut self, event: &Event<'_>, started: &HostStarted<'_>) {
        let host = self.host(&started.host).edit();
        host.running_task = Some(started.task);
        host.running_since_us = Some(event.at);
        if let Some(groups) = &started.groups {
            host.groups = Some(GroupsTold::new(event.seq, groups));
        }
    }

    /// The host's latest result no longer counts. Ansible removes it from its recap, and an `ok` as well, whether or
    /// not it had counted as one.
    fn apply_retracted(&mut self, name: &str) {
        let number = self.host(name).row.number;
        let Some((seq, status, changed)) = self.later.latest(number) else {
            return;
        };
        match self.results.iter_mut().rfind(|row| row.seq == seq) {
            Some(row) => row.flags.0 |= ResultFlags::RETRACTED,
            None => self.retracted.push(seq),
        }
        verdict::retract(&mut self.host(name).edit().stats, status, changed);
    }

    fn apply_result(&mut self, event: &Event<'_>, result: &TaskResult<'_>) {
        let base_us = self
            .producer(Producer::Recorder)
            .first_at
            .unwrap_or(event.at);
        let action = self.tasks.get(&result.task).map(|task| &*task.row.action);
        let action = result.action.as_deref().or(action);
        self.reports.ran(result.task, result.action.as_deref());
        let counts = verdict::counts(action.unwrap_or_default(), result.status);
        let host = self.host(&result.host).edit();
        if counts {
            verdict::count(&mut host.stats, result);
        }
        if host.running_task == Some(result.task) {
            host.running_task = None;
            host.running_since_us = None;
        }
        let host = host.number;
        let retried = self.later.result(event.seq, host, result);
        let task = self.tasks.get_mut(&result.task);
        let row = task.as_deref().map(|task| &task.row);
        let fingerprint = self.failures.result(host, result, row);
        if let Some(task) = task {
            let row = task.edit();
            if row.first_seq == 0 {
                row.first_seq = event.seq;
            }
            row.last_seq = event.seq;
            let counts = &mut row.counts;
            match result.status {
                ResultStatus::Ok => counts.ok += 1,
                ResultStatus::Failed => counts.failed += 1,
                ResultStatus::Skipped => counts.skipped += 1,
                ResultStatus::Unreachable => counts.unreachable += 1,
            }
            counts.changed += u32::from(result.changed);
            counts.ignored += u32::from(result.ignored);
            // ansible-core 2.21 censors the result of a whole loop whenever `no_log` is a template; only its items tell.
            let censored = result.items.is_none().then_some(result.censored);
            self.later.learn(row, censored, result.action.as_deref());
            row.ended_us = event.at;
            let play = row.play;
            self.touch_play(play, event.at);
        }
        let bits = [
            (result.changed, ResultFlags::CHANGED),
            (result.ignored, ResultFlags::IGNORED),
            (result.rescued, ResultFlags::RESCUED),
            (result.censored, ResultFlags::CENSORED),
            (result.delegated_to.is_some(), ResultFlags::DELEGATED),
            (result.items.is_some(), ResultFlags::LOOP),
            (retried, ResultFlags::RETRIED),
        ];
        let flags = bits
            .iter()
            .filter(|(set, _)| *set)
            .fold(0, |flags, (_, bit)| flags | bit);
        self.row.results += 1;
        if host == 0 {
            // The host has no row.
            return;
        }
        self.results.push(ResultRow {
            seq: event.seq,
            task: result.task,
            host,
            status: result.status,
            flags: ResultFlags(flags),
            ended_us: event.at.saturating_sub(base_us),
            duration_us: result
                .started
                .map(|started| event.at.saturating_sub(started).max(0)),
            rare: RareFields::new(
                result.delegated_to.as_deref(),
                result.action.as_deref(),
                fingerprint.map(|fingerprint| fingerprint.0),
            ),
        });
    }

    /// Facts describe a host whether or not it has a row: `delegate_facts` reports those of any host.
    fn apply_facts(&mut self, event: &Event<'_>, facts: &Facts<'_>) {
        let first_at = self.producer(Producer::Recorder).first_at;
        let action = self.tasks.get(&facts.task).map(|task| &*task.row.action);
        match self.reports.facts(event, facts, action, first_at) {
            Ok(row) => self.facts.extend(row),
            Err(TooMany) => self.leave_out("facts"),
        }
    }

    fn apply_output(&mut self, producer: Producer, output: &Output<'_>) {
        self.producers[producer as usize].printed(&output.text);
    }

    /// A recap that the supervisor parsed from the output only counts if no recorder reports.
    fn apply_supervisors_stats(&mut self, stats: &Stats) {
        if !self.producer(Producer::Recorder).seen() {
            self.apply_stats(stats);
        }
    }

    /// Ansible's own recap replaces our counts. A host that was given a task and returned no result, because the play
    /// ended first, is not in it, and so not in the record.
    fn apply_stats(&mut self, stats: &Stats) {
        for (name, counts) in &stats.hosts {
            let host = self.host(name).edit();
            if host.number > 0 {
                host.stats = *counts;
            } else {
                verdict::add(&mut host.stats, counts);
            }
        }
        if stats.hosts.is_empty() {
            return;
        }
        for host in &mut self.hosts {
            let row = &host.row;
            if !host.left_out
                && row.stats == HostStats::default()
                && !stats.hosts.contains_key(&row.name)
                && self.later.latest(row.number).is_none()
            {
                host.left_out = true;
                self.renumbered |= host.stored;
            }
        }
        if self.renumbered {
            self.fresh = true;
            for host in &mut self.hosts {
                host.stored = false;
            }
        }
    }

    /// Updates the execution's own row from everything that was applied.
    fn refresh(&mut self) {
        self.row_dirty = true;
        let before = (self.row.phase, self.row.output_from);
        if self.producer(Producer::Recorder).ended.is_some() {
            for host in &mut self.hosts {
                if host.row.running_task.is_some() {
                    let row = host.edit();
                    row.running_task = None;
                    row.running_since_us = None;
                }
            }
        }
        let hosts = self.hosts.iter().chain([&self.other_hosts]);
        let hosts = hosts.map(|host| &host.row.stats);
        let started_us = self.row.started_us;
        let lost = self.lost.then_some(self.alive_us);
        verdict::refresh(&mut self.row, &self.producers, hosts, lost);
        if self.row.started_us != started_us {
            self.start_moved |= self.row_stored;
            // Hosts are stored with their execution's start time.
            for host in &mut self.hosts {
                host.edit();
            }
        }
        if self.row.status == Status::Running {
            self.row.phase = if verdict::waits_for_launch(&self.producers) {
                Phase::Queued
            } else if self.plays.is_empty() {
                Phase::Starting
            } else {
                Phase::Running
            };
        }
        self.moved_on |= before != (self.row.phase, self.row.output_from);
    }
}
