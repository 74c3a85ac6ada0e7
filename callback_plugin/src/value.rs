//! Python values → JSON, straight into the event's buffer.
//!
//! The exact type is checked first, then whether it is a subclass: ansible-core 2.14 wraps text as unsafe, 2.19 tags
//! every scalar. Nothing here runs Python code of Ansible's or of a module's: an object of an unknown type is named,
//! never converted, because converting a vault value decrypts it.

use std::io::Write as _;

use playback_recorder_core::cut::{self, Cut, CutKind, Limits};
use playback_recorder_core::text;
use playback_redact::Rules;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyBytes, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple,
};
use sha2::{Digest, Sha256};

use crate::foreign::{
    date_text, decimal, deprecation, float_name, key_text, summary_message, type_name,
};

/// Why a walk ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The value exceeds the attempt's limits.
    TooLarge,
    /// Python raised something unrelated to the value (a `KeyboardInterrupt`).
    Python(PyErr),
}

impl From<PyErr> for Stop {
    fn from(error: PyErr) -> Self {
        Stop::Python(error)
    }
}

/// A step into a value, as a position in the buffer, from which a cut's path can be derived.
#[derive(Debug, Clone, Copy)]
enum Step {
    Key { from: usize, to: usize },
    Index(usize),
}

/// Writes values into a buffer within limits.
#[derive(Debug)]
pub(crate) struct Walker<'b> {
    /// What is written so far.
    pub(crate) out: &'b mut Vec<u8>,
    /// What was left out so far.
    pub(crate) cuts: Vec<Cut>,
    limits: Limits,
    rules: Option<&'b Rules>,
    end: usize,
    path: Vec<Step>,
    digest: Option<(Sha256, u64, usize)>,
}

impl<'b> Walker<'b> {
    /// A walker that appends to `out`. `rules` redact a text before it is cut; everything else is redacted in the
    /// finished event.
    pub(crate) fn new(out: &'b mut Vec<u8>, limits: Limits, rules: Option<&'b Rules>) -> Self {
        let end = out.len().saturating_add(limits.total);
        Self {
            out,
            cuts: Vec::new(),
            limits,
            rules,
            end,
            path: Vec::new(),
            digest: None,
        }
    }

    /// A walker that keeps nothing, and computes size and hash of what it would have written.
    pub(crate) fn digest(out: &'b mut Vec<u8>, rules: Option<&'b Rules>) -> Self {
        let start = out.len();
        let unlimited = Limits {
            total: usize::MAX,
            string: usize::MAX,
            entries: usize::MAX,
        };
        Self {
            digest: Some((Sha256::new(), 0, start)),
            ..Self::new(out, unlimited, rules)
        }
    }

    /// Size and hash of the input of a [`Walker::digest`].
    pub(crate) fn digested(mut self) -> Option<CutKind> {
        self.drain(true);
        let (hash, bytes, _) = self.digest.take()?;
        Some(CutKind::Text {
            bytes,
            sha256: cut::hex(&hash.finalize()),
        })
    }

    fn drain(&mut self, all: bool) {
        if let Some((hash, bytes, start)) = &mut self.digest
            && (all || self.out.len() - *start > 1 << 16)
        {
            hash.update(&self.out[*start..]);
            *bytes += (self.out.len() - *start) as u64;
            self.out.truncate(*start);
        }
    }

    fn check(&mut self) -> Result<(), Stop> {
        if self.digest.is_some() {
            self.drain(false);
            // Key positions are invalid after the buffer was drained, and a digest cuts nothing.
            return Ok(());
        }
        if self.out.len() > self.end {
            return Err(Stop::TooLarge);
        }
        Ok(())
    }

    fn cut(&mut self, kind: CutKind) {
        let mut path = String::new();
        for step in &self.path {
            if !path.is_empty() {
                path.push('.');
            }
            match *step {
                Step::Key { from, to } => {
                    path.push_str(&String::from_utf8_lossy(
                        self.out.get(from..to).unwrap_or_default(),
                    ));
                }
                Step::Index(index) => path.push_str(&index.to_string()),
            }
        }
        self.cuts.push(Cut { path, kind });
    }

    /// Writes a value.
    ///
    /// # Errors
    /// The limits are passed, or Python was interrupted.
    pub(crate) fn value(&mut self, value: &Bound<'_, PyAny>) -> Result<(), Stop> {
        if let Ok(text) = value.cast_exact::<PyString>() {
            self.string(text)?;
        } else if let Ok(flag) = value.cast_exact::<PyBool>() {
            self.push(if flag.is_true() { b"true" } else { b"false" });
        } else if value.is_none() {
            self.push(b"null");
        } else if let Ok(dict) = value.cast_exact::<PyDict>() {
            self.dict(dict)?;
        } else if let Ok(list) = value.cast_exact::<PyList>() {
            self.sequence(list.len(), list.iter())?;
        } else if let Ok(int) = value.cast_exact::<PyInt>() {
            self.int(int);
        } else if let Ok(float) = value.cast_exact::<PyFloat>() {
            self.float(float.value());
        } else {
            self.other(value)?;
        }
        self.check()
    }

    /// Writes `"key":value`, with a comma before it where one is due.
    ///
    /// # Errors
    /// As [`Walker::value`].
    pub(crate) fn entry(&mut self, key: &str, value: &Bound<'_, PyAny>) -> Result<(), Stop> {
        self.comma();
        let from = self.out.len() + 1;
        text::push_string(self.out, key);
        let to = self.out.len() - 1;
        self.out.push(b':');
        self.path.push(Step::Key { from, to });
        let written = self.value(value);
        self.path.pop();
        written
    }

