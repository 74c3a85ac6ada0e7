//! Redacts printed output line by line, so that a secret written in two pieces is found, too. A line is held back until
//! it is complete, even a prompt that waits for its answer.

use std::borrow::Cow;
use std::sync::Arc;

use crate::rules::Rules;
use crate::scan::Inside;

/// A line is held back up to this size, in bytes; a longer one is searched in parts.
pub const LONGEST_LINE: usize = 1 << 20;

/// Two streams of printed text.
#[derive(Debug)]
pub struct Printed {
    rules: Arc<Rules>,
    streams: [Stream; 2],
}

#[derive(Debug, Default)]
struct Stream {
    held: String,
    inside: Inside,
}

impl Printed {
    /// Streams without any output yet.
    #[must_use]
    pub fn new(rules: Arc<Rules>) -> Self {
        Self {
            rules,
            streams: Default::default(),
        }
    }

    /// The lines completed by this text, redacted.
    pub fn push(&mut self, stream: usize, text: &str) -> String {
        let Some(stream) = self.streams.get_mut(stream) else {
            return String::new();
        };
        stream.held.push_str(text);
        let whole = if stream.held.len() > LONGEST_LINE {
            stream.held.len()
        } else {
            stream.held.rfind('\n').map_or(0, |newline| newline + 1)
        };
        let rest = stream.held.split_off(whole);
        let whole = std::mem::replace(&mut stream.held, rest);
        lines(&self.rules, &whole, &mut stream.inside)
    }

    /// The text held back, when nothing more is printed.
    pub fn finish(&mut self, stream: usize) -> String {
        let Some(stream) = self.streams.get_mut(stream) else {
            return String::new();
        };
        let rest = std::mem::take(&mut stream.held);
        lines(&self.rules, &rest, &mut stream.inside)
    }
}

/// Redacts lines; newlines are kept.
fn lines(rules: &Rules, text: &str, inside: &mut Inside) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let said = line.trim_end_matches(['\r', '\n']);
        let hidden: Cow<'_, str> = rules.line(said, inside);
        out.push_str(&hidden);
        out.push_str(&line[said.len()..]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_halves_is_found_and_streams_are_apart() {
        let rules = Rules::new(
            &["token"],
            &["hunter[0-9]"],
            &["BEGIN secret\nline of it\nEND"],
        );
        let mut printed = Printed::new(Arc::new(rules.unwrap()));
        assert_eq!(printed.push(0, "a\nhun"), "a\n");
        assert_eq!(printed.push(1, "token: x\r\n"), "token: ***\r\n");
        assert_eq!(printed.push(0, "ter2\n\ntoken: [\n"), "***\n\ntoken: ***\n");
        assert_eq!(printed.push(0, "the line of it\nhunter"), "the ***\n");
        assert_eq!(printed.finish(0), "hunter");
        assert_eq!(
            printed.push(0, &"x".repeat(LONGEST_LINE + 1)).len(),
            LONGEST_LINE + 1
        );
    }
}
