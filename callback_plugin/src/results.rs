//! The hooks about the outcome of a task, or part of it, on a host.
//!
//! Per result only the host's name, the task's identity and the returned data are read; everything about the task was
//! read when it began.

use playback_recorder_core::clock;
use playback_recorder_core::tasks::TaskProgress;
use playback_wire::{
    AsyncPoll, AsyncState, Facts, HostStarted, Item, ResultStatus, Retracted, Retry, TaskResult,
};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};

use crate::censor;
use crate::content::{self, Rules};
use crate::plays::{self, spelled};
use crate::rescues::Rescues;
use crate::run::Run;
use crate::value::unexpected;

/// The parts of a hook's argument.
struct HookArgument<'py> {
    host: Bound<'py, PyString>,
    task: Bound<'py, PyAny>,
    uuid: Bound<'py, PyString>,
    data: Bound<'py, PyDict>,
    at: i64,
}

impl<'py> HookArgument<'py> {
    fn read(result: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = result.py();
        let task = result.getattr(intern!(py, "_task"))?;
        Ok(Self {
            host: host_name(&result.getattr(intern!(py, "_host"))?)?,
            uuid: uuid(&task)?,
            task,
            data: data(result)?,
            at: clock::now_us(),
        })
    }

    fn flag(&self, key: &Bound<'py, PyString>) -> PyResult<bool> {
        match self.data.get_item(key)? {
            Some(value) => value.is_truthy(),
            None => Ok(false),
        }
    }

    fn number(&self, key: &Bound<'py, PyString>) -> PyResult<Option<u32>> {
        Ok(self
            .data
            .get_item(key)?
            .and_then(|value| value.extract().ok()))
    }

    fn rules<'r>(&self, run: &'r Run, censored: bool, items_sent: bool) -> Rules<'r> {
        Rules {
            hidden: run.rules(),
            items_sent,
            diff: run.options.diff,
            censored,
            // Arguments of ad-hoc commands may be secret, and modules repeat them.
            hides_command: run.is_adhoc && !run.options.record_args,
            max_bytes: run.options.max_event_bytes(),
        }
    }
}

/// Where a version of Ansible keeps the cleaned and censored data.
#[derive(Debug, Clone, Copy)]
enum DataSource {
    /// Up to 2.18.
    Result,
    /// 2.19 and 2.20 keep it unchanged; `_result` is a slow conversion there.
    ReturnData,
    /// 2.21 builds it from a private object; what it builds for callbacks is converted, slowly, and loses types.
    Unified,
}

fn data<'py>(result: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    static SOURCE: PyOnceLock<DataSource> = PyOnceLock::new();
    let py = result.py();
    let unified = intern!(py, "_CallbackTaskResult__utr");
    let source = *SOURCE.get_or_try_init(py, || {
        PyResult::Ok(if result.hasattr(intern!(py, "_return_data"))? {
            DataSource::ReturnData
        } else if result.hasattr(unified)? {
            DataSource::Unified
        } else {
            DataSource::Result
        })
    })?;
    let data = match source {
        DataSource::Result => result.getattr(intern!(py, "_result"))?,
        DataSource::ReturnData => result.getattr(intern!(py, "_return_data"))?,
        DataSource::Unified => {
            let unified = result.getattr(unified)?;
            let task = result.getattr(intern!(py, "_task"))?;
            let no_log = intern!(py, "no_log");
            if task.getattr(no_log)?.is_truthy()? || unified.getattr(no_log)?.is_truthy()? {
                // Ansible censors it.
                result.getattr(intern!(py, "_result"))?
            } else {
                let all = PyDict::new(py);
                all.set_item(intern!(py, "for_round_trip"), true)?;
                let made = unified.call_method(intern!(py, "as_result_dict"), (), Some(&all))?;
                for status in ["failed", "skipped"] {
                    // The hook's name says that.
                    let _ = made.call_method1(intern!(py, "pop"), (status, py.None()))?;
                }
                made
            }
        }
    };
    data.cast_into::<PyDict>()
        .map_err(|_| unexpected("result data"))
}

/// A host's inventory name, as it is recorded.
pub(crate) fn host_name<'py>(host: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    ansibles_name(host).map(spelled)
}

