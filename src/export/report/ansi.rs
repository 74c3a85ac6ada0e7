//! The escape sequences of terminals in printed text: their colours as HTML, or nothing of them. Only colours, bold,
//! italic and underlined text are kept; a sequence that moves the cursor, sets a title or clears the screen is left out.

use std::borrow::Cow;

use super::html::push_escaped;

/// Begins a sequence.
const ESC: char = '\u{1b}';

/// A text without escape sequences.
pub(super) fn stripped(text: &str) -> Cow<'_, str> {
    if !text.contains(ESC) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    parts(text, |part| {
        if let Part::Text(text) = part {
            plain.push_str(text);
        }
    });
    Cow::Owned(plain)
}

/// Part of a printed text.
enum Part<'t> {
    Text(&'t str),
    /// The parameters of `ESC [ … m`.
    Style(&'t str),
}

fn parts<'t>(text: &'t str, mut each: impl FnMut(Part<'t>)) {
    let mut rest = text;
    while let Some(at) = rest.find(ESC) {
        let (before, sequence) = rest.split_at(at);
        if !before.is_empty() {
            each(Part::Text(before));
        }
        let (style, length) = sequence_of(&sequence[1..]);
        if let Some(style) = style {
            each(Part::Style(style));
        }
        rest = &sequence[1 + length..];
    }
    if !rest.is_empty() {
        each(Part::Text(rest));
    }
}

/// The style that a sequence sets, if it does that alone, and the length of the sequence without its `ESC`.
fn sequence_of(after: &str) -> (Option<&str>, usize) {
    let mut chars = after.char_indices();
    match chars.next() {
        // A control sequence: parameters, then one letter or sign.
        Some((_, '[')) => {
            for (at, c) in chars {
                match c {
                    '\u{20}'..='\u{3f}' => {}
                    'm' => return (Some(&after[1..at]), at + 1),
                    '\u{40}'..='\u{7e}' => return (None, at + 1),
                    // Not a sequence after all.
                    _ => return (None, at),
                }
            }
            (None, after.len())
        }
        // A title, or a link: up to BEL, or ESC and a backslash.
        Some((_, ']' | 'P' | 'X' | '^' | '_')) => {
            let end = after.find(['\u{7}', ESC]);
            let end = end.map(|at| match after[at..].starts_with("\u{1b}\\") {
                true => at + 2,
                false => at + usize::from(after[at..].starts_with('\u{7}')),
            });
            (None, end.unwrap_or(after.len()))
        }
        // A character set, and other sequences of two or three characters.
        Some((_, '\u{20}'..='\u{2f}')) => {
            let length = after.chars().take(2).map(char::len_utf8).sum();
            (None, length)
        }
        Some((_, '\u{30}'..='\u{7e}')) => (None, 1),
        _ => (None, 0),
    }
}

/// The style of printed text, which continues from line to line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Style {
    /// 0 to 15.
    colour: Option<u8>,
    is_bold: bool,
    is_italic: bool,
    is_underlined: bool,
}

impl Style {
    /// Appends a line as HTML, and takes the style that it ends with.
    pub(super) fn push_html(&mut self, line: &str, out: &mut String) {
        parts(line, |part| match part {
            Part::Style(parameters) => self.set(parameters),
            Part::Text(text) if *self == Self::default() => push_escaped(text, out),
            Part::Text(text) => {
                out.push_str("<span class=\"");
                out.push_str(&self.classes());
                out.push_str("\">");
                push_escaped(text, out);
                out.push_str("</span>");
            }
        });
    }

    fn classes(self) -> String {
        let mut classes = Vec::new();
        classes.extend(self.colour.map(|colour| format!("c{colour}")));
        classes.extend(self.is_bold.then(|| "b".to_owned()));
        classes.extend(self.is_italic.then(|| "i".to_owned()));
        classes.extend(self.is_underlined.then(|| "u".to_owned()));
        classes.join(" ")
    }

    fn set(&mut self, parameters: &str) {
        let mut codes = parameters.split([';', ':']).map(|code| match code {
            "" => Some(0),
            code => code.parse::<u8>().ok(),
        });
        while let Some(code) = codes.next() {
            match code {
                Some(0) => *self = Self::default(),
                Some(1) => self.is_bold = true,
                Some(3) => self.is_italic = true,
                Some(4) => self.is_underlined = true,
                Some(22) => self.is_bold = false,
                Some(23) => self.is_italic = false,
                Some(24) => self.is_underlined = false,
                Some(code @ 30..=37) => self.colour = Some(code - 30),
                Some(39) => self.colour = None,
                Some(code @ 90..=97) => self.colour = Some(code - 90 + 8),
                // One of 256 colours, or of all: only the first 16 are kept.
                Some(code @ (38 | 48)) => {
                    let colour = match codes.next() {
                        Some(Some(5)) => codes.next().flatten().filter(|colour| *colour < 16),
                        Some(Some(2)) => {
                            codes.by_ref().take(3).for_each(drop);
                            None
                        }
                        _ => None,
                    };
                    if code == 38 {
                        self.colour = colour;
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(line: &str) -> String {
        let mut out = String::new();
        Style::default().push_html(line, &mut out);
        out
    }

    #[test]
    fn sequences_are_left_out() {
        for (text, plain) in [
            ("plain", "plain"),
            ("\u{1b}[0;32mok\u{1b}[0m", "ok"),
            ("\u{1b}]0;title\u{7}x", "x"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("a\u{1b}[2J\u{1b}[1;1Hb", "ab"),
            ("a\u{1b}(Bb\u{1b}cd\u{1b}", "abd"),
            ("\u{1b}[31", ""),
            ("\u{1b}[3é", "é"),
            ("\u{1b}é\u{1b}\u{1b}[1mx", "éx"),
            ("\u{1b}]never ends", ""),
        ] {
            assert_eq!(stripped(text), plain, "{text:?}");
        }
    }

    #[test]
    fn colours_become_classes_and_text_is_escaped() {
        for (text, expected) in [
            ("<b>", "&lt;b&gt;"),
            (
                "\u{1b}[0;31m<x>\u{1b}[0m&",
                "<span class=\"c1\">&lt;x&gt;</span>&amp;",
            ),
            ("\u{1b}[1;92mx", "<span class=\"c10 b\">x</span>"),
            ("\u{1b}[38;5;9mx\u{1b}[mx", "<span class=\"c9\">x</span>x"),
            ("\u{1b}[38;2;1;2;3;4mx", "<span class=\"u\">x</span>"),
            ("\u{1b}[48;5;200;3mx", "<span class=\"i\">x</span>"),
            ("\u{1b}[\"=1mx", "x"),
            ("\u{1b}[999;31mx", "<span class=\"c1\">x</span>"),
        ] {
            assert_eq!(html(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_style_goes_on_in_the_next_line() {
        let (mut style, mut out) = (Style::default(), String::new());
        style.push_html("\u{1b}[31ma", &mut out);
        style.push_html("b\u{1b}[0m", &mut out);
        style.push_html("c", &mut out);
        assert_eq!(
            out,
            "<span class=\"c1\">a</span><span class=\"c1\">b</span>c"
        );
    }
}
