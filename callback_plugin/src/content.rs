//! The content of a result: what a module returned, without what is repeated elsewhere or must not be kept.

use playback_recorder_core::cut::{self, CUT_KEY, Cut};
use playback_recorder_core::secret::{REDACTED, is_secret_name};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use crate::censor;
use crate::foreign::summary_event;
use crate::plays;
use crate::value::{Stop, Walker};

/// Parts to leave out of a content.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'r> {
    /// Redaction rules, if any.
    pub(crate) hidden: Option<&'r playback_redact::Rules>,
    /// Each loop item already had an event of its own.
    pub(crate) items_sent: bool,
    /// Whether `diff` is kept.
    pub(crate) diff: bool,
    /// Whether Ansible censored the result.
    pub(crate) censored: bool,
    /// Whether `cmd` only repeats what the user typed, and arguments are not to be recorded.
    pub(crate) hides_command: bool,
    /// Largest content, in bytes of JSON.
    pub(crate) max_bytes: usize,
}

/// The fields that are kept if even the tightest attempt does not fit.
const ESSENTIAL: [&str; 8] = [
    "rc", "msg", "changed", "stdout", "stderr", "cmd", "attempts", "censored",
];

/// Appends the content of `data` as a JSON object of at most about `rules.max_bytes`.
///
/// # Errors
/// Python was interrupted; the buffer is then unchanged.
pub(crate) fn push_content(
    out: &mut Vec<u8>,
    data: &Bound<'_, PyDict>,
    rules: &Rules<'_>,
) -> PyResult<()> {
    push_fitting(out, rules.max_bytes, rules.hidden, &|walker, essential| {
        for (key, value) in data.iter() {
            let Some(key) = text_of(&key) else { continue };
            if (essential && !ESSENTIAL.contains(&key)) || is_left_out(key, &value, data, rules)? {
                continue;
            }
            match key {
                "cmd" if rules.hides_command => {
                    walker.entry(key, PyString::new(data.py(), REDACTED).as_any())?;
                }
                "exception" => push_exception(walker, &value)?,
                "results" => push_results(walker, &value)?,
                _ => walker.entry(key, &value)?,
            }
        }
        Ok(())
    })
}

/// Appends facts as a JSON object, without the keys in `ignore`.
///
/// # Errors
/// Python was interrupted; the buffer is then unchanged.
pub(crate) fn push_facts(
    out: &mut Vec<u8>,
    facts: &Bound<'_, PyDict>,
    ignore: &[String],
    max_bytes: usize,
    hidden: Option<&playback_redact::Rules>,
) -> PyResult<()> {
    push_fitting(out, max_bytes, hidden, &|walker, essential| {
        if essential {
            return Ok(());
        }
        for (key, value) in facts.iter() {
            let Some(key) = text_of(&key) else { continue };
            let bare = key.strip_prefix("ansible_").unwrap_or(key);
            if !ignore
                .iter()
                .any(|ignored| ignored.strip_prefix("ansible_").unwrap_or(ignored) == bare)
            {
                walker.entry(key, &value)?;
            }
        }
        Ok(())
    })
}

/// Appends a task's arguments as written; values whose names suggest a secret are redacted.
///
/// # Errors
/// Python was interrupted; the buffer is then unchanged.
pub(crate) fn push_args(
    out: &mut Vec<u8>,
    args: &Bound<'_, PyDict>,
    max_bytes: usize,
    hidden: Option<&playback_redact::Rules>,
) -> PyResult<()> {
    push_fitting(out, max_bytes, hidden, &|walker, essential| {
        for (key, value) in args.iter() {
            let Some(key) = text_of(&key) else { continue };
            if essential {
                continue;
            }
            if is_secret_name(key) {
                walker.entry(key, PyString::new(args.py(), REDACTED).as_any())?;
            } else if let Ok(nested) = value.cast::<PyDict>() {
                walker.entry(key, censor::redacted(nested)?.as_any())?;
            } else {
                walker.entry(key, &value)?;
            }
        }
        Ok(())
    })
}

