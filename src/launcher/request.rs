//! A request for a run.
//!
//! Its fields are converted several times: by the API, by the checks, into the stored parameters, into a command line,
//! and for a replay. Each conversion names every field, so that the compiler reports a new one that is forgotten.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// A request's fields; `None` if not given. `Debug` shows no value that may be secret.
#[derive(Clone, Default)]
#[allow(missing_docs)] // Each is a field of the request, and documented there.
pub struct LaunchRequest {
    pub playbook: Option<String>,
    pub inventory: Option<String>,
    pub limit: Option<String>,
    pub tags: Option<Vec<String>>,
    pub skip_tags: Option<Vec<String>>,
    pub extra_vars: Option<BTreeMap<String, Value>>,
    pub r#become: Option<bool>,
    pub become_user: Option<String>,
    pub forks: Option<u32>,
    pub verbosity: Option<u8>,
    pub check: Option<bool>,
    pub diff: Option<bool>,
    pub timeout: Option<u64>,
    pub vault_password: Option<String>,
    pub private_key: Option<String>,
    pub note: Option<String>,
    pub labels: Option<Vec<String>>,
    pub hosts: Option<String>,
    pub module: Option<String>,
    pub args: Option<String>,
    pub only_hosts: Option<Vec<String>>,
    pub replay_of: Option<uuid::Uuid>,
}

impl fmt::Debug for LaunchRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LaunchRequest")
            .field("playbook", &self.playbook)
            .field("hosts", &self.hosts)
            .field("module", &self.module)
            .finish_non_exhaustive()
    }
}
