//! Environment variables of the command line, besides the variables that options name in their help.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::bail;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::out;
use crate::config::ansible::AnsibleConfig;
use crate::config::path::resolved;
use crate::model::Actor;

/// A variable as it is; an empty one counts as set.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of the command line that reads the environment"
)]
pub(super) fn raw(name: &str) -> Option<OsString> {
    env::var_os(name)
}

/// A variable; an empty one counts as not set.
fn var(name: &str) -> Option<OsString> {
    raw(name).filter(|value| !value.is_empty())
}

/// A variable with a path, parsed as Ansible parses it: the recorder has the same variables.
pub(super) fn path(name: &str) -> Option<PathBuf> {
    let cwd = env::current_dir().unwrap_or_default();
    let text = var(name).filter(|text| !text.to_string_lossy().trim().is_empty())?;
    Some(resolved(&text, &cwd, &cwd, raw))
}

/// A variable that is used exactly as it is, or not at all.
///
/// # Errors
/// It contains bytes that are not UTF-8; the message has its name, but not its value.
fn exact(name: &str) -> anyhow::Result<Option<String>> {
    match var(name).map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(text)) => Ok(Some(text)),
        Some(Err(_)) => bail!("{name} holds bytes that are not UTF-8"),
    }
}

/// A variable that Ansible reads, by its name.
pub(super) fn variable(name: &str) -> Option<OsString> {
    var(name)
}

/// The `ansible.cfg` that applies here.
pub(super) fn ansible_config() -> AnsibleConfig {
    env::current_dir()
        .map(|cwd| AnsibleConfig::read(&cwd, raw))
        .unwrap_or_default()
}

/// `PLAYBACK_CA_FILE`.
pub(super) fn ca_file() -> Option<PathBuf> {
    path("PLAYBACK_CA_FILE")
}

/// Whether a terminal may receive colours: `NO_COLOR` turns them off for every program (no-color.org), and a `TERM` of
/// "dumb" shows none.
pub(super) fn wants_colours() -> bool {
    var("NO_COLOR").is_none() && !is_dumb()
}

/// Whether the terminal can only print lines (`TERM=dumb`).
pub(super) fn is_dumb() -> bool {
    var("TERM").is_some_and(|term| term == "dumb")
}

/// Whether a program that this one starts can show a window.
pub(super) fn has_screen() -> bool {
    cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .into_iter()
            .any(|name| var(name).is_some())
}

/// `PLAYBACK_TOKEN`. There is no such option, because the process list would show it to everyone.
///
/// # Errors
/// It is not valid text: no other token must be used instead.
pub(super) fn token() -> anyhow::Result<Option<SecretString>> {
    let token = exact("PLAYBACK_TOKEN")?.map(Zeroizing::new);
    Ok(token.map(|token| token.trim().into()))
}

/// `PLAYBACK_URL`.
///
/// # Errors
/// It is not valid text: no other collector must be used instead, or receive the token.
pub(super) fn url() -> anyhow::Result<Option<String>> {
    exact("PLAYBACK_URL")
}

/// `PLAYBACK_CONTEXT`: the login to use. If it is not valid text, there is no such login, which is reported.
pub(super) fn context() -> Option<String> {
    exact("PLAYBACK_CONTEXT").unwrap_or_else(|error| {
        out::note(format_args!("playback: {error}, and is not used"));
        None
    })
}

/// This user's configuration folder.
pub(super) fn config_folder() -> Option<PathBuf> {
    var("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|dir| dir.is_absolute())
        .or_else(|| env::home_dir().map(|home| home.join(".config")))
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join("playback"))
}

/// Our own user id.
pub(super) fn user_number() -> u32 {
    rustix::process::getuid().as_raw()
}

/// The user's login name and this machine's name, as records show them; not known everywhere.
pub(super) fn who_and_where() -> (Option<String>, Option<String>) {
    #[cfg(target_os = "linux")]
    return playback_supervisor::who_and_where();
    #[cfg(not(target_os = "linux"))]
    return (None, None);
}

/// Actor for the audit trail, for commands that work on the database directly.
pub(super) fn actor() -> Actor {
    let (user, _) = who_and_where();
    let user = user.unwrap_or_else(|| user_number().to_string());
    match var("SUDO_USER") {
        Some(by) => Actor::user(&format!("{user} (sudo: {})", by.to_string_lossy())),
        None => Actor::user(&user),
    }
}

/// `PLAYBACK_TOKEN_FILE`.
pub(super) fn token_file() -> Option<PathBuf> {
    path("PLAYBACK_TOKEN_FILE")
}

/// The user's data folder.
pub(super) fn data_folder() -> Option<PathBuf> {
    var("XDG_DATA_HOME")
        .map(PathBuf::from)
        .filter(|dir| dir.is_absolute())
        .or_else(|| env::home_dir().map(|home| home.join(".local/share")))
}

/// The folders of PATH; an empty entry is the working folder.
pub(super) fn search_path() -> Vec<PathBuf> {
    let path = var("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    env::split_paths(&path)
        .map(|folder| {
            if folder.as_os_str().is_empty() {
                PathBuf::from(".")
            } else {
                folder
            }
        })
        .collect()
}
