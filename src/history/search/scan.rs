//! Goes through the events of one run, and tells which of its lines are meant. No I/O: the blocks are brought to it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use playback_wire::{Body, Event, Stream};
use serde_json::value::RawValue;

use super::cursor::Position;
use super::marks::{marked, surrounding};
use super::query::{Line, LineQuery, RunQuery, whole_name};
use super::texts::each_text;
use crate::failure::without_escapes;
use crate::log::block::{Entry, GAP_LINES, Gap, StoredLog};
use crate::log::lines::{LineBuilder, Piece, PieceReader};
use crate::model::FoundTask;
use crate::store::StoredBlock;

/// How much of a line is searched, in bytes.
pub(super) const LINE: usize = 1 << 20;

/// Events whose host and task are remembered, for the lines that they are displayed in.
const DISPLAYED: usize = 4096;

/// Names of places beside the fields of results.
const OUTPUT: &str = "output";
const TASK: &str = "task";

/// A line that is meant.
#[derive(Debug)]
pub(super) struct Hit {
    pub(super) place: String,
    pub(super) line: u64,
    pub(super) seq: u64,
    pub(super) at: i64,
    pub(super) stream: Option<Stream>,
    pub(super) host: Option<String>,
    pub(super) task: Option<u32>,
    /// The module, if it is not the task's own.
    pub(super) action: Option<String>,
    pub(super) parts: Vec<String>,
    pub(super) before: Vec<String>,
    pub(super) after: Vec<String>,
    /// Where to continue after it.
    pub(super) position: Position,
}

/// How a run is searched.
#[derive(Debug, Clone)]
pub(super) struct ScanOptions {
    /// The query.
    pub(super) query: Arc<LineQuery>,
    /// Lines wanted at most.
    pub(super) limit: usize,
    /// Lines before and after each one.
    pub(super) context: usize,
}

/// The search through one producer's events of one run.
#[derive(Debug)]
pub(super) struct Scan {
    options: ScanOptions,
    run: Arc<RunQuery>,
    part: u8,
    /// Whether the lines that this producer printed are the run's output.
    has_output: bool,
    /// Added to the times of events.
    corrected_us: i64,
    /// The last line that is already known.
    after: Position,
    next_seq: u64,
    pieces: Option<PieceReader>,
    started_us: i64,
    open: LineBuilder,
    /// Where the printed line that is not over yet begins.
    open_at: Position,
    tasks: HashMap<u32, FoundTask>,
    displayed: Displayed,
    /// The last printed lines, for those that come after them.
    printed: VecDeque<Printed>,
    hits: Vec<Hit>,
    /// Hits that wait for lines after them, and for how many.
    waiting: Vec<(usize, usize)>,
}

/// A printed line that stands before others.
#[derive(Debug)]
struct Printed {
    number: u64,
    /// The event to read from, so that all of it is read.
    from_seq: u64,
    text: String,
}

/// The start of a scan.
pub(super) struct ScanStart {
    pub(super) options: ScanOptions,
    pub(super) run: Arc<RunQuery>,
    pub(super) part: u8,
    pub(super) has_output: bool,
    pub(super) started_us: i64,
    pub(super) corrected_us: i64,
    pub(super) after: Position,
    pub(super) tasks: HashMap<u32, FoundTask>,
}

