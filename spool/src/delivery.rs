//! Delivers one spool, according to the collector's answers.
//!
//! The collector's position is believed: on a gap the spool is read again from there, and events that it already has
//! are skipped. The caller decides about waiting, and about the file.

use std::borrow::Cow;
use std::fs::File;
use std::io;

use playback_wire::{Body, Dropped, EventWriter, Producer};
use uuid::Uuid;

use crate::client::{Answer, Client, Origin, Refusal, TemporaryFailure};
use crate::key::RunKey;
use crate::lines::{Batch, Lines};

/// The delivery of one spool.
#[derive(Debug)]
pub(crate) struct Delivery {
    execution: Uuid,
    producer: Producer,
    /// Whether this process writes the spool, and so knows its content.
    own: bool,
    /// Name of the producer's sequence, from its first event, if known.
    instance: Option<String>,
    /// The run's key: our own, or the one in the file.
    key: Option<RunKey>,
    lines: Lines,
    /// Largest batch, in bytes before compression: halved when one is too large, and doubled, up to `most`, when that
    /// has not happened for a while.
    limit: usize,
    most: usize,
    /// Batches accepted since `limit` changed.
    taken: u32,
    /// Number of an event that is too large by itself: a note is sent in its place.
    too_large: Option<u64>,
    /// Number of an event that something on the way takes for too large by itself, and how often it did.
    refused_on_the_way: (u64, u32),
    /// How often in a row the collector has asked to resume elsewhere.
    turns: u32,
}

/// How often the collector may ask to resume elsewhere before a batch is accepted: once for a gap, twice for a restart
/// in between.
const MAX_TURNS: u32 = 3;

/// How often something on the way must refuse an event, each time while the collector answers other requests, before the
/// event is left out. A page that replaces the collector for a moment must not cost an event.
const REFUSALS_ON_THE_WAY: u32 = 3;

/// Accepted batches after which larger ones are tried again.
const GROW_AFTER: u32 = 8;

/// The outcome of an exchange.
#[derive(Debug)]
pub(crate) enum Step {
    /// Nothing is left to send before the given end.
    Idle,
    /// The collector answered as expected; contains the number of events sent.
    Went(u64),
    /// A retry may succeed.
    Failed(TemporaryFailure),
    /// The spool cannot be delivered, and why.
    Refused(Refusal),
}

impl Delivery {
    /// Starts at the first line of the file, which has the number `base`.
    pub(crate) fn new(
        execution: Uuid,
        producer: Producer,
        own: bool,
        base: u64,
        limit: usize,
    ) -> Self {
        Self {
            execution,
            producer,
            own,
            instance: None,
            key: None,
            lines: Lines::new(base),
            limit,
            most: limit,
            taken: 0,
            too_large: None,
            refused_on_the_way: (0, 0),
            turns: 0,
        }
    }

    /// Sets the run's key, if known.
    pub(crate) fn with_key(mut self, key: Option<RunKey>) -> Self {
        self.key = key;
        self
    }

    /// Number of the last event known to be stored.
    pub(crate) fn acked(&self) -> u64 {
        self.lines.seq() - 1
    }

    /// Offset in the file of the events that are not yet stored.
    pub(crate) fn offset(&self) -> u64 {
        self.lines.offset()
    }

    /// The file was emptied, after everything in it was acknowledged.
    pub(crate) fn restart(&mut self) {
        self.lines.restart();
    }

    /// Sends the next batch of a file whose whole lines end at `end`.
    pub(crate) fn send(&mut self, client: &mut Client, file: &File, end: u64) -> Step {
        let batch = match self.lines.read(file, end, self.limit) {
            Ok(Some(batch)) => batch,
            Ok(None) => return Step::Idle,
            Err(error) => return unreadable(&error),
        };
        self.learn(batch);
        let instead = (batch.first == batch.last && self.too_large == Some(batch.first))
            .then(|| left_out(batch.first, self.lines.bytes(batch)))
            .flatten();
        let sent_whole = instead.is_none();
        let lines = match &instead {
            Some(lines) => Cow::Borrowed(lines.as_slice()),
            None => self.lines.to_send(batch),
        };
        match self.post(client, &lines) {
            Answer::Acked(acked) if acked == batch.last => {
                self.lines.pass(batch);
                self.turns = 0;
                self.grow();
                Step::Went(batch.last - batch.first + 1)
            }
            Answer::Acked(acked) | Answer::Resume(acked)
                if acked.checked_add(1) == Some(batch.first) =>
            {
                Step::Failed(TemporaryFailure::answered(
                    "the collector acknowledged a batch without storing an event",
                ))
            }
            Answer::Acked(acked) | Answer::Resume(acked) => self.go_to(file, end, acked),
            Answer::TooLarge(message) => self.too_large(batch, sent_whole, &message),
            Answer::TooLargeOnTheWay(trouble) => {
                self.shrink(batch);
                if batch.first == batch.last && sent_whole {
                    return self.too_large_on_the_way(client, batch.first, trouble);
                }
                Step::Failed(trouble)
            }
            Answer::Refused(refusal) => Step::Refused(refusal),
            Answer::Failed(trouble) => Step::Failed(trouble),
        }
    }

    /// A single event is too large for something between us and the collector. It would hold up everything behind it for
    /// ever, so it is left out in the end.
    fn too_large_on_the_way(
        &mut self,
        client: &mut Client,
        seq: u64,
        trouble: TemporaryFailure,
    ) -> Step {
        let answers = matches!(self.post(client, &[]), Answer::Acked(_) | Answer::Resume(_));
        if !answers {
            // It may well be a page in the place of everything.
            return Step::Failed(trouble);
        }
        let (of, times) = self.refused_on_the_way;
        let times = if of == seq { times + 1 } else { 1 };
        self.refused_on_the_way = (seq, times);
        if times >= REFUSALS_ON_THE_WAY {
            self.too_large = Some(seq);
            return Step::Went(0);
        }
        // A run that is still running has time. What an earlier process left is tried once, by a process that soon
        // ends.
        if self.own {
            Step::Failed(trouble)
        } else {
            Step::Went(0)
        }
    }

