//! Facts that only become known after their event: the results of templates, which results were retried, and which no
//! longer count.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use playback_wire::{Item, ResultStatus, Retry, TaskResult, TaskStarted};

/// Tasks and hosts that later events may complete.
#[derive(Debug, Default)]
pub(super) struct Later {
    /// Tasks whose `no_log` is a template, and whether a result of theirs was censored.
    no_logs: HashMap<u32, bool>,
    /// Tasks whose action is a template, and the actions that ran.
    actions: HashMap<u32, BTreeSet<String>>,
    /// Task and host of retries whose result is still expected.
    retried: BTreeSet<(u32, String)>,
    /// Host -> its latest result.
    latest: BTreeMap<String, (u64, ResultStatus, bool)>,
}

impl Later {
    pub(super) fn task(&mut self, task: &TaskStarted<'_>) {
        if task.no_log_unknown {
            self.no_logs.entry(task.task).or_insert(false);
        }
    }

    pub(super) fn retry(&mut self, retry: &Retry<'_>) {
        self.retried.insert((retry.task, retry.host.to_string()));
    }

    pub(super) fn item(&mut self, item: &Item<'_>) {
        if item.attempts.is_some_and(|attempts| attempts > 1) {
            self.retried.insert((item.task, item.host.to_string()));
        }
    }

    /// Notes a result; returns whether it, or a loop item of it, was tried more than once.
    pub(super) fn result(&mut self, seq: u64, result: &TaskResult<'_>) -> bool {
        let latest = (seq, result.status, result.changed);
        match self.latest.get_mut(&*result.host) {
            Some(known) => *known = latest,
            None => {
                self.latest.insert(result.host.to_string(), latest);
            }
        }
        let retried = !self.retried.is_empty()
            && self.retried.remove(&(result.task, result.host.to_string()));
        retried || result.attempts.is_some_and(|attempts| attempts > 1)
    }

    /// Whether a host has a result.
    pub(super) fn has_result(&self, host: &str) -> bool {
        self.latest.contains_key(host)
    }

    /// The host's latest result: its number, how it ended, and whether it reported a change.
    pub(super) fn retract(&self, host: &str) -> Option<(u64, ResultStatus, bool)> {
        self.latest.get(host).copied()
    }

    /// A result arrived, `censored` or not: the task's `no_log`, if it was unknown before.
    pub(super) fn no_log(&mut self, task: u32, censored: bool) -> Option<bool> {
        let any = self.no_logs.get_mut(&task)?;
        *any |= censored;
        Some(*any)
    }

    /// These actions (joined by a comma) ran for a task whose own is a template: its action now, if that is new.
    pub(super) fn action(&mut self, task: u32, ran: &str) -> Option<String> {
        let known = self.actions.entry(task).or_default();
        let mut news = false;
        for action in ran.split(',') {
            if !known.contains(action) {
                news = known.insert(action.to_owned());
            }
        }
        let joined = || known.iter().map(String::as_str).collect::<Vec<_>>();
        news.then(|| joined().join(","))
    }
}
