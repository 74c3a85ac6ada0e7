//! Removes what must never be recorded from results: values that Ansible censors, and values whose names suggest a secret.
//! The part that needs no Python is in [`playback_recorder_core::secret`].

use playback_recorder_core::cut::MAX_DEPTH;
use playback_recorder_core::secret::{REDACTED, is_secret_name};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

/// The only fields kept of a censored result. In 2.19 its `exception` and `warnings` can hold the secret.
pub(crate) const KEPT: [&str; 4] = ["censored", "changed", "attempts", "retries"];

/// Whether Ansible censored a result, or marked it to be.
pub(crate) fn is_censored(data: &Bound<'_, PyDict>) -> bool {
    data.contains("censored").unwrap_or(true)
        || data
            .get_item("_ansible_no_log")
            .map_or(true, |flag| flag.is_some_and(|flag| !is_false(&flag)))
}

/// Only `False` and `None`: anything else may mean "true" once it is templated.
pub(crate) fn is_false(value: &Bound<'_, PyAny>) -> bool {
    value.is_none() || value.extract::<bool>().is_ok_and(|flag| !flag)
}

/// A copy of `list` in which each censored result only has its permitted fields.
pub(crate) fn censored_list<'py>(list: &Bound<'py, PyList>) -> PyResult<Bound<'py, PyList>> {
    let kept = PyList::empty(list.py());
    for item in list.iter() {
        match item.cast::<PyDict>() {
            Ok(data) if is_censored(data) => {
                let visible = PyDict::new(list.py());
                for key in KEPT {
                    if let Some(value) = data.get_item(key)? {
                        visible.set_item(key, value)?;
                    }
                }
                kept.append(visible)?;
            }
            Ok(_) => kept.append(item)?,
            // Beside censored results a plain value may be the same secret.
            Err(_) => kept.append(REDACTED)?,
        }
    }
    Ok(kept)
}

/// A copy of `dict` whose secret values, at any depth of dicts, are redacted.
pub(crate) fn redacted<'py>(dict: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyDict>> {
    redacted_to(dict, 0)
}

fn redacted_to<'py>(dict: &Bound<'py, PyDict>, depth: usize) -> PyResult<Bound<'py, PyDict>> {
    let copy = PyDict::new(dict.py());
    for (key, value) in dict.iter() {
        let secret = match key.cast::<PyString>() {
            Ok(name) => name.to_str().map_or(true, is_secret_name),
            Err(_) => false,
        };
        match value.cast::<PyDict>() {
            _ if secret || depth > MAX_DEPTH => copy.set_item(key, REDACTED)?,
            Ok(nested) => copy.set_item(key, redacted_to(nested, depth + 1)?)?,
            Err(_) => copy.set_item(key, value)?,
        }
    }
    Ok(copy)
}
