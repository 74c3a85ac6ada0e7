//! Reads a bundle while it arrives. A run is passed on once all of it is there and its hash is right.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Buf as _, Bytes};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zstd::stream::raw::{Decoder, Operation as _};

use super::line::{BlockLine, ExecutionLine, Line, VERSION, from_hexadecimal, hexadecimal};
use crate::model::{BlockRow, LaunchRow, LaunchState, Owner};

/// The longest line, in bytes: a block has up to 16 MiB.
const LINE_BYTES: usize = 48 << 20;

/// The largest log of one execution, compressed, in bytes: it is in memory.
const RUN_BYTES: usize = 1 << 30;

/// The largest numbers of an event and of a printed line, and the largest size of a block's events, in bytes. No log
/// comes near them, and sums of them cannot overflow.
const NUMBERS: u64 = 1 << 53;
const RAW_BYTES: u64 = 1 << 40;

/// Bytes that are expanded at once.
const EXPANDED: usize = 128 << 10;

/// Why a bundle is refused: in which line, and what is wrong.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the bundle: {problem}")]
pub struct BundleError {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong.
    pub problem: String,
}

/// A part of a bundle.
#[derive(Debug)]
pub enum Item {
    /// An execution, which is whole.
    Run(Box<BundledRun>),
    /// An execution that was left out when the bundle was made, and why.
    LeftOut(Uuid, String),
}

/// An execution with its log.
#[derive(Debug)]
pub struct BundledRun {
    /// Its identity.
    pub id: Uuid,
    /// When it arrived, by the clock of the collector that recorded it.
    pub arrived_us: Option<i64>,
    /// Its last sign of life without events.
    pub alive_us: Option<i64>,
    /// Who may add to it.
    pub owner: Owner,
    /// Its launch, which is over.
    pub launch: Option<LaunchRow>,
    /// Its log: the blocks of each producer in order.
    pub blocks: Vec<BlockRow>,
}

/// Reads a bundle.
pub struct BundleReader {
    decoder: Decoder<'static>,
    /// Compressed bytes that were not read yet, and whether all before them were expanded.
    input: Bytes,
    is_drained: bool,
    expanded: Vec<u8>,
    /// Expanded bytes that are not a whole line yet, and how many of them were searched for the end of the line.
    text: Vec<u8>,
    searched: usize,
    line: u64,
    state: State,
    executions: u64,
}

enum State {
    /// The first line is missing.
    Begin,
    /// Between executions.
    Between,
    /// Within one.
    Within(Box<ExecutionLine>, Vec<BlockRow>, usize, Sha256),
    /// The last line was read.
    Over,
}

