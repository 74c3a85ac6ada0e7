//! The hooks about the structure: plays, tasks, handlers, includes, notifications, the recap.

use std::collections::BTreeMap;

use playback_recorder_core::clock;
use playback_recorder_core::tasks::Announced;
use playback_wire::{HostStats, Included, Notified, PlayStarted, Stats, TaskStarted};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::foreign::key_text;
use crate::results::{host_name, is_template, uuid};
use crate::run::Run;
use crate::{censor, content};

/// `v2_playbook_on_play_start`.
pub(crate) fn play_started(run: &Run, play: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = play.py();
    let strategy = text(&play.getattr(intern!(py, "strategy"))?);
    // Strategies in collections are named after the ones that they extend.
    let joins = strategy.contains("free") || strategy.contains("host_pinned");
    let number = run.ledger().play(joins);
    let name = text(&play.call_method0(intern!(py, "get_name"))?);
    let hosts = play.getattr(intern!(py, "hosts"))?;
    let hosts = match hosts.extract::<Vec<Spelled>>() {
        Ok(patterns) if !hosts.is_instance_of::<PyString>() => {
            let patterns: Vec<String> = patterns.into_iter().map(|pattern| pattern.0).collect();
            patterns.join(",")
        }
        _ => text(&hosts),
    };
    let event = PlayStarted {
        play: number,
        name: name.into(),
        hosts: hosts.into(),
        strategy: strategy.into(),
    };
    let seq = run.spool.append(clock::now_us(), "play_started", &event);
    run.shows(seq, false);
    Ok(())
}

/// `v2_playbook_on_task_start` and `v2_playbook_on_handler_task_start`.
pub(crate) fn task_started(run: &Run, task: &Bound<'_, PyAny>, handler: bool) -> PyResult<()> {
    let uuid = uuid(task)?;
    let announced = run.ledger().announce(uuid.to_str()?);
    match announced {
        Announced::New(number) => append_task(run, task, &uuid, number, handler),
        Announced::Existing(seq) => {
            run.shows(seq, false);
            Ok(())
        }
    }
}

/// Begins a task whose announcement was missed, or that a host begins again; returns its number.
pub(crate) fn begin_task(run: &Run, task: &Bound<'_, PyAny>, handler: bool) -> PyResult<u32> {
    let uuid = uuid(task)?;
    let number = run.ledger().begin(uuid.to_str()?);
    append_task(run, task, &uuid, number, handler)?;
    Ok(number)
}

fn append_task(
    run: &Run,
    task: &Bound<'_, PyAny>,
    uuid: &Bound<'_, PyString>,
    number: u32,
    handler: bool,
) -> PyResult<()> {
    let py = task.py();
    let at = clock::now_us();
    let action = text(&task.getattr(intern!(py, "action"))?);
    let name = text(&task.getattr(intern!(py, "name"))?);
    let place = text(&task.call_method0(intern!(py, "get_path"))?);
    let (path, line) = match place.rsplit_once(':') {
        Some((path, line)) => (path, line.parse().unwrap_or(0)),
        None => (place.as_str(), 0),
    };
    let role = task.getattr(intern!(py, "_role"))?;
    let role = if role.is_none() {
        String::new()
    } else {
        text(&role.call_method0(intern!(py, "get_name"))?)
    };
    let no_log = task.getattr(intern!(py, "no_log"))?;
    // A template counts as true until results show its value.
    let no_log_unknown = no_log.is_instance_of::<PyString>();
    let no_log = !censor::is_false(&no_log);
    let event = TaskStarted {
        task: number,
        play: run.ledger().current_play(),
        name: if name.is_empty() {
            action.as_str().into()
        } else {
            name.into()
        },
        action: action.as_str().into(),
        path: path.into(),
        line,
        role: role.into(),
        tags: task
            .getattr(intern!(py, "tags"))?
            .extract()
            .unwrap_or_default(),
        handler: handler || is_handler(task)?,
        no_log,
        no_log_unknown,
        args: None,
    };
    let args = task.getattr(intern!(py, "args"))?;
    let args = args
        .cast::<PyDict>()
        .ok()
        .filter(|_| run.options.record_args && !no_log);
    let seq = match args {
        None => run.spool.append(at, "task_started", &event),
        Some(args) => {
            let mut walked = Ok(());
            let seq = run
                .spool
                .append_with(at, "task_started", &event, "args", |out| {
                    walked = content::push_args(
                        out,
                        args,
                        run.options.max_event_bytes() / 2,
                        run.rules(),
                    );
                    if walked.is_err() {
                        out.extend_from_slice(b"{}");
                    }
                });
            walked?;
            seq
        }
    };
    run.ledger()
        .announced_as(uuid.to_str()?, seq, is_template(&action));
    run.shows(seq, no_log);
    Ok(())
}

