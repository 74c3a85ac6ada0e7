//! The redaction rules, and their application to a text.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use regex::Regex;

use crate::HIDDEN;
use crate::names::Name;
use crate::scan::{self, Inside};

/// Maximum number of rules of one kind.
const MOST_RULES: usize = 1000;

/// Longest rule, in bytes; an exact text may be longer.
const LONGEST_RULE: usize = 16 << 10;

/// Shorter lines of an exact text, in characters, are not searched for separately: a closing bracket is no secret.
const SHORTEST_LINE: usize = 6;

/// Nesting of texts within texts (JSON in JSON) that is searched.
const DEPTH: usize = 4;

/// A rule is not valid. Its text is not repeated, because it may be the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Not a regular expression of the crate `regex`.
    #[error("pattern {number} cannot be used: {why}")]
    Pattern {
        /// Number of the rule, from 1.
        number: usize,
        /// Why, in words.
        why: String,
    },
    /// It matches the empty text, and so everywhere.
    #[error("pattern {number} cannot be used: it matches an empty text, and so everywhere")]
    MatchesNothing {
        /// Number of the rule, from 1.
        number: usize,
    },
    /// An exact text is empty.
    #[error("exact text {number} is empty")]
    EmptyText {
        /// Number of the rule, from 1.
        number: usize,
    },
    /// Too many rules, or too long ones.
    #[error("{0}")]
    TooLarge(&'static str),
}

/// How much was redacted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Values of events: texts with something redacted, and values redacted whole.
    pub values: u64,
    /// Printed lines.
    pub lines: u64,
}

/// The redaction rules. `Debug` shows only their number: an exact text, or a literal text in a pattern, may be the
/// secret.
#[derive(Clone, Default)]
pub struct Rules {
    keys: Vec<Name>,
    patterns: Vec<Regex>,
    // Lines of multi-line exact texts, because output is searched line by line.
    lines: Vec<Regex>,
}

impl fmt::Debug for Rules {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Rules")
            .field("keys", &self.keys.len())
            .field("patterns", &self.patterns.len())
            .field("lines", &self.lines.len())
            .finish()
    }
}

impl Rules {
    /// Rules that redact the values of `keys` (names, with `*` and `?`), the matches of `patterns` (regular
    /// expressions), and exact `texts`. Blank keys and patterns are ignored.
    ///
    /// # Errors
    /// A rule is not valid: then no rule is used, because something would not be redacted.
    pub fn new<K: AsRef<str>, P: AsRef<str>, T: AsRef<str>>(
        keys: &[K],
        patterns: &[P],
        texts: &[T],
    ) -> Result<Self, RuleError> {
        if keys.len() > MOST_RULES || patterns.len() > MOST_RULES || texts.len() > MOST_RULES {
            return Err(RuleError::TooLarge("there are more than 1000 rules"));
        }
        let long = |rule: &str| rule.len() > LONGEST_RULE;
        if keys.iter().any(|key| long(key.as_ref())) || patterns.iter().any(|p| long(p.as_ref())) {
            return Err(RuleError::TooLarge("a rule is longer than 16 KiB"));
        }
        let mut rules = Self::default();
        let keys = keys.iter().map(|key| key.as_ref().trim());
        rules.keys = keys.filter(|key| !key.is_empty()).map(Name::new).collect();
        for (index, pattern) in patterns.iter().map(AsRef::as_ref).enumerate() {
            if pattern.trim().is_empty() {
                continue;
            }
            let number = index + 1;
            let regex = Regex::new(pattern).map_err(|error| RuleError::Pattern {
                number,
                why: describe(&error),
            })?;
            if regex.is_match("") {
                return Err(RuleError::MatchesNothing { number });
            }
            rules.patterns.push(regex);
        }
        for (index, text) in texts.iter().map(AsRef::as_ref).enumerate() {
            rules.exactly(index + 1, text)?;
        }
        Ok(rules)
    }

