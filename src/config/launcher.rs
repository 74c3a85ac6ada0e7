//! Configuration of the launcher: `[launcher]`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use serde::Deserialize;

use playback_supervisor::account::Account;

/// Variables of the collector's own environment that a launched run gets: those that say where things
/// are and in which language, and none that may carry a secret.
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

/// The same of those that are about the collector's user: a run as another user gets that user's own, or none.
const PASSED_TO_OURSELVES: [&str; 6] = [
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "SSH_AUTH_SOCK",
];

/// Which modules may be run by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "adhoc must be true, false or a list of modules")]
pub enum Adhoc {
    /// All, or none.
    All(bool),
    /// These, by their short or their full names.
    Modules(Vec<String>),
}

/// What the launcher may run, and how much of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LauncherConfig {
    /// Whether runs can be launched at all; by default, where a playbook folder is configured.
    pub enabled: Option<bool>,
    /// Folders that hold playbooks. Each is the working directory of its playbooks' runs.
    pub playbooks: Vec<PathBuf>,
    /// Folders that hold inventories.
    pub inventories: Vec<PathBuf>,
    /// Folders that hold private keys that a request may name.
    pub private_keys: Vec<PathBuf>,
    /// Folder for what belongs to a run while it lasts; closed to everybody else.
    pub folder: Option<PathBuf>,
    /// User as whom runs execute, as `user` or `user:group`; by default, the collector's own. Needs root.
    pub run_as: Option<String>,
    /// Folder that holds `ansible-playbook` and `ansible`; by default, the search path.
    pub ansible: Option<PathBuf>,
    /// Whether the recorder is installed beside that Ansible; by default, it is looked for.
    pub recorder: Option<bool>,
    /// Where runs find this collector; by default, at the address that it listens on.
    pub url: Option<String>,
    /// Which modules may be run by themselves (`POST /adhoc`). Most modules can do whatever the run's user can do.
    pub adhoc: Adhoc,
    /// How many runs go on at once; the others wait.
    pub max_running: usize,
    /// How many of them may be of the same playbook; 0: any number.
    pub max_running_per_playbook: usize,
    /// How many may wait; beyond that, a request is refused.
    pub max_queued: u32,
    /// Seconds that a playbook may take when the request does not say.
    pub timeout_seconds: u64,
    /// The same for an ad-hoc run.
    pub adhoc_timeout_seconds: u64,
    /// Seconds that a run has to end itself, once it was asked to, before it is killed.
    pub kill_after_seconds: u64,
    /// Keep the values of extra variables and ad-hoc arguments in the database, so that a replay need
    /// not ask for them again. They may be secret, so it is off.
    pub keep_values: bool,
    /// Names of further variables of the collector's environment that runs get.
    pub pass_environment: Vec<String>,
    /// Variables that runs get.
    pub environment: BTreeMap<String, String>,
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

    /// The folder of the runs: the configured one, else one in the user's own state folder.
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

    /// The environment of a run: the few variables that are passed on, and those that are configured. `account` is
    /// the user as whom it executes, where that is not ours.
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
            .map(|(name, value)| (name.into(), value.into()));
        passed.chain(configured).collect()
    }
}
