//! Notifications: tells targets what happened to runs.
//!
//! ```text
//! commit of a run's change ─► outbox ─► expand: rules, earlier runs ─► events ─► deliveries ─► deliver: sign, send
//! (nothing without targets)                        quiet hours, digest, limit ──┘                    │
//!                                                                           log of attempts ◄────────┘
//! ```
//!
//! Everything is in the database before anything is sent, so a collector that is killed sends what it had not sent, and
//! what it had sent but not noted once more, under the same identity.
//!
//! Layout:
//! - [`triggers`], [`when`], [`backoff`]: what fires, when it may be sent, when it is tried again; pure
//! - [`notice`]: what a message says; [`render`]: its form for each kind of target; [`sign`]: signatures; pure
//! - [`seal`], [`secrets`]: secrets, encrypted; [`check`], [`moved`]: settings, checked
//! - `read`: reads what a message says from the history
//! - [`send`]: sends one message
//! - `expand`: the job that finds the targets of each change; `matches`: by the queries of rules; `run_context`: by earlier runs;
//!   `schedule`: when; `overdue`: what did not happen; `budgets`: what was spent;
//!   `clock_watch`: whether the clock was set
//! - `deliver`: the job that sends; `attempt`: one attempt, and what follows from it

mod attempt;
pub mod backoff;
mod budgets;
pub mod check;
mod clock_watch;
mod deliver;
mod expand;
mod matches;
pub mod moved;
pub mod notice;
mod overdue;
mod read;
pub mod render;
mod run_context;
mod schedule;
pub mod seal;
pub mod secrets;
pub mod send;
pub mod sign;
pub mod triggers;
pub mod when;

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use serde_json::{Value, json};
use uuid::Uuid;

pub use deliver::Deliveries;
pub use expand::Expansion;

use self::seal::Keys;
use self::secrets::TargetSecrets;
use self::send::Sender;
use self::send::guard::Guard;
use crate::clock::Clock;
use crate::config::{Config, NotificationConfig};
use crate::history::HistoryError;
use crate::model::{
    Action, Actor, AuditEntry, DeliveryKind, TargetKind, TargetRow, TargetSettings,
};
use crate::reports::{Reports, ReportsError};
use crate::store::{NewDelivery, NewTarget, Store, StoreError};

/// How long a test may take until it is tried in the background.
const TEST_US: i64 = 60_000_000;