    fn exactly(&mut self, number: usize, text: &str) -> Result<(), RuleError> {
        if text.trim().is_empty() {
            return Err(RuleError::EmptyText { number });
        }
        let too_large = |_| RuleError::TooLarge("an exact text is too long");
        let literal = |text: &str| Regex::new(&regex::escape(text)).map_err(too_large);
        self.patterns.push(literal(text)?);
        // Its JSON form, if that is different.
        let quoted = serde_json::to_string(text).unwrap_or_default();
        if quoted.len() > text.len() + 2 {
            self.patterns.push(literal(&quoted[1..quoted.len() - 1])?);
        }
        if text.trim_end().contains('\n') {
            let lines = text.lines().map(str::trim);
            for line in lines.filter(|line| line.chars().count() >= SHORTEST_LINE) {
                self.lines.push(literal(line)?);
            }
        }
        Ok(())
    }

    /// Whether there are no rules.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.patterns.is_empty()
    }

    /// Whether this key's values are redacted.
    #[must_use]
    pub fn hides(&self, key: &str) -> bool {
        self.keys.iter().any(|name| name.matches(key))
    }

    /// Whether there are names of keys.
    pub(crate) fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Redacts a text of any number of lines.
    #[must_use]
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.nested(text, DEPTH)
    }

    fn nested<'t>(&self, text: &'t str, depth: usize) -> Cow<'t, str> {
        self.apply(text, depth, &[], &mut Inside::default())
    }

    /// Redacts one printed line, without its newline. `inside`: whether it continues a value that began in an earlier
    /// line; updated for the next one.
    #[must_use]
    pub fn line<'t>(&self, line: &'t str, inside: &mut Inside) -> Cow<'t, str> {
        self.apply(line, DEPTH, &self.lines, inside)
    }

    fn apply<'t>(
        &self,
        text: &'t str,
        depth: usize,
        more: &[Regex],
        inside: &mut Inside,
    ) -> Cow<'t, str> {
        // A quoted text may hold escapes, which hide its real text.
        let text = match depth.checked_sub(1) {
            Some(depth) => scan::unquoted(text, |quoted| match self.nested(quoted, depth) {
                Cow::Borrowed(_) => None,
                Cow::Owned(hidden) => Some(hidden),
            }),
            None => Cow::Borrowed(text),
        };
        let mut found: Vec<Range<usize>> = Vec::new();
        for pattern in self.patterns.iter().chain(more) {
            found.extend(pattern.find_iter(&text).map(|found| found.range()));
        }
        if self.has_keys() {
            let mut from = 0;
            for line in text.split_inclusive('\n') {
                let ended = line.trim_end_matches(['\n', '\r']);
                scan::values(ended, from, self, inside, &mut found);
                from += line.len();
            }
        }
        match without(&text, found) {
            Some(hidden) => Cow::Owned(hidden),
            None => text,
        }
    }
}

/// Replaces ranges, which may overlap, by `***`; none if nothing changes.
fn without(text: &str, mut ranges: Vec<Range<usize>>) -> Option<String> {
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut hidden = String::new();
    let mut done = 0;
    let mut ranges = ranges.into_iter().peekable();
    let any = ranges.peek().is_some();
    while let Some(mut range) = ranges.next() {
        while let Some(next) = ranges.next_if(|next| next.start <= range.end) {
            range.end = range.end.max(next.end);
        }
        hidden.push_str(&text[done..range.start]);
        hidden.push_str(HIDDEN);
        done = range.end;
    }
    if !any {
        return None;
    }
    hidden.push_str(&text[done..]);
    (hidden != text).then_some(hidden)
}

/// The error of a pattern, without quoting it.
fn describe(error: &regex::Error) -> String {
    match error {
        // The message shows the pattern, a mark below the position, and then the reason.
        regex::Error::Syntax(text) => text
            .lines()
            .rev()
            .find_map(|line| line.trim().strip_prefix("error: "))
            .unwrap_or("it is no regular expression")
            .to_owned(),
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        _ => "it is no regular expression".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_not_shown() {
        let rules = Rules::new(&["password"], &["hunter[0-9]"], &["hunter2 is it"]).unwrap();
        let shown = format!("{rules:?}");
        assert_eq!(shown, "Rules { keys: 1, patterns: 2, lines: 0 }");
    }
}
