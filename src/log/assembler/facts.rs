//! Reports of facts. A run that reports the same facts of a host several times in a row has one row for them.

use std::collections::HashMap;

use playback_wire::{Event, Facts};

use super::bounds;
use crate::facts::Gathering;
use crate::model::FactsRow;

/// A run has more reports of facts than are kept as rows.
#[derive(Debug)]
pub(super) struct TooMany;

/// The reports so far.
#[derive(Debug, Default)]
pub(super) struct Reports {
    hosts: HashMap<String, Latest>,
    rows: usize,
    /// The task whose result came last, and what ran, where the task's own action is a template: its facts come next.
    ran: Option<(u32, String)>,
}

/// A host's latest report that has a row, and how many have.
#[derive(Debug)]
struct Latest {
    gathering: Gathering,
    rows: usize,
}

impl Reports {
    /// Notes which module a result or a loop item is from.
    pub(super) fn ran(&mut self, task: u32, action: Option<&str>) {
        if self.ran.is_some() || action.is_some() {
            let action = action.filter(|action| action.len() <= bounds::NAME);
            self.ran = action.map(|action| (task, action.to_owned()));
        }
    }

    /// The row of a report; none if the host's report before it said the same. `action` is the task's own, `first_at` the
    /// time of the recorder's first event.
    pub(super) fn facts(
        &mut self,
        event: &Event<'_>,
        facts: &Facts<'_>,
        action: Option<&str>,
        first_at: Option<i64>,
    ) -> Result<Option<FactsRow>, TooMany> {
        let ran = self.ran.as_ref().filter(|(task, _)| *task == facts.task);
        let action = ran.map(|(_, ran)| ran.as_str()).or(action);
        let gathering = facts
            .facts
            .and_then(|facts| Gathering::of(facts, action.unwrap_or_default()));
        let Some(gathering) = gathering else {
            return Ok(None);
        };
        let is_full = self.rows >= bounds::FACTS || facts.host.len() > bounds::NAME;
        match self.hosts.get_mut(&*facts.host) {
            Some(latest) if latest.gathering == gathering => return Ok(None),
            Some(latest) if !is_full && latest.rows < bounds::FACTS_OF_HOST => {
                latest.gathering = gathering;
                latest.rows += 1;
            }
            None if !is_full => {
                let host = facts.host.clone().into_owned();
                self.hosts.insert(host, Latest { gathering, rows: 1 });
            }
            _ => return Err(TooMany),
        }
        self.rows += 1;
        Ok(Some(FactsRow {
            seq: event.seq,
            host: facts.host.clone().into_owned(),
            kind: gathering.kind.0,
            digest: gathering.digest,
            at_us: event.at,
            after_us: event.at.saturating_sub(first_at.unwrap_or(event.at)),
        }))
    }
}
