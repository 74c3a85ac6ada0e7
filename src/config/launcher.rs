//! Configuration of the launcher: `[launcher]`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::SecretSource;
use playback_supervisor::account::Account;

/// Variables of the collector's environment that a launched run inherits: locations and language, and none that may
/// carry a secret.
const PASSED: [&str; 8] = [
    "PATH",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "TZ",
    "ANSIBLE_CONFIG",
];

/// Further variables, about the collector's user: a run as another user gets that user's own, or none.
const PASSED_TO_OURSELVES: [&str; 6] = [
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "SSH_AUTH_SOCK",
];

/// Which modules ad-hoc runs may use.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "adhoc must be true, false or a list of modules")]
pub enum Adhoc {
    /// All, or none.
    All(bool),
    /// These, by their short or their full names.
    Modules(Vec<String>),
}

/// The section `[launcher]`: folders of playbooks and inventories, and limits.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LauncherConfig {
    /// Whether runs can be launched at all; by default, where a playbook folder is configured.
    pub enabled: Option<bool>,
    /// Folders that hold playbooks. Each is the working directory of its playbooks' runs.
    pub playbooks: Vec<PathBuf>,
    /// Folders that hold inventories.
    pub inventories: Vec<PathBuf>,
    /// Folders that hold the private keys that a request may name.
    pub private_keys: Vec<PathBuf>,
    /// Folder for the files of queued and running runs; closed to other users.
    pub folder: Option<PathBuf>,
    /// User that runs execute as, as `user` or `user:group`; by default, the collector's own. Needs root.
    pub run_as: Option<String>,
    /// Folder that holds `ansible-playbook` and `ansible`; by default, the search path.
    pub ansible: Option<PathBuf>,
    /// Whether the recorder is installed for that Ansible; by default, this is detected.
    pub recorder: Option<bool>,
    /// The collector's address for runs; by default, the one that it listens on.
    pub url: Option<String>,
    /// Modules allowed in ad-hoc runs (`POST /adhoc`). Most modules can do whatever the run's user can do.
    pub adhoc: Adhoc,
    /// Maximum number of concurrent runs; the others wait.
    pub max_running: usize,
    /// Maximum number of concurrent runs of the same playbook; 0: no limit.
    pub max_running_per_playbook: usize,
    /// Maximum number of queued runs; beyond that, a request is refused.
    pub max_queued: u32,
    /// Time limit of a playbook run in seconds, if the request sets none.
    pub timeout_seconds: u64,
    /// Time limit of an ad-hoc run in seconds, if the request sets none.
    pub adhoc_timeout_seconds: u64,
    /// Seconds between asking a run to end and killing it.
    pub kill_after_seconds: u64,
    /// Keep the values of extra variables and ad-hoc arguments in the database, so that a replay need not ask for them
    /// again. They may be secret, so it is off by default.
    pub keep_values: bool,
    /// Further variables of the collector's environment that runs inherit.
    pub pass_environment: Vec<String>,
    /// Variables that are set for runs. Their values may be secret.
    pub environment: BTreeMap<String, SecretString>,
    /// Secrets that requests and schedules may name: where each is read when a run starts.
    pub secrets: BTreeMap<String, SecretSource>,
}

impl Default for LauncherConfig {
    fn default() -> Self {
        Self {
            enabled: None,
            playbooks: Vec::new(),
            inventories: Vec::new(),
            private_keys: Vec::new(),
            folder: None,
            run_as: None,
            ansible: None,
            recorder: None,
            url: None,
            adhoc: Adhoc::All(true),
            max_running: 10,
            max_running_per_playbook: 0,
            max_queued: 1000,
            timeout_seconds: 3600,
            adhoc_timeout_seconds: 300,
            kill_after_seconds: 10,
            keep_values: false,
            pass_environment: Vec::new(),
            environment: BTreeMap::new(),
            secrets: BTreeMap::new(),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is part of config, the one place that reads the environment"
)]
impl LauncherConfig {
    /// Whether runs can be launched.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(!self.playbooks.is_empty())
    }

    /// The folder of the runs: the configured one, or one in the user's state folder.
    #[must_use]
    pub fn runs_folder(&self) -> Option<PathBuf> {
        self.folder.clone().or_else(|| {
            std::env::var_os("XDG_STATE_HOME")
                .map(PathBuf::from)
                .filter(|folder| folder.is_absolute())
                .or_else(|| std::env::home_dir().map(|home| home.join(".local/state")))
                .map(|folder| folder.join("playback/runs"))
        })
    }

    /// The environment of a run: the inherited variables, and the configured ones. `account` is the user that it
    /// executes as, if that is not ours.
    #[must_use]
    pub fn run_environment(&self, account: Option<&Account>) -> BTreeMap<OsString, OsString> {
        let ours = PASSED_TO_OURSELVES
            .into_iter()
            .filter(|_| account.is_none());
        let theirs = account.into_iter().flat_map(Account::variables);
        let passed = PASSED
            .into_iter()
            .chain(ours)
            .chain(self.pass_environment.iter().map(String::as_str))
            .filter_map(|name| Some((name.into(), std::env::var_os(name)?)))
            .chain(theirs.map(|(name, value)| (name.into(), value)));
        let configured = self
            .environment
            .iter()
            .map(|(name, value)| (name.into(), value.expose_secret().into()));
        passed.chain(configured).collect()
    }
}