    /// Asks for the collector's position, which is also a sign of life.
    pub(crate) fn ask(&mut self, client: &mut Client, file: &File, end: u64) -> Step {
        // A foreign spool is unknown yet; its key and sequence name are sent from the start.
        if !self.own
            && self.lines.is_at_start()
            && let Ok(Some(first)) = self.lines.read(file, end, 1)
        {
            self.learn(first);
        }
        match self.post(client, &[]) {
            Answer::Acked(acked) | Answer::Resume(acked) => {
                // Our own events that are gone from the file were acknowledged once. That the collector has fewer now
                // only matters when there is something to send.
                let gone = self.own && acked.saturating_add(1) < self.lines.base();
                if acked == self.acked() || gone {
                    return Step::Went(0);
                }
                self.go_to(file, end, acked)
            }
            Answer::Refused(refusal) => Step::Refused(refusal),
            // An empty batch cannot be too large.
            Answer::TooLarge(message) => Step::Failed(TemporaryFailure::answered(message)),
            Answer::TooLargeOnTheWay(trouble) | Answer::Failed(trouble) => Step::Failed(trouble),
        }
    }

    fn post(&self, client: &mut Client, lines: &[u8]) -> Answer {
        let origin = Origin {
            execution: self.execution,
            producer: self.producer,
            instance: self.instance.as_deref(),
            key: self.key.as_ref(),
            adopted: !self.own,
        };
        client.send(&origin, lines)
    }

    /// Reads key and sequence name from the batch that was read last: the key, if it begins with the file's first line,
    /// and the name, if it begins with the first event.
    fn learn(&mut self, batch: Batch) {
        if self.key.is_none() && self.lines.is_at_start() {
            self.key = RunKey::of(self.lines.bytes(batch));
        }
        if batch.first != 1 || self.instance.is_some() {
            return;
        }
        let lines = self.lines.bytes(batch);
        let first = lines.split(|byte| *byte == b'\n').next().unwrap_or(lines);
        if let Ok(event) = playback_wire::decode_line(first)
            && let Body::ExecutionStarted(started) = event.body
        {
            self.instance = started.instance.filter(|name| is_plain(name));
        }
    }

    /// Continues after event `acked`, wherever that is.
    fn go_to(&mut self, file: &File, end: u64, acked: u64) -> Step {
        let next = acked.saturating_add(1);
        self.turns += 1;
        if self.turns > MAX_TURNS {
            self.turns = 0;
            return Step::Failed(TemporaryFailure::answered(
                "the collector's answers contradict each other",
            ));
        }
        if next < self.lines.base() {
            return Step::Refused(Refusal::of_spool(format!(
                "the collector has the events of this producer up to {acked} only, and the spool \
                 begins with {}",
                self.lines.base()
            )));
        }
        match self.lines.seek(file, end, next) {
            Ok(true) => Step::Went(0),
            Ok(false) if self.own => Step::Refused(Refusal::of_spool(format!(
                "the collector has {acked} events of this producer, more than were written here: \
                 another execution has the same identity"
            ))),
            // The end of the file was lost after it had been sent.
            Ok(false) => {
                self.lines.skip_to(end, next);
                Step::Went(0)
            }
            Err(error) => unreadable(&error),
        }
    }

    /// The batch is too large for the collector: it is sent in parts. An event that is too large by itself is left out,
    /// so that the rest arrives and the record says what is missing.
    fn too_large(&mut self, batch: Batch, sent_whole: bool, message: &str) -> Step {
        if batch.first == batch.last {
            if !sent_whole || self.too_large == Some(batch.first) {
                let message = format!("event {}: {message}", batch.first);
                return Step::Refused(Refusal::of_spool(message));
            }
            self.too_large = Some(batch.first);
        }
        self.shrink(batch);
        Step::Went(0)
    }

    fn shrink(&mut self, batch: Batch) {
        self.taken = 0;
        self.limit = (batch.len / 2).clamp(1, self.most);
    }

    fn grow(&mut self) {
        self.taken = self.taken.saturating_add(1);
        if self.taken >= GROW_AFTER && self.limit < self.most {
            self.taken = 0;
            self.limit = self.limit.saturating_mul(2).min(self.most);
        }
    }
}

/// The note that replaces an event that the collector does not accept, with the same number.
fn left_out(seq: u64, line: &[u8]) -> Option<Vec<u8>> {
    let at = playback_wire::decode_line(line.strip_suffix(b"\n").unwrap_or(line))
        .map(|event| event.at)
        .unwrap_or_default();
    let note = Dropped {
        events: 1,
        reason: "event_too_large".into(),
    };
    let mut line = Vec::with_capacity(128);
    EventWriter::begin(&mut line, seq, at, "dropped", &note)
        .ok()?
        .end();
    Some(line)
}

/// Whether a name needs no escaping in a URL.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !name.is_empty() && name.len() <= 64 && name.bytes().all(plain)
}

fn unreadable(error: &io::Error) -> Step {
    if error.kind() == io::ErrorKind::InvalidData {
        return Step::Refused(Refusal::of_spool(error.to_string()));
    }
    Step::Failed(TemporaryFailure::local(format!(
        "the spool cannot be read: {error}"
    )))
}