impl Scan {
    pub(super) fn new(start: ScanStart) -> Self {
        Self {
            options: start.options,
            run: start.run,
            part: start.part,
            has_output: start.has_output,
            corrected_us: start.corrected_us,
            after: start.after,
            next_seq: start.after.from_seq.max(1),
            pieces: None,
            started_us: start.started_us,
            open: LineBuilder::keeping(LINE),
            open_at: Position::default(),
            tasks: start.tasks,
            displayed: Displayed::default(),
            printed: VecDeque::new(),
            hits: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// The event to read next.
    pub(super) fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Whether it has as many lines as are wanted: it looks for no more.
    pub(super) fn is_cut(&self) -> bool {
        self.hits.len() >= self.options.limit
    }

    /// Whether lines that were found wait for the lines after them.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether it has as many lines as are wanted, with what comes after them.
    pub(super) fn is_full(&self) -> bool {
        self.is_cut() && !self.is_waiting()
    }

    /// Looks for no more lines than were found, of which there must be one.
    pub(super) fn cut(&mut self) {
        self.options.limit = self.hits.len();
    }

    /// Whether it has come as far as an earlier search: until then it only reads what later lines consist of.
    pub(super) fn has_caught_up(&self) -> bool {
        self.next_seq > self.after.seq
    }

    /// Where to continue if the search is interrupted here.
    pub(super) fn position(&self) -> Position {
        match self.has_caught_up() {
            true => self.position_after(self.next_seq - 1, u64::MAX),
            false => self.after,
        }
    }

    /// Reads the next block.
    pub(super) fn read(&mut self, stored: &StoredBlock) {
        let block = &stored.block;
        if block.last_seq < self.next_seq {
            return;
        }
        let mut pieces = match self.pieces.take() {
            Some(mut pieces) => {
                if block.first_seq > self.next_seq {
                    let lines = block.first_line.saturating_sub(pieces.finished());
                    let gap = Gap {
                        first_seq: self.next_seq,
                        last_seq: block.first_seq - 1,
                        lines: lines.min(GAP_LINES),
                    };
                    self.entry(&Entry::Gap(gap), &mut pieces);
                }
                pieces
            }
            None => {
                // Printed lines are counted from the beginning of a block.
                self.next_seq = block.first_seq;
                let started_us = self.started_us.saturating_sub(self.corrected_us);
                PieceReader::new(block.first_line, started_us)
            }
        };
        let log = StoredLog::of(block);
        let read: Result<(), std::convert::Infallible> = log.for_each(|entry| {
            self.entry(&entry, &mut pieces);
            Ok(())
        });
        match read {
            Ok(()) => {}
        }
        self.pieces = Some(pieces);
        self.next_seq = block.last_seq + 1;
    }

    /// The lines found, and the tasks known by now. `is_over`: nothing will be added to the last line.
    pub(super) fn finish(mut self, is_over: bool) -> (Vec<Hit>, HashMap<u32, FoundTask>) {
        if is_over && self.has_output {
            let open = std::mem::replace(&mut self.open, LineBuilder::keeping(0));
            if let Some(line) = open.finish() {
                let seq = self.next_seq;
                self.line(
                    line.number,
                    line.at,
                    line.stream,
                    line.of,
                    &line.text,
                    (seq, 1),
                );
            }
        }
        self.hits.truncate(self.options.limit);
        (self.hits, self.tasks)
    }

    fn entry(&mut self, entry: &Entry<'_>, pieces: &mut PieceReader) {
        if let Entry::Event(_, event) = entry {
            if event.seq < self.next_seq {
                return;
            }
            self.event(event);
        }
        if self.has_output {
            let seq = match entry {
                Entry::Event(_, event) => event.seq,
                Entry::Gap(gap) => gap.last_seq,
            };
            let mut sub = 0;
            pieces.read_entry(entry, |piece| {
                self.piece(piece, seq, &mut sub);
            });
        }
    }

    fn piece(&mut self, piece: Piece<'_>, seq: u64, sub: &mut u64) {
        if piece.line < self.after.from_line {
            // Lines are counted from the event's first one, as in the search before.
            *sub += u64::from(piece.ends);
            return;
        }
        if piece.begins {
            self.open_at = Position {
                from_seq: piece.of.map_or(seq, |of| of.min(seq)),
                from_line: piece.line,
                ..Position::default()
            };
        }
        if let Some(line) = self.open.push(piece) {
            *sub += 1;
            let at = line.at.saturating_add(self.corrected_us);
            self.line(
                line.number,
                at,
                line.stream,
                line.of,
                &line.text,
                (seq, *sub),
            );
            self.open_at = Position {
                from_seq: line.of.map_or(seq, |of| of.min(seq)),
                from_line: line.number + 1,
                ..Position::default()
            };
        }
    }

    /// A printed line.
    fn line(
        &mut self,
        number: u64,
        at: i64,
        stream: Stream,
        of: Option<u64>,
        text: &str,
        place: (u64, u64),
    ) {
        let text = uncoloured(text);
        let text = text.as_ref();
        self.waiting.retain_mut(|(hit, left)| {
            self.hits[*hit].after.push(surrounding(text));
            *left -= 1;
            *left > 0
        });
        let shown = of.and_then(|of| self.displayed.get(of));
        let line = ScannedLine {
            text,
            place: OUTPUT,
            host: shown.and_then(|shown| shown.host.as_deref()),
            task: shown.and_then(|shown| self.tasks.get(&shown.task)),
            action: shown.and_then(|shown| shown.action.as_deref()),
        };
        if self.is_wanted(place) && self.run.is_met_by(&line) {
            let shown = shown.cloned();
            let next_seq = of.map_or(place.0, |of| of.min(place.0));
            let mut position = self.with_lines_before(Position {
                part: self.part,
                from_seq: next_seq,
                from_line: number + 1,
                seq: place.0,
                sub: place.1,
            });
            if self.options.context > 0 {
                // This line stands before the next one.
                position.from_seq = position.from_seq.min(self.open_at.from_seq);
                position.from_line = position.from_line.min(number);
            }
            self.hits.push(Hit {
                place: OUTPUT.to_owned(),
                line: number,
                seq: place.0,
                at,
                stream: Some(stream),
                task: shown.as_ref().map(|shown| shown.task),
                action: shown.as_ref().and_then(|shown| shown.action.clone()),
                host: shown.and_then(|shown| shown.host),
                parts: marked(text, &self.options.query.texts()),
                before: self.printed.iter().map(|line| line.text.clone()).collect(),
                after: Vec::new(),
                position,
            });
            if self.options.context > 0 {
                self.waiting
                    .push((self.hits.len() - 1, self.options.context));
            }
        }
        if self.options.context > 0 {
            if self.printed.len() == self.options.context {
                self.printed.pop_front();
            }
            self.printed.push_back(Printed {
                number,
                from_seq: self.open_at.from_seq,
                text: surrounding(text),
            });
        }
    }

    /// Whether a line comes after those that are known, and there is room for it.
    fn is_wanted(&self, place: (u64, u64)) -> bool {
        place > (self.after.seq, self.after.sub) && self.hits.len() < self.options.limit
    }

    fn event(&mut self, event: &Event<'_>) {
        match &event.body {
            Body::TaskStarted(task) => {
                let action = task.action.clone().into_owned();
                let known = FoundTask {
                    number: task.task,
                    name: task.name.clone().into_owned(),
                    role: task.role.clone().into_owned(),
                    action,
                };
                let whole = whole_name(&known);
                self.tasks.insert(task.task, known);
                self.displayed.add(event.seq, None, task.task, None);
                self.texts(event, &Returned::of_task(task.task), |each| {
                    each(TASK, &whole);
                });
            }
            Body::Result(result) => {
                let action = result.action.as_deref();
                self.displayed
                    .add(event.seq, Some(&result.host), result.task, action);
                let from = Returned {
                    task: result.task,
                    host: Some(&result.host),
                    action,
                };
                self.content(event, &from, result.content);
            }
            Body::Item(item) => {
                let action = item.action.as_deref();
                self.displayed
                    .add(event.seq, Some(&item.host), item.task, action);
                let from = Returned {
                    task: item.task,
                    host: Some(&item.host),
                    action,
                };
                self.content(event, &from, item.content);
            }
            Body::Retry(retry) => {
                self.displayed
                    .add(event.seq, Some(&retry.host), retry.task, None);
                let from = Returned {
                    task: retry.task,
                    host: Some(&retry.host),
                    action: None,
                };
                self.content(event, &from, retry.content);
            }
            Body::AsyncPoll(poll) => {
                self.displayed
                    .add(event.seq, Some(&poll.host), poll.task, None);
                let from = Returned {
                    task: poll.task,
                    host: Some(&poll.host),
                    action: None,
                };
                self.content(event, &from, poll.content);
            }
            _ => {}
        }
    }

    fn content(&mut self, event: &Event<'_>, from: &Returned<'_>, content: Option<&RawValue>) {
        if let Some(content) = content
            && self.options.query.may_be_in(content.get())
        {
            self.texts(event, from, |each| each_text(content, each));
        }
    }

    /// Looks at the lines of the texts that an event brings.
    fn texts(
        &mut self,
        event: &Event<'_>,
        from: &Returned<'_>,
        texts: impl FnOnce(&mut dyn FnMut(&str, &str)),
    ) {
        let mut sub = 0;
        texts(&mut |place, text| self.text(event, from, place, text, &mut sub));
    }

    fn text(
        &mut self,
        event: &Event<'_>,
        from: &Returned<'_>,
        place: &str,
        text: &str,
        sub: &mut u64,
    ) {
        let text = uncoloured(text);
        for (number, line) in text.lines().enumerate() {
            *sub += 1;
            let line = &line[..line.floor_char_boundary(LINE)];
            let scanned = ScannedLine {
                text: line,
                place,
                host: from.host,
                task: self.tasks.get(&from.task),
                action: from.action,
            };
            if !(self.is_wanted((event.seq, *sub)) && self.run.is_met_by(&scanned)) {
                continue;
            }
            let context = self.options.context;
            let around = |skip: usize, take: usize| {
                let lines = text.lines().skip(skip).take(take);
                lines.map(surrounding).collect()
            };
            let first = number.saturating_sub(context);
            let position = self.position_after(event.seq, *sub);
            self.hits.push(Hit {
                place: place.to_owned(),
                line: number as u64,
                seq: event.seq,
                at: event.at.saturating_add(self.corrected_us),
                stream: None,
                host: from.host.map(str::to_owned),
                task: Some(from.task),
                action: from.action.map(str::to_owned),
                parts: marked(line, &self.options.query.texts()),
                before: around(first, number - first),
                after: around(number + 1, context),
                position,
            });
        }
    }

    /// Where to continue after this line: with the printed line that is not finished by then, and what it displays.
    fn position_after(&self, seq: u64, sub: u64) -> Position {
        let is_open = self.open_at.from_seq > 0;
        self.with_lines_before(Position {
            part: self.part,
            from_seq: match is_open {
                true => self.open_at.from_seq.min(seq),
                false => seq,
            },
            from_line: match is_open {
                true => self.open_at.from_line,
                false => self.after.from_line,
            },
            seq,
            sub,
        })
    }

    /// A position from which the lines that stand before later ones are read again.
    fn with_lines_before(&self, mut position: Position) -> Position {
        for line in &self.printed {
            position.from_seq = position.from_seq.min(line.from_seq);
            position.from_line = position.from_line.min(line.number);
        }
        position
    }
}

/// Where the texts of an event come from.
struct Returned<'t> {
    task: u32,
    host: Option<&'t str>,
    action: Option<&'t str>,
}

impl Returned<'_> {
    fn of_task(task: u32) -> Self {
        Self {
            task,
            host: None,
            action: None,
        }
    }
}

