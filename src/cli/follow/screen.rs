//! Where lines go: to standard output, and for a person above a line that tells how the run stands.

use uuid::Uuid;

use super::super::client::Client;
use super::super::environment;
use super::super::out::{self, Out};
use super::progress::Progress;

/// With so many bytes of lines, the progress line makes room for them: not for each of a flood.
const BURST: usize = 32 << 10;

/// Standard output, and below it perhaps a progress line.
pub(super) struct Screen {
    out: Out,
    /// Lines that were not printed yet; used with a progress line only.
    pending: Vec<u8>,
    progress: Option<Progress>,
}

impl Screen {
    /// For the lines of this execution; for a script, as they are.
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

    /// One line; it is seen at the next [`Screen::flush`] at the latest.
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

    /// Hands on what was printed.
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

    /// A remark, beside the answer.
    pub(super) fn note(&self, text: &str) {
        match &self.progress {
            Some(progress) => progress.above(|| out::note(text)),
            None => out::note(text),
        }
    }

    /// Hands on what was printed, and takes the progress line away.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.flush()
    }
}
