//! A result as events: its loop items, itself, and the facts that it brought.

use playback_wire::{Facts, Item, TaskResult};

use super::NotTranslated;
use super::content::Content;
use super::handled::Outcome;
use super::run::Translation;

/// A result of any source, with what its content does not say.
pub(super) struct ResultOf<'r> {
    pub(super) task: u32,
    pub(super) host: &'r str,
    pub(super) outcome: Outcome,
    pub(super) changed: bool,
    pub(super) started: Option<i64>,
    /// Hosts that ran it, joined by a comma.
    pub(super) delegates: String,
    pub(super) at: i64,
}

impl ResultOf<'_> {
    /// Adds its items, itself, and the facts that it brought.
    pub(super) fn push(
        &self,
        log: &mut Translation<'_>,
        content: &Content,
    ) -> Result<(), NotTranslated> {
        for item in &content.items {
            let event = Item {
                task: self.task,
                host: self.host.into(),
                status: item.status.unwrap_or_default(),
                changed: item.changed,
                attempts: item.attempts,
                delegated_to: item
                    .delegate
                    .as_deref()
                    .filter(|name| *name != self.host)
                    .map(Into::into),
                action: None,
                censored: item.censored,
                content: item.kept.as_deref(),
            };
            log.push(self.at, "item", &event)?;
        }
        let items = u32::try_from(content.items.len()).unwrap_or(u32::MAX);
        let event = TaskResult {
            task: self.task,
            host: self.host.into(),
            status: self.outcome.status,
            changed: self.changed,
            ignored: self.outcome.ignored,
            rescued: self.outcome.rescued,
            started: self.started,
            attempts: content.attempts,
            items: Some(items).filter(|items| *items > 0),
            delegated_to: Some(&*self.delegates)
                .filter(|names| !names.is_empty())
                .map(Into::into),
            action: None,
            censored: content.censored,
            content: content.kept.as_deref(),
        };
        log.push(self.at, "result", &event)?;
        for facts in std::iter::once(content).chain(&content.items) {
            if facts.facts.is_some() {
                let event = Facts {
                    task: self.task,
                    host: self.host.into(),
                    facts: facts.facts.as_deref(),
                };
                log.push(self.at, "facts", &event)?;
            }
        }
        Ok(())
    }
}
