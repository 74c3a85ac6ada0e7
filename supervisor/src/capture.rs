//! The command's output, as `output` events in the order in which it arrived.
//!
//! A text after a pause is appended at once, so that a prompt is recorded while it waits for its answer. Text that
//! follows shortly afterwards is joined, otherwise each dot of a progress bar would be an event. With redaction, each
//! line is appended when it is complete.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use playback_redact::Printed;
use playback_spool::Spool;
use playback_wire::{Output, Stream};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::censor::Censor;
use crate::clock::Clock;
use crate::leave::End;
use crate::recap::{Format, Hosts, Recap};
use crate::text::Decoder;

/// How long a text may wait for more, in microseconds.
const JOIN_US: i64 = 20_000;

/// Size from which a text no longer waits, in bytes. An event is at most a little larger, far below a batch's limit
/// even with escapes and spelled-out bytes.
const JOIN_BYTES: usize = 64 << 10;

/// Output on its way into the spool.
#[derive(Debug)]
pub(crate) struct Capture {
    spool: Option<Arc<Spool>>,
    clock: Clock,
    pending: Mutex<Pending>,
    waker: OwnedFd,
}

#[derive(Debug, Default)]
struct Pending {
    /// Output is only searched for statistics, not recorded.
    silent: bool,
    decoders: [Decoder; 2],
    /// Reads statistics from stdout, if the command prints any.
    recap: Option<Recap>,
    /// Redacts the text, if there are rules.
    redacted: Option<Printed>,
    /// Holds back what Ansible prints about censored results.
    censor: Censor,
    stream: Stream,
    text: String,
    /// When the first byte of the text was read.
    since: i64,
    /// When the last event was appended.
    appended: i64,
}

impl Capture {
    /// Without a spool, nothing is kept. The descriptor becomes readable when a text begins to wait. `keep`: whether
    /// output is recorded; `statistics`: the format of the command's statistics.
    ///
    /// # Errors
    /// A pipe cannot be created.
    pub(crate) fn new(
        spool: Option<Arc<Spool>>,
        keep: bool,
        statistics: Option<Format>,
        clock: Clock,
    ) -> std::io::Result<(Self, OwnedFd)> {
        let (wakes, waker) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        let rules = spool.as_ref().and_then(|spool| spool.rules().cloned());
        let capture = Self {
            spool,
            clock,
            pending: Mutex::new(Pending {
                silent: !keep,
                recap: statistics.map(Recap::new),
                redacted: rules.map(Printed::new),
                ..Pending::default()
            }),
            waker,
        };
        Ok((capture, wakes))
    }

    /// Handles output of the command.
    pub(crate) fn printed(&self, stream: Stream, bytes: &[u8]) {
        let Some(spool) = &self.spool else { return };
        if bytes.is_empty() {
            return;
        }
        let now = self.clock.now_us();
        let mut pending = self.pending();
        if pending.silent {
            if stream == Stream::Stdout
                && let Some(recap) = &mut pending.recap
            {
                recap.printed(bytes);
            }
            return;
        }
        if pending.stream != stream {
            pending.append(spool, now);
            pending.stream = stream;
        }
        let waited = !pending.text.is_empty();
        if !waited {
            pending.since = now;
        }
        let Pending {
            decoders,
            recap,
            text,
            ..
        } = &mut *pending;
        if stream == Stream::Stdout
            && let Some(recap) = recap
        {
            recap.printed(bytes);
        }
        decoders[stream as usize].decode(bytes, text);
        let paused = (now - pending.appended).abs() >= JOIN_US;
        if paused || pending.text.len() >= JOIN_BYTES {
            pending.append(spool, now);
        } else if !waited {
            drop(pending);
            self.wake();
        }
    }

    /// Appends what has waited long enough. Returns how long the rest may still wait, in microseconds.
    pub(crate) fn flush_due(&self) -> Option<i64> {
        let spool = self.spool.as_ref()?;
        let now = self.clock.now_us();
        let mut pending = self.pending();
        let waits = pending.pass_due(spool, now);
        if pending.text.is_empty() {
            return waits.then_some(JOIN_US);
        }
        // If the clock was set back, a text must not wait longer.
        let left = JOIN_US - (now - pending.since).abs();
        if left <= 0 {
            pending.append(spool, now);
            return waits.then_some(JOIN_US);
        }
        Some(left)
    }

