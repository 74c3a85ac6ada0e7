//! Secrets that are named instead of given: the configuration says where each is read.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use serde::Deserialize;

/// The largest secret in a file, in bytes: more than any key.
const LARGEST: u64 = 64 << 10;

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "SourceText")]
pub enum SecretSource {
    /// The content of a file, without the line ends at its end.
    File(PathBuf),
    /// A variable of the collector's environment.
    Environment(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceText {
    file: Option<PathBuf>,
    env: Option<String>,
}

impl TryFrom<SourceText> for SecretSource {
    type Error = String;

    fn try_from(text: SourceText) -> Result<Self, String> {
        match (text.file, text.env) {
            (Some(file), None) if file.is_absolute() => Ok(Self::File(file)),
            (Some(file), None) => Err(format!(
                "file = {file:?}: it must be an absolute path, because the collector may be started anywhere"
            )),
            (None, Some(name)) if !name.is_empty() && !name.contains(['=', '\0']) => {
                Ok(Self::Environment(name))
            }
            (None, Some(name)) => Err(format!("env = {name:?}: it is no variable's name")),
            _ => Err("a secret is either { file = \"/PATH\" } or { env = \"NAME\" }".to_owned()),
        }
    }
}

impl SecretSource {
    /// The file that it is in, if it is in one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Environment(_) => None,
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    pub fn read(&self) -> Result<SecretString, String> {
        let text = match self {
            Self::File(path) => {
                let name = path.display();
                read(path).map_err(|error| format!("the file {name} cannot be read: {error}"))?
            }
            Self::Environment(name) => variable(name)
                .ok_or_else(|| format!("the collector's environment has no variable {name}"))?,
        };
        let text = text.trim_end_matches(['\n', '\r']);
        match text.is_empty() {
            true => Err(match self {
                Self::File(path) => format!("the file {} is empty", path.display()),
                Self::Environment(name) => format!("the variable {name} is empty"),
            }),
            false => Ok(text.into()),
        }
    }
}

fn read(path: &Path) -> std::io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    let file = std::fs::File::open(path)?;
    file.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is part of config, the one place that reads the environment"
)]
fn variable(name: &str) -> Option<Zeroizing<String>> {
    std::env::var(name).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use secrecy::ExposeSecret as _;

    use super::*;

    fn parsed(text: &str) -> Result<SecretSource, String> {
        let all: Result<BTreeMap<String, SecretSource>, _> = toml::from_str(text);
        let mut all = all.map_err(|error| error.to_string())?;
        all.remove("x").ok_or_else(|| "none".to_owned())
    }

    #[test]
    fn a_secret_is_in_a_file_or_in_a_variable() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        let source = parsed(&format!("x = {{ file = {file:?} }}")).unwrap();
        assert!(source.read().unwrap_err().contains("cannot be read"));
        std::fs::write(&file, "\n").unwrap();
        assert!(source.read().unwrap_err().contains("is empty"));
        std::fs::write(&file, " open\nsesame \r\n").unwrap();
        assert_eq!(source.read().unwrap().expose_secret(), " open\nsesame ");
        let large = "x".repeat(usize::try_from(LARGEST).unwrap() + 1);
        std::fs::write(&file, large).unwrap();
        assert!(source.read().unwrap_err().contains("cannot be read"));
        let missing = parsed("x = { env = 'PLAYBACK_NO_SUCH_SECRET' }").unwrap();
        assert!(missing.read().unwrap_err().contains("no variable"));
    }

    #[test]
    fn what_names_neither_or_both_is_refused() {
        for (text, says) in [
            ("x = {}", "is either"),
            ("x = { file = '/a', env = 'B' }", "is either"),
            ("x = { file = 'a' }", "absolute path"),
            ("x = { env = 'A=B' }", "no variable's name"),
            ("x = { env = '' }", "no variable's name"),
            ("x = { value = 'hunter2' }", "unknown field"),
        ] {
            let error = parsed(text).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
