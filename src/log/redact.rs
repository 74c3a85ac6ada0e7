//! Redacts the events of a finished execution, and rebuilds its rows from them.
//!
//! Numbers, times and line breaks stay. When a printed line holds a redacted value, its whole new text goes where the
//! line began, and its newline stays where it was.

use std::collections::HashMap;
use std::convert::Infallible;

use chrono::SecondsFormat;
use playback_redact::{Counts, Inside, Rules, redact_event};
use playback_wire::encode::encode_line;
use playback_wire::{Body, ExecutionEnded, Output, Producer, Redaction};
use serde_json::{Value, json};
use uuid::Uuid;

use super::block::{self, BlockError, Entry, Gap, StoredLog};
use super::error::LogError;
use super::lines::damaged_text;
use super::recall::ended;
use super::rewrite::{Rewritten, each_block, project, with_events, with_note, with_text};
use crate::model::{
    Action, Actor, AuditEntry, BlockRow, ExecutionKey, ExecutionRow, LaunchRow, Parameters,
    time_from_us,
};
use crate::store::{Store, StoredBlock};

/// A printed line is joined up to this size, in bytes; a longer one is searched in parts.
const LONGEST_LINE: usize = 1 << 20;

/// The rules of a redaction, and its note in the record.
#[derive(Debug)]
pub struct RedactionRequest {
    /// The rules.
    pub rules: Rules,
    /// Who asks.
    pub actor: Actor,
    /// Why, in their words.
    pub note: Option<String>,
}

/// Stores the redacted events; returns how much was hidden, and how many unreadable events were removed. None if blocks
/// were packed meanwhile.
pub(crate) async fn redact_log(
    store: &Store,
    id: Uuid,
    key: ExecutionKey,
    request: &RedactionRequest,
    now_us: i64,
) -> Result<Option<(Counts, u64)>, LogError> {
    let Some((_, row)) = store.execution(id).await? else {
        return Ok(Some((Counts::default(), 0)));
    };
    let mut removed = 0;
    let mut counts = Counts::default();
    let mut changed = Rewritten::default();
    let mut first: Option<StoredBlock> = None;
    for producer in Producer::ALL {
        let mut lines = Lines::new(&request.rules);
        let mut last_damaged = 0;
        each_block(store, key, producer, |block| {
            let (raw, unreadable) = readable(&block, &row, None);
            if unreadable > 0 {
                last_damaged = block.id;
            }
            lines.read(&raw)
        })
        .await?;
        let ended = ended(&row).filter(|_| !lines.has_end);
        let (edits, in_lines) = lines.finish();
        counts.lines += in_lines;
        each_block(store, key, producer, |block| {
            let ended = ended.as_ref().filter(|_| block.id == last_damaged);
            let (raw, unreadable) = readable(&block, &row, ended);
            let new = rewrite(&raw, &request.rules, &edits, &mut counts)?;
            removed += unreadable;
            if new != raw || unreadable > 0 {
                changed.insert(with_events(&block, &new));
            }
            first.get_or_insert(block);
            Ok(())
        })
        .await?;
    }
    let mut launch = store.launch(id).await?;
    let before = counts;
    if let Some(launch) = &mut launch {
        forget(&mut launch.parameters, &request.rules, &mut counts);
    }
    let launch: Option<LaunchRow> = launch.filter(|_| counts != before);
    let entry = entry(id, request, (counts, removed), now_us);
    if counts == Counts::default() && removed == 0 {
        // Nothing was found, but the attempt is audited.
        store.audit(&entry).await?;
        return Ok(Some((counts, 0)));
    }
    if let Some(first) = first {
        let note = Redaction {
            time: time_from_us(now_us).to_rfc3339_opts(SecondsFormat::Micros, true),
            by: request.actor.name.clone(),
            note: request
                .note
                .as_deref()
                .map(|note| request.rules.text(note).into_owned()),
            values: counts.values,
            lines: counts.lines,
            removed,
        };
        let data = changed
            .get(first.id)
            .map_or(&first.block.data, |new| &new.data);
        let raw = block::expand_stored(data)?;
        let noted = with_redaction(&raw, &note).ok_or(BlockError::NotEvents)?;
        changed.insert(with_events(&first, &noted));
    }
    let changes = project(store, &row, &changed).await?;
    let changed = changed.into_blocks();
    let stored = store
        .rewrite(key, &changed, &changes, launch.as_ref(), &entry)
        .await?;
    Ok(stored.then_some((counts, removed)))
}

/// The audit entry. It names no key, pattern or text, because each may reveal what is hidden.
fn entry(
    id: Uuid,
    request: &RedactionRequest,
    (counts, removed): (Counts, u64),
    now_us: i64,
) -> AuditEntry {
    let note = request.note.as_deref().map(|note| request.rules.text(note));
    let object = format!("execution:{id}");
    AuditEntry::new(now_us, request.actor.clone(), Action::Redact, object)
        .note(note.as_deref())
        .after(json!({ "values": counts.values, "lines": counts.lines, "removed": removed }))
}

