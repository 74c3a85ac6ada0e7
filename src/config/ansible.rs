//! The parts of Ansible's own configuration that concern us: the enabled callbacks, and what the recorder redacts.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::ini::{Ini, trimmed};
use super::path;

/// Maximum size of a configuration file, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The section of the recorder's options.
const RECORDER: &str = "callback_playback";

/// The active configuration file.
#[derive(Debug, Default)]
pub struct AnsibleConfig {
    ini: Ini,
    /// The recorder's token, which is taken out of `ini`.
    token: Option<SecretString>,
    /// The file's folder, which relative paths are based on.
    folder: PathBuf,
    /// The working folder.
    cwd: PathBuf,
    /// Whether the whole file is text; other bytes are replaced.
    is_utf8: bool,
    /// The file.
    file: Option<PathBuf>,
    /// The working folder's file, if it is ignored.
    passed_over: Option<PathBuf>,
}

impl AnsibleConfig {
    /// Reads the file that Ansible would read in `cwd`: the first that exists is the only one. `variable` looks up the
    /// command's environment.
    #[must_use]
    pub fn read(cwd: &Path, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let resolved = |text: &OsStr| path::resolved(text, cwd, cwd, &variable);
        let named = variable("ANSIBLE_CONFIG").map(|named| {
            let file = resolved(&named);
            if file.is_dir() {
                file.join("ansible.cfg")
            } else {
                file
            }
        });
        let here = cwd.join("ansible.cfg");
        let passed_over = is_world_writable(cwd) && here.exists() && named.as_ref() != Some(&here);
        let files = [
            named,
            // Any user could have put a file into a world-writable folder: Ansible ignores it, too.
            (!is_world_writable(cwd)).then(|| cwd.join("ansible.cfg")),
            Some(resolved(OsStr::new("~/.ansible.cfg"))),
            Some(PathBuf::from("/etc/ansible/ansible.cfg")),
        ];
        let (file, text) = files
            .into_iter()
            .flatten()
            .find_map(|file| {
                let text = read(&file)?;
                Some((file, text))
            })
            .unzip();
        let folder = file.as_deref().and_then(Path::parent).unwrap_or(cwd);
        let text = text.unwrap_or_default();
        let is_utf8 = std::str::from_utf8(&text).is_ok();
        // Ansible itself reports what is wrong with the file.
        let mut ini = Ini::parse(&String::from_utf8_lossy(&text)).unwrap_or_default();
        let token = ini.remove(RECORDER, "token").map(Zeroizing::new);
        Self {
            folder: folder.to_owned(),
            cwd: cwd.to_owned(),
            passed_over: passed_over.then_some(here),
            file,
            is_utf8,
            token: token.and_then(|token| filled(&token).map(SecretString::from)),
            ini,
        }
    }

    /// The active file.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The working folder's file that Ansible ignores, because every user can write to that folder.
    #[must_use]
    pub fn passed_over(&self) -> Option<&Path> {
        self.passed_over.as_deref()
    }

    /// The enabled callbacks; the option's name depends on Ansible's version.
    #[must_use]
    pub fn callbacks(&self) -> Vec<String> {
        ["callbacks_enabled", "callback_whitelist"]
            .into_iter()
            .find_map(|key| self.ini.get("defaults", key))
            .map(|named| list(&named))
            .unwrap_or_default()
    }

    /// The text of one of the recorder's options, other than its token.
    #[must_use]
    pub fn recorder(&self, key: &str) -> Option<String> {
        filled(&self.ini.get(RECORDER, key)?).map(str::to_owned)
    }

    /// The values of one of the recorder's options that is a list.
    #[must_use]
    pub fn recorder_list(&self, key: &str) -> Vec<String> {
        list(&self.ini.get(RECORDER, key).unwrap_or_default())
    }

