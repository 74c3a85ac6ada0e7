//! The contents of a document about an execution: read once, and no more than a document has room for. Failures come first.

use crate::export::ExportError;
use crate::history::explain::explain;
use crate::log::lines::Line;
use crate::log::output::OutputReader;
use crate::model::{ExecutionKey, ExecutionRow, Explanation, HostRow, TaskRow};
use crate::store::{Store, StoreError};

/// Rows that are fetched at once.
const PAGE: u32 = 1000;

/// How much a document has room for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Hosts.
    pub(super) hosts: usize,
    /// Tasks.
    pub(super) tasks: usize,
    /// Printed lines from the first one on.
    pub(super) first_lines: usize,
    /// Printed lines up to the last one.
    pub(super) last_lines: usize,
}

/// The longest beginning of a printed line, in bytes.
const LINE_BYTES: usize = 4096;

/// Printed text in all, in bytes: for the first lines, and for the last ones.
const OUTPUT_BYTES: usize = 512 << 10;

/// An execution, as far as a document tells it.
pub(super) struct RunReport {
    pub(super) row: ExecutionRow,
    pub(super) explanation: Explanation,
    pub(super) hosts: Part<HostRow>,
    pub(super) tasks: Part<TaskRow>,
    pub(super) output: OutputPart,
}

/// The first rows of a list, failed ones first, and how many there are in all.
pub(super) struct Part<T> {
    pub(super) rows: Vec<T>,
    pub(super) total: u64,
}

/// The first printed lines and the last ones.
#[derive(Default)]
pub(super) struct OutputPart {
    pub(super) first: Vec<Line>,
    pub(super) last: Vec<Line>,
    /// Lines between them.
    pub(super) left_out: u64,
}

/// Reads an execution.
pub(super) async fn read(
    store: &Store,
    key: ExecutionKey,
    row: ExecutionRow,
    limits: &Limits,
) -> Result<RunReport, ExportError> {
    let explanation = explain(store, key, &row).await?;
    let hosts = hosts(store, key, limits.hosts).await?;
    let tasks = tasks(store, key, limits.tasks).await?;
    let output = output(store, key, &row, limits).await?;
    Ok(RunReport {
        row,
        explanation,
        hosts,
        tasks,
        output,
    })
}

/// Collects rows: failed ones before others, each in their order.
struct Sorted<T> {
    failed: Vec<T>,
    others: Vec<T>,
    total: u64,
    most: usize,
}

impl<T> Sorted<T> {
    fn new(most: usize) -> Self {
        Self {
            failed: Vec::new(),
            others: Vec::new(),
            total: 0,
            most,
        }
    }

    fn push(&mut self, row: T, is_failed: bool) {
        self.total += 1;
        let rows = match is_failed {
            true => &mut self.failed,
            false => &mut self.others,
        };
        if rows.len() < self.most {
            rows.push(row);
        }
    }

    fn part(mut self) -> Part<T> {
        self.failed.append(&mut self.others);
        self.failed.truncate(self.most);
        Part {
            rows: self.failed,
            total: self.total,
        }
    }
}

async fn hosts(store: &Store, key: ExecutionKey, most: usize) -> Result<Part<HostRow>, StoreError> {
    let mut sorted = Sorted::new(most);
    let mut after = 0;
    loop {
        let rows = store.hosts(key, after, PAGE).await?;
        let is_last = rows.len() < PAGE as usize;
        after = rows.last().map_or(after, |row| row.number);
        for row in rows {
            let is_failed = row.stats.failed + row.stats.unreachable > 0;
            sorted.push(row, is_failed);
        }
        if is_last {
            return Ok(sorted.part());
        }
    }
}

