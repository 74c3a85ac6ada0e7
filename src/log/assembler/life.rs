//! Signs of life, and their absence: a run whose producers are silent counts as lost until they are heard again.

use super::Assembler;

impl Assembler {
    /// Records that the producers fell silent. Does nothing if the execution is over.
    pub fn mark_lost(&mut self) {
        if !self.is_final() {
            self.lost = true;
            self.alive_due = self.alive_us.is_some();
            self.refresh();
        }
    }

    /// Notes a sign of life without events: at this time, by its producers' clock, the run was going on.
    pub fn alive_at(&mut self, at: i64) {
        if self.alive_us.is_none_or(|latest| at > latest) {
            self.alive_us = Some(at);
        }
    }

    /// Notes the latest stored sign of life.
    pub fn alive_from_store(&mut self, at: Option<i64>) {
        if let Some(at) = at {
            self.alive_at(at);
        }
        self.alive_due = false;
    }

    /// The latest sign of life without events.
    #[must_use]
    pub fn alive_us(&self) -> Option<i64> {
        self.alive_us
    }

    /// The latest sign of life of any kind, by its producers' clock.
    #[must_use]
    pub fn last_sign_us(&self) -> i64 {
        let [recorder, supervisor, _] = &self.producers;
        let last_at = recorder.last_at.max(supervisor.last_at);
        last_at.max(self.alive_us.unwrap_or_default())
    }

    /// Records a sign of life of an execution that counted as lost.
    pub fn mark_alive(&mut self) {
        if self.lost {
            self.lost = false;
            self.refresh();
        }
    }

    /// Whether it counts as lost.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.lost
    }
}