/// A host's inventory name, as Ansible knows it.
fn ansibles_name<'py>(host: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    let name = host.getattr(intern!(host.py(), "name"))?;
    name.cast_into::<PyString>()
        .map_err(|_| unexpected("host name"))
}

/// A task's identity, as far as Ansible has one.
pub(crate) fn uuid<'py>(task: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    let uuid = task.getattr(intern!(task.py(), "_uuid"))?;
    uuid.cast_into::<PyString>()
        .map_err(|_| unexpected("task uuid"))
}

/// `v2_runner_on_start`: a task is handed to a host.
pub(crate) fn host_started(
    run: &Run,
    host: &Bound<'_, PyAny>,
    task: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let (name, uuid) = (host_name(host)?, uuid(task)?);
    let at = clock::now_us();
    let begun = run.ledger().host_begins(uuid.to_str()?, name.to_str()?, at);
    let number = match begun {
        Some(number) => number,
        None => {
            plays::begin_task(run, task, false)?;
            run.ledger()
                .host_begins(uuid.to_str()?, name.to_str()?, at)
                .unwrap_or_default()
        }
    };
    let event = HostStarted {
        task: number,
        host: name.to_str()?.into(),
        groups: groups(run, host, name.to_str()?)?,
    };
    let seq = run.spool.append(at, "host_started", &event);
    run.shows(seq, false);
    Ok(())
}

