//! The one place that prints: answers to standard output, remarks to standard error.
//!
//! A reader of our output may stop early (`| head`): that is [`Closed`], a normal end and not a failure. Recorded text
//! is shown to people without control characters, which a terminal would execute; only the run's own output is passed
//! on unchanged.

//!
//! At a terminal a table is never wider than the screen, and longer texts wrap; elsewhere, and with `--wide`,
//! everything is shown in full.

mod around;
mod table;

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write};

use anyhow::Context as _;
use clap::Args;
use rustix::termios::tcgetwinsize;
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

pub(super) use around::cut_around;
pub(super) use table::{Column, cut_end, cut_front, width as table_width};

use super::environment;

/// The width of tables.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(super) struct Layout {
    /// Show columns in full, however wide the terminal is
    #[arg(long)]
    wide: bool,
}

/// The reader of our output is gone.
#[derive(Debug, thiserror::Error)]
#[error("the reader of the output has closed it")]
pub(super) struct Closed;

/// Colours, by meaning.
#[derive(Debug, Clone, Copy)]
pub(super) enum Colour {
    /// Success.
    Green,
    /// Failure.
    Red,
    /// In progress.
    Cyan,
    /// A heading.
    Bold,
}

/// Standard output, buffered: flush what must be visible at once.
#[derive(Debug)]
pub(super) struct Out {
    writer: BufWriter<Stdout>,
    colours: bool,
    /// Columns of the terminal; none if there is none, or if the layout ignores it.
    width: Option<usize>,
}

impl Out {
    pub(super) fn new() -> Self {
        Self::laid_out(Layout::default())
    }

    /// Limited to the width that the layout asks for.
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

    /// Columns of the terminal, if lines must fit it.
    pub(super) fn width(&self) -> Option<usize> {
        self.width
    }

    /// Prints a line in a colour; a long one wraps.
    pub(super) fn headline(&mut self, colour: Colour, text: &str) -> anyhow::Result<()> {
        for line in wrapped(text, self.width) {
            self.line(self.paint(colour, &line))?;
        }
        Ok(())
    }

    /// Prints a text after a heading on its first line; further lines are indented below the text.
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

    /// Prints exactly these bytes.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        outcome(self.writer.write_all(bytes))
    }

    /// One line of JSON.
    pub(super) fn json(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        let text = serde_json::to_string(value).context("the answer cannot be shown as JSON")?;
        self.line(text)
    }

    /// Prints columns below their headings; `paint` colours the line of a row, by its index.
    pub(super) fn table<const N: usize>(
        &mut self,
        columns: [Column; N],
        rows: Vec<[String; N]>,
        paint: impl Fn(&Self, usize, String) -> String,
    ) -> anyhow::Result<()> {
        self.table_of(&columns, rows, paint)
    }

    /// Like [`Self::table`], for columns that a user chose: every row has the same number of cells.
    pub(super) fn table_of<R: AsRef<[String]>>(
        &mut self,
        columns: &[Column],
        rows: Vec<R>,
        paint: impl Fn(&Self, usize, String) -> String,
    ) -> anyhow::Result<()> {
        let row = |row: R| -> Vec<String> { row.as_ref().iter().map(|cell| plain(cell)).collect() };
        let rows: Vec<_> = rows.into_iter().map(row).collect();
        for (index, line) in table::lines(columns, &rows, self.width)
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

    /// The text in that colour, if colours are supported and wanted.
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

    /// Flushes the buffer.
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

/// Prints a remark to standard error. If that is closed, the remark is dropped.
pub(super) fn note(text: impl Display) {
    let mut to = io::stderr();
    let size = tcgetwinsize(&to).ok().filter(|_| to.is_terminal());
    let width = size.map(|size| usize::from(size.ws_col));
    for line in wrapped(&text.to_string(), width.filter(|width| *width > 0)) {
        let _ = writeln!(to, "{line}");
    }
}

/// Prints a remark for a person at a terminal; scripts do not see it.
pub(super) fn hint(text: impl Display) {
    if io::stderr().is_terminal() {
        note(text);
    }
}

/// Whether a person sees both standard output and standard error.
pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal() && io::stderr().is_terminal()
}

/// Wraps the text to that width, at blanks if possible.
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

/// Splits the text at that display width.
fn split_at_width(text: &str, width: usize) -> (&str, &str) {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|end| text[..*end].width() <= width).last();
    let first = text.chars().next().map_or(0, char::len_utf8);
    text.split_at(end.unwrap_or(first))
}

/// Whether the user can be asked.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks the user; "y" and "yes" mean yes. No answer means no.
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

/// Recorded text on one line, without control characters.
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
