//! The recorder's options as the recorder itself finds them on this machine: the environment first, then the section
//! `[callback_playback]` of the active `ansible.cfg`. `exec`, `flush`, `import` and `doctor` all use this module,
//! because two interpretations of one option would lead to two runs. Options of the command line and logins are not part
//! of it.

use std::path::{Path, PathBuf};

use playback_producer::{ChosenToken, TokenSources};
use secrecy::SecretString;

use super::environment;
use crate::config::ansible::{AnsibleConfig, as_flag, lines, list};

/// An option's value, and where it was found, in words.
#[derive(Debug, Clone)]
pub(super) struct Setting<T> {
    pub(super) value: T,
    pub(super) from: String,
}

/// The places where the recorder's options are found.
#[derive(Debug)]
pub(super) struct Sources {
    config: AnsibleConfig,
    /// Whether files that `ansible.cfg` names are used.
    follows_files: bool,
}

impl Sources {
    /// The options of an `ansible.cfg`, and of this process's environment.
    pub(super) fn of(config: AnsibleConfig) -> Self {
        Self {
            config,
            follows_files: true,
        }
    }

    /// The same without the files that `ansible.cfg` names: it may be another user's.
    pub(super) fn without_files(self) -> Self {
        Self {
            follows_files: false,
            ..self
        }
    }

    /// The active `ansible.cfg`.
    pub(super) fn config(&self) -> &AnsibleConfig {
        &self.config
    }

    /// Where an option is found in `ansible.cfg`, in words.
    fn place(&self, key: &str) -> String {
        let file = self.config.file().unwrap_or(Path::new("ansible.cfg"));
        format!("the option {key} in {}", file.display())
    }

    /// An option's text; bytes that are not UTF-8 are replaced. An empty variable overrides `ansible.cfg`, too: it
    /// means the default.
    pub(super) fn text(&self, key: &str) -> Option<Setting<String>> {
        let name = variable(key);
        let (value, from) = match environment::raw(&name) {
            Some(value) => (value.to_string_lossy().into_owned(), name),
            None => (self.config.recorder(key)?, self.place(key)),
        };
        (!value.trim().is_empty()).then_some(Setting { value, from })
    }

    /// Where an option's text was found, if it contains bytes that are not UTF-8.
    pub(super) fn damaged(&self, key: &str) -> Option<String> {
        let name = variable(key);
        match environment::raw(&name) {
            Some(value) => value.to_str().is_none().then_some(name),
            None => self.config.is_damaged(key).then(|| self.place(key)),
        }
    }

    /// An option that is a list.
    pub(super) fn list(&self, key: &str) -> Vec<String> {
        match environment::raw(&variable(key)) {
            Some(value) => list(&value.to_string_lossy()),
            None => self.config.recorder_list(key),
        }
    }

    /// An option that must be true or false; none if it is neither.
    pub(super) fn flag(&self, key: &str) -> Option<Setting<bool>> {
        let Setting { value, from } = self.text(key)?;
        as_flag(&value).map(|value| Setting { value, from })
    }

    /// An option that is a path, as Ansible reads it: see [`crate::config::path`].
    pub(super) fn path(&self, key: &str) -> Option<Setting<PathBuf>> {
        let name = variable(key);
        match environment::raw(&name) {
            Some(_) => environment::path(&name).map(|value| Setting { value, from: name }),
            None => {
                let path = self.config.recorder_path(key, environment::raw);
                let value = path.filter(|_| self.follows_files)?;
                let from = self.place(key);
                Some(Setting { value, from })
            }
        }
    }

    /// The redaction rule that contains bytes that are not UTF-8, in words. It would hide nothing.
    pub(super) fn damaged_rule(&self) -> Option<String> {
        let from = ["redact_keys", "redact_patterns"]
            .into_iter()
            .find_map(|key| {
                let name = variable(key);
                let is_damaged =
                    environment::raw(&name).is_some_and(|value| value.to_str().is_none());
                match (is_damaged, self.config.is_damaged(key)) {
                    (true, _) => Some(name),
                    (false, true) => Some(self.place(key)),
                    (false, false) => None,
                }
            });
        from.map(|from| format!("{from} holds bytes that are not UTF-8"))
    }

    /// The keys whose values are hidden: those of an option, or otherwise of the variable, and also those of
    /// `ansible.cfg`, because output that the recorder does not see must not show what its user wants to hide.
    pub(super) fn redact_keys(&self, given: Vec<String>) -> Vec<String> {
        let given = match given.is_empty() {
            true => Self::of_variable("redact_keys", list),
            false => given,
        };
        [given, self.config.redact_keys()].concat()
    }

    /// The patterns whose matches are hidden, from the same places.
    pub(super) fn redact_patterns(&self, given: Vec<String>) -> Vec<String> {
        let given = match given.is_empty() {
            true => Self::of_variable("redact_patterns", lines),
            false => given,
        };
        [given, self.config.redact_patterns()].concat()
    }

    fn of_variable(key: &str, read: impl Fn(&str) -> Vec<String>) -> Vec<String> {
        let value = environment::raw(&variable(key));
        value.map_or_else(Vec::new, |value| read(&value.to_string_lossy()))
    }

    /// The token; an option of the command line may name its file.
    pub(super) fn token(&self, option_file: Option<PathBuf>) -> Option<ChosenToken> {
        let text = |name: &str| {
            let value = environment::raw(name)?;
            Some(SecretString::from(value.to_string_lossy().into_owned()))
        };
        let by_variable = |key: &str| environment::raw(&variable(key)).is_some();
        let is_blank = |name: &str| {
            environment::raw(name).is_some_and(|value| value.to_string_lossy().trim().is_empty())
        };
        let file = self.path("token_file").map(|file| file.value);
        let is_of_variable = by_variable("token_file");
        TokenSources {
            option_file,
            variable: text("PLAYBACK_TOKEN"),
            variable_file: file.clone().filter(|_| is_of_variable),
            // An empty variable overrides the option of the same name, too.
            configured: self
                .config
                .recorder_token()
                .filter(|_| !is_blank("PLAYBACK_TOKEN"))
                .cloned(),
            configured_file: file.filter(|_| !is_of_variable),
        }
        .choose()
    }
}

/// The variable of an option.
fn variable(key: &str) -> String {
    format!("PLAYBACK_{}", key.to_uppercase())
}