/// The groups of a host, as in `group_names`, unless they are already known. Read once a play, because a task may change
/// them (`group_by`, `add_host`).
fn groups(run: &Run, host: &Bound<'_, PyAny>, name: &str) -> PyResult<Option<Vec<String>>> {
    if !run.ledger().needs_groups(name) {
        return Ok(None);
    }
    let py = host.py();
    let mut names = Vec::new();
    for group in host.call_method0(intern!(py, "get_groups"))?.try_iter()? {
        let name = plays::text(&group?.getattr(intern!(py, "name"))?);
        if name != "all" {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(run.ledger().tells_groups(name, &names).then_some(names))
}

/// How a failure was handled.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Handled {
    /// It was ignored.
    pub(crate) ignored: bool,
    /// A `rescue` handled it.
    pub(crate) rescued: bool,
}

/// Whether a `rescue` handles the failure in `result`.
pub(crate) fn is_rescued(rescues: &Rescues, result: &Bound<'_, PyAny>) -> PyResult<bool> {
    let host = ansibles_name(&result.getattr(intern!(result.py(), "_host"))?)?;
    rescues.claims(&host)
}

/// `v2_runner_on_{ok,failed,skipped,unreachable}`: a task ended on a host.
pub(crate) fn ended(
    run: &Run,
    result: &Bound<'_, PyAny>,
    status: ResultStatus,
    handled: Handled,
) -> PyResult<()> {
    let py = result.py();
    let told = HookArgument::read(result)?;
    let found = run.ledger().end(told.uuid.to_str()?, told.host.to_str()?);
    let found = resolve(run, &told, found)?;
    let censored = censor::is_censored(&told.data);
    let delegate = delegate(&told, status)?;
    let action = ran(&told, found)?;
    let (delegates, actions) = if found.items > 0 {
        // A loop as a whole was run by whatever ran its items.
        let names = run
            .ledger()
            .take_item_names(found.task, told.host.to_str()?);
        (names.delegates.join(","), names.actions.join(","))
    } else {
        (text_or_empty(&delegate)?, text_or_empty(&action)?)
    };
    let event = TaskResult {
        task: found.task,
        host: told.host.to_str()?.into(),
        status,
        changed: told.flag(intern!(py, "changed"))?,
        ignored: handled.ignored
            || (status == ResultStatus::Unreachable && ignores_unreachable(result)?),
        rescued: handled.rescued,
        started: found.started,
        attempts: told.number(intern!(py, "attempts"))?,
        items: Some(found.items).filter(|items| *items > 0),
        delegated_to: Some(delegates)
            .filter(|names| !names.is_empty())
            .map(Into::into),
        action: Some(actions)
            .filter(|names| !names.is_empty())
            .map(Into::into),
        censored,
        content: None,
    };
    let rules = told.rules(run, censored, found.items > 0);
    let seq = append(run, &told, "result", &event, &rules)?;
    run.shows(seq, censored);
    facts(run, &told, found.task, censored, delegate.as_ref())
}

/// `v2_runner_item_on_{ok,failed,skipped}`: a loop item of a task ended on a host.
pub(crate) fn item(run: &Run, result: &Bound<'_, PyAny>, status: ResultStatus) -> PyResult<()> {
    let told = HookArgument::read(result)?;
    let found = run.ledger().item(told.uuid.to_str()?, told.host.to_str()?);
    let found = resolve(run, &told, found)?;
    let censored = censor::is_censored(&told.data);
    let delegate = delegate(&told, status)?;
    let action = ran(&told, found)?;
    let (delegated_to, ran) = (text_of(&delegate)?, text_of(&action)?);
    run.ledger()
        .item_names(found.task, told.host.to_str()?, delegated_to, ran);
    let event = Item {
        task: found.task,
        host: told.host.to_str()?.into(),
        status,
        changed: told.flag(intern!(result.py(), "changed"))?,
        attempts: told.number(intern!(result.py(), "attempts"))?,
        delegated_to: delegated_to.map(Into::into),
        action: ran.map(Into::into),
        censored,
        content: None,
    };
    let seq = append(
        run,
        &told,
        "item",
        &event,
        &told.rules(run, censored, false),
    )?;
    run.shows(seq, censored);
    facts(run, &told, found.task, censored, delegate.as_ref())
}

/// `v2_runner_retry`: an `until` loop goes round again.
pub(crate) fn retry(run: &Run, result: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = result.py();
    let told = HookArgument::read(result)?;
    let found = run.ledger().retry(told.uuid.to_str()?, told.host.to_str()?);
    let found = resolve(run, &told, found)?;
    let censored = censor::is_censored(&told.data);
    let event = Retry {
        task: found.task,
        host: told.host.to_str()?.into(),
        // Counted here, because Ansible's number is that of the failed attempt up to 2.20, and of the next one since
        // 2.21.
        attempt: found.tries.max(1),
        retries: told.number(intern!(py, "retries"))?.unwrap_or_default(),
        content: None,
    };
    let seq = append(
        run,
        &told,
        "retry",
        &event,
        &told.rules(run, censored, false),
    )?;
    run.shows(seq, censored);
    Ok(())
}

/// `v2_runner_on_async_{poll,ok,failed}`: an asynchronous job was polled, or ended.
pub(crate) fn polled(run: &Run, result: &Bound<'_, PyAny>, state: AsyncState) -> PyResult<()> {
    let told = HookArgument::read(result)?;
    let found = {
        let (mut ledger, host) = (run.ledger(), told.host.to_str()?);
        // 2.19 polls with a task of its own, which is never announced.
        let found = ledger.look(told.uuid.to_str()?, host);
        found.or_else(|| ledger.at_work(host))
    };
    let found = resolve(run, &told, found)?;
    let censored = censor::is_censored(&told.data);
    let job = told.data.get_item(intern!(result.py(), "ansible_job_id"))?;
    let event = AsyncPoll {
        task: found.task,
        host: told.host.to_str()?.into(),
        job: job.as_ref().map(plays::text).unwrap_or_default().into(),
        state,
        content: None,
    };
    let seq = append(
        run,
        &told,
        "async_poll",
        &event,
        &told.rules(run, censored, false),
    )?;
    run.shows(seq, censored);
    Ok(())
}

/// The task of a result; one that was never announced begins now.
fn resolve(
    run: &Run,
    told: &HookArgument<'_>,
    found: Option<TaskProgress>,
) -> PyResult<TaskProgress> {
    match found {
        Some(found) => Ok(found),
        None => Ok(TaskProgress {
            task: plays::begin_task(run, &told.task, false)?,
            started: None,
            items: 0,
            tries: 0,
            templated: false,
        }),
    }
}

fn append<T: serde::Serialize>(
    run: &Run,
    told: &HookArgument<'_>,
    kind: &'static str,
    event: &T,
    rules: &Rules<'_>,
) -> PyResult<Option<u64>> {
    let mut walked = Ok(());
    let seq = run
        .spool
        .append_with(told.at, kind, event, "content", |out| {
            walked = content::push_content(out, &told.data, rules);
            if walked.is_err() {
                out.extend_from_slice(b"{}");
            }
        });
    walked.map(|()| seq)
}

fn facts(
    run: &Run,
    told: &HookArgument<'_>,
    task: u32,
    censored: bool,
    delegate: Option<&Bound<'_, PyString>>,
) -> PyResult<()> {
    let py = told.data.py();
    if censored || !run.options.facts {
        return Ok(());
    }
    let Some(facts) = told.data.get_item(intern!(py, "ansible_facts"))? else {
        return Ok(());
    };
    let Ok(facts) = facts.cast::<PyDict>() else {
        return Ok(());
    };
    if facts.is_empty() {
        return Ok(());
    }
    let host = match delegate {
        Some(delegate)
            if told
                .task
                .getattr(intern!(py, "delegate_facts"))?
                .is_truthy()? =>
        {
            delegate
        }
        _ => &told.host,
    };
    let event = Facts {
        task,
        host: host.to_str()?.into(),
        facts: None,
    };
    let mut walked = Ok(());
    run.spool
        .append_with(told.at, "facts", &event, "facts", |out| {
            walked = content::push_facts(
                out,
                facts,
                &run.options.facts_ignore,
                run.options.max_event_bytes(),
                run.rules(),
            );
            if walked.is_err() {
                out.extend_from_slice(b"{}");
            }
        });
    walked
}

/// The other host that ran the task, or was to run it, as Ansible prints it: `[web1 -> db1]`. A successful result says
/// itself whether it was delegated: an include, or what a condition skipped, never was. A failed result, or one for an
/// unreachable host, may not have got that far, so the task is asked.
fn delegate<'py>(
    told: &HookArgument<'py>,
    status: ResultStatus,
) -> PyResult<Option<Bound<'py, PyString>>> {
    let py = told.data.py();
    if matches!(status, ResultStatus::Ok | ResultStatus::Skipped)
        && !told.data.contains(intern!(py, "_ansible_delegated_vars"))?
    {
        return Ok(None);
    }
    let delegate = told.task.getattr(intern!(py, "delegate_to"))?;
    let Ok(delegate) = delegate.cast_into::<PyString>().map(spelled) else {
        return Ok(None);
    };
    let name = delegate.to_str()?;
    let other = !name.is_empty() && name != told.host.to_str()? && !is_template(name);
    Ok(other.then_some(delegate))
}