/// A block's events, and how many are unreadable: placeholder events stand for those, with what the execution's row
/// tells about them.
fn readable(
    block: &StoredBlock,
    row: &ExecutionRow,
    ended: Option<&ExecutionEnded>,
) -> (Vec<u8>, u64) {
    let block = &block.block;
    let mut raw = Vec::new();
    let mut unreadable = 0;
    let mut last_at = row.started_us;
    let read: Result<(), Infallible> = StoredLog::of(block).for_each(|entry| {
        match entry {
            Entry::Event(line, event) => {
                last_at = event.at;
                raw.extend_from_slice(line);
                raw.push(b'\n');
            }
            Entry::Gap(gap) => {
                unreadable += gap.last_seq - gap.first_seq + 1;
                stand_in(&mut raw, block, &gap, row, ended, last_at);
            }
        }
        Ok(())
    });
    match read {
        Ok(()) => (raw, unreadable),
    }
}

/// Placeholder events for unreadable ones; `ended` is how the producer ended, if the last of them was its end.
fn stand_in(
    raw: &mut Vec<u8>,
    block: &BlockRow,
    gap: &Gap,
    row: &ExecutionRow,
    ended: Option<&ExecutionEnded>,
    at: i64,
) {
    let mut text = Some(damaged_text(gap)).filter(|text| !text.is_empty());
    for seq in gap.first_seq..=gap.last_seq {
        let is_end = seq == block.last_seq;
        let start = raw.len();
        let done = match (seq, text.take(), ended.filter(|_| is_end)) {
            (1, later, _) => {
                text = later;
                encode_line(raw, seq, at, "execution_started", &row.description)
            }
            (_, Some(text), _) => {
                let output = Output {
                    text: text.into(),
                    ..Output::default()
                };
                encode_line(raw, seq, at, "output", &output)
            }
            (_, None, Some(ended)) => {
                let at = row.ended_us.unwrap_or(at);
                encode_line(raw, seq, at, "execution_ended", ended)
            }
            (_, None, None) => encode_line(raw, seq, at, "damaged", &serde_json::json!({})),
        };
        // Numbers and texts always encode.
        if done.is_err() {
            raw.truncate(start);
        }
    }
}

/// New texts for parts of `output` events: by the event's number, the part's index and its text. A part is what the
/// event holds of one line, without the newline.
type Edits = HashMap<u64, Vec<(usize, String)>>;

/// One producer's printed lines, joined from the events that hold parts of them.
struct Lines<'r> {
    rules: &'r Rules,
    inside: [Inside; 2],
    /// Parts of the unfinished line: event, index, text.
    open: Vec<(u64, usize, String)>,
    open_bytes: usize,
    stream: usize,
    edits: Edits,
    changed: u64,
    /// The producer's end event is readable.
    has_end: bool,
}

impl<'r> Lines<'r> {
    fn new(rules: &'r Rules) -> Self {
        Self {
            rules,
            inside: Default::default(),
            open: Vec::new(),
            open_bytes: 0,
            stream: 0,
            edits: Edits::new(),
            changed: 0,
            has_end: false,
        }
    }

    fn read(&mut self, raw: &[u8]) -> Result<(), LogError> {
        let read = block::for_each_event(raw, |_, event| {
            self.has_end |= matches!(event.body, Body::ExecutionEnded(_));
            if let Body::Output(output) = &event.body {
                for (place, part) in output.text.split_inclusive('\n').enumerate() {
                    if self.open.is_empty() {
                        self.stream = output.stream as usize;
                    }
                    let text = part.strip_suffix('\n').unwrap_or(part);
                    self.open.push((event.seq, place, text.to_owned()));
                    self.open_bytes += text.len();
                    if text.len() < part.len() || self.open_bytes > LONGEST_LINE {
                        self.ended();
                    }
                }
            }
            Ok(())
        });
        Ok(read?)
    }

    fn ended(&mut self) {
        let parts = std::mem::take(&mut self.open);
        self.open_bytes = 0;
        let whole: String = parts.iter().map(|(_, _, text)| text.as_str()).collect();
        let said = whole.trim_end_matches('\r');
        let hidden = self.rules.line(said, &mut self.inside[self.stream]);
        if hidden == said {
            return;
        }
        self.changed += 1;
        let mut text = Some(format!("{hidden}{}", &whole[said.len()..]));
        for (seq, place, _) in parts {
            let text = text.take().unwrap_or_default();
            self.edits.entry(seq).or_default().push((place, text));
        }
    }

    fn finish(mut self) -> (Edits, u64) {
        if !self.open.is_empty() {
            self.ended();
        }
        (self.edits, self.changed)
    }
}

/// A block's lines, redacted.
fn rewrite(
    raw: &[u8],
    rules: &Rules,
    edits: &Edits,
    counts: &mut Counts,
) -> Result<Vec<u8>, LogError> {
    let mut new = Vec::with_capacity(raw.len());
    let done = block::for_each_event(raw, |line, event| {
        match (&event.body, edits.get(&event.seq)) {
            (Body::Output(output), Some(edits)) => {
                let text = edited(&output.text, edits);
                new.extend(with_text(line, text).ok_or(BlockError::NotEvents)?);
            }
            (Body::Output(_), None) => new.extend_from_slice(line),
            _ => {
                redact_event(line, rules, counts, &mut new).map_err(|_| BlockError::NotEvents)?;
            }
        }
        new.push(b'\n');
        Ok(())
    });
    done?;
    Ok(new)
}

