//! The terms of a line: its words, and pairs of short words.
//!
//! A word is as long as possible a sequence of letters, ASCII digits and `_`. Everything else separates words, so a
//! text that begins and ends where words do has the same words wherever it stands. Letters are folded so that those
//! that a regular expression takes for the same, ignoring case, are the same here.
//!
//! Short words with one punctuation mark between them, as in addresses and times, are a term together, too: each of
//! them alone is in nearly every run.

use regex_syntax::try_is_word_character;

/// Longest word, in bytes. Of a longer one, the beginning is the term, followed by [`CUT`].
pub const LONGEST: usize = 64;

/// The last byte of a term that is only the beginning of a word. It occurs in no text.
pub const CUT: u8 = 0xff;

/// Words of up to this many bytes are joined to pairs.
pub const SHORT: usize = 4;

/// Longest term, in bytes.
pub const LONGEST_TERM: usize = LONGEST + 1;

/// For each ASCII character its folded form if it is part of a word, otherwise 0.
const ASCII: [u8; 128] = {
    let mut table = [0; 128];
    let mut at = 0;
    while at < 128 {
        let byte = at as u8;
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            table[at] = byte.to_ascii_lowercase();
        }
        at += 1;
    }
    table
};

/// A character without its case. Characters that a regular expression takes for the same, ignoring case, have the same
/// folded form.
#[must_use]
pub fn folded(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    // Regular expressions may know an older version of Unicode, and what is no letter for them separates words.
    if !try_is_word_character(c).unwrap_or(false) {
        return c;
    }
    // The few that Unicode folds, and that neither case connects.
    match c {
        '\u{1fd3}' => return '\u{390}',
        '\u{1fe3}' => return '\u{3b0}',
        '\u{fb05}' => return '\u{fb06}',
        _ => {}
    }
    // To upper case first: some letters have only that in common, as ſ and s do.
    let upper = only(c.to_uppercase()).unwrap_or(c);
    only(upper.to_lowercase()).unwrap_or(upper)
}

fn only(mut chars: impl Iterator<Item = char>) -> Option<char> {
    let first = chars.next()?;
    chars.next().is_none().then_some(first)
}

/// Whether a folded character is part of words.
#[must_use]
pub fn is_in_word(folded: char) -> bool {
    match u8::try_from(folded) {
        Ok(byte @ 0..128) => ASCII[usize::from(byte)] != 0,
        // Digits of other scripts, marks and joiners are in their words, and not in ours: ours must not reach further.
        _ => folded.is_alphabetic() && try_is_word_character(folded).unwrap_or(false),
    }
}

/// A word that is being read.
#[derive(Debug, Default)]
pub(super) struct Word {
    bytes: Vec<u8>,
    is_cut: bool,
}