async fn tasks(store: &Store, key: ExecutionKey, most: usize) -> Result<Part<TaskRow>, StoreError> {
    let mut sorted = Sorted::new(most);
    if most == 0 {
        // A document without tasks need not read them.
        return Ok(sorted.part());
    }
    let mut after = 0;
    loop {
        let rows = store.tasks(key, after, PAGE).await?;
        let is_last = rows.len() < PAGE as usize;
        after = rows.last().map_or(after, |row| row.number);
        for row in rows {
            let is_failed = row.counts.failed + row.counts.unreachable > 0;
            sorted.push(row, is_failed);
        }
        if is_last {
            return Ok(sorted.part());
        }
    }
}

/// The first lines and the last ones.
async fn output(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
    limits: &Limits,
) -> Result<OutputPart, StoreError> {
    let all = limits.first_lines + limits.last_lines;
    if all == 0 || row.log.is_removed() {
        return Ok(OutputPart::default());
    }
    let total = row.output_lines;
    if total <= all as u64 {
        let mut first = lines(store, key, row, 0, all).await?;
        let last = first.split_off(limits.first_lines.min(first.len()));
        return Ok(cut(first, last, total));
    }
    let first = lines(store, key, row, 0, limits.first_lines).await?;
    let from = total - limits.last_lines as u64;
    let last = lines(store, key, row, from, limits.last_lines).await?;
    Ok(cut(first, last, total))
}

/// Lines from one on, at most `most`.
async fn lines(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
    from: u64,
    most: usize,
) -> Result<Vec<Line>, StoreError> {
    let mut reader = OutputReader::new(store.clone(), key, row, from).keeping(LINE_BYTES);
    let mut lines = Vec::new();
    while lines.len() < most {
        let next = reader.next_lines().await?;
        if next.is_empty() {
            lines.extend(reader.finish());
            break;
        }
        lines.extend(next);
    }
    lines.truncate(most);
    Ok(lines)
}

/// Keeps the text within its size: of the first lines the end goes, of the last ones the beginning.
fn cut(mut first: Vec<Line>, mut last: Vec<Line>, total: u64) -> OutputPart {
    first.truncate(fitting(first.iter()));
    let keep = fitting(last.iter().rev());
    last.drain(..last.len() - keep);
    // Lines that were printed meanwhile do not count.
    let shown = (first.len() + last.len()) as u64;
    OutputPart {
        left_out: total.saturating_sub(shown),
        first,
        last,
    }
}

/// How many of these lines fit.
fn fitting<'l>(lines: impl Iterator<Item = &'l Line>) -> usize {
    let mut bytes = 0;
    let fits = |line: &&Line| {
        bytes += line.text.len() + 1;
        bytes <= OUTPUT_BYTES
    };
    lines.take_while(fits).count()
}

#[cfg(test)]
mod tests {
    use playback_wire::Stream;

    use super::*;

    fn line(number: u64, length: usize) -> Line {
        Line {
            number,
            at: 0,
            stream: Stream::Stdout,
            of: None,
            text: "x".repeat(length),
            bytes: length as u64,
        }
    }

    #[test]
    fn failed_ones_come_first_and_all_are_counted() {
        let mut sorted = Sorted::new(3);
        for number in 0..10 {
            sorted.push(number, number % 4 == 3);
        }
        let part = sorted.part();
        assert_eq!((part.rows, part.total), (vec![3, 7, 0], 10));
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let numbers = |lines: &[Line]| lines.iter().map(|line| line.number).collect::<Vec<_>>();
        let part = cut(
            vec![line(0, 5), line(1, 5)],
            vec![line(98, 5), line(99, 5)],
            100,
        );
        assert_eq!((numbers(&part.first), part.left_out), (vec![0, 1], 96));
        let big = OUTPUT_BYTES / 2;
        let part = cut(
            vec![line(0, big), line(1, big)],
            vec![line(8, big), line(9, big)],
            10,
        );
        let shown = (numbers(&part.first), numbers(&part.last), part.left_out);
        assert_eq!(shown, (vec![0], vec![9], 8));
        let part = cut(vec![line(0, big)], vec![line(1, big)], 2);
        assert_eq!((numbers(&part.first), part.left_out), (vec![0], 0));
    }
}