fn is_handler(task: &Bound<'_, PyAny>) -> PyResult<bool> {
    // In every version, handlers have a class of their own.
    Ok(task.get_type().name()?.to_str()?.starts_with("Handler"))
}

/// `v2_playbook_on_notify`.
pub(crate) fn notified(
    run: &Run,
    handler: &Bound<'_, PyAny>,
    host: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let name = handler.call_method0(intern!(handler.py(), "get_name"))?;
    let host = host_name(host)?;
    let event = Notified {
        handler: text(&name).into(),
        host: host.to_str()?.into(),
    };
    let seq = run.spool.append(clock::now_us(), "notified", &event);
    run.shows(seq, false);
    Ok(())
}

/// `v2_playbook_on_include`. The include's arguments may hold secrets: only the file and the hosts are recorded.
pub(crate) fn included(run: &Run, file: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = file.py();
    let path = text(&file.getattr(intern!(py, "_filename"))?);
    let mut hosts = Vec::new();
    for host in file.getattr(intern!(py, "_hosts"))?.try_iter()? {
        hosts.push(host_name(&host?)?.to_str()?.to_owned());
    }
    let event = Included {
        path: path.into(),
        hosts,
    };
    let seq = run.spool.append(clock::now_us(), "included", &event);
    run.shows(seq, false);
    Ok(())
}

/// `v2_playbook_on_stats`: running totals, once for each playbook.
pub(crate) fn stats(run: &Run, stats: &Bound<'_, PyAny>) -> PyResult<()> {
    let mut hosts: BTreeMap<String, HostStats> = BTreeMap::new();
    for host in stats.getattr("processed")?.cast::<PyDict>()?.keys() {
        hosts.insert(text(&host), HostStats::default());
    }
    let mut count = |name: &str, field: fn(&mut HostStats) -> &mut u64| -> PyResult<()> {
        for (host, count) in stats.getattr(name)?.cast::<PyDict>()?.iter() {
            *field(hosts.entry(text(&host)).or_default()) = count.extract()?;
        }
        Ok(())
    };
    count("ok", |host| &mut host.ok)?;
    count("changed", |host| &mut host.changed)?;
    count("dark", |host| &mut host.unreachable)?;
    count("failures", |host| &mut host.failed)?;
    count("skipped", |host| &mut host.skipped)?;
    count("rescued", |host| &mut host.rescued)?;
    count("ignored", |host| &mut host.ignored)?;
    let seq = run.spool.append(clock::now_us(), "stats", &Stats { hosts });
    run.shows(seq, false);
    Ok(())
}

/// An argument of the plugin, recorded as [`text`] whatever bytes it stands for.
#[derive(Debug, Clone)]
pub(crate) struct Spelled(pub(crate) String);

impl<'py> FromPyObject<'_, 'py> for Spelled {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(text(&value)))
    }
}

/// A string with [`text`] as its text, so that its text can be read.
pub(crate) fn spelled(value: Bound<'_, PyString>) -> Bound<'_, PyString> {
    match value.to_str() {
        Ok(_) => value,
        Err(_) => PyString::new(value.py(), &text(value.as_any())),
    }
}

/// The text of a string, with lone surrogates spelled out; empty for anything else, which is never converted.
pub(crate) fn text(value: &Bound<'_, PyAny>) -> String {
    match value.cast::<PyString>() {
        Ok(text) => match text.to_str() {
            Ok(text) => text.to_owned(),
            Err(_) => key_text(value),
        },
        Err(_) => String::new(),
    }
}
