//! An execution as JUnit XML: a test suite for each play, a test case for each task and host. It is made while it is
//! sent, since it may have millions of test cases; only their numbers are counted before.
//!
//! A failure that nothing handled is a `failure`, a host that could not be reached an `error`. A failure that a `rescue`
//! or `ignore_errors` handled passes, and says so.

mod xml;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt as _, unfold};
use playback_wire::ResultStatus;

use self::xml::{push_attribute, push_text};
use super::words;
use crate::export::ExportError;
use crate::export::rows::messages;
use crate::export::runs::Run;
use crate::failure::Message;
use crate::history::explain::explain;
use crate::model::{
    ExecutionKey, ExecutionRow, PlayRow, ResultFlags, Status, printed_task, task_place, task_title,
    time_from_us,
};
use crate::store::{OutcomeCount, PlacedResult, RowFilter, Store};

/// Results that are read at once.
const PAGE: u32 = 1000;

/// Test cases of a suite, by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    tests: u64,
    failures: u64,
    errors: u64,
    skipped: u64,
}

impl Counts {
    fn add(&mut self, outcome: Outcome, results: u64) {
        self.tests += results;
        match outcome {
            Outcome::Passed | Outcome::Handled(_) => {}
            Outcome::Failed => self.failures += results,
            Outcome::Error => self.errors += results,
            Outcome::Skipped => self.skipped += results,
        }
    }
}

/// How a test case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    /// What handled its failure.
    Handled(&'static str),
    Failed,
    Error,
    Skipped,
}

impl Outcome {
    fn of(status: ResultStatus, flags: ResultFlags) -> Self {
        match status {
            ResultStatus::Ok => Self::Passed,
            ResultStatus::Skipped => Self::Skipped,
            _ if flags.has(ResultFlags::RESCUED) => Self::Handled("rescued"),
            _ if flags.has(ResultFlags::IGNORED) => Self::Handled("ignored"),
            ResultStatus::Failed => Self::Failed,
            ResultStatus::Unreachable => Self::Error,
        }
    }
}

/// A play as a suite.
#[derive(Debug)]
struct Suite {
    play: u32,
    name: String,
    started_us: i64,
    took_us: i64,
    counts: Counts,
}

/// A file that is being written.
struct Report {
    store: Store,
    run: Run,
    playbook: String,
    /// The suites that come next.
    suites: VecDeque<Suite>,
    /// Number of the play whose suite is open.
    open: Option<u32>,
    /// Sequence number of the last result that was written, and of the last one in all.
    after: u64,
    last: u64,
    is_over: bool,
    text: String,
}

