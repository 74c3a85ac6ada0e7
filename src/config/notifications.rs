//! Configuration of notifications: `[notifications]`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

use super::ConfigError;
use super::http::Network;
use crate::model::TargetSettings;

/// Section `[notifications]`: see `examples/collector.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NotificationConfig {
    /// Key that encrypts the secrets of targets, as `playback notify key` makes one.
    pub key: Option<SecretString>,
    /// File with the key, instead of `key`.
    pub key_file: Option<PathBuf>,
    /// Keys that were used before: secrets that they encrypted can still be read.
    pub previous_keys: Vec<SecretString>,
    /// Networks that targets may be in although they are private, such as `10.0.0.0/8`.
    pub allow_networks: Vec<Network>,
    /// PEM file with certificate authorities to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Seconds that an attempt may take.
    pub timeout_seconds: u64,
    /// Seconds until the second attempt; each further pause is twice as long, up to an hour.
    pub retry_seconds: f64,
    /// Seconds after which a message is given up.
    pub give_up_seconds: u64,
    /// Seconds after which a target that takes nothing is switched off.
    pub off_after_seconds: u64,
    /// Runs that ended this many seconds before they arrived are only told on request (`late`).
    pub late_seconds: u64,
    /// Seconds that events beyond a target's `max_per_hour` are collected before they are sent in one message.
    pub digest_wait_seconds: u64,
    /// Days that the log of deliveries is kept.
    pub log_days: u32,
    /// Targets, by name.
    pub targets: BTreeMap<String, TargetSettings>,
}

impl Default for NotificationConfig {
    fn default() -> Self {
        Self {
            key: None,
            key_file: None,
            previous_keys: Vec::new(),
            allow_networks: Vec::new(),
            ca_file: None,
            timeout_seconds: 10,
            retry_seconds: 5.0,
            give_up_seconds: 24 * 3600,
            off_after_seconds: 3 * 24 * 3600,
            late_seconds: 3600,
            digest_wait_seconds: 300,
            log_days: 30,
            targets: BTreeMap::new(),
        }
    }
}

impl NotificationConfig {
    /// Checks the values.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let numbers = [
            ("notifications.timeout_seconds", self.timeout_seconds),
            ("notifications.give_up_seconds", self.give_up_seconds),
            ("notifications.off_after_seconds", self.off_after_seconds),
            ("notifications.late_seconds", self.late_seconds),
            (
                "notifications.digest_wait_seconds",
                self.digest_wait_seconds,
            ),
            ("notifications.log_days", u64::from(self.log_days)),
        ];
        if let Some((name, _)) = numbers.iter().find(|(_, number)| *number == 0) {
            return Err(ConfigError::Zero(name));
        }
        if !(0.01..=3600.0).contains(&self.retry_seconds) {
            return Err(ConfigError::RetrySeconds(self.retry_seconds));
        }
        if self.key.is_some() && self.key_file.is_some() {
            return Err(ConfigError::TwoKeys);
        }
        Ok(())
    }

    /// The pause before the second attempt.
    #[must_use]
    pub fn retry(&self) -> Duration {
        Duration::from_secs_f64(self.retry_seconds)
    }
}
