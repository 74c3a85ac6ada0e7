//! What the collector's answers mean for one spool.
//!
//! The collector says how far it has got, and is believed: on a gap the spool is read again from
//! there, and what it has already is passed over. Waiting, and what becomes of the file, is up to
//! the caller.

use std::borrow::Cow;
use std::fs::File;
use std::io;

use playback_wire::{Body, Dropped, EventWriter, Producer};
use uuid::Uuid;

use crate::client::{Answer, Client, Origin, Refusal, Trouble};
use crate::key::RunKey;
use crate::lines::{Batch, Lines};

/// A spool on its way to the collector.
#[derive(Debug)]
pub(crate) struct Delivery {
    execution: Uuid,
    producer: Producer,
    /// Whether the one who writes is this process: it knows what it has written.
    own: bool,
    /// Name of the producer's sequence, from its first event, where that is known.
    instance: Option<String>,
    /// The run's key: our own, or the one that stands in the file.
    key: Option<RunKey>,
    lines: Lines,
    /// Largest batch, in bytes before compression: halved where one is found too large, and doubled, up to
    /// `most`, when that has not happened for a while.
    limit: usize,
    most: usize,
    /// Batches that were taken since `limit` changed.
    taken: u32,
    /// An event that the collector finds too large by itself: a note of it is sent in its place.
    too_large: Option<u64>,
    /// How often in a row the collector has said to go on elsewhere.
    turns: u32,
}

/// How often the collector may say to go on elsewhere before a batch is taken: once is a gap, twice a
/// restart in between.
const MAX_TURNS: u32 = 3;

/// How many batches must be taken before larger ones are tried again.
const GROW_AFTER: u32 = 8;

/// How an exchange went.
#[derive(Debug)]
pub(crate) enum Step {
    /// Nothing is left to send before the given end.
    Idle,
    /// The collector answered as hoped; so many events were sent.
    Went(u64),
    /// The same again may go well later.
    Trouble(Trouble),
    /// The spool cannot be delivered, and why.
    Refused(Refusal),
}

impl Delivery {
    /// Begins with the first line of the file, which has the number `base`.
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
            turns: 0,
        }
    }

    /// With the key of the run, where it is known.
    pub(crate) fn with_key(mut self, key: Option<RunKey>) -> Self {
        self.key = key;
        self
    }

    /// Number of the last event that is known to be stored.
    pub(crate) fn acked(&self) -> u64 {
        self.lines.seq() - 1
    }

    /// Where the events that are not yet stored begin in the file.
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
                Step::Trouble(Trouble::answered("the collector stored nothing of a batch"))
            }
            Answer::Acked(acked) | Answer::Resume(acked) => self.go_to(file, end, acked),
            Answer::TooLarge(message) => self.too_large(batch, sent_whole, &message),
            Answer::TooLargeOnTheWay(trouble) => {
                self.shrink(batch);
                Step::Trouble(trouble)
            }
            Answer::Refused(refusal) => Step::Refused(refusal),
            Answer::Trouble(trouble) => Step::Trouble(trouble),
        }
    }

    /// Asks how far the collector has got, which also tells it that the producer lives.
    pub(crate) fn ask(&mut self, client: &mut Client, file: &File, end: u64) -> Step {
        // Somebody else's spool is not known yet; what it says of itself goes along from the start.
        if !self.own
            && self.lines.is_at_start()
            && let Ok(Some(first)) = self.lines.read(file, end, 1)
        {
            self.learn(first);
        }
        match self.post(client, &[]) {
            Answer::Acked(acked) | Answer::Resume(acked) => {
                // Our own events that are gone from the file were acknowledged once. That the
                // collector knows less now will matter when there is something to send.
                let gone = self.own && acked.saturating_add(1) < self.lines.base();
                if acked == self.acked() || gone {
                    return Step::Went(0);
                }
                self.go_to(file, end, acked)
            }
            Answer::Refused(refusal) => Step::Refused(refusal),
            // Nothing was sent that could be too large.
            Answer::TooLarge(message) => Step::Trouble(Trouble::answered(message)),
            Answer::TooLargeOnTheWay(trouble) | Answer::Trouble(trouble) => Step::Trouble(trouble),
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

    /// Takes what the file says of itself from the batch that was read last: the key, if that begins with the
    /// first line, and the sequence's name, if it begins with the first event.
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
            && let Body::ExecutionStarted(what) = event.body
        {
            self.instance = what.instance.filter(|name| is_plain(name));
        }
    }

    /// Goes on after event `acked`, wherever that is.
    fn go_to(&mut self, file: &File, end: u64, acked: u64) -> Step {
        let next = acked.saturating_add(1);
        self.turns += 1;
        if self.turns > MAX_TURNS {
            self.turns = 0;
            return Step::Trouble(Trouble::answered(
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

    /// The collector finds a batch too large: it is sent in parts, and an event that is too large by itself is left
    /// out, so that the rest arrives and the record says what is missing.
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

/// The note that takes the place, and the number, of an event that the collector does not take.
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

/// Whether a name can stand in a URL as it is.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !name.is_empty() && name.len() <= 64 && name.bytes().all(plain)
}

fn unreadable(error: &io::Error) -> Step {
    if error.kind() == io::ErrorKind::InvalidData {
        return Step::Refused(Refusal::of_spool(error.to_string()));
    }
    Step::Trouble(Trouble::local(format!("the spool cannot be read: {error}")))
}
