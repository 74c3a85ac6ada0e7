//! Removes the middle of a finished execution's output, if the collector limits the number of lines.
//!
//! Every event stays, with its number and time; only texts lose lines. So results and events are unchanged, and the
//! remaining lines are numbered again from 0 without a gap. One line in the middle, and the record, say how many are
//! missing.

use std::ops::Range;

use playback_wire::Body;

use super::block::{self, BlockError};
use super::error::LogError;
use super::rewrite::{Rewritten, each_block, expand, project, with_note, with_text};
use crate::model::{ExecutionKey, ExecutionRow};
use crate::store::{RewrittenBlock, Store};

/// Stores the events without the removed lines. False: blocks were changed meanwhile.
pub(crate) async fn trim_log(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
    most: u64,
) -> Result<bool, LogError> {
    let mut trimmer = Trimmer::new(row.output_lines, most);
    let left_out = row.output_lines - most;
    let mut changed = Rewritten::default();
    let mut is_first = true;
    each_block(store, key, row.output_from, |stored| {
        let raw = expand(&stored)?;
        let first_line = trimmer.written;
        let mut new = trimmer.rewrite(&raw)?;
        if std::mem::take(&mut is_first) {
            let noted = with_note(&new, |said| {
                said.insert("output_left_out".to_owned(), left_out.into());
                Some(())
            });
            new = noted.ok_or(BlockError::NotEvents)?;
        }
        let lines = trimmer.written - first_line;
        let is_same = (first_line, lines) == (stored.block.first_line, stored.block.lines);
        if !is_same || new != raw {
            let data = match new == raw {
                true => stored.block.data.clone(),
                false => block::compress(&new),
            };
            let rewritten = RewrittenBlock {
                id: stored.id,
                before: stored.block.data,
                data,
                raw_bytes: new.len() as u64,
                first_line,
                lines,
            };
            changed.insert(rewritten);
        }
        Ok(())
    })
    .await?;
    let changes = project(store, row, &changed).await?;
    let changed = changed.into_blocks();
    Ok(store.rewrite_unless_pinned(key, &changed, &changes).await?)
}

/// Rewrites consecutive blocks of one producer.
#[derive(Debug)]
struct Trimmer {
    /// The lines to remove.
    cut: Range<u64>,
    /// Lines finished so far, before trimming.
    line: u64,
    /// Lines finished so far, after trimming.
    written: u64,
    /// Whether the line that reports the removal was written.
    is_said: bool,
}

impl Trimmer {
    fn new(total: u64, most: u64) -> Self {
        let first = most.div_ceil(2);
        Self {
            cut: first..total - (most - first),
            line: 0,
            written: 0,
            is_said: false,
        }
    }

    /// A block's events without the removed lines.
    fn rewrite(&mut self, raw: &[u8]) -> Result<Vec<u8>, BlockError> {
        let mut new = Vec::with_capacity(raw.len());
        block::for_each_event(raw, |line, event| {
            let text = match &event.body {
                Body::Output(output) => Some((self.rest(&output.text), output)),
                _ => None,
            };
            match text {
                Some((text, output)) if text != output.text => {
                    new.extend(with_text(line, text).ok_or(BlockError::NotEvents)?);
                }
                _ => new.extend_from_slice(line),
            }
            new.push(b'\n');
            Ok(())
        })?;
        Ok(new)
    }

    /// The remaining part of a text.
    fn rest(&mut self, text: &str) -> String {
        let mut rest = String::new();
        for part in text.split_inclusive('\n') {
            let is_ended = part.ends_with('\n');
            if !self.cut.contains(&self.line) {
                rest.push_str(part);
                self.written += u64::from(is_ended);
            } else if !self.is_said {
                self.is_said = true;
                self.written += 1;
                let count = self.cut.end - self.cut.start;
                rest.push_str(&format!("… {count} lines left out (max_output_lines) …\n"));
            }
            self.line += u64::from(is_ended);
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use playback_wire::{Output, encode::encode_line};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_and_last_lines_stay_whatever_events_they_came_in(
            printed in prop::collection::vec("[ab\n]{0,6}", 1..20),
            split in 0..20_usize,
            most in 2..8_u64,
        ) {
            let whole = printed.concat();
            let lines: Vec<&str> = whole.split_inclusive('\n').collect();
            let total = lines.len() as u64;
            prop_assume!(total > most);
            let mut blocks = [Vec::new(), Vec::new()];
            for (index, text) in printed.iter().enumerate() {
                let output = Output { text: text.into(), ..Output::default() };
                let raw = &mut blocks[usize::from(index >= split)];
                encode_line(raw, index as u64 + 1, 0, "output", &output).unwrap();
            }
            let mut trimmer = Trimmer::new(total, most);
            let mut texts = Vec::new();
            for raw in &blocks {
                let before = trimmer.written;
                let new = trimmer.rewrite(raw).unwrap();
                let mut ended = 0;
                block::for_each_event(&new, |_, event| {
                    if let Body::Output(output) = &event.body {
                        ended += output.text.matches('\n').count() as u64;
                        texts.push(output.text.to_string());
                    }
                    Ok(())
                })
                .unwrap();
                prop_assert_eq!(trimmer.written - before, ended);
            }
            prop_assert_eq!(texts.len(), printed.len(), "every event is there");
            let first = most.div_ceil(2) as usize;
            let last = lines.len() - (most as usize - first);
            let expected = format!(
                "{}… {} lines left out (max_output_lines) …\n{}",
                lines[..first].concat(),
                last - first,
                lines[last..].concat()
            );
            prop_assert_eq!(texts.concat(), expected);
        }
    }
}
