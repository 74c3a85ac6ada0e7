//! The one place that prints: answers to standard output, remarks to standard error.
//!
//! Whoever reads our output may stop when it has enough (`| head`): that is [`Closed`], an end and not
//! a failure. What was recorded is shown to people without control characters, which a terminal would
//! obey; only what was printed by the run itself is passed on as it was.

//!
//! At a terminal no row of a table is wider than it, and longer texts continue below themselves; elsewhere, and
//! with `--wide`, everything is shown whole.

mod table;

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write};

use anyhow::Context as _;
use clap::Args;
use rustix::termios::tcgetwinsize;
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

pub(super) use table::{Column, cut_end, cut_front, width as table_width};

use super::environment;

/// How wide tables are.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(super) struct Layout {
    /// Show columns whole, however wide the terminal is
    #[arg(long)]
    wide: bool,
}

/// Nobody reads our output any more.
#[derive(Debug, thiserror::Error)]
#[error("the reader of the output is gone")]
pub(super) struct Closed;

/// Colours that carry a meaning here.
#[derive(Debug, Clone, Copy)]
pub(super) enum Colour {
    /// It went well.
    Green,
    /// It did not.
    Red,
    /// It goes on.
    Cyan,
    /// A heading.
    Bold,
}

/// Standard output, buffered: what must be seen at once is to be flushed.
#[derive(Debug)]
pub(super) struct Out {
    writer: BufWriter<Stdout>,
    colours: bool,
    /// Columns of the terminal; none where there is none, or where it is not to matter.
    width: Option<usize>,
}

impl Out {
    pub(super) fn new() -> Self {
        Self::laid_out(Layout::default())
    }

    /// As wide as is asked for.
    pub(super) fn laid_out(layout: Layout) -> Self {
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        let size = tcgetwinsize(&stdout).ok().filter(|_| is_terminal);
        let width = size.map(|size| usize::from(size.ws_col));
        Self {
            writer: BufWriter::with_capacity(64 << 10, stdout),
            colours: is_terminal && environment::wants_colours(),
            width: width.filter(|width| *width > 0 && !layout.wide),
        }
    }

    /// Columns of the terminal, where there is one that lines are to fit.
    pub(super) fn width(&self) -> Option<usize> {
        self.width
    }

    /// A line in a colour; a long one goes on in the next.
    pub(super) fn headline(&mut self, colour: Colour, text: &str) -> anyhow::Result<()> {
        for line in wrapped(text, self.width) {
            self.line(self.paint(colour, &line))?;
        }
        Ok(())
    }

    /// A text below a heading that stands before its first line; a long one goes on below itself.
    pub(super) fn hanging(&mut self, heading: &str, text: &str) -> anyhow::Result<()> {
        let indent = heading.width();
        let room = self.width.map(|width| width.saturating_sub(indent).max(20));
        let mut before = heading.to_owned();
        for line in wrapped(text, room) {
            self.line(format_args!("{before}{line}"))?;
            before = " ".repeat(indent);
        }
        Ok(())
    }

    /// One line.
    pub(super) fn line(&mut self, text: impl Display) -> anyhow::Result<()> {
        outcome(writeln!(self.writer, "{text}"))
    }

    /// Exactly these bytes.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        outcome(self.writer.write_all(bytes))
    }

    /// One line of JSON.
    pub(super) fn json(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        let text = serde_json::to_string(value).context("the answer cannot be shown as JSON")?;
        self.line(text)
    }

    /// Columns below their headings; `paint` colours the line of a row, by its index.
    pub(super) fn table<const N: usize>(
        &mut self,
        columns: [Column; N],
        rows: Vec<[String; N]>,
        paint: impl Fn(&Self, usize, String) -> String,
    ) -> anyhow::Result<()> {
        let rows: Vec<_> = rows
            .into_iter()
            .map(|row| row.map(|cell| plain(&cell)))
            .collect();
        for (index, line) in table::lines(&columns, &rows, self.width)
            .into_iter()
            .enumerate()
        {
            match index.checked_sub(1) {
                None => self.line(self.paint(Colour::Bold, &line))?,
                Some(row) => self.line(paint(self, row, line))?,
            }
        }
        Ok(())
    }

    /// The text in that colour, where colours can be seen and are wanted.
    pub(super) fn paint(&self, colour: Colour, text: &str) -> String {
        let code = match colour {
            Colour::Green => 32,
            Colour::Red => 31,
            Colour::Cyan => 36,
            Colour::Bold => 1,
        };
        if self.colours {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// Hands on what is buffered.
    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        outcome(self.writer.flush())
    }
}

