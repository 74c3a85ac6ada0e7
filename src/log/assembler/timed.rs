//! Rows with times of events, which may need a clock correction.

use crate::model::{FactsRow, HostRow, PlayRow, TaskRow};

/// Has times of events.
pub(in crate::log) trait Timed {
    /// Shifts them.
    fn shift(&mut self, us: i64);
}

impl Timed for HostRow {
    fn shift(&mut self, us: i64) {
        self.running_since_us = self.running_since_us.map(|at| at.saturating_add(us));
    }
}

impl Timed for FactsRow {
    fn shift(&mut self, us: i64) {
        self.at_us = self.at_us.saturating_add(us);
    }
}

impl Timed for PlayRow {
    fn shift(&mut self, us: i64) {
        self.started_us = self.started_us.saturating_add(us);
        self.ended_us = self.ended_us.saturating_add(us);
    }
}

impl Timed for TaskRow {
    fn shift(&mut self, us: i64) {
        self.started_us = self.started_us.saturating_add(us);
        self.ended_us = self.ended_us.saturating_add(us);
    }
}
