//! Rows that hold times of events, which may have to be corrected.

use crate::model::{HostRow, PlayRow, TaskRow};

/// What has times of events.
pub(in crate::log) trait Timed {
    /// Adds to them.
    fn shift(&mut self, us: i64);
}

impl Timed for HostRow {
    fn shift(&mut self, us: i64) {
        self.running_since_us = self.running_since_us.map(|at| at.saturating_add(us));
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