/// Why something about notifications failed.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The configuration cannot be used.
    #[error("{0}")]
    Config(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The history could not be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A report could not be made.
    #[error(transparent)]
    Report(#[from] ReportsError),
    /// The work panicked.
    #[error("sending a message was broken off")]
    BrokenOff,
}

/// Tells targets; cheap to clone.
#[derive(Debug, Clone)]
pub struct Notifier(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    store: Store,
    clock: Clock,
    config: NotificationConfig,
    /// Makes the reports that are sent, and knows the budgets.
    reports: Reports,
    keys: Keys,
    sender: Sender,
    /// Address of the collector's pages.
    pages: Option<String>,
    /// When this collector started, in elapsed time.
    begun_us: i64,
}

impl Notifier {
    /// Tells targets as configured.
    ///
    /// # Errors
    /// A key or the file of authorities cannot be used.
    pub fn new(
        config: &Config,
        store: Store,
        clock: Clock,
        reports: Reports,
    ) -> Result<Self, NotifyError> {
        let notifications = config.notifications.clone();
        let key = match &notifications.key_file {
            Some(file) => {
                let text = std::fs::read_to_string(file).map(Zeroizing::new);
                let text = text.map_err(|error| {
                    let file = file.display();
                    NotifyError::Config(format!("notifications.key_file: {file}: {error}"))
                })?;
                Some(SecretString::from(text.trim()))
            }
            None => notifications.key.clone(),
        };
        let keys = Keys::read(key.as_ref(), &notifications.previous_keys)
            .map_err(|error| NotifyError::Config(error.to_string()))?;
        let guard = Guard::new(&notifications.allow_networks);
        let sender = Sender::new(&notifications, guard).map_err(NotifyError::Config)?;
        Ok(Self(Arc::new(Parts {
            pages: config.http.public_address(),
            begun_us: clock.monotonic_us(),
            store,
            clock,
            config: notifications,
            reports,
            keys,
            sender,
        })))
    }

    /// Stores the targets of the configuration file, and removes those that are no longer in it.
    ///
    /// # Errors
    /// A target cannot be used, or the store failed.
    pub async fn take_over_configured(&self) -> Result<(), NotifyError> {
        let wrong = |name: &str, error: String| {
            NotifyError::Config(format!("notifications.targets.{name}: {error}"))
        };
        let parts = &self.0;
        let entry = |name: &str, action| {
            let object = object(name);
            AuditEntry::new(parts.clock.now_us(), Actor::configuration(), action, object)
        };
        let stored = parts.store.targets().await?;
        for target in stored.iter().filter(|target| target.is_from_file) {
            if !parts.config.targets.contains_key(&target.name) {
                let removed = |before: &TargetRow| {
                    let entry = entry(&before.name, Action::RemoveTarget);
                    Some(entry.before(shown(&before.settings, &before.address)))
                };
                parts.store.remove_target(&target.name, removed).await?;
            }
        }
        for (name, settings) in &parts.config.targets {
            let mut settings = settings.clone();
            let before = stored.iter().find(|target| target.name == *name);
            let secrets = TargetSecrets::taken(&mut settings, TargetSecrets::default());
            check::name(name).map_err(|error| wrong(name, error))?;
            if settings.kind == TargetKind::Webhook && secrets.signing.is_empty() {
                let text =
                    "signing_secrets is missing: a generated secret could not be shown to you"
                        .to_owned();
                return Err(wrong(name, text));
            }
            let now_us = parts.clock.now_us();
            let address = self
                .check(&settings, &secrets, now_us)
                .map_err(|error| wrong(name, error))?;
            let is_same = before.is_some_and(|before| {
                let same = |one, other: &_| {
                    serde_json::to_value(one).ok() == serde_json::to_value(other).ok()
                };
                let opened = TargetSecrets::open(&parts.keys, before);
                // A start switches it on again: nothing else can.
                before.is_from_file
                    && before.off.is_none()
                    && same(&before.settings, &settings)
                    && opened.is_ok_and(|opened| opened.is_same(&secrets))
            });
            if is_same {
                // It keeps what is known of it, such as that it fails.
                continue;
            }
            let sealed = secrets.seal(&parts.keys, name);
            let target = NewTarget {
                name: name.clone(),
                settings,
                sealed: sealed.map_err(|error| wrong(name, error.to_string()))?,
                address,
                is_from_file: true,
                changed_us: now_us,
            };
            let set = |before: Option<&TargetRow>| {
                let entry = entry(name, Action::SetTarget);
                let entry = entry.after(shown(&target.settings, &target.address));
                Some(match before {
                    Some(before) => entry.before(shown(&before.settings, &before.address)),
                    None => entry,
                })
            };
            parts.store.put_target(&target, set).await?;
        }
        parts.store.look_for_targets().await?;
        Ok(())
    }

    /// Its background jobs. Needs a runtime.
    #[must_use]
    pub fn jobs(&self) -> (Expansion, Deliveries) {
        (Expansion::new(self.clone()), Deliveries::new(self.clone()))
    }

    /// The keys that encrypt secrets.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// Checks settings with their secrets; returns where messages go, as far as it is no secret.
    ///
    /// # Errors
    /// The first thing that is wrong, with its field.
    pub fn check(
        &self,
        settings: &TargetSettings,
        secrets: &TargetSecrets,
        now_us: i64,
    ) -> Result<String, String> {
        let budgets = self.0.reports.costs().budget_names();
        let known = check::CheckContext {
            guard: self.0.sender.guard(),
            budgets: &budgets,
        };
        check::settings(settings, secrets, &known, now_us)
    }

    /// Sends a target an example now; returns its identity. If the collector ends meanwhile, it is sent later.
    ///
    /// # Errors
    /// The store failed.
    pub async fn test(&self, target: &TargetRow) -> Result<Uuid, NotifyError> {
        let store = &self.0.store;
        let now_us = self.0.clock.now_us();
        let delivery = NewDelivery {
            uuid: Uuid::new_v4(),
            target: target.id,
            execution: read::example_run(store).await?,
            report: None,
            kind: DeliveryKind::Test,
            due_us: now_us.saturating_add(TEST_US),
        };
        store.add_delivery(&delivery, now_us).await?;
        if let Some((listed, _)) = store.delivery(delivery.uuid).await? {
            self.attempt(target, &listed.row).await?;
        }
        Ok(delivery.uuid)
    }

    fn digest_wait(&self) -> Duration {
        Duration::from_secs(self.0.config.digest_wait_seconds)
    }
}

/// A target for the audit trail: everything but secrets.
#[must_use]
pub fn shown(settings: &TargetSettings, address: &str) -> Value {
    json!({ "address": address, "settings": settings })
}

/// Name of a target in the audit trail.
#[must_use]
pub fn object(name: &str) -> String {
    format!("target:{name}")
}

/// A duration in microseconds.
fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
