//! Lines that became readable together, and their encoding for viewers.

use std::sync::OnceLock;

use bytes::Bytes;

use crate::log::lines::Line;
use crate::log::output::shown;
use crate::model::StreamMessage;

/// Lines that became readable together.
#[derive(Debug)]
pub struct Chunk {
    /// The lines, in order, without a gap.
    pub lines: Vec<Line>,
    /// The execution is over: everything can be read from the store.
    pub is_final: bool,
    messages: OnceLock<Vec<Bytes>>,
}

impl Chunk {
    pub(super) fn of(lines: Vec<Line>) -> Self {
        Self {
            lines,
            is_final: false,
            messages: OnceLock::new(),
        }
    }

    pub(super) fn last() -> Self {
        Self {
            is_final: true,
            ..Self::of(Vec::new())
        }
    }

    /// The lines as encoded messages: encoded for the first viewer that asks, and shared by all.
    #[must_use]
    pub fn messages(&self) -> &[Bytes] {
        self.messages.get_or_init(|| {
            let bytes: usize = self.lines.iter().map(|line| line.text.len() + 64).sum();
            let mut text = Vec::with_capacity(bytes);
            let mut ends = Vec::with_capacity(self.lines.len());
            for line in &self.lines {
                // Encoding only fails for values that are not JSON; a text and a number always are.
                let _ = serde_json::to_writer(&mut text, &message(line));
                ends.push(text.len());
            }
            let text = Bytes::from(text);
            let starts = std::iter::once(0).chain(ends.iter().copied());
            let spans = starts.zip(ends.iter().copied());
            spans.map(|(start, end)| text.slice(start..end)).collect()
        })
    }
}

/// A line's message; one that is too long is visibly cut.
#[must_use]
pub fn message(line: &Line) -> StreamMessage<'_> {
    StreamMessage::Output {
        content: shown(line),
        time: line.at.div_euclid(1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u64, text: &str, bytes: u64) -> Line {
        Line {
            number,
            at: -1,
            stream: Default::default(),
            of: None,
            text: text.to_owned(),
            bytes,
        }
    }

    #[test]
    fn each_line_is_a_message_of_its_own() {
        let chunk = Chunk::of(vec![line(0, "a\"", 2), line(1, "", 0), line(2, "long", 9)]);
        let texts: Vec<&str> = chunk
            .messages()
            .iter()
            .map(|text| std::str::from_utf8(text).unwrap())
            .collect();
        assert_eq!(
            texts,
            [
                r#"{"type":"output","content":"a\"","time":-1}"#,
                r#"{"type":"output","content":"","time":-1}"#,
                r#"{"type":"output","content":"long … [cut: this line has 9 bytes; /output?format=text&from=2 has it whole]","time":-1}"#,
            ]
        );
        assert!(Chunk::last().messages().is_empty());
    }
}
