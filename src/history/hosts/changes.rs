//! Changes that tasks made on a host, over all runs: newest first, a bounded part of the history for each page.

use std::collections::HashMap;
use std::sync::Arc;

use playback_wire::Body;
use serde_json::Value;

use super::events::EventReader;
use super::require_host;
use crate::failure::item_label;
use crate::history::HistoryError;
use crate::history::blocks::LoopResult;
use crate::model::{Cursor, HostChange, HostChangeList, ResultFlags, TaskRow, time_from_us};
use crate::store::{ChangeRow, HostInRun, StartedIn, Store, StoreError};

/// Runs that are read at once.
const RUNS: u32 = 20;

/// Events whose results one statement looks through.
const WINDOW: u64 = 400_000;

/// Results that are looked through for one page: a run may have a million, of which few are of the host.
const BUDGET: u64 = 1_000_000;

/// The least cost of a statement, in results.
const STATEMENT: u64 = 5_000;

/// Changes of one page whose content is read.
const CONTENTS: usize = 200;

/// Longest message that is shown, and longest differences as JSON, in bytes.
const CONTENT: usize = 64 << 10;

/// Items of a loop that are named, and the longest name, in bytes.
const ITEMS: usize = 100;
const LABEL: usize = 200;

/// Which changes of a host.
#[derive(Debug, Clone, Copy, Default)]
pub struct ChangesQuestion {
    /// Only changes of runs that started at or after this time, in microseconds since the epoch.
    pub since_us: Option<i64>,
    /// Only changes of runs that started at or before this time.
    pub until_us: Option<i64>,
    /// Where the page before ended.
    pub after: Option<ChangeCursor>,
    /// How many at most.
    pub limit: usize,
    /// Whether to add the module's message and differences, if they can be read.
    pub with_content: bool,
}

/// Where a page of changes ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeCursor {
    /// The run.
    run: Cursor,
    /// Changes of that run with a lower sequence number come next; 0: the run before it does.
    before_seq: u64,
}

impl ChangeCursor {
    /// As an opaque text for the API.
    #[must_use]
    pub fn encode(self) -> String {
        format!("{}.{:x}", self.run.encode(), self.before_seq)
    }

    /// Reads what [`ChangeCursor::encode`] wrote; none for anything else.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let (run, before_seq) = text.rsplit_once('.')?;
        Some(Self {
            run: Cursor::decode(run)?,
            before_seq: u64::from_str_radix(before_seq, 16).ok()?,
        })
    }

    /// The runs that come next, as a list continues after a cursor.
    fn runs(self) -> Cursor {
        match self.before_seq {
            0 => self.run,
            _ => Cursor {
                key: self.run.key.saturating_add(1),
                ..self.run
            },
        }
    }
}

/// A page of what tasks changed on a host, newest first; never by a run in check mode.
///
/// # Errors
/// No run has the host, or the store failed.
pub async fn changes(
    store: &Store,
    host: &str,
    question: &ChangesQuestion,
) -> Result<HostChangeList, HistoryError> {
    let with_content = question.with_content;
    let started = StartedIn {
        since_us: question.since_us,
        until_us: question.until_us,
    };
    let mut search = Search {
        store,
        limit: match with_content {
            true => question.limit.min(CONTENTS),
            false => question.limit,
        },
        budget: BUDGET,
        found: Vec::new(),
    };
    let mut cursor = question.after;
    loop {
        let after = cursor.map(ChangeCursor::runs);
        let runs = store.changed_runs(host, started, after, RUNS).await?;
        if runs.is_empty() && cursor.is_none() {
            require_host(store, host).await?;
        }
        let is_last = runs.len() < RUNS as usize;
        for run in runs {
            let at = run.cursor();
            let begun = cursor.filter(|cursor| cursor.run == at);
            let before_seq = begun.map(|cursor| cursor.before_seq).filter(|seq| *seq > 0);
            let rest = search.run(run, before_seq).await?;
            cursor = Some(ChangeCursor {
                run: at,
                before_seq: rest,
            });
            if rest > 0 || search.is_full() {
                return search.page(cursor, with_content).await;
            }
        }
        if is_last {
            return search.page(None, with_content).await;
        }
    }
}

/// The changes of one page.
struct Search<'s> {
    store: &'s Store,
    limit: usize,
    /// How many more results may be looked through.
    budget: u64,
    found: Vec<FoundChange>,
}

/// A change with its run and its task.
struct FoundChange {
    run: Arc<HostInRun>,
    task: Option<Arc<TaskRow>>,
    row: ChangeRow,
}