    /// The output is complete: appends the waiting text.
    pub(crate) fn finish(&self) {
        let Some(spool) = &self.spool else { return };
        let now = self.clock.now_us();
        let mut pending = self.pending();
        for stream in [Stream::Stdout, Stream::Stderr] {
            let mut rest = String::new();
            pending.decoders[stream as usize].finish(&mut rest);
            if rest.is_empty() {
                continue;
            }
            if pending.stream != stream {
                pending.append(spool, now);
                pending.stream = stream;
            }
            if pending.text.is_empty() {
                pending.since = now;
            }
            pending.text.push_str(&rest);
        }
        pending.append(spool, now);
        let mut held = Vec::new();
        pending
            .censor
            .finish(|stream, text| held.push((stream, text.to_owned())));
        pending.pass(spool, now, held);
        for stream in [Stream::Stdout, Stream::Stderr] {
            let redacted = pending.redacted.as_mut();
            if let Some(rest) = redacted.map(|redacted| redacted.finish(stream as usize)) {
                pending.event(spool, now, stream, &rest);
            }
        }
    }

    /// The statistics that a command printed, given how it ended; no hosts if they are not credible.
    pub(crate) fn statistics(&self, end: End) -> Hosts {
        let recap = self.pending().recap.take();
        recap.map(|recap| recap.finish(end)).unwrap_or_default()
    }

    /// Wakes the watching thread.
    pub(crate) fn wake(&self) {
        // A full pipe wakes it as well.
        let _ = rustix::io::write(&self.waker, &[0]);
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    fn append(&mut self, spool: &Spool, now: i64) {
        if self.text.is_empty() {
            return;
        }
        let (stream, since) = (self.stream, self.since);
        let text = std::mem::take(&mut self.text);
        let mut passed = Passed::default();
        self.censor
            .push(stream, &text, now, |stream, text| passed.add(stream, text));
        self.pass(spool, since, passed.0);
        // The buffer is reused for the next text.
        self.text = text;
        self.text.clear();
        self.appended = now;
    }

    /// Appends what was held back long enough; returns whether anything is still held back.
    fn pass_due(&mut self, spool: &Spool, now: i64) -> bool {
        let mut passed = Passed::default();
        let waits = self
            .censor
            .flush_due(now, |stream, text| passed.add(stream, text));
        self.pass(spool, now, passed.0);
        waits
    }

    /// Appends what may be recorded.
    fn pass(&mut self, spool: &Spool, at: i64, texts: Vec<(Stream, String)>) {
        for (stream, text) in texts {
            match &mut self.redacted {
                Some(redacted) => {
                    let hidden = redacted.push(stream as usize, &text);
                    self.event(spool, at, stream, &hidden);
                }
                None => self.event(spool, at, stream, &text),
            }
        }
    }

    fn event(&self, spool: &Spool, at: i64, stream: Stream, text: &str) {
        if text.is_empty() {
            return;
        }
        let event = Output {
            stream,
            text: text.into(),
            of: None,
        };
        spool.append(at, "output", &event);
    }
}

/// Texts to record; consecutive ones of the same stream are joined.
#[derive(Debug, Default)]
struct Passed(Vec<(Stream, String)>);

impl Passed {
    fn add(&mut self, stream: Stream, text: &str) {
        match self.0.last_mut() {
            Some((last, all)) if *last == stream => all.push_str(text),
            _ => self.0.push((stream, text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use playback_wire::{Body, Producer, decode_batch};
    use uuid::Uuid;

    fn texts(dir: &std::path::Path) -> Vec<(Stream, String)> {
        let file = std::fs::read_dir(dir).unwrap().next().unwrap().unwrap();
        let raw = std::fs::read(file.path()).unwrap();
        let events = decode_batch(&raw).unwrap();
        events
            .iter()
            .filter_map(|event| match &event.body {
                Body::Output(output) => Some((output.stream, output.text.to_string())),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_prompt_is_there_at_once_and_dots_are_joined() {
        let dir = tempfile::tempdir().unwrap();
        let spool =
            Spool::create(dir.path(), Uuid::now_v7(), Producer::Supervisor, 1 << 20).unwrap();
        let clock = Clock::fixed(1_000_000_000);
        let (capture, _wakes) = Capture::new(Some(spool), true, None, clock.clone()).unwrap();
        capture.printed(Stream::Stdout, b"Password: ");
        assert_eq!(texts(dir.path()).len(), 1);
        capture.printed(Stream::Stdout, b".");
        capture.printed(Stream::Stdout, b".");
        assert_eq!(texts(dir.path()).len(), 1);
        assert!(capture.flush_due().is_some());
        clock.advance(JOIN_US);
        assert_eq!(capture.flush_due(), None);
        capture.printed(Stream::Stdout, b"a\xe2");
        capture.printed(Stream::Stderr, b"b");
        capture.finish();
        let expected = [
            (Stream::Stdout, "Password: "),
            (Stream::Stdout, ".."),
            (Stream::Stdout, "a"),
            (Stream::Stderr, "b"),
            (Stream::Stdout, "\0xe2"),
        ];
        let expected = expected.map(|(stream, text)| (stream, text.to_owned()));
        assert_eq!(texts(dir.path()), expected);
    }
}
