//! The configured rules, applied by themselves now and then.

use std::time::Duration;

use super::{Retention, RetentionError};
use crate::config::Schedule;
use crate::model::{Action, Actor, AuditEntry};

/// How long nobody looks at the clock: somebody may set it.
const LOOK: Duration = Duration::from_micros(LOOK_US as u64);
const LOOK_US: i64 = 30_000_000;

/// A clock that differs by more than this from the time that has passed was set.
const SET_US: i64 = 60_000_000;

impl Retention {
    /// Sweeps away what an interrupted cleanup has left behind, and then cleans up whenever it is time, until
    /// the collector stops.
    pub async fn serve(self) {
        let inner = &*self.inner;
        // Beside whatever else goes on: each step is a transaction of its own.
        match self.sweep().await {
            Ok(()) => {}
            Err(RetentionError::Stopping) => return,
            Err(error) => tracing::warn!(%error, "what is deleted could not be swept away"),
        }
        let Some(schedule) = inner.schedule else {
            return;
        };
        while let Some(due_us) = self.wait_for(schedule).await {
            match self.clean_up_once(due_us).await {
                Ok(()) => {}
                Err(RetentionError::Stopping) => return,
                Err(RetentionError::Running) => {
                    tracing::info!(
                        "a cleanup that was asked for goes on: the scheduled one is left out"
                    );
                }
                Err(error) => tracing::warn!(%error, "a scheduled cleanup failed"),
            }
        }
    }

    /// Cleans up, where no other collector that shares the database does for the same time.
    async fn clean_up_once(&self, due_us: i64) -> Result<(), RetentionError> {
        let inner = &*self.inner;
        if inner.store.take_turn(due_us).await? {
            let begun = self.begin_cleanup()?;
            let report = self.cleanup(&inner.rules, Some(begun)).await?;
            if report.deleted + report.payloads_removed > 0 {
                let actor = Actor::schedule();
                let now = inner.clock.now_us();
                let entry = AuditEntry::new(now, actor, Action::CleanupEnded, "history");
                inner.store.audit(&entry.after(report.summary())).await?;
            }
        }
        Ok(())
    }

    /// Waits until it is time, and says which time that is; none when the collector stops.
    async fn wait_for(&self, schedule: Schedule) -> Option<i64> {
        let inner = &*self.inner;
        let clock = &inner.clock;
        let ahead = || clock.now_us().saturating_sub(clock.monotonic_us());
        let (mut ahead_us, mut due) = (ahead(), schedule.next_after(clock.now_us()));
        loop {
            let mut left = due.saturating_sub(clock.now_us());
            if (ahead() - ahead_us).abs() > SET_US {
                // Somebody has set it, and may set it back: nothing is removed by a time that is so new.
                (ahead_us, due) = (ahead(), due.min(schedule.next_after(clock.now_us())));
                left = LOOK_US;
            }
            if left <= 0 {
                return Some(due);
            }
            let left = Duration::from_micros(left.unsigned_abs()).min(LOOK);
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                () = inner.closing.cancelled() => return None,
            }
        }
    }
}
