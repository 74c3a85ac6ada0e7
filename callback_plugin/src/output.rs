//! Captures the process's output, and links it to the event that it belongs to.
//!
//! `write` of `sys.stdout` and `sys.stderr` is replaced on the instances by [`Write`], which prints as before and then
//! notes the text. While Ansible shows an event (`TaskQueueManager.send_callback`), the text waits: the stdout callback
//! runs before the recorder's hook, and the output names the event (`of`). Otherwise text is appended at once, so that
//! a prompt is seen while it waits.
//!
//! Two threads dispatch, one after the other under Ansible's own lock; a third may print meanwhile. The texts are
//! appended in the order in which they were printed, by whatever thread. With redaction, each line is appended when it
//! is complete.

use playback_recorder_core::clock;
use playback_recorder_core::secret::{PLACEHOLDER, may_tell};
use playback_redact::Printed;
use playback_spool::Spool;
use playback_wire::{Output as OutputEvent, Stream, printed};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::{fork, run, workers};

/// Texts that wait for their event.
#[derive(Debug)]
pub(crate) struct Output {
    redacted: Option<Printed>,
    /// The texts, one after the other.
    waiting: String,
    segments: Vec<Segment>,
    /// How many segments have been appended already.
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

/// Identifies the calling thread: the address of a thread-local variable.
fn this_thread() -> usize {
    thread_local!(static MARK: u8 = const { 0 });
    MARK.try_with(|mark| std::ptr::from_ref(mark) as usize)
        .unwrap_or(0)
}

impl Output {
    /// `redacted`: redacts the text, if there are rules.
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

    /// Ansible has finished this thread's event.
    pub(crate) fn end(&mut self, spool: &Spool, max_event_bytes: usize) {
        let thread = this_thread();
        if let Some(dispatch) = self.open(thread) {
            dispatch.ended = true;
        }
        self.drain(spool, max_event_bytes, false);
    }

    /// Text was printed.
    pub(crate) fn printed(
        &mut self,
        stream: Stream,
        text: &str,
        spool: &Spool,
        max_event_bytes: usize,
    ) {
        let thread = this_thread();
        let dispatch = self.open(thread).map(|dispatch| dispatch.id);
        self.note(dispatch, stream, text, spool, max_event_bytes);
    }

    /// Adds what workers have printed since. It belongs to no event, whatever is being shown.
    pub(crate) fn workers(&mut self, spool: &Spool, max_event_bytes: usize) {
        for text in workers::take() {
            let bytes = printed::from_bytes(&text.bytes);
            self.note(None, text.stream, &bytes, spool, max_event_bytes);
        }
    }

    fn note(
        &mut self,
        dispatch: Option<u64>,
        stream: Stream,
        text: &str,
        spool: &Spool,
        max_event_bytes: usize,
    ) {
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

    /// Appends everything that waits, whatever is still running: the process ends.
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
            let hidden =
                |segment: &Segment| censored && may_tell(&self.waiting[segment.from..segment.to]);
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
                PLACEHOLDER
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
        // One enormous line must not occupy memory forever.
        self.waiting.shrink_to(1 << 20);
        self.dispatches.retain(|dispatch| !dispatch.ended);
    }
}

/// Appends a text, as several events if it is long. An escaped byte takes up to six in JSON.
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
        let (part, more) = rest.split_at(printed::floor_boundary(rest, max_event_bytes / 8));
        let event = OutputEvent {
            stream,
            text: part.into(),
            of,
        };
        spool.append(at, "output", &event);
        rest = more;
    }
}

/// Replaces `write` of one standard stream.
#[pyclass(frozen, module = "ansible_playback._native")]
pub(crate) struct Write {
    original: Py<PyAny>,
    stream_object: Py<PyAny>,
    stream: Stream,
    /// In a worker: text written and still buffered by the stream.
    held: Py<PyList>,
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
        if fork::in_child() {
            // Our errors must not affect a worker.
            let _ = self.written_by_worker(py, text);
        } else if let Some(run) = run::active()
            && let Ok(text) = text.cast::<PyString>()
        {
            let started = run.stats.start();
            match text.to_str() {
                Ok(text) if !text.contains('\0') => run.printed(self.stream, text),
                _ => {
                    if let Ok(bytes) = self.encoded(text) {
                        run.printed(self.stream, &printed::from_bytes(bytes.as_bytes()));
                    }
                }
            }
            run.stats.stop("output", started);
        }
        Ok(written)
    }
}

