//! The interface for the Python shim: one method for each of Ansible's hooks.
//!
//! Every entry point first checks whether this is a forked worker, and catches panics: a `PanicException` on Ansible's
//! results thread would hang the playbook for ever. An error turns the recorder off and reaches the shim, which tells
//! the user once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use playback_spool::RunKey;
use playback_wire::{AsyncState, ResultStatus, Stream, printed};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::execution::{Context, Program, Typed};
use crate::options::Options;
use crate::plays::Spelled;
use crate::rescues::Rescues;
use crate::results::Handled;
use crate::run::{self, Run};
use crate::value::is_interrupt;
use crate::{exit, fork, memory, output, plays, results, workers};

/// The recording of one execution.
#[pyclass(frozen, module = "ansible_playback._native")]
pub(crate) struct Recorder {
    run: Arc<Run>,
    rescues: Rescues,
    /// A hook that panics, for the test that a panic is harmless (`PLAYBACK_TEST_PANIC`).
    panics: Option<String>,
}

#[pymethods]
impl Recorder {
    /// Begins an execution. `options` are the plugin's options by name. Only the plugin's caller knows the names of the
    /// extra variables (`extra_var_names`) and what was `typed` at the prompt of `ansible-console`; `rescued` is where
    /// the caller counts rescues. `program`: what a program that uses Ansible as a library runs. `ends_early`: the run
    /// ends before the process does. `run_key` belongs to the execution that a launcher gave, if it gave one.
    #[new]
    #[pyo3(signature = (options, extra_var_names, rescued, typed = None, program = None, ends_early = false, run_key = None))]
    #[allow(clippy::too_many_arguments, reason = "the plugin names them")]
    fn new(
        py: Python<'_>,
        options: &Bound<'_, PyDict>,
        extra_var_names: Vec<Spelled>,
        rescued: Option<Py<PyDict>>,
        typed: Option<Typed>,
        program: Option<Program>,
        ends_early: bool,
        run_key: Option<Spelled>,
    ) -> PyResult<Self> {
        silence_panics();
        let options = protected(|| Ok(Options::read(options)))?;
        let run = protected(|| {
            let names = extra_var_names.into_iter().map(|name| name.0).collect();
            let started = Context::read(py, &options, names, typed, program)?.started;
            fork::watch();
            exit::watch();
            memory::begin();
            memory::share_heap_where_limited();
            // If values cannot be redacted, nothing may be recorded.
            let rules = options.rules().map_err(PyValueError::new_err)?;
            let key = run_key.and_then(|key| RunKey::parse(&key.0));
            Ok(py.detach(|| Run::begin(options, rules, &started, ends_early, key))?)
        })?;
        if run.options.capture_output {
            protected(|| output::capture(py))?;
        }
        let panics = playback_producer::environment::text("PLAYBACK_TEST_PANIC");
        Ok(Self {
            run,
            rescues: Rescues::new(rescued),
            panics,
        })
    }

    /// Whether output is recorded.
    fn captures(&self) -> bool {
        self.run.options.capture_output
    }

    /// Lines that the user should see at once.
    fn notices(&self) -> Vec<String> {
        self.run.notices()
    }

    fn play_start(&self, play: &Bound<'_, PyAny>) -> PyResult<()> {
        self.hook("play_start", play.py(), |run| {
            plays::play_started(run, play)
        })
    }

    fn task_start(&self, task: &Bound<'_, PyAny>) -> PyResult<()> {
        self.hook("task_start", task.py(), |run| {
            plays::task_started(run, task, false)
        })
    }

    fn handler_task_start(&self, task: &Bound<'_, PyAny>) -> PyResult<()> {
        self.hook("handler_task_start", task.py(), |run| {
            plays::task_started(run, task, true)
        })
    }

    fn include(&self, file: &Bound<'_, PyAny>) -> PyResult<()> {
        self.hook("include", file.py(), |run| plays::included(run, file))
    }

