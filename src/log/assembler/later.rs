//! Facts that only become known after their event: the results of templates, which results were retried, and which no
//! longer count.

use std::collections::{BTreeSet, HashMap};

use playback_wire::{Item, ResultStatus, Retry, TaskResult, TaskStarted};

use super::bounds;
use crate::model::TaskRow;

/// How many actions of a task with a template are named. A reader needs no more, and a batch may bring any number.
const ACTIONS: usize = 32;

/// Tasks and hosts that later events may complete.
#[derive(Debug, Default)]
pub(super) struct Later {
    /// Tasks whose `no_log` is a template, and whether a result of theirs was censored.
    no_logs: HashMap<u32, bool>,
    /// Tasks whose action is a template, and the actions that ran.
    actions: HashMap<u32, BTreeSet<String>>,
    /// Numbers of task and host of retries whose result is still expected. Only tasks and hosts with a row are here.
    retried: BTreeSet<(u32, u32)>,
    /// The latest result of each host with a row, by the host's number less one.
    latest: Vec<Option<Latest>>,
}

/// A host's latest result: its number, how it ended, and whether it reported a change.
type Latest = (u64, ResultStatus, bool);

impl Later {
    pub(super) fn task(&mut self, task: &TaskStarted<'_>) {
        if task.no_log_unknown {
            self.no_logs.entry(task.task).or_insert(false);
        }
    }

    pub(super) fn retry(&mut self, host: u32, retry: &Retry<'_>) {
        if host > 0 {
            self.retried.insert((retry.task, host));
        }
    }

    pub(super) fn item(&mut self, host: u32, item: &Item<'_>) {
        if host > 0 && item.attempts.is_some_and(|attempts| attempts > 1) {
            self.retried.insert((item.task, host));
        }
    }

    /// Notes a result of the host with this number; returns whether it, or a loop item of it, was tried more than once.
    pub(super) fn result(&mut self, seq: u64, host: u32, result: &TaskResult<'_>) -> bool {
        if let Some(at) = index(host) {
            if self.latest.len() <= at {
                self.latest.resize(at + 1, None);
            }
            self.latest[at] = Some((seq, result.status, result.changed));
        }
        let retried = self.retried.remove(&(result.task, host));
        retried || result.attempts.is_some_and(|attempts| attempts > 1)
    }

    /// The latest result of the host with this number.
    pub(super) fn latest(&self, host: u32) -> Option<Latest> {
        *self.latest.get(index(host)?)?
    }

    /// Learns what only results tell about a task with templates: whether any was censored, and the actions that ran.
    pub(super) fn learn(&mut self, task: &mut TaskRow, censored: Option<bool>, ran: Option<&str>) {
        if let Some(censored) = censored
            && let Some(any) = self.no_logs.get_mut(&task.number)
        {
            *any |= censored;
            task.no_log = *any;
        }
        if let Some(ran) = ran {
            let known = self.actions.entry(task.number).or_default();
            let before = known.len();
            for action in ran.split(',') {
                let has_room = known.len() < ACTIONS && action.len() <= bounds::NAME;
                if has_room && !known.contains(action) {
                    known.insert(action.to_owned());
                }
            }
            if known.len() > before {
                task.action = known
                    .iter()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .join(",");
            }
        }
    }
}

/// Hosts are numbered from 1. Those without a row share the number 0 and are not distinguished.
fn index(host: u32) -> Option<usize> {
    (host as usize).checked_sub(1)
}
