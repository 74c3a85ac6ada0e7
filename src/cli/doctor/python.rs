//! Queries an Ansible itself: which Python runs it, its effective configuration, and whether the recorder is installed.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde::Deserialize;

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Run by the Python that runs Ansible.
const QUESTIONS: &str = r#"
import json, sys
found = {}
try:
    from importlib import metadata
    found["wheel"] = metadata.version("ansible-playback")
except Exception:
    pass
try:
    import ansible_playback._native
except Exception as error:
    found["error"] = f"{type(error).__name__}: {error}"
from ansible import constants
def value(name):
    return constants.config.get_config_value_and_origin(name)
callbacks, origin = value("CALLBACKS_ENABLED")
found["callbacks"] = [str(name).strip() for name in callbacks or []]
found["callbacks_from"] = str(origin)
found["adhoc"] = bool(value("DEFAULT_LOAD_CALLBACK_PLUGINS")[0])
found["config"] = constants.CONFIG_FILE and str(constants.CONFIG_FILE)
try:
    from ansible.plugins import loader
    if hasattr(loader, "init_plugin_loader"):
        loader.init_plugin_loader()
    found["loads"] = bool(loader.callback_loader.find_plugin("playback.history.recorder"))
except Exception as error:
    found["loads"] = False
print("\nPLAYBACK " + json.dumps(found))
"#;

/// An installation of Ansible, as it describes itself.
#[derive(Debug)]
pub(super) struct AnsibleInstall {
    /// Version of ansible-core.
    pub(super) version: String,
    /// The interpreter.
    pub(super) python: PathBuf,
    /// Its version.
    pub(super) python_version: String,
    pub(super) found: Answers,
}

/// The answers to [`QUESTIONS`].
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answers {
    /// Version of the installed wheel.
    pub(super) wheel: Option<String>,
    /// Why its native part cannot be loaded.
    pub(super) error: Option<String>,
    pub(super) callbacks: Vec<String>,
    pub(super) callbacks_from: String,
    /// Whether ad-hoc commands load callbacks.
    pub(super) adhoc: bool,
    /// The active ansible.cfg.
    pub(super) config: Option<String>,
    /// Whether Ansible finds the plugin.
    pub(super) loads: bool,
}

/// Queries an `ansible-playbook`.
///
/// # Errors
/// A text that says why there is no answer.
pub(super) fn ask(program: &Path) -> Result<AnsibleInstall, String> {
    let printed = run(Command::new(program).arg("--version"))?;
    let line = |beginning: &str| {
        printed
            .lines()
            .find_map(|line| line.trim().strip_prefix(beginning))
            .unwrap_or_default()
    };
    let version = printed
        .split_once("[core ")
        .and_then(|(_, rest)| rest.split_once(']'))
        .map(|(version, _)| version.to_owned())
        .ok_or("it does not print a version as ansible-core does")?;
    let python = line("python version = ");
    let path = python
        .rsplit_once('(')
        .and_then(|(_, path)| path.strip_suffix(')'))
        .filter(|path| path.starts_with('/'))
        .ok_or("it does not tell which Python runs it")?;
    let answered = run(Command::new(path).args(["-c", QUESTIONS]))?;
    let found = answered
        .lines()
        .find_map(|line| line.strip_prefix("PLAYBACK "))
        .and_then(|json| serde_json::from_str(json).ok())
        .ok_or_else(|| format!("{path} cannot import Ansible"))?;
    Ok(AnsibleInstall {
        version,
        python: PathBuf::from(path),
        python_version: python.split(' ').next().unwrap_or_default().to_owned(),
        found,
    })
}

/// A command's standard output; if it fails, its status and the first line of its standard error.
fn run(command: &mut Command) -> Result<String, String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("it cannot be run: {error}"))?;
    let (said, listening) = mpsc::channel();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    std::thread::spawn(move || {
        let complaint = std::thread::spawn(move || read(stderr));
        let printed = read(stdout);
        let complaint = complaint.join().unwrap_or_default();
        // After the time limit, nothing receives the result.
        let _ = said.send((printed, complaint));
    });
    let Ok((printed, complaint)) = listening.recv_timeout(PATIENCE) else {
        let _ = child.kill();
        let _ = child.wait();
        return Err("it does not answer".to_owned());
    };
    match child.wait() {
        Ok(status) if status.success() => Ok(printed),
        Ok(status) => {
            let last = complaint
                .lines()
                .map(str::trim)
                .find(|line| !line.is_empty());
            Err(format!("{status}: {}", last.unwrap_or("it says nothing")))
        }
        Err(error) => Err(error.to_string()),
    }
}

fn read(stream: Option<impl std::io::Read>) -> String {
    let mut text = Vec::new();
    if let Some(stream) = stream {
        // Output that cannot be read counts as not printed.
        let _ = stream.take(1 << 20).read_to_end(&mut text);
    }
    String::from_utf8_lossy(&text).into_owned()
}