    fn notify(&self, handler: &Bound<'_, PyAny>, host: &Bound<'_, PyAny>) -> PyResult<()> {
        self.hook("notify", host.py(), |run| {
            plays::notified(run, handler, host)
        })
    }

    fn stats(&self, stats: &Bound<'_, PyAny>) -> PyResult<()> {
        self.hook("stats", stats.py(), |run| plays::stats(run, stats))
    }

    fn start(&self, host: &Bound<'_, PyAny>, task: &Bound<'_, PyAny>) -> PyResult<()> {
        self.hook("start", host.py(), |run| {
            results::host_started(run, host, task)
        })
    }

    fn ok(&self, result: &Bound<'_, PyAny>) -> PyResult<()> {
        self.hook("ok", result.py(), |run| {
            results::ended(run, result, ResultStatus::Ok, Handled::default())
        })
    }

    fn failed(&self, result: &Bound<'_, PyAny>, ignored: bool) -> PyResult<()> {
        self.hook("failed", result.py(), |run| {
            let rescued = !ignored && results::is_rescued(&self.rescues, result)?;
            let handled = Handled { ignored, rescued };
            results::ended(run, result, ResultStatus::Failed, handled)
        })
    }

    fn skipped(&self, result: &Bound<'_, PyAny>) -> PyResult<()> {
        self.hook("skipped", result.py(), |run| {
            results::ended(run, result, ResultStatus::Skipped, Handled::default())
        })
    }

    fn unreachable(&self, result: &Bound<'_, PyAny>) -> PyResult<()> {
        self.hook("unreachable", result.py(), |run| {
            results::ended(run, result, ResultStatus::Unreachable, Handled::default())
        })
    }

    fn item_ok(&self, result: &Bound<'_, PyAny>) -> PyResult<()> {
        self.hook("item_ok", result.py(), |run| {
            results::item(run, result, ResultStatus::Ok)
        })
    }

    fn item_failed(&self, result: &Bound<'_, PyAny>) -> PyResult<()> {
        self.hook("item_failed", result.py(), |run| {
            results::item(run, result, ResultStatus::Failed)
        })
    }

    fn item_skipped(&self, result: &Bound<'_, PyAny>) -> PyResult<()> {
        self.hook("item_skipped", result.py(), |run| {
            results::item(run, result, ResultStatus::Skipped)
        })
    }

    fn retry(&self, result: &Bound<'_, PyAny>) -> PyResult<()> {
        self.hook("retry", result.py(), |run| results::retry(run, result))
    }

    fn async_poll(&self, result: &Bound<'_, PyAny>) -> PyResult<()> {
        self.hook("async_poll", result.py(), |run| {
            results::polled(run, result, AsyncState::Running)
        })
    }

    fn async_ok(&self, result: &Bound<'_, PyAny>) -> PyResult<()> {
        self.hook("async_ok", result.py(), |run| {
            results::polled(run, result, AsyncState::Ok)
        })
    }

    fn async_failed(&self, result: &Bound<'_, PyAny>) -> PyResult<()> {
        self.hook("async_failed", result.py(), |run| {
            results::polled(run, result, AsyncState::Failed)
        })
    }

    /// Ansible removed the host's latest result from its recap.
    fn retracted(&self, py: Python<'_>, host: Spelled) -> PyResult<()> {
        self.hook("retracted", py, |run| {
            results::retracted(run, &host.0);
            Ok(())
        })
    }

    /// Stops recording: something went wrong in the shim.
    fn turn_off(&self, py: Python<'_>) -> PyResult<()> {
        self.run.turn_off();
        protected(|| output::release(py))
    }
}

