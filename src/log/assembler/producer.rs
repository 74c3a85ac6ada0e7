//! The state of one producer of an execution.

use playback_wire::{Body, Event, ExecutionEnded, ExecutionStarted, Usage};

use crate::log::block::Gap;

/// The producers of an execution, in the order of `Producer::ALL`.
pub(super) type Producers = [ProducerState; 3];

/// One producer's view of an execution, from its own events alone.
#[derive(Debug, Default)]
pub(super) struct ProducerState {
    /// Last event applied; 0 before the first.
    pub(super) last_seq: u64,
    /// Time of its first event.
    pub(super) first_at: Option<i64>,
    /// Time of its latest event.
    pub(super) last_at: i64,
    /// Its description of the run at the start.
    pub(super) description: Option<ExecutionStarted>,
    /// Its report at the end.
    pub(super) ended: Option<ExecutionEnded>,
    /// Its last report of the cost.
    pub(super) usage: Option<Usage>,
    /// Events that it reported as left out, so far.
    pub(super) dropped: u64,
    /// Why it left events out.
    pub(super) dropped_reason: String,
    /// Finished output lines.
    pub(super) newlines: u64,
    /// Whether the last output line is unfinished.
    pub(super) open_line: bool,
    /// The launcher has handed the run to a supervisor.
    pub(super) launched: bool,
    /// Who canceled it.
    pub(super) canceled_by: Option<String>,
    /// Why, in their words.
    pub(super) cancel_note: Option<String>,
    /// Unreadable events in the log: the first and the last of each gap.
    pub(super) gaps: Vec<(u64, u64)>,
}

impl ProducerState {
    /// Applies an event to the producer's own state.
    pub(super) fn apply(&mut self, event: &Event<'_>) {
        self.last_seq = event.seq;
        self.first_at.get_or_insert(event.at);
        self.last_at = self.last_at.max(event.at);
        match &event.body {
            // A run starts once: a later start event is only kept in the log.
            Body::ExecutionStarted(started) => {
                self.description.get_or_insert_with(|| (**started).clone());
            }
            Body::ExecutionEnded(ended) => self.ended = Some(*ended),
            Body::Usage(usage) => self.usage = Some(*usage),
            Body::Launched(_) => self.launched = true,
            // The first request to cancel counts.
            Body::CancelRequested(cancel) if self.canceled_by.is_none() => {
                self.canceled_by = Some(cancel.by.clone().into_owned());
                self.cancel_note =
                    Some(cancel.note.clone().into_owned()).filter(|note| !note.is_empty());
            }
            Body::Dropped(dropped) => {
                self.dropped = self.dropped.saturating_add(dropped.events);
                self.dropped_reason = dropped.reason.clone().into_owned();
            }
            _ => {}
        }
    }

    /// Notes that events after the last one cannot be read.
    pub(super) fn lost(&mut self, gap: &Gap) {
        self.last_seq = gap.last_seq;
        self.newlines += gap.lines;
        self.open_line &= gap.lines == 0;
        match self.gaps.last_mut() {
            Some((_, last)) if *last + 1 == gap.first_seq => *last = gap.last_seq,
            _ => self.gaps.push((gap.first_seq, gap.last_seq)),
        }
    }

    /// Counts the lines of a printed text.
    pub(super) fn printed(&mut self, text: &str) {
        let newlines = text.bytes().filter(|byte| *byte == b'\n').count();
        self.newlines += newlines as u64;
        if let Some(last) = text.as_bytes().last() {
            self.open_line = *last != b'\n';
        }
    }

    /// Output lines, including the unfinished one.
    pub(super) fn lines(&self) -> u64 {
        self.newlines + u64::from(self.open_line)
    }

    /// Whether it sent any events.
    pub(super) fn has_events(&self) -> bool {
        self.last_seq > 0
    }

    /// Events that it left out, by its count at the end or its notes before.
    pub(super) fn left_out(&self) -> u64 {
        self.ended
            .map_or(self.dropped, |ended| ended.dropped.max(self.dropped))
    }
}