/// Begins the file.
pub(super) async fn begin(
    store: &Store,
    key: ExecutionKey,
    row: ExecutionRow,
) -> Result<BoxStream<'static, Result<Bytes, ExportError>>, ExportError> {
    let last = store.last_result(key).await?;
    let counts = store.count_results(key, last).await?;
    let plays = store.plays(key).await?;
    let play_of = plays_of_tasks(store, key).await?;
    let parts = match in_order(&play_of, &counts) {
        Some(parts) => parts,
        None => mixed(store, key, last).await?,
    };
    let suites = suites(&row, &plays, parts);
    let mut all = Counts::default();
    for suite in &suites {
        all.tests += suite.counts.tests;
        all.failures += suite.counts.failures;
        all.errors += suite.counts.errors;
        all.skipped += suite.counts.skipped;
    }
    // A run that failed although no task did must not look as if it had passed.
    let is_unexplained = row.status == Status::Failed && all.failures + all.errors == 0;
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    if is_unexplained {
        (all.tests, all.failures) = (all.tests + 1, 1);
    }
    let playbook = words::title(&row);
    let took_us = row
        .ended_us
        .map_or(0, |ended| ended.saturating_sub(row.started_us));
    push_attribute("name", &playbook, &mut text);
    push_counts(all, took_us, &mut text);
    text.push_str(">\n");
    if is_unexplained {
        push_whole_run(store, key, &row, &playbook, &mut text).await?;
    }
    let report = Report {
        store: store.clone(),
        run: (key, Arc::new(row)),
        playbook,
        suites: suites.into(),
        open: None,
        after: 0,
        last,
        is_over: false,
        text,
    };
    let steps = unfold(Some(report), |report| async move {
        match report?.step().await {
            Ok((bytes, report)) => Some((Ok(bytes), report)),
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok(steps.boxed())
}

/// The number of each task's play.
async fn plays_of_tasks(
    store: &Store,
    key: ExecutionKey,
) -> Result<HashMap<u32, u32>, ExportError> {
    let mut plays = HashMap::new();
    let mut after = 0;
    loop {
        let tasks = store.tasks(key, after, PAGE).await?;
        let Some(last) = tasks.last() else {
            return Ok(plays);
        };
        after = last.number;
        plays.extend(tasks.into_iter().map(|task| (task.number, task.play)));
    }
}

/// The counts of each play, in the order of their results, if the results of no two plays mix.
fn in_order(play_of: &HashMap<u32, u32>, counts: &[OutcomeCount]) -> Option<Vec<(u32, Counts)>> {
    let mut by_play: BTreeMap<u32, (Counts, u64, u64)> = BTreeMap::new();
    for count in counts {
        let play = play_of.get(&count.task).copied().unwrap_or(0);
        let outcome = Outcome::of(count.status, count.flags);
        let (of_play, first, last) =
            by_play
                .entry(play)
                .or_insert((Counts::default(), u64::MAX, 0));
        of_play.add(outcome, count.results);
        *first = (*first).min(count.first_seq);
        *last = (*last).max(count.last_seq);
    }
    let mut parts: Vec<(u32, (Counts, u64, u64))> = by_play.into_iter().collect();
    parts.sort_by_key(|(_, (_, first, _))| *first);
    let mixes = parts
        .windows(2)
        .any(|pair| matches!(pair, [(_, (_, _, last)), (_, (_, first, _))] if last > first));
    let parts = parts.into_iter().map(|(play, (counts, ..))| (play, counts));
    (!mixes).then(|| parts.collect())
}

/// The counts of each play, where results of a play came after those of another: a part for each time that the play is
/// another one.
async fn mixed(
    store: &Store,
    key: ExecutionKey,
    last: u64,
) -> Result<Vec<(u32, Counts)>, ExportError> {
    let filter = RowFilter::default();
    let mut parts: Vec<(u32, Counts)> = Vec::new();
    let mut after = 0;
    while after < last {
        let found = store.results_of(&[key], &filter, after, PAGE).await?;
        let Some((_, newest)) = found.last() else {
            break;
        };
        after = newest.entry.row.seq;
        for (_, result) in &found {
            let row = &result.entry.row;
            if row.seq > last || row.flags.has(ResultFlags::RETRACTED) {
                continue;
            }
            if parts.last().is_none_or(|(play, _)| *play != result.play) {
                parts.push((result.play, Counts::default()));
            }
            if let Some((_, counts)) = parts.last_mut() {
                counts.add(Outcome::of(row.status, row.flags), 1);
            }
        }
    }
    Ok(parts)
}

/// The suites; results of a task without a play are in one without a name.
fn suites(row: &ExecutionRow, plays: &[PlayRow], parts: Vec<(u32, Counts)>) -> Vec<Suite> {
    let plays: HashMap<u32, &PlayRow> = plays.iter().map(|play| (play.number, play)).collect();
    let mut seen = HashSet::new();
    let suites = parts.into_iter().map(|(number, counts)| {
        let play = plays.get(&number);
        let took_us = play.map_or(0, |play| play.ended_us.saturating_sub(play.started_us));
        Suite {
            play: number,
            name: play.map_or_else(String::new, |play| play.name.clone()),
            started_us: play.map_or(row.started_us, |play| play.started_us),
            // Once, so that the suites together take no longer than the plays.
            took_us: if seen.insert(number) { took_us } else { 0 },
            counts,
        }
    });
    suites.collect()
}

fn push_counts(counts: Counts, took_us: i64, out: &mut String) {
    for (name, count) in [
        ("tests", counts.tests),
        ("failures", counts.failures),
        ("errors", counts.errors),
        ("skipped", counts.skipped),
    ] {
        push_attribute(name, itoa::Buffer::new().format(count), out);
    }
    push_attribute("time", &seconds(took_us), out);
}

fn seconds(us: i64) -> String {
    format!("{:.6}", us.max(0) as f64 / 1e6)
}

/// A suite with one test case that stands for the run as a whole.
async fn push_whole_run(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
    playbook: &str,
    out: &mut String,
) -> Result<(), ExportError> {
    let explanation = explain(store, key, row).await?;
    let counts = Counts {
        tests: 1,
        failures: 1,
        ..Counts::default()
    };
    let took_us = row
        .ended_us
        .map_or(0, |ended| ended.saturating_sub(row.started_us));
    let suite = Suite {
        play: 0,
        name: "run".to_owned(),
        started_us: row.started_us,
        took_us,
        counts,
    };
    push_suite(&suite, row, out);
    out.push_str("<testcase");
    push_attribute("classname", playbook, out);
    push_attribute("name", "run", out);
    push_attribute("time", &seconds(took_us), out);
    out.push_str("><failure");
    let said = explanation.verdict.first().map_or("failed", String::as_str);
    push_attribute("message", said, out);
    push_attribute("type", "failed", out);
    out.push('>');
    let lines = explanation.verdict.iter().chain(&explanation.printed);
    let lines: Vec<&str> = lines.map(String::as_str).collect();
    push_text(&lines.join("\n"), out);
    out.push_str("</failure></testcase>\n</testsuite>\n");
    Ok(())
}

fn push_suite(suite: &Suite, row: &ExecutionRow, out: &mut String) {
    out.push_str("<testsuite");
    push_attribute("name", &suite.name, out);
    push_counts(suite.counts, suite.took_us, out);
    // JUnit's schema has no zone here: it is UTC.
    let at = time_from_us(suite.started_us).format("%Y-%m-%dT%H:%M:%S");
    push_attribute("timestamp", &at.to_string(), out);
    let controller = row.description.controller.as_deref();
    push_attribute("hostname", controller.unwrap_or_default(), out);
    out.push_str(">\n<properties><property");
    push_attribute("name", "execution", out);
    push_attribute("value", &row.id.to_string(), out);
    out.push_str("/></properties>\n");
}

impl Report {
    /// The next bytes, and the rest of the file; none if these were the last.
    async fn step(mut self) -> Result<(Bytes, Option<Self>), ExportError> {
        let filter = RowFilter::default();
        let (store, key) = (self.store.clone(), self.run.0);
        let mut results = Vec::new();
        if self.after < self.last {
            let found = store.results_of(&[key], &filter, self.after, PAGE).await?;
            self.is_over = found.len() < PAGE as usize;
            results.extend(found.into_iter().map(|(_, result)| result));
        } else {
            self.is_over = true;
        }
        let said = messages(&store, &self.run, &results).await?;
        for result in &results {
            self.after = result.entry.row.seq;
            if self.after > self.last {
                // It came while the file was made, and was not counted.
                self.is_over = true;
                break;
            }
            if !result.entry.row.flags.has(ResultFlags::RETRACTED) {
                self.push_result(result, said.get(&result.entry.row.seq));
            }
        }
        if !self.is_over {
            return Ok((Bytes::from(std::mem::take(&mut self.text)), Some(self)));
        }
        if store.execution(self.run.1.id).await?.is_none() {
            return Err(ExportError::Vanished(self.run.1.id));
        }
        self.close_suite();
        self.text.push_str("</testsuites>\n");
        Ok((Bytes::from(self.text), None))
    }

    fn close_suite(&mut self) {
        if self.open.take().is_some() {
            self.text.push_str("</testsuite>\n");
        }
    }

    /// Opens the suite of a play, if it is not open.
    fn open_suite(&mut self, play: u32) {
        if self.open == Some(play) {
            return;
        }
        self.close_suite();
        // The suites are in the order of the results; one that was not counted is in a further suite.
        let at = self.suites.iter().position(|suite| suite.play == play);
        let suite = match at.and_then(|at| self.suites.remove(at)) {
            Some(suite) => suite,
            None => Suite {
                play,
                name: String::new(),
                started_us: self.run.1.started_us,
                took_us: 0,
                counts: Counts::default(),
            },
        };
        push_suite(&suite, &self.run.1, &mut self.text);
        self.open = Some(play);
    }

    fn push_result(&mut self, result: &PlacedResult, said: Option<&Message>) {
        self.open_suite(result.play);
        let entry = &result.entry;
        let out = &mut self.text;
        let name = printed_task(task_title(&entry.task, &entry.action), &result.role);
        out.push_str("<testcase");
        push_attribute("classname", &self.playbook, out);
        push_attribute("name", &format!("[{}] {name}", entry.host), out);
        let took = entry.row.duration_us.unwrap_or(0);
        push_attribute("time", &seconds(took), out);
        if let Some(place) = task_place(&result.path, None) {
            push_attribute("file", &place, out);
        }
        if result.line > 0 {
            push_attribute("line", itoa::Buffer::new().format(result.line), out);
        }
        let element = match Outcome::of(entry.row.status, entry.row.flags) {
            Outcome::Passed => {
                out.push_str("/>\n");
                return;
            }
            Outcome::Skipped => {
                out.push_str("><skipped/></testcase>\n");
                return;
            }
            Outcome::Handled(how) => {
                out.push_str("><system-out>");
                let text = said.map_or("", |said| said.text.as_str());
                let text = format!("{}, and {how}: {text}", entry.row.status.as_str());
                push_text(&text, out);
                out.push_str("</system-out></testcase>\n");
                return;
            }
            Outcome::Failed => "failure",
            Outcome::Error => "error",
        };
        out.push_str("><");
        out.push_str(element);
        let text = match said {
            Some(said) => said.text.clone(),
            None => format!("{}, without a message", entry.row.status.as_str()),
        };
        let first = text.lines().next().unwrap_or_default();
        push_attribute("message", first, out);
        push_attribute("type", entry.row.status.as_str(), out);
        out.push('>');
        push_text(&text, out);
        let printed = said.map(|said| [&said.stderr, &said.stdout]);
        for text in printed.into_iter().flatten().flatten() {
            out.push('\n');
            push_text(text, out);
        }
        out.push_str("</");
        out.push_str(element);
        out.push_str("></testcase>\n");
    }
}
