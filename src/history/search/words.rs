//! Reads every line of a run as a search does, for the index.

use std::convert::Infallible;

use playback_wire::{Body, Producer};
use serde_json::value::RawValue;

use super::query::whole_name;
use super::scan::{LINE, uncoloured};
use super::texts::each_text;
use crate::log::block::{Entry, GAP_LINES, Gap, StoredLog};
use crate::log::lines::{LineBuilder, PieceReader};
use crate::model::{ExecutionRow, FoundTask};
use crate::store::StoredBlock;

/// The producers whose events are searched in a run, in this order.
#[must_use]
pub fn searched_producers(row: &ExecutionRow) -> Vec<Producer> {
    match row.output_from {
        Producer::Recorder => vec![Producer::Recorder],
        other => vec![Producer::Recorder, other],
    }
}

/// Reads the lines of one producer's events, block after block.
#[derive(Debug)]
pub struct LineReader {
    /// Whether what it printed is the run's output.
    has_output: bool,
    next_seq: u64,
    pieces: Option<PieceReader>,
    open: LineBuilder,
}

impl LineReader {
    /// Of this producer of a run.
    #[must_use]
    pub fn new(row: &ExecutionRow, producer: Producer) -> Self {
        Self {
            has_output: producer == row.output_from,
            next_seq: 1,
            pieces: None,
            open: LineBuilder::keeping(LINE),
        }
    }

    /// The event to read next.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Reads the next block, and passes on each line.
    pub fn read(&mut self, stored: &StoredBlock, mut each: impl FnMut(&str)) {
        let block = &stored.block;
        if block.last_seq < self.next_seq {
            return;
        }
        let mut pieces = match self.pieces.take() {
            Some(pieces) => pieces,
            None => {
                self.next_seq = block.first_seq;
                PieceReader::new(block.first_line, 0)
            }
        };
        if block.first_seq > self.next_seq {
            let lines = block.first_line.saturating_sub(pieces.finished());
            let gap = Entry::Gap(Gap {
                first_seq: self.next_seq,
                last_seq: block.first_seq - 1,
                lines: lines.min(GAP_LINES),
            });
            self.entry(&gap, &mut pieces, &mut each);
        }
        let log = StoredLog::of(block);
        let read: Result<(), Infallible> = log.for_each(|entry| {
            self.entry(&entry, &mut pieces, &mut each);
            Ok(())
        });
        match read {
            Ok(()) => {}
        }
        self.pieces = Some(pieces);
        self.next_seq = block.last_seq + 1;
    }

    /// The last line, if nothing ended it.
    pub fn finish(self, mut each: impl FnMut(&str)) {
        if let Some(line) = self.open.finish() {
            each(&uncoloured(&line.text));
        }
    }

    fn entry(&mut self, entry: &Entry<'_>, pieces: &mut PieceReader, each: &mut impl FnMut(&str)) {
        if let Entry::Event(_, event) = entry {
            match &event.body {
                Body::TaskStarted(task) => {
                    let task = FoundTask {
                        number: task.task,
                        name: task.name.clone().into_owned(),
                        role: task.role.clone().into_owned(),
                        action: String::new(),
                    };
                    text(&whole_name(&task), each);
                }
                Body::Result(result) => content(result.content, each),
                Body::Item(item) => content(item.content, each),
                Body::Retry(retry) => content(retry.content, each),
                Body::AsyncPoll(poll) => content(poll.content, each),
                _ => {}
            }
        }
        if self.has_output {
            let open = &mut self.open;
            pieces.read_entry(entry, |piece| {
                if let Some(line) = open.push(piece) {
                    each(&uncoloured(&line.text));
                }
            });
        }
    }
}

fn content(content: Option<&RawValue>, each: &mut impl FnMut(&str)) {
    if let Some(content) = content {
        each_text(content, |_, found| text(found, each));
    }
}

fn text(text: &str, each: &mut impl FnMut(&str)) {
    for line in uncoloured(text).lines() {
        each(&line[..line.floor_char_boundary(LINE)]);
    }
}
