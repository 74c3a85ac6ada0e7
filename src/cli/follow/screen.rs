//! Prints lines to standard output, and at a terminal above a progress line.

use uuid::Uuid;

use super::super::client::Client;
use super::super::environment;
use super::super::out::{self, Out};
use super::progress::Progress;

/// Number of bytes after which the progress line is cleared to print lines: clearing it for each line would be slow.
const BURST: usize = 32 << 10;

/// Standard output, with an optional progress line below it.
pub(super) struct Screen {
    out: Out,
    /// Lines not printed yet; used only with a progress line.
    pending: Vec<u8>,
    progress: Option<Progress>,
}

impl Screen {
    /// For the lines of this execution; scripts get no progress line.
    pub(super) fn new(client: &Client, id: Uuid, json: bool) -> Self {
        let is_for_people = !json && out::is_terminal() && !environment::is_dumb();
        Self {
            out: Out::new(),
            pending: Vec::new(),
            progress: is_for_people.then(|| Progress::start(client, id)).flatten(),
        }
    }

    /// Whether there is a progress line.
    pub(super) fn has_progress(&self) -> bool {
        self.progress.is_some()
    }

    /// Prints one line; it is visible at the next [`Screen::flush`] at the latest.
    pub(super) fn line(&mut self, text: &str) -> anyhow::Result<()> {
        if self.progress.is_none() {
            return self.out.line(text);
        }
        self.pending.extend_from_slice(text.as_bytes());
        self.pending.push(b'\n');
        if self.pending.len() < BURST {
            return Ok(());
        }
        self.flush()
    }

    /// Flushes what was printed.
    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        let Some(progress) = &self.progress else {
            return self.out.flush();
        };
        if self.pending.is_empty() {
            return Ok(());
        }
        let (out, pending) = (&mut self.out, &self.pending);
        progress.above(|| {
            out.bytes(pending)?;
            out.flush()
        })?;
        self.pending.clear();
        Ok(())
    }

    /// Prints a remark to standard error.
    pub(super) fn note(&self, text: &str) {
        match &self.progress {
            Some(progress) => progress.above(|| out::note(text)),
            None => out::note(text),
        }
    }

    /// Flushes what was printed, and removes the progress line.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.flush()
    }
}
