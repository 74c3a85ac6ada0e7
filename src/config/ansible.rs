//! Ansible's own configuration, as far as it concerns us: which callbacks it enables, and what the recorder hides.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use configparser::ini::Ini;

/// The section of the recorder's options.
const RECORDER: &str = "callback_playback";

/// What the file that is in force says.
#[derive(Debug, Default)]
pub struct AnsibleConfig(Ini);

impl AnsibleConfig {
    /// Reads the file that Ansible would read in `cwd`: the first that exists is the only one. `variable`
    /// is the environment of the command.
    #[must_use]
    pub fn read(cwd: &Path, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let files = [
            variable("ANSIBLE_CONFIG").map(PathBuf::from),
            Some(cwd.join("ansible.cfg")),
            variable("HOME").map(|home| Path::new(&home).join(".ansible.cfg")),
            Some(PathBuf::from("/etc/ansible/ansible.cfg")),
        ];
        let text = files
            .into_iter()
            .flatten()
            .find_map(|file| fs::read_to_string(file).ok());
        let mut ini = Ini::new();
        ini.set_multiline(true);
        // A `#` within a value is part of it, for Ansible too.
        ini.set_inline_comment_symbols(Some(&[';']));
        match text.map(|text| ini.read(text)) {
            Some(Ok(_)) => Self(ini),
            // Ansible says what is wrong with it.
            _ => Self::default(),
        }
    }

    /// Callbacks that are enabled, whatever the option is called in this version.
    #[must_use]
    pub fn callbacks(&self) -> Vec<String> {
        ["callbacks_enabled", "callback_whitelist"]
            .into_iter()
            .find_map(|key| self.0.get("defaults", key))
            .map(|named| list(&named, &[',', '\n']))
            .unwrap_or_default()
    }

    /// Names of keys whose values the recorder hides.
    #[must_use]
    pub fn redact_keys(&self) -> Vec<String> {
        let keys = self.0.get(RECORDER, "redact_keys").unwrap_or_default();
        list(&keys, &[',', '\n'])
    }

    /// Patterns whose matches the recorder hides.
    #[must_use]
    pub fn redact_patterns(&self) -> Vec<String> {
        let patterns = self.0.get(RECORDER, "redact_patterns").unwrap_or_default();
        list(&patterns, &['\n'])
    }
}

/// The entries of a text that has several, but for empty ones.
#[must_use]
pub fn list(text: &str, separators: &[char]) -> Vec<String> {
    text.split(separators)
        .map(|entry| entry.trim().to_owned())
        .filter(|entry| !entry.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[callback_playback]\nredact_keys = *password*, token\n\
                    redact_patterns = a#b{1,2}\n    x=[;:]y  ; a comment\nurl = http://x\n";
        fs::write(folder.path().join("ansible.cfg"), text).unwrap();
        let config = AnsibleConfig::read(folder.path(), |_| None);
        assert_eq!(config.redact_keys(), ["*password*", "token"]);
        assert_eq!(config.redact_patterns()[0], "a#b{1,2}");
        let named = folder.path().join("ansible.cfg").into_os_string();
        let elsewhere = tempfile::tempdir().unwrap();
        let config = AnsibleConfig::read(elsewhere.path(), |name| {
            (name == "ANSIBLE_CONFIG").then(|| named.clone())
        });
        assert_eq!(config.redact_keys().len(), 2);
    }
}
