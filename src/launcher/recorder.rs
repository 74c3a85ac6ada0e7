//! The recorder in a launched run: whether it is installed, and how the environment alone enables it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::errands;
use crate::config::ansible::{AnsibleConfig, list};
use playback_supervisor::account::{Account, probe};

/// Its name in `callbacks_enabled`.
const CALLBACK: &str = "playback.history.recorder";

/// How long the result is cached: the recorder may be installed or removed while we run.
const FOR: Duration = Duration::from_secs(60);

/// How long Python may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Checks whether the recorder is installed beside Ansible.
#[derive(Debug, Clone, Default)]
pub(super) struct Recorder {
    /// The configured value.
    said: Option<bool>,
    found: Arc<Mutex<Option<(Instant, bool)>>>,
}

impl Recorder {
    pub(super) fn new(said: Option<bool>) -> Self {
        Self {
            said,
            found: Arc::default(),
        }
    }

    /// Whether it is installed for the Python that runs `program`.
    pub(super) async fn is_installed(
        &self,
        program: &str,
        environment: &BTreeMap<OsString, OsString>,
        account: Option<&Account>,
    ) -> bool {
        if let Some(said) = self.said {
            return said;
        }
        let mut found = self.found.lock().await;
        if let Some((when, installed)) = *found
            && when.elapsed() < FOR
        {
            return installed;
        }
        let installed = look(program, environment, account).await;
        *found = Some((Instant::now(), installed));
        installed
    }
}

/// Asks the interpreter in the program's first line, as the user who will run it: Python runs what that user has put
/// into its own package folder.
async fn look(
    program: &str,
    environment: &BTreeMap<OsString, OsString>,
    account: Option<&Account>,
) -> bool {
    let path = environment
        .get(OsStr::new("PATH"))
        .cloned()
        .unwrap_or_default();
    let (program, reader) = (program.to_owned(), account.cloned());
    let found = tokio::task::spawn_blocking(move || {
        let find = || {
            find_program(&program, &path)
                .as_deref()
                .and_then(interpreter)
        };
        match reader {
            Some(account) => account.with_rights(find).ok().flatten(),
            None => find(),
        }
    });
    let Ok(Some(python)) = found.await else {
        return false;
    };
    let mut asked = match account.map(|account| errands::command(account, "exec")) {
        None => tokio::process::Command::new(python),
        Some(Ok(mut command)) => {
            command.arg("--").arg(python);
            command
        }
        Some(Err(_)) => return false,
    };
    let asked = asked
        .args(["-c", "import ansible_playback._native"])
        .env_clear()
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status();
    matches!(timeout(PATIENCE, asked).await, Ok(Ok(status)) if status.success())
}

/// A program in the search path.
fn find_program(program: &str, path: &OsStr) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program));
    }
    std::env::split_paths(path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

fn interpreter(program: &Path) -> Option<PathBuf> {
    let python = probe::interpreter(program)?;
    let is_python = python.to_string_lossy().contains("python");
    is_python.then_some(python)
}

/// The variables that enable the recorder, in addition to the callbacks that the configuration enables.
pub(super) fn turned_on(
    cwd: &Path,
    environment: &BTreeMap<OsString, OsString>,
) -> Vec<(&'static str, OsString)> {
    let mut callbacks = enabled_callbacks(cwd, environment);
    if !callbacks.iter().any(|name| name == CALLBACK) {
        callbacks.push(CALLBACK.to_owned());
    }
    vec![
        ("ANSIBLE_CALLBACKS_ENABLED", callbacks.join(",").into()),
        // Ad-hoc runs load callbacks only with this setting.
        ("ANSIBLE_LOAD_CALLBACK_PLUGINS", "1".into()),
    ]
}

/// The callbacks that this Ansible would enable. The environment overrides the configuration file, and ours must not
/// remove the others.
fn enabled_callbacks(cwd: &Path, environment: &BTreeMap<OsString, OsString>) -> Vec<String> {
    let variable = |name: &str| environment.get(OsStr::new(name)).cloned();
    match variable("ANSIBLE_CALLBACKS_ENABLED") {
        Some(named) => list(&named.to_string_lossy()),
        None => AnsibleConfig::read(cwd, variable).callbacks(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_that_are_enabled_stay_enabled() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[defaults]\ncallbacks_enabled = timer,\n    profile_tasks\nforks = 5\n";
        std::fs::write(folder.path().join("ansible.cfg"), text).unwrap();
        let mut environment = BTreeMap::new();
        let enabled = |environment: &BTreeMap<OsString, OsString>| {
            turned_on(folder.path(), environment)[0].1.clone()
        };
        assert_eq!(
            enabled(&environment),
            "timer,profile_tasks,playback.history.recorder"
        );
        environment.insert(
            "ANSIBLE_CALLBACKS_ENABLED".into(),
            "playback.history.recorder,x".into(),
        );
        assert_eq!(enabled(&environment), "playback.history.recorder,x");
    }
}
