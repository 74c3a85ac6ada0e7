//! Printed lines: the last ones of running executions, all of them, and pages.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, Utc};
use playback_wire::Stream;
use serde::Serialize;
use utoipa::ToSchema;

use super::is_final;
use crate::live::LINE_LIMIT;
use crate::log::lines::Line;
use crate::log::output::{OutputCursor, OutputReader, shown};
use crate::model::{ExecutionKey, ExecutionRow, time_from_us};
use crate::store::{BlocksFrom, Store, StoreError};

/// How many of its last lines a running execution shows in a list.
const TAIL: usize = 20;

/// Blocks fetched for each running execution at once. Until the run is over each batch is a block, so the last lines
/// are usually in a few.
const BLOCKS: u32 = 8;

/// The last lines of the running ones among these executions, in one query. Further queries follow if a run prints so
/// fast or so little that its last lines are in many blocks.
///
/// # Errors
/// The store failed.
pub async fn tails(
    store: &Store,
    rows: &[(ExecutionKey, ExecutionRow)],
) -> Result<HashMap<ExecutionKey, Vec<String>>, StoreError> {
    let mut tails = HashMap::new();
    let mut unread = Vec::new();
    for (key, row) in rows.iter().filter(|(_, row)| !is_final(row)) {
        let tail = Tail::new(*key, row);
        match tail.cursor.wants() {
            Some(from) => unread.push((from, tail)),
            None => {
                tails.insert(*key, tail.finish());
            }
        }
    }
    while !unread.is_empty() {
        let from: Vec<BlocksFrom> = unread.iter().map(|(from, _)| *from).collect();
        let found = store.blocks_from(&from, BLOCKS).await?;
        let asked = std::mem::take(&mut unread);
        for ((from, mut tail), blocks) in asked.into_iter().zip(found) {
            let may_go_on = blocks.len() >= BLOCKS as usize;
            let lines = &mut tail.lines;
            tail.cursor.read_lines(blocks, |line| push(lines, &line));
            match tail.cursor.wants().filter(|_| may_go_on) {
                Some(from) => unread.push((from, tail)),
                None => {
                    tails.insert(from.key, tail.finish());
                }
            }
        }
    }
    Ok(tails)
}

/// The last lines of one execution, while they are being read.
struct Tail {
    cursor: OutputCursor,
    lines: VecDeque<String>,
}

impl Tail {
    fn new(key: ExecutionKey, row: &ExecutionRow) -> Self {
        // The row may lag behind the log: newer lines are read too.
        let from = row.output_lines.saturating_sub(TAIL as u64);
        Self {
            cursor: OutputCursor::new(key, row, from).keeping(LINE_LIMIT),
            lines: VecDeque::with_capacity(TAIL),
        }
    }

    fn finish(mut self) -> Vec<String> {
        if let Some(open) = self.cursor.finish() {
            push(&mut self.lines, &open);
        }
        self.lines.into()
    }
}

fn push(lines: &mut VecDeque<String>, line: &Line) {
    if lines.len() == TAIL {
        lines.pop_front();
    }
    lines.push_back(shown(line).into_owned());
}

/// All lines of an execution.
///
/// # Errors
/// The store failed.
pub async fn all_lines(mut reader: OutputReader) -> Result<Vec<String>, StoreError> {
    let mut lines = Vec::new();
    loop {
        let next = reader.next_lines().await?;
        if next.is_empty() {
            lines.extend(reader.finish().map(|line| line.text));
            return Ok(lines);
        }
        lines.extend(next.into_iter().map(|line| line.text));
    }
}

/// All lines of an execution, when they are no more than `limit` bytes.
///
/// # Errors
/// The store failed.
pub async fn lines_within(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
    limit: usize,
) -> Result<Option<Vec<String>>, StoreError> {
    // Slightly more of a line is kept than fits, which shows that it is too long.
    let mut reader = OutputReader::new(store.clone(), key, row, 0).keeping(limit + 4);
    let mut lines = Vec::new();
    let mut bytes = 0;
    let mut fits = |line: Line| {
        bytes += line.text.len() + 4;
        lines.push(line.text);
        bytes <= limit
    };
    loop {
        let next = reader.next_lines().await?;
        if next.is_empty() {
            let whole = reader.finish().is_none_or(fits);
            return Ok(whole.then_some(lines));
        }
        if !next.into_iter().all(&mut fits) {
            return Ok(None);
        }
    }
}

/// One printed line.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutputLine {
    /// Its number, from 0.
    pub line: u64,
    /// When it was printed.
    pub time: DateTime<Utc>,
    /// Where it was printed.
    pub stream: Stream,
    /// Sequence number of the event that Ansible was showing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// What it says.
    pub text: String,
}

impl From<Line> for OutputLine {
    fn from(line: Line) -> Self {
        Self {
            line: line.number,
            time: time_from_us(line.at),
            stream: line.stream,
            of: line.of,
            text: line.text,
        }
    }
}

/// The requested lines.
#[derive(Debug, Clone, Copy)]
pub struct LineRange {
    /// The first, from 0.
    pub from: u64,
    /// The line to stop before.
    pub to: u64,
    /// Only lines of this stream.
    pub stream: Option<Stream>,
    /// Maximum number of lines.
    pub limit: usize,
}

impl LineRange {
    fn has(&self, line: &Line) -> bool {
        line.number < self.to && self.stream.is_none_or(|stream| stream == line.stream)
    }
}

/// A page of the printed lines.
#[derive(Debug)]
pub struct LinePage {
    /// The lines, in the order in which they were printed.
    pub lines: Vec<OutputLine>,
    /// The next page's first line; none if there are no more for now.
    pub next: Option<u64>,
}

/// A page of the lines of an execution.
///
/// # Errors
/// The store failed.
pub async fn page_of_lines(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
    range: &LineRange,
) -> Result<LinePage, StoreError> {
    let mut reader = OutputReader::new(store.clone(), key, row, range.from);
    let mut lines: Vec<OutputLine> = Vec::new();
    loop {
        let batch = reader.next_lines().await?;
        let ended = batch.is_empty();
        let past = batch.last().is_some_and(|line| line.number >= range.to);
        for line in batch {
            if range.has(&line) {
                if lines.len() == range.limit {
                    let next = Some(line.number);
                    return Ok(LinePage { lines, next });
                }
                lines.push(line.into());
            }
        }
        if ended || past {
            // While the run continues, an unfinished line may still grow.
            let open = reader
                .finish()
                .filter(|line| ended && is_final(row) && range.has(line));
            let next = open.as_ref().map(|line| line.number);
            if lines.len() < range.limit {
                lines.extend(open.map(OutputLine::from));
                return Ok(LinePage { lines, next: None });
            }
            return Ok(LinePage { lines, next });
        }
    }
}