fn outcome(written: io::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Closed.into()),
        written => written.context("standard output cannot be written"),
    }
}

/// Prints one line.
pub(super) fn line(text: impl Display) -> anyhow::Result<()> {
    let mut out = Out::new();
    out.line(text)?;
    out.flush()
}

/// Prints one line of JSON.
pub(super) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut out = Out::new();
    out.json(value)?;
    out.flush()
}

/// Says something beside the answer. Where standard error is closed, nobody wants to know.
pub(super) fn note(text: impl Display) {
    let mut to = io::stderr();
    let size = tcgetwinsize(&to).ok().filter(|_| to.is_terminal());
    let width = size.map(|size| usize::from(size.ws_col));
    for line in wrapped(&text.to_string(), width.filter(|width| *width > 0)) {
        let _ = writeln!(to, "{line}");
    }
}

/// Says something to a person who looks on, and nothing to a script.
pub(super) fn hint(text: impl Display) {
    if io::stderr().is_terminal() {
        note(text);
    }
}

/// Whether a person sees both what is answered and what is said beside it.
pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal() && io::stderr().is_terminal()
}

/// The text in lines of that width, broken at blanks where there are any.
fn wrapped(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width.filter(|width| text.width() > *width) else {
        return vec![text.to_owned()];
    };
    let (mut lines, mut line) = (Vec::new(), String::new());
    for mut word in text.split(' ').filter(|word| !word.is_empty()) {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        }
        while word.width() > width {
            let (fits, rest) = split_at_width(word, width);
            lines.push(fits.to_owned());
            word = rest;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// As much of the text as is so wide, and the rest of it.
fn split_at_width(text: &str, width: usize) -> (&str, &str) {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|end| text[..*end].width() <= width).last();
    let first = text.chars().next().map_or(0, char::len_utf8);
    text.split_at(end.unwrap_or(first))
}

/// Whether there is a person to be asked.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a person, and takes "y" and "yes" for yes. No answer is no.
pub(super) fn ask(question: &str) -> anyhow::Result<bool> {
    let mut to = io::stderr();
    write!(to, "{question}").and_then(|()| to.flush())?;
    let mut answer = String::new();
    io::stdin()
        .read_line(&mut answer)
        .context("the answer cannot be read")?;
    let answer = answer.trim().to_ascii_lowercase();
    Ok(answer == "y" || answer == "yes")
}

/// Recorded text as one line that does nothing to a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_go_on_below_themselves() {
        let of = |text: &str, width| wrapped(text, Some(width));
        assert_eq!(of("one two three", 20), ["one two three"]);
        assert_eq!(of("one two three", 8), ["one two", "three"]);
        assert_eq!(of("0123456789", 4), ["0123", "4567", "89"]);
        assert_eq!(of("a 0123456789 b", 4), ["a", "0123", "4567", "89 b"]);
        assert_eq!(of("  indented", 20), ["  indented"]);
        assert_eq!(of("", 8), [""]);
        assert_eq!(wrapped("any  text", None), ["any  text"]);
    }

    #[test]
    fn recorded_text_cannot_drive_a_terminal() {
        assert_eq!(plain("a\x1b[2Jb\nc\u{9b}d\r"), "a [2Jb c d ");
        assert_eq!(plain("ärger 日本"), "ärger 日本");
    }
}
