//! The one place that prints: answers to standard output, remarks to standard error.
//!
//! Whoever reads our output may stop when it has enough (`| head`): that is [`Closed`], an end and not
//! a failure. What was recorded is shown to people without control characters, which a terminal would
//! obey; only what was printed by the run itself is passed on as it was.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write};

use anyhow::Context as _;
use comfy_table::{Table, presets};
use serde::Serialize;

use super::environment;

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
}

impl Out {
    pub(super) fn new() -> Self {
        let stdout = io::stdout();
        let colours = stdout.is_terminal() && !environment::no_color();
        Self {
            writer: BufWriter::with_capacity(64 << 10, stdout),
            colours,
        }
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
        head: [&str; N],
        rows: Vec<[String; N]>,
        paint: impl Fn(&Self, usize, String) -> String,
    ) -> anyhow::Result<()> {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING).set_header(head);
        for row in rows {
            table.add_row(row.map(|cell| plain(&cell)));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for (index, line) in table.lines().enumerate() {
            let line = line.trim_end().to_owned();
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
    let _ = writeln!(io::stderr(), "{text}");
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
    fn recorded_text_cannot_drive_a_terminal() {
        assert_eq!(plain("a\x1b[2Jb\nc\u{9b}d\r"), "a [2Jb c d ");
        assert_eq!(plain("ärger 日本"), "ärger 日本");
    }
}
