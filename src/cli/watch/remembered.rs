//! Remembers executions and their states, to distinguish starts and ends from other changes.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

use crate::model::{FeedEvent, Status};

/// Number of remembered executions; beyond it, the oldest half of the finished ones is forgotten.
const MOST: usize = 20_000;

/// The fields of a record that matter here.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Head {
    pub(super) id: Uuid,
    pub(super) status: Status,
    pub(super) start_time: DateTime<Utc>,
}

impl Head {
    /// The names of its fields.
    pub(super) const FIELDS: &'static str = "id,status,start_time";

    fn is_over(self) -> bool {
        self.status != Status::Running
    }
}

/// The executions received so far.
#[derive(Debug, Default)]
pub(super) struct RememberedRuns {
    runs: HashMap<Uuid, Head>,
    /// Start of the newest execution that may be finished and is not remembered.
    horizon: Option<DateTime<Utc>>,
}

impl RememberedRuns {
    /// What happened to an execution since it was last seen: it started or ended, or neither.
    ///
    /// The feed also reports changes of old records (a pin, a redaction) as ends: an execution that is neither
    /// remembered nor newer than the remembered ones ended long ago.
    pub(super) fn news(&self, head: &Head) -> Option<FeedEvent> {
        let before = self.runs.get(&head.id).map(|before| before.is_over());
        match (before, head.is_over()) {
            (None, false) => Some(FeedEvent::Started),
            (None, true) if self.horizon.is_some_and(|old| head.start_time <= old) => None,
            (None | Some(false), true) => Some(FeedEvent::Ended),
            (Some(_), false) | (Some(true), true) => None,
        }
    }

    /// Remembers the state of an execution.
    pub(super) fn remember(&mut self, head: Head) {
        self.runs.insert(head.id, head);
        if self.runs.len() > MOST {
            let over = self.runs.values().filter(|run| run.is_over());
            let mut starts: Vec<_> = over.map(|run| run.start_time).collect();
            starts.sort_unstable();
            if let Some(middle) = starts.get(starts.len() / 2) {
                self.forget_until(*middle);
            }
        }
    }

    /// From now on, executions that started until then and are not remembered count as finished and seen; forgets
    /// finished ones.
    pub(super) fn forget_until(&mut self, start: DateTime<Utc>) {
        self.horizon = self.horizon.max(Some(start));
        self.runs
            .retain(|_, run| !run.is_over() || run.start_time > start);
    }

    /// The executions that were running when they were last seen.
    pub(super) fn running(&self) -> Vec<Uuid> {
        let running = self.runs.values().filter(|run| !run.is_over());
        running.map(|run| run.id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time_from_us;

    fn head(number: u128, status: Status) -> Head {
        Head {
            id: Uuid::from_u128(number),
            status,
            start_time: time_from_us(number as i64),
        }
    }

    #[test]
    fn each_start_and_each_end_is_news_once() {
        let mut remembered = RememberedRuns::default();
        let mut told = |status| {
            let news = remembered.news(&head(7, status));
            remembered.remember(head(7, status));
            news
        };
        assert_eq!(told(Status::Running), Some(FeedEvent::Started));
        assert_eq!(told(Status::Running), None);
        assert_eq!(told(Status::Failed), Some(FeedEvent::Ended));
        assert_eq!(told(Status::Failed), None, "it was pinned, say");
        // A run that had counted as lost continues, and ends.
        assert_eq!(told(Status::Running), None);
        assert_eq!(told(Status::Success), Some(FeedEvent::Ended));
    }

    #[test]
    fn a_change_of_an_old_record_is_no_end() {
        let mut remembered = RememberedRuns::default();
        remembered.forget_until(time_from_us(100));
        assert_eq!(remembered.news(&head(100, Status::Failed)), None);
        assert_eq!(
            remembered.news(&head(101, Status::Failed)),
            Some(FeedEvent::Ended)
        );
        // A running execution was not finished before, however long ago it started.
        assert_eq!(
            remembered.news(&head(5, Status::Running)),
            Some(FeedEvent::Started)
        );
    }

    #[test]
    fn memory_is_bounded_and_what_runs_is_not_forgotten() {
        let mut remembered = RememberedRuns::default();
        remembered.remember(head(1, Status::Running));
        let newest = 3 * MOST as u128;
        for number in 2..=newest {
            remembered.remember(head(number, Status::Success));
            assert!(remembered.runs.len() <= MOST);
        }
        assert_eq!(remembered.running(), [Uuid::from_u128(1)]);
        for number in [2, newest / 2, newest] {
            assert_eq!(
                remembered.news(&head(number, Status::Success)),
                None,
                "{number}"
            );
        }
    }
}