    /// Whether an option's text holds bytes that are not UTF-8, and were replaced.
    #[must_use]
    pub fn is_damaged(&self, key: &str) -> bool {
        let text = self.ini.get(RECORDER, key);
        !self.is_utf8 && text.is_some_and(|text| text.contains(char::REPLACEMENT_CHARACTER))
    }

    /// The recorder's token.
    #[must_use]
    pub fn recorder_token(&self) -> Option<&SecretString> {
        self.token.as_ref()
    }

    /// A path from one of the recorder's options: `~` and variables are replaced, and a relative path is based on the
    /// file's folder.
    #[must_use]
    pub fn recorder_path(
        &self,
        key: &str,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Option<PathBuf> {
        let text = self.ini.get(RECORDER, key)?;
        let text = OsStr::new(&text);
        // Ansible strips quotation marks only after it has made the path absolute: they are part of the name.
        (!text.is_empty()).then(|| path::resolved(text, &self.folder, &self.cwd, variable))
    }

    /// Names of keys whose values the recorder redacts.
    #[must_use]
    pub fn redact_keys(&self) -> Vec<String> {
        self.recorder_list("redact_keys")
    }

    /// Patterns whose matches the recorder redacts.
    #[must_use]
    pub fn redact_patterns(&self) -> Vec<String> {
        let patterns = self.recorder("redact_patterns").unwrap_or_default();
        lines(&patterns)
    }
}

/// A value without the quotation marks around it, which Ansible strips.
fn unquoted(text: &str) -> &str {
    let inner = ['"', '\'']
        .into_iter()
        .find_map(|mark| text.strip_prefix(mark)?.strip_suffix(mark));
    inner.filter(|inner| !inner.ends_with('\\')).unwrap_or(text)
}

/// A value without the quotation marks around it; none if it is empty.
fn filled(text: &str) -> Option<&str> {
    Some(trimmed(unquoted(text))).filter(|text| !text.is_empty())
}

/// A text that Ansible reads as true or false; none if it is neither.
#[must_use]
pub fn as_flag(text: &str) -> Option<bool> {
    match trimmed(text).to_lowercase().as_str() {
        "y" | "yes" | "on" | "1" | "true" | "t" | "1.0" => Some(true),
        "n" | "no" | "off" | "0" | "false" | "f" | "0.0" => Some(false),
        _ => None,
    }
}

/// Whether the folder is world-writable.
fn is_world_writable(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|found| found.mode() & 0o002 != 0)
}

/// Reads a configuration file. A run's user may have put something else there: reading never blocks, a device or pipe
/// counts as empty (`ANSIBLE_CONFIG=/dev/null`), and a folder as missing.
fn read(file: &Path) -> Option<Vec<u8>> {
    let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
    let opened = fs::OpenOptions::new()
        .read(true)
        .custom_flags(nonblocking)
        .open(file)
        .ok()?;
    let found = opened.metadata().ok()?;
    if found.is_dir() {
        return None;
    }
    let mut text = Vec::new();
    if found.is_file() {
        opened.take(MAX_BYTES).read_to_end(&mut text).ok()?;
    }
    Some(text)
}

/// The entries of a list as Ansible reads it, in a file or a variable; empty ones are left out.
#[must_use]
pub fn list(text: &str) -> Vec<String> {
    text.split(',')
        .map(|entry| trimmed(unquoted(trimmed(entry))).to_owned())
        .filter(|entry| !entry.is_empty())
        .collect()
}

