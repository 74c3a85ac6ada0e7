//! An answer that is never longer than it may be, with nothing in it that is no text.

/// The longest answer, in characters: some five thousand words of a model's memory.
const MOST: usize = 20_000;

/// The longest line; what a program printed may be one of a megabyte.
const LONGEST: usize = 500;

/// The end of an answer that is too long.
const CUT: &str = "… The answer is cut here, because it is too long: ask for less at once (\"limit\", \"lines\"), or more precisely.";

/// An answer, line by line.
#[derive(Debug, Default)]
pub(super) struct Text {
    text: String,
    characters: usize,
    is_cut: bool,
}

impl Text {
    /// Adds a line. Line breaks within it become blanks.
    pub(super) fn line(&mut self, line: &str) {
        if self.is_cut {
            return;
        }
        let line = clipped(&plain(line));
        let characters = line.chars().count() + 1;
        if self.characters + characters > MOST {
            self.is_cut = true;
            self.text.push_str(CUT);
            self.text.push('\n');
            return;
        }
        self.characters += characters;
        self.text.push_str(&line);
        self.text.push('\n');
    }

    /// Adds a text of several lines, each with this before it; `most` lines at most.
    pub(super) fn lines(&mut self, before: &str, text: &str, most: usize) {
        for line in text.lines().take(most) {
            self.line(&format!("{before}{line}"));
        }
        match text.lines().count().saturating_sub(most) {
            0 => {}
            more => self.line(&format!("{before}… (and {more} more)")),
        }
    }

    /// The answer.
    pub(super) fn finish(self) -> String {
        self.text.trim_end().to_owned()
    }
}

/// A text without colours and other control characters.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            // `ESC [ … letter`, and `ESC` with one character.
            '\u{1b}' => {
                if characters.next_if_eq(&'[').is_some() {
                    while characters
                        .next()
                        .is_some_and(|within| !('\u{40}'..='\u{7e}').contains(&within))
                    {
                    }
                } else {
                    characters.next();
                }
            }
            '\t' | '\n' | '\r' => plain.push(' '),
            control if control.is_control() => {}
            other => plain.push(other),
        }
    }
    plain
}

/// A line, or its beginning and end with a mark between.
fn clipped(line: &str) -> String {
    let count = line.chars().count();
    if count <= LONGEST {
        return line.to_owned();
    }
    let half = LONGEST / 2;
    let begin: String = line.chars().take(half).collect();
    let end: String = line.chars().skip(count - half).collect();
    format!("{begin} … ({} characters) … {end}", count - 2 * half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_an_end() {
        let mut text = Text::default();
        for number in 0..10_000 {
            text.line(&format!("line {number}"));
        }
        let text = text.finish();
        assert!(text.chars().count() < MOST + 200 && text.ends_with(CUT));
        assert_eq!(text.matches(CUT).count(), 1);
    }

    #[test]
    fn a_line_is_text_and_no_longer_than_it_may_be() {
        let mut text = Text::default();
        text.line("\u{1b}[0;31mred\u{1b}[0m\tand\nmore\u{7}");
        text.line(&"x".repeat(1 << 20));
        let text = text.finish();
        assert!(text.starts_with("red and more\n"), "{text}");
        assert!(text.chars().count() < 2 * LONGEST);
        assert!(text.contains("(1048076 characters)"), "{text}");
    }

    #[test]
    fn of_many_lines_the_first_are_told() {
        let mut text = Text::default();
        text.lines("  ", "a\nb\nc\n", 2);
        assert_eq!(text.finish(), "  a\n  b\n  … (and 1 more)");
    }
}
