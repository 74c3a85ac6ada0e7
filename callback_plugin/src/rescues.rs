//! Detects failures that a `rescue` handles.
//!
//! No hook reports this, but Ansible counts a rescue for its recap before it calls `v2_runner_on_failed`: if a host's
//! count has grown since its last failure, this failure is the one that was counted.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::plays::text;

/// Ansible's counts, and those already assigned to failures.
pub(crate) struct Rescues {
    /// `TaskQueueManager._stats.rescued`, host → count; none where the queue manager was not found.
    counts: Option<Py<PyDict>>,
    seen: Mutex<HashMap<Box<str>, u64>>,
}

impl Rescues {
    /// Watches `counts`.
    pub(crate) fn new(counts: Option<Py<PyDict>>) -> Self {
        Self {
            counts,
            seen: Mutex::default(),
        }
    }

    /// Whether the failure about to be reported for `host` was handled by a `rescue`.
    ///
    /// # Errors
    /// The counts have a form that no known version uses.
    pub(crate) fn claims(&self, host: &Bound<'_, PyString>) -> PyResult<bool> {
        let Some(counts) = &self.counts else {
            return Ok(false);
        };
        let Some(count) = counts.bind(host.py()).get_item(host)? else {
            return Ok(false);
        };
        let count: u64 = count.extract()?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let host = text(host.as_any());
        match seen.get_mut(host.as_str()) {
            Some(before) => Ok(std::mem::replace(before, count) < count),
            None => {
                seen.insert(host.into(), count);
                Ok(count > 0)
            }
        }
    }
}
