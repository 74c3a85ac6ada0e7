//! The recorder's settings, as the recorder would find them here: options first, then the environment, then the
//! section `[callback_playback]` of the active `ansible.cfg`. What none of these sets comes from a login, which the
//! recorder itself does not know.

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};

use super::client::address::are_same;
use super::logins::Logins;
use super::{environment, secret};
use crate::config::DEFAULT_URL;

/// Options of the command line; they win over everything else.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// The collector.
    pub(super) url: Option<String>,
    /// File that holds the token.
    pub(super) token_file: Option<PathBuf>,
    /// Certificate authorities.
    pub(super) ca_file: Option<PathBuf>,
    /// Folder of the spools.
    pub(super) spool_dir: Option<PathBuf>,
}

/// Where the recorder delivers to, and where it spools what it could not deliver.
#[derive(Debug)]
pub(super) struct RecorderSettings {
    /// The collector.
    pub(super) url: String,
    /// The token.
    pub(super) token: Option<SecretString>,
    /// The file that the token was read from, if any.
    pub(super) token_file: Option<PathBuf>,
    /// Where the token was found, in words.
    pub(super) token_from: Option<String>,
    /// Certificate authorities.
    pub(super) ca_file: Option<PathBuf>,
    /// Folder of the spools. None: the recorder's default.
    pub(super) spool_dir: Option<PathBuf>,
}

impl RecorderSettings {
    /// Reads the settings.
    ///
    /// # Errors
    /// The token's file cannot be read or is empty, or the login file is needed and cannot be used.
    pub(super) fn read(given: &Given) -> anyhow::Result<Self> {
        let config = environment::ansible_config();
        let text = |variable: &str, key: &str| {
            environment::text(variable)
                .map(|(text, _)| text)
                .or_else(|| config.recorder(key))
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty())
        };
        let path = |given: &Option<PathBuf>, variable: &str, key: &str| {
            filled(given.clone())
                .or_else(|| environment::variable(variable).map(PathBuf::from))
                .or_else(|| config.recorder_path(key, environment::variable))
        };
        let said_token = environment::text("PLAYBACK_TOKEN")
            .map(|(token, _)| SecretString::from(token))
            .or_else(|| config.recorder_token().cloned())
            .map(|token| SecretString::from(token.expose_secret().trim()))
            .filter(|token| !token.expose_secret().is_empty());
        let (token, token_file) = match filled(given.token_file.clone()) {
            Some(file) => (Some(secret::token_file(&file)?), Some(file)),
            None => match said_token {
                Some(token) => (Some(token), None),
                None => match path(&None, "PLAYBACK_TOKEN_FILE", "token_file") {
                    Some(file) => (Some(secret::token_file(&file)?), Some(file)),
                    None => (None, None),
                },
            },
        };
        let by_option = filled(given.token_file.clone()).is_some();
        let is_set = |name: &str| environment::variable(name).is_some();
        let by_environment = is_set("PLAYBACK_TOKEN") || is_set("PLAYBACK_TOKEN_FILE");
        let from = match &token_file {
            Some(file) => format!("the token file {}", file.display()),
            None if is_set("PLAYBACK_TOKEN") => "PLAYBACK_TOKEN in the environment".to_owned(),
            None => "the option token in ansible.cfg".to_owned(),
        };
        let beside = match (by_option || by_environment) && config.has_token() {
            true => ", which wins over the one in ansible.cfg",
            false => "",
        };
        let mut token_from = token.as_ref().map(|_| from + beside);
        let mut token = token;
        let mut url = given.url.clone().or_else(|| text("PLAYBACK_URL", "url"));
        // A broken login file does not matter when URL and token are both given otherwise.
        let login = match url.is_some() && token.is_some() {
            true => None,
            false => {
                let named = environment::context();
                Logins::read()?.find(named.as_deref())?
            }
        };
        if let Some((name, login)) = login {
            let url = url.get_or_insert_with(|| login.url.clone());
            // A token is only sent to the collector that it was issued for.
            if token.is_none() && are_same(&login.url, url) {
                token_from = login.token.as_ref().map(|_| format!("the log-in {name}"));
                token = login.token;
            }
        }
        Ok(Self {
            token_from,
            url: url.unwrap_or_else(|| DEFAULT_URL.to_owned()),
            token,
            token_file,
            ca_file: path(&given.ca_file, "PLAYBACK_CA_FILE", "ca_file"),
            spool_dir: path(&given.spool_dir, "PLAYBACK_SPOOL_DIR", "spool_dir"),
        })
    }
}

fn filled(path: Option<PathBuf>) -> Option<PathBuf> {
    path.filter(|path| !path.as_os_str().is_empty())
}