impl Search<'_> {
    fn is_full(&self) -> bool {
        self.found.len() >= self.limit || self.budget == 0
    }

    /// Finds the changes of a run, from its end or from before a sequence number. Returns the number before which the next
    /// call continues; 0 if these were all.
    async fn run(&mut self, run: HostInRun, before_seq: Option<u64>) -> Result<u64, StoreError> {
        let mut before = match before_seq {
            Some(before) => before,
            None => self.store.last_result(run.key).await?.saturating_add(1),
        };
        let run = Arc::new(run);
        while before > 0 {
            if self.is_full() {
                return Ok(before);
            }
            let cost = run.run.results.clamp(STATEMENT, WINDOW);
            self.budget = self.budget.saturating_sub(cost);
            let from = before.saturating_sub(WINDOW);
            let left = self.limit - self.found.len();
            let most = u32::try_from(left).unwrap_or(u32::MAX);
            let rows = self
                .store
                .changes(run.key, run.number, (from, before), most)
                .await?;
            before = match rows.last() {
                Some(last) if rows.len() >= left => last.seq,
                _ => from,
            };
            self.add(&run, rows).await?;
        }
        Ok(0)
    }

    async fn add(&mut self, run: &Arc<HostInRun>, rows: Vec<ChangeRow>) -> Result<(), StoreError> {
        let mut numbers: Vec<u32> = rows.iter().map(|row| row.task).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let tasks = self.store.tasks_numbered(run.key, &numbers).await?;
        let tasks: HashMap<u32, Arc<TaskRow>> = tasks
            .into_iter()
            .map(|task| (task.number, Arc::new(task)))
            .collect();
        self.found.extend(rows.into_iter().map(|row| FoundChange {
            run: run.clone(),
            task: tasks.get(&row.task).cloned(),
            row,
        }));
        Ok(())
    }

    /// The answer.
    async fn page(
        self,
        cursor: Option<ChangeCursor>,
        with_content: bool,
    ) -> Result<HostChangeList, HistoryError> {
        let mut reader = EventReader::new(self.store);
        let mut changes = Vec::with_capacity(self.found.len());
        for found in self.found {
            let mut change = change(&found);
            if with_content && !found.run.run.log.is_removed() && !change.censored {
                match change.r#loop {
                    true => read_items(&mut reader, &found, &mut change).await?,
                    false => read_content(&mut reader, &found, &mut change).await?,
                }
            }
            changes.push(change);
        }
        Ok(HostChangeList {
            changes,
            next_cursor: cursor.map(ChangeCursor::encode),
        })
    }
}

fn change(found: &FoundChange) -> HostChange {
    let FoundChange { run, task, row } = found;
    let description = &run.run.description;
    let task = task.as_deref();
    let text = |of: fn(&TaskRow) -> &String| task.map(of).cloned().unwrap_or_default();
    HostChange {
        execution: run.run.id,
        playbook: description.playbook.clone(),
        user: description.user.clone(),
        time: time_from_us(run.run.base_us.saturating_add(row.ended_us)),
        seq: row.seq,
        task: row.task,
        task_name: text(|task| &task.name),
        action: row
            .action
            .clone()
            .unwrap_or_else(|| text(|task| &task.action)),
        role: text(|task| &task.role),
        path: text(|task| &task.path),
        line: task.map(|task| task.line).filter(|line| *line > 0),
        delegated_to: row.delegated_to.clone(),
        r#loop: row.flags.has(ResultFlags::LOOP),
        censored: row.flags.has(ResultFlags::CENSORED),
        items: Vec::new(),
        message: None,
        diff: None,
    }
}

/// Adds what the module said.
async fn read_content(
    reader: &mut EventReader<'_>,
    found: &FoundChange,
    change: &mut HostChange,
) -> Result<(), StoreError> {
    let content = reader.read(found.run.key, found.row.seq, |event| match &event.body {
        Body::Result(result) => parsed(result.content?.get()),
        _ => None,
    });
    if let Some(content) = content.await? {
        (change.message, change.diff) = telling(content);
    }
    Ok(())
}

/// Adds the items of a loop that changed something. The loop itself says nothing but that all of them ran.
async fn read_items(
    reader: &mut EventReader<'_>,
    found: &FoundChange,
    change: &mut HostChange,
) -> Result<(), StoreError> {
    let result = LoopResult {
        seq: found.row.seq,
        task: found.row.task,
        host: &found.run.name,
    };
    let (mut items, mut diffs) = (Vec::new(), Vec::new());
    let mut left = CONTENT;
    let each = reader.each_item(found.run.key, result, |item| {
        if !item.changed || item.censored || items.len() >= ITEMS {
            return;
        }
        let Some(content) = item.content.and_then(|content| parsed(content.get())) else {
            return;
        };
        let label = item_label(&content).unwrap_or_default();
        items.push(beginning(&label, LABEL));
        let (_, diff) = telling(content);
        let Some(diff) = diff else { return };
        let Some(rest) = left.checked_sub(diff.to_string().len()) else {
            return;
        };
        left = rest;
        match diff {
            Value::Array(list) => diffs.extend(list.into_iter().rev()),
            diff => diffs.push(diff),
        }
    });
    each.await?;
    items.reverse();
    diffs.reverse();
    change.items = items;
    change.diff = (!diffs.is_empty()).then_some(Value::Array(diffs));
    Ok(())
}

fn parsed(content: &str) -> Option<Value> {
    serde_json::from_str(content).ok()
}

/// The message and the differences of a content.
fn telling(mut content: Value) -> (Option<String>, Option<Value>) {
    let message = content["msg"].as_str().map(str::trim);
    let message = message.filter(|message| !message.is_empty());
    let message = message.map(|message| beginning(message, CONTENT));
    let diff = content.get_mut("diff").map(Value::take);
    let is_empty = |diff: &Value| match diff {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    };
    let diff = diff.filter(|diff| !is_empty(diff) && diff.to_string().len() <= CONTENT);
    (message, diff)
}

/// The beginning of a text, at most `most` bytes.
fn beginning(text: &str, most: usize) -> String {
    text[..text.floor_char_boundary(most)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back() {
        let run = Cursor {
            started_us: -5,
            key: 7,
        };
        for before_seq in [0, 12, u64::MAX] {
            let cursor = ChangeCursor { run, before_seq };
            assert_eq!(ChangeCursor::decode(&cursor.encode()), Some(cursor));
        }
        for bad in ["", "1.2", "1.2.x", "1.2.3.4"] {
            assert_eq!(ChangeCursor::decode(bad), None, "{bad}");
        }
    }
}