impl Word {
    /// Adds a folded character.
    pub(super) fn push(&mut self, folded: char) {
        let mut buffer = [0; 4];
        let bytes = folded.encode_utf8(&mut buffer).as_bytes();
        if self.is_cut || self.bytes.len() + bytes.len() > LONGEST {
            self.is_cut = true;
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// Adds ASCII characters of a word.
    fn push_ascii(&mut self, text: &[u8]) {
        let room = match self.is_cut {
            true => 0,
            false => LONGEST - self.bytes.len(),
        };
        self.is_cut |= text.len() > room;
        let folded = |byte: &u8| ASCII[usize::from(byte & 127)];
        self.bytes.extend(text.iter().take(room).map(folded));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    pub(super) fn is_short(&self) -> bool {
        !self.is_cut && !self.is_empty() && self.bytes.len() <= SHORT
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.is_cut = false;
    }

    /// The word as a term.
    pub(super) fn term(&mut self) -> &[u8] {
        if self.is_cut && self.bytes.last() != Some(&CUT) {
            self.bytes.push(CUT);
        }
        &self.bytes
    }
}

/// Finds the terms of lines; keeps its memory from one line to the next.
#[derive(Debug, Default)]
pub struct TermReader {
    word: Word,
    /// A short word and the mark after it, if the next word may be its pair.
    pair: Vec<u8>,
}

impl TermReader {
    /// Passes on each term of a line, as often as it occurs.
    pub fn read(&mut self, line: &str, mut each: impl FnMut(&[u8])) {
        let bytes = line.as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at).copied() {
            if byte < 128 {
                let rest = &bytes[at..];
                let is_word = |byte: &u8| *byte < 128 && ASCII[usize::from(*byte)] != 0;
                let end = rest.iter().position(|byte| !is_word(byte));
                let (word, _) = rest.split_at(end.unwrap_or(rest.len()));
                if word.is_empty() {
                    at += 1;
                    self.separate(Some(byte), &mut each);
                } else {
                    at += word.len();
                    self.word.push_ascii(word);
                }
                continue;
            }
            let Some(c) = line[at..].chars().next() else {
                break;
            };
            at += c.len_utf8();
            let c = folded(c);
            match is_in_word(c) {
                true => self.word.push(c),
                false => self.separate(None, &mut each),
            }
        }
        self.separate(None, &mut each);
    }

    /// Ends a word; `mark` is the ASCII character after it.
    fn separate(&mut self, mark: Option<u8>, each: &mut impl FnMut(&[u8])) {
        if self.word.is_empty() {
            self.pair.clear();
            return;
        }
        let is_short = self.word.is_short();
        let term = self.word.term();
        each(term);
        if is_short && !self.pair.is_empty() {
            self.pair.extend_from_slice(term);
            each(&self.pair);
        }
        self.pair.clear();
        if let Some(mark) = mark.filter(|mark| is_short && joins(*mark)) {
            self.pair.extend_from_slice(term);
            self.pair.push(mark);
        }
        self.word.clear();
    }
}

/// Whether an ASCII character between two short words makes them a pair.
pub(super) fn joins(mark: u8) -> bool {
    mark.is_ascii_punctuation() && ASCII[usize::from(mark & 127)] == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(line: &str) -> Vec<String> {
        let mut terms = Vec::new();
        TermReader::default().read(line, |term| {
            terms.push(String::from_utf8_lossy(term).into_owned());
        });
        terms
    }

    #[test]
    fn words_and_pairs_of_short_words_are_terms() {
        for (line, expected) in [
            ("Connection REFUSED", vec!["connection", "refused"]),
            (
                "to 10.0.0.5:22",
                vec![
                    "to", "10", "0", "10.0", "0", "0.0", "5", "0.5", "22", "5:22",
                ],
            ),
            ("a..b c d", vec!["a", "b", "c", "d"]),
            ("nginx-1.24", vec!["nginx", "1", "24", "1.24"]),
            ("Été=\u{17f}o", vec!["été", "so"]),
            ("x_y \u{212a}elvin", vec!["x_y", "kelvin"]),
            ("a→b", vec!["a", "b"]),
            ("", vec![]),
        ] {
            assert_eq!(terms(line), expected, "{line}");
        }
    }

    #[test]
    fn a_long_word_is_cut_and_marked() {
        let long = "é".repeat(40);
        let mut found = Vec::new();
        TermReader::default().read(&format!("{long} {}", "x".repeat(64)), |term| {
            found.push(term.to_vec());
        });
        let mut cut = "é".repeat(32).into_bytes();
        cut.push(CUT);
        assert_eq!(found, [cut, vec![b'x'; 64]]);
    }

    /// What the regular expressions of searches take for the same is the same, and words are never larger than theirs.
    #[test]
    fn folding_is_never_finer_than_that_of_regular_expressions() {
        use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

        let word = regex::Regex::new(r"^\w$").unwrap();
        let mut buffer = [0; 4];
        for c in '\0'..=char::MAX {
            let mut class = ClassUnicode::new([ClassUnicodeRange::new(c, c)]);
            class.case_fold_simple();
            for range in class.ranges() {
                for other in range.start()..=range.end() {
                    assert_eq!(folded(other), folded(c), "{other:?} and {c:?}");
                }
            }
            if is_in_word(folded(c)) {
                assert!(word.is_match(c.encode_utf8(&mut buffer)), "{c:?}");
            }
        }
    }
}