/// The lines of a text that has one value in each; empty ones are left out.
#[must_use]
pub fn lines(text: &str) -> Vec<String> {
    text.split('\n')
        .map(|entry| trimmed(entry).to_owned())
        .filter(|entry| !entry.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn the_recorders_options_are_read_as_ansible_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[callback_playback]\nurl = 'http://x:1'\ntoken_file = secrets/token\n\
                    spool_dir = ~/spool\nca_file = ${PKI}/$NAME.pem\nnote = $UNSET\n";
        fs::write(folder.path().join("ansible.cfg"), text).unwrap();
        let variable = |name: &str| match name {
            "HOME" => Some("/home/x".into()),
            "PKI" => Some("/pki".into()),
            "NAME" => Some("ca".into()),
            _ => None,
        };
        let config = AnsibleConfig::read(folder.path(), variable);
        assert_eq!(config.recorder("url").as_deref(), Some("http://x:1"));
        assert!(config.recorder_token().is_none());
        let path = |key| config.recorder_path(key, variable);
        assert_eq!(
            path("token_file"),
            Some(folder.path().join("secrets/token"))
        );
        assert_eq!(path("spool_dir"), Some("/home/x/spool".into()));
        assert_eq!(path("ca_file"), Some("/pki/ca.pem".into()));
        assert_eq!(path("note"), Some(folder.path().join("$UNSET")));
    }

    #[test]
    fn a_token_is_read_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ansible.cfg");
        fs::write(&file, "[callback_playback]\nToken = 'pbk_x' \n").unwrap();
        let config = AnsibleConfig::read(folder.path(), |_| None);
        let token = config.recorder_token().map(|token| token.expose_secret());
        assert_eq!(token, Some("pbk_x"));
        assert_eq!(config.recorder("token"), None);
        let shown = format!("{config:?}");
        assert!(!shown.contains("pbk_x"), "{shown}");
        for none in [
            "[callback_playback]\ntoken =\n",
            "[callback_playback]\ntoken\n",
            "",
        ] {
            fs::write(&file, none).unwrap();
            let config = AnsibleConfig::read(folder.path(), |_| None);
            assert!(config.recorder_token().is_none());
        }
    }

    #[test]
    fn a_file_in_a_folder_that_is_open_to_everybody_is_passed_over_unless_it_is_named() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ansible.cfg");
        fs::write(&file, "[callback_playback]\nurl = http://x\n").unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let config = AnsibleConfig::read(folder.path(), |_| None);
        assert_eq!(config.recorder("url"), None);
        for named in [file.as_path(), folder.path()] {
            let named = named.as_os_str().to_owned();
            let config = AnsibleConfig::read(folder.path(), |name| {
                (name == "ANSIBLE_CONFIG").then(|| named.clone())
            });
            assert_eq!(config.recorder("url").as_deref(), Some("http://x"));
        }
    }

    #[test]
    fn what_is_hidden_is_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[callback_playback]\nredact_keys = *password*, 'token', pin;x\n\
                    redact_patterns = a#b{1,2}\n    x=[;:]y  ; a comment\n\n    # another\n    b;2\n\
                    url = http://x\n";
        fs::write(folder.path().join("ansible.cfg"), text).unwrap();
        let config = AnsibleConfig::read(folder.path(), |_| None);
        assert_eq!(config.redact_keys(), ["*password*", "token", "pin;x"]);
        assert_eq!(config.redact_patterns(), ["a#b{1,2}", "x=[;:]y", "b;2"]);
        assert!(!config.is_damaged("redact_patterns"));
        let named = folder.path().join("ansible.cfg").into_os_string();
        let elsewhere = tempfile::tempdir().unwrap();
        let config = AnsibleConfig::read(elsewhere.path(), |name| {
            (name == "ANSIBLE_CONFIG").then(|| named.clone())
        });
        assert_eq!(config.redact_keys().len(), 3);
    }

    #[test]
    fn a_value_that_is_not_text_is_told_from_one_that_is() {
        let folder = tempfile::tempdir().unwrap();
        let text = b"[callback_playback]\nnote = caf\xe9\nredact_keys = caf\xc3\xa9\n";
        fs::write(folder.path().join("ansible.cfg"), text).unwrap();
        let config = AnsibleConfig::read(folder.path(), |_| None);
        assert!(config.is_damaged("note"));
        assert!(!config.is_damaged("redact_keys"));
        assert!(!config.is_damaged("labels"));
    }
}