    fn push(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn comma(&mut self) {
        // After draining, the buffer is empty although something was written before.
        if !matches!(self.out.last(), Some(b'{' | b'[' | b':')) {
            self.out.push(b',');
        }
    }

    fn string(&mut self, value: &Bound<'_, PyString>) -> Result<(), Stop> {
        match value.to_str() {
            Ok(text) => self.text(text),
            // Lone surrogates: bytes that were not UTF-8 when Ansible read them.
            Err(_) => {
                let bytes = value
                    .py()
                    .get_type::<PyString>()
                    .call_method1("encode", (value, "utf-8", "surrogatepass"))?;
                self.text(&text::spell_out(
                    bytes.cast::<PyBytes>().map_err(PyErr::from)?.as_bytes(),
                ));
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        if text.len() <= self.limits.string {
            text::push_string(self.out, text);
        } else {
            // A cut must not leave half of a secret; nor may a hash reveal one.
            let text = match self.rules {
                Some(rules) => rules.text(text),
                None => text.into(),
            };
            if text.len() <= self.limits.string {
                text::push_string(self.out, &text);
                return;
            }
            let text = &*text;
            let kind = cut::push_shortened(self.out, text, self.limits.string);
            self.cut(kind);
        }
    }

    fn marker(&mut self, text: &str) {
        text::push_string(self.out, &format!("[{text}]"));
    }

    fn int(&mut self, value: &Bound<'_, PyInt>) {
        if let Ok(number) = value.extract::<i64>() {
            let _ = write!(self.out, "{number}");
        } else {
            // Larger than readers' integers: kept exactly, as text.
            let text = decimal(value).unwrap_or_else(|| "[an integer of many digits]".into());
            self.text(&text);
        }
    }

    fn float(&mut self, value: f64) {
        if value.is_finite() {
            // Writing to a Vec cannot fail.
            let _ = serde_json::to_writer(&mut *self.out, &value);
        } else {
            text::push_string(self.out, float_name(value));
        }
    }

    fn dict(&mut self, dict: &Bound<'_, PyDict>) -> Result<(), Stop> {
        if self.path.len() >= cut::MAX_DEPTH {
            self.marker("nested too deeply");
            return Ok(());
        }
        self.out.push(b'{');
        for (index, (key, value)) in dict.iter().enumerate() {
            if index >= self.limits.entries {
                self.cut(CutKind::Entries(dict.len()));
                break;
            }
            match key
                .cast::<PyString>()
                .ok()
                .and_then(|key| key.to_str().ok())
            {
                Some(key) => self.entry(key, &value)?,
                None => self.entry(&key_text(&key), &value)?,
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    fn sequence<'py>(
        &mut self,
        len: usize,
        values: impl Iterator<Item = Bound<'py, PyAny>>,
    ) -> Result<(), Stop> {
        if self.path.len() >= cut::MAX_DEPTH {
            self.marker("nested too deeply");
            return Ok(());
        }
        self.out.push(b'[');
        for (index, value) in values.enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            if index >= self.limits.entries {
                self.marker(&format!(
                    "{} of {len} entries left out by Playback",
                    len - index
                ));
                self.cut(CutKind::Entries(len));
                break;
            }
            self.path.push(Step::Index(index));
            let written = self.value(&value);
            self.path.pop();
            written?;
        }
        self.out.push(b']');
        Ok(())
    }

    /// Subclasses, and types that are rare in results.
    fn other(&mut self, value: &Bound<'_, PyAny>) -> Result<(), Stop> {
        if let Ok(text) = value.cast::<PyString>() {
            return self.string(text);
        }
        if let Ok(dict) = value.cast::<PyDict>() {
            return self.dict(dict);
        }
        if let Ok(list) = value.cast::<PyList>() {
            return self.sequence(list.len(), list.iter());
        }
        if let Ok(tuple) = value.cast::<PyTuple>() {
            return self.sequence(tuple.len(), tuple.iter());
        }
        if let Ok(int) = value.cast::<PyInt>() {
            self.int(int);
            return Ok(());
        }
        if let Ok(float) = value.cast::<PyFloat>() {
            self.float(float.value());
            return Ok(());
        }
        if let Ok(bytes) = value.cast::<PyBytes>() {
            self.text(&text::spell_out(bytes.as_bytes()));
            return Ok(());
        }
        if let Ok(set) = value.cast::<PySet>() {
            return self.sequence(set.len(), set.iter());
        }
        if let Ok(set) = value.cast::<PyFrozenSet>() {
            return self.sequence(set.len(), set.iter());
        }
        if let Some(text) = date_text(value)? {
            self.text(&text);
            return Ok(());
        }
        if let Some(fields) = deprecation(value)? {
            self.push(b"{");
            for (name, value) in fields {
                self.entry(name, &value)?;
            }
            self.push(b"}");
            return Ok(());
        }
        if let Some(message) = summary_message(value)? {
            return self.string(&message);
        }
        let name = type_name(value);
        self.marker(&format!("not recorded: a value of type {name}"));
        Ok(())
    }
}

/// Whether an error is about to end the run and must be passed on to Python.
pub(crate) fn is_interrupt(py: Python<'_>, error: &PyErr) -> bool {
    error.is_instance_of::<pyo3::exceptions::PyKeyboardInterrupt>(py)
        || error.is_instance_of::<pyo3::exceptions::PySystemExit>(py)
}

/// The error for a value of an unexpected type.
pub(crate) fn unexpected(what: &str) -> PyErr {
    PyValueError::new_err(format!("unexpected {what}"))
}
