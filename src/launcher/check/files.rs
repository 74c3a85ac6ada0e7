//! Checks what a request names against the configuration: folders, keys, modules.

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};

use super::texts::{MAX_TEXT, too_long};
use crate::config::{Adhoc, LauncherConfig};
use crate::launcher::adhoc;
use crate::launcher::error::LaunchError;
use crate::launcher::names::{self, Kind};

/// The first configured folder, because ad-hoc runs have no playbook to be beside.
pub(super) fn first_folder(config: &LauncherConfig) -> Result<PathBuf, LaunchError> {
    let folder = config.playbooks.first().or(config.inventories.first());
    let folder = folder.ok_or(LaunchError::Disabled)?;
    Ok(folder.canonicalize()?)
}

pub(super) type Key = (Option<(String, PathBuf)>, Option<SecretString>);

/// A private key is given as its text, or named in a configured folder.
pub(super) fn private_key(
    given: Option<&SecretString>,
    config: &LauncherConfig,
) -> Result<Key, LaunchError> {
    match given.map(|given| given.expose_secret()) {
        None => Ok((None, None)),
        Some(text) if text.trim_start().starts_with("-----BEGIN ") => {
            if text.len() > MAX_TEXT {
                return Err(too_long("private_key"));
            }
            // ssh refuses a key without a final newline.
            Ok((None, Some(line(text.trim()))))
        }
        Some(name) => {
            let found = names::find("private_key", &config.private_keys, name, Kind::File)
                .map_err(|error| match error {
                    // A text that does not look like a key may still be one, so it is not repeated.
                    LaunchError::NotFound { .. } | LaunchError::Invalid { .. }
                        if name.len() > 255 || name.contains(char::is_whitespace) =>
                    {
                        LaunchError::invalid(
                            "private_key",
                            "it must be the text of a key, which begins with \"-----BEGIN\", or the name of a \
                             file in the folders that private_keys names in the collector's configuration",
                        )
                    }
                    other => other,
                })?;
            Ok((Some((name.to_owned(), found.path)), None))
        }
    }
}

/// A secret with a line end behind it.
fn line(text: &str) -> SecretString {
    // As long as the result, so that no part of it stays behind in memory when the text grows.
    let mut line = String::with_capacity(text.len() + 1);
    line.push_str(text);
    line.push('\n');
    line.into()
}

/// Whether the configuration allows this module in ad-hoc runs.
pub(super) fn allowed(module: &str, config: &LauncherConfig) -> Result<(), LaunchError> {
    let names = match &config.adhoc {
        Adhoc::All(true) => return Ok(()),
        Adhoc::All(false) => return Err(LaunchError::AdhocOff),
        Adhoc::Modules(names) => names,
    };
    let is_named = |name: &String| adhoc::short_name(name) == adhoc::short_name(module);
    if names.iter().any(is_named) {
        return Ok(());
    }
    Err(LaunchError::ModuleNotAllowed {
        module: module.to_owned(),
        allowed: names.join(", "),
    })
}
