//! The time at which an event is sent: at once, or later together with others.

use std::collections::HashMap;
use std::time::Duration;

use chrono::Local;
use uuid::Uuid;

use super::{Notifier, micros, when};
use crate::model::{DAY_US, DeliveryKind, NotificationEvent, TargetRow};
use crate::store::{NewDelivery, StoreError};

/// When a target's next event is sent.
pub(super) struct Schedule<'t> {
    notifier: &'t Notifier,
    pub(super) now_us: i64,
    /// For each target with held events, when they are due.
    held: HashMap<i64, i64>,
    /// Messages of single events within the last hour.
    recent: HashMap<i64, u64>,
}

impl<'t> Schedule<'t> {
    pub(super) async fn read(notifier: &'t Notifier) -> Result<Self, StoreError> {
        Ok(Self {
            notifier,
            now_us: notifier.0.clock.now_us(),
            held: notifier.0.store.held_events().await?,
            recent: HashMap::new(),
        })
    }

    async fn recent(&mut self, target: &TargetRow) -> Result<u64, StoreError> {
        if let Some(count) = self.recent.get(&target.id) {
            return Ok(*count);
        }
        let since_us = self.now_us.saturating_sub(DAY_US / 24);
        let store = &self.notifier.0.store;
        let count = store.count_recent_deliveries(target.id, since_us).await?;
        self.recent.insert(target.id, count);
        Ok(count)
    }

    /// The event with its delivery, or held until it is sent with others.
    pub(super) async fn place(
        &mut self,
        target: &TargetRow,
        mut event: NotificationEvent,
    ) -> Result<(NotificationEvent, Option<NewDelivery>), StoreError> {
        let after = |time: Duration| self.now_us.saturating_add(micros(time));
        let digest = Duration::from_secs(60 * u64::from(target.settings.digest_minutes));
        let held = self.held.get(&target.id).copied();
        let until_us = if held.is_some() {
            // Behind those that wait, so that the order is kept.
            held
        } else if let Some(quiet_us) =
            when::quiet_until(&target.settings.quiet, self.now_us, &Local)
        {
            Some(quiet_us)
        } else if !digest.is_zero() {
            Some(after(digest))
        } else if self.recent(target).await? >= u64::from(target.settings.max_per_hour) {
            Some(
                self.now_us
                    .saturating_add(micros(self.notifier.digest_wait())),
            )
        } else {
            None
        };
        if let Some(until_us) = until_us {
            self.held.insert(target.id, until_us);
            event.held_until_us = Some(until_us);
            return Ok((event, None));
        }
        *self.recent.entry(target.id).or_default() += 1;
        let delivery = NewDelivery {
            uuid: Uuid::new_v4(),
            target: target.id,
            execution: event.run(),
            report: None,
            kind: DeliveryKind::Event,
            due_us: self.now_us,
        };
        Ok((event, Some(delivery)))
    }
}
