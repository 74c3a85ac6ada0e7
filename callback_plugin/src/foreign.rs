//! Converts values and keys that JSON lacks to text, without running code of their types.

use playback_recorder_core::text;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyString, PyType};

/// The name of a number that JSON lacks.
pub(crate) fn float_name(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// The decimal form by `int` itself, not by a subclass. Python refuses to write more than 4,300 digits.
pub(crate) fn decimal(value: &Bound<'_, PyInt>) -> Option<String> {
    let py = value.py();
    let text = py
        .get_type::<PyInt>()
        .call_method1("__repr__", (value,))
        .ok()?;
    Some(text.cast::<PyString>().ok()?.to_str().ok()?.to_owned())
}

/// The type's name; reading it runs no code of the object.
pub(crate) fn type_name(value: &Bound<'_, PyAny>) -> String {
    value
        .get_type()
        .name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_else(|_| "unknown".into())
}

/// A key that is not a plain string, as text: JSON has no other keys.
pub(crate) fn key_text(key: &Bound<'_, PyAny>) -> String {
    if let Ok(text) = key.cast::<PyString>() {
        let bytes = key
            .py()
            .get_type::<PyString>()
            .call_method1("encode", (text, "utf-8", "surrogatepass"));
        return match bytes.as_ref().map(|bytes| bytes.cast::<PyBytes>()) {
            Ok(Ok(bytes)) => text::spell_out(bytes.as_bytes()),
            _ => "[unreadable key]".into(),
        };
    }
    if key.is_none() {
        return "null".into();
    }
    if let Ok(flag) = key.cast::<PyBool>() {
        return if flag.is_true() { "true" } else { "false" }.into();
    }
    if let Ok(int) = key.cast::<PyInt>() {
        return decimal(int).unwrap_or_else(|| "[a large integer]".into());
    }
    if let Ok(float) = key.cast::<PyFloat>() {
        let value = float.value();
        if !value.is_finite() {
            return float_name(value).into();
        }
        return serde_json::to_string(&value).unwrap_or_default();
    }
    match date_text(key) {
        Ok(Some(text)) => text,
        _ => format!("[a key of type {}]", type_name(key)),
    }
}

/// ISO 8601 of a date, a time or both, by the standard library's own method, not a subclass's.
pub(crate) fn date_text(value: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    static TYPES: PyOnceLock<[Py<PyType>; 3]> = PyOnceLock::new();
    let py = value.py();
    let types = TYPES.get_or_try_init(py, || {
        let module = py.import("datetime")?;
        let load = |name: &str| -> PyResult<Py<PyType>> {
            Ok(module.getattr(name)?.cast_into::<PyType>()?.unbind())
        };
        PyResult::Ok([load("datetime")?, load("date")?, load("time")?])
    })?;
    for kind in types {
        let kind = kind.bind(py);
        // Checks the type's own inheritance, so that no `__class__` property of the object is called.
        if value.get_type().is_subclass(kind)? {
            let text = kind.call_method1("isoformat", (value,))?;
            return Ok(Some(text.cast::<PyString>()?.to_str()?.to_owned()));
        }
    }
    Ok(None)
}

/// The message of a warning, a deprecation or an error as ansible-core 2.19 carries them in results.
pub(crate) fn summary_message<'py>(
    value: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyString>>> {
    match summary_event(value)? {
        Some(event) => Ok(event.getattr("msg")?.cast_into::<PyString>().ok()),
        None => Ok(None),
    }
}

/// Entries of an object, by name.
pub(crate) type Fields<'py> = Vec<(&'static str, Bound<'py, PyAny>)>;

/// The text of a deprecation in a result of ansible-core 2.19, worded as in earlier versions.
pub(crate) fn deprecation<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Fields<'py>>> {
    let Some(event) = summary_event(value)? else {
        return Ok(None);
    };
    let Some(deprecator) = value.getattr_opt("deprecator")? else {
        return Ok(None);
    };
    let mut fields = vec![
        ("msg", event.getattr("msg")?),
        ("version", value.getattr("version")?),
        ("date", value.getattr("date")?),
    ];
    if !deprecator.is_none() {
        fields.push(("collection_name", deprecator.getattr("resolved_name")?));
    }
    fields.retain(|(_, value)| !value.is_none());
    Ok(Some(fields))
}

/// The event inside such a summary; its attributes are plain slots, so that reading them runs no code.
pub(crate) fn summary_event<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    static BASE: PyOnceLock<Option<Py<PyType>>> = PyOnceLock::new();
    let py = value.py();
    let base = BASE.get_or_init(py, || {
        let module = py.import("ansible.module_utils._internal._messages").ok()?;
        Some(
            module
                .getattr("SummaryBase")
                .ok()?
                .cast_into::<PyType>()
                .ok()?
                .unbind(),
        )
    });
    match base {
        Some(base) if value.get_type().is_subclass(base.bind(py))? => {
            value.getattr("event").map(Some)
        }
        _ => Ok(None),
    }
}