impl Write {
    /// Text as the stream encoded it.
    fn encoded<'py>(&self, text: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyBytes>> {
        let py = text.py();
        let stream = self.stream_object.bind(py);
        let bytes = py.get_type::<PyString>().call_method1(
            "encode",
            (text, stream.getattr("encoding")?, stream.getattr("errors")?),
        )?;
        Ok(bytes.cast_into::<PyBytes>()?)
    }

    /// A worker's text counts as printed when the stream flushes it; what is still buffered when the worker ends is
    /// lost.
    fn written_by_worker(&self, py: Python<'_>, text: &Bound<'_, PyAny>) -> PyResult<()> {
        /// The most text that a Python stream buffers.
        const HELD: usize = 8192;
        let text = text.cast::<PyString>()?;
        let stream = self.stream_object.bind(py);
        // Since 2.19 a worker has other streams, and the inherited ones lead nowhere.
        if !py.import("sys")?.getattr(name_of(self.stream))?.is(stream) {
            return Ok(());
        }
        let held = self.held.bind(py);
        held.append(text)?;
        let flag = |name: &str| stream.getattr(name)?.is_truthy();
        let ends_line = || PyResult::Ok(text.contains("\n")? || text.contains("\r")?);
        if flag("write_through")? || (flag("line_buffering")? && ends_line()?) {
            return self.let_go(py);
        }
        let mut size = 0;
        for text in held.iter() {
            size += text.len()?;
        }
        if size > HELD { self.let_go(py) } else { Ok(()) }
    }

    /// In a worker: the stream's buffer is empty.
    fn let_go(&self, py: Python<'_>) -> PyResult<()> {
        let held = self.held.bind(py);
        for text in held.iter() {
            workers::printed(py, self.stream, self.encoded(text.cast()?)?.as_bytes());
        }
        held.call_method0("clear")?;
        Ok(())
    }
}

/// Replaces `flush` of one standard stream: in a worker, that is when text is printed.
#[pyclass(frozen, module = "ansible_playback._native")]
pub(crate) struct Flush {
    original: Py<PyAny>,
    write: Py<Write>,
}

#[pymethods]
impl Flush {
    fn __call__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let flushed = self.original.bind(py).call0()?;
        if fork::in_child() {
            let _ = self.write.get().let_go(py);
        }
        Ok(flushed)
    }
}

fn name_of(stream: Stream) -> &'static str {
    stream.as_str()
}

/// Starts capturing output; a second call changes nothing.
///
/// # Errors
/// A standard stream does not allow it.
pub(crate) fn capture(py: Python<'_>) -> PyResult<()> {
    workers::open();
    let sys = py.import("sys")?;
    for stream in [Stream::Stdout, Stream::Stderr] {
        let object = sys.getattr(name_of(stream))?;
        let original = object.getattr("write")?;
        if original.is_instance_of::<Write>() {
            continue;
        }
        let flush = object.getattr("flush")?.unbind();
        let write = Write {
            original: original.unbind(),
            stream_object: object.clone().unbind(),
            stream,
            held: PyList::empty(py).unbind(),
        };
        let write = Bound::new(py, write)?;
        object.setattr("write", &write)?;
        let flush = Flush {
            original: flush,
            write: write.unbind(),
        };
        object.setattr("flush", Bound::new(py, flush)?)?;
    }
    Ok(())
}

/// Removes the wrappers, if they are still ours.
pub(crate) fn release(py: Python<'_>) -> PyResult<()> {
    workers::close();
    let sys = py.import("sys")?;
    for stream in [Stream::Stdout, Stream::Stderr] {
        let object = sys.getattr(name_of(stream))?;
        if object.getattr("write")?.is_instance_of::<Write>() {
            object.delattr("write")?;
        }
        if object.getattr("flush")?.is_instance_of::<Flush>() {
            object.delattr("flush")?;
        }
    }
    Ok(())
}