/// The module that ran, if the task's own is a template: its copy in the result has the value.
fn ran<'py>(
    told: &HookArgument<'py>,
    found: TaskProgress,
) -> PyResult<Option<Bound<'py, PyString>>> {
    if !found.templated {
        return Ok(None);
    }
    let action = told.task.getattr(intern!(told.data.py(), "action"))?;
    Ok(action
        .cast_into::<PyString>()
        .ok()
        .map(spelled)
        .filter(|action| action.to_str().is_ok_and(|name| !is_template(name))))
}

/// Whether a text is still to be templated.
pub(crate) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

fn text_of<'t>(text: &'t Option<Bound<'_, PyString>>) -> PyResult<Option<&'t str>> {
    text.as_ref().map(|text| text.to_str()).transpose()
}

fn text_or_empty(text: &Option<Bound<'_, PyString>>) -> PyResult<String> {
    Ok(text_of(text)?.unwrap_or_default().to_owned())
}

/// The debugger runs a host's latest task again: its result no longer counts.
pub(crate) fn retracted(run: &Run, host: &str) {
    let event = Retracted { host: host.into() };
    run.spool.append(clock::now_us(), "retracted", &event);
}

/// Whether an unreachable host is ignored. No other field of the task is ever read: they hold templated arguments.
fn ignores_unreachable(result: &Bound<'_, PyAny>) -> PyResult<bool> {
    let fields = result.getattr(intern!(result.py(), "_task_fields"))?;
    match fields
        .cast::<PyDict>()
        .ok()
        .map(|fields| fields.get_item("ignore_unreachable"))
        .transpose()?
    {
        Some(Some(value)) => value.is_truthy(),
        _ => Ok(false),
    }
}