type Write<'w> = &'w dyn Fn(&mut Walker<'_>, bool) -> Result<(), Stop>;

/// Writes an object with ever tighter limits until it fits, and lists what was left out.
fn push_fitting(
    out: &mut Vec<u8>,
    max_bytes: usize,
    hidden: Option<&playback_redact::Rules>,
    write: Write<'_>,
) -> PyResult<()> {
    let start = out.len();
    // The list of cuts and the event's other fields need space, too.
    let room = max_bytes.saturating_sub(8 << 10).max(4 << 10);
    for limits in cut::attempts(room) {
        let mut walker = Walker::new(out, limits, hidden);
        walker.out.push(b'{');
        match write(&mut walker, false) {
            Ok(()) => {
                finish(walker);
                return Ok(());
            }
            Err(Stop::TooLarge) => out.truncate(start),
            Err(Stop::Python(error)) => {
                out.truncate(start);
                return Err(error);
            }
        }
    }
    let mut dropped = Vec::new();
    let mut digest = Walker::digest(&mut dropped, hidden);
    digest.out.push(b'{');
    let hashed = write(&mut digest, false);
    digest.out.push(b'}');
    let whole = digest.digested();
    if let Err(Stop::Python(error)) = hashed {
        return Err(error);
    }
    let tightest = cut::attempts(room)[3];
    let mut walker = Walker::new(out, tightest, hidden);
    walker.out.push(b'{');
    walker.cuts.extend(whole.map(|kind| Cut {
        path: String::new(),
        kind,
    }));
    match write(&mut walker, true) {
        Ok(()) => finish(walker),
        Err(Stop::TooLarge) => {
            let cuts = std::mem::take(&mut walker.cuts);
            out.truncate(start);
            out.extend_from_slice(b"{\"");
            out.extend_from_slice(CUT_KEY.as_bytes());
            out.extend_from_slice(b"\":");
            cut::push_cuts(out, &cuts[..1.min(cuts.len())]);
            out.push(b'}');
        }
        Err(Stop::Python(error)) => {
            out.truncate(start);
            return Err(error);
        }
    }
    Ok(())
}

fn finish(walker: Walker<'_>) {
    let Walker { out, cuts, .. } = walker;
    if !cuts.is_empty() {
        if out.last() != Some(&b'{') {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(CUT_KEY.as_bytes());
        out.extend_from_slice(b"\":");
        cut::push_cuts(out, &cuts);
    }
    out.push(b'}');
}

/// A key's text, if it is a string; Ansible's own keys always are.
fn text_of<'k>(key: &'k Bound<'_, PyAny>) -> Option<&'k str> {
    key.cast::<PyString>().ok()?.to_str().ok()
}

fn is_left_out(
    key: &str,
    value: &Bound<'_, PyAny>,
    data: &Bound<'_, PyDict>,
    rules: &Rules<'_>,
) -> Result<bool, Stop> {
    if rules.censored {
        return Ok(!(censor::KEPT.contains(&key) || (key == "results" && !rules.items_sent)));
    }
    Ok(match key {
        // The lines repeat the text; without the text they are all there is.
        "stdout_lines" => data.contains("stdout")?,
        "stderr_lines" => data.contains("stderr")?,
        "results" => rules.items_sent && value.is_instance_of::<PyList>(),
        "diff" => !rules.diff,
        // Facts are an event of their own; a module's arguments may hold secrets.
        "ansible_facts" | "invocation" => true,
        _ => key.starts_with("_ansible_"),
    })
}

/// Up to 2.18 a traceback's text, or a phrase that there is none; in 2.19 an object.
fn push_exception(walker: &mut Walker<'_>, value: &Bound<'_, PyAny>) -> Result<(), Stop> {
    if let Some(event) = summary_event(value)? {
        if let Some(traceback) = whole_traceback(event)? {
            walker.entry("exception", PyString::new(value.py(), &traceback).as_any())?;
        }
        return Ok(());
    }
    if text_of(value).is_some_and(|text| text.starts_with("(traceback unavailable)")) {
        return Ok(());
    }
    walker.entry("exception", value)
}

/// The tracebacks of an error and of its causes, the cause first, as Python prints them; none if Ansible was not asked
/// for any.
fn whole_traceback(outermost: Bound<'_, PyAny>) -> PyResult<Option<String>> {
    const DEEPEST: usize = 32;
    let mut parts: Vec<String> = Vec::new();
    let mut any = false;
    let mut event = outermost;
    for _ in 0..DEEPEST {
        let traceback = event.getattr("formatted_traceback")?;
        any |= !traceback.is_none();
        parts.push(match traceback.is_none() {
            true => "(traceback missing)\n".into(),
            false => plays::text(&traceback),
        });
        let chain = event.getattr("chain")?;
        if chain.is_none() {
            break;
        }
        let reason = plays::text(&chain.getattr("traceback_reason")?);
        parts.push(format!("\n{reason}\n\n"));
        event = chain.getattr("event")?;
    }
    parts.reverse();
    Ok(any.then(|| parts.concat()))
}

/// Results of a loop whose items were not sent one by one (a package module that takes them all at once): each may be
/// censored separately.
fn push_results(walker: &mut Walker<'_>, value: &Bound<'_, PyAny>) -> Result<(), Stop> {
    let Ok(list) = value.cast::<PyList>() else {
        return walker.entry("results", value);
    };
    let censored = list.iter().any(|item| {
        item.cast::<PyDict>()
            .is_ok_and(|item| censor::is_censored(item))
    });
    if !censored {
        return walker.entry("results", value);
    }
    walker.entry("results", censor::censored_list(list)?.as_any())
}