impl BundleReader {
    /// A reader that has nothing yet.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            decoder: Decoder::new()?,
            input: Bytes::new(),
            is_drained: true,
            expanded: vec![0; EXPANDED],
            text: Vec::new(),
            searched: 0,
            line: 0,
            state: State::Begin,
            executions: 0,
        })
    }

    /// Takes the next bytes; those before must have been read.
    pub fn feed(&mut self, bytes: Bytes) {
        debug_assert!(self.input.is_empty(), "read until there are no more items");
        self.input = bytes;
    }

    /// The next part that is whole; none if more bytes are needed.
    ///
    /// # Errors
    /// The bytes are no bundle, or a damaged one. Nothing can be read after that.
    pub fn next_item(&mut self) -> Result<Option<Item>, BundleError> {
        loop {
            if let Some(line) = self.next_line() {
                self.line += 1;
                if let Some(item) = self.take(&line)? {
                    return Ok(Some(item));
                }
                continue;
            }
            if self.text.len() > LINE_BYTES {
                return Err(self.wrong("it is longer than any line of a bundle"));
            }
            if self.input.is_empty() && self.is_drained {
                return Ok(None);
            }
            let status = self
                .decoder
                .run_on_buffers(&self.input, &mut self.expanded)
                .map_err(|_| {
                    self.wrong("the data is no zstd stream: it is damaged, or not a bundle")
                })?;
            self.input.advance(status.bytes_read);
            self.text
                .extend_from_slice(&self.expanded[..status.bytes_written]);
            self.is_drained = status.bytes_written < self.expanded.len();
            if status.bytes_read + status.bytes_written == 0 && !self.input.is_empty() {
                return Err(self.wrong("there is data after the end of the stream"));
            }
        }
    }

    /// Ends the bundle; returns how many executions it had.
    ///
    /// # Errors
    /// It was cut.
    pub fn finish(self) -> Result<u64, BundleError> {
        match (&self.state, self.line) {
            (State::Over, _) => Ok(self.executions),
            (_, 0) => Err(self.wrong("there is none: the file is empty or was cut")),
            _ => Err(self.wrong("the bundle ends here: it was cut")),
        }
    }

    /// An error in the line that comes next.
    fn wrong(&self, problem: impl Into<String>) -> BundleError {
        BundleError {
            line: self.line.max(1),
            problem: problem.into(),
        }
    }

    fn next_line(&mut self) -> Option<Vec<u8>> {
        let Some(end) = memchr::memchr(b'\n', &self.text[self.searched..]) else {
            self.searched = self.text.len();
            return None;
        };
        let rest = self.text.split_off(self.searched + end + 1);
        self.searched = 0;
        Some(std::mem::replace(&mut self.text, rest))
    }

    fn take(&mut self, text: &[u8]) -> Result<Option<Item>, BundleError> {
        let line: Line = serde_json::from_slice(text).map_err(|error| {
            let what = match self.line {
                1 => "this is not a bundle of Playback",
                _ => "this is no line of a bundle",
            };
            self.wrong(format!("{what} ({error})"))
        })?;
        let state = std::mem::replace(&mut self.state, State::Between);
        match (state, line) {
            (State::Begin, Line::PlaybackBundle(header)) => match header.version {
                VERSION => Ok(None),
                version => Err(self.wrong(format!(
                    "version {version} of bundles is not known: use a newer version of playback"
                ))),
            },
            (State::Between, Line::Execution(execution)) => {
                let mut hash = Sha256::new();
                hash.update(text);
                self.state = State::Within(execution, Vec::new(), 0, hash);
                Ok(None)
            }
            (State::Between, Line::LeftOut(left_out)) => {
                Ok(Some(Item::LeftOut(left_out.id, left_out.why)))
            }
            (State::Within(execution, mut blocks, bytes, mut hash), Line::Block(block)) => {
                let block = self.block(&block, blocks.last())?;
                let bytes = bytes + block.data.len();
                if bytes > RUN_BYTES {
                    return Err(self.wrong("the execution is too large"));
                }
                hash.update(text);
                blocks.push(block);
                self.state = State::Within(execution, blocks, bytes, hash);
                Ok(None)
            }
            (State::Within(execution, blocks, _, hash), Line::End(end)) => {
                let is_right = end.sha256 == hexadecimal(&hash.finalize());
                if !is_right || end.blocks != blocks.len() as u64 {
                    return Err(self.wrong(format!(
                        "execution {} is damaged: its hash is another",
                        execution.id
                    )));
                }
                self.executions += 1;
                self.run(*execution, blocks).map(Some)
            }
            (State::Between, Line::Over(over)) if over.executions == self.executions => {
                self.state = State::Over;
                Ok(None)
            }
            _ => Err(self.wrong("this line does not belong here: the bundle is damaged")),
        }
    }

    /// A block, which must come after the one before it.
    fn block(&self, line: &BlockLine, before: Option<&BlockRow>) -> Result<BlockRow, BundleError> {
        let follows = before.is_none_or(|before| {
            let order = (before.producer as i32, before.last_seq);
            order < (line.producer as i32, line.first_seq)
        });
        if !follows || line.first_seq == 0 || line.first_seq > line.last_seq {
            return Err(self.wrong("the block is out of order"));
        }
        let numbers = [line.last_seq, line.first_line, line.lines];
        if numbers.iter().any(|number| *number > NUMBERS) || line.raw_bytes > RAW_BYTES {
            return Err(self.wrong(format!(
                "the block has a number that no log has: events and lines are numbered up to {NUMBERS}, and the events of \
                 a block have {RAW_BYTES} bytes at most"
            )));
        }
        let data = STANDARD
            .decode(&line.data)
            .map_err(|_| self.wrong("the block's data is not base64"))?;
        Ok(BlockRow {
            producer: line.producer,
            first_seq: line.first_seq,
            last_seq: line.last_seq,
            first_line: line.first_line,
            lines: line.lines,
            raw_bytes: line.raw_bytes,
            data,
        })
    }

    fn run(&self, line: ExecutionLine, blocks: Vec<BlockRow>) -> Result<Item, BundleError> {
        let key = line.run_key.map(|key| {
            from_hexadecimal(&key).ok_or_else(|| self.wrong("the run key's hash is not one"))
        });
        let id = line.id;
        let launch = line.launch.map(|launch| LaunchRow {
            id,
            state: LaunchState::Ended,
            parameters: launch.parameters,
            queued_us: launch.queued_us,
            collector: None,
        });
        Ok(Item::Run(Box::new(BundledRun {
            id,
            arrived_us: line.arrived_us,
            alive_us: line.alive_us,
            owner: Owner {
                key: key.transpose()?,
                token: line.begun_by,
            },
            launch,
            blocks,
        })))
    }
}
