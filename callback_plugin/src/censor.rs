//! What must never be recorded: results that Ansible censors, values whose names suggest a secret, and the error block
//! that ansible-core 2.19 prints for a task with `no_log`.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

/// The only fields kept of a censored result. In 2.19 its `exception` and `warnings` can hold the secret.
pub(crate) const KEPT: [&str; 4] = ["censored", "changed", "attempts", "retries"];

/// Replacement for a value that may be secret.
pub(crate) const REDACTED: &str = "***";

/// Replacement line in the captured output where Ansible printed details of a task with `no_log`.
pub(crate) const PLACEHOLDER: &str =
    "[Playback left out what was printed here: the task has 'no_log: true']\n";

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

/// Whether a name indicates a secret value.
pub(crate) fn is_secret_name(name: &str) -> bool {
    const TELLING: [&str; 10] = [
        "pass",
        "secret",
        "token",
        "credential",
        "private",
        "api_key",
        "apikey",
        "access_key",
        "auth",
        "vault",
    ];
    let name = name.to_ascii_lowercase();
    TELLING.iter().any(|word| name.contains(word))
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
            _ if secret || depth > crate::cut::MAX_DEPTH => copy.set_item(key, REDACTED)?,
            Ok(nested) => copy.set_item(key, redacted_to(nested, depth + 1)?)?,
            Err(_) => copy.set_item(key, value)?,
        }
    }
    Ok(copy)
}

/// Whether a text that Ansible printed while showing a censored result may contain the secret: an error, a warning or a
/// traceback, with or without colour.
pub(crate) fn may_tell(printed: &str) -> bool {
    const BLOCKS: [&str; 6] = [
        "[ERROR]",
        "[WARNING]",
        "[DEPRECATION WARNING]",
        "An exception occurred",
        "The full traceback is",
        "Traceback (",
    ];
    let mut text = printed.trim_start();
    while let Some(rest) = text.strip_prefix("\x1b[") {
        text = rest.split_once('m').map_or("", |(_, rest)| rest);
    }
    BLOCKS.iter().any(|block| text.starts_with(block))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_known_with_and_without_colour() {
        assert!(may_tell("[ERROR]: Task failed: x\n"));
        assert!(may_tell("\x1b[0;31m[ERROR]: Task failed: x\n\x1b[0m"));
        assert!(!may_tell("changed: [web1]\n"));
        assert!(!may_tell(
            "fatal: [web1]: FAILED! => {\"censored\": true}\n"
        ));
    }

    #[test]
    fn telling_names() {
        for name in ["password", "login_password", "API_TOKEN", "client_secret"] {
            assert!(is_secret_name(name), "{name}");
        }
        assert!(!is_secret_name("path"));
    }
}