impl Recorder {
    fn hook(
        &self,
        name: &'static str,
        py: Python<'_>,
        body: impl FnOnce(&Run) -> PyResult<()>,
    ) -> PyResult<()> {
        if fork::in_child() || !self.run.enter() {
            return Ok(());
        }
        let started = self.run.stats.start();
        let result = protected(|| {
            assert!(self.panics.as_deref() != Some(name), "asked for by a test");
            body(&self.run)
        });
        self.run.stats.stop(name, started);
        if let Err(error) = &result
            && !is_interrupt(py, error)
        {
            self.run.turn_off();
        }
        result
    }
}

/// Ansible begins to show an event on this thread.
#[pyfunction]
pub(crate) fn dispatch_begins() {
    with_active(|run| run.dispatch_begins());
}

/// Ansible has finished showing it.
#[pyfunction]
pub(crate) fn dispatch_ends() {
    with_active(|run| {
        // Text printed meanwhile is recorded now.
        let started = run.stats.start();
        run.dispatch_ends();
        run.stats.stop("output", started);
    });
}

/// Python's `input` is about to print a prompt that bypasses `sys.stdout`.
#[pyfunction]
pub(crate) fn prompts(text: Spelled) {
    with_active(|run| run.printed(Stream::Stdout, &text.0));
}

/// Python has written to a standard stream's descriptor, here or in a worker.
#[pyfunction]
pub(crate) fn wrote(py: Python<'_>, number: i32, bytes: &[u8]) {
    let stream = if number == 2 {
        Stream::Stderr
    } else {
        Stream::Stdout
    };
    if fork::in_child() {
        workers::printed(py, stream, bytes);
    } else {
        with_active(|run| {
            if run.options.capture_output {
                run.printed(stream, &printed::from_bytes(bytes));
            }
        });
    }
}

/// A program was started, here or in a worker, that inherited a standard stream of Ansible's.
#[pyfunction]
pub(crate) fn started_program() {
    workers::started_program();
}

/// Whether this process is a fork of one that recorded: nothing can be recorded here.
#[pyfunction]
pub(crate) fn in_child() -> bool {
    fork::in_child()
}

/// Whether a recording was set up in this process and no hook has reached it yet.
#[pyfunction]
pub(crate) fn is_waiting() -> bool {
    !fork::in_child() && run::active().is_some_and(|run| run.is_untouched())
}

/// Whether the native code learns the exit code by itself; otherwise `end` has to be told.
#[pyfunction]
pub(crate) fn knows_exit_code() -> bool {
    exit::KNOWS_EXIT_CODE
}

/// The process is about to end: by `signal`, or with `exit_code`. Returns a line for the user.
#[pyfunction]
#[pyo3(signature = (*, exit_code = None, signal = None))]
pub(crate) fn end(
    py: Python<'_>,
    exit_code: Option<i32>,
    signal: Option<i32>,
) -> PyResult<Option<String>> {
    if fork::in_child() {
        return Ok(None);
    }
    protected(|| {
        Ok(py.detach(|| {
            if let (Some(signal), Some(run)) = (signal, run::active()) {
                run.signalled(signal);
            }
            run::end_active(exit_code)
        }))
    })
}

/// In a forked worker, `signal` has its default action again.
#[pyfunction]
pub(crate) fn default_in_workers(signal: i32) {
    fork::restore_in_child(signal);
}

fn with_active(body: impl FnOnce(&Run)) {
    if !fork::in_child()
        && let Some(run) = run::active()
        && catch_unwind(AssertUnwindSafe(|| body(&run))).is_err()
    {
        run.turn_off();
    }
}

/// Runs `body`; a panic becomes an ordinary exception.
fn protected<T>(body: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        Err(PyRuntimeError::new_err(format!("internal error: {text}")))
    })
}

/// Panics are reported in one line by the code that catches them, not by a trace on standard error. The hook only
/// affects this module's copy of the standard library.
fn silence_panics() {
    static SILENCED: std::sync::Once = std::sync::Once::new();
    SILENCED.call_once(|| std::panic::set_hook(Box::new(|_| {})));
}
