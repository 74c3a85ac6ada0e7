//! Fingerprints of results that failed. The error of a loop is that of its first item that failed, which is an event of
//! its own before the loop's result.

use std::collections::HashMap;

use playback_wire::{Item, TaskResult};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::failure::{Fingerprint, fingerprint};
use crate::model::TaskRow;

/// Failed loop items whose loop has not ended.
#[derive(Debug, Default)]
pub(super) struct Failures {
    /// By the numbers of task and host: the fingerprint of the first failed item. Only tasks and hosts with a row are here,
    /// so that it cannot grow without limit.
    items: HashMap<(u32, u32), Fingerprint>,
}

impl Failures {
    /// A loop item of the host with this number ended.
    pub(super) fn item(&mut self, host: u32, item: &Item<'_>, task: Option<&TaskRow>) {
        if !item.status.is_failure() || item.censored || host == 0 || task.is_none() {
            return;
        }
        let key = (item.task, host);
        if !self.items.contains_key(&key)
            && let Some(fingerprint) = of_content(item.content, &item.host, task)
        {
            self.items.insert(key, fingerprint);
        }
    }

    /// The fingerprint of a failed result. None: it did not fail, or its content is censored or missing.
    pub(super) fn result(
        &mut self,
        host: u32,
        result: &TaskResult<'_>,
        task: Option<&TaskRow>,
    ) -> Option<Fingerprint> {
        let item = match self.items.is_empty() {
            true => None,
            false => self.items.remove(&(result.task, host)),
        };
        if !result.status.is_failure() {
            return None;
        }
        item.or_else(|| match result.censored {
            true => None,
            false => of_content(result.content, &result.host, task),
        })
    }
}

fn of_content(
    content: Option<&RawValue>,
    host: &str,
    task: Option<&TaskRow>,
) -> Option<Fingerprint> {
    let content: Value = serde_json::from_str(content?.get()).ok()?;
    let task = task.map_or(("", ""), |task| (task.role.as_str(), task.name.as_str()));
    Some(fingerprint(&content, host, task))
}
