//! The recorder's settings: from the environment, then from the active ansible.cfg.

use std::path::{Path, PathBuf};

use playback_spool::read_secret;
use secrecy::{ExposeSecret as _, SecretString};

use super::super::environment;
use crate::config::ansible::{AnsibleConfig, is_true};

/// A setting, and where it was found.
#[derive(Debug, Clone)]
pub(super) struct Setting<T> {
    pub(super) value: T,
    pub(super) from: String,
}

/// The recorder's settings that decide whether runs arrive.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) url: Option<Setting<String>>,
    /// The token, or why its file cannot be used.
    pub(super) token: Option<Setting<Result<SecretString, String>>>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) ca_file: Option<Setting<PathBuf>>,
    pub(super) spool_dir: Option<Setting<PathBuf>>,
}

impl Settings {
    pub(super) fn read(config: &AnsibleConfig) -> Self {
        let file = config.file().map(|file| file.display().to_string());
        let of_file = |key: &str| format!("{key} in {}", file.as_deref().unwrap_or("ansible.cfg"));
        let text = |name: &str, key: &str| {
            let given = environment::variable(name).map(|value| Setting {
                value: value.to_string_lossy().trim().to_owned(),
                from: name.to_owned(),
            });
            given.or_else(|| {
                Some(Setting {
                    value: config.recorder(key)?,
                    from: of_file(key),
                })
            })
        };
        let path = |name: &str, key: &str| {
            let given = environment::variable(name).map(|value| Setting {
                value: PathBuf::from(value),
                from: name.to_owned(),
            });
            given.or_else(|| {
                Some(Setting {
                    value: config.recorder_path(key, environment::variable)?,
                    from: of_file(key),
                })
            })
        };
        let token = environment::variable("PLAYBACK_TOKEN").map(|value| Setting {
            value: SecretString::from(value.to_string_lossy().trim()),
            from: "PLAYBACK_TOKEN".to_owned(),
        });
        let token = token.or_else(|| {
            Some(Setting {
                value: config.recorder_token()?.clone(),
                from: of_file("token"),
            })
        });
        let token_file = path("PLAYBACK_TOKEN_FILE", "token_file").filter(|_| token.is_none());
        let token = match (token, &token_file) {
            (Some(token), _) => Some(Setting {
                value: Ok(token.value),
                from: token.from,
            }),
            (None, Some(file)) => Some(Setting {
                value: read(&file.value),
                from: format!("{} ({})", file.value.display(), file.from),
            }),
            (None, None) => None,
        };
        Self {
            url: text("PLAYBACK_URL", "url"),
            token,
            token_file: token_file.map(|file| file.value),
            ca_file: path("PLAYBACK_CA_FILE", "ca_file"),
            spool_dir: path("PLAYBACK_SPOOL_DIR", "spool_dir"),
        }
    }
}

fn read(file: &Path) -> Result<SecretString, String> {
    match read_secret(file) {
        Err(error) => Err(format!("cannot be read: {error}")),
        Ok(token) if token.expose_secret().is_empty() => Err("is empty".to_owned()),
        Ok(token) => Ok(token),
    }
}

/// Where recording is turned off, if it is.
pub(super) fn disabled(config: &AnsibleConfig) -> Option<String> {
    match environment::variable("PLAYBACK_DISABLED") {
        Some(value) => is_true(&value.to_string_lossy()).then(|| "PLAYBACK_DISABLED".to_owned()),
        None => (config.recorder_flag("disabled") == Some(true)).then(|| {
            let file = config.file().unwrap_or(Path::new("ansible.cfg"));
            format!("\"disabled\" in {}", file.display())
        }),
    }
}