struct ScannedLine<'t> {
    text: &'t str,
    place: &'t str,
    host: Option<&'t str>,
    task: Option<&'t FoundTask>,
    action: Option<&'t str>,
}

impl Line for ScannedLine<'_> {
    fn text(&self) -> &str {
        self.text
    }

    fn place(&self) -> &str {
        self.place
    }

    fn host(&self) -> Option<&str> {
        self.host
    }

    fn task(&self) -> Option<&FoundTask> {
        self.task
    }

    fn module(&self) -> Option<&str> {
        let own = || self.task.map(|task| task.action.as_str());
        self.action.or_else(own)
    }
}

/// The hosts and tasks of the latest events.
#[derive(Debug, Default)]
struct Displayed {
    order: VecDeque<u64>,
    events: HashMap<u64, Display>,
}

#[derive(Debug, Clone)]
struct Display {
    host: Option<String>,
    task: u32,
    action: Option<String>,
}

impl Displayed {
    fn add(&mut self, seq: u64, host: Option<&str>, task: u32, action: Option<&str>) {
        if self.order.len() == DISPLAYED
            && let Some(oldest) = self.order.pop_front()
        {
            self.events.remove(&oldest);
        }
        self.order.push_back(seq);
        let display = Display {
            host: host.map(str::to_owned),
            task,
            action: action.map(str::to_owned),
        };
        self.events.insert(seq, display);
    }

    fn get(&self, seq: u64) -> Option<&Display> {
        self.events.get(&seq)
    }
}

pub(super) fn uncoloured(text: &str) -> std::borrow::Cow<'_, str> {
    match memchr::memchr(0x1b, text.as_bytes()) {
        None => text.into(),
        Some(_) => without_escapes(text).into(),
    }
}