fn edited(text: &str, edits: &[(usize, String)]) -> String {
    let mut edits = edits.iter().peekable();
    let mut new = String::with_capacity(text.len());
    for (place, part) in text.split_inclusive('\n').enumerate() {
        match edits.next_if(|(edited, _)| *edited == place) {
            Some((_, text)) => {
                new.push_str(text);
                if part.ends_with('\n') {
                    new.push('\n');
                }
            }
            None => new.push_str(part),
        }
    }
    new
}

/// A producer's first block, with a note of the redaction in its first event.
fn with_redaction(raw: &[u8], note: &Redaction) -> Option<Vec<u8>> {
    let note = serde_json::to_value(note).ok()?;
    with_note(raw, |said| {
        let notes = said
            .entry("redacted")
            .or_insert_with(|| Value::Array(Vec::new()));
        notes.as_array_mut()?.push(note);
        Some(())
    })
}

/// Redacts the stored parameters of a request. A value with something redacted is removed: a replay must ask for it
/// again.
fn forget(parameters: &mut Parameters, rules: &Rules, counts: &mut Counts) {
    // Every field is named, so that the compiler reports one that is forgotten here.
    let Parameters {
        limit,
        tags,
        skip_tags,
        extra_vars,
        hosts,
        args,
        note,
        labels,
        // Names and numbers: of files in configured folders, of hosts and users, of variables.
        playbook: _,
        inventory: _,
        only_hosts: _,
        extra_var_names: _,
        r#become: _,
        become_user: _,
        forks: _,
        verbosity: _,
        check: _,
        diff: _,
        timeout_seconds: _,
        vault_password: _,
        private_key_given: _,
        private_key: _,
        module: _,
        args_given: _,
        replay_of: _,
        schedule: _,
        waits_for: _,
    } = parameters;
    let hides_all = |text: &str| rules.text(text) != text;
    if let Some(values) = extra_vars {
        let hides = values.iter().any(|(name, value)| {
            let args = serde_json::json!({ name.as_str(): value });
            let event = serde_json::json!({ "data": { "args": args } }).to_string();
            let mut found = Counts::default();
            let done = redact_event(event.as_bytes(), rules, &mut found, &mut Vec::new());
            done.is_err() || found != Counts::default()
        });
        if hides {
            counts.values += 1;
            *extra_vars = None;
        }
    }
    if args.as_deref().is_some_and(hides_all) {
        counts.values += 1;
        *args = None;
    }
    let single = [note, limit, hosts];
    let lists = [labels, tags, skip_tags];
    for text in single
        .into_iter()
        .flatten()
        .chain(lists.into_iter().flatten())
    {
        let hidden = rules.text(text).into_owned();
        if hidden != *text {
            counts.values += 1;
            *text = hidden;
        }
    }
}

#[cfg(test)]
mod tests {
    use playback_wire::Stream;
    use proptest::prelude::*;

    use super::*;

    fn texts(raw: &[u8]) -> Vec<String> {
        let mut texts = Vec::new();
        block::for_each_event(raw, |_, event| {
            if let Body::Output(output) = &event.body {
                texts.push(output.text.to_string());
            }
            Ok(())
        })
        .unwrap();
        texts
    }

    proptest! {
        #[test]
        fn lines_are_hidden_whatever_events_they_came_in(
            printed in prop::collection::vec(("[ab\r\n]{0,6}", any::<bool>()), 1..12),
            split in 0..12_usize,
        ) {
            let none: [&str; 0] = [];
            let rules = Rules::new(&none, &["abba"], &none).unwrap();
            let mut raw = [Vec::new(), Vec::new()];
            for (index, (text, errors)) in printed.iter().enumerate() {
                let stream = if *errors { Stream::Stderr } else { Stream::Stdout };
                let output = Output { stream, text: text.into(), of: None };
                let block = usize::from(index >= split);
                encode_line(&mut raw[block], index as u64 + 1, 0, "output", &output).unwrap();
            }
            let mut lines = Lines::new(&rules);
            for raw in &raw {
                lines.read(raw).unwrap();
            }
            let (edits, _) = lines.finish();
            let mut new = Vec::new();
            for raw in &raw {
                new.extend(texts(&rewrite(raw, &rules, &edits, &mut Counts::default()).unwrap()));
            }
            // Each event ends as many lines as before, and the joined lines equal the redacted whole lines.
            let ends = |text: &String| text.matches('\n').count();
            let before: Vec<String> = printed.into_iter().map(|(text, _)| text).collect();
            prop_assert_eq!(
                new.iter().map(ends).collect::<Vec<_>>(),
                before.iter().map(ends).collect::<Vec<_>>()
            );
            prop_assert_eq!(new.concat(), before.concat().replace("abba", "***"));
        }
    }
}
