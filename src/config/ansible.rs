//! The parts of Ansible's own configuration that concern us: the enabled callbacks, and what the recorder redacts.

use std::ffi::OsString;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use configparser::ini::Ini;
use rustix::fs::OFlags;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

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
        let home = variable("HOME");
        let named = variable("ANSIBLE_CONFIG").map(|named| {
            let file = cwd.join(expanded(&named.to_string_lossy(), cwd, &variable));
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
            // Anybody could have put a file into a world-writable folder: Ansible ignores it, too.
            (!is_world_writable(cwd)).then(|| cwd.join("ansible.cfg")),
            home.map(|home| Path::new(&home).join(".ansible.cfg")),
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
        let mut ini = Ini::new();
        ini.set_multiline(true);
        // A `#` within a value is part of it, for Ansible too.
        ini.set_inline_comment_symbols(Some(&[';']));
        let folder = file.as_deref().and_then(Path::parent).unwrap_or(cwd);
        let mut ini = match text.map(|text| ini.read(text)) {
            Some(Ok(_)) => ini,
            // Ansible itself reports what is wrong with the file.
            _ => Ini::new(),
        };
        let token = ini.remove_key(RECORDER, "token").flatten();
        Self {
            folder: folder.to_owned(),
            passed_over: passed_over.then_some(here),
            file,
            token: token
                .map(Zeroizing::new)
                .and_then(|token| unquoted(&token).map(SecretString::from)),
            ini,
        }
    }

    /// The active file.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The working folder's file that Ansible ignores, because everybody can write to that folder.
    #[must_use]
    pub fn passed_over(&self) -> Option<&Path> {
        self.passed_over.as_deref()
    }

    /// One of the recorder's boolean options, if it is set.
    #[must_use]
    pub fn recorder_flag(&self, key: &str) -> Option<bool> {
        self.recorder(key).map(|value| is_true(&value))
    }

    /// The enabled callbacks; the option's name depends on Ansible's version.
    #[must_use]
    pub fn callbacks(&self) -> Vec<String> {
        ["callbacks_enabled", "callback_whitelist"]
            .into_iter()
            .find_map(|key| self.ini.get("defaults", key))
            .map(|named| list(&named, &[',', '\n']))
            .unwrap_or_default()
    }

    /// The text of one of the recorder's options, other than its token.
    #[must_use]
    pub fn recorder(&self, key: &str) -> Option<String> {
        unquoted(&self.ini.get(RECORDER, key)?).map(str::to_owned)
    }

    /// The recorder's token.
    #[must_use]
    pub fn recorder_token(&self) -> Option<&SecretString> {
        self.token.as_ref()
    }

    /// Whether it configures a token for the recorder.
    #[must_use]
    pub fn has_token(&self) -> bool {
        self.token.is_some() || self.recorder("token_file").is_some()
    }

    /// A path from one of the recorder's options: `~` and variables are replaced, and a relative path is based on the
    /// file's folder.
    #[must_use]
    pub fn recorder_path(
        &self,
        key: &str,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Option<PathBuf> {
        let text = self.recorder(key)?;
        Some(self.folder.join(expanded(&text, &self.folder, variable)))
    }

    /// Names of keys whose values the recorder redacts.
    #[must_use]
    pub fn redact_keys(&self) -> Vec<String> {
        let keys = self.ini.get(RECORDER, "redact_keys").unwrap_or_default();
        list(&keys, &[',', '\n'])
    }

    /// Patterns whose matches the recorder redacts.
    #[must_use]
    pub fn redact_patterns(&self) -> Vec<String> {
        let patterns = self
            .ini
            .get(RECORDER, "redact_patterns")
            .unwrap_or_default();
        list(&patterns, &['\n'])
    }
}

/// A value without the quotation marks around it, which Ansible strips. None: it is empty.
fn unquoted(text: &str) -> Option<&str> {
    let text = text.trim();
    let text = ['"', '\'']
        .into_iter()
        .find_map(|mark| text.strip_prefix(mark)?.strip_suffix(mark))
        .unwrap_or(text);
    (!text.is_empty()).then_some(text)
}

/// Whether Ansible reads a text as true.
#[must_use]
pub fn is_true(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    ["y", "yes", "on", "1", "true", "t", "1.0"].contains(&text.as_str())
}

/// Whether the folder is world-writable.
fn is_world_writable(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|found| found.mode() & 0o002 != 0)
}

/// Expands a path as Ansible does in a setting.
fn expanded(text: &str, cwd: &Path, variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let text = text.replace("{{CWD}}", &cwd.to_string_lossy());
    let mut path = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('$') {
        path.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, end) = match after
            .strip_prefix('{')
            .and_then(|name| name.split_once('}'))
        {
            Some((name, _)) => (name, name.len() + 2),
            None => {
                let end = after
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(after.len());
                (&after[..end], end)
            }
        };
        match variable(name).filter(|_| !name.is_empty()) {
            Some(value) => path.push_str(&value.to_string_lossy()),
            // Variables that are not set are left as written.
            None => path.push_str(&rest[at..at + 1 + end]),
        }
        rest = &after[end..];
    }
    path.push_str(rest);
    match (path.strip_prefix("~"), variable("HOME")) {
        (Some(below), Some(home)) if below.is_empty() || below.starts_with('/') => {
            Path::new(&home).join(below.trim_start_matches('/'))
        }
        _ => PathBuf::from(path),
    }
}

/// Reads a configuration file. A run's user may have put something else there: reading never blocks, a device or pipe
/// counts as empty (`ANSIBLE_CONFIG=/dev/null`), and a folder as missing.
fn read(file: &Path) -> Option<String> {
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
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// The non-empty entries of a separated list.
#[must_use]
pub fn list(text: &str, separators: &[char]) -> Vec<String> {
    text.split(separators)
        .map(|entry| entry.trim().to_owned())
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
        assert!(config.has_token());
        assert_eq!(config.recorder("token"), None);
        let shown = format!("{config:?}");
        assert!(!shown.contains("pbk_x"), "{shown}");
        for none in [
            "[callback_playback]\ntoken =\n",
            "[callback_playback]\ntoken\n",
            "",
        ] {
            fs::write(&file, none).unwrap();
            assert!(!AnsibleConfig::read(folder.path(), |_| None).has_token());
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
