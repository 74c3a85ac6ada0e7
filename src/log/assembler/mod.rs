//! State + event → changes. Pure: no clock, no I/O. The same events give the same rows, however they were split into
//! batches and however the producers' batches were interleaved.

mod bounds;
mod events;
mod facts;
mod failures;
mod later;
mod life;
mod producer;
mod results;
mod stored;
pub(super) mod timed;
mod tracked;
mod verdict;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use playback_wire::{Body, Event, ExecutionStarted, HostStats, Producer};
use uuid::Uuid;

use self::facts::Reports;
use self::failures::Failures;
use self::later::Later;
use self::producer::{ProducerState, Producers};
use self::tracked::Tracked;
use super::block::{Entry, Gap, StoredLog};
use crate::model::{
    BlockRow, EventCount, ExecutionRow, FactsRow, HostRow, LogState, Phase, PlayRow, ResultRow,
    Status, TaskRow,
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
    // The phase, or the source of its lines, differs from what is stored: viewers must learn it at once.
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

    /// Lines that a producer has finished so far.
    #[must_use]
    pub fn finished_lines(&self, producer: Producer) -> u64 {
        self.producer(producer).newlines
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
