//! Launch requests as they are stored: without secrets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// A launch, as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct LaunchRow {
    /// Identity of the execution.
    pub id: Uuid,
    /// Its state.
    pub state: LaunchState,
    /// The parameters.
    pub parameters: Parameters,
    /// When it was requested, in microseconds since the epoch.
    pub queued_us: i64,
    /// Name of the collectors that share the run's folder. Earlier versions did not store it.
    pub collector: Option<String>,
}

/// The state of a launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaunchState {
    /// Queued.
    Queued,
    /// A supervisor was started, or is being started.
    Launched,
    /// It ended, and nothing is left to do.
    Ended,
}

impl LaunchState {
    /// The name as stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            LaunchState::Queued => "queued",
            LaunchState::Launched => "launched",
            LaunchState::Ended => "ended",
        }
    }

    /// The state with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Queued, Self::Launched, Self::Ended]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

/// The parameters of a launch: everything that a replay needs except secrets. Only the names of secrets are kept, so
/// that a replay can request them again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Parameters {
    /// Name of the playbook; empty for an ad-hoc run.
    pub playbook: String,
    /// Name of the inventory, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inventory: Option<String>,
    /// Host pattern that limits the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// Names of the hosts that limit the run: those that a replay tries again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only_hosts: Vec<String>,
    /// Tags to run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Tags to skip.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skip_tags: Vec<String>,
    /// Names of the extra variables.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra_var_names: Vec<String>,
    /// Their values, if the collector is configured to keep them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_vars: Option<BTreeMap<String, Value>>,
    /// Whether to become another user.
    #[serde(rename = "become", skip_serializing_if = "std::ops::Not::not")]
    pub r#become: bool,
    /// Name of that user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub become_user: Option<String>,
    /// Number of hosts at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forks: Option<u32>,
    /// Number of `-v`.
    #[serde(skip_serializing_if = "is_zero")]
    pub verbosity: u8,
    /// Change nothing, only report what would change.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub check: bool,
    /// Show what changes in files.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub diff: bool,
    /// Time limit of the run, in seconds.
    pub timeout_seconds: u64,
    /// Whether a vault password was given.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub vault_password: bool,
    /// Whether a private key was given as text.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub private_key_given: bool,
    /// Name of a private key in the configured folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key: Option<String>,
    /// Ad-hoc: the host pattern.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosts: Option<String>,
    /// Ad-hoc: the module.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Ad-hoc: whether arguments were given.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub args_given: bool,
    /// Ad-hoc: the arguments, if the collector is configured to keep them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub args: Option<String>,
    /// Why the run is started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The execution that this one repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay_of: Option<Uuid>,
    /// Name of the schedule that started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// The execution that must end before this one starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<Uuid>,
}

impl Parameters {
    /// Whether it is an ad-hoc run rather than a playbook.
    #[must_use]
    pub fn is_adhoc(&self) -> bool {
        self.playbook.is_empty()
    }
}

fn is_zero(number: &u8) -> bool {
    *number == 0
}
