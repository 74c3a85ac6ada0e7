//! What the process prints, beside the event that it belongs to.
//!
//! `write` of `sys.stdout` and `sys.stderr` is replaced on the instances by [`Write`], which prints as
//! before and then notes the text. While Ansible shows an event (`TaskQueueManager.send_callback`), the
//! text waits: the stdout callback runs before the recorder's hook, and the output names the event
//! (`of`). Outside of that, text is appended at once, so that a prompt is seen while it waits.
//!
//! Two threads dispatch, one after the other under Ansible's own lock; a third may print meanwhile.
//! The texts leave in the order in which they were printed, whoever printed them. Where something is to be
//! hidden, each line leaves when it is whole.

use playback_redact::Printed;
use playback_spool::Spool;
use playback_wire::{Output as OutputEvent, Stream};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::{censor, clock, fork, run, text};

/// Texts that wait for their event.
#[derive(Debug)]
pub(crate) struct Output {
    redacted: Option<Printed>,
    /// The texts, one after the other.
    waiting: String,
    segments: Vec<Segment>,
    /// How many segments have left already.
    gone: usize,
    dispatches: Vec<Dispatch>,
    next: u64,
}

#[derive(Debug)]
struct Segment {
    /// The dispatch that printed it; None: another thread, meanwhile.
    dispatch: Option<u64>,
    stream: Stream,
    from: usize,
    to: usize,
}

/// Ansible is showing an event.
#[derive(Debug)]
struct Dispatch {
    id: u64,
    thread: usize,
    seq: Option<u64>,
    censored: bool,
    ended: bool,
}

/// A mark of the calling thread: the address of a variable of its own.
fn this_thread() -> usize {
    thread_local!(static MARK: u8 = const { 0 });
    MARK.try_with(|mark| std::ptr::from_ref(mark) as usize)
        .unwrap_or(0)
}

impl Output {
    /// `redacted`: what takes out of the text what is hidden.
    pub(crate) fn new(redacted: Option<Printed>) -> Self {
        Self {
            redacted,
            waiting: String::new(),
            segments: Vec::new(),
            gone: 0,
            dispatches: Vec::new(),
            next: 0,
        }
    }

    /// Ansible begins to show an event on this thread.
    pub(crate) fn begin(&mut self) {
        self.next += 1;
        self.dispatches.push(Dispatch {
            id: self.next,
            thread: this_thread(),
            seq: None,
            censored: false,
            ended: false,
        });
    }

    /// The event that this thread is showing has the number `seq`; `censored`: its task has `no_log`.
    pub(crate) fn shows(&mut self, seq: Option<u64>, censored: bool) {
        let thread = this_thread();
        if let Some(dispatch) = self.open(thread) {
            dispatch.seq = dispatch.seq.or(seq);
            dispatch.censored |= censored;
        }
    }

    /// Ansible is done with the event of this thread.
    pub(crate) fn end(&mut self, spool: &Spool, max_event_bytes: usize) {
        let thread = this_thread();
        if let Some(dispatch) = self.open(thread) {
            dispatch.ended = true;
        }
        self.drain(spool, max_event_bytes, false);
    }

    /// Something was printed.
    pub(crate) fn printed(
        &mut self,
        stream: Stream,
        text: &str,
        spool: &Spool,
        max_event_bytes: usize,
    ) {
        let thread = this_thread();
        let dispatch = self.open(thread).map(|dispatch| dispatch.id);
        if dispatch.is_none() && self.segments.is_empty() {
            append(
                &mut self.redacted,
                spool,
                stream,
                text,
                None,
                max_event_bytes,
            );
            return;
        }
        let from = self.waiting.len();
        self.waiting.push_str(text);
        self.segments.push(Segment {
            dispatch,
            stream,
            from,
            to: self.waiting.len(),
        });
    }

    /// Appends everything that waits, whoever is still busy: the process ends.
    pub(crate) fn flush(&mut self, spool: &Spool, max_event_bytes: usize) {
        self.drain(spool, max_event_bytes, true);
        for stream in [Stream::Stdout, Stream::Stderr] {
            if let Some(redacted) = &mut self.redacted {
                let rest = redacted.finish(stream as usize);
                append(&mut None, spool, stream, &rest, None, max_event_bytes);
            }
        }
    }

    fn open(&mut self, thread: usize) -> Option<&mut Dispatch> {
        self.dispatches
            .iter_mut()
            .rev()
            .find(|dispatch| dispatch.thread == thread && !dispatch.ended)
    }

    fn drain(&mut self, spool: &Spool, max_event_bytes: usize, all: bool) {
        while let Some(first) = self.segments.get(self.gone) {
            let dispatch = first
                .dispatch
                .and_then(|id| self.dispatches.iter().find(|dispatch| dispatch.id == id));
            if dispatch.is_some_and(|dispatch| !dispatch.ended && !all) {
                return;
            }
            let seq = dispatch.and_then(|dispatch| dispatch.seq);
            let censored = dispatch.is_some_and(|dispatch| dispatch.censored);
            let (id, stream, from) = (first.dispatch, first.stream, first.from);
            let hidden = |segment: &Segment| {
                censored && censor::may_tell(&self.waiting[segment.from..segment.to])
            };
            let hides = hidden(first);
            // What one dispatch wrote to one stream is one event, and hidden blocks are one line.
            let run = self.segments[self.gone..]
                .iter()
                .take_while(|segment| {
                    segment.dispatch == id && segment.stream == stream && hidden(segment) == hides
                })
                .count();
            let to = self.segments[self.gone + run - 1].to;
            self.gone += run;
            let text = if hides {
                censor::PLACEHOLDER
            } else {
                &self.waiting[from..to]
            };
            append(
                &mut self.redacted,
                spool,
                stream,
                text,
                seq,
                max_event_bytes,
            );
        }
        self.segments.clear();
        self.gone = 0;
        self.waiting.clear();
        // One enormous line must not be paid for ever after.
        self.waiting.shrink_to(1 << 20);
        self.dispatches.retain(|dispatch| !dispatch.ended);
    }
}

/// Appends a text, as several events where it is long. An escaped byte takes up to six in JSON.
fn append(
    redacted: &mut Option<Printed>,
    spool: &Spool,
    stream: Stream,
    text: &str,
    of: Option<u64>,
    max_event_bytes: usize,
) {
    let at = clock::now_us();
    let hidden = redacted
        .as_mut()
        .map(|redacted| redacted.push(stream as usize, text));
    let mut rest = hidden.as_deref().unwrap_or(text);
    while !rest.is_empty() {
        let (part, more) = rest.split_at(text::floor_boundary(rest, max_event_bytes / 8));
        let event = OutputEvent {
            stream,
            text: part.into(),
            of,
        };
        spool.append(at, "output", &event);
        rest = more;
    }
}

/// Stands in for `write` of one standard stream.
#[pyclass(frozen, module = "ansible_playback._native")]
pub(crate) struct Write {
    original: Py<PyAny>,
    stream_object: Py<PyAny>,
    stream: Stream,
}

#[pymethods]
impl Write {
    #[pyo3(signature = (text, /))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        text: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let written = self.original.bind(py).call1((text,))?;
        if !fork::in_child()
            && let Some(run) = run::active()
            && let Ok(text) = text.cast::<PyString>()
        {
            let started = run.stats.start();
            match text.to_str() {
                Ok(text) => run.printed(self.stream, text),
                Err(_) => {
                    if let Ok(text) = self.as_printed(text) {
                        run.printed(self.stream, &text);
                    }
                }
            }
            run.stats.stop("output", started);
        }
        Ok(written)
    }
}

impl Write {
    /// Text with lone surrogates, as the stream encoded it.
    fn as_printed(&self, text: &Bound<'_, PyString>) -> PyResult<String> {
        let py = text.py();
        let stream = self.stream_object.bind(py);
        let bytes = py.get_type::<PyString>().call_method1(
            "encode",
            (text, stream.getattr("encoding")?, stream.getattr("errors")?),
        )?;
        Ok(text::spell_out(bytes.cast::<PyBytes>()?.as_bytes()))
    }
}

/// Begins to note what is printed; a second call changes nothing.
///
/// # Errors
/// A standard stream does not allow it.
pub(crate) fn capture(py: Python<'_>) -> PyResult<()> {
    let sys = py.import("sys")?;
    for (name, stream) in [("stdout", Stream::Stdout), ("stderr", Stream::Stderr)] {
        let object = sys.getattr(name)?;
        let original = object.getattr("write")?;
        if original.is_instance_of::<Write>() {
            continue;
        }
        let write = Write {
            original: original.unbind(),
            stream_object: object.clone().unbind(),
            stream,
        };
        object.setattr("write", Bound::new(py, write)?)?;
    }
    Ok(())
}

/// Takes the wrappers off again, where they are still ours.
pub(crate) fn release(py: Python<'_>) -> PyResult<()> {
    let sys = py.import("sys")?;
    for name in ["stdout", "stderr"] {
        let object = sys.getattr(name)?;
        if object.getattr("write")?.is_instance_of::<Write>() {
            object.delattr("write")?;
        }
    }
    Ok(())
}
